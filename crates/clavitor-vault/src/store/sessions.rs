//! Rows of people's ways in: set-up link, ceremonies, unlockers, passkeys, sessions.

use clavitor_crypto::{UnlockerId, VaultId};

use super::{
    Read, Write,
    shelf::{Keep, Key},
    tx::{Fault, Row, values},
};
use crate::session::StoredPasskey;

/// A session token.
pub(crate) const TOKEN_BYTES: usize = 32;
/// A session ends after this much silence.
pub(crate) const IDLE_MS: u64 = 15 * 60_000;
/// A session ends.
pub(crate) const SESSION_MS: u64 = 8 * 3_600_000;
/// A passkey counts as just used.
pub(crate) const FRESH_MS: u64 = 5 * 60_000;
/// A session is prolonged at most this often.
pub(crate) const TOUCH_MS: u64 = 60_000;
/// Open sessions of one unlocker; the oldest gives way.
const SESSIONS_MAX: u32 = 32;

/// A session that has not ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SessionRow {
    pub(crate) token_hash: [u8; 32],
    pub(crate) vault_id: VaultId,
    pub(crate) unlocker_id: UnlockerId,
    pub(crate) seen_ms: u64,
    pub(crate) fresh_until_ms: u64,
    pub(crate) ends_ms: u64,
}

impl Keep for SessionRow {
    fn bytes(&self) -> usize {
        size_of::<Self>()
    }
}

impl SessionRow {
    pub(crate) fn idle_until_ms(&self) -> u64 {
        self.seen_ms.saturating_add(IDLE_MS).min(self.ends_ms)
    }
}

/// An unlocker's row, with its passkey's sync state where it has one.
#[derive(Debug, Clone)]
pub(crate) struct UnlockerRow {
    pub(crate) id: UnlockerId,
    pub(crate) record: Vec<u8>,
    pub(crate) sealed_vmk: Vec<u8>,
    pub(crate) last_used_ms: Option<u64>,
    pub(crate) synced: Option<bool>,
}

/// A ceremony that was taken out.
pub(crate) struct CeremonyRow {
    pub(crate) purpose: u8,
    pub(crate) vault_id: Option<Vec<u8>>,
    pub(crate) state: String,
    pub(crate) expires_ms: u64,
}

type Got<T> = Result<T, Fault>;

impl Read<'_> {
    /// Sessions that have not ended.
    pub(crate) fn session_count(&self) -> Got<u64> {
        let sql = "SELECT count(*) FROM session WHERE ends_ms > $1 AND seen_ms > $2";
        let still_open = self.now_ms().saturating_sub(IDLE_MS);
        Ok(self.tx.one(sql, values![self.now_ms(), still_open], |row| row.u64(0))?.unwrap_or(0))
    }

    /// The session with this token, unless it has ended.
    pub(crate) fn session(&self, token_hash: &[u8; 32]) -> Got<Option<SessionRow>> {
        let sql = "SELECT vault_id, unlocker_id, seen_ms, fresh_until_ms, ends_ms FROM session WHERE token_hash = $1";
        let load = || {
            self.tx.one(sql, values![token_hash], |row| {
                Ok(SessionRow {
                    token_hash: *token_hash,
                    vault_id: VaultId(row.array(0)?),
                    unlocker_id: UnlockerId(row.array(1)?),
                    seen_ms: row.u64(2)?,
                    fresh_until_ms: row.u64(3)?,
                    ends_ms: row.u64(4)?,
                })
            })
        };
        let row = self.shelved(Key::Session(*token_hash), load)?;
        Ok(row.filter(|session| self.now_ms() < session.idle_until_ms()))
    }

    pub(crate) fn passkey_of(&self, credential_id: &[u8]) -> Got<Option<StoredPasskey>> {
        let sql = "SELECT vault_id, unlocker_id, state FROM passkey WHERE credential_id = $1";
        self.tx.one(sql, values![credential_id], |row| {
            Ok(StoredPasskey { vault_id: VaultId(row.array(0)?), unlocker_id: UnlockerId(row.array(1)?), state: row.text(2)? })
        })
    }

    pub(crate) fn credential_ids_of(&self, vault_id: VaultId) -> Got<Vec<Vec<u8>>> {
        self.tx
            .all("SELECT credential_id FROM passkey WHERE vault_id = $1 ORDER BY credential_id", values![&vault_id.0], |row| row.bytes(0))
    }

    pub(crate) fn unlocker_row(&self, vault_id: VaultId, id: UnlockerId) -> Got<Option<UnlockerRow>> {
        let sql = "SELECT u.unlocker_id, u.record, u.sealed_vmk, u.last_used_ms, p.synced FROM unlocker u \
                   LEFT JOIN passkey p ON p.vault_id = u.vault_id AND p.unlocker_id = u.unlocker_id WHERE u.vault_id = $1 AND u.unlocker_id = $2";
        self.tx.one(sql, values![&vault_id.0, &id.0], unlocker)
    }

    pub(crate) fn unlocker_rows(&self, vault_id: VaultId) -> Got<Vec<UnlockerRow>> {
        let sql = "SELECT u.unlocker_id, u.record, u.sealed_vmk, u.last_used_ms, p.synced FROM unlocker u \
                   LEFT JOIN passkey p ON p.vault_id = u.vault_id AND p.unlocker_id = u.unlocker_id WHERE u.vault_id = $1 ORDER BY u.unlocker_id";
        self.tx.all(sql, values![&vault_id.0], unlocker)
    }

    pub(crate) fn setup_expires_ms(&self, token_hash: &[u8; 32]) -> Got<Option<u64>> {
        self.tx.one("SELECT expires_ms FROM setup_link WHERE token_hash = $1", values![token_hash], |row| row.u64(0))
    }
}

