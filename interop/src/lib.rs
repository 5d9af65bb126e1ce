//! Real TURN servers and clients on loopback, for the checks under `tests/`.

pub mod browser;
pub mod client;
pub mod coturn;

pub use browser::Browser;
pub use client::{Refused, allocate, relays, uclient_relays};
pub use coturn::Coturn;
