//! The events of Kuma's page that a sync needs: sign in, read the lists, add, change and remove monitors.

use std::{fmt, path::Path};

use clavitor_outbound::Uri;
use serde::Deserialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{
    plan::{Monitor, Wanted},
    wire::{KumaError, Wire},
};

/// Who signs in. Never shown.
pub struct Credentials {
    /// The user of Kuma.
    pub user: String,
    /// The password.
    pub password: Zeroizing<String>,
    /// A one-time code, if this user has a second factor.
    pub code: Option<Zeroizing<String>>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials")
    }
}

/// A label of Kuma's own.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Tag {
    /// Its number.
    pub id: u64,
    /// Its name.
    pub name: String,
}

/// Signed in.
pub struct Session {
    wire: Wire,
}

impl Session {
    /// Connects and signs in. The password goes over TLS, or within the operator's own network.
    ///
    /// # Errors
    /// [`KumaError`].
    pub async fn sign_in(base: &str, ca_file: Option<&Path>, who: &Credentials) -> Result<Self, KumaError> {
        own_or_safe(base)?;
        let client = clavitor_outbound::client(ca_file).map_err(|error| KumaError::Unreachable(error.to_string()))?;
        let mut wire = Wire::open(client, base).await?;
        let code = who.code.as_deref().map_or("", String::as_str);
        let login = json!({"username": who.user, "password": *who.password, "token": code});
        let answer = wire.ask("login", &[login]).await?;
        let said = answer.first().cloned().unwrap_or_default();
        if said["tokenRequired"] == true {
            return Err(KumaError::SecondFactor);
        }
        accepted("login", &said)?;
        Ok(Self { wire })
    }

    /// The names of all notifications. Kuma tells them once, after the sign-in.
    ///
    /// # Errors
    /// [`KumaError`].
    pub async fn notifications(&mut self) -> Result<Vec<Tag>, KumaError> {
        let list = self.wire.event("notificationList").await?.into_iter().next().unwrap_or_default();
        Ok(serde_json::from_value(list).unwrap_or_default())
    }

    /// All monitors, by their numbers.
    ///
    /// # Errors
    /// [`KumaError`].
    pub async fn monitors(&mut self) -> Result<Vec<Monitor>, KumaError> {
        self.ask("getMonitorList", &[]).await?;
        let by_id = self.wire.event("monitorList").await?.into_iter().next().unwrap_or_default();
        let by_id: serde_json::Map<String, Value> = serde_json::from_value(by_id).unwrap_or_default();
        let mut monitors: Vec<Monitor> = by_id.into_values().filter_map(Monitor::read).collect();
        monitors.sort_by_key(|monitor| monitor.id);
        Ok(monitors)
    }

    /// Makes a monitor; its number.
    ///
    /// # Errors
    /// [`KumaError`].
    pub async fn add(&mut self, wanted: &Wanted, push_token: &str) -> Result<u64, KumaError> {
        let answer = self.ask("add", &[wanted.new_monitor(push_token)]).await?;
        answer["monitorID"].as_u64().ok_or_else(|| KumaError::NotKuma("a new monitor has no number".to_owned()))
    }

    /// Changes a monitor. All of its members are sent back, those that are not ours as they came: Kuma clears what is left out. The token is for one that has none.
    ///
    /// # Errors
    /// [`KumaError`].
    pub async fn edit(&mut self, monitor: &Monitor, wanted: &Wanted, push_token: &str) -> Result<(), KumaError> {
        self.ask("editMonitor", &[wanted.changed(monitor, push_token)]).await.map(|_| ())
    }

    /// Removes a monitor and its history.
    ///
    /// # Errors
    /// [`KumaError`].
    pub async fn remove(&mut self, id: u64) -> Result<(), KumaError> {
        self.ask("deleteMonitor", &[Value::from(id)]).await.map(|_| ())
    }

    /// The labels that Kuma has.
    ///
    /// # Errors
    /// [`KumaError`].
    pub async fn tags(&mut self) -> Result<Vec<Tag>, KumaError> {
        let answer = self.ask("getTags", &[]).await?;
        Ok(serde_json::from_value(answer["tags"].clone()).unwrap_or_default())
    }

    /// Labels a monitor; the label is made if it is not there.
    ///
    /// # Errors
    /// [`KumaError`].
    pub async fn tag(&mut self, monitor: u64, name: &str, colour: &str, value: &str) -> Result<(), KumaError> {
        let id = match self.tags().await?.iter().find(|tag| tag.name == name) {
            Some(tag) => tag.id,
            None => {
                let made = self.ask("addTag", &[json!({"name": name, "color": colour})]).await?;
                made["tag"]["id"].as_u64().ok_or_else(|| KumaError::NotKuma("a new tag has no number".to_owned()))?
            }
        };
        self.ask("addMonitorTag", &[Value::from(id), Value::from(monitor), Value::from(value)]).await.map(|_| ())
    }

    async fn ask(&mut self, event: &str, arguments: &[Value]) -> Result<Value, KumaError> {
        let answer = self.wire.ask(event, arguments).await?.into_iter().next().unwrap_or_default();
        accepted(event, &answer)?;
        Ok(answer)
    }
}

fn accepted(event: &str, answer: &Value) -> Result<(), KumaError> {
    if answer["ok"] == true {
        return Ok(());
    }
    let why = answer["msg"].as_str().unwrap_or("it does not say why");
    Err(KumaError::Refused(event.to_owned(), why.chars().filter(|one| !one.is_control()).take(200).collect()))
}

/// Plain HTTP shows a password to everybody on the way, so it is for the operator's own network: a hub's tunnel address, or this machine.
fn own_or_safe(base: &str) -> Result<(), KumaError> {
    let uri: Uri = base.parse().map_err(|_| KumaError::Address("is not one: it begins with https:// and a name"))?;
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    let own = match host.parse() {
        Ok(std::net::IpAddr::V4(address)) => address.is_loopback() || address.is_private(),
        Ok(std::net::IpAddr::V6(address)) => address.is_loopback() || address.is_unique_local(),
        Err(_) => host == "localhost",
    };
    match uri.scheme_str() {
        _ if base.contains('@') || base.contains('?') => Err(KumaError::Address("has a user, a password or a query in it: leave them out")),
        Some("https") => Ok(()),
        Some("http") if own => Ok(()),
        Some("http") => {
            Err(KumaError::Address("is plain http: use https, or an address of your own network such as http://10.84.0.1:3001"))
        }
        _ => Err(KumaError::Address("is not one: it begins with https:// and a name")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_sent_in_the_clear_over_the_internet() {
        for good in ["https://kuma.example.com", "http://10.84.0.1:3001", "http://localhost:3001/", "http://[::1]:3001"] {
            assert_eq!(own_or_safe(good), Ok(()), "{good}");
        }
        for bad in
            ["http://kuma.example.com", "http://192.0.2.1", "ftp://10.0.0.1", "kuma", "https://me:pw@kuma.example.com", "https://k/?a=b"]
        {
            let refused = own_or_safe(bad).unwrap_err().to_string();
            assert!(!refused.contains("pw"), "{refused}");
        }
    }
}
