-- The manifests before the one in force, each kept when another takes its place. Those from before this step are not there.
CREATE TABLE manifest_version (
  vault_id BLOB NOT NULL REFERENCES vault (vault_id),
  version INTEGER NOT NULL,
  manifest BLOB NOT NULL,
  PRIMARY KEY (vault_id, version)
) STRICT;
