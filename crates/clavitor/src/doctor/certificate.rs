//! The certificate: the operator's own files, or what the node asked for as it lies on the disk.

use std::{io, path::Path};

use clavitor_server::{
    acme::{self, AcmeStatus, Level},
    tls::Life,
};

use super::finding::Finding;
use crate::{
    arguments::Serve,
    reach::{self, Certificate},
};

const CHECK: &str = "certificate";

/// Nothing is said where the flags and the folder know of none.
pub(super) fn look(serve: &Serve, now_ms: u64) -> Option<Finding> {
    if let Ok(reach) = reach::of(serve)
        && let Certificate::Files(files) = reach.certificate
    {
        let loaded = files.load(&reach.names, now_ms / 1000).map_err(|error| error.to_string());
        let life = loaded
            .and_then(|key| key.end_entity_cert().ok().and_then(|leaf| Life::of(leaf).ok()).ok_or_else(|| "it names no host".to_owned()));
        return Some(of_files(life, now_ms));
    }
    of_folder(&serve.node.data, acme::kept(&serve.node.data, now_ms))
}

fn of_files(life: Result<Life, String>, now_ms: u64) -> Finding {
    match life {
        Ok(life) => Finding::ok(CHECK, format!("yours, {} days left", life.days_left(now_ms / 1000))),
        Err(why) => Finding::fail(CHECK, why, "put a chain and a key that belong together where --tls-cert and --tls-key point"),
    }
}

fn of_folder(data: &Path, kept: io::Result<Option<AcmeStatus>>) -> Option<Finding> {
    match kept {
        Ok(status) => status.map(|status| of_status(&status)),
        Err(error) => {
            let what = format!("{} cannot be read: {error}", data.join(acme::FOLDER).display());
            Some(Finding::warn(CHECK, what, "run the doctor as the node's user"))
        }
    }
}

fn of_status(status: &AcmeStatus) -> Finding {
    let left = match (status.days_left, status.fraction_left) {
        (Some(days), Some(fraction)) => format!("{days} days left, {:.0} % of its life", fraction * 100.0),
        _ => "there is none yet".to_owned(),
    };
    let account = status.account.as_ref().map_or(String::new(), |account| format!("; account {account}"));
    let what = format!("{left}{account}");
    let why = status.last_error.clone().unwrap_or_else(|| "start the node; its log says how the next attempt goes".to_owned());
    match status.level {
        Level::Expired | Level::Missing | Level::Urgent => Finding::fail(CHECK, what, why),
        Level::Warning | Level::Notice => Finding::warn(CHECK, what, why),
        Level::Good if status.failing() => Finding::warn(CHECK, format!("{what}; renewing fails"), why),
        Level::Good => Finding::ok(CHECK, what),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(level: Level, days_left: Option<i64>, failures: u32) -> AcmeStatus {
        AcmeStatus {
            level,
            days_left,
            fraction_left: days_left.map(|days| days as f64 / 90.0),
            last_success_ms: None,
            last_error: (failures > 0).then(|| "the authority cannot be reached".to_owned()),
            failures,
            next_attempt_ms: None,
            directory: None,
            account: Some("https://ca.example/acct/7".to_owned()),
            ordering: false,
        }
    }

    #[test]
    fn the_worse_it_is_the_louder_and_the_account_is_there_for_the_caa_record() {
        let good = of_status(&status(Level::Good, Some(60), 0));
        assert_eq!(good, Finding::ok(CHECK, "60 days left, 67 % of its life; account https://ca.example/acct/7"));
        assert!(of_status(&status(Level::Good, Some(40), 3)).text().starts_with("warn"));
        assert!(of_status(&status(Level::Notice, Some(20), 9)).text().contains("-> the authority cannot be reached"));
        assert!(of_status(&status(Level::Expired, Some(-1), 9)).text().starts_with("fail"));
        assert!(of_status(&status(Level::Missing, None, 0)).text().contains("there is none yet"));
    }

    #[test]
    fn a_folder_that_is_another_users_is_no_reason_to_fail() {
        let refused = Err(io::ErrorKind::PermissionDenied.into());
        assert!(of_folder(Path::new("/data"), refused).unwrap().text().starts_with("warn"));
        assert_eq!(of_folder(Path::new("/data"), Ok(None)), None);
    }
}
