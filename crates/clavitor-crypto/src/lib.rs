//! clavitor-crypto
