//! One machine.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Country, Day, IdentityKey, Moment, NodeName, OperatorName, PlanName, ProviderName, SshKey, WireguardKey};
use crate::money::Usd;

/// One machine that runs Clavitor. Its key in the table is its name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// The city, as people write it.
    pub city: String,
    /// The country's ISO 3166-1 code.
    pub country: Country,
    /// The part of the world it serves, as people call it.
    pub region: String,
    /// Degrees north of the equator, -90 to 90.
    #[schemars(range(min = -90, max = 90))]
    pub latitude: f64,
    /// Degrees east of Greenwich, -180 to 180.
    #[schemars(range(min = -180, max = 180))]
    pub longitude: f64,
    /// Who rents it out: a key of `provider`.
    pub provider: ProviderName,
    /// What is rented: a key of `plan`.
    pub plan: PlanName,
    /// Whether a tunnel network meets here.
    #[serde(default)]
    pub role: Role,
    /// The node's number in both tunnel networks, never given to another one: 2 is 10.84.0.2 and 10.84.1.2.
    #[schemars(range(min = 1, max = 254))]
    pub number: u8,
    /// The public address, as a literal: a service name moves with failover, the tunnel's end must not.
    #[serde(deserialize_with = "literal")]
    pub address: IpAddr,
    /// A second public address of the other family, as a literal.
    #[serde(default, deserialize_with = "optional_literal", skip_serializing_if = "Option::is_none")]
    pub address2: Option<IpAddr>,
    /// Whom it is there for, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub covers: Vec<String>,
    /// The node that holds this one's backup; the two are never in one wave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup: Option<NodeName>,
    /// Where it is in its life.
    #[serde(default)]
    pub state: State,
    /// What it really costs a month, where that differs from the plan's price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<Usd>,
    /// What else a hub runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<HubService>,
    /// Public keys that the node made at its first boot; absent until it is enrolled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<Keys>,
    /// The emergency way in while it is open; absent otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub break_glass: Option<BreakGlass>,
    /// The day it was retired. Its number stays taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retired: Option<Day>,
}

/// Whether a tunnel network meets at this node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// A spoke: it serves vaults, and reaches the hubs only.
    #[default]
    Pop,
    /// A hub of a tunnel network. It serves vaults too.
    Hub,
}

/// Where a node is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Wanted, not there yet: counted in cost and coverage, left out by rollouts.
    #[default]
    Planned,
    /// In service.
    Active,
    /// Gone for ever. Kept so that number and name are not given again.
    Retired,
}

/// What else a hub can run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum HubService {
    /// The monitor that the nodes push to.
    Kuma,
    /// The control plane.
    Hq,
}

/// Public keys of one node, made on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    /// The tunnel's key.
    pub wireguard: WireguardKey,
    /// sshd's host key.
    pub ssh_host: SshKey,
    /// The node's own key, with which it signs what it reports.
    pub identity: IdentityKey,
    /// The day since which the tunnel's key is in use.
    pub since: Day,
}

/// An emergency way in, past the tunnel, for one operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BreakGlass {
    /// Whose hardware-backed key opens it.
    pub operator: OperatorName,
    /// The only address that is let in, as a literal.
    #[serde(deserialize_with = "literal")]
    pub from: IpAddr,
    /// When it was opened.
    pub since: Moment,
    /// When it closes.
    pub until: Moment,
    /// Why, in a sentence for whoever looks later.
    pub reason: String,
}

impl Node {
    /// Whether it is there or will be.
    pub fn is_wanted(&self) -> bool {
        self.state != State::Retired
    }

    /// Whether it is in service.
    pub fn is_active(&self) -> bool {
        self.state == State::Active
    }

    /// Whether it is a hub.
    pub fn is_hub(&self) -> bool {
        self.role == Role::Hub
    }
}

impl Role {
    /// The word in the inventory.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pop => "pop",
            Self::Hub => "hub",
        }
    }
}

impl State {
    /// The word in the inventory.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Active => "active",
            Self::Retired => "retired",
        }
    }
}

/// A literal address; a name is refused with the reason.
pub(super) fn literal_of(text: &str) -> Result<IpAddr, String> {
    let why = "is not a literal address: write the machine's own IPv4 or IPv6 address, never a name, which failover moves";
    text.parse().map_err(|_| format!("{text:?} {why}"))
}

fn literal<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<IpAddr, D::Error> {
    literal_of(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

fn optional_literal<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<IpAddr>, D::Error> {
    literal(deserializer).map(Some)
}
