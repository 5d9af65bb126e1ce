//! The results, in words, as a table and as JSON.

use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use serde::Serialize;

use super::audit::Finding;
use super::certificate::{Problem as CertificateProblem, Tls};
use super::relay::{Passage, as_ms};
use super::session::TurnError;
use super::target::Target;
use super::transport::Way;
use super::why::Experiment;

/// What was found at one address of one URI.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Outcome {
    pub(crate) uri: String,
    pub(crate) address: Option<SocketAddr>,
    pub(crate) result: Verdict,
    /// The verdict in plain words.
    pub(crate) message: String,
    /// If there are any, `message` above is that of the first.
    pub(crate) problems: Vec<Problem>,
    pub(crate) notes: Vec<String>,
    pub(crate) tls: Option<Tls>,
    pub(crate) software: Option<String>,
    pub(crate) realm: Option<String>,
    pub(crate) mapped: Option<SocketAddr>,
    #[serde(serialize_with = "as_ms", rename = "binding_ms")]
    pub(crate) binding: Option<Duration>,
    pub(crate) relay: Option<SocketAddr>,
    pub(crate) lifetime: Option<u64>,
    pub(crate) to_peer: Option<Passage>,
    pub(crate) to_peer_by_channel: Option<Passage>,
    pub(crate) to_relay: Option<Passage>,
    /// What `--audit` found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) audit: Option<Vec<Finding>>,
    /// What `--why` found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) why: Option<Experiment>,
    /// What `--measure-clock` found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) clock: Option<Experiment>,
    /// Why no data could be sent through the relay.
    #[serde(skip)]
    pub(crate) untested: Option<String>,
    #[serde(skip)]
    pub(crate) label: String,
}

