//! Verbs that use a credential: get, totp, run, set.

use std::{
    io::{self, IsTerminal as _, Read as _},
    process::ExitCode,
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use clavitor_api::UseMode;
use clavitor_crypto::{field_kind::FieldKind, record::VALUE_BYTES_MAX, totp::Totp};
use zeroize::Zeroizing;

use super::{
    arguments::{Get, Run},
    desk,
    say::Say,
};
use crate::{
    clock,
    desk::{Desk, OpenVault, Place},
    envfile,
    failure::Failure,
    program::{NotRun, Program},
    reference::Reference,
    vault::{Item, ItemField},
    view::{self, DoneView, Names, RunView, TotpView},
};

/// What a field is, or its value.
pub(super) async fn get(say: &Say, place: Place, get: Get) -> Result<(), Failure> {
    let mut desk = desk(place)?;
    let reference = super::reference(&get.reference)?;
    let vault = desk.vault(&reference.vault).await?;
    let (item, field) = vault.field(&reference)?;
    let mut shown = view::field_state(item, field, &Names::of(&vault.items.items));
    if !get.reveal {
        return say.data(&shown, || {
            let ways = crate::failure::modes_in_words(&shown.field.allowed_modes);
            format!(
                "{} exists ({}, opened by \"{}\"); you may {ways}\nto use it: {}",
                shown.field.reference, shown.field.kind, shown.field.opened_by, shown.how
            )
        });
    }
    let values = vault.session.release(item, &[field], UseMode::Reveal, &get.reason).await?;
    let value = values.first().ok_or_else(|| Failure::general("the node left the field out"))?;
    if !say.json() {
        return say.value(value.bytes(), !get.no_newline);
    }
    shown.revealed = true;
    match value.text() {
        Ok(text) => shown.value = Some(text.to_owned()),
        Err(_) => shown.value_base64 = Some(BASE64_STANDARD.encode(value.bytes())),
    }
    say.data(&shown, String::new)
}

/// A one-time code.
pub(super) async fn totp(say: &Say, place: Place, reference: &Reference, reason: &str) -> Result<(), Failure> {
    let mut desk = desk(place)?;
    let vault = desk.vault(&reference.vault).await?;
    let shown = one_time_code(vault, reference, reason).await?;
    say.data(&shown, || shown.code.clone())
}

/// The code of a reference to a seed, or to the only seed of an item. The seed stays here.
pub(crate) async fn one_time_code(vault: &OpenVault, reference: &Reference, reason: &str) -> Result<TotpView, Failure> {
    let (item, field) = seed(vault, reference)?;
    let values = vault.session.release(item, &[field], UseMode::Totp, reason).await?;
    let value = values.first().ok_or_else(|| Failure::general("the node left the field out"))?;
    let code = Totp::parse(value.text()?).map_err(|error| Failure::general(error.to_string()))?.at(clock::now_ms() / 1000);
    let reference = Names::of(&vault.items.items).reference(item, field);
    Ok(TotpView { schema: "clavitor.agent.totp/1".into(), reference, code: code.code.to_string(), valid_s: code.valid_s })
}

fn seed<'v>(vault: &'v OpenVault, reference: &Reference) -> Result<(&'v Item, &'v ItemField), Failure> {
    let (item, field) = vault.locate(reference)?;
    if let Some(field) = field {
        return if field.kind == FieldKind::Totp { Ok((item, field)) } else { Err(no_seed(reference, item)) };
    }
    let mut seeds = item.fields.iter().filter(|field| field.kind == FieldKind::Totp);
    match (seeds.next(), seeds.next()) {
        (Some(only), None) => Ok((item, only)),
        (None, _) => Err(no_seed(reference, item)),
        _ => Err(Failure::general(format!("{} has several fields for one-time codes", item.title))
            .remedy("name one of them: clavitor agent describe shows their references")),
    }
}

fn no_seed(reference: &Reference, item: &Item) -> Failure {
    let kinds: Vec<&str> = item.fields.iter().map(|field| field.kind.name()).collect();
    Failure::new(
        crate::failure::Kind::NotFound,
        format!("{reference} holds no seed for one-time codes; {} has: {}", item.title, kinds.join(", ")),
    )
}

