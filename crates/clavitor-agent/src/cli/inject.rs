//! Templates: values into a file that only this user reads, or to standard output for an agent that may read them.

use std::{
    io::{self, Read as _},
    path::Path,
};

use clavitor_api::UseMode;
use zeroize::Zeroizing;

use super::{arguments::Inject, desk, say::Say, work};
use crate::{
    desk::{Desk, Place},
    failure::Failure,
    identity::guarded,
    template::{self, Piece},
    vault::Wanted,
    view::DoneView,
};

/// Fills a template.
pub(super) async fn inject(say: &Say, place: Place, asked: Inject) -> Result<(), Failure> {
    let text = match &asked.input {
        Some(path) => work::read_text(path, template::TEMPLATE_BYTES_MAX)?,
        None => standard_input()?,
    };
    let pieces = template::parse(&text)?;
    if let Some(path) = asked.output.as_deref().filter(|path| path.exists() && !asked.force) {
        return Err(Failure::general(format!("{} exists", path.display())).remedy("give --force to replace it"));
    }
    // A file goes to a program; standard output goes to whoever asked.
    let mode = if asked.output.is_some() { UseMode::Use } else { UseMode::Reveal };
    let reason = match &asked.output {
        Some(path) => format!("discloses to the file {}. {}", shown(path), asked.reason),
        None => asked.reason.clone(),
    };
    let mut desk = desk(place)?;
    let filled = filled(&mut desk, &pieces, mode, &reason).await?;
    let Some(path) = &asked.output else { return say.value(&filled, false) };
    guarded::write(path, &filled)?;
    let done = DoneView {
        schema: "clavitor.agent.done/1".into(),
        done: format!("wrote {}, readable by this user only", shown(path)),
        version: None,
    };
    say.data(&done, || done.done.clone())
}

fn shown(path: &Path) -> String {
    crate::label::label(&path.display().to_string())
}

async fn filled(desk: &mut Desk, pieces: &[Piece<'_>], mode: UseMode, reason: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    // Every reference is checked before the first is fetched, so a refusal costs no budget.
    for piece in pieces {
        if let Piece::Value(reference) = piece {
            let (item, field) = desk.vault(&reference.vault).await?.field(reference)?;
            Wanted { item, field }.permitted(mode)?;
        }
    }
    let mut filled = Zeroizing::new(Vec::new());
    for piece in pieces {
        match piece {
            Piece::Text(text) => filled.extend_from_slice(text.as_bytes()),
            Piece::Value(reference) => {
                let vault = desk.vault(&reference.vault).await?;
                let (item, field) = vault.field(reference)?;
                for value in vault.session.release(item, &[field], mode, reason).await? {
                    filled.extend_from_slice(value.bytes());
                }
            }
        }
    }
    Ok(filled)
}

fn standard_input() -> Result<String, Failure> {
    let mut text = String::new();
    let limit = template::TEMPLATE_BYTES_MAX as u64 + 1;
    io::stdin().take(limit).read_to_string(&mut text).map_err(|error| Failure::general(format!("cannot read standard input: {error}")))?;
    if text.len() > template::TEMPLATE_BYTES_MAX {
        return Err(Failure::general(format!("the template is longer than {} bytes", template::TEMPLATE_BYTES_MAX)));
    }
    Ok(text)
}
