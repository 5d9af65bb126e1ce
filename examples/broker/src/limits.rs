//! Rate limits for addresses and keys, and a client's address when proxies are in front.

use std::fmt;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::time::Duration;

use axum::http::HeaderMap;
use clap::Args;
use governor::clock::Clock;
use governor::{DefaultKeyedRateLimiter, Quota};
use ipnet::{IpNet, Ipv4Net};
use tokio::time;

use crate::failure::Failure;
use crate::program;

#[derive(Args)]
#[group(skip)]
#[command(next_help_heading = "Limits")]
pub(crate) struct Options {
    /// Requests per minute for each client address; they may come all at once. Only requests to
    /// /token and /ice count, and those with a wrong key. Preflights and requests from pages of
    /// other origins do not count
    #[arg(long, env = "BROKER_REQUESTS_PER_MINUTE", value_name = "COUNT", default_value = "120")]
    requests_per_minute: NonZeroU32,

    /// Requests per minute with each key (for /turn, for Matrix and for clients); they may come all
    /// at once. A client needs two to get a login [default: no limit]
    #[arg(long, env = "BROKER_KEY_REQUESTS_PER_MINUTE", value_name = "COUNT")]
    key_requests_per_minute: Option<NonZeroU32>,

    /// Address or network of a proxy whose X-Forwarded-For is trusted; may be repeated
    #[arg(
        long = "trusted-proxy",
        env = "BROKER_TRUSTED_PROXY",
        value_name = "ADDRESS",
        value_delimiter = ',',
        value_parser = network
    )]
    trusted_proxies: Vec<IpNet>,
}

impl Options {
    /// Refuses an option without effect.
    pub(crate) fn check(&self, has_keys: bool) -> program::Result<()> {
        if self.key_requests_per_minute.is_some() && !has_keys {
            return Err("--key-requests-per-minute does nothing without a key: remove it".into());
        }
        Ok(())
    }
}

/// An address or a network, as canonical as the addresses that it is compared with.
fn network(text: &str) -> Result<IpNet, ipnet::AddrParseError> {
    let alone = text.parse::<IpAddr>().map(IpNet::from);
    let network = alone.or_else(|_| text.parse())?;
    let mapped = match network {
        IpNet::V6(net) => net.addr().to_ipv4_mapped().zip(net.prefix_len().checked_sub(96)),
        IpNet::V4(_) => None,
    };
    let v4 = mapped.and_then(|(address, prefix)| Ipv4Net::new(address, prefix).ok());
    Ok(v4.map_or(network, IpNet::from))
}

pub(crate) struct Limits {
    trusted_proxies: Vec<IpNet>,
    per_address: DefaultKeyedRateLimiter<IpAddr>,
    per_key: Option<DefaultKeyedRateLimiter<KeyKind>>,
}

/// Which key a request presents.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum KeyKind {
    Api,
    Matrix,
    Client,
}

impl Limits {
    pub(crate) fn new(options: Options) -> Self {
        let quota = Quota::per_minute(options.requests_per_minute);
        Self {
            trusted_proxies: options.trusted_proxies,
            per_address: DefaultKeyedRateLimiter::keyed(quota),
            per_key: options
                .key_requests_per_minute
                .map(|count| DefaultKeyedRateLimiter::keyed(Quota::per_minute(count))),
        }
    }

    /// The nearest address that is not a trusted proxy's: anyone can forge what precedes it in
    /// `X-Forwarded-For`.
    pub(crate) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> Client {
        let lists = headers.get_all("x-forwarded-for").into_iter();
        let hops = lists.flat_map(|list| list.as_bytes().split(|&byte| byte == b','));
        let mut client = peer.to_canonical();
        for hop in hops.rev() {
            match address(hop) {
                Some(address) if self.trusts(client) => client = address,
                _ => break,
            }
        }
        Client(client)
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|network| network.contains(&address))
    }

    pub(crate) fn count(&self, client: Client) -> Result<(), Failure> {
        check(&self.per_address, &client.household())
    }

    pub(crate) fn count_key(&self, kind: KeyKind) -> Result<(), Failure> {
        self.per_key.as_ref().map_or(Ok(()), |per_key| check(per_key, &kind))
    }

    /// Forgets addresses without recent requests; never ends.
    pub(crate) async fn forget_now_and_then(&self) {
        let mut minutes = time::interval(Duration::from_secs(60));
        loop {
            minutes.tick().await;
            self.per_address.retain_recent();
            self.per_address.shrink_to_fit();
        }
    }
}

fn check<K: Clone + Eq + Hash>(
    limiter: &DefaultKeyedRateLimiter<K>,
    key: &K,
) -> Result<(), Failure> {
    limiter.check_key(key).map_err(|exceeded| {
        let wait = exceeded.wait_time_from(limiter.clock().now());
        Failure::TooManyRequests { wait: wait.max(Duration::from_secs(1)) }
    })
}

