//! What the tools do. Each call opens its own session, so that a revoked capability ends with the next call.

use std::ffi::OsString;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use clavitor_api::UseMode;
use clavitor_crypto::manifest::Capabilities;
use rmcp::model::{CallToolResult, JsonObject};
use serde::{Serialize, de::DeserializeOwned};

use super::tools::{Nothing, One, RunInput, ToolName};
use crate::{
    cli::one_time_code,
    desk::{Desk, Place},
    envfile::{self, Assignment},
    failure::Failure,
    label,
    program::Program,
    reference::{Reference, VaultSegment},
    view::{self, Names, RunView},
};

const RUN_S_DEFAULT: u64 = 60;
const RUN_S_MAX: u64 = 600;
/// Of each output stream this much is returned, in bytes.
const STREAM_BYTES_MAX: usize = 64 * 1024;
const COMMAND_PARTS_MAX: usize = 1000;

/// Whether this agent may read values anywhere. Without a node there is nothing to read.
pub(super) async fn may_reveal(place: &Place) -> bool {
    let Ok(session) = place.session().await else { return false };
    session.working().is_ok_and(|agent| agent.scopes.iter().any(|scope| scope.capabilities.has(Capabilities::REVEAL)))
}

/// Calls a tool that needs nothing of the client.
pub(super) async fn call(place: &Place, tool: ToolName, arguments: Option<JsonObject>) -> Result<CallToolResult, Failure> {
    match tool {
        ToolName::Status => {
            let Nothing {} = parsed(arguments)?;
            answer(&view::status(&place.session().await?))
        }
        ToolName::List => {
            let Nothing {} = parsed(arguments)?;
            let mut desk = Desk::new(place.clone())?;
            let vault = desk.vault(&VaultSegment::Current).await?;
            answer(&view::list(&vault.session, &vault.items))
        }
        ToolName::Describe => describe(place, parsed(arguments)?).await,
        ToolName::Totp => {
            let (reference, reason) = reference(parsed(arguments)?)?;
            let mut desk = Desk::new(place.clone())?;
            answer(&one_time_code(desk.vault(&reference.vault).await?, &reference, &reason).await?)
        }
        ToolName::Reveal => reveal(place, parsed(arguments)?).await,
        ToolName::Run => run(place, parsed(arguments)?).await,
        ToolName::RequestCredential => Err(Failure::general("this tool is called another way")),
    }
}

async fn describe(place: &Place, input: One) -> Result<CallToolResult, Failure> {
    let (reference, _) = reference(input)?;
    let mut desk = Desk::new(place.clone())?;
    let vault = desk.vault(&reference.vault).await?;
    let (item, field) = vault.locate(&reference)?;
    answer(&view::describe(&vault.session, &vault.items, item, field))
}

async fn reveal(place: &Place, input: One) -> Result<CallToolResult, Failure> {
    let (reference, reason) = reference(input)?;
    let mut desk = Desk::new(place.clone())?;
    let vault = desk.vault(&reference.vault).await?;
    let (item, field) = vault.field(&reference)?;
    let values = vault.session.release(item, &[field], UseMode::Reveal, &reason).await?;
    let value = values.first().ok_or_else(|| Failure::general("the node left the field out"))?;
    let mut shown = view::field_state(item, field, &Names::of(&vault.items.items));
    shown.revealed = true;
    match value.text() {
        Ok(text) => shown.value = Some(text.to_owned()),
        Err(_) => shown.value_base64 = Some(BASE64_STANDARD.encode(value.bytes())),
    }
    answer(&shown)
}

