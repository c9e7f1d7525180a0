//! What an operator is told. A closed set of events that carry numbers and words of a fixed list only, so that no name, title or secret can travel in one.

use std::fmt;

/// Something that needs a person. Callers choose an event and give figures; the sentences are written here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alert {
    /// The store stopped after an input or output error; the process ends.
    StoreStopped,
    /// The room on the disk has changed.
    Disk {
        /// How much there is now.
        state: DiskState,
    },
    /// The database does not pass its check.
    DatabaseDamaged {
        /// Which check found it.
        check: Check,
    },
    /// The certificate could not be renewed.
    CertificateFailing {
        /// Attempts in a row that failed.
        failures: u64,
        /// Days until it expires; negative when it has.
        days_left: i64,
        /// What is left of its life, in percent.
        life_percent: u8,
        /// Why the last attempt failed.
        cause: CertificateFault,
    },
    /// The certificate ends soon, and nothing has replaced it.
    CertificateExpiring {
        /// Days until it expires; negative when it has.
        days_left: i64,
        /// What is left of its life, in percent.
        life_percent: u8,
    },
    /// There is a certificate again that is good for a while.
    CertificateRenewed {
        /// Days until it expires.
        days_left: i64,
    },
    /// A backup on the schedule was not made.
    BackupFailed {
        /// Backups in a row that failed.
        failures: u64,
        /// Why the last one failed.
        cause: BackupFault,
    },
    /// The newest verified backup is older than the schedule allows.
    BackupOld {
        /// How old it is, in hours.
        age_h: u64,
        /// How old it may become, in hours.
        age_h_max: u64,
    },
    /// The clock was set, or stood still.
    ClockJumped {
        /// How far, in seconds; negative for backwards.
        by_s: i64,
    },
    /// Agents were locked because they asked for more than they may.
    AgentLocked {
        /// How many, since the last such alert.
        agents: u64,
    },
    /// Reports do not reach whoever watches the node.
    TelemetrySilent {
        /// Posts in a row that failed.
        failures: u64,
        /// Since the last one that arrived, in seconds.
        silent_s: u64,
    },
    /// Reports arrive again.
    TelemetryRestored {
        /// How long they did not, in seconds.
        silent_s: u64,
    },
    /// Alerts were dropped because their queue was full.
    AlertsDropped {
        /// How many.
        dropped: u64,
    },
}

/// Words of one closed list.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$meaning:meta])* $word:ident = $text:literal),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $($(#[$meaning])* $word),+
        }

        impl $name {
            /// Every word of the list.
            pub const ALL: &'static [Self] = &[$(Self::$word),+];

            /// The word as it is logged and sent.
            pub fn word(self) -> &'static str {
                match self {
                    $(Self::$word => $text),+
                }
            }
        }
    };
}

words! {
    /// How much room the disk has.
    DiskState {
        /// Room enough.
        Normal = "normal",
        /// Agents' writes and releases have stopped.
        Low = "low",
        /// Only revoking, locking and deleting work.
        Full = "full",
    }
}

words! {
    /// Which check of the database.
    Check {
        /// The one before the node serves.
        Start = "start",
        /// The daily quick check.
        Quick = "quick",
        /// The weekly full check, on a copy.
        Full = "full",
    }
}

words! {
    /// Why there is no new certificate.
    CertificateFault {
        /// The certificate authority cannot be reached.
        Unreachable = "authority_unreachable",
        /// It could not fetch the proof that the name is ours.
        Challenge = "challenge_failed",
        /// It asked us to come back later.
        RateLimited = "rate_limited",
        /// It refused the order or the account.
        Refused = "refused",
        /// The clock of this machine cannot be right.
        Clock = "clock_wrong",
        /// The folder of the certificates cannot be written.
        Storage = "storage_failed",
        /// The operator's own files hold no usable certificate and key.
        Files = "files_unusable",
    }
}

words! {
    /// Why there is no new backup.
    BackupFault {
        /// No room in the folder of the backups.
        NoRoom = "no_room",
        /// The folder cannot be written.
        NotWritable = "not_writable",
        /// What was written does not open.
        NotVerified = "not_verified",
        /// There is no backup code yet.
        NoCode = "no_code",
        /// The store did not give it.
        Store = "store_failed",
    }
}

/// One figure of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// A number; its unit is in its name.
    Number(i64),
    /// A word of a closed list.
    Word(&'static str),
}

impl Detail {
    fn count(count: u64) -> Self {
        Self::Number(i64::try_from(count).unwrap_or(i64::MAX))
    }
}

impl fmt::Display for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Word(word) => f.write_str(word),
        }
    }
}