/// Runs a program. Its exit code is the answer.
pub(super) async fn run(say: &Say, place: Place, run: Run) -> ExitCode {
    match started(say, place, run).await {
        Ok(code) => ExitCode::from(code),
        Err(not_run) => {
            say.aside(&not_run.failure.json(), Some(&format!("clavitor: {}", not_run.failure)));
            ExitCode::from(not_run.code)
        }
    }
}

async fn started(say: &Say, place: Place, run: Run) -> Result<u8, NotRun> {
    let given: Result<Vec<_>, Failure> = run.assignments.iter().map(|text| envfile::parse_argument(text)).collect();
    let mut assignments = given?;
    for path in &run.env_file {
        let text = read_text(path, envfile::ENV_FILE_BYTES_MAX)?;
        let parsed = envfile::parse_file(&text).map_err(|failure| Failure::general(format!("{}: {}", path.display(), failure.message)))?;
        // The command line wins over files, and the first file over later ones.
        let fresh: Vec<_> = parsed.into_iter().filter(|one| !assignments.iter().any(|known| known.name == one.name)).collect();
        assignments.extend(fresh);
    }
    let program = Program { command: run.command, assignments, reason: run.reason };
    let mut desk = Desk::new(place)?;
    if run.dry_run {
        let planned = program.plan(&mut desk).await?;
        let lines = planned.iter().map(|one| format!("{} = {}", one.name, one.reference)).collect::<Vec<_>>().join("\n");
        say.data(&serde_json::json!({"schema": "clavitor.agent.plan/1", "would_disclose": planned}), || lines)?;
        return Ok(0);
    }
    let ready = program.ready(&mut desk).await?;
    let disclosed = ready.disclosed.clone();
    let finished = ready.foreground(!run.no_mask).await?;
    let report =
        RunView { schema: "clavitor.agent.run/1".into(), exit_code: finished.code, disclosed, stdout: None, stderr: None, truncated: None };
    say.aside(&report, None);
    Ok(finished.code)
}

/// Stores what comes on standard input.
pub(super) async fn set(say: &Say, place: Place, reference: &Reference, raw: bool) -> Result<(), Failure> {
    if io::stdin().is_terminal() {
        return Err(Failure::general("the new value comes on standard input, so that it stands in no argument list")
            .remedy("pipe it in, for example: openssl rand -base64 24 | clavitor agent set clv://-/item/field"));
    }
    let mut value = Zeroizing::new(Vec::with_capacity(VALUE_BYTES_MAX + 1));
    let limit = VALUE_BYTES_MAX as u64 + 1;
    io::stdin().take(limit).read_to_end(&mut value).map_err(|error| Failure::general(format!("cannot read standard input: {error}")))?;
    if !raw && value.ends_with(b"\n") {
        let end = if value.ends_with(b"\r\n") { 2 } else { 1 };
        let kept = value.len() - end;
        value.truncate(kept);
    }
    if value.is_empty() {
        return Err(Failure::general("standard input was empty; nothing was stored"));
    }
    let mut desk = desk(place)?;
    let vault = desk.vault(&reference.vault).await?;
    let (item, field) = vault.field(reference)?;
    let version = vault.session.set(item, field, &value).await?;
    let done = DoneView {
        schema: "clavitor.agent.done/1".into(),
        done: format!("stored a new version of {}", field.label),
        version: Some(version),
    };
    say.data(&done, || format!("{} (version {version} of {})", done.done, item.title))
}

/// A text file within a limit.
pub(super) fn read_text(path: &std::path::Path, bytes_max: usize) -> Result<String, Failure> {
    let refuse = |why: String| Failure::general(format!("cannot read {}: {why}", path.display()));
    let file = std::fs::File::open(path).map_err(|error| refuse(error.to_string()))?;
    let mut text = String::new();
    let length = file.take(bytes_max as u64 + 1).read_to_string(&mut text).map_err(|error| refuse(error.to_string()))?;
    if length > bytes_max { Err(refuse(format!("it is longer than {bytes_max} bytes"))) } else { Ok(text) }
}
