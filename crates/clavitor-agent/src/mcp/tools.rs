//! The tools: what each is called, takes and returns, and what hosts may truthfully assume about it. Descriptions are fixed, so that no vault entry can change them.

use std::{collections::BTreeMap, sync::Arc};

use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use schemars::{JsonSchema, generate::SchemaSettings};
use serde::Deserialize;
use serde_json::Value;

use crate::view;

/// The closed list of tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ToolName {
    Status,
    List,
    Describe,
    Run,
    Totp,
    Reveal,
    RequestCredential,
}

/// No arguments.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// One reference.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct One {
    /// clv://vault/item/field; - is the current vault. Take it from list.
    pub(super) reference: String,
    /// Why you need it. The owner reads this in the log.
    #[serde(default)]
    pub(super) reason: String,
}

/// A program to run.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RunInput {
    /// The program and its arguments. It is run directly, without a shell.
    pub(super) command: Vec<String>,
    /// Environment variables and the references whose values they get, for example {"GH_TOKEN": "clv://-/GitHub/token"}. Never put a value here.
    #[serde(default)]
    pub(super) env: BTreeMap<String, String>,
    /// Why you need it. The owner reads this in the log.
    #[serde(default)]
    pub(super) reason: String,
    /// Stop the program after this many seconds; 60 unless told, 600 at most.
    #[serde(default)]
    pub(super) timeout_s: Option<u64>,
}

/// A credential that is missing.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RequestInput {
    /// What to call the item, for example "Staging database". Never put a value here.
    pub(super) title: String,
    /// What kind of item it is.
    #[serde(default)]
    pub(super) kind: ItemKind,
    /// Why you need it; the person reads this.
    pub(super) reason: String,
}

/// Kinds of items a person can make.
#[derive(Deserialize, JsonSchema, Clone, Copy, Default)]
#[serde(rename_all = "snake_case")]
pub(super) enum ItemKind {
    #[default]
    Login,
    ApiKey,
    Note,
    SshKey,
    Database,
    Wifi,
    Server,
    SoftwareLicense,
    Custom,
}

impl ItemKind {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::ApiKey => "api_key",
            Self::Note => "note",
            Self::SshKey => "ssh_key",
            Self::Database => "database",
            Self::Wifi => "wifi",
            Self::Server => "server",
            Self::SoftwareLicense => "software_license",
            Self::Custom => "custom",
        }
    }
}

/// What came of asking for a credential.
#[derive(serde::Serialize, JsonSchema)]
pub(super) struct RequestedView {
    /// `clavitor.agent.request/1`.
    pub(super) schema: String,
    /// `ask_the_person`, `opened`, `declined`.
    pub(super) state: String,
    /// The page on which the person enters it. It holds no secret and logs nobody in.
    pub(super) url: String,
    /// What to do next.
    pub(super) next: String,
}

impl ToolName {
    const ALL: [Self; 7] = [Self::Status, Self::List, Self::Describe, Self::Run, Self::Totp, Self::Reveal, Self::RequestCredential];

