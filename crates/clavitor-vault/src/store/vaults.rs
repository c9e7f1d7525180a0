//! Rows of vaults: manifest, keys sealed to the owner, scopes, recovery.

use clavitor_crypto::{
    VaultId, cbor,
    manifest::{Manifest, Scope},
    sign::SIGNATURE_BYTES,
};

use super::{
    Read, Write,
    tx::{Fault, values},
};

use crate::change::authors::Settled;

type Got<T> = Result<T, Fault>;

/// A vault's row.
#[derive(Debug, Clone)]
pub(crate) struct VaultRow {
    /// The signed manifest.
    pub(crate) manifest: Vec<u8>,
    /// Record 0x13.
    pub(crate) usk: Vec<u8>,
    /// Names record.
    pub(crate) names: Option<Vec<u8>>,
    /// From then on a recovery that was started may be claimed.
    pub(crate) recovery_release_ms: Option<u64>,
    /// Wrong recovery proofs since `recovery_misses_since_ms`.
    pub(crate) recovery_misses: u32,
    pub(crate) recovery_misses_since_ms: u64,
}

impl VaultRow {
    /// The manifest's body. Its signature was checked before it was stored.
    pub(crate) fn manifest(&self) -> Got<Manifest> {
        let body = self.manifest.get(SIGNATURE_BYTES..).unwrap_or_default();
        cbor::decode(body).map_err(|error| Fault::Other(format!("a stored manifest {error}")))
    }
}

impl Read<'_> {
    pub(crate) fn any_vault(&self) -> Got<bool> {
        self.tx.exists("SELECT 1 FROM vault LIMIT 1", &[])
    }

    pub(crate) fn vault_ids(&self) -> Got<Vec<VaultId>> {
        self.tx.all("SELECT vault_id FROM vault ORDER BY vault_id", &[], |row| Ok(VaultId(row.array(0)?)))
    }

    pub(crate) fn vault(&self, id: VaultId) -> Got<Option<VaultRow>> {
        let sql =
            "SELECT manifest, usk, names, recovery_release_ms, recovery_misses, recovery_misses_since_ms FROM vault WHERE vault_id = $1";
        self.tx.one(sql, values![&id.0], |row| {
            Ok(VaultRow {
                manifest: row.bytes(0)?,
                usk: row.bytes(1)?,
                names: row.bytes_if(2)?,
                recovery_release_ms: row.u64_if(3)?,
                recovery_misses: row.u32(4)?,
                recovery_misses_since_ms: row.u64(5)?,
            })
        })
    }

    /// The row of a vault that a caller was found in.
    pub(crate) fn known_vault(&self, id: VaultId) -> Got<VaultRow> {
        self.vault(id)?.ok_or_else(|| Fault::Other(format!("vault {id} is gone")))
    }

    /// Signed manifests that are not in force any more, of versions above `after`, oldest first, at most `limit`.
    pub(crate) fn manifests_after(&self, id: VaultId, after: u64, limit: u32) -> Got<Vec<(u64, Vec<u8>)>> {
        let sql = "SELECT version, manifest FROM manifest_version WHERE vault_id = $1 AND version > $2 ORDER BY version LIMIT $3";
        self.tx.all(sql, values![&id.0, after, limit], |row| Ok((row.u64(0)?, row.bytes(1)?)))
    }

    pub(crate) fn previous_vmks(&self, id: VaultId) -> Got<Vec<Vec<u8>>> {
        self.tx.all("SELECT record FROM previous_vmk WHERE vault_id = $1 ORDER BY vault_epoch", values![&id.0], |row| row.bytes(0))
    }

    pub(crate) fn backup_key(&self) -> Got<Option<[u8; 32]>> {
        let key = self.tx.one("SELECT backup_key FROM node WHERE one = 1", &[], |row| row.bytes_if(0))?.flatten();
        key.map(|key| key.try_into().map_err(|_| Fault::Other("the backup key has a wrong length".to_owned()))).transpose()
    }
}

