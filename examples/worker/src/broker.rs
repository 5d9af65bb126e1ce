//! What the Worker answers. The caller provides the clock, the randomness and the network.

use std::net::{IpAddr, Ipv6Addr};
use std::slice;
use std::time::Duration;

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, CONTENT_TYPE,
};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use serde::Serialize;
use turn_credentials::access_token::{AccessTokenError, DEFAULT_TTL};
use turn_credentials::provider::xirsys::{Account, IceRequest};
use turn_credentials::provider::{ApiCall, CallError, Gateway, HttpRequest, http};
use turn_credentials::{AccessToken, AccessTokenKey, IceError, IceLease, TurnServer, UnixTime};

use crate::failure::Failure;
use crate::visitors::Visitors;

pub(crate) struct Broker {
    pub(crate) visitors: Visitors,
    /// The first key issues tokens, and all keys verify them.
    pub(crate) keys: Vec<AccessTokenKey>,
    pub(crate) source: Source,
}

pub(crate) enum Source {
    Coturn(Box<TurnServer>),
    Xirsys(Xirsys),
}

pub(crate) struct Xirsys {
    pub(crate) account: Account,
    pub(crate) gateway: Option<Gateway>,
    pub(crate) channel: String,
    pub(crate) ttl: Duration,
}

/// Bytes of the system's random generator.
pub(crate) struct Random {
    pub(crate) token: [u8; 16],
    pub(crate) name: [u8; 8],
}

/// What the runtime provides.
pub(crate) trait Runtime {
    fn now(&self) -> UnixTime;

    /// Whether this client may ask once more.
    async fn admits(&self, client: &str) -> bool;

    /// The answer to a call, if it comes in time and is not too long.
    async fn send(&self, request: HttpRequest) -> Result<Response<Vec<u8>>, Failure>;
}

impl Broker {
    /// Answers a request; `random` must be new for each.
    pub(crate) async fn answer(
        &self,
        request: &Request<()>,
        random: Random,
        runtime: &impl Runtime,
    ) -> Result<Response<String>, Failure> {
        let headers = request.headers();
        self.visitors.refuse_foreign(headers)?;
        let (path, method) = (request.uri().path(), request.method());
        if method == Method::OPTIONS && self.visitors.permitted(headers).is_some() {
            return Ok(preflight());
        }
        let allowed = match path {
            "/token" => "GET,PUT",
            "/ice" => "GET",
            _ => return Err(Failure::NotFound),
        };
        if !allowed.split(',').any(|allowed| allowed == method) {
            return Err(Failure::MethodNotAllowed { allowed });
        }
        if !runtime.admits(&household(headers)).await {
            return Err(Failure::TooManyRequests);
        }
        let now = runtime.now();
        match (path, method) {
            ("/token", &Method::GET) => self.token(headers, random, now),
            ("/token", _) => {
                let server = self.lease(headers, now, runtime).await?.single_server();
                Ok(json(&server.ok_or(IceError::NoTurn)?))
            }
            _ => {
                let lease = self.lease(headers, now, runtime).await?;
                Ok(json(&lease.answer_at(runtime.now())))
            }
        }
    }

    /// Lets the page read the answer, if its origin is permitted.
    pub(crate) fn share(&self, asked: &HeaderMap, response: &mut Response<String>) {
        if let Some(origin) = self.visitors.permitted(asked) {
            let headers = response.headers_mut();
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("retry-after"));
        }
    }

    fn token(
        &self,
        headers: &HeaderMap,
        random: Random,
        now: UnixTime,
    ) -> Result<Response<String>, Failure> {
        self.visitors.admit_to_token(headers)?;
        let key = self.keys.first().ok_or(AccessTokenError::UnknownKey)?;
        let name = format!("{:016x}", u64::from_be_bytes(random.name));
        let token = key.issue_at(&name, DEFAULT_TTL, random.token, now)?;
        let mut response = Response::new(token.as_str().to_owned());
        let text = HeaderValue::from_static("text/plain; charset=utf-8");
        response.headers_mut().insert(CONTENT_TYPE, text);
        Ok(response)
    }

    async fn lease(
        &self,
        headers: &HeaderMap,
        now: UnixTime,
        runtime: &impl Runtime,
    ) -> Result<IceLease, Failure> {
        self.visitors.admit(headers)?;
        let token = headers.get("tok").and_then(|token| token.to_str().ok());
        let grant = token.and_then(|token| AccessToken::verify_at(token, &self.keys, now).ok());
        let grant = grant.ok_or(Failure::Unauthorized)?;
        let lease = match &self.source {
            Source::Coturn(server) => {
                IceLease::generate_at(grant.subject(), slice::from_ref(server), now)?
            }
            Source::Xirsys(xirsys) => {
                let call = xirsys.call(now)?;
                let answer = runtime.send(call.request()?).await?;
                let lease = call.read_answer(&answer)?;
                lease.single_server().ok_or(Failure::NoTurn)?;
                lease
            }
        };
        Ok(lease.for_browsers(|_, _| ())?)
    }
}

impl Xirsys {
    /// A call at the time `now`.
    pub(crate) fn call(&self, now: UnixTime) -> Result<IceRequest, CallError> {
        let call = IceRequest::new(&self.account, &self.channel, self.ttl, now)?;
        Ok(match self.gateway.clone() {
            Some(gateway) => call.via(gateway),
            None => call,
        })
    }
}

fn preflight() -> Response<String> {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    let names = "tok,authorization,origin,x-requested-with,content-type,accept";
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(names));
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET,PUT"));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("3600"));
    response
}

pub(crate) fn json(body: &impl Serialize) -> Response<String> {
    // This fails only for maps with keys other than strings, which no answer has.
    let mut response = Response::new(serde_json::to_string(body).unwrap_or_default());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// What the rate limit counts: the address or, since an IPv6 subscriber has at least 64 bits of
/// addresses (RFC 6177), the network of 64 bits. Cloudflare sets the header, whatever the client
/// sent.
fn household(headers: &HeaderMap) -> String {
    let address = headers.get("cf-connecting-ip").and_then(|address| address.to_str().ok());
    match address.and_then(|address| address.parse().ok()) {
        Some(IpAddr::V6(address)) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).to_string(),
        Some(IpAddr::V4(address)) => address.to_string(),
        None => String::new(),
    }
}
