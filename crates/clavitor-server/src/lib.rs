//! clavitor-server
