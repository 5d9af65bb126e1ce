//! The secrets in use: logins are minted with the first and verified with all.

use core::iter;

use alloc::vec::Vec;

use crate::error::{CandidateError, Error, VerifyError};
use crate::secret::{Password, SharedSecret};
use crate::time::UnixTime;
use crate::username::Username;

/// A list of secrets. Logins are minted with the first, and verified with all of them.
///
/// ```
/// use core::time::Duration;
/// use turn_credentials::{
///     ClockSkew, Keyring, SharedSecret, TurnCredentials, UnixTime, VerifyError,
/// };
///
/// let keyring = Keyring::new(SharedSecret::new("north")?);
/// let (ttl, now) = (Duration::from_secs(3600), UnixTime::from_secs(1_700_000_000));
/// let login =
///     TurnCredentials::generate_at("alice", keyring.current(), ttl, ClockSkew::NONE, now)?;
///
/// let verify = |password, secs| {
///     keyring.verify_at(login.username(), password, UnixTime::from_secs(secs))
/// };
/// let password = login.password().as_str();
/// assert_eq!(verify(password, 1_700_003_600)?.name(), Some("alice"));
/// assert_eq!(
///     verify(password, 1_700_003_601),
///     Err(VerifyError::Expired { expired_at: UnixTime::from_secs(1_700_003_600) }),
/// );
/// assert_eq!(verify("guessed", 1_700_000_000), Err(VerifyError::WrongPassword));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # How to rotate
///
/// No login is refused during a rotation if every verifier knows the next secret before anyone
/// mints with it, and forgets the old one only after its last login has expired:
///
/// 1. Generate the next secret: 20 random bytes or more, as hex.
/// 2. On every verifier, call [`accept(next)`](Self::accept); for coturn, see [the guide]. Logins
///    made with either secret are now accepted.
/// 3. Wherever you mint or verify, call [`rotate(next)`](Self::rotate). A secret that is already
///    accepted is not added twice.
/// 4. Wait for the longest ttl in use, plus the largest skew.
/// 5. On every verifier, call [`retire_previous`](Self::retire_previous).
///
/// After a leak, do not wait: go from step 3 to step 5 at once. Clients must then fetch new logins.
/// In coturn, sessions that are already running continue.
///
/// [the guide]: https://docs.rs/turn-credentials/latest/turn_credentials/_guides/rotating_a_secret/index.html
#[derive(Clone, Debug)]
pub struct Keyring {
    current: SharedSecret,
    /// Secrets that are accepted, but not minted with yet.
    next: Vec<SharedSecret>,
    /// Secrets that are still accepted, but no longer minted with.
    previous: Vec<SharedSecret>,
    separator: char,
}

impl Keyring {
    /// Creates a keyring with one secret, for usernames with the separator `:`.
    ///
    /// ```
    /// use turn_credentials::{Error, Keyring, SharedSecret};
    ///
    /// let keyring = Keyring::new(SharedSecret::new("north")?);
    /// let password = keyring.current().password_for("1266890800:mbzrxpgjys");
    /// assert_eq!(password.as_str(), "nbRcrnq5h6xXhyNhlwk+lDLvVVo=");
    /// assert_eq!(keyring.separator(), ':');
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn new(current: SharedSecret) -> Self {
        let (next, previous) = (Vec::new(), Vec::new());
        Self { current, next, previous, separator: Username::DEFAULT_SEPARATOR }
    }

    /// Creates a keyring from a list, such as one in a configuration. Logins are minted with the
    /// first secret, and verified with all of them.
    ///
    /// With the feature `serde`, a configuration can hold a `Vec<SharedSecret>`.
    ///
    /// A secret that is listed twice is kept once. All secrets but the first count as previous
    /// ones, which [`retire_previous`](Self::retire_previous) forgets.
    ///
    /// ```
    /// use turn_credentials::{Error, Keyring, SharedSecret};
    ///
    /// let [new, old] = [SharedSecret::new("new")?, SharedSecret::new("old")?];
    /// let username = "1700000000:alice";
    /// let keyring = Keyring::from_secrets([new, old.clone()])?;
    /// assert!(keyring.authenticate(username, old.password_for(username).as_str()).is_ok());
    ///
    /// assert_eq!(Keyring::from_secrets([]).unwrap_err(), Error::NoSecret);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::NoSecret`] if the list is empty.
    pub fn from_secrets(secrets: impl IntoIterator<Item = SharedSecret>) -> Result<Self, Error> {
        let mut secrets = secrets.into_iter();
        let mut keyring = Self::new(secrets.next().ok_or(Error::NoSecret)?);
        for secret in secrets {
            if !keyring.secrets().any(|known| known.is(&secret)) {
                keyring.previous = all_but(&secret, &keyring.previous);
                keyring.previous.push(secret);
            }
        }
        Ok(keyring)
    }