async fn run(place: &Place, input: RunInput) -> Result<CallToolResult, Failure> {
    if input.command.is_empty() || input.command.len() > COMMAND_PARTS_MAX {
        return Err(Failure::general("command is a list: the program, then its arguments"));
    }
    let assignments: Result<Vec<Assignment>, Failure> =
        input.env.iter().map(|(name, reference)| envfile::parse_argument(&format!("{name}={reference}"))).collect();
    let program =
        Program { command: input.command.into_iter().map(OsString::from).collect(), assignments: assignments?, reason: input.reason };
    let mut desk = Desk::new(place.clone())?;
    let ready = program.ready(&mut desk).await?;
    let disclosed = ready.disclosed.clone();
    let timeout_s = input.timeout_s.unwrap_or(RUN_S_DEFAULT).clamp(1, RUN_S_MAX);
    let finished = ready.captured(timeout_s, STREAM_BYTES_MAX).await.map_err(|not_run| not_run.failure)?;
    let output = finished.captured;
    answer(&RunView {
        schema: "clavitor.agent.run/1".into(),
        exit_code: finished.code,
        disclosed,
        truncated: output.as_ref().map(|output| output.truncated),
        stdout: output.as_ref().map(|output| output.stdout.clone()),
        stderr: output.map(|output| output.stderr),
    })
}

fn reference(input: One) -> Result<(Reference, String), Failure> {
    let reference = input.reference.parse().map_err(|error: crate::reference::ReferenceError| Failure::general(error.to_string()))?;
    Ok((reference, input.reason))
}

/// Reads arguments; what does not fit is said by member, without its value.
pub(super) fn parsed<T: DeserializeOwned>(arguments: Option<JsonObject>) -> Result<T, Failure> {
    let arguments = arguments.unwrap_or_default();
    let read = |arguments: &JsonObject| T::deserialize(serde_json::Value::Object(arguments.clone())).map_err(|error| error.to_string());
    read(&arguments).map_err(|error| Failure::general(format!("the arguments do not fit the tool: {}", misfit(&arguments, &error, &read))))
}

/// The JSON library's own words repeat the value, unless they are about a member's name. Which member it was shows by leaving out one at a time.
fn misfit<T>(arguments: &JsonObject, error: &str, read: &impl Fn(&JsonObject) -> Result<T, String>) -> String {
    if ["unknown field", "missing field"].iter().any(|start| error.starts_with(start)) {
        return label::label(error.split(", expected").next().unwrap_or_default());
    }
    let decides = |name: &&String| {
        let mut others = arguments.clone();
        others.remove(name.as_str());
        read(&others).err().as_deref() != Some(error)
    };
    match arguments.keys().find(decides) {
        Some(name) => format!("`{}` has the wrong form", label::label(name)),
        None => "several have the wrong form".to_owned(),
    }
}

/// Structured content, and the same JSON as text.
pub(super) fn answer(view: &impl Serialize) -> Result<CallToolResult, Failure> {
    let value = serde_json::to_value(view).map_err(|_| Failure::general("the answer could not be written as JSON"))?;
    Ok(CallToolResult::structured(value))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refusal(arguments: &serde_json::Value) -> String {
        let Err(failure) = parsed::<RunInput>(arguments.as_object().cloned()) else { panic!("it fits: {arguments}") };
        failure.message
    }

    #[test]
    fn a_value_of_the_arguments_is_never_repeated() {
        let good = json!({"command": ["true"], "env": {"A": "clv://-/a/b"}, "reason": "r"});
        assert!(parsed::<RunInput>(good.as_object().cloned()).is_ok());
        for (member, wrong) in [
            ("command", json!("hunter2")),
            ("env", json!(["hunter2"])),
            ("env", json!({"A": {"hunter2": "hunter2"}})),
            ("timeout_s", json!("hunter2")),
        ] {
            let mut arguments = good.clone();
            arguments[member] = wrong;
            let said = refusal(&arguments);
            assert!(said.contains(&format!("`{member}` has the wrong form")) && !said.contains("hunter2"), "{said}");
        }
        let both = refusal(&json!({"command": "hunter2", "env": "hunter2", "reason": "r"}));
        assert!(!both.contains("hunter2"), "{both}");
    }

    #[test]
    fn unknown_and_missing_members_are_named() {
        assert!(refusal(&json!({"command": ["true"], "env": {}, "reason": "r", "shell": "hunter2"})).ends_with("unknown field `shell`"));
        assert!(refusal(&json!({"env": {}, "reason": "r"})).ends_with("missing field `command`"));
    }
}
