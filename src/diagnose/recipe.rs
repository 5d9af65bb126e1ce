//! How a password was made: a small search over what may have been done otherwise.
//!
//! A MAC that matches cannot be chance, so that the first match is the answer. The most that is tried
//! for a secret: its forms × what may be signed × the constructions, all with the hash whose length the
//! password has.

use core::iter;

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use hmac::digest::Digest;
use hmac::{EagerHash, Hmac, KeyInit as _, Mac as _};
use md5::Md5;
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

use crate::diagnose::disguise::{Disguise, unhex};
use crate::diagnose::finding::{Finding, Verdict, Words, words};
use crate::diagnose::secret_form::{Key, SecretForm};
use crate::percent;
use crate::wiped::Wiped;

/// The hash that a password was made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Hash {
    /// The right one.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
    /// MD5.
    Md5,
}

impl Hash {
    const ALL: [Self; 5] = [Self::Sha1, Self::Sha256, Self::Sha384, Self::Sha512, Self::Md5];

    const fn len(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
            Self::Md5 => 16,
        }
    }

    fn of(self, construction: Construction, secret: &[u8], message: &[u8]) -> Key {
        match self {
            Self::Sha1 => construction.of::<Sha1>(secret, message),
            Self::Sha256 => construction.of::<Sha256>(secret, message),
            Self::Sha384 => construction.of::<Sha384>(secret, message),
            Self::Sha512 => construction.of::<Sha512>(secret, message),
            Self::Md5 => construction.of::<Md5>(secret, message),
        }
    }

    pub(crate) fn words(self) -> Words {
        const ADVICE: &str =
            "use HMAC-SHA1; of the servers known, only Kamailio can be told to use SHA-2";
        match self {
            Self::Sha1 => words("hash-sha1", "the password was made with SHA-1", ""),
            Self::Sha256 => words(
                "hash-sha256",
                "the password was made with SHA-256, and servers compute SHA-1",
                ADVICE,
            ),
            Self::Sha384 => words(
                "hash-sha384",
                "the password was made with SHA-384, and servers compute SHA-1",
                ADVICE,
            ),
            Self::Sha512 => words(
                "hash-sha512",
                "the password was made with SHA-512, and servers compute SHA-1",
                ADVICE,
            ),
            Self::Md5 => words(
                "hash-md5",
                "the password was made with MD5, and servers compute SHA-1",
                "use HMAC-SHA1",
            ),
        }
    }
}

/// How secret and message went into the hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Construction {
    /// The right one: HMAC with the secret as key.
    Hmac,
    /// HMAC with the username as key.
    Swapped,
    /// The hash of the secret and then the message.
    SecretFirst,
    /// The hash of the message and then the secret.
    MessageFirst,
}

impl Construction {
    const ALL: [Self; 4] = [Self::Hmac, Self::Swapped, Self::SecretFirst, Self::MessageFirst];

    fn of<D: EagerHash + Digest>(self, secret: &[u8], message: &[u8]) -> Key {
        let hmac = |key, message| {
            // Every length of key is accepted.
            let mac = Hmac::<D>::new_from_slice(key).ok();
            mac.map(|mac| mac.chain_update(message).finalize().into_bytes().to_vec())
        };
        let hash =
            |first, second| D::new().chain_update(first).chain_update(second).finalize().to_vec();
        Key(match self {
            Self::Hmac => hmac(secret, message).unwrap_or_default(),
            Self::Swapped => hmac(message, secret).unwrap_or_default(),
            Self::SecretFirst => hash(secret, message),
            Self::MessageFirst => hash(message, secret),
        })
    }

