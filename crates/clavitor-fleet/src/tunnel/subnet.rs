//! A range of addresses: an address and how many of its leading bits count.

use std::{fmt, net::IpAddr, net::Ipv4Addr, str::FromStr};

use serde::{Serialize, Serializer};

/// A range of addresses such as `10.84.0.0/24`; a single one is a range of one. The bits behind the prefix are zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subnet {
    address: IpAddr,
    prefix: u8,
}

/// Why a text is no range of addresses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubnetError {
    /// Not `ADDRESS/BITS`.
    #[error("{0:?} is not ADDRESS/BITS, such as 10.84.0.0/24")]
    Form(String),
    /// More bits than the address has.
    #[error("{0:?} asks for more bits than the address has")]
    Prefix(String),
    /// An address inside of the range was given for the range.
    #[error("{given:?} is an address inside of a range: the range is {range}")]
    Inside {
        /// What was given.
        given: String,
        /// The range it lies in.
        range: Subnet,
    },
}

impl Subnet {
    /// One address.
    pub fn of(address: impl Into<IpAddr>) -> Self {
        let address = address.into();
        Self { address, prefix: bits_of(address) }
    }

    pub(super) fn of_v4(first: Ipv4Addr, prefix: u8) -> Self {
        Self { address: masked(first.into(), prefix), prefix: prefix.min(32) }
    }

    /// The range of so many leading bits around an address; None if the address has fewer bits.
    pub fn around(address: IpAddr, prefix: u8) -> Option<Self> {
        (prefix <= bits_of(address)).then(|| Self { address: masked(address, prefix), prefix })
    }

    /// Its first address.
    pub fn address(self) -> IpAddr {
        self.address
    }

    /// How many leading bits its addresses share.
    pub fn prefix(self) -> u8 {
        self.prefix
    }

    /// Whether it is a single address.
    pub fn is_one(self) -> bool {
        self.prefix == bits_of(self.address)
    }

    /// Whether an address lies in it.
    pub fn contains(self, address: IpAddr) -> bool {
        bits_of(address) == bits_of(self.address) && masked(address, self.prefix) == self.address
    }

    /// Whether an address lies in both.
    pub fn overlaps(self, other: Self) -> bool {
        self.contains(other.address) || other.contains(self.address)
    }

    /// The address with this number, counted from the first: 10.84.0.2 for 2 in 10.84.0.0/24. None outside of the range, and for its first and last address, which no machine has.
    pub fn numbered(self, number: u8) -> Option<Ipv4Addr> {
        let IpAddr::V4(first) = self.address else { return None };
        let address = Ipv4Addr::from_bits(first.to_bits().checked_add(u32::from(number))?);
        let last = first.to_bits() | u32::MAX.checked_shr(u32::from(self.prefix)).unwrap_or(0);
        (self.contains(address.into()) && number != 0 && address.to_bits() != last).then_some(address)
    }
}

fn bits_of(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn masked(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => IpAddr::V4((v4.to_bits() & u32::MAX.checked_shl(32 - u32::from(prefix.min(32))).unwrap_or(0)).into()),
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & u128::MAX.checked_shl(128 - u32::from(prefix.min(128))).unwrap_or(0)).into()),
    }
}

impl fmt::Display for Subnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl FromStr for Subnet {
    type Err = SubnetError;

    fn from_str(text: &str) -> Result<Self, SubnetError> {
        let form = || SubnetError::Form(text.to_owned());
        let (address, prefix) = text.split_once('/').ok_or_else(form)?;
        let address: IpAddr = address.parse().map_err(|_| form())?;
        let prefix: u8 = prefix.parse().map_err(|_| form())?;
        let range = Self::around(address, prefix).ok_or_else(|| SubnetError::Prefix(text.to_owned()))?;
        if range.address == address { Ok(range) } else { Err(SubnetError::Inside { given: text.to_owned(), range }) }
    }
}

impl Serialize for Subnet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subnet(text: &str) -> Subnet {
        text.parse().expect("a subnet")
    }

    #[test]
    fn texts_are_read_and_written() {
        for text in ["10.84.0.0/24", "10.84.0.240/28", "203.0.113.7/32", "2001:db8::/32", "0.0.0.0/0"] {
            assert_eq!(subnet(text).to_string(), text);
        }
        for bad in ["10.84.0.0", "10.84.0.0/33", "10.84.0/24", "10.84.0.1/24", "", "a/b", "10.84.0.0/-1"] {
            assert!(bad.parse::<Subnet>().is_err(), "{bad}");
        }
        assert_eq!(
            "10.84.0.250/28".parse::<Subnet>().expect_err("inside").to_string(),
            "\"10.84.0.250/28\" is an address inside of a range: the range is 10.84.0.240/28"
        );
    }

    #[test]
    fn ranges_know_what_lies_in_them() {
        let network = subnet("10.84.0.0/24");
        assert!(network.contains("10.84.0.255".parse().expect("address")));
        assert!(!network.contains("10.84.1.0".parse().expect("address")));
        assert!(!network.contains("::a54:1".parse().expect("address")));
        assert!(network.overlaps(subnet("10.84.0.240/28")) && subnet("10.84.0.240/28").overlaps(network));
        assert!(!network.overlaps(subnet("10.84.1.0/24")));
    }

    #[test]
    fn numbers_are_machines() {
        let network = subnet("10.84.1.0/24");
        assert_eq!(network.numbered(7), Some(Ipv4Addr::new(10, 84, 1, 7)));
        assert_eq!(network.numbered(0), None);
        assert_eq!(network.numbered(255), None);
        assert_eq!(subnet("10.84.0.240/28").numbered(7), Some(Ipv4Addr::new(10, 84, 0, 247)));
        assert_eq!(subnet("10.84.0.240/28").numbered(15), None);
        assert_eq!(subnet("10.84.0.240/28").numbered(16), None);
    }
}