/// The verdict on a server, ordered so that the least of several verdicts is the worst.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Verdict {
    Fails,
    /// It works, but `--audit` found ranges that it should deny.
    Warns,
    Works,
    #[default]
    NotTried,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Problem {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl Outcome {
    pub(crate) fn of(target: &Target) -> Self {
        let address = target.at.as_ref().ok().map(|(_, address)| *address);
        Self { uri: target.uri.to_string(), address, label: target.label(), ..Self::default() }
    }

    pub(crate) fn problem(&mut self, code: &'static str, message: impl Into<String>) {
        self.problems.push(Problem { code, message: message.into() });
    }

    /// Decides the verdict, after everything was tried.
    pub(crate) fn finish(mut self) -> Self {
        let open = self.audit.iter().flatten().filter(|finding| finding.is_allowed()).count();
        if let Some(problem) = self.problems.first() {
            self.result = Verdict::Fails;
            self.message.clone_from(&problem.message);
        } else if open > 0 {
            self.result = Verdict::Warns;
            let works = if self.untested.is_none() { "works, but " } else { "" };
            self.message =
                format!("{works}--audit found ranges that the server should deny: {open}");
        } else if let Some(why) = self.untested.take() {
            self.message = why;
        } else {
            self.result = Verdict::Works;
            if self.message.is_empty() {
                self.message = "works: data passes through a relay in both directions".into();
            }
        }
        self.notes.extend(self.untested.take());
        self
    }

    pub(crate) fn not_tried(mut self, why: impl Into<String>) -> Self {
        self.message = why.into();
        self
    }

    fn certificate(&self) -> Option<String> {
        let tls = self.tls.as_ref()?;
        let days = match tls.days_left {
            Some(days) if days >= 0 => format!(", days until the certificate expires: {days}"),
            _ => String::new(),
        };
        Some(format!("{}{days}", tls.version))
    }

    /// Whether `--audit` could test a range at this server.
    pub(crate) fn is_audited(&self) -> bool {
        self.audit.iter().flatten().any(Finding::is_tested)
    }

    /// The server's row of the table.
    fn row(&self) -> [String; 6] {
        let none = || "-".to_owned();
        let result = match self.result {
            Verdict::Works => "works",
            Verdict::Warns => "warns",
            Verdict::Fails => "FAILS",
            Verdict::NotTried => "not tried",
        };
        [
            result.into(),
            self.label.clone(),
            self.binding.map_or_else(none, ms),
            self.relay.map_or_else(none, |relay| relay.to_string()),
            self.to_peer.as_ref().map_or_else(none, passage),
            self.to_relay.as_ref().map_or_else(none, passage),
        ]
    }
}

fn ms(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

fn passage(passage: &Passage) -> String {
    if passage.error.is_some() {
        return "not tried".into();
    }
    let lost = passage.sent - passage.returned;
    match passage.median_round_trip_ms {
        Some(time) if lost > 0 => format!("{}, {lost} of {} lost", ms(time), passage.sent),
        Some(time) => ms(time),
        None => "nothing".into(),
    }
}

/// First the verdicts in words, then the table.
pub(crate) fn print(outcomes: &[Outcome], output: &mut dyn Write) -> std::io::Result<()> {
    for outcome in outcomes {
        writeln!(output, "{}: {}", outcome.label, outcome.message)?;
        for problem in outcome.problems.iter().skip(1) {
            writeln!(output, "  also: {}", problem.message)?;
        }
        if let Some(certificate) = outcome.certificate() {
            writeln!(output, "  {certificate}")?;
        }
        if let Some(software) = &outcome.software {
            writeln!(output, "  server software: {software}")?;
        }
        for note in &outcome.notes {
            writeln!(output, "  note: {note}")?;
        }
        for finding in outcome.audit.iter().flatten() {
            writeln!(output, "  audit: {finding}")?;
        }
    }
    let head = ["", "server", "binding", "relay address", "relay to us", "relay to relay"];
    let rows: Vec<_> =
        [head.map(str::to_owned)].into_iter().chain(outcomes.iter().map(Outcome::row)).collect();
    writeln!(output)?;
    for row in &rows {
        let cells = row.iter().enumerate().map(|(column, cell)| {
            let width = rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
            format!("{cell:width$}")
        });
        writeln!(output, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    Ok(())
}

/// Explains why a server cannot be reached.
pub(crate) fn unreachable(way: Way, address: SocketAddr, error: &std::io::Error) -> Problem {
    use std::io::ErrorKind;

    let port = address.port();
    let protocol = if way == Way::Udp { "UDP" } else { "TCP" };
    let (code, message) = match error.kind() {
        ErrorKind::ConnectionRefused => (
            "refused",
            format!(
                "{protocol} port {port} is closed: no server listens, or a firewall rejects packets"
            ),
        ),
        ErrorKind::TimedOut => (
            "no-answer",
            format!(
                "nothing answers at {protocol} port {port}: a firewall drops the packets, or the \
                 address is wrong"
            ),
        ),
        _ if way == Way::Tls => (
            "tls",
            format!(
                "TLS failed at port {port} ({error}): set cert= and pkey= on the server, or use \
                 turn: if it speaks plain TURN there"
            ),
        ),
        _ => ("unreachable", format!("cannot reach {protocol} port {port}: {error}")),
    };
    Problem { code, message }
}

/// Explains why Binding failed, which needs no login.
pub(crate) fn no_binding(way: Way, address: SocketAddr, error: &TurnError) -> Problem {
    let port = address.port();
    let (code, message) = match error {
        TurnError::Io(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
            return unreachable(way, address, error);
        }
        TurnError::Refused { .. } => (
            "binding-refused",
            format!(
                "the server refuses Binding ({error}), so clients cannot learn their address from \
                 it: for coturn, remove secure-stun"
            ),
        ),
        TurnError::NoAnswer if way == Way::Udp => (
            "no-answer",
            format!(
                "nothing answers at UDP port {port}: a firewall drops the packets, or no server \
                 listens there"
            ),
        ),
        TurnError::NoAnswer => (
            "not-stun",
            format!("port {port} accepts connections but does not answer: it is not a TURN server"),
        ),
        error => (
            "not-stun",
            format!(
                "port {port} does not speak TURN ({error}): it belongs to another service, or \
                 expects TLS"
            ),
        ),
    };
    Problem { code, message }
}

pub(crate) fn certificate(problem: &CertificateProblem, host: &str) -> Problem {
    let (code, message) = match problem {
        CertificateProblem::Expired => (
            "certificate-expired",
            "the certificate has expired: renew it, and have the server reload it (coturn: SIGUSR2)"
                .into(),
        ),
        CertificateProblem::NotYetValid => (
            "certificate-not-yet-valid",
            "the certificate is not valid yet: check this machine's clock, then the certificate"
                .into(),
        ),
        CertificateProblem::WrongName => (
            "certificate-wrong-name",
            format!(
                "the certificate is not for {host}, so browsers refuse it: get one for that name"
            ),
        ),
        CertificateProblem::UnknownIssuer => (
            "certificate-unknown-issuer",
            "no known authority signed the certificate: add the intermediate certificates to \
             cert=, or give your own authority with --ca"
                .into(),
        ),
        CertificateProblem::Other(why) => {
            ("certificate", format!("browsers would not accept the certificate: {why}"))
        }
    };
    Problem { code, message }
}

/// Explains why Allocate failed.
pub(crate) fn refused(error: &TurnError, minted: bool) -> Problem {
    let (code, message) = match error.code() {
        Some(401) if minted => (
            "unauthorized",
            "the server refuses the login (401): it has another secret, its clock is off, it \
             expects another username, or it has only static users (lt-cred-mech); run again with \
             --why to find out"
                .into(),
        ),
        Some(401) => (
            "unauthorized",
            "the server refuses the login (401): it is wrong or has expired, the server has \
             another secret, or its clock is off; run turn-credentials diagnose to find the \
             mistake"
                .into(),
        ),
        Some(400) => (
            "bad-request",
            "the server calls the login malformed (400): coturn does so if the username is too \
             long, or has a blank, a quote or a backslash; pion and webrtc-rs do so for any wrong \
             login"
                .into(),
        ),
        Some(403) => (
            "forbidden",
            "the server forbids relaying for this login or this client (403)".into(),
        ),
        Some(437) => (
            "allocation-mismatch",
            "the server says that this port already has an allocation (437): run again".into(),
        ),
        Some(441) => (
            "wrong-credentials",
            "the server has another username for this port (441): run again".into(),
        ),
        Some(442) => ("no-udp-relay", "the server does not relay UDP (442)".into()),
        Some(486) => (
            "quota",
            "the login is right, but its quota is used up (486): wait until its allocations end, \
             or raise user-quota or total-quota"
                .into(),
        ),
        Some(508) => (
            "no-capacity",
            "the login is right, but the server has no free relay port (508): widen the range from \
             min-port to max-port"
                .into(),
        ),
        Some(300) => (
            "try-alternate",
            "the server redirects to another server (300): check that one".into(),
        ),
        Some(_) => ("refused", format!("the server refuses a relay: {error}")),
        None => match error {
            TurnError::NoAnswer => (
                "no-answer-to-allocate",
                "the server does not answer Allocate with a login: it is only a STUN server, or it \
                 has a rate limit"
                    .into(),
            ),
            TurnError::NoChallenge => (
                "no-challenge",
                "the server answers 401 without realm or nonce: it does not support logins with a \
                 username and password"
                    .into(),
            ),
            _ => ("allocate", format!("no relay: {error}")),
        },
    };
    Problem { code, message }
}

/// Judges whether data passes through the relay.
pub(crate) fn data(outcome: &mut Outcome) {
    let Some(relay) = outcome.relay else { return };
    let peer = outcome.to_peer.as_ref();
    let far = outcome.to_relay.as_ref();
    let odd = [peer, far].into_iter().flatten().find_map(|passage| passage.odd_source);
    let denied = |passage: Option<&Passage>| passage.is_some_and(|it| it.code == Some(403));
    let works = |passage: Option<&Passage>| passage.is_some_and(Passage::works);
    let tried = |passage: Option<&Passage>| passage.is_some_and(|it| it.error.is_none());
    outcome.notes.extend(far.and_then(|far| relay_to_relay(far, works(peer))));

    let (code, message) = if let Some(source) = odd.filter(|odd| odd.ip() != relay.ip()) {
        let (relay, source) = (relay.ip(), source.ip());
        let says = format!(
            "the server says that its relay is at {relay}, but datagrams come from {source}"
        );
        let message = if outcome.address.is_some_and(|address| address.ip() == source) {
            format!(
                "{says}, the address that you connected to: external-ip is wrong, or you reach the \
                 server behind its NAT: check from outside before you change it"
            )
        } else {
            format!("{says}: fix external-ip")
        };
        ("external-ip", message)
    } else if works(peer) {
        return;
    } else if denied(peer) && denied(far) {
        let why = if outcome.mapped.is_some_and(|mapped| mapped.ip().is_loopback()) {
            "coturn denies loopback addresses unless it has allow-loopback-peers"
        } else {
            "check denied-peer-ip and allowed-peer-ip"
        };
        ("peer-denied", format!("the server gives a relay but forbids every peer (403): {why}"))
    } else if denied(peer) && works(far) {
        // Our address may be one that no relay should reach.
        outcome.notes.push(
            "the server forbids this machine's address as a peer (403), so only relay to relay was \
             tested: check denied-peer-ip if clients have such addresses"
                .into(),
        );
        return;
    } else if works(far) && tried(peer) {
        (
            "relay-ports",
            "data passes only from relay to relay: a firewall blocks the relay ports (coturn: UDP, \
             min-port to max-port), or a NAT in front of this machine is in the way"
                .into(),
        )
    } else if works(far) {
        let why = peer.and_then(|peer| peer.error.as_ref());
        outcome.notes.extend(why.map(|why| format!("relay to us is not tested: {why}")));
        return;
    } else if !tried(peer) && !tried(far) {
        let why = untested(peer, far);
        let limited = |passage: &Passage| matches!(passage.code, Some(403 | 486 | 508));
        if peer.is_none_or(limited) && far.is_some_and(limited) {
            outcome.untested = Some(why);
            return;
        }
        ("data-not-tested", why)
    } else if peer.is_some_and(|peer| peer.arrived > 0) {
        (
            "relay-closed",
            format!(
                "data leaves the relay, but none comes back to {relay}: a firewall blocks the \
                 relay ports, or external-ip is wrong"
            ),
        )
    } else {
        (
            "nothing-passes",
            format!(
                "the server gives a relay at {relay}, but no data passes through it: external-ip \
                 is wrong, a firewall blocks the relay ports, or the server silently drops packets \
                 to its peers"
            ),
        )
    };
    outcome.problem(code, message);
}

/// What the user should know about data from relay to relay.
fn relay_to_relay(far: &Passage, passes_to_us: bool) -> Option<String> {
    match (far.code, &far.error) {
        (Some(486), _) => Some(
            "the quota allows no second relay (486): relay to relay is not tested, and a client \
             can have only one relay"
                .into(),
        ),
        (Some(403), _) => Some(
            "the server forbids its own relays as peers (403): two clients that both need a relay \
             cannot talk"
                .into(),
        ),
        (_, Some(why)) if passes_to_us => Some(format!("relay to relay is not tested: {why}")),
        (_, None) if passes_to_us && !far.works() => Some(
            "nothing passes from relay to relay: two clients that both need a relay cannot talk"
                .into(),
        ),
        _ => None,
    }
}

/// Why neither path could be tested.
fn untested(peer: Option<&Passage>, far: Option<&Passage>) -> String {
    let error = |passage: &Passage| passage.error.clone().unwrap_or_default();
    let to_us = match peer {
        None => "a second socket on this machine cannot be the peer".into(),
        Some(peer) if peer.code == Some(403) => {
            "the server forbids this machine's address as a peer (403)".into()
        }
        Some(peer) => format!("relay to us: {}", error(peer)),
    };
    let to_relay = match far.and_then(|far| far.code) {
        Some(403) => "the server forbids its own relays as peers (403)".into(),
        Some(486) => "the quota allows no second relay (486)".into(),
        _ => format!("relay to relay: {}", far.map(error).unwrap_or_default()),
    };
    format!("the server gives a relay, but data could not be tested: {to_us}; {to_relay}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: u16) -> Passage {
        Passage { error: Some(format!("{code} Refused")), code: Some(code), ..Passage::default() }
    }

    fn passed() -> Passage {
        Passage { sent: 10, arrived: 10, returned: 10, ..Passage::default() }
    }

    fn judged(to_peer: Option<Passage>, to_relay: Passage) -> Outcome {
        let mut outcome = Outcome {
            relay: "192.0.2.1:49152".parse().ok(),
            to_peer,
            to_relay: Some(to_relay),
            ..Outcome::default()
        };
        data(&mut outcome);
        outcome.finish()
    }

    #[test]
    fn a_server_that_refuses_every_test_of_data() {
        const NOT_TRIED: (Verdict, &[&str]) = (Verdict::NotTried, &[]);
        const FAILS: (Verdict, &[&str]) = (Verdict::Fails, &["data-not-tested"]);

        for (peer, far, expected) in [
            (None, 403, NOT_TRIED),
            (None, 486, NOT_TRIED),
            (Some(403), 486, NOT_TRIED),
            (Some(403), 508, NOT_TRIED),
            (Some(508), 508, NOT_TRIED),
            (Some(403), 403, (Verdict::Fails, &["peer-denied"])),
            (None, 437, FAILS),
            (Some(400), 400, FAILS),
            (Some(401), 401, FAILS),
            (Some(437), 437, FAILS),
            (Some(500), 500, FAILS),
            (Some(500), 486, FAILS),
            (Some(403), 500, FAILS),
        ] {
            let outcome = judged(peer.map(refused), refused(far));
            let problems: Vec<_> = outcome.problems.iter().map(|problem| problem.code).collect();
            assert_eq!((outcome.result, &*problems), expected, "{peer:?}, {far}");
        }
    }

    #[test]
    fn a_path_that_was_not_tested_is_noted() {
        for (peer, far, note) in [
            (refused(403), passed(), "only relay to relay was tested"),
            (refused(500), passed(), "relay to us is not tested: 500 Refused"),
            (passed(), refused(403), "two clients that both need a relay cannot talk"),
            (passed(), refused(486), "relay to relay is not tested, and a client"),
            (passed(), refused(508), "relay to relay is not tested: 508 Refused"),
            (passed(), Passage::default(), "nothing passes from relay to relay"),
        ] {
            let outcome = judged(Some(peer), far);
            assert_eq!(outcome.result, Verdict::Works, "{note}");
            let [only] = &*outcome.notes else { panic!("{note}: {outcome:?}") };
            assert!(only.contains(note), "{only}");
        }
    }

    #[test]
    fn a_problem_does_not_hide_that_data_was_not_tested() {
        let untested = Some("data could not be tested".into());
        let mut outcome = Outcome { untested, ..Outcome::default() };
        outcome.problem("certificate-expired", "the certificate has expired");
        let outcome = outcome.finish();
        assert_eq!(outcome.result, Verdict::Fails);
        assert_eq!(outcome.message, "the certificate has expired");
        assert_eq!(outcome.notes, ["data could not be tested"]);
    }
}
