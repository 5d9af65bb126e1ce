//! The rules for a name: what TURN servers, logs and headers do not accept in a username.

use crate::error::Error;

/// Fails for a name that is empty, has a forbidden character, or looks like an SQL injection.
///
/// The folds have no branches, so the compiler vectorises them. Most names need only the first
/// fold.
pub(crate) fn check(name: &str) -> Result<(), Error> {
    let bytes = name.as_bytes();
    if bytes.is_empty() {
        return Err(Error::EmptyName);
    }
    let (suspect, u) = bytes.iter().fold((false, false), |(suspect, u), &byte| {
        (suspect | may_be_forbidden(byte), u | is_letter(byte, b'u'))
    });
    if suspect {
        if let Some((index, character)) = name.char_indices().find(|&(_, c)| is_forbidden(c)) {
            return Err(Error::ForbiddenCharacter { character, index });
        }
    }
    if u && has_union_select(name) {
        return Err(Error::UnionSelect);
    }
    Ok(())
}

/// Whether coturn's `is_secure_string` mistakes a name for SQL.
pub(crate) fn has_union_select(name: &str) -> bool {
    let bytes = name.as_bytes();
    has_un(bytes) && has_word(bytes, b"union") && has_word(bytes, b"select")
}

/// Whether a name cannot contain this character. coturn's `is_secure_string` refuses space, tab,
/// CR, LF, `'`, `"` and `\`, and coturn cuts a username at NUL. The other control characters break
/// logs, headers and XML.
pub(crate) fn is_forbidden(c: char) -> bool {
    c.is_control() || matches!(c, ' ' | '\'' | '"' | '\\')
}

/// Whether a forbidden character may begin with this byte: C1 controls begin with 0xc2 in UTF-8.
fn may_be_forbidden(byte: u8) -> bool {
    (byte <= b' ') | matches!(byte, b'\'' | b'"' | b'\\' | 0x7f | 0xc2)
}

/// Whether a byte is this lower-case letter, or the same letter in upper case, which differs in one
/// bit.
fn is_letter(byte: u8, letter: u8) -> bool {
    byte | 0x20 == letter
}

/// Whether a name has "un" in it, as "union" does.
fn has_un(name: &[u8]) -> bool {
    let pairs = name.iter().zip(name.iter().skip(1));
    pairs.fold(false, |found, (&a, &b)| found | (is_letter(a, b'u') & is_letter(b, b'n')))
}

fn has_word(name: &[u8], word: &[u8]) -> bool {
    name.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word))
}
