// Markdown uses the first definition of a link: this one replaces the README's, which is relative.
#![cfg_attr(docsrs, doc = concat!("[repository]: <", env!("CARGO_PKG_REPOSITORY"), ">\n\n"))]
#![cfg_attr(feature = "std", doc = include_str!("../README.md"))]
#![cfg_attr(not(feature = "std"), doc = "Time-limited logins for TURN servers.")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(docsrs, doc(auto_cfg(hide(target_family = "wasm", target_os = "unknown"))))]
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
mod clock;
#[cfg(feature = "serde")]
mod config;
mod credentials;
mod decimal;
#[cfg(feature = "diagnose")]
pub mod diagnose;
mod error;
mod hmac_sha1;
pub mod ice;
#[cfg(feature = "serde")]
mod json;
mod keyring;
mod name;
mod percent;
#[cfg(feature = "providers")]
pub mod provider;
mod pseudonym;
mod secret;
mod secret_text;
mod time;
mod username;
mod wiped;

#[cfg(feature = "access-token")]
#[doc(inline)]
pub use access_token::{AccessToken, AccessTokenKey};
pub use clock::ClockSkew;
pub use credentials::TurnCredentials;
pub use error::{CandidateError, Error, ExpiryHint, IceError, VerifyError};
#[doc(inline)]
pub use ice::{Credential, IceLease, IceServer, IceServers, IceUri, Login, TurnServer};
pub use keyring::Keyring;
pub use pseudonym::PseudonymKey;
pub use secret::{Password, SharedSecret};
pub use time::UnixTime;
pub use username::{Layout, OwnedUsername, Username};

#[cfg(any(doc, doctest))]
#[cfg(feature = "std")]
pub mod _guides {
    //! Guides, which are also files under `docs/` in the repository.

    #[cfg_attr(docsrs, doc = concat!("[repository]: <", env!("CARGO_PKG_REPOSITORY"), ">\n\n"))]
    #[doc = include_str!("../docs/my-turn-server-says-401.md")]
    pub mod my_turn_server_says_401 {}

    #[doc = include_str!("../docs/rotating-a-secret.md")]
    pub mod rotating_a_secret {}

    #[doc = include_str!("../docs/in-a-turn-server.md")]
    pub mod in_a_turn_server {}

    #[doc = include_str!("../docs/matrix.md")]
    pub mod matrix {}

    #[cfg(all(feature = "access-token", feature = "serde"))]
    #[cfg_attr(docsrs, doc = concat!("[repository]: <", env!("CARGO_PKG_REPOSITORY"), ">\n\n"))]
    #[doc = include_str!("../docs/at-the-edge.md")]
    pub mod at_the_edge {}
}