    /// Sets the separator of the usernames.
    ///
    /// ```
    /// use turn_credentials::{Error, Keyring, SharedSecret};
    ///
    /// let secret = SharedSecret::new("north")?;
    /// let password = secret.password_for("1700000000|alice");
    /// let keyring = Keyring::new(secret).with_separator('|')?;
    /// assert!(keyring.authenticate("1700000000|alice", password.as_str()).is_ok());
    /// assert_eq!(keyring.with_separator('7').unwrap_err(), Error::BadSeparator);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::BadSeparator`]: see [`Username::with_separator`].
    pub fn with_separator(self, separator: char) -> Result<Self, Error> {
        Username::check_separator(separator)?;
        Ok(Self { separator, ..self })
    }

    /// The separator of the usernames.
    #[must_use]
    pub fn separator(&self) -> char {
        self.separator
    }

    /// The secret to mint with.
    #[must_use]
    pub fn current(&self) -> &SharedSecret {
        &self.current
    }

    /// Accepts logins made with this secret too; the current secret does not change. This is step 2
    /// of a [rotation](Self#how-to-rotate).
    ///
    /// ```
    /// use turn_credentials::{Error, Keyring, SharedSecret};
    ///
    /// let [old, next] = [SharedSecret::new("old")?, SharedSecret::new("next")?];
    /// let username = "1700000000:alice";
    /// let made_with_next = next.password_for(username);
    /// let mut keyring = Keyring::new(old);
    /// let accepts = |keyring: &Keyring| {
    ///     keyring.authenticate(username, made_with_next.as_str()).is_ok()
    /// };
    /// assert!(!accepts(&keyring));
    /// keyring.accept(next.clone());
    /// assert!(accepts(&keyring));
    ///
    /// keyring.rotate(next);
    /// let minted = keyring.current().password_for(username);
    /// assert_eq!(minted.as_str(), made_with_next.as_str());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn accept(&mut self, secret: SharedSecret) {
        if self.current.is(&secret) {
            return;
        }
        self.previous = all_but(&secret, &self.previous);
        self.next = all_but(&secret, &self.next);
        self.next.push(secret);
    }

    /// Makes `next` the current secret. All other secrets become previous ones, and logins made
    /// with them are still accepted. If `next` is already the current secret, nothing changes.
    ///
    /// ```
    /// use turn_credentials::{Error, Keyring, SharedSecret};
    ///
    /// let mut keyring = Keyring::new(SharedSecret::new("north")?);
    /// let old = keyring.current().password_for("1700000000:alice");
    /// keyring.rotate(SharedSecret::new("south")?);
    /// let new = keyring.current().password_for("1700000000:alice");
    /// assert_ne!(new.as_str(), old.as_str());
    /// assert!(keyring.authenticate("1700000000:alice", new.as_str()).is_ok());
    /// assert!(keyring.authenticate("1700000000:alice", old.as_str()).is_ok());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn rotate(&mut self, next: SharedSecret) {
        if self.current.is(&next) {
            return;
        }
        let others: Vec<_> = self.secrets().filter(|other| !other.is(&next)).collect();
        self.previous = others.into_iter().cloned().collect();
        self.next = Vec::new();
        self.current = next;
    }

    /// Forgets the previous secrets: logins made with them are refused from now on.
    ///
    /// The current secret stays, and so do those that [`accept`](Self::accept) added since the last
    /// [`rotate`](Self::rotate).
    ///
    /// In a TURN server that tries [every password](Self::passwords) on each request, the
    /// running sessions whose logins were made with the previous secrets end as well. coturn keeps
    /// the key of each session, so its sessions continue.
    ///
    /// ```
    /// use turn_credentials::{Error, Keyring, SharedSecret, VerifyError};
    ///
    /// let mut keyring = Keyring::new(SharedSecret::new("old")?);
    /// let password = keyring.current().password_for("1700000000:alice");
    /// keyring.rotate(SharedSecret::new("next")?);
    /// assert!(keyring.authenticate("1700000000:alice", password.as_str()).is_ok());
    /// keyring.retire_previous();
    /// assert_eq!(
    ///     keyring.authenticate("1700000000:alice", password.as_str()),
    ///     Err(VerifyError::WrongPassword)
    /// );
    /// # Ok::<(), Error>(())
    /// ```
    pub fn retire_previous(&mut self) {
        self.previous.clear();
    }

    /// The passwords that are valid for a username, the current secret's first.
    ///
    /// This is the bare formula: nothing is checked. On a Refresh, use the password that you stored
    /// with the session. If you stored none, try these: they ignore the expiry, which must not end
    /// a running session. For an Allocate, use [`candidates_at`](Self::candidates_at).
    ///
    /// ```
    /// use turn_credentials::{Error, Keyring, SharedSecret};
    ///
    /// let keyring = Keyring::new(SharedSecret::new("north")?);
    /// let passwords: Vec<_> = keyring.passwords("1266890800:mbzrxpgjys").collect();
    /// assert_eq!(passwords[0].as_str(), "nbRcrnq5h6xXhyNhlwk+lDLvVVo=");
    /// assert_eq!(passwords.len(), 1);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn passwords(&self, username: &str) -> impl Iterator<Item = Password> {
        self.secrets().map(move |secret| secret.password_for(username))
    }

    /// For a TURN server: parses a username, checks its expiry, and lists the passwords to try, the
    /// current secret's first.
    ///
    /// A TURN server never sees the password, only a MESSAGE-INTEGRITY whose key is derived from it
    /// (RFC 8489 section 9.2), so the server has to try every password. `now` is the time on the
    /// TURN server's clock.
    ///
    /// ```
    /// use turn_credentials::{CandidateError, Keyring, SharedSecret, UnixTime};
    ///
    /// let mut keyring = Keyring::new(SharedSecret::new("old")?);
    /// keyring.rotate(SharedSecret::new("next")?);
    ///
    /// /// Whether the long-term key of this password gives the request's MESSAGE-INTEGRITY.
    /// fn is_keyed_with(password: &str) -> bool {
    ///     password == "OPaecmALAZgdp3w6/4JHN2IhjA8="
    /// }
    /// let allocates = |username, secs| -> Result<bool, CandidateError> {
    ///     let (_, mut passwords) = keyring.candidates_at(username, UnixTime::from_secs(secs))?;
    ///     Ok(passwords.any(|password| is_keyed_with(password.as_str())))
    /// };
    /// assert_eq!(allocates("1700000000:alice", 1_700_000_000), Ok(true));
    /// assert_eq!(allocates("1700000000:bob", 1_700_000_000), Ok(false));
    ///
    /// let expired_at = UnixTime::from_secs(1_700_000_000);
    /// let expired = Err(CandidateError::Expired { expired_at });
    /// assert_eq!(allocates("1700000000:alice", 1_700_000_001), expired);
    /// assert_eq!(allocates("alice", 1_700_000_000), Err(CandidateError::MalformedUsername));
    /// # Ok::<(), turn_credentials::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// * [`CandidateError::MalformedUsername`] for a username that [`Username::parse_with`] refuses.
    /// * [`CandidateError::Expired`] if its expiry is before `now`.
    pub fn candidates_at<'a>(
        &self,
        username: &'a str,
        now: UnixTime,
    ) -> Result<(Username<'a>, impl Iterator<Item = Password>), CandidateError> {
        let parsed = Username::parse_with(self.separator, username)
            .map_err(|_| CandidateError::MalformedUsername)?;
        let expired_at = parsed.expires_at();
        if now > expired_at {
            return Err(CandidateError::Expired { expired_at });
        }
        Ok((parsed, self.passwords(username)))
    }

    /// Like [`candidates_at`](Self::candidates_at), using the system clock.
    ///
    /// ```
    /// use turn_credentials::{CandidateError, Error, Keyring, SharedSecret};
    ///
    /// let keyring = Keyring::new(SharedSecret::new("north")?);
    /// let (username, passwords) = keyring.candidates("2147483647:alice").unwrap();
    /// assert_eq!((username.name(), passwords.count()), (Some("alice"), 1));
    ///
    /// let expired = keyring.candidates("1266890800:mbzrxpgjys").err();
    /// assert!(matches!(expired, Some(CandidateError::Expired { .. })));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`candidates_at`](Self::candidates_at).
    #[cfg(all(feature = "std", not(all(target_family = "wasm", target_os = "unknown"))))]
    pub fn candidates<'a>(
        &self,
        username: &'a str,
    ) -> Result<(Username<'a>, impl Iterator<Item = Password>), CandidateError> {
        self.candidates_at(username, UnixTime::now())
    }

    /// Checks that one of the secrets produces this password for this username, then parses the
    /// username.
    ///
    /// It ignores the expiry, for services that let an established session outlive its login, as
    /// coturn does. A TURN server never sees the password: see
    /// [`candidates_at`](Self::candidates_at).
    ///
    /// ```
    /// use turn_credentials::{Error, Keyring, SharedSecret, VerifyError};
    ///
    /// let keyring = Keyring::new(SharedSecret::new("north")?);
    /// let authenticate = |username| keyring.authenticate(username, "nbRcrnq5h6xXhyNhlwk+lDLvVVo=");
    /// let username = authenticate("1266890800:mbzrxpgjys").unwrap(); // expired in 2010
    /// assert_eq!(username.name(), Some("mbzrxpgjys"));
    /// assert_eq!(authenticate("1266890801:mbzrxpgjys"), Err(VerifyError::WrongPassword));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// * [`VerifyError::WrongPassword`] if none of the secrets produces the password.
    /// * [`VerifyError::MalformedUsername`] if one of them does, but [`Username::parse_with`]
    ///   refuses the username.
    pub fn authenticate<'a>(
        &self,
        username: &'a str,
        password: &str,
    ) -> Result<Username<'a>, VerifyError> {
        let tag = Password::decode(password).ok_or(VerifyError::WrongPassword)?;
        // Every secret is tried, even after a match: the time must not tell which secret matched.
        let made = |secret: &&SharedSecret| secret.tag(username.as_bytes()) == tag;
        if self.secrets().filter(made).count() > 0 {
            Username::parse_with(self.separator, username)
        } else {
            Err(VerifyError::WrongPassword)
        }
    }

    /// Checks that the login is ours and has not expired: the MAC first, then the layout, then the
    /// time.
    ///
    /// Like coturn, it still accepts a login during its expiry second. `now` is the time on the
    /// TURN server's clock.
    ///
    /// ```
    /// use turn_credentials::{Error, Keyring, SharedSecret, UnixTime, VerifyError};
    ///
    /// let keyring = Keyring::new(SharedSecret::new("north")?);
    /// let verify_at = |secs| {
    ///     let (username, password) = ("1266890800:mbzrxpgjys", "nbRcrnq5h6xXhyNhlwk+lDLvVVo=");
    ///     keyring.verify_at(username, password, UnixTime::from_secs(secs))
    /// };
    /// assert!(verify_at(1_266_890_800).is_ok());
    /// let expired_at = UnixTime::from_secs(1_266_890_800);
    /// assert_eq!(verify_at(1_266_890_801), Err(VerifyError::Expired { expired_at }));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`authenticate`](Self::authenticate), and [`VerifyError::Expired`]. The MAC is
    /// checked first, so `Expired` always means that the login was ours.
    pub fn verify_at<'a>(
        &self,
        username: &'a str,
        password: &str,
        now: UnixTime,
    ) -> Result<Username<'a>, VerifyError> {
        let username = self.authenticate(username, password)?;
        let expired_at = username.expires_at();
        if now > expired_at { Err(VerifyError::Expired { expired_at }) } else { Ok(username) }
    }

    /// Like [`verify_at`](Self::verify_at), using the system clock.
    ///
    /// ```
    /// use turn_credentials::{Error, Keyring, SharedSecret, VerifyError};
    ///
    /// let keyring = Keyring::new(SharedSecret::new("north")?);
    /// let verify = |username| {
    ///     let password = keyring.current().password_for(username);
    ///     keyring.verify(username, password.as_str())
    /// };
    /// assert!(verify("2147483647:alice").is_ok());
    /// assert!(matches!(verify("1266890800:mbzrxpgjys"), Err(VerifyError::Expired { .. })));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`verify_at`](Self::verify_at).
    #[cfg(all(feature = "std", not(all(target_family = "wasm", target_os = "unknown"))))]
    pub fn verify<'a>(
        &self,
        username: &'a str,
        password: &str,
    ) -> Result<Username<'a>, VerifyError> {
        self.verify_at(username, password, UnixTime::now())
    }

    fn secrets(&self) -> impl Iterator<Item = &SharedSecret> {
        iter::once(&self.current).chain(&self.next).chain(&self.previous)
    }
}

/// Copies all other secrets into a new list with room for one more: a `Vec` that grows would leave
/// copies of secrets in freed memory.
fn all_but(secret: &SharedSecret, secrets: &[SharedSecret]) -> Vec<SharedSecret> {
    let mut others = Vec::with_capacity(secrets.len().saturating_add(1));
    others.extend(secrets.iter().filter(|other| !other.is(secret)).cloned());
    others
}
