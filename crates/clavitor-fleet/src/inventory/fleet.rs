//! What the nodes share: the fleet's goals, networks, providers, plans, operators, and the rules of alarms and rollouts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Domain, InterfaceName, NodeName, PlanName, ProviderName, SshKey, Subnet, WireguardKey};
use crate::money::Usd;

/// The fleet as a whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fleet {
    /// What it is called.
    pub name: String,
    /// The zone the nodes' public names lie in: NODE.pop.clavitor.com. A zone of its own, so that a leaked DNS token cannot touch mail.
    pub domain: Domain,
    /// Whom certificate authorities write to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// What all nodes together may cost a month.
    pub budget_usd: Usd,
    /// The round trip that every city should have to some node, in milliseconds.
    #[schemars(range(min = 1, max = 1000))]
    pub latency_goal_ms: u32,
    /// Days after which a tunnel's key should be changed.
    #[serde(default = "key_days_max")]
    #[schemars(range(min = 1, max = 3650))]
    pub key_days_max: u32,
}

/// The two tunnel networks. Every node is in both, with the same number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Networks {
    /// The network of hub A.
    pub a: Network,
    /// The network of hub B: other provider, other country, the way in when A is gone.
    pub b: Network,
}

/// Which of the two networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum NetworkName {
    /// The network of hub A.
    A,
    /// The network of hub B.
    B,
}

/// One tunnel network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// Its addresses, such as 10.84.0.0/24.
    pub subnet: Subnet,
    /// The interface on every node, such as wg0.
    pub interface: InterfaceName,
    /// The node where it meets.
    pub hub: NodeName,
    /// The hub's UDP port.
    #[schemars(range(min = 1))]
    pub port: u16,
    /// The part of the subnet that is for operators' machines; nodes stay out of it.
    pub operators: Subnet,
    /// Seconds between a spoke's packets that keep the way open.
    #[serde(default = "keepalive_s")]
    #[schemars(range(min = 1))]
    pub keepalive_s: u16,
}

/// Who rents machines out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// As people write it.
    pub name: String,
    /// Plans from the smallest up: where a node goes when it outgrows the one it has.
    #[serde(default)]
    pub ladder: Vec<PlanName>,
    /// What comes after the last of them, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beyond: Option<String>,
}

/// What can be rented.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// From whom: a key of `provider`.
    pub provider: ProviderName,
    /// A month's price. Absent where it is agreed machine by machine; such nodes say `cost_usd`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_usd: Option<Usd>,
    /// Virtual processors.
    #[schemars(range(min = 1))]
    pub vcpu: u16,
    /// Memory, in MB.
    #[schemars(range(min = 256))]
    pub ram_mb: u32,
    /// Disk, in GB.
    #[schemars(range(min = 5))]
    pub disk_gb: u32,
    /// Traffic a month, in TB.
    #[schemars(range(min = 0))]
    pub traffic_tb: f64,
}

/// When silence is an incident, and of which severity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Severity {
    /// Seconds since the last beat was received that make a SEV2: two missed posts and slack.
    pub sev2_silent_s: u32,
    /// Seconds since the last beat that make it a SEV1.
    pub sev1_silent_s: u32,
    /// The part of all nodes whose silence within the window is one incident of the operations link, 0 to 1.
    #[schemars(range(min = 0, max = 1))]
    pub storm_fraction: f64,
    /// The window of that rule, in seconds.
    pub storm_window_s: u32,
}

/// How a new version goes round.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Rollout {
    /// Nodes in the first waves; one last wave takes the rest.
    pub waves: Vec<u8>,
    /// Seconds after which a node that nobody confirmed goes back by itself.
    pub confirm_s: u32,
    /// Seconds of watching between two waves.
    pub soak_s: u32,
    /// Free disk below which a node is not touched, in MB.
    pub disk_free_mb_min: u32,
}

/// A person or team that may reach the nodes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Operator {
    /// The number of their machine in both tunnel networks, inside the operators' range.
    #[schemars(range(min = 1, max = 254))]
    pub number: u8,
    /// Public keys that open sshd through the tunnel.
    #[serde(default)]
    pub ssh_keys: Vec<SshKey>,
    /// Their machine's tunnel key; absent until it is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wireguard: Option<WireguardKey>,
    /// The hardware-backed key of the emergency way in, which is closed unless a node says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub break_glass: Option<SshKey>,
}

impl NetworkName {
    /// Both, in order.
    pub const ALL: [Self; 2] = [Self::A, Self::B];

    /// The key in the inventory.
    pub const fn word(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
        }
    }
}

impl Networks {
    /// One of the two.
    pub const fn get(&self, name: NetworkName) -> &Network {
        match name {
            NetworkName::A => &self.a,
            NetworkName::B => &self.b,
        }
    }

    /// Both, with their names.
    pub fn iter(&self) -> impl Iterator<Item = (NetworkName, &Network)> {
        NetworkName::ALL.into_iter().map(|name| (name, self.get(name)))
    }
}

impl Severity {
    /// Seconds a look from outside may take to say whether a silent node serves.
    pub const PROBE_WAIT_S: u32 = 15;

    /// The least that `sev1_silent_s` may be: by then a storm is known as one, and a probe has answered. Otherwise a storm would page for every node.
    pub const fn sev1_silent_s_min(&self) -> u32 {
        self.sev2_silent_s.saturating_add(self.storm_window_s).saturating_add(Self::PROBE_WAIT_S)
    }
}

impl Default for Severity {
    fn default() -> Self {
        Self { sev2_silent_s: 65, sev1_silent_s: 300, storm_fraction: 0.4, storm_window_s: 60 }
    }
}

impl Default for Rollout {
    fn default() -> Self {
        Self { waves: vec![1, 2, 4], confirm_s: 120, soak_s: 300, disk_free_mb_min: 1024 }
    }
}

/// A year.
const fn key_days_max() -> u32 {
    365
}

/// Below the 30 s after which many address translators forget a UDP flow.
const fn keepalive_s() -> u16 {
    25
}