    pub(crate) fn words(self) -> Words {
        const ADVICE: &str = "compute HMAC with the secret as key and the username as message";
        match self {
            Self::Hmac => words("construction-hmac", "the password was made with HMAC", ""),
            Self::Swapped => words(
                "construction-swapped",
                "the password was made with the username as the key, and the secret as the message",
                ADVICE,
            ),
            Self::SecretFirst => words(
                "construction-secret-first",
                "the password is a plain hash of secret and message, not an HMAC",
                ADVICE,
            ),
            Self::MessageFirst => words(
                "construction-message-first",
                "the password is a plain hash of message and secret, not an HMAC",
                ADVICE,
            ),
        }
    }
}

/// What was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Signed {
    /// The right one: the username.
    Username,
    /// The name alone.
    Name,
    /// The expiry alone.
    Expiry,
    /// The username and a line end, as `echo` adds one.
    LineEnd,
    /// The username in quotes.
    Quoted,
    /// The username with another separator.
    OtherSeparator,
    /// Name and expiry in the other order.
    OtherOrder,
    /// The username, percent-encoded.
    PercentEncoded,
    /// The username before this was done to it.
    Undisguised(Disguise),
}

impl Signed {
    /// What there is to sign, each with its text.
    fn all(username: &str, separator: char) -> Vec<(Self, String)> {
        let mut all = Vec::from([
            (Self::Username, username.to_owned()),
            (Self::LineEnd, format!("{username}\n")),
            (Self::LineEnd, format!("{username}\r\n")),
            (Self::Quoted, format!("\"{username}\"")),
            (Self::PercentEncoded, format!("{}", percent::Encoded(username))),
        ]);
        let below = |how: Disguise| Some((Self::Undisguised(how), how.undo(username)?));
        all.extend(Disguise::ALL.into_iter().filter_map(below));
        let mark = |c: char| c == separator || (c.is_ascii_punctuation() && !c.is_ascii_digit());
        if let Some((first, rest)) = username.split_once(mark) {
            let is_expiry = crate::decimal::all_digits(first);
            let (front, back) =
                if is_expiry { (Self::Expiry, Self::Name) } else { (Self::Name, Self::Expiry) };
            all.push((front, first.to_owned()));
            all.push((back, rest.to_owned()));
            all.push((Self::OtherOrder, format!("{rest}{separator}{first}")));
            let others = SEPARATORS.map(|other| format!("{first}{other}{rest}"));
            all.extend(others.into_iter().map(|text| (Self::OtherSeparator, text)));
            all.push((Self::OtherSeparator, format!("{first}{rest}")));
        }
        let mut seen = Vec::with_capacity(all.len());
        all.retain(|(_, text)| {
            let new = !text.is_empty() && !seen.contains(text);
            seen.push(text.clone());
            new
        });
        all
    }

    pub(crate) fn words(self) -> Words {
        const ADVICE: &str =
            "sign the username exactly as the client sends it, expiry and separator and all";
        match self {
            Self::Username => words("signed-username", "the username was signed", ""),
            Self::Name => words(
                "signed-name",
                "the password was made for the name alone, not for the whole username",
                ADVICE,
            ),
            Self::Expiry => words(
                "signed-expiry",
                "the password was made for the expiry alone, not for the whole username",
                ADVICE,
            ),
            Self::LineEnd => words(
                "signed-line-end",
                "the password was made for the username with a line end after it",
                "sign it without: `echo -n`, or `printf %s`",
            ),
            Self::Quoted => {
                words("signed-quoted", "the password was made for the username in quotes", ADVICE)
            }
            Self::OtherSeparator => words(
                "signed-other-separator",
                "the password was made for the username with another separator",
                ADVICE,
            ),
            Self::OtherOrder => words(
                "signed-other-order",
                "the password was made for name and expiry in the other order",
                ADVICE,
            ),
            Self::PercentEncoded => words(
                "signed-percent-encoded",
                "the password was made for the username percent-encoded",
                ADVICE,
            ),
            Self::Undisguised(how) => how.words_of_username(),
        }
    }
}

const SEPARATORS: [&str; 9] = [":", "|", "-", "_", ".", ";", ",", "@", "/"];

