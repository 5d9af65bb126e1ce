//! The fixed words of a finding: its code, its text, and what to do.

use crate::diagnose::finding::Finding;

/// The fixed words of a kind of finding.
pub(crate) struct Words {
    pub(crate) code: &'static str,
    pub(crate) text: &'static str,
    pub(crate) advice: &'static str,
}

pub(crate) const fn words(code: &'static str, text: &'static str, advice: &'static str) -> Words {
    Words { code, text, advice }
}

impl Finding {
    #[expect(clippy::too_many_lines, reason = "a table")]
    pub(crate) fn words(&self) -> Words {
        match *self {
            Self::Accepted { .. } => words(
                "accepted",
                "",
                "the login is good: check addresses, firewalls and certificates, and whether \
                 the server has another secret",
            ),
            Self::Unproven { .. } => {
                words("unproven", "", "give both the password and the secret to check it")
            }
            Self::EmptySecret { .. } => words(
                "secret-empty",
                "",
                "look for an unset variable or a blank file, and give the server a secret",
            ),
            Self::Disguised { how, .. } => how.words_of_username(),
            Self::ForbiddenCharacter { .. } => words(
                "username-forbidden-character",
                "",
                "leave it out of the name, or use a pseudonym",
            ),
            Self::ControlCharacter { .. } => words(
                "username-control-character",
                "",
                "leave it out of the name, or use a pseudonym",
            ),
            Self::UnionSelect => words(
                "username-union-select",
                "the username has both \"union\" and \"select\" in it, which coturn mistakes for \
                 an SQL injection",
                "use a pseudonym for this account",
            ),
            Self::TooLong { .. } => {
                words("username-too-long", "", "shorten the name, or use a pseudonym")
            }
            Self::NoExpiry => words(
                "username-no-expiry",
                "the username has no expiry, and a server with a shared secret needs one",
                "make it <expiry>:<name>; for a static user, the server needs lt-cred-mech and \
                 must not have use-auth-secret",
            ),
            Self::Expired { .. } => {
                words("expired", "", "fetch a new login, and compare the clocks of both machines")
            }
            Self::TtlForExpiry => words(
                "expiry-is-ttl",
                "the expiry is a number of seconds, not a point in time: as a Unix time, it is \
                 before 2002",
                "add the current Unix time to the ttl; 0 does not mean never",
            ),
            Self::WrongUnit { unit, .. } => unit.words(),
            Self::OddExpiry { how, .. } => how.words(),
            Self::After2038 { .. } => words("expiry-after-2038", "", "give a shorter ttl"),
            Self::YearsAhead { .. } => words(
                "expiry-years-ahead",
                "",
                "give a ttl of hours: coturn sets no limit, so anyone who has this login can use \
                 it that long",
            ),
            Self::LastSecond => words(
                "expiry-last-second",
                "the login expires in this second: coturn, pion and Kamailio still accept it; \
                 eturnal, ejabberd and webrtc-rs do not",
                "fetch a new login",
            ),
            Self::NumberFirst => words(
                "username-number-first",
                "the name comes first and is a number, so servers read it as the expiry",
                "put the expiry first: <expiry>:<name>",
            ),
            Self::SeparatorInFirstName => words(
                "username-separator-in-first-name",
                "the name comes first and has the separator in it, so servers do not find the \
                 expiry",
                "put the expiry first: <expiry>:<name>",
            ),
            Self::OtherSeparator { .. } => words(
                "username-other-separator",
                "",
                "use the server's separator, or set this one as rest-api-separator on the server",
            ),
            Self::EmptyName => words(
                "username-empty-name",
                "the name is empty: coturn accepts it without a per-user quota, and Kamailio \
                 refuses it",
                "give each account a name",
            ),
            Self::BareExpiry => words(
                "username-bare-expiry",
                "the username is an expiry alone: coturn counts each login as a separate user, \
                 ejabberd refuses it, and some versions of pion panic",
                "make it <expiry>:<name>, unless the server is webrtc-rs's or pion's plain \
                 long-term handler, which accept nothing else",
            ),
            Self::NameFirst => words(
                "username-name-first",
                "the name comes before the expiry, which coturn and STUNner accept, and most \
                 other servers do not",
                "put the expiry first: <expiry>:<name>",
            ),
            Self::SeparatorInName => words(
                "username-separator-in-name",
                "the name has the separator in it: pion applies quotas to the part before it, and \
                 STUNner to the whole username",
                "nothing to do for coturn; for other servers, use a pseudonym if quotas matter",
            ),
            Self::NotMade => words(
                "password-not-made",
                "this scheme cannot produce this password: it produces 28 characters of base64",
                "give the password that was made for this username; for a static user, the server \
                 needs lt-cred-mech and must not have use-auth-secret",
            ),
            Self::PasswordDisguised(how) => how.words_of_password(),
            Self::Encoding(encoding) => encoding.words(),
            Self::Hash(hash) => hash.words(),
            Self::Construction(construction) => construction.words(),
            Self::Signed(signed) => signed.words(),
            Self::Secret { form, .. } => form.words(),
            Self::OtherSecret => words(
                "secret-other",
                "none of these secrets produces this password for this username, even with a \
                 known mistake",
                "compare the secrets of the service and the server, and the realm of a secret in a \
                 database; check that username and password are not altered in transit",
            ),
        }
    }
}
