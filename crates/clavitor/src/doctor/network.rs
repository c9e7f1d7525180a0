//! The names of the node: where they point, and whether the node is reached by them. Asked only for names that the operator gave.

use std::{collections::BTreeSet, fs, net::IpAddr};

use super::finding::Finding;

const AAAA_OR_A: &str = "set its A and AAAA records to this machine's public address";

/// Where a name points, against this machine's own addresses.
pub(super) fn points_here(name: &str, found: Result<&[IpAddr], &str>, own: &BTreeSet<IpAddr>) -> Finding {
    let found = match found {
        Ok([]) => return Finding::fail("name", format!("{name} has no address"), AAAA_OR_A),
        Err(error) => return Finding::fail("name", error, AAAA_OR_A),
        Ok(found) => found,
    };
    let list = found.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if found.iter().all(|address| own.contains(address)) {
        return Finding::ok("name", format!("{name} is this machine: {list}"));
    }
    if found.iter().any(|address| own.contains(address)) {
        return Finding::warn(
            "name",
            format!("{name} is this machine and others: {list}"),
            "remove the addresses that are not this machine's",
        );
    }
    if own.iter().any(is_public) {
        return Finding::fail("name", format!("{name} points elsewhere: {list}"), AAAA_OR_A);
    }
    Finding::warn(
        "name",
        format!("{name} points to {list}; this machine has no public address, so whether that is its router cannot be told from here"),
        "forward ports 443 and 80 to this machine, then open the address from a phone that is not in this network",
    )
}

fn is_public(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            !(v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_unspecified()
                || (v4.octets()[0] == 100 && v4.octets()[1] & 0xC0 == 64))
        }
        IpAddr::V6(v6) => !(v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local() || v6.is_unspecified()),
    }
}

/// This machine's addresses, as the kernel lists them.
pub(super) fn own_addresses() -> BTreeSet<IpAddr> {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    v4_of(&read("/proc/net/fib_trie")).chain(v6_of(&read("/proc/net/if_inet6"))).collect()
}

/// In the tree of routes an address of this machine stands on the line above `/32 host LOCAL`.
fn v4_of(trie: &str) -> impl Iterator<Item = IpAddr> {
    let lines: Vec<&str> = trie.lines().map(str::trim).collect();
    let locals: Vec<IpAddr> =
        lines.windows(2).filter(|pair| pair[1] == "/32 host LOCAL").filter_map(|pair| pair[0].strip_prefix("|-- ")?.parse().ok()).collect();
    locals.into_iter()
}

/// Lines of 32 digits and what is known about the address.
fn v6_of(list: &str) -> impl Iterator<Item = IpAddr> {
    let parse = |line: &str| u128::from_str_radix(line.split_whitespace().next()?, 16).ok().map(|bits| IpAddr::from(bits.to_be_bytes()));
    list.lines().filter_map(parse).collect::<Vec<_>>().into_iter()
}

#[cfg(test)]
mod tests {
    use super::{super::finding::Level, *};

    const TRIE: &str = "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 0.0.0.0\n        /0 universe UNICAST\n     +-- 192.0.2.0/24 2 0 2\n        |-- 192.0.2.7\n           /32 host LOCAL\n        |-- 192.0.2.255\n           /32 link BROADCAST\n";
    const INET6: &str = "20010db8000000000000000000000007 02 40 00 80 eth0\n00000000000000000000000000000001 01 80 10 80 lo\n";

    fn addresses(list: &[&str]) -> Vec<IpAddr> {
        list.iter().map(|address| address.parse().unwrap()).collect()
    }

    #[test]
    fn the_kernels_lists_are_read() {
        assert_eq!(Vec::from_iter(v4_of(TRIE)), addresses(&["192.0.2.7"]));
        assert_eq!(Vec::from_iter(v6_of(INET6)), addresses(&["2001:db8::7", "::1"]));
        assert!(own_addresses().contains(&IpAddr::from([127, 0, 0, 1])));
    }

    #[test]
    fn a_name_is_held_against_them() {
        let own: BTreeSet<IpAddr> = addresses(&["192.0.2.7", "2001:db8::7", "127.0.0.1"]).into_iter().collect();
        let level = |found: &[&str]| points_here("vault.example", Ok(&addresses(found)), &own).level;
        assert_eq!(level(&["192.0.2.7", "2001:db8::7"]), Level::Ok);
        assert_eq!(level(&["192.0.2.7", "192.0.2.8"]), Level::Warn);
        assert_eq!(level(&["198.51.100.1"]), Level::Fail);
        assert_eq!(level(&[]), Level::Fail);
        let inside: BTreeSet<IpAddr> = addresses(&["10.0.0.2", "127.0.0.1", "fe80::1"]).into_iter().collect();
        assert_eq!(
            points_here("vault.example", Ok(&addresses(&["198.51.100.1"])), &inside).level,
            Level::Warn,
            "behind a router nobody can say"
        );
        assert_eq!(points_here("vault.example", Err("no such name"), &own).level, Level::Fail);
    }
}
