//! How a secret changes on its way into a program.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use core::fmt;

use crate::diagnose::disguise::{unhex, unquoted};
use crate::diagnose::words::{Words, words};
use crate::secret::SharedSecret;
use crate::secret_text::{BYTE_ORDER_MARK, trimmed};
use crate::wiped::WipedBytes;

/// A form in which the other side may hold a secret, after a file, a shell, a configuration or a
/// decoder changed it.
///
/// ```
/// use turn_credentials::diagnose::SecretForm;
///
/// let password = |form: SecretForm| {
///     form.apply(b"north").map(|secret| secret.password_for("1700000000:alice").as_str().to_owned())
/// };
/// assert_eq!(password(SecretForm::LineEnd).unwrap(), "seM68L382zxCpFHsz0VE/rak4k8=");
/// assert_eq!(SecretForm::LineEnd.to_string(), "with a line end after it");
/// assert_eq!(password(SecretForm::Unquoted), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SecretForm {
    /// With LF after it, as in a file that an editor or `echo` wrote.
    LineEnd,
    /// With CR LF after it.
    CrLf,
    /// With CR after it, as in a CR LF file of which only the LF was stripped.
    Cr,
    /// With a space after it.
    BlankAfter,
    /// With a space before it.
    BlankBefore,
    /// In double quotes.
    DoubleQuoted,
    /// In single quotes, which coturn keeps when it reads its config file.
    SingleQuoted,
    /// With a UTF-8 byte order mark before it.
    ByteOrderMark,
    /// Without the white space and the byte order mark at its ends.
    Trimmed,
    /// Without the quotes around it.
    Unquoted,
    /// As coturn reads it from its config file: without leading `=`, without blanks at its ends,
    /// and without double quotes around it.
    FromConfigFile,
    /// Decoded from hex.
    HexDecoded,
    /// Decoded from base64, with the standard or the URL-safe alphabet.
    Base64Decoded,
    /// Encoded as hex, in lower case.
    HexEncoded,
    /// Encoded as base64 with the standard alphabet, padded.
    Base64Encoded,
    /// Cut at 256 bytes, as `turnadmin` and coturn's database cut it.
    CutAt256,
    /// Cut at 1004 bytes, as coturn cuts it when it reads its config file.
    CutAt1004,
}

impl SecretForm {
    /// All forms, the most common first.
    pub const ALL: [Self; 17] = [
        Self::LineEnd,
        Self::CrLf,
        Self::Cr,
        Self::BlankAfter,
        Self::BlankBefore,
        Self::DoubleQuoted,
        Self::SingleQuoted,
        Self::ByteOrderMark,
        Self::Trimmed,
        Self::Unquoted,
        Self::FromConfigFile,
        Self::HexDecoded,
        Self::Base64Decoded,
        Self::HexEncoded,
        Self::Base64Encoded,
        Self::CutAt256,
        Self::CutAt1004,
    ];

    /// The secret in this form; `None` if it cannot have this form, or if the result would be empty
    /// or equal to the secret.
    #[must_use]
    pub fn apply(self, secret: &[u8]) -> Option<SharedSecret> {
        SharedSecret::new(&self.key(secret)?.0).ok()
    }

    pub(crate) fn key(self, secret: &[u8]) -> Option<WipedBytes> {
        let key = match self {
            Self::LineEnd => joined(&[secret, b"\n"]),
            Self::CrLf => joined(&[secret, b"\r\n"]),
            Self::Cr => joined(&[secret, b"\r"]),
            Self::BlankAfter => joined(&[secret, b" "]),
            Self::BlankBefore => joined(&[b" ", secret]),
            Self::DoubleQuoted => joined(&[b"\"", secret, b"\""]),
            Self::SingleQuoted => joined(&[b"'", secret, b"'"]),
            Self::ByteOrderMark => joined(&[BYTE_ORDER_MARK, secret]),
            Self::Trimmed => joined(&[trimmed(secret)]),
            Self::Unquoted => joined(&[unquoted(secret)?]),
            Self::FromConfigFile => joined(&[from_config_file(secret)]),
            Self::HexDecoded => unhex(secret)?,
            Self::Base64Decoded => unbase64(secret)?,
            Self::HexEncoded => filled(secret.len().saturating_mul(2), |out| {
                let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or_default();
                let digits = secret.iter().flat_map(|byte| [byte >> 4, byte & 15]);
                for (place, nibble) in out.iter_mut().zip(digits) {
                    *place = digit(nibble) as u8;
                }
            }),
            Self::Base64Encoded => {
                let len = secret.len().div_ceil(3).saturating_mul(4);
                filled(len, |out| _ = STANDARD.encode_slice(secret, out))
            }
            Self::CutAt256 => joined(&[secret.get(..256)?]),
            Self::CutAt1004 => joined(&[secret.get(..1004)?]),
        };
        (!key.0.is_empty() && key.0 != secret).then_some(key)
    }