/// The figures of an alert by name.
pub type Details = Vec<(&'static str, Detail)>;

impl Alert {
    /// What it is about, in one word that never changes its meaning.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::StoreStopped => "store_stopped",
            Self::Disk { .. } => "disk",
            Self::DatabaseDamaged { .. } => "database_damaged",
            Self::CertificateFailing { .. } => "certificate_failing",
            Self::CertificateExpiring { .. } => "certificate_expiring",
            Self::CertificateRenewed { .. } => "certificate_renewed",
            Self::BackupFailed { .. } => "backup_failed",
            Self::BackupOld { .. } => "backup_old",
            Self::ClockJumped { .. } => "clock_jumped",
            Self::AgentLocked { .. } => "agent_locked",
            Self::TelemetrySilent { .. } => "telemetry_silent",
            Self::TelemetryRestored { .. } => "telemetry_restored",
            Self::AlertsDropped { .. } => "alerts_dropped",
        }
    }

    /// What happened and what to do, for a person.
    pub fn message(&self) -> &'static str {
        match self {
            Self::StoreStopped => "the store stopped after an input or output error; the node ends. Look at the disk, then start it again",
            Self::Disk { state: DiskState::Normal } => "there is room again; everything works",
            Self::Disk { state: DiskState::Low } => "the disk is nearly full; agents' writes and releases have stopped. Make room",
            Self::Disk { state: DiskState::Full } => "the disk is full; only revoking, locking and deleting work. Make room",
            Self::DatabaseDamaged { .. } => "the database is damaged. Keep the folder as it is and restore the newest verified backup",
            Self::CertificateFailing { .. } => "the certificate could not be renewed; the node keeps trying. `clavitor doctor` says more",
            Self::CertificateExpiring { .. } => "the certificate ends soon and nothing has replaced it. `clavitor doctor` says more",
            Self::CertificateRenewed { .. } => "the certificate is good again",
            Self::BackupFailed { .. } => "a scheduled backup was not made; the log says why",
            Self::BackupOld { .. } => "the newest verified backup is too old",
            Self::ClockJumped { .. } => "the clock of this machine jumped. Agents are refused while it is wrong; look at the time service",
            Self::AgentLocked { .. } => {
                "agents were locked because they asked for more than they may. Their owners unlock them with a passkey"
            }
            Self::TelemetrySilent { .. } => "reports do not arrive; whoever watches this node sees nothing",
            Self::TelemetryRestored { .. } => "reports arrive again",
            Self::AlertsDropped { .. } => "alerts were dropped because their queue was full; the log has them",
        }
    }

    /// The figures.
    pub fn details(&self) -> Details {
        let count = Detail::count;
        match *self {
            Self::StoreStopped => vec![],
            Self::Disk { state } => vec![("state", Detail::Word(state.word()))],
            Self::DatabaseDamaged { check } => vec![("check", Detail::Word(check.word()))],
            Self::CertificateFailing { failures, days_left, life_percent, cause } => vec![
                ("failures", count(failures)),
                ("days_left", Detail::Number(days_left)),
                ("life_percent", Detail::Number(life_percent.into())),
                ("cause", Detail::Word(cause.word())),
            ],
            Self::CertificateExpiring { days_left, life_percent } => {
                vec![("days_left", Detail::Number(days_left)), ("life_percent", Detail::Number(life_percent.into()))]
            }
            Self::CertificateRenewed { days_left } => vec![("days_left", Detail::Number(days_left))],
            Self::BackupFailed { failures, cause } => vec![("failures", count(failures)), ("cause", Detail::Word(cause.word()))],
            Self::BackupOld { age_h, age_h_max } => vec![("age_h", count(age_h)), ("age_h_max", count(age_h_max))],
            Self::ClockJumped { by_s } => vec![("by_s", Detail::Number(by_s))],
            Self::AgentLocked { agents } => vec![("agents", count(agents))],
            Self::TelemetrySilent { failures, silent_s } => vec![("failures", count(failures)), ("silent_s", count(silent_s))],
            Self::TelemetryRestored { silent_s } => vec![("silent_s", count(silent_s))],
            Self::AlertsDropped { dropped } => vec![("dropped", count(dropped))],
        }
    }

    /// Every event with every word, and these figures: for the documentation's list and for tests that must miss none.
    pub fn every(count: u64, signed: i64, percent: u8) -> Vec<Self> {
        let mut alerts = vec![
            Self::StoreStopped,
            Self::CertificateExpiring { days_left: signed, life_percent: percent },
            Self::CertificateRenewed { days_left: signed },
            Self::BackupOld { age_h: count, age_h_max: count },
            Self::ClockJumped { by_s: signed },
            Self::AgentLocked { agents: count },
            Self::TelemetrySilent { failures: count, silent_s: count },
            Self::TelemetryRestored { silent_s: count },
            Self::AlertsDropped { dropped: count },
        ];
        alerts.extend(DiskState::ALL.iter().map(|&state| Self::Disk { state }));
        alerts.extend(Check::ALL.iter().map(|&check| Self::DatabaseDamaged { check }));
        alerts.extend(BackupFault::ALL.iter().map(|&cause| Self::BackupFailed { failures: count, cause }));
        let failing = |&cause| Self::CertificateFailing { failures: count, days_left: signed, life_percent: percent, cause };
        alerts.extend(CertificateFault::ALL.iter().map(failing));
        alerts
    }

    /// Writes the line of the log, with the figures as fields of their own.
    pub fn log(&self) {
        let details = self.details();
        let detail = |name| details.iter().find(|(found, _)| *found == name).map(|(_, detail)| detail);
        let word = |name| detail(name).and_then(|detail| if let Detail::Word(word) = detail { Some(*word) } else { None });
        let number = |name| detail(name).and_then(|detail| if let Detail::Number(number) = detail { Some(*number) } else { None });
        tracing::error!(
            target: TARGET,
            state = word("state"),
            check = word("check"),
            cause = word("cause"),
            failures = number("failures"),
            days_left = number("days_left"),
            life_percent = number("life_percent"),
            age_h = number("age_h"),
            age_h_max = number("age_h_max"),
            by_s = number("by_s"),
            agents = number("agents"),
            silent_s = number("silent_s"),
            dropped = number("dropped"),
            "OPERATOR ALERT [{}]: {}",
            self.kind(),
            self.message(),
        );
    }
}

/// The log target of alerts; no filter of the operator's hides it.
pub const TARGET: &str = "clavitor::operator";

#[cfg(test)]
mod tests;
