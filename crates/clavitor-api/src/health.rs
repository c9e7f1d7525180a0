//! How the node is doing, for whoever watches it and for the people it serves.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether the node can do its work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Readiness {
    /// Whether no check fails; the status of the answer says the same.
    pub ready: bool,
    /// Each check.
    pub checks: Vec<HealthCheck>,
}

/// One check of the node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HealthCheck {
    /// `process`, `integrity`, `disk`, `certificate`, `clock`, `backup`, `kuma` or `telemetry`.
    pub check: String,
    /// How it went.
    pub state: CheckState,
    /// In words.
    pub detail: String,
}

/// How a check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckState {
    /// Well.
    Ok,
    /// It works and will hurt later.
    Warn,
    /// The node does not do its work.
    Fail,
}

/// Something about the node that the people it serves should know and that whoever runs it has to mend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NodeNotice {
    /// What.
    pub kind: NoticeKind,
    /// Days until the certificate ends, or since the newest backup.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub days: Option<i64>,
}

/// What people are told about their node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// The certificate should have been renewed by now; `days` are left.
    CertificateEnding,
    /// The newest backup is `days` old.
    BackupOld,
    /// The disk is nearly full; some things do not work.
    DiskLow,
}
