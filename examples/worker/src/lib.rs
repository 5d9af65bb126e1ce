//! Hands out TURN logins from a Cloudflare Worker: see README.md.

mod broker;
mod failure;
mod settings;
mod visitors;
mod worker;

pub use worker::answer;
