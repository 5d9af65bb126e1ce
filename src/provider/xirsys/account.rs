//! The account that a call is made for.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;

use crate::provider::api_key::ApiKey;
use crate::provider::argument;
use crate::provider::error::CallError;
use crate::provider::gateway::Gateway;
use crate::provider::http_request::HttpRequest;

/// The gateway that is nearest to the caller.
pub(super) const GATEWAY: Gateway = Gateway::known("https://global.xirsys.net");

/// An ident and its secret, from Xirsys's dashboard.
///
/// ```
/// use turn_credentials::provider::CallError;
/// use turn_credentials::provider::xirsys::{Account, HostRequest};
/// use turn_credentials::provider::ApiCall;
///
/// // Basic authentication sends `primary#sub:!secret`.
/// let account = Account::sub_account_by_primary("primary", "sub", "secret")?;
/// let request = HostRequest::new(&account).request()?.into_inner();
/// assert_eq!(request.headers()["authorization"], "Basic cHJpbWFyeSNzdWI6IXNlY3JldA==");
///
/// let error = Account::new("an:ident", "secret").unwrap_err();
/// assert!(matches!(error, CallError::Argument { name: "ident", .. }));
/// assert_eq!(Account::new("ident", "").unwrap_err(), CallError::Secret);
/// # Ok::<(), CallError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Account {
    ident: String,
    secret: ApiKey,
}

impl Account {
    /// Creates an account.
    ///
    /// ```
    /// use turn_credentials::provider::CallError;
    /// use turn_credentials::provider::xirsys::Account;
    ///
    /// assert!(Account::new("ident", "secret").is_ok());
    /// assert_eq!(Account::new("ident", "secret\n").unwrap_err(), CallError::Secret);
    /// ```
    ///
    /// # Errors
    ///
    /// [`CallError::Argument`] for an ident that is empty, `.` or `..`, or has a colon, a slash or a
    /// control character; [`CallError::Secret`] for a secret that is empty or has a control
    /// character.
    pub fn new(ident: &str, secret: impl Into<ApiKey>) -> Result<Self, CallError> {
        let secret = secret.into();
        Ok(Self { ident: argument::id("ident", ident)?.to_owned(), secret: argument::key(secret)? })
    }

    /// Creates a sub-account, `primary#sub`, that has its own secret. Xirsys interprets a secret
    /// that begins with `!` as the primary account's.
    ///
    /// ```
    /// use turn_credentials::provider::xirsys::{Account, HostRequest};
    /// use turn_credentials::provider::{ApiCall, CallError};
    ///
    /// let account = Account::sub_account("primary", "sub", "secret")?;
    /// let request = HostRequest::new(&account).request()?.into_inner();
    /// // primary#sub:secret
    /// assert_eq!(request.headers()["authorization"], "Basic cHJpbWFyeSNzdWI6c2VjcmV0");
    /// assert!(Account::sub_account("pri#mary", "sub", "secret").is_err());
    /// # Ok::<(), CallError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`new`](Self::new); [`CallError::Argument`] also for `#` in `primary` or `sub`.
    pub fn sub_account(
        primary: &str,
        sub: &str,
        secret: impl Into<ApiKey>,
    ) -> Result<Self, CallError> {
        let secret = secret.into();
        for id in [primary, sub] {
            if argument::id("ident", id)?.contains('#') {
                return Err(CallError::argument("ident", "a string without #"));
            }
        }
        Self::new(&format!("{primary}#{sub}"), secret)
    }

    /// Creates a sub-account, `primary#sub`, that authenticates with the primary account's secret,
    /// sent with `!` before it.
    ///
    /// ```
    /// use turn_credentials::provider::xirsys::{Account, HostRequest};
    /// use turn_credentials::provider::{ApiCall, CallError};
    ///
    /// let account = Account::sub_account_by_primary("primary", "sub", "secret")?;
    /// let request = HostRequest::new(&account).request()?.into_inner();
    /// // primary#sub:!secret
    /// assert_eq!(request.headers()["authorization"], "Basic cHJpbWFyeSNzdWI6IXNlY3JldA==");
    /// # Ok::<(), CallError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`new`](Self::new); [`CallError::Argument`] also for `#` in `primary` or `sub`.
    pub fn sub_account_by_primary(
        primary: &str,
        sub: &str,
        primary_secret: impl Into<ApiKey>,
    ) -> Result<Self, CallError> {
        let secret = argument::key(primary_secret.into())?;
        Self::sub_account(primary, sub, ApiKey::new(format!("!{}", secret.as_str())))
    }

    /// Adds the account's authentication.
    pub(super) fn sign(&self, request: HttpRequest) -> Result<HttpRequest, CallError> {
        request.with_basic(&self.ident, &self.secret)
    }
}
