//! Between the wire's types and the vault's. Nothing is decided here.

mod from_wire;
mod to_wire;

pub(crate) use from_wire::{FromWire, secret32};
pub(crate) use to_wire::ToWire;