    const fn name(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::List => "list",
            Self::Describe => "describe",
            Self::Run => "run",
            Self::Totp => "totp",
            Self::Reveal => "reveal",
            Self::RequestCredential => "request_credential",
        }
    }

    /// The tool with this name.
    pub(super) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tool| tool.name() == name)
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Status => "Vault status",
            Self::List => "List usable credentials",
            Self::Describe => "Describe a credential",
            Self::Run => "Run a program with credentials",
            Self::Totp => "One-time code",
            Self::Reveal => "Read a credential",
            Self::RequestCredential => "Ask the person for a missing credential",
        }
    }

    const fn description(self) -> &'static str {
        match self {
            Self::Status => {
                "Says whether this agent may work, in which scopes, until when, and how much of its budget of distinct items is used."
            }
            Self::List => {
                "Lists the items this agent may use, with a reference for every field and the ways in which it may be used. Never returns values."
            }
            Self::Describe => {
                "Says what one item or field is, where it belongs, its user name or address, and how to use each field. Never returns secret values."
            }
            Self::Run => {
                "Runs a program directly, without a shell, with the values behind references in its environment. The values are disclosed to that \
program. Known values are masked in the output that is returned, as a courtesy and not as protection."
            }
            Self::Totp => "Returns the current one-time code of an item. The seed is never returned.",
            Self::Reveal => {
                "Returns the value of a field. It then stands in this conversation; prefer run wherever a program needs the value."
            }
            Self::RequestCredential => {
                "Asks the person to put a missing credential into the vault, on the vault's own page. The value never passes through \
this conversation. Never ask the person to paste a secret instead."
            }
        }
    }

    fn input(self) -> Arc<JsonObject> {
        match self {
            Self::Status | Self::List => schema::<Nothing>(),
            Self::Describe | Self::Totp | Self::Reveal => schema::<One>(),
            Self::Run => schema::<RunInput>(),
            Self::RequestCredential => schema::<RequestInput>(),
        }
    }

    fn output(self) -> Arc<JsonObject> {
        match self {
            Self::Status => schema::<view::StatusView>(),
            Self::List => schema::<view::ListView>(),
            Self::Describe => schema::<view::DescribeView>(),
            Self::Run => schema::<view::RunView>(),
            Self::Totp => schema::<view::TotpView>(),
            Self::Reveal => schema::<view::FieldStateView>(),
            Self::RequestCredential => schema::<RequestedView>(),
        }
    }

    /// Reading names changes nothing. Whatever hands out a value spends the budget, writes the owner's log and cannot be taken back.
    fn annotations(self) -> ToolAnnotations {
        let (read_only, destructive, open_world) = match self {
            Self::Status | Self::List | Self::Describe => (true, false, false),
            Self::Run => (false, true, true),
            Self::Totp | Self::Reveal => (false, false, false),
            Self::RequestCredential => (false, false, true),
        };
        ToolAnnotations::with_title(self.title()).read_only(read_only).destructive(destructive).idempotent(read_only).open_world(open_world)
    }

    fn tool(self) -> Tool {
        Tool::new(self.name(), self.description(), self.input())
            .with_title(self.title())
            .with_raw_output_schema(self.output())
            .with_annotations(self.annotations())
    }
}

/// The tools, always in the same order. `reveal` is there only for an agent that may read somewhere.
pub(super) fn offered(reveal: bool) -> Vec<Tool> {
    ToolName::ALL.into_iter().filter(|tool| reveal || *tool != ToolName::Reveal).map(ToolName::tool).collect()
}

fn schema<T: JsonSchema>() -> Arc<JsonObject> {
    let generator = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true).into_generator();
    let mut schema = generator.into_root_schema_for::<T>().to_value();
    drop_formats(&mut schema);
    match schema {
        Value::Object(object) => Arc::new(object),
        _ => Arc::new(JsonObject::new()),
    }
}

/// The widths of Rust's integers are no formats of JSON Schema, and strict clients complain about them.
fn drop_formats(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            members.retain(|name, value| name != "format" || !value.is_string());
            members.values_mut().for_each(drop_formats);
        }
        Value::Array(values) => values.iter_mut().for_each(drop_formats),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_has_both_schemas_as_objects() {
        for tool in offered(true) {
            assert_eq!(tool.input_schema["type"], "object", "{}", tool.name);
            assert_eq!(tool.output_schema.as_ref().unwrap()["type"], "object", "{}", tool.name);
            assert!(tool.output_schema.as_ref().unwrap().contains_key("properties"), "{}", tool.name);
            assert!(!serde_json::to_string(&tool).unwrap().contains("\"format\""), "{}", tool.name);
        }
    }

    #[test]
    fn what_hands_out_a_value_is_never_called_read_only() {
        for tool in offered(true) {
            let read_only = tool.annotations.as_ref().unwrap().read_only_hint.unwrap();
            assert_eq!(read_only, ["status", "list", "describe"].contains(&tool.name.as_ref()), "{}", tool.name);
        }
    }

    #[test]
    fn no_tool_takes_a_secret() {
        for tool in offered(true) {
            let properties = tool.input_schema.get("properties").and_then(|value| value.as_object()).cloned().unwrap_or_default();
            for name in properties.keys() {
                let known = ["reference", "reason", "command", "env", "timeout_s", "title", "kind"];
                assert!(known.contains(&name.as_str()), "{} takes {name}", tool.name);
            }
        }
    }

    #[test]
    fn reveal_is_offered_only_to_those_who_may() {
        assert!(offered(false).iter().all(|tool| tool.name != "reveal"));
        assert!(offered(true).iter().any(|tool| tool.name == "reveal"));
    }
}
