//! How bad a report is, check by check. A function of the report and the rules, and nothing else.

use super::{
    incident::{Check, Severity},
    report::Report,
    rules::Rules,
};

/// How one check went; no severity: well, or not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Which.
    pub check: Check,
    /// How bad.
    pub severity: Option<Severity>,
    /// In words.
    pub words: String,
}

/// Every check that a report alone decides. The clock is not among them: it takes the time of receipt.
pub fn judge(report: &Report, rules: &Rules) -> [Verdict; 5] {
    [ready(report), certificate(report, rules), disk(report, rules), integrity(report, rules), backup(report, rules)]
}

fn verdict(check: Check, severity: Option<Severity>, words: impl Into<String>) -> Verdict {
    Verdict { check, severity, words: words.into() }
}

fn ready(report: &Report) -> Verdict {
    let severity = (report.ready == Some(false)).then_some(Severity::Sev2);
    let why = if report.complaint.is_empty() { "it does not say why" } else { &report.complaint };
    verdict(Check::Ready, severity, format!("the node says that it cannot do its work: {why}"))
}

fn certificate(report: &Report, rules: &Rules) -> Verdict {
    let (days, left) = (report.cert_days_remaining, report.cert_life_left);
    let [notice, sev2, sev1] = rules.certificate_left;
    let below = |bound: f64| left.is_some_and(|left| left <= bound);
    let severity = match () {
        () if below(sev1) || days.is_some_and(|days| days < rules.certificate_days_min) => Some(Severity::Sev1),
        () if below(sev2) => Some(Severity::Sev2),
        () if below(notice) => Some(Severity::Notice),
        () => None,
    };
    let days = days.map_or_else(|| "an unknown number of".to_owned(), |days| days.to_string());
    let left = left.map_or_else(String::new, |left| format!(", {:.0} % of its life", left.max(0.0) * 100.0));
    verdict(Check::Certificate, severity, format!("the certificate has {days} days left{left}, and was not renewed"))
}

fn disk(report: &Report, rules: &Rules) -> Verdict {
    let used = report.disk_pct.unwrap_or(0.0);
    let [notice, sev2, sev1] = rules.disk_pct;
    let severity = match used {
        _ if used >= sev1 => Some(Severity::Sev1),
        _ if used >= sev2 => Some(Severity::Sev2),
        _ if used >= notice => Some(Severity::Notice),
        _ => None,
    };
    verdict(Check::Disk, severity, format!("{used:.0} % of the disk is used"))
}

fn integrity(report: &Report, rules: &Rules) -> Verdict {
    match (&report.db_integrity, report.db_integrity_age_s) {
        (Some(word), _) if word != "ok" => {
            verdict(Check::Integrity, Some(Severity::Sev1), "the database is damaged, or a write to it failed".to_owned())
        }
        (_, Some(age_s)) if age_s > rules.integrity_age_s => {
            verdict(Check::Integrity, Some(Severity::Sev2), format!("no check of the database passed for {} h", age_s / 3_600))
        }
        _ => verdict(Check::Integrity, None, "the database is checked and whole"),
    }
}

/// A node without a schedule says nothing of backups.
fn backup(report: &Report, rules: &Rules) -> Verdict {
    let age_s = report.backup_age_s.unwrap_or(0);
    let [notice, sev2] = rules.backup_age_s;
    let severity = match age_s {
        _ if age_s > sev2 => Some(Severity::Sev2),
        _ if age_s > notice => Some(Severity::Notice),
        _ => None,
    };
    verdict(Check::Backup, severity, format!("the newest backup is {} h old", age_s / 3_600))
}
