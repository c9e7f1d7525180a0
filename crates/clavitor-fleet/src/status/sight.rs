//! One look at a node through the tunnel: its own report, and what its machine says. Read strictly: a look that was cut off is no look.

use serde::{Deserialize, Serialize};

use crate::{
    inventory::NodeName,
    monitor::Report,
    remote::{Bounds, RemoteError, Ssh, plain},
};

/// Marks our lines among whatever else a node prints.
const PREFIX: &str = "clavitor: ";
const LOOK: &str = include_str!("look.sh");
/// More pairs than these no hub has.
const BARE_MAX: usize = 512;
const LOOK_BOUNDS: Bounds = Bounds::seconds(40);

/// Where a node keeps its vault.
pub const DATA: &str = "/var/lib/clavitor";

/// Total, used and free.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disk {
    /// Of the file system with the data.
    pub total_kb: u64,
    /// In use.
    pub used_kb: u64,
    /// Left for the node.
    pub free_kb: u64,
}

impl Disk {
    /// Used, of what is used and free together, as df(1) counts.
    pub fn used_pct(&self) -> f64 {
        100.0 * self.used_kb as f64 / (self.used_kb + self.free_kb).max(1) as f64
    }
}

/// What was seen.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Sight {
    /// The operator's clock in the middle of the look, Unix seconds.
    pub seen_s: u64,
    /// By how many seconds the node's clock is ahead; negative: behind.
    pub clock_off_s: i64,
    /// `active`, or what the service manager says instead.
    pub service: String,
    /// The node's own report.
    pub report: Option<Report>,
    /// Why there is none.
    pub no_report: Option<String>,
    /// The file system with the data.
    pub disk: Option<Disk>,
    /// Memory of the machine, total and available.
    pub memory_kb: Option<(u64, u64)>,
    /// The running generation.
    pub generation: Option<u64>,
    /// Generations that are kept.
    pub generations: Option<u64>,
    /// Whether a deploy has not been confirmed.
    pub unconfirmed: bool,
    /// When the system was last made the one that boots, Unix seconds.
    pub system_s: Option<u64>,
    /// Of a hub: the network and the file of each pair that shares no secret yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bare: Vec<(String, String)>,
}

impl Sight {
    /// Looks at a node.
    ///
    /// # Errors
    /// [`RemoteError`].
    pub async fn of(ssh: &Ssh, node: &NodeName, data: &str, clock: impl Fn() -> u64) -> Result<Self, RemoteError> {
        let before_s = clock();
        let said = ssh.script(node, LOOK, &[data], LOOK_BOUNDS).await?;
        let middle_s = before_s.midpoint(clock());
        let cut =
            || RemoteError::Lost(node.to_string(), format!("it said only: {}", plain(&said.err).chars().take(200).collect::<String>()));
        Self::read(&said.out, middle_s).ok_or_else(cut)
    }

    /// What the script printed; nothing unless it came to its end.
    pub fn read(out: &str, seen_s: u64) -> Option<Self> {
        let lines: Vec<&str> = out.lines().filter_map(|line| line.strip_prefix(PREFIX)).map(str::trim_end).collect();
        if lines.last() != Some(&"end") {
            return None;
        }
        let value = |key: &str| lines.iter().find_map(|line| line.strip_prefix(key)?.strip_prefix(' ')).map(str::trim);
        let numbers = |key: &str| value(key).map(|text| text.split(' ').filter_map(|one| one.parse::<u64>().ok()).collect::<Vec<_>>());
        let number = |key: &str| numbers(key).and_then(|numbers| numbers.first().copied());
        let report = value("report").map(Report::read);
        let no_report = match &report {
            Some(Err(why)) => Some(format!("what it printed {why}")),
            Some(Ok(_)) => None,
            None => Some(plain(value("no_report").unwrap_or("it says nothing"))),
        };
        let clock_s = number("clock_s")?;
        Some(Self {
            seen_s,
            clock_off_s: i64::try_from(clock_s).ok()?.saturating_sub(i64::try_from(seen_s).ok()?),
            service: plain(value("service").unwrap_or_default()),
            report: report.and_then(Result::ok),
            no_report,
            disk: numbers("disk_kb").and_then(|of| Some(Disk { total_kb: *of.first()?, used_kb: *of.get(1)?, free_kb: *of.get(2)? })),
            memory_kb: numbers("memory_kb").and_then(|of| Some((*of.first()?, *of.get(1)?))),
            generation: number("generation"),
            generations: number("generations").filter(|count| *count > 0),
            unconfirmed: lines.contains(&"unconfirmed"),
            system_s: number("system_s"),
            bare: lines
                .iter()
                .filter_map(|line| line.strip_prefix("bare ")?.split_once(' '))
                .take(BARE_MAX)
                .map(|(network, file)| (plain(network), plain(file)))
                .collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEEN: &str = "Last login: never\nclavitor: clock_s 1000100\nclavitor: service active\nclavitor: report {\"node\":\"tokyo\",\"disk_pct\":31.2}\nclavitor: disk_kb 10000 3000 7000\n\
        clavitor: memory_kb 500000 250000\nclavitor: generation 7\nclavitor: generations 2\nclavitor: end\n";

    #[test]
    fn a_look_is_read() {
        let sight = Sight::read(SEEN, 1_000_000).unwrap();
        assert_eq!((sight.clock_off_s, sight.service.as_str(), sight.generation, sight.generations), (100, "active", Some(7), Some(2)));
        assert_eq!((sight.disk.unwrap().used_pct(), sight.memory_kb), (30.0, Some((500_000, 250_000))));
        assert_eq!((sight.report.unwrap().disk_pct, sight.no_report, sight.unconfirmed), (Some(31.2), None, false));
    }

    #[test]
    fn a_look_that_was_cut_off_is_none() {
        for end in 0..SEEN.len() - 5 {
            assert_eq!(Sight::read(&SEEN[..end], 0), None);
        }
    }

    #[test]
    fn a_node_that_does_not_run_says_why() {
        let out = "clavitor: clock_s 1\nclavitor: no_report Error: only a node that runs has a report \u{1b}[31m\nclavitor: unconfirmed\nclavitor: end";
        let sight = Sight::read(out, 1).unwrap();
        assert!(sight.unconfirmed && sight.report.is_none());
        let why = sight.no_report.unwrap();
        assert!(why.contains("only a node that runs") && !why.contains('\u{1b}'), "{why:?}");
        let odd = Sight::read("clavitor: clock_s 1\nclavitor: report {}\nclavitor: end", 1).unwrap();
        assert_eq!(odd.no_report.as_deref(), Some("what it printed names no node"));
    }
}
