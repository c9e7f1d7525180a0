//! Enrolment on this machine: keys are made here, and stored once what the owner sealed for them has been opened and verified.

use std::{
    io::{self, Read as _},
    time::Duration,
};

use serde_json::json;
use zeroize::Zeroizing;

use super::{arguments::Enroll, say::Say};
use crate::{
    clock,
    desk::Place,
    enrol,
    failure::{Failure, Kind},
    identity::AgentKeys,
    node::Node,
    vault::{Session, Standing},
};

const STRING_BYTES_MAX: u64 = 4096;
const POLL_S: u64 = 3;

/// Enrols this machine.
pub(super) async fn enroll(say: &Say, place: Place, asked: Enroll) -> Result<(), Failure> {
    let text = string(&asked.string)?;
    let string = enrol::parse(&text)?;
    let node = Node::new(string.node.parse()?, place.ca_file.as_deref())?;
    let store = place.store()?;
    // The name is needed before the vault's own is known, so that a taken one is refused before the string is used up.
    if let Some(name) = &place.profile {
        store.profile(name)?.refuse_taken()?;
    }
    let enrolled = enrol::enrol(&string, &node, AgentKeys::make()?).await?;
    let name = match &place.profile {
        Some(name) => name.clone(),
        None => store.free_name(&enrolled.identity.vault_name)?,
    };
    let profile = store.profile(&name)?;
    profile.create(&enrolled.identity)?;
    profile.keep(&enrolled.pins).map_err(|_| Failure::general("the pins could not be stored"))?;
    let origin = enrolled.identity.node.clone();
    let active = asked.wait > 0 && wait(say, &place, &profile, asked.wait).await?;
    let view = json!({
        "schema": "clavitor.agent.enroll/1",
        "profile": name,
        "vault": {"id": enrolled.identity.vault.to_string(), "name": enrolled.identity.vault_name},
        "agent_id": enrolled.identity.agent.to_string(),
        "node": origin.as_str(),
        "state": if active { "active" } else { "waiting for the owner" },
        "approval_url": origin.at(crate::AGENTS_PAGE),
    });
    say.data(&view, || {
        let next = match active {
            true => "It may work now: clavitor agent list".to_owned(),
            false => format!("The owner's browser has to confirm it once: {}", origin.at(crate::AGENTS_PAGE)),
        };
        format!("Enrolled in vault \"{}\" as profile {name}. {next}", enrolled.identity.vault_name)
    })
}

fn string(argument: &str) -> Result<Zeroizing<String>, Failure> {
    if argument != "-" {
        return Ok(Zeroizing::new(argument.to_owned()));
    }
    let mut text = Zeroizing::new(String::with_capacity(STRING_BYTES_MAX as usize));
    let read = io::stdin().take(STRING_BYTES_MAX).read_to_string(&mut text);
    read.map_err(|error| Failure::general(format!("cannot read standard input: {error}")))?;
    Ok(text)
}

/// Asks every few seconds whether the owner has confirmed.
async fn wait(say: &Say, place: &Place, profile: &crate::identity::Profile, wait_s: u64) -> Result<bool, Failure> {
    say.note("waiting for the owner to confirm…");
    let until_ms = clock::now_ms().saturating_add(wait_s.saturating_mul(1000));
    loop {
        match Session::open(profile.clone(), place.ca_file.as_deref()).await {
            Ok(session) if session.standing() == Standing::Active => return Ok(true),
            // A node may refuse an agent that is not confirmed yet; anything else is worth stopping for.
            Ok(_) => {}
            Err(failure) if matches!(failure.kind, Kind::Auth | Kind::ApprovalPending | Kind::NotFound | Kind::Connection) => {}
            Err(failure) => return Err(failure),
        }
        if clock::now_ms() >= until_ms {
            return Ok(false);
        }
        tokio::time::sleep(Duration::from_secs(POLL_S.min(wait_s))).await;
    }
}
