//! Verbs that show and change nothing: status, list, describe, alarm, context.

use std::{
    fmt::Write as _,
    io::{self, IsTerminal as _, Write as _},
};

use clap::{Args as _, Command};
use serde_json::{Value, json};

use super::{arguments::AgentCommand, desk, say::Say};
use crate::{
    desk::Place,
    failure::{Failure, Kind, modes_in_words},
    reference::{Reference, VaultSegment},
    view::{self, DoneView, ItemView},
};

/// Where this agent stands.
pub(super) async fn status(say: &Say, place: Place) -> Result<(), Failure> {
    let session = place.session().await?;
    let shown = view::status(&session);
    say.data(&shown, || {
        let mut text = format!("{} in vault \"{}\" at {}\n", shown.state, shown.vault.name, shown.node);
        let _ = writeln!(text, "agent {} (profile {}), vault {}", shown.agent_id, shown.profile, shown.vault.id);
        if let Some(until) = &shown.not_after {
            let _ = writeln!(text, "until {until}");
        }
        for scope in &shown.scopes {
            let place = if scope.id.bytes().all(|digit| digit == b'0') {
                "in the whole vault".to_owned()
            } else {
                format!("in scope {}", scope.id)
            };
            let _ = writeln!(text, "{place} you may {}", modes_in_words(&scope.modes));
        }
        let _ = write!(
            text,
            "budget: {} of {} items this minute, {} of {} this hour",
            shown.minute.used, shown.minute.limit, shown.hour.used, shown.hour.limit
        );
        text
    })
}

/// What this agent may use.
pub(super) async fn list(say: &Say, place: Place) -> Result<(), Failure> {
    let mut desk = desk(place)?;
    let vault = desk.vault(&VaultSegment::Current).await?;
    let shown = view::list(&vault.session, &vault.items);
    if shown.items.is_empty() {
        say.note("there is nothing in this agent's scopes; the owner can add items to them");
    }
    if shown.waiting > 0 {
        say.note(&format!(
            "{} items wait for the owner to open the vault, because the agent that last wrote them was removed",
            shown.waiting
        ));
    }
    for gone in &shown.gone {
        say.note(&format!(
            "item {gone}, which this agent has used, is not in the list any more. If its owner did not take it away, tell them: the node may be hiding it"
        ));
    }
    say.data(&shown, || shown.items.iter().map(item_lines).collect::<Vec<_>>().join("\n"))
}

fn item_lines(item: &ItemView) -> String {
    let mut text = format!("{} ({}, {})", item.title, item.kind, item.id);
    for field in &item.fields {
        let ways = match field.opened_by.as_str() {
            "Only me" => "only the person can open it".to_owned(),
            _ => format!("you may {}", modes_in_words(&field.allowed_modes)),
        };
        let _ = write!(text, "\n  {}  {}: {ways}", field.reference, field.kind);
    }
    text
}

/// What an item or field is, and how to use it.
pub(super) async fn describe(say: &Say, place: Place, reference: &Reference) -> Result<(), Failure> {
    let mut desk = desk(place)?;
    let vault = desk.vault(&reference.vault).await?;
    let (item, field) = vault.locate(reference)?;
    let shown = view::describe(&vault.session, &vault.items, item, field);
    say.data(&shown, || {
        let mut text = item_lines(&shown.item);
        for known in &shown.known {
            let _ = write!(text, "\n  {} is \"{}\"", known.label, known.value);
        }
        for origin in &shown.destinations {
            let _ = write!(text, "\n  belongs to {origin}");
        }
        for usage in &shown.usage {
            let _ = write!(text, "\nto use {}: {}", usage.reference, usage.how);
        }
        text
    })
}

/// The alarm, if there was one.
pub(super) fn alarm(say: &Say, place: Place, clear: bool) -> Result<(), Failure> {
    let profile = place.store()?.chosen(place.profile.as_deref())?;
    let Some(incident) = profile.incident()? else {
        let done = DoneView { schema: "clavitor.agent.done/1".into(), done: "there is no alarm".into(), version: None };
        return say.data(&done, || done.done.clone());
    };
    if !clear {
        return say.data(&json!({"schema": "clavitor.agent.alarm/1", "incident": incident}), || {
            format!("{}: {} (sent by {})", incident.at, incident.what, incident.node)
        });
    }
    if !io::stdin().is_terminal() {
        return Err(Failure::new(Kind::Denied, "an alarm is cleared by a person at a terminal, not by a program")
            .remedy("ask the person to run: clavitor agent alarm --clear"));
    }
    say.note(&format!("{}: {}\nHas the owner found out why? Type yes to let this agent work again:", incident.at, incident.what));
    let mut answer = String::new();
    io::stdout().flush().and_then(|()| io::stdin().read_line(&mut answer)).map_err(|error| Failure::general(error.to_string()))?;
    if answer.trim() != "yes" {
        return Err(Failure::general("the alarm stays"));
    }
    profile.clear_incident()?;
    let done = DoneView { schema: "clavitor.agent.done/1".into(), done: "the alarm is cleared".into(), version: None };
    say.data(&done, || done.done.clone())
}

/// The whole surface, for programs that want to know it.
pub(super) fn context(say: &Say) -> Result<(), Failure> {
    let command = AgentCommand::augment_args(Command::new("clavitor agent"));
    let verbs: Vec<Value> = command.get_subcommands().map(verb).collect();
    let codes: Vec<Value> = Kind::ALL.iter().map(|kind| json!({"exit_code": kind.exit_code(), "code": kind.code()})).collect();
    let shown = json!({
        "schema": "clavitor.agent.context/1",
        "version": env!("CARGO_PKG_VERSION"),
        "verbs": verbs,
        "exit_codes": codes,
        "reference": "clv://vault/item/field",
        "output": "data on stdout, words on stderr; with --json exactly one JSON document; run reports on stderr, because stdout is the program's",
    });
    say.data(&shown, || serde_json::to_string_pretty(&shown).unwrap_or_default())
}

fn verb(command: &Command) -> Value {
    let arguments: Vec<Value> = command
        .get_arguments()
        .map(|argument| {
            let help = argument.get_help().map(ToString::to_string);
            json!({"name": argument.get_id().as_str(), "long": argument.get_long(), "help": help, "required": argument.is_required_set()})
        })
        .collect();
    json!({"name": command.get_name(), "about": command.get_about().map(ToString::to_string), "arguments": arguments})
}