/// How a password writes the MAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Encoding {
    /// The right one: base64, standard alphabet, padded.
    Base64,
    /// Base64 without `=`.
    Unpadded,
    /// Base64 of the URL-safe alphabet, padded or not.
    UrlSafe,
    /// Hex digits.
    Hex,
    /// Base64 of the hex digits.
    Base64OfHex,
    /// Base64 in which a space is where `+` was, as a form's decoding leaves it.
    BlankForPlus,
    /// The beginning of the base64.
    Truncated,
}

impl Encoding {
    const ALL: [Self; 7] = [
        Self::Base64,
        Self::Unpadded,
        Self::Base64OfHex,
        Self::Hex,
        Self::UrlSafe,
        Self::BlankForPlus,
        Self::Truncated,
    ];

    /// The MAC that a text encodes so, or its beginning.
    fn decode(self, text: &str) -> Option<Key> {
        let mac = Key(match self {
            Self::Base64 => STANDARD.decode(text).ok()?,
            Self::Unpadded => STANDARD_NO_PAD.decode(text).ok()?,
            Self::UrlSafe => URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()?,
            Self::Hex => unhex(text.as_bytes())?,
            Self::Base64OfHex => unhex(&Key(STANDARD.decode(text).ok()?).0)?,
            Self::BlankForPlus => {
                STANDARD.decode(Wiped::new(text.replace(' ', "+")).as_str()).ok()?
            }
            Self::Truncated => {
                let whole = text.len() & !3;
                let mac = Key(STANDARD_NO_PAD.decode(text.get(..whole)?).ok()?);
                let sha1 = Hash::Sha1.len();
                return (SHORTEST..sha1).contains(&mac.0.len()).then_some(mac);
            }
        });
        Hash::ALL.iter().any(|hash| hash.len() == mac.0.len()).then_some(mac)
    }

    pub(crate) fn words(self) -> Words {
        const ADVICE: &str =
            "encode the MAC's 20 bytes as base64, standard alphabet, padded: 28 characters";
        match self {
            Self::Base64 => words("password-base64", "the password is base64", ""),
            Self::Unpadded => {
                words("password-unpadded", "the password has lost the `=` at its end", ADVICE)
            }
            Self::UrlSafe => words(
                "password-url-safe",
                "the password is base64 of the URL-safe alphabet",
                ADVICE,
            ),
            Self::Hex => words("password-hex", "the password is hex", ADVICE),
            Self::Base64OfHex => {
                words("password-base64-of-hex", "the password is base64 of hex digits", ADVICE)
            }
            Self::BlankForPlus => words(
                "password-blank-for-plus",
                "the password has a space where `+` was",
                "percent-encode `+` as %2B in URLs and forms",
            ),
            Self::Truncated => {
                words("password-truncated", "the password is cut short", "give all 28 characters")
            }
        }
    }
}

/// As many bytes do not match by chance.
const SHORTEST: usize = 6;

/// A MAC, and how the password showed it.
struct Candidate {
    disguise: Option<Disguise>,
    encoding: Encoding,
    mac: Key,
}

impl Candidate {
    fn all(password: &str) -> Vec<Self> {
        let below = |how: Disguise| Some((Some(how), Wiped::new(how.undo(password)?)));
        let texts = iter::once((None, Wiped::new(password.to_owned())))
            .chain(Disguise::ALL.into_iter().filter_map(below));
        let decoded = |(disguise, text): (Option<Disguise>, Wiped)| {
            Encoding::ALL.into_iter().filter_map(move |encoding| {
                Some(Self { disguise, encoding, mac: encoding.decode(text.as_str())? })
            })
        };
        texts.flat_map(decoded).collect()
    }

    fn hash(&self) -> Hash {
        let len = |hash: &Hash| hash.len() == self.mac.0.len();
        Hash::ALL.into_iter().find(len).unwrap_or(Hash::Sha1)
    }

