//! clavitor-vault
