//! The rules for a name: what TURN servers, logs and headers cannot bear in a username.

use crate::error::Error;

/// Fails for a name that is empty, or has a forbidden character, or looks like an SQL injection.
pub(crate) fn check(name: &str) -> Result<(), Error> {
    if name.is_empty() {
        return Err(Error::EmptyName);
    }
    // Without a branch, so that it takes many bytes at a time; most names end here.
    if name.bytes().fold(true, |plain, byte| plain & is_plain(byte)) {
        return Ok(());
    }
    if let Some((index, character)) = name.char_indices().find(|&(_, c)| is_forbidden(c)) {
        return Err(Error::ForbiddenCharacter { character, index });
    }
    if has_word(name, "union") && has_word(name, "select") {
        return Err(Error::UnionSelect);
    }
    Ok(())
}

/// Whether a byte is neither forbidden, nor a part of a forbidden character, nor of "union".
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_graphic() & !matches!(byte, b'\'' | b'"' | b'\\' | b'u' | b'U')
}

/// coturn's `is_secure_string` refuses space, tab, CR, LF, `'`, `"` and `\`; its strings end at NUL.
pub(crate) fn is_forbidden(c: char) -> bool {
    c.is_control() || matches!(c, ' ' | '\'' | '"' | '\\')
}

fn has_word(name: &str, word: &str) -> bool {
    name.as_bytes().windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
}
