//! The broker, the Worker, and real TURN servers, clients and browsers on loopback, for the tests under
//! `tests/`.

pub mod broker;
pub mod browser;
mod build;
pub mod check;
pub mod client;
pub mod coturn;
pub mod ejabberd;
pub mod fake_xirsys;
pub mod http;
pub mod network;
pub mod nginx;
mod patience;
pub mod redis;
pub mod worker;

pub use broker::Broker;
pub use browser::Browser;
pub use client::{Refused, allocate, uclient_relays};
pub use coturn::Coturn;
pub use ejabberd::Ejabberd;
pub use fake_xirsys::FakeXirsys;
pub use nginx::Nginx;
pub use redis::Redis;
pub use worker::Worker;
