//! `check --audit`: to which private addresses would the server relay?
//!
//! It asks only for permissions (RFC 8656 section 9) and sends no data.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use rustls::SupportedProtocolVersion;
use rustls::version::{TLS12, TLS13};
use serde::Serialize;
use stun_types::AddressFamily;
use tokio::net::TcpStream;
use tokio::time::timeout;
use turn_credentials::ice::Login;

use super::report::Outcome;
use super::session::Session;
use super::target::Target;
use super::transport::Way;
use super::{Check, certificate, progress, relay};

/// For each range: an address to try, the name of the range, and how `turnserver.conf` denies it.
///
/// coturn denies some ranges by default (its ChangeLog, up to 4.17.1): loopback since 4.5.1, `::1`
/// and 0.0.0.0/8 since 4.5.2, 169.254.0.0/16 and fc00::/7 since 4.13.1.
const RANGES: [(&str, &str, &str); 10] = [
    ("127.0.0.1", "127.0.0.0/8, the server itself", "remove allow-loopback-peers"),
    ("0.0.0.0", "0.0.0.0/8, the server itself", "denied-peer-ip=0.0.0.0-0.255.255.255"),
    (
        "169.254.169.254",
        "169.254.0.0/16, with a cloud's metadata",
        "denied-peer-ip=169.254.0.0-169.254.255.255",
    ),
    ("10.0.0.1", "10.0.0.0/8, private", "denied-peer-ip=10.0.0.0-10.255.255.255"),
    ("172.16.0.1", "172.16.0.0/12, private", "denied-peer-ip=172.16.0.0-172.31.255.255"),
    ("192.168.0.1", "192.168.0.0/16, private", "denied-peer-ip=192.168.0.0-192.168.255.255"),
    ("224.0.0.1", "224.0.0.0/4, multicast", "no-multicast-peers"),
    ("::1", "::1, the server itself", "remove allow-loopback-peers"),
    (
        "fc00::1",
        "fc00::/7, private",
        "denied-peer-ip=fc00::-fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    ),
    ("ff02::1", "ff00::/8, multicast", "no-multicast-peers"),
];

/// Any port: a permission applies to the address alone (RFC 8656 section 9).
const PORT: u16 = 9;

/// The server's answer for one range.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Finding {
    range: &'static str,
    /// The address that was tried.
    address: IpAddr,
    result: Answer,
    /// Why the range could not be tested.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    /// How `turnserver.conf` denies the range.
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Answer {
    Allowed,
    Denied,
    NotTested,
}

impl Finding {
    pub(crate) fn is_allowed(&self) -> bool {
        self.result == Answer::Allowed
    }

    pub(crate) fn is_tested(&self) -> bool {
        self.result != Answer::NotTested
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { range, address, .. } = self;
        match (self.result, &self.why) {
            (Answer::Allowed, _) => write!(f, "WARNING: relays to {range}")?,
            (Answer::Denied, _) => write!(f, "denied: {range}")?,
            (Answer::NotTested, why) => {
                return write!(f, "not tested: {range}: {}", why.as_deref().unwrap_or_default());
            }
        }
        if !range.starts_with(&address.to_string()) || range.contains('/') {
            write!(f, " (tried {address})")?;
        }
        self.remedy.map_or(Ok(()), |remedy| write!(f, "; in turnserver.conf: {remedy}"))
    }
}

/// A server whose ranges were tested, so that its other URIs need no test.
pub(crate) struct Audited {
    address: IpAddr,
    realm: Option<String>,
    software: Option<String>,
    label: String,
}

impl Audited {
    fn is_same(&self, other: &Self) -> bool {
        (self.address, &self.realm, &self.software)
            == (other.address, &other.realm, &other.software)
    }
}

/// Asks for a permission in each range, with one allocation per address family.
pub(crate) async fn audit(
    check: &Check,
    target: &Target,
    login: &Login,
    audited: &mut Vec<Audited>,
    outcome: &mut Outcome,
) {
    let Ok((way, address)) = target.at else { return };
    let (realm, software) = (outcome.realm.clone(), outcome.software.clone());
    let here = Audited { address: address.ip(), realm, software, label: target.label() };
    if let Some(done) = audited.iter().find(|done| done.is_same(&here)) {
        outcome.notes.push(format!("audit: see {}, which is the same server", done.label));
    } else {
        progress(target, "auditing");
        outcome.audit = Some(ranges(check, target, login, way, address).await);
        if outcome.is_audited() {
            audited.push(here);
        }
    }
    if way == Way::Tls {
        outcome.notes.push(tls_versions(check, target, address).await);
    }
}

async fn ranges(
    check: &Check,
    target: &Target,
    login: &Login,
    way: Way,
    address: SocketAddr,
) -> Vec<Finding> {
    let ranges = RANGES
        .into_iter()
        .filter_map(|(text, range, line)| Some((text.parse().ok()?, range, line)));
    let (ipv4, ipv6): (Vec<_>, Vec<_>) = ranges
        .partition(|(address, ..): &(IpAddr, _, _)| relay::family(*address) == AddressFamily::IPV4);
    let mut findings = Vec::new();
    for (family, ranges) in [(AddressFamily::IPV4, ipv4), (AddressFamily::IPV6, ipv6)] {
        let session = match check.connect(target, way, address).await {
            Ok(mut session) => match super::allocate_again(&mut session, login, family).await {
                Ok(_) => Ok(session),
                Err(error) => Err(match error.code() {
                    Some(440) => "the server has no relays of this family (440)".into(),
                    _ => format!("no relay: {error}"),
                }),
            },
            Err(error) => Err(error.to_string()),
        };
        findings.extend(of_family(session, ranges).await);
    }
    findings
}

async fn of_family(
    session: Result<Session, String>,
    ranges: Vec<(IpAddr, &'static str, &'static str)>,
) -> Vec<Finding> {
    let (mut session, mut closed) = match session {
        Ok(session) => (Some(session), String::new()),
        Err(why) => (None, why),
    };
    let mut findings = Vec::new();
    for (address, range, line) in ranges {
        let (result, why) = match session.as_mut().filter(|_| closed.is_empty()) {
            None => (Answer::NotTested, Some(closed.clone())),
            Some(session) => {
                match session.create_permission(SocketAddr::new(address, PORT)).await {
                    Ok(()) => (Answer::Allowed, None),
                    // The relay is of another family (RFC 8656 section 9.2).
                    Err(error) if error.code() == Some(443) => {
                        (Answer::NotTested, Some("the relay is of another family (443)".into()))
                    }
                    Err(error) if error.code() == Some(403) => (Answer::Denied, None),
                    Err(error) => {
                        // The other ranges would get no answer either.
                        if error.code().is_none() {
                            closed = error.to_string();
                        }
                        (Answer::NotTested, Some(error.to_string()))
                    }
                }
            }
        };
        let remedy = (result == Answer::Allowed).then_some(line);
        findings.push(Finding { range, address, result, why, remedy });
    }
    if let Some(session) = session {
        session.release().await;
    }
    findings
}

/// Which TLS versions the server accepts, of those that rustls can try.
async fn tls_versions(check: &Check, target: &Target, address: SocketAddr) -> String {
    const TRIED: [(&str, &SupportedProtocolVersion); 2] = [("1.2", &TLS12), ("1.3", &TLS13)];

    let (host, authorities, patience) = (target.uri.host(), &check.authorities, check.patience);
    let mut answers = Vec::new();
    for (name, version) in TRIED {
        let answer = match timeout(patience, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                let versions = &[version];
                match certificate::handshake(stream, host, authorities, patience, versions).await {
                    Ok(_) => "offered".into(),
                    Err(error) if is_refusal(&error) => "not offered".into(),
                    Err(error) => format!("not tested ({error})"),
                }
            }
            _ => "not tested (no connection)".into(),
        };
        answers.push(format!("{name} {answer}"));
    }
    format!("TLS versions: {}; 1.0 and 1.1 cannot be tried", answers.join(", "))
}

fn is_refusal(error: &std::io::Error) -> bool {
    use rustls::Error::{AlertReceived, PeerIncompatible};

    let error = error.get_ref().and_then(|error| error.downcast_ref());
    matches!(error, Some(AlertReceived(_) | PeerIncompatible(_)))
}
