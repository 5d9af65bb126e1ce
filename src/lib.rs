#![cfg_attr(feature = "std", doc = include_str!("../README.md"))]
#![cfg_attr(not(feature = "std"), doc = "Time-limited logins for TURN servers.")]
#![no_std]
#![cfg_attr(
    not(test),
    warn(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::string_slice,
        clippy::todo,
        clippy::unimplemented,
        clippy::unreachable,
        clippy::unwrap_used
    )
)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

#[cfg(feature = "access-token")]
pub mod access_token;
mod credentials;
mod decimal;
mod error;
mod hmac_sha1;
pub mod ice;
mod keyring;
#[cfg(feature = "providers")]
pub mod provider;
mod pseudonym;
mod secret;
mod time;
mod username;

#[cfg(feature = "access-token")]
pub use access_token::{AccessToken, AccessTokenKey};
pub use credentials::TurnCredentials;
pub use error::{Error, ExpiryHint, VerifyError};
pub use ice::{IceServer, IceServers, IceUri};
pub use keyring::Keyring;
pub use pseudonym::PseudonymKey;
pub use secret::{Credential, Password, SharedSecret};
pub use time::{ClockSkew, UnixTime};
pub use username::{Layout, Username};
