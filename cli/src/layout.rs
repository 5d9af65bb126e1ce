//! The form of the usernames that a TURN server accepts, and its clock.

use std::result;

use clap::{Args, ValueEnum};
use turn_credentials::{ClockSkew, Error, UnixTime, Username};

use crate::input;

/// What a login depends on besides its name, secret and ttl.
#[derive(Args)]
#[group(skip)]
pub(crate) struct Options {
    /// The server's clock minus yours, such as 5s or -5s
    #[arg(
        long,
        value_name = "TIME",
        default_value = "0s",
        value_parser = input::parse_skew,
        allow_hyphen_values = true
    )]
    pub(crate) skew: ClockSkew,

    /// Form of the username: expiry-first, name-first or expiry-only
    #[arg(long, value_enum, default_value = "expiry-first", hide_possible_values = true)]
    pub(crate) layout: Layout,

    #[command(flatten)]
    pub(crate) separator: Separator,
}

#[derive(Args)]
#[group(skip)]
pub(crate) struct Separator {
    /// Character between expiry and name
    #[arg(long, default_value = ":", value_name = "CHAR", value_parser = input::parse_separator)]
    pub(crate) separator: char,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
pub(crate) enum Layout {
    ExpiryFirst,
    NameFirst,
    ExpiryOnly,
}

impl Layout {
    /// The username with this expiry; without the name if the layout has no place for it.
    pub(crate) fn username(
        self,
        name: &str,
        separator: char,
        expiry: UnixTime,
    ) -> result::Result<Username<'_>, Error> {
        match self {
            Self::ExpiryFirst => Username::new(name, expiry)?.with_separator(separator),
            Self::NameFirst => Username::name_first_with(separator, name, expiry),
            Self::ExpiryOnly => Username::expiry_only(expiry)?.with_separator(separator),
        }
    }
}
