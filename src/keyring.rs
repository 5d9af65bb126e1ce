//! The secrets in use, old and new: what verifies, and what makes a rotation a matter of waiting.

use core::{iter, mem};

use alloc::vec::Vec;

use crate::{Error, Password, SharedSecret, UnixTime, Username, VerifyError};

/// The current secret, and the previous ones whose credentials still live.
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
/// No credential is refused on the way when every verifier knows the next secret before anybody
/// mints with it, and forgets the old one only when its last credential is over:
///
/// 1. Make the next secret: 20 random bytes or more, as hex.
/// 2. Give it to every verifier: [`accept`](Self::accept) here; for coturn see below. Credentials of
///    both secrets are accepted now.
/// 3. Mint with it: [`rotate`](Self::rotate) on every machine that mints.
/// 4. Wait for the longest ttl that was in use, and the greatest skew.
/// 5. Take the old secret from every verifier: [`retire_previous`](Self::retire_previous).
///
/// After a leak do not wait: go from step 3 to step 5 at once. Clients fetch new credentials;
/// sessions that are already running go on in coturn.
///
/// # The same in coturn
///
/// Secrets in its database are per realm and are read anew for every login, so that none of this
/// needs a restart:
///
/// ```text
/// turnadmin --userdb /var/lib/turn/turndb -r example.org -s NEXT     # step 2
/// turnadmin --userdb /var/lib/turn/turndb -r example.org -X OLD      # step 5
/// ```
///
/// Secrets in `turnserver.conf` are read at the start only, and a restart ends every session. For
/// step 2 add a second `static-auth-secret=NEXT` line and restart; for step 5 remove the first and
/// restart. A secret of the database and a static one work side by side, so moving to the database
/// is itself a rotation.
#[derive(Clone, Debug)]
pub struct Keyring {
    current: SharedSecret,
    previous: Vec<SharedSecret>,
    separator: char,
}

impl Keyring {
    /// A keyring of one secret, for usernames with the separator `:`.
    #[must_use]
    pub fn new(current: SharedSecret) -> Self {
        Self { current, previous: Vec::new(), separator: Username::DEFAULT_SEPARATOR }
    }

    /// The same keyring for usernames with another separator.
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
    /// [`Error::BadSeparator`], as [`Username::with_separator`] has it.
    pub fn with_separator(self, separator: char) -> Result<Self, Error> {
        Username::check_separator(separator)?;
        Ok(Self { separator, ..self })
    }

    /// The secret to mint with.
    #[must_use]
    pub fn current(&self) -> &SharedSecret {
        &self.current
    }

    /// Verifies with this secret too, while the current one stays: what a rotation begins with.
    ///
    /// ```
    /// use turn_credentials::{Error, Keyring, SharedSecret};
    ///
    /// let [old, next] = [SharedSecret::new("old")?, SharedSecret::new("next")?];
    /// let username = "1700000000:alice";
    /// let made_with_next = next.password_for(username);
    /// let mut keyring = Keyring::new(old);
    /// let takes = |keyring: &Keyring| {
    ///     keyring.authenticate(username, made_with_next.as_str()).is_ok()
    /// };
    /// assert!(!takes(&keyring));
    /// keyring.accept(next.clone());
    /// assert!(takes(&keyring));
    ///
    /// keyring.rotate(next);
    /// let minted = keyring.current().password_for(username);
    /// assert_eq!(minted.as_str(), made_with_next.as_str());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn accept(&mut self, secret: SharedSecret) {
        // A new list, not a longer one: a Vec that grows leaves what it held in freed memory.
        self.previous = iter::once(secret).chain(self.previous.iter().cloned()).collect();
    }

    /// Makes `next` the current secret; the one that was current still verifies.
    pub fn rotate(&mut self, next: SharedSecret) {
        let old = mem::replace(&mut self.current, next);
        self.accept(old);
    }

    /// Forgets every secret but the current one; what they made is refused from now on.
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

    /// The passwords that a username may have, the current secret's first.
    ///
    /// For a TURN server, which sees no password but a MESSAGE-INTEGRITY keyed with it (RFC 8489
    /// section 9.2): it tries each. Nothing is checked here, so look at the username first, which
    /// costs next to nothing; and at its expiry when a client allocates, but not when it refreshes,
    /// for a running session to live on as with coturn.
    ///
    /// ```
    /// use turn_credentials::{Keyring, SharedSecret, UnixTime, Username};
    ///
    /// let mut keyring = Keyring::new(SharedSecret::new("old")?);
    /// keyring.rotate(SharedSecret::new("next")?);
    ///
    /// /// Whether a STUN request is integral under the long-term key of this password.
    /// fn integral(password: &str) -> bool {
    ///     password == "OPaecmALAZgdp3w6/4JHN2IhjA8="
    /// }
    /// let allocates = |username: &str, now: UnixTime| {
    ///     Username::parse(username).is_ok_and(|username| now <= username.expires_at())
    ///         && keyring.passwords(username).any(|password| integral(password.as_str()))
    /// };
    /// assert!(allocates("1700000000:alice", UnixTime::from_secs(1_700_000_000)));
    /// assert!(!allocates("1700000000:alice", UnixTime::from_secs(1_700_000_001)));
    /// assert!(!allocates("1700000000:bob", UnixTime::from_secs(1_700_000_000)));
    /// # Ok::<(), turn_credentials::Error>(())
    /// ```
    pub fn passwords(&self, username: &str) -> impl Iterator<Item = Password> {
        self.secrets().map(move |secret| secret.password_for(username))
    }

    /// Whether one of the secrets made this password of this username; the username is read after
    /// that.
    ///
    /// For whoever is shown both, and lets what has begun go on after the expiry, as coturn lets a
    /// running session. A TURN server is shown no password: see [`passwords`](Self::passwords).
    ///
    /// # Errors
    ///
    /// * [`VerifyError::WrongPassword`] when none of the secrets made it.
    /// * [`VerifyError::MalformedUsername`] when one did, but of a username that
    ///   [`Username::parse`] does not take.
    pub fn authenticate<'a>(
        &self,
        username: &'a str,
        password: &str,
    ) -> Result<Username<'a>, VerifyError> {
        let tag = Password::decode(password).ok_or(VerifyError::WrongPassword)?;
        // No secret is left out after a match: the time must not tell which one it was.
        let made = |secret: &SharedSecret| secret.tag(username.as_bytes()) == tag;
        if self.secrets().fold(false, |ours, secret| ours | made(secret)) {
            Username::parse_with(self.separator, username)
        } else {
            Err(VerifyError::WrongPassword)
        }
    }

    /// Whether the credential is ours and still lives: the MAC first, then the layout, then the
    /// time.
    ///
    /// Like coturn and pion, it takes a credential in the very second of its expiry. `now` is the
    /// TURN server's clock.
    ///
    /// # Errors
    ///
    /// Those of [`authenticate`](Self::authenticate), and [`VerifyError::Expired`], which therefore
    /// always means that the credential was ours.
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

    /// [`verify_at`](Self::verify_at) by this machine's clock.
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
        iter::once(&self.current).chain(&self.previous)
    }
}
