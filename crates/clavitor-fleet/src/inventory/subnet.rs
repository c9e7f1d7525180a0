//! IPv4 networks in prefix notation.

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

use ipnet::Ipv4Net;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// An IPv4 network: its first address and the length of its prefix. An address inside of one is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Subnet(Ipv4Net);

impl Subnet {
    /// The network's first address, which is its name and nobody's address.
    pub fn first(&self) -> Ipv4Addr {
        self.0.network()
    }

    /// The last address, which is the broadcast address.
    pub fn last(&self) -> Ipv4Addr {
        self.0.broadcast()
    }

    /// The length of the prefix, 0 to 32.
    pub const fn prefix_bits(&self) -> u8 {
        self.0.prefix_len()
    }

    /// Whether the address lies in the network.
    pub fn contains(&self, address: Ipv4Addr) -> bool {
        self.0.contains(&address)
    }

    /// Whether the two networks share an address.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.encloses(other) || other.encloses(self)
    }

    /// Whether the whole of the other network lies in this one.
    pub fn encloses(&self, other: &Self) -> bool {
        self.0.contains(&other.0)
    }

    /// The address with this number, counted from the first. Beyond the last it wraps into another network: check with `contains`.
    pub fn address(&self, number: u8) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.first().to_bits().wrapping_add(u32::from(number)))
    }
}

impl From<Subnet> for Ipv4Net {
    fn from(subnet: Subnet) -> Self {
        subnet.0
    }
}

impl fmt::Display for Subnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Subnet {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let network: Ipv4Net =
            text.parse().map_err(|_| format!("{text:?} is not a network: write the first address and the prefix, such as 10.84.0.0/24"))?;
        let whole = network.trunc();
        if whole == network { Ok(Self(whole)) } else { Err(format!("{text:?} begins inside a network: write {whole}")) }
    }
}

impl TryFrom<String> for Subnet {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Subnet> for String {
    fn from(subnet: Subnet) -> Self {
        subnet.to_string()
    }
}

impl JsonSchema for Subnet {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Subnet".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9]{1,3}(\\.[0-9]{1,3}){3}/[0-9]{1,2}$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_counted_from_the_first() {
        let subnet: Subnet = "10.84.1.0/24".parse().unwrap();
        assert_eq!(subnet.address(2), Ipv4Addr::new(10, 84, 1, 2));
        assert_eq!(subnet.last(), Ipv4Addr::new(10, 84, 1, 255));
        assert_eq!(subnet.to_string(), "10.84.1.0/24");
        assert!(!subnet.contains(Ipv4Addr::new(10, 84, 0, 2)));
    }

    #[test]
    fn networks_overlap_and_enclose() {
        let parse = |text: &str| text.parse::<Subnet>().unwrap();
        let (whole, part, other) = (parse("10.84.0.0/24"), parse("10.84.0.240/28"), parse("10.84.1.0/24"));
        assert!(whole.encloses(&part) && !part.encloses(&whole) && whole.overlaps(&part));
        assert!(!whole.overlaps(&other));
        assert!(parse("0.0.0.0/0").encloses(&other));
    }

    #[test]
    fn what_is_not_a_network_says_what_to_write() {
        for wrong in ["10.84.0.0", "10.84.0.0/33", "zurich/24", "10.84.0/24"] {
            assert!(wrong.parse::<Subnet>().unwrap_err().contains("10.84.0.0/24"), "{wrong}");
        }
        assert!("10.84.0.7/24".parse::<Subnet>().unwrap_err().contains("write 10.84.0.0/24"));
    }
}