impl Write<'_> {
    pub(crate) fn insert_vault(&self, id: VaultId, manifest: &[u8], usk: &[u8]) -> Got<bool> {
        let sql = "INSERT INTO vault (vault_id, manifest, usk, created_ms, change_count, entries, recovery_misses, recovery_misses_since_ms) \
                   VALUES ($1, $2, $3, $4, 0, 0, 0, 0) ON CONFLICT DO NOTHING";
        Ok(self.tx.execute(sql, values![&id.0, manifest, usk, self.now_ms()])? == 1)
    }

    /// Puts a manifest in force. The one before, of version `before`, is kept: whoever has seen it wants to know that this one comes from it.
    pub(crate) fn put_manifest(&self, id: VaultId, manifest: &Settled<'_>, before: Option<u64>) -> Got<()> {
        if let Some(version) = before {
            let keep =
                "INSERT INTO manifest_version (vault_id, version, manifest) SELECT vault_id, $1, manifest FROM vault WHERE vault_id = $2";
            self.tx.execute(keep, values![version, &id.0])?;
        }
        self.tx.execute("UPDATE vault SET manifest = $1 WHERE vault_id = $2", values![manifest.bytes(), &id.0])?;
        self.tails.drop_manifest(id);
        Ok(())
    }

    pub(crate) fn put_usk(&self, id: VaultId, usk: &[u8]) -> Got<()> {
        self.tx.execute("UPDATE vault SET usk = $1 WHERE vault_id = $2", values![usk, &id.0])?;
        Ok(())
    }

    pub(crate) fn put_names(&self, id: VaultId, names: &[u8]) -> Got<()> {
        self.tx.execute("UPDATE vault SET names = $1 WHERE vault_id = $2", values![names, &id.0])?;
        Ok(())
    }

    pub(crate) fn insert_previous_vmk(&self, id: VaultId, vault_epoch: u32, record: &[u8]) -> Got<()> {
        let sql = "INSERT INTO previous_vmk (vault_id, vault_epoch, record) VALUES ($1, $2, $3)";
        self.tx.execute(sql, values![&id.0, vault_epoch, record])?;
        Ok(())
    }

    /// Says that something changed which policy looks at, and how many entries are new. Returns how many there are.
    pub(crate) fn count_change(&self, id: VaultId, new_entries: u64) -> Got<u64> {
        let sql = "UPDATE vault SET change_count = change_count + 1, entries = entries + $1 WHERE vault_id = $2 RETURNING entries";
        let entries = self.tx.one(sql, values![new_entries, &id.0], |row| row.u64(0))?;
        entries.ok_or_else(|| Fault::Other(format!("vault {id} is gone")))
    }

    pub(crate) fn put_recovery(&self, id: VaultId, release_ms: Option<u64>) -> Got<()> {
        self.tx.execute("UPDATE vault SET recovery_release_ms = $1 WHERE vault_id = $2", values![release_ms, &id.0])?;
        Ok(())
    }

    pub(crate) fn put_recovery_misses(&self, id: VaultId, misses: u32, since_ms: u64) -> Got<()> {
        let sql = "UPDATE vault SET recovery_misses = $1, recovery_misses_since_ms = $2 WHERE vault_id = $3";
        self.tx.execute(sql, values![misses, since_ms, &id.0])?;
        Ok(())
    }

    /// Writes a row as it is: a refusal that changes nothing waits for the disk as long as one that does.
    pub(crate) fn touch_node(&self) -> Got<()> {
        self.tx.execute("UPDATE node SET one = one WHERE one = 1", values![])?;
        Ok(())
    }

    /// Makes the scopes exactly these.
    pub(crate) fn put_scopes(&self, id: VaultId, scopes: &[Scope]) -> Got<()> {
        self.tx.execute("DELETE FROM scope WHERE vault_id = $1", values![&id.0])?;
        for scope in scopes {
            let sql = "INSERT INTO scope (vault_id, scope_id, scope_epoch, ek_epoch_min) VALUES ($1, $2, $3, $4)";
            self.tx.execute(sql, values![&id.0, &scope.id.0, scope.epoch, scope.ek_epoch_min])?;
        }
        Ok(())
    }

    pub(crate) fn put_backup_key(&self, key: &[u8; 32]) -> Got<()> {
        self.tx.execute("UPDATE node SET backup_key = $1 WHERE one = 1", values![key])?;
        Ok(())
    }
}
