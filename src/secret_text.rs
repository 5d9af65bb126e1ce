//! A secret as text in a file or a configuration: which bytes belong to it.

use crate::error::Error;

/// The secret in a file, without the line ends, blanks and byte order mark that editors and shells
/// add. coturn's parser and the Matrix homeservers strip line ends and blanks too.
pub(crate) fn in_file(contents: &[u8]) -> Result<&[u8], Error> {
    checked(trimmed(contents))
}

/// The secret in a configuration or the environment. It is not trimmed, because some other
/// programs do not trim it.
pub(crate) fn in_config(value: &[u8]) -> Result<&[u8], Error> {
    let secret = checked(trimmed(value))?;
    if secret.len() == value.len() { Ok(secret) } else { Err(Error::SecretNotTrimmed) }
}

pub(crate) const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

pub(crate) fn trimmed(text: &[u8]) -> &[u8] {
    text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text).trim_ascii()
}

fn checked(secret: &[u8]) -> Result<&[u8], Error> {
    if secret.is_empty() {
        Err(Error::EmptySecret)
    } else if secret.iter().any(|byte| matches!(byte, b'\n' | b'\r')) {
        Err(Error::SecretOnManyLines)
    } else if secret.iter().any(u8::is_ascii_control) {
        Err(Error::ControlCharacterInSecret)
    } else {
        Ok(secret)
    }
}
