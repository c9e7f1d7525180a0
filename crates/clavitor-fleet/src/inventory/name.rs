//! Names: of nodes, providers, plans, operators, interfaces, domains and countries.

use super::text::text_value;

/// A DNS label may have 63; hostnames of nodes stay readable.
const LABEL_CHARS_MAX: usize = 40;
/// The kernel's limit of an interface's name, IFNAMSIZ less its end mark.
const INTERFACE_CHARS_MAX: usize = 15;
/// RFC 1035, section 2.3.4.
const DOMAIN_CHARS_MAX: usize = 253;

text_value!(
    /// A node's name: its key in the inventory, its hostname, and the first label of its public name.
    NodeName, pattern "^[a-z][a-z0-9]*(-[a-z0-9]+)*$", refuses not_a_label
);
text_value!(
    /// A provider's key in the inventory.
    ProviderName, pattern "^[a-z][a-z0-9]*(-[a-z0-9]+)*$", refuses not_a_label
);
text_value!(
    /// A plan's key in the inventory.
    PlanName, pattern "^[a-z][a-z0-9]*(-[a-z0-9]+)*$", refuses not_a_label
);
text_value!(
    /// An operator's key in the inventory.
    OperatorName, pattern "^[a-z][a-z0-9]*(-[a-z0-9]+)*$", refuses not_a_label
);
text_value!(
    /// A network interface's name, such as wg0.
    InterfaceName, pattern "^[a-z][a-z0-9-]{0,14}$", refuses not_an_interface
);
text_value!(
    /// A domain, in lower case, without a final dot.
    Domain, pattern "^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", refuses not_a_domain
);
text_value!(
    /// A country's ISO 3166-1 code of two letters.
    Country, pattern "^[A-Z]{2}$", refuses not_a_country
);

fn not_a_label(text: &str) -> Option<String> {
    let parts_hold = text.split('-').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
    let holds = parts_hold && text.starts_with(|first: char| first.is_ascii_lowercase()) && text.len() <= LABEL_CHARS_MAX;
    (!holds).then(|| {
        format!("{text:?} is not a name: lower-case letters, digits and single hyphens, beginning with a letter, at most {LABEL_CHARS_MAX}")
    })
}

fn not_an_interface(text: &str) -> Option<String> {
    let holds = text.len() <= INTERFACE_CHARS_MAX
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    (!holds).then(|| format!("{text:?} is not an interface's name: lower-case letters, digits and hyphens, at most {INTERFACE_CHARS_MAX}"))
}

fn not_a_domain(text: &str) -> Option<String> {
    let labels: Vec<&str> = text.split('.').collect();
    let label_holds = |label: &&str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let last_is_letters = labels.last().is_some_and(|last| last.len() >= 2 && last.bytes().all(|b| b.is_ascii_lowercase()));
    let holds = labels.len() >= 2 && text.len() <= DOMAIN_CHARS_MAX && last_is_letters && labels.iter().all(label_holds);
    (!holds).then(|| format!("{text:?} is not a domain: lower case, at least two labels, no final dot, such as pop.clavitor.com"))
}

fn not_a_country(text: &str) -> Option<String> {
    let holds = text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase());
    (!holds).then(|| format!("{text:?} is not a country: two capital letters as in ISO 3166-1, such as CH"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_domains_countries_and_interfaces_have_one_form() {
        assert!("sao-paulo".parse::<NodeName>().is_ok());
        for wrong in ["", "São", "-x", "x-", "a--b", "1st", "Tokyo", "a_b", &"x".repeat(41)] {
            assert!(wrong.parse::<NodeName>().is_err(), "{wrong}");
        }
        assert!("pop.clavitor.com".parse::<Domain>().is_ok());
        for wrong in ["clavitor", "clavitor.com.", "Clavitor.com", "-a.com", "10.84.0.1", "a..com"] {
            assert!(wrong.parse::<Domain>().is_err(), "{wrong}");
        }
        assert!("CH".parse::<Country>().is_ok());
        assert!("ch".parse::<Country>().is_err() && "CHE".parse::<Country>().is_err());
        assert!("wg0".parse::<InterfaceName>().is_ok());
        assert!("wg 0".parse::<InterfaceName>().is_err() && "w".repeat(16).parse::<InterfaceName>().is_err());
    }
}
