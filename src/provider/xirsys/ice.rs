//! Asking for ICE servers.

use core::net::IpAddr;
use core::time::Duration;

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use http::header::CONTENT_TYPE;
use http::{Request, Response};
use serde_json::json;

use super::account::{Account, GATEWAY};
use super::channel;
use super::envelope::open;
use super::public_address::is_public;
use crate::ice::IceLease;
use crate::provider::answer::lease;
use crate::provider::api_call::ApiCall;
use crate::provider::argument;
use crate::provider::error::{ApiError, CallError};
use crate::provider::gateway::Gateway;
use crate::provider::http_request::HttpRequest;
use crate::time::UnixTime;

/// A call for ICE servers: `PUT /_turn/<channel>?webrtc=1`.
///
/// Xirsys has used several forms of answer; this call reads all of them.
///
/// ```
/// use core::time::Duration;
/// use turn_credentials::UnixTime;
/// use turn_credentials::provider::xirsys::{Account, IceRequest};
/// use turn_credentials::provider::{ApiCall, Gateway};
///
/// let (account, now) = (Account::new("ident", "secret")?, UnixTime::from_secs(1_700_000_000));
/// let call = IceRequest::new(&account, "my/channel", Duration::from_secs(60), now)?
///     .via(Gateway::new("https://xirsys.example.org")?)
///     .for_user("8.8.8.8".parse()?)?;
/// let request = call.request()?.into_inner();
/// assert_eq!(
///     request.uri(),
///     "https://xirsys.example.org/_turn/my/channel?webrtc=1&expire=60&geo=1"
/// );
/// assert_eq!(request.body(), br#"{"user_ip":"8.8.8.8"}"#);
///
/// assert!(call.for_user("10.0.0.1".parse()?).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct IceRequest {
    account: Account,
    gateway: Gateway,
    channel: String,
    ttl: u32,
    user_ip: Option<IpAddr>,
    now: UnixTime,
}

impl IceRequest {
    /// Asks for servers whose logins last for `ttl` from `now`: at least 1 second, at most 6 hours.
    ///
    /// The ttl is always sent: without it, Xirsys silently applies 30 or 60 seconds.
    ///
    /// ```
    /// use core::time::Duration;
    /// use turn_credentials::UnixTime;
    /// use turn_credentials::provider::xirsys::{Account, IceRequest};
    /// use turn_credentials::provider::{ApiCall, CallError};
    ///
    /// let (account, now) = (Account::new("ident", "secret")?, UnixTime::from_secs(1_700_000_000));
    /// let minute = Duration::from_secs(60);
    /// let request = IceRequest::new(&account, "my/channel", minute, now)?.request()?.into_inner();
    /// assert_eq!(request.uri(), "https://global.xirsys.net/_turn/my/channel?webrtc=1&expire=60");
    ///
    /// let too_long = IceRequest::new(&account, "my/channel", 361 * minute, now);
    /// assert_eq!(too_long.unwrap_err(), CallError::Ttl { least: 1, most: 21_600 });
    /// assert!(IceRequest::new(&account, "my//channel", minute, now).is_err());
    /// # Ok::<(), CallError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`CallError::Argument`] for a channel with an empty segment, `.` or `..`;
    /// [`CallError::Ttl`] for any other ttl.
    pub fn new(
        account: &Account,
        channel: &str,
        ttl: Duration,
        now: UnixTime,
    ) -> Result<Self, CallError> {
        // 6 hours: the limit that Xirsys's own SDK enforces.
        const MAX_TTL: u32 = 21_600;

        Ok(Self {
            account: account.clone(),
            gateway: GATEWAY,
            channel: channel::encode(channel)?,
            ttl: argument::ttl(ttl, 1, MAX_TTL)?,
            user_ip: None,
            now,
        })
    }

    /// Uses another gateway instead of `https://global.xirsys.net`.
    #[must_use]
    pub fn via(self, gateway: Gateway) -> Self {
        Self { gateway, ..self }
    }

    /// Asks for servers near the user at this address (`geo=1`). An IPv4-mapped IPv6 address is
    /// treated as IPv4.
    ///
    /// ```
    /// use core::time::Duration;
    /// use turn_credentials::UnixTime;
    /// use turn_credentials::provider::xirsys::{Account, IceRequest};
    /// use turn_credentials::provider::ApiCall;
    ///
    /// let (account, now) = (Account::new("ident", "secret")?, UnixTime::from_secs(1_700_000_000));
    /// let minute = Duration::from_secs(60);
    /// let call = IceRequest::new(&account, "my/channel", minute, now)?;
    /// let near_user = call.clone().for_user("::ffff:8.8.8.8".parse()?)?;
    /// assert_eq!(near_user.request()?.into_inner().body(), br#"{"user_ip":"8.8.8.8"}"#);
    /// assert!(call.for_user("192.168.0.1".parse()?).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`CallError::Argument`] for an address that is not public, which Xirsys cannot use.
    pub fn for_user(self, address: IpAddr) -> Result<Self, CallError> {
        let address = address.to_canonical();
        if !is_public(address) {
            let expected = "a public one: otherwise, omit it";
            return Err(CallError::argument("user's address", expected));
        }
        Ok(Self { user_ip: Some(address), ..self })
    }
}

impl ApiCall for IceRequest {
    type Answer = IceLease;

    fn request(&self) -> Result<HttpRequest, CallError> {
        let Self { gateway, channel, ttl, user_ip, .. } = self;
        let geo = if user_ip.is_some() { "&geo=1" } else { "" };
        let base = gateway.as_str();
        let put = Request::put(format!("{base}/_turn/{channel}?webrtc=1&expire={ttl}{geo}"));
        let request = match user_ip {
            None => put.body(Vec::new())?,
            Some(address) => {
                let body = json!({ "user_ip": address.to_string() });
                put.header(CONTENT_TYPE, "application/json").body(body.to_string().into_bytes())?
            }
        };
        let request = HttpRequest::new(request).showing_header(&CONTENT_TYPE);
        self.account.sign(request.showing_query().showing_body())
    }

    fn read_answer(&self, response: &Response<Vec<u8>>) -> Result<IceLease, ApiError> {
        let ttl = Duration::from_secs(self.ttl.into());
        open(response, |json| lease(json, self.now, Some(ttl)))
    }
}