    fn is(&self, made: &Key) -> bool {
        self.mac.0.len() <= made.0.len() && differing_bits(&self.mac.0, &made.0) == 0
    }

    fn findings(&self) -> impl Iterator<Item = Finding> {
        let encoding =
            (self.encoding != Encoding::Base64).then_some(Finding::Encoding(self.encoding));
        let disguise = self.disguise.map(Finding::PasswordDisguised);
        let hash = (self.hash() != Hash::Sha1).then_some(Finding::Hash(self.hash()));
        encoding.into_iter().chain(disguise).chain(hash)
    }
}

/// In constant time.
fn differing_bits(a: &[u8], b: &[u8]) -> u8 {
    a.iter().zip(b).fold(0, |bits, (a, b)| bits | (a ^ b))
}

/// How a password was made.
pub(crate) struct Recipe {
    pub(crate) secret: usize,
    form: Option<SecretForm>,
    signed: Signed,
    construction: Construction,
    password: Candidate,
}

impl Recipe {
    /// Looks for the recipe; fails with what the password alone tells.
    pub(crate) fn find(
        username: &str,
        separator: char,
        password: &str,
        secrets: &[&[u8]],
    ) -> Result<Self, Vec<Finding>> {
        let candidates = Candidate::all(password);
        let messages = Signed::all(username, separator);
        let as_given =
            secrets.iter().enumerate().map(|(at, secret)| (at, None, Key(secret.to_vec())));
        let formed = secrets.iter().enumerate().flat_map(|(at, secret)| {
            let key = move |form: SecretForm| Some((at, Some(form), form.key(secret)?));
            SecretForm::ALL.into_iter().filter_map(key)
        });
        for (secret, form, key) in as_given.chain(formed) {
            for hash in Hash::ALL {
                if !candidates.iter().any(|candidate| candidate.hash() == hash) {
                    continue;
                }
                for (construction, (signed, message)) in Construction::ALL
                    .into_iter()
                    .flat_map(|how| messages.iter().map(move |m| (how, m)))
                {
                    let made = hash.of(construction, &key.0, message.as_bytes());
                    let found =
                        |candidate: &Candidate| candidate.hash() == hash && candidate.is(&made);
                    if let Some(at) = candidates.iter().position(found) {
                        let password = candidates.into_iter().nth(at).ok_or_else(Vec::new)?;
                        return Ok(Self { secret, form, signed: *signed, construction, password });
                    }
                }
            }
        }
        let guess = candidates.first().map(|candidate| candidate.findings().collect());
        Err(guess.unwrap_or_else(|| Vec::from([Finding::NotMade])))
    }

    /// What is to be said of the username, now that it is known what was signed: one that was signed in
    /// its disguise may be accepted, one that was signed without is not.
    pub(crate) fn correct(&self, findings: Vec<Finding>) -> Vec<Finding> {
        let Signed::Undisguised(signed) = self.signed else { return findings };
        let is_other = |finding: &Finding| !matches!(finding, Finding::Disguised { .. });
        let verdict = match findings.iter().map(Finding::verdict).min() {
            Some(Verdict::BadRequest) => Verdict::BadRequest,
            _ => Verdict::Unauthorized,
        };
        let disguised = iter::once(Finding::Disguised { how: signed, verdict });
        disguised.chain(findings.into_iter().filter(is_other)).collect()
    }

    /// What is not as it should be: nothing, if the password is right.
    pub(crate) fn findings(&self) -> Vec<Finding> {
        let &Self { secret, form, signed, construction, .. } = self;
        let form = form.map(|form| Finding::Secret { secret, form });
        let named = matches!(signed, Signed::Username | Signed::Undisguised(_));
        let signed = (!named).then_some(Finding::Signed(signed));
        let construction =
            (construction != Construction::Hmac).then_some(Finding::Construction(construction));
        let parts = form.into_iter().chain(signed).chain(construction);
        self.password.findings().chain(parts).collect()
    }
}
