//! The library's errors in the words of the command line.

use turn_credentials::{Error, IceError};

/// What to type instead, where the library's own words are for who writes a program.
pub(crate) fn of(error: Error) -> String {
    of_name(error, "--pseudonym makes one that they accept")
}

/// The same with this way out of a name that servers refuse.
pub(crate) fn of_name(error: Error, way_out: &str) -> String {
    match error {
        Error::EmptyName => "the name is empty: give one, or use --layout expiry-only".into(),
        Error::ForbiddenCharacter { character, index } => format!(
            "the name has the character U+{:04X} at byte {index}, which TURN servers refuse: leave \
             it out, or {way_out}",
            u32::from(character)
        ),
        Error::UnionSelect => {
            format!(
                "the name has both \"union\" and \"select\" in it, which coturn refuses: {way_out}"
            )
        }
        Error::UsernameTooLong { len } => format!(
            "the username has {len} bytes, and TURN servers accept 508: shorten the name, or {way_out}"
        ),
        Error::DigitsFirst => "the name is a number, which servers mistake for the expiry when it \
             comes first: leave out --layout name-first, or add a letter"
            .into(),
        Error::SeparatorInName => {
            "the name has the separator in it: leave out --layout name-first, \
             or choose another --separator"
                .into()
        }
        Error::ExpiryOutOfRange { hint: None } => {
            "--ttl ends after January 2038, or --skew is far \
             off: TURN servers accept no later time"
                .into()
        }
        error => error.to_string(),
    }
}

/// Of a login that was given, not minted.
pub(crate) fn of_login(error: IceError) -> String {
    match error {
        IceError::Credentials(error) => of_name(error, "use another username"),
        error => error.to_string(),
    }
}

pub(crate) fn of_ice(error: IceError) -> String {
    match error {
        IceError::Credentials(error) => of(error),
        IceError::NoUrls | IceError::NoTurn => {
            "no TURN server among the URIs: add --uri turn:HOST".into()
        }
        IceError::NotXml => {
            "the name has U+FFFE or U+FFFF in it, which XML cannot hold: use --pseudonym".into()
        }
        IceError::NotInHeader => "the name has a ; or a character that is not ASCII, which \
             clients misread in a Link header: use --pseudonym"
            .into(),
        error => error.to_string(),
    }
}
