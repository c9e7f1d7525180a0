//! The inventory of a fleet in the laboratory: two networks, two providers in turn, and machines of which only what matters is given.

use std::fmt::Write as _;

/// A machine of the fleet.
pub(crate) struct Entry<'a> {
    /// Its name, which is its city's, too.
    pub(crate) name: &'a str,
    /// Two letters.
    pub(crate) country: &'a str,
    /// Its number in both networks.
    pub(crate) number: u8,
    /// Whether it may carry a network.
    pub(crate) is_hub: bool,
    /// In service, or planned.
    pub(crate) is_active: bool,
    /// Its public address.
    pub(crate) address: String,
    /// The node that keeps its backup.
    pub(crate) backup: Option<&'a str>,
    /// Once it is enrolled.
    pub(crate) keys: Option<Keys>,
}

/// What a machine made at its first start.
pub(crate) struct Keys {
    pub(crate) wireguard: String,
    pub(crate) ssh_host: String,
    pub(crate) identity: String,
}

/// The inventory's text. `hubs`: of network a and of network b. `more`: tables besides.
pub(crate) fn inventory(domain: &str, hubs: [&str; 2], more: &str, entries: &[Entry<'_>]) -> String {
    let mut text =
        format!("schema = 1\n[fleet]\nname = \"Laboratory\"\ndomain = \"{domain}\"\nbudget_usd = 100.00\nlatency_goal_ms = 100\n{more}\n");
    for (place, hub) in hubs.iter().enumerate() {
        let (network, subnet, provider) = (["a", "b"][place], format!("10.84.{place}"), PROVIDERS[place]);
        let _ = writeln!(
            text,
            "[network.{network}]\nsubnet = \"{subnet}.0/24\"\ninterface = \"wg{place}\"\nhub = \"{hub}\"\nport = 51820\noperators = \"{subnet}.240/28\"\nkeepalive_s = 1\n\
             [provider.{provider}]\nname = \"{provider}\"\n\
             [plan.{provider}]\nprovider = \"{provider}\"\nprice_usd = 2.50\nvcpu = 1\nram_mb = 512\ndisk_gb = 10\ntraffic_tb = 0.5"
        );
    }
    entries.iter().enumerate().for_each(|(place, entry)| entry.write(place, &mut text));
    text
}

const PROVIDERS: [&str; 2] = ["one", "two"];

impl Entry<'_> {
    fn write(&self, place: usize, text: &mut String) {
        let Self { name, country, number, address, .. } = self;
        let (provider, longitude) = (PROVIDERS[place % 2], 10 * place);
        let (role, state) = (if self.is_hub { "hub" } else { "pop" }, if self.is_active { "active" } else { "planned" });
        let _ = writeln!(
            text,
            "[node.{name}]\ncity = \"{name}\"\ncountry = \"{country}\"\nregion = \"x\"\nlatitude = 40.0\nlongitude = {longitude}.5\nprovider = \"{provider}\"\n\
             plan = \"{provider}\"\nrole = \"{role}\"\nnumber = {number}\naddress = \"{address}\"\nstate = \"{state}\""
        );
        if let Some(backup) = self.backup {
            let _ = writeln!(text, "backup = \"{backup}\"");
        }
        if let Some(Keys { wireguard, ssh_host, identity }) = &self.keys {
            let _ = writeln!(
                text,
                "[node.{name}.keys]\nwireguard = \"{wireguard}\"\nssh_host = \"{ssh_host}\"\nidentity = \"{identity}\"\nsince = \"2026-01-01\""
            );
        }
    }
}
