-- One row about this database.
CREATE TABLE node (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  database_id BLOB NOT NULL,
  log_key BLOB NOT NULL,
  backup_key BLOB
) STRICT;

CREATE TABLE setup_link (
  token_hash BLOB PRIMARY KEY,
  expires_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE ceremony (
  ceremony_id BLOB PRIMARY KEY,
  purpose INTEGER NOT NULL,
  vault_id BLOB,
  state TEXT NOT NULL,
  begun INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE vault (
  vault_id BLOB PRIMARY KEY,
  manifest BLOB NOT NULL,
  usk BLOB NOT NULL,
  names BLOB,
  created_ms INTEGER NOT NULL,
  change_count INTEGER NOT NULL,
  entries INTEGER NOT NULL,
  recovery_release_ms INTEGER,
  recovery_misses INTEGER NOT NULL,
  recovery_misses_since_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE previous_vmk (
  vault_id BLOB NOT NULL REFERENCES vault (vault_id),
  vault_epoch INTEGER NOT NULL,
  record BLOB NOT NULL,
  PRIMARY KEY (vault_id, vault_epoch)
) STRICT;

CREATE TABLE unlocker (
  vault_id BLOB NOT NULL REFERENCES vault (vault_id),
  unlocker_id BLOB NOT NULL,
  record BLOB NOT NULL,
  sealed_vmk BLOB NOT NULL,
  last_used_ms INTEGER,
  PRIMARY KEY (vault_id, unlocker_id)
) STRICT;

CREATE TABLE passkey (
  credential_id BLOB PRIMARY KEY,
  vault_id BLOB NOT NULL,
  unlocker_id BLOB NOT NULL,
  state TEXT NOT NULL,
  synced INTEGER NOT NULL,
  FOREIGN KEY (vault_id, unlocker_id) REFERENCES unlocker (vault_id, unlocker_id) ON DELETE CASCADE
) STRICT;
CREATE INDEX passkey_of_vault ON passkey (vault_id, unlocker_id);

CREATE TABLE session (
  token_hash BLOB PRIMARY KEY,
  vault_id BLOB NOT NULL,
  unlocker_id BLOB NOT NULL,
  seen_ms INTEGER NOT NULL,
  fresh_until_ms INTEGER NOT NULL,
  ends_ms INTEGER NOT NULL,
  FOREIGN KEY (vault_id, unlocker_id) REFERENCES unlocker (vault_id, unlocker_id) ON DELETE CASCADE
) STRICT;
CREATE INDEX session_of_unlocker ON session (vault_id, unlocker_id);

CREATE TABLE scope (
  vault_id BLOB NOT NULL REFERENCES vault (vault_id),
  scope_id BLOB NOT NULL,
  scope_epoch INTEGER NOT NULL,
  ek_epoch_min INTEGER NOT NULL,
  PRIMARY KEY (vault_id, scope_id)
) STRICT;

-- state: 1 active, 2 suspended, 3 invited, 0 no longer in the manifest; the row stays for what the agent learnt.
CREATE TABLE agent (
  agent_id BLOB PRIMARY KEY,
  vault_id BLOB NOT NULL REFERENCES vault (vault_id),
  kind INTEGER NOT NULL,
  state INTEGER NOT NULL,
  ed25519 BLOB NOT NULL,
  x25519 BLOB NOT NULL,
  per_minute INTEGER NOT NULL,
  per_hour INTEGER NOT NULL,
  not_after_s INTEGER NOT NULL,
  last_seen_ms INTEGER,
  locked INTEGER NOT NULL,
  cooling_until_ms INTEGER NOT NULL,
  last_breach_ms INTEGER
) STRICT;
CREATE INDEX agent_of_vault ON agent (vault_id);

CREATE TABLE agent_scope (
  agent_id BLOB NOT NULL REFERENCES agent (agent_id),
  scope_id BLOB NOT NULL,
  capabilities INTEGER NOT NULL,
  PRIMARY KEY (agent_id, scope_id)
) STRICT;

CREATE TABLE scope_wrap (
  agent_id BLOB NOT NULL REFERENCES agent (agent_id),
  scope_id BLOB NOT NULL,
  scope_epoch INTEGER NOT NULL,
  wrap BLOB NOT NULL,
  PRIMARY KEY (agent_id, scope_id)
) STRICT;

CREATE TABLE enrolment (
  agent_id BLOB PRIMARY KEY REFERENCES agent (agent_id),
  auth_hash BLOB NOT NULL,
  record BLOB NOT NULL,
  expires_ms INTEGER NOT NULL,
  ed25519 BLOB,
  x25519 BLOB,
  mac BLOB
) STRICT;

CREATE TABLE hosted_token (
  agent_id BLOB PRIMARY KEY REFERENCES agent (agent_id),
  auth_hash BLOB NOT NULL
) STRICT;

CREATE TABLE hosted_grant (
  agent_id BLOB NOT NULL REFERENCES agent (agent_id),
  scope_id BLOB NOT NULL,
  scope_epoch INTEGER NOT NULL,
  record BLOB NOT NULL,
  PRIMARY KEY (agent_id, scope_id)
) STRICT;

-- deleted: 0 live, 1 in the trash, 2 purged. tier3: whether the current version has a field of tier 3.
CREATE TABLE entry (
  vault_id BLOB NOT NULL REFERENCES vault (vault_id),
  entry_id BLOB NOT NULL,
  version INTEGER NOT NULL,
  deleted INTEGER NOT NULL,
  tier3 INTEGER NOT NULL,
  vault_epoch INTEGER NOT NULL,
  ek_epoch INTEGER NOT NULL,
  summary_version INTEGER NOT NULL,
  header BLOB NOT NULL,
  PRIMARY KEY (vault_id, entry_id)
) STRICT;

CREATE TABLE entry_version (
  vault_id BLOB NOT NULL,
  entry_id BLOB NOT NULL,
  version INTEGER NOT NULL,
  header BLOB NOT NULL,
  PRIMARY KEY (vault_id, entry_id, version),
  FOREIGN KEY (vault_id, entry_id) REFERENCES entry (vault_id, entry_id)
) STRICT;

CREATE TABLE field_record (
  vault_id BLOB NOT NULL,
  entry_id BLOB NOT NULL,
  field_id BLOB NOT NULL,
  version INTEGER NOT NULL,
  record BLOB NOT NULL,
  PRIMARY KEY (vault_id, entry_id, field_id, version),
  FOREIGN KEY (vault_id, entry_id) REFERENCES entry (vault_id, entry_id)
) STRICT;

CREATE TABLE entry_scope (
  vault_id BLOB NOT NULL,
  entry_id BLOB NOT NULL,
  scope_id BLOB NOT NULL,
  PRIMARY KEY (vault_id, entry_id, scope_id),
  FOREIGN KEY (vault_id, entry_id) REFERENCES entry (vault_id, entry_id)
) STRICT;
CREATE INDEX entry_scope_by_scope ON entry_scope (vault_id, scope_id);

CREATE TABLE entry_grant (
  vault_id BLOB NOT NULL,
  entry_id BLOB NOT NULL,
  scope_id BLOB NOT NULL,
  tier INTEGER NOT NULL,
  ek_epoch INTEGER NOT NULL,
  scope_epoch INTEGER NOT NULL,
  vault_epoch INTEGER NOT NULL,
  record BLOB NOT NULL,
  PRIMARY KEY (vault_id, entry_id, scope_id, tier, ek_epoch),
  FOREIGN KEY (vault_id, entry_id) REFERENCES entry (vault_id, entry_id)
) STRICT;
CREATE INDEX entry_grant_by_scope ON entry_grant (vault_id, scope_id, tier, entry_id);

CREATE TABLE budget_entry (
  agent_id BLOB NOT NULL REFERENCES agent (agent_id),
  entry_id BLOB NOT NULL,
  last_ms INTEGER NOT NULL,
  PRIMARY KEY (agent_id, entry_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE learnt (
  agent_id BLOB NOT NULL REFERENCES agent (agent_id),
  entry_id BLOB NOT NULL,
  field_id BLOB NOT NULL,
  field_version INTEGER NOT NULL,
  mode INTEGER NOT NULL,
  first_ms INTEGER NOT NULL,
  last_ms INTEGER NOT NULL,
  times INTEGER NOT NULL,
  PRIMARY KEY (agent_id, entry_id, field_id, field_version, mode)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_event (
  vault_id BLOB NOT NULL REFERENCES vault (vault_id),
  seq INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  PRIMARY KEY (vault_id, seq)
) STRICT, WITHOUT ROWID;

-- Hashes of complete subtrees, every fourth level.
CREATE TABLE audit_node (
  vault_id BLOB NOT NULL REFERENCES vault (vault_id),
  level INTEGER NOT NULL,
  position INTEGER NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY (vault_id, level, position)
) STRICT, WITHOUT ROWID;

-- Dense per vault. replicated_at is for replication only; nothing here reads or writes it.
CREATE TABLE commit_log (
  vault_id BLOB NOT NULL REFERENCES vault (vault_id),
  seq INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  time_ms INTEGER NOT NULL,
  kind TEXT NOT NULL,
  subject BLOB,
  log_size INTEGER NOT NULL,
  replicated_at INTEGER,
  PRIMARY KEY (vault_id, seq)
) STRICT, WITHOUT ROWID;
