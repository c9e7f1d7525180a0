//! clavitor-agent
