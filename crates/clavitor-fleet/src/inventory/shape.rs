//! Walks the text along the published schema: unknown and missing keys, wrong types, values out of range, all at once.
//!
//! The schema is the one that is published, so what an editor accepts and what this program accepts cannot drift apart.

use serde_json::Value;
use toml_edit::{Item, TableLike};

use super::note::Notes;
use super::{
    Country, Day, Domain, IdentityKey, InterfaceName, Moment, NodeName, OperatorName, PlanName, ProviderName, SshKey, Subnet, WireguardKey,
    nearest, node,
};
use crate::money::Usd;

/// Reads one text of a named type and says what is wrong with it.
type Refuses = fn(&str) -> Option<String>;

/// The types that are one text. Their own parsers speak better than a pattern does.
const TEXTS: &[(&str, Refuses)] = &[
    ("Country", |text| text.parse::<Country>().err()),
    ("Day", |text| text.parse::<Day>().err()),
    ("Domain", |text| text.parse::<Domain>().err()),
    ("IdentityKey", |text| text.parse::<IdentityKey>().err()),
    ("InterfaceName", |text| text.parse::<InterfaceName>().err()),
    ("Moment", |text| text.parse::<Moment>().err()),
    ("NodeName", |text| text.parse::<NodeName>().err()),
    ("OperatorName", |text| text.parse::<OperatorName>().err()),
    ("PlanName", |text| text.parse::<PlanName>().err()),
    ("ProviderName", |text| text.parse::<ProviderName>().err()),
    ("SshKey", |text| text.parse::<SshKey>().err()),
    ("Subnet", |text| text.parse::<Subnet>().err()),
    ("WireguardKey", |text| text.parse::<WireguardKey>().err()),
];

/// The format of `IpAddr` in the schema.
const ADDRESS: &str = "ip";
/// The type of an amount in the schema.
const AMOUNT: &str = "Usd";

/// Everything that does not have the form the schema asks for.
pub(super) fn check(root: &Item, schema: &Value) -> Notes {
    let mut walk = Walk { schema, notes: Notes::default() };
    walk.item(root, schema, "");
    walk.notes
}

struct Walk<'a> {
    schema: &'a Value,
    notes: Notes,
}

impl<'a> Walk<'a> {
    fn item(&mut self, item: &Item, wanted: &'a Value, key: &str) {
        if let Some(options) = wanted["anyOf"].as_array() {
            // Only `Option` makes this; TOML has no null, so the first one is meant.
            return options.first().into_iter().for_each(|first| self.item(item, first, key));
        }
        let name = wanted["$ref"].as_str().and_then(|path| path.strip_prefix("#/$defs/"));
        let Some(name) = name else { return self.unnamed(item, wanted, key) };
        match TEXTS.iter().find(|(of, _)| *of == name) {
            Some((_, refuses)) => self.text(item, *refuses, key),
            None if name == AMOUNT => self.amount(item, key),
            None => self.unnamed(item, &self.schema["$defs"][name], key),
        }
    }

    fn unnamed(&mut self, item: &Item, wanted: &'a Value, key: &str) {
        if let Some(options) = wanted["oneOf"].as_array() {
            let words: Vec<&str> = options.iter().filter_map(|option| option["const"].as_str()).collect();
            return self.word(item, &words, key);
        }
        if let Some(words) = wanted["enum"].as_array() {
            return self.word(item, &words.iter().filter_map(Value::as_str).collect::<Vec<_>>(), key);
        }
        let kind = wanted["type"].as_str().or_else(|| wanted["type"][0].as_str());
        match kind {
            Some("object") => match item.as_table_like() {
                Some(table) => self.table(table, wanted, key),
                None => self.wrong(item, "a table", key),
            },
            Some("array") => self.array(item, &wanted["items"], key),
            Some("integer") => self.number(item, wanted, item.as_integer().map(|number| number as f64), "a whole number", key),
            Some("number") => self.number(item, wanted, float(item), "a number", key),
            Some("string") if wanted["format"] == ADDRESS => self.text(item, |text| node::literal_of(text).err(), key),
            Some("string") => self.text(item, unprintable, key),
            _ => {}
        }
    }