    pub(crate) fn words(self) -> Words {
        const TRIM: &str =
            "make both sides read the same bytes: usually, trim the secret where it is read";
        const DECODE: &str =
            "coturn never decodes a secret: use the same text, byte for byte, on both sides";
        match self {
            Self::LineEnd => words("secret-line-end", "with a line end after it", TRIM),
            Self::CrLf => words("secret-cr-lf", "with CR and LF after it", TRIM),
            Self::Cr => words("secret-cr", "with a CR after it", TRIM),
            Self::BlankAfter => words("secret-blank-after", "with a space after it", TRIM),
            Self::BlankBefore => words("secret-blank-before", "with a space before it", TRIM),
            Self::DoubleQuoted => words("secret-double-quoted", "in double quotes", TRIM),
            Self::SingleQuoted => words("secret-single-quoted", "in single quotes", TRIM),
            Self::ByteOrderMark => {
                words("secret-byte-order-mark", "with a byte order mark before it", TRIM)
            }
            Self::Trimmed => words("secret-trimmed", "without the white space at its ends", TRIM),
            Self::Unquoted => words("secret-unquoted", "without its quotes", TRIM),
            Self::FromConfigFile => words(
                "secret-from-config-file",
                "without the `=`, blanks or quotes that coturn drops when it reads its config file",
                "choose a secret of letters and digits",
            ),
            Self::HexDecoded => words("secret-hex-decoded", "decoded from hex", DECODE),
            Self::Base64Decoded => words("secret-base64-decoded", "decoded from base64", DECODE),
            Self::HexEncoded => words("secret-hex-encoded", "encoded as hex", DECODE),
            Self::Base64Encoded => words("secret-base64-encoded", "encoded as base64", DECODE),
            Self::CutAt256 => words(
                "secret-cut",
                "cut at 256 bytes",
                "choose a shorter secret: turnadmin and coturn's database cut it there",
            ),
            Self::CutAt1004 => words(
                "secret-cut-1004",
                "cut at 1004 bytes",
                "choose a shorter secret: coturn cuts it there when it reads its config file, and \
                 logs the rest",
            ),
        }
    }
}

/// Describes the form in a few words, such as "with a line end after it".
impl fmt::Display for SecretForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words().text)
    }
}

fn joined(parts: &[&[u8]]) -> WipedBytes {
    WipedBytes(parts.concat())
}

fn filled(len: usize, fill: impl FnOnce(&mut [u8])) -> WipedBytes {
    let mut key = WipedBytes(alloc::vec![0; len]);
    fill(&mut key.0);
    key
}

/// Like coturn's `parse_arg_string`: drops `=` and blanks at the beginning, and white space at the
/// end. If a `"` then comes first, drops it, and one `"` at the end.
fn from_config_file(line: &[u8]) -> &[u8] {
    let mut value = line;
    while let [rest @ .., b' ' | b'\t'..=b'\r'] = value {
        value = rest;
    }
    while let [b'=' | b' ' | b'\t', rest @ ..] = value {
        value = rest;
    }
    match value {
        [b'"', inner @ .., b'"'] | [b'"', inner @ ..] => inner,
        value => value,
    }
}

fn unbase64(text: &[u8]) -> Option<WipedBytes> {
    let unpadded = text.iter().rposition(|&byte| byte != b'=')?;
    let mut text = joined(&[text.get(..=unpadded)?]);
    for byte in &mut text.0 {
        *byte = match *byte {
            b'+' => b'-',
            b'/' => b'_',
            byte => byte,
        };
    }
    WipedBytes::from_base64(&URL_SAFE_NO_PAD, &text.0)
}