fn unlocker(row: &Row<'_>) -> Got<UnlockerRow> {
    Ok(UnlockerRow {
        id: UnlockerId(row.array(0)?),
        record: row.bytes(1)?,
        sealed_vmk: row.bytes(2)?,
        last_used_ms: row.u64_if(3)?,
        synced: row.u64_if(4)?.map(|synced| synced != 0),
    })
}

impl Write<'_> {
    pub(crate) fn insert_session(&self, session: &SessionRow) -> Got<()> {
        let oldest = "DELETE FROM session WHERE token_hash IN (SELECT token_hash FROM session WHERE vault_id = $1 AND unlocker_id = $2 \
                      ORDER BY seen_ms DESC LIMIT 1000 OFFSET $3)";
        self.tx.execute(oldest, values![&session.vault_id.0, &session.unlocker_id.0, SESSIONS_MAX - 1])?;
        self.tx.execute("DELETE FROM session WHERE ends_ms <= $1", values![self.now_ms()])?;
        let insert =
            "INSERT INTO session (token_hash, vault_id, unlocker_id, seen_ms, fresh_until_ms, ends_ms) VALUES ($1, $2, $3, $4, $5, $6)";
        let SessionRow { token_hash, vault_id, unlocker_id, seen_ms, fresh_until_ms, ends_ms } = session;
        self.tx.execute(insert, values![token_hash, &vault_id.0, &unlocker_id.0, *seen_ms, *fresh_until_ms, *ends_ms])?;
        Ok(())
    }

    pub(crate) fn touch_session(&self, token_hash: &[u8; 32]) -> Got<()> {
        self.tx.execute("UPDATE session SET seen_ms = $1 WHERE token_hash = $2", values![self.now_ms(), token_hash])?;
        Ok(())
    }

    pub(crate) fn delete_session(&self, token_hash: &[u8; 32]) -> Got<usize> {
        self.tx.execute("DELETE FROM session WHERE token_hash = $1", values![token_hash])
    }

    pub(crate) fn unlocker_used(&self, vault_id: VaultId, id: UnlockerId) -> Got<usize> {
        let sql = "UPDATE unlocker SET last_used_ms = $1 WHERE vault_id = $2 AND unlocker_id = $3";
        self.tx.execute(sql, values![self.now_ms(), &vault_id.0, &id.0])
    }

    pub(crate) fn passkey_used(&self, vault_id: VaultId, id: UnlockerId, state: &str, synced: bool) -> Got<usize> {
        let sql = "UPDATE passkey SET state = $1, synced = $2 WHERE vault_id = $3 AND unlocker_id = $4";
        self.tx.execute(sql, values![state, synced, &vault_id.0, &id.0])
    }

    pub(crate) fn insert_unlocker(&self, vault_id: VaultId, id: UnlockerId, record: &[u8], sealed_vmk: &[u8]) -> Got<()> {
        let sql = "INSERT INTO unlocker (vault_id, unlocker_id, record, sealed_vmk) VALUES ($1, $2, $3, $4)";
        self.tx.execute(sql, values![&vault_id.0, &id.0, record, sealed_vmk])?;
        Ok(())
    }

    pub(crate) fn wrap_unlocker(&self, vault_id: VaultId, id: UnlockerId, sealed_vmk: &[u8]) -> Got<usize> {
        let sql = "UPDATE unlocker SET sealed_vmk = $1 WHERE vault_id = $2 AND unlocker_id = $3";
        self.tx.execute(sql, values![sealed_vmk, &vault_id.0, &id.0])
    }

    /// Removes a way in, with its passkey and its sessions.
    pub(crate) fn delete_unlocker(&self, vault_id: VaultId, id: UnlockerId) -> Got<usize> {
        self.tx.execute("DELETE FROM unlocker WHERE vault_id = $1 AND unlocker_id = $2", values![&vault_id.0, &id.0])
    }

    pub(crate) fn insert_passkey(&self, vault_id: VaultId, id: UnlockerId, passkey: &crate::change::NewPasskey) -> Got<bool> {
        let sql =
            "INSERT INTO passkey (credential_id, vault_id, unlocker_id, state, synced) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
        let inserted = self.tx.execute(sql, values![&passkey.credential_id, &vault_id.0, &id.0, passkey.state.as_str(), passkey.synced])?;
        Ok(inserted == 1)
    }

    /// Makes this the only set-up link.
    pub(crate) fn replace_setup_link(&self, token_hash: &[u8; 32], expires_ms: u64) -> Got<()> {
        self.tx.execute("DELETE FROM setup_link", &[])?;
        self.tx.execute("INSERT INTO setup_link (token_hash, expires_ms) VALUES ($1, $2)", values![token_hash, expires_ms])?;
        Ok(())
    }

    pub(crate) fn delete_setup_link(&self, token_hash: &[u8; 32]) -> Got<usize> {
        self.tx.execute("DELETE FROM setup_link WHERE token_hash = $1", values![token_hash])
    }

    pub(crate) fn insert_ceremony(&self, id: &[u8; 16], purpose: u8, vault_id: Option<VaultId>, state: &str, ends: (u64, u32)) -> Got<()> {
        let (expires_ms, open_max) = ends;
        self.tx.execute("DELETE FROM ceremony WHERE expires_ms <= $1", values![self.now_ms()])?;
        let newest = self.tx.one("SELECT coalesce(max(begun), 0) FROM ceremony", &[], |row| row.u64(0))?.unwrap_or(0);
        let oldest = "DELETE FROM ceremony WHERE begun <= $1";
        self.tx.execute(oldest, values![newest.saturating_sub(u64::from(open_max) - 1)])?;
        let sql = "INSERT INTO ceremony (ceremony_id, purpose, vault_id, state, begun, expires_ms) VALUES ($1, $2, $3, $4, $5, $6)";
        let vault = vault_id.as_ref().map(|id| &id.0);
        self.tx.execute(sql, values![id, purpose, vault, state, newest + 1, expires_ms])?;
        Ok(())
    }

    pub(crate) fn take_ceremony(&self, id: &[u8; 16]) -> Got<Option<CeremonyRow>> {
        let sql = "DELETE FROM ceremony WHERE ceremony_id = $1 RETURNING purpose, vault_id, state, expires_ms";
        self.tx.one(sql, values![id], |row| {
            Ok(CeremonyRow { purpose: row.u8(0)?, vault_id: row.bytes_if(1)?, state: row.text(2)?, expires_ms: row.u64(3)? })
        })
    }
}
