//! The library's errors, rephrased for the command line.

use turn_credentials::{Error, IceError};

/// Says what to type; the library's own text addresses programmers.
pub(crate) fn of(error: Error) -> String {
    of_name(error, "use --pseudonym")
}

/// Like `of`, with `way_out` as the advice for a name that servers refuse.
pub(crate) fn of_name(error: Error, way_out: &str) -> String {
    match error {
        Error::EmptyName => "the name is empty: give one, or use --layout expiry-only".into(),
        Error::ForbiddenCharacter { character, index } => format!(
            "the name has the character U+{:04X} at byte {index}, which TURN servers refuse: \
             remove it, or {way_out}",
            u32::from(character)
        ),
        Error::UnionSelect => {
            format!(
                "the name contains both \"union\" and \"select\", which coturn refuses: {way_out}"
            )
        }
        Error::UsernameTooLong { len } => format!(
            "the username has {len} bytes, and TURN servers accept at most 508: shorten the name, \
             or {way_out}"
        ),
        Error::DigitsFirst => "the name is a number, which servers mistake for the expiry when it \
                               comes first: omit --layout name-first, or add a letter"
            .into(),
        Error::SeparatorInName => {
            "the name contains the separator: omit --layout name-first, or choose another \
             --separator"
                .into()
        }
        Error::ExpiryOutOfRange { hint: None } => {
            "TURN servers accept no expiry after January 2038: give a shorter --ttl, or check \
             --skew"
                .into()
        }
        error => error.to_string(),
    }
}

/// Like `of`, for a login that was given, not minted.
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
            "the name contains U+FFFE or U+FFFF, which XML forbids: use --pseudonym".into()
        }
        IceError::NotInHeader => "the name contains a ; or a character outside ASCII, which \
                                  clients misread in a Link header: use --pseudonym"
            .into(),
        error => error.to_string(),
    }
}
