//! Firewall rules as data, and as expressions of nftables. What no rule accepts is dropped: input and forward both.

use std::fmt::Write as _;

use ipnet::IpNet;
use serde::Serialize;

/// What may reach a node, and what may pass through it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Firewall {
    /// TCP ports that are open to everybody: 80 and 443.
    pub public_tcp: Vec<u16>,
    /// What else may come in. Replies, and whatever the machine sends to itself, may always.
    pub input: Vec<Rule>,
    /// What may pass through, besides replies. Empty on a machine that is no hub.
    pub forward: Vec<Rule>,
}

/// One thing that is accepted. Everything that is given must hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// Why, in a few words without quotation marks; it stands behind the rule.
    pub why: &'static str,
    /// The interface by which it comes; any if absent.
    pub comes_by: Option<String>,
    /// The interface by which it leaves; any if absent. For forwarding only.
    pub leaves_by: Option<String>,
    /// Whence; from anywhere if empty. All of one address family.
    pub from: Vec<IpNet>,
    /// Whereto; to anywhere if empty. All of one address family.
    pub to: Vec<IpNet>,
    /// What.
    pub service: Service,
    /// Whether the beginning of each connection is written to the kernel's log.
    pub logged: bool,
}

/// A kind of packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// A TCP connection to this port.
    Tcp(u16),
    /// A UDP packet to this port.
    Udp(u16),
    /// A UDP packet from this port, to any.
    UdpFrom(u16),
    /// An echo request.
    Ping,
}

/// What stands before a logged line.
const LOG_PREFIX: &str = "fleet-operator: ";

impl Rule {
    /// The rule as an expression of nftables, as it stands in a chain of a table `inet`.
    pub fn nft(&self) -> String {
        let mut text = String::new();
        let mut add = |part: std::fmt::Arguments<'_>| {
            let _ = write!(text, "{part} "); // writing to a string cannot fail
        };
        if let Some(interface) = &self.comes_by {
            add(format_args!("iifname \"{interface}\""));
        }
        if let Some(interface) = &self.leaves_by {
            add(format_args!("oifname \"{interface}\""));
        }
        for (word, subnets) in [("saddr", &self.from), ("daddr", &self.to)] {
            if let Some(first) = subnets.first() {
                let family = if first.addr().is_ipv4() { "ip" } else { "ip6" };
                add(format_args!("{family} {word} {}", set(subnets)));
            }
        }
        match self.service {
            Service::Tcp(port) => add(format_args!("tcp dport {port}")),
            Service::Udp(port) => add(format_args!("udp dport {port}")),
            Service::UdpFrom(port) => add(format_args!("udp sport {port}")),
            Service::Ping => add(format_args!("icmp type echo-request")),
        }
        if self.logged {
            add(format_args!("ct state new log prefix \"{LOG_PREFIX}\""));
        }
        add(format_args!("accept comment \"{}\"", self.why));
        text.truncate(text.trim_end().len());
        text
    }
}

fn set(networks: &[IpNet]) -> String {
    let name = |of: &IpNet| if of.prefix_len() == of.max_prefix_len() { of.addr().to_string() } else { of.to_string() };
    let names: Vec<String> = networks.iter().map(name).collect();
    if let [one] = names.as_slice() { one.clone() } else { format!("{{ {} }}", names.join(", ")) }
}

impl Firewall {
    /// The whole as a table for `nft -f`. Loading it again replaces it at once, in one transaction; other tables stay.
    pub fn nft(&self) -> String {
        let ports: Vec<String> = self.public_tcp.iter().map(u16::to_string).collect();
        let mut text = String::from("table inet fleet {}\ndelete table inet fleet\ntable inet fleet {\n");
        text.push_str("  chain input {\n    type filter hook input priority filter; policy drop;\n");
        text.push_str("    ct state established,related accept\n    iifname \"lo\" accept\n");
        if !ports.is_empty() {
            let _ = writeln!(text, "    tcp dport {{ {} }} accept", ports.join(", "));
        }
        rules(&mut text, &self.input);
        text.push_str(
            "  }\n  chain forward {\n    type filter hook forward priority filter; policy drop;\n    ct state established,related accept\n",
        );
        rules(&mut text, &self.forward);
        text.push_str("  }\n}\n");
        text
    }
}

fn rules(text: &mut String, rules: &[Rule]) {
    for rule in rules {
        let _ = writeln!(text, "    {}", rule.nft());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(service: Service) -> Rule {
        Rule { why: "a test", comes_by: None, leaves_by: None, from: Vec::new(), to: Vec::new(), service, logged: false }
    }

    fn subnets(texts: &[&str]) -> Vec<IpNet> {
        texts.iter().map(|text| text.parse().expect("a subnet")).collect()
    }

    #[test]
    fn rules_are_expressions_of_nftables() {
        assert_eq!(rule(Service::Udp(51820)).nft(), "udp dport 51820 accept comment \"a test\"");
        let hub = Rule { from: subnets(&["203.0.113.1/32"]), ..rule(Service::UdpFrom(51820)) };
        assert_eq!(hub.nft(), "ip saddr 203.0.113.1 udp sport 51820 accept comment \"a test\"");
        let six = Rule { from: subnets(&["2001:db8::1/128"]), ..rule(Service::UdpFrom(51820)) };
        assert_eq!(six.nft(), "ip6 saddr 2001:db8::1 udp sport 51820 accept comment \"a test\"");
        let passing = Rule {
            comes_by: Some("wg0".into()),
            leaves_by: Some("wg0".into()),
            from: subnets(&["10.84.0.240/28"]),
            to: subnets(&["10.84.0.2/32", "10.84.0.3/32"]),
            logged: true,
            ..rule(Service::Tcp(22))
        };
        assert_eq!(
            passing.nft(),
            "iifname \"wg0\" oifname \"wg0\" ip saddr 10.84.0.240/28 ip daddr { 10.84.0.2, 10.84.0.3 } tcp dport 22 \
             ct state new log prefix \"fleet-operator: \" accept comment \"a test\""
        );
    }

    #[test]
    fn both_chains_drop_what_no_rule_accepts() {
        let text = Firewall { public_tcp: vec![80, 443], input: vec![rule(Service::Ping)], forward: Vec::new() }.nft();
        assert_eq!(text.matches("policy drop;").count(), 2);
        assert!(text.contains("    tcp dport { 80, 443 } accept\n    icmp type echo-request accept comment \"a test\"\n  }\n"), "{text}");
    }
}