/// The address in one entry of `X-Forwarded-For`; some proxies add the port.
fn address(hop: &[u8]) -> Option<IpAddr> {
    let hop = str::from_utf8(hop).ok()?.trim();
    let bare = hop.parse().ok();
    let address = bare.or_else(|| hop.parse().ok().map(|hop: SocketAddr| hop.ip()));
    address.map(|address| address.to_canonical())
}

/// The address of the client.
#[derive(Clone, Copy)]
pub(crate) struct Client(IpAddr);

impl Client {
    pub(crate) fn address(self) -> IpAddr {
        self.0
    }

    /// What the rate limit counts: the address or, since an IPv6 subscriber has at least 64 bits of
    /// addresses (RFC 6177), the network of 64 bits.
    fn household(self) -> IpAddr {
        match self.0 {
            IpAddr::V4(_) => self.0,
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        }
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use std::iter;

    use axum::http::HeaderValue;

    use super::*;

    fn limits(requests_per_minute: u32, trusted: &[&str]) -> Limits {
        Limits::new(Options {
            requests_per_minute: requests_per_minute.try_into().unwrap(),
            key_requests_per_minute: None,
            trusted_proxies: trusted.iter().map(|text| network(text).unwrap()).collect(),
        })
    }

    #[test]
    fn the_client_behind_proxies() {
        for (trusted, peer, forwarded, client) in [
            (&[][..], "203.0.113.1", &["198.51.100.1"][..], "203.0.113.1"),
            (&["10.0.0.0/8"], "10.1.1.1", &[], "10.1.1.1"),
            (&["10.0.0.0/8"], "10.1.1.1", &["198.51.100.1"], "198.51.100.1"),
            (&["10.0.0.0/8"], "::ffff:10.1.1.1", &["198.51.100.1"], "198.51.100.1"),
            (&["10.0.0.0/8"], "10.1.1.1", &["forged, 198.51.100.1, 10.2.2.2"], "198.51.100.1"),
            (&["10.0.0.0/8"], "10.1.1.1", &["9.9.9.9", "198.51.100.1 ,10.2.2.2"], "198.51.100.1"),
            (&["10.0.0.0/8"], "10.1.1.1", &["198.51.100.1, unknown"], "10.1.1.1"),
            (&["10.0.0.0/8"], "10.1.1.1", &["198.51.100.1:4711"], "198.51.100.1"),
            (&["::ffff:10.1.1.1"], "10.1.1.1", &["198.51.100.1"], "198.51.100.1"),
            (&["10.0.0.0/8"], "10.1.1.1", &["\u{ff}, 198.51.100.1"], "198.51.100.1"),
            (&["10.0.0.0/8"], "10.1.1.1", &["198.51.100.1, \u{ff}"], "10.1.1.1"),
            (&["::1"], "::1", &["[2001:db8::7]:4711"], "2001:db8::7"),
            (&["::1"], "203.0.113.1", &["2001:db8::7"], "203.0.113.1"),
        ] {
            let name = "x-forwarded-for".parse().unwrap();
            let values = forwarded.iter().map(|list| list.parse::<HeaderValue>().unwrap());
            let headers: HeaderMap = iter::repeat(name).zip(values).collect();
            let found = limits(1, trusted).client(peer.parse().unwrap(), &headers);
            assert_eq!(found.to_string(), client, "{peer} {forwarded:?}");
        }
    }

    #[test]
    fn networks_are_as_canonical_as_addresses() {
        for (text, found) in [
            ("10.0.0.1", "10.0.0.1/32"),
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("::ffff:10.0.0.1", "10.0.0.1/32"),
            ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
            ("::ffff:0:0/96", "0.0.0.0/0"),
            ("::ffff:0:0/95", "::ffff:0.0.0.0/95"),
            ("::/0", "::/0"),
            ("2001:db8::1", "2001:db8::1/128"),
            ("2001:db8::/112", "2001:db8::/112"),
        ] {
            assert_eq!(network(text).unwrap().to_string(), found, "{text}");
        }
        for bad in ["", "proxy", "10.0.0.0/33", "::/129", "10.0.0.1:80"] {
            assert!(network(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn each_household_has_its_own_limit() {
        let limits = limits(2, &[]);
        let count = |address: &str| limits.count(Client(address.parse().unwrap())).is_ok();
        assert_eq!(["192.0.2.1"; 3].map(count), [true, true, false]);
        assert!(count("192.0.2.2"));
        assert_eq!(["2001:db8::1", "2001:db8::2", "2001:db8::3"].map(count), [true, true, false]);
        assert!(count("2001:db8:0:1::1"));
    }
}
