//! clavitor-person