    fn table(&mut self, table: &dyn TableLike, wanted: &'a Value, key: &str) {
        let any_name = wanted["patternProperties"].as_object().and_then(|patterns| patterns.values().next());
        for (name, item) in table.iter() {
            let here = join(key, name);
            match (wanted["properties"].get(name), any_name) {
                (Some(property), _) => self.item(item, property, &here),
                (None, Some(each)) => self.entry(name, item, each, &here),
                (None, None) => self.unknown(name, wanted, &here),
            }
        }
        let required = wanted["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
        for missing in required.filter(|name| !table.contains_key(name)) {
            self.notes.error(join(key, missing), format!("{missing} is missing{}", of(key)));
        }
    }

    /// One entry of a table whose keys are names.
    fn entry(&mut self, name: &str, item: &Item, wanted: &'a Value, key: &str) {
        match name.parse::<NodeName>() {
            Ok(_) => self.item(item, wanted, key),
            Err(why) => drop(self.notes.error(key, why)),
        }
    }

    fn unknown(&mut self, name: &str, wanted: &Value, key: &str) {
        let known: Vec<&str> = wanted["properties"].as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        let help = match nearest(name, known.iter().copied()) {
            Some(near) => format!("did you mean {near}?"),
            None => format!("known here: {}", known.join(", ")),
        };
        let table = key.rsplit_once('.').map_or("", |(table, _)| table);
        self.notes.error(key, format!("the key {name} is not known{}", of(table))).unknown_key().help(help);
    }

    fn array(&mut self, item: &Item, wanted: &'a Value, key: &str) {
        let Some(array) = item.as_array() else { return self.wrong(item, "a list in square brackets", key) };
        for (index, value) in array.iter().enumerate() {
            self.item(&Item::Value(value.clone()), wanted, &join(key, &index.to_string()));
        }
    }

    fn number(&mut self, item: &Item, wanted: &Value, found: Option<f64>, kind: &str, key: &str) {
        let (least, most) = (wanted["minimum"].as_f64(), wanted["maximum"].as_f64());
        let range = match (least, most) {
            (Some(least), Some(most)) => format!(" from {least} to {most}"),
            (Some(least), None) => format!(" of at least {least}"),
            _ => String::new(),
        };
        let Some(found) = found else { return self.wrong(item, &format!("{kind}{range}"), key) };
        let holds = found.is_finite() && least.is_none_or(|least| found >= least) && most.is_none_or(|most| found <= most);
        if !holds {
            self.notes.error(key, format!("{} is {found}, and must be {kind}{range}", last(key)));
        }
    }

    fn amount(&mut self, item: &Item, key: &str) {
        let Some(dollars) = float(item) else { return self.wrong(item, "US dollars, such as 2.50", key) };
        if Usd::from_dollars(dollars).is_none() {
            self.notes.error(key, format!("{dollars} is not an amount: whole cents, from 0 to a million dollars"));
        }
    }

    fn text(&mut self, item: &Item, refuses: Refuses, key: &str) {
        let Some(text) = item.as_str() else { return self.wrong(item, "a text in quotes", key) };
        if let Some(why) = refuses(text) {
            self.notes.error(key, why);
        }
    }

    fn word(&mut self, item: &Item, words: &[&str], key: &str) {
        let Some(text) = item.as_str() else { return self.wrong(item, "a text in quotes", key) };
        if !words.contains(&text) {
            let help = nearest(text, words.iter().copied()).map(|near| format!("did you mean \"{near}\"?"));
            self.notes.error(key, format!("{} is {text:?}, and must be one of {}", last(key), words.join(", "))).perhaps(help);
        }
    }

    fn wrong(&mut self, item: &Item, wanted: &str, key: &str) {
        self.notes.error(key, format!("{} must be {wanted}, and is {}", last(key), article(item.type_name())));
    }
}

/// Text that is shown in a terminal and written into other files keeps to one line.
fn unprintable(text: &str) -> Option<String> {
    const CHARS_MAX: usize = 200;
    if text.trim().is_empty() {
        return Some("this text is empty".to_owned());
    }
    let holds = text.chars().count() <= CHARS_MAX && !text.chars().any(char::is_control);
    (!holds).then(|| format!("this text must be one line of at most {CHARS_MAX} printable characters"))
}

fn float(item: &Item) -> Option<f64> {
    item.as_float().or_else(|| item.as_integer().map(|number| number as f64))
}

fn join(table: &str, name: &str) -> String {
    if table.is_empty() { name.to_owned() } else { format!("{table}.{name}") }
}

fn last(key: &str) -> &str {
    key.rsplit('.').next().unwrap_or(key)
}

fn of(table: &str) -> String {
    if table.is_empty() { String::new() } else { format!(" in [{table}]") }
}

fn article(kind: &str) -> String {
    let article = if kind.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {kind}")
}
