//! Does a real browser get a relay with what we mint, and none with what must be refused?

use std::slice;
use std::time::Duration;

use serde_json::json;
use turn_credentials::ice::Login;
use turn_credentials::{
    ClockSkew, IceServer, IceServers, IceUri, SharedSecret, TurnCredentials, UnixTime, Username,
};
use turn_credentials_interop::browser::{Candidate, CandidateError, Case, Outcome};
use turn_credentials_interop::{Browser, Coturn};

const HOUR: Duration = Duration::from_secs(3600);
const PEERS: usize = 2;

#[test]
fn chromium() {
    each_login_over_each_transport(Browser::Chromium);
}

#[test]
fn firefox() {
    each_login_over_each_transport(Browser::Firefox);
}

fn each_login_over_each_transport(browser: Browser) {
    let coturn = Coturn::with_tls(&["north"]);
    let (port, tls_port) = (coturn.address().port(), coturn.tls_port());
    let urls = [
        format!("turn:127.0.0.1:{port}?transport=udp"),
        format!("turn:127.0.0.1:{port}?transport=tcp"),
        format!("turns:localhost:{tls_port}?transport=tcp"),
    ];
    let transports = || urls.iter().map(slice::from_ref).chain([&urls[..]]);
    let trials = trials();
    let trials: Vec<_> =
        trials.iter().flat_map(|trial| transports().map(move |urls| (trial, urls))).collect();
    let cases: Vec<_> = trials.iter().map(|(trial, urls)| trial.case(urls)).collect();

    let outcomes = browser.attempt(&cases, &coturn.authority());
    for ((trial, urls), outcome) in trials.iter().zip(&outcomes) {
        let as_expected =
            if trial.accepted { relayed(outcome, urls) } else { refused(outcome, urls) };
        assert!(as_expected && outcome.thrown.is_none(), "{outcome:#?}");
    }
}

struct Trial {
    what: &'static str,
    login: Login,
    accepted: bool,
}

fn trials() -> Vec<Trial> {
    let (north, south) = ["north", "south"].map(|secret| SharedSecret::new(secret).unwrap()).into();
    let longest = "n".repeat(Username::MAX_LEN - "1700000000:".len());
    let an_hour_ago = UnixTime::from_secs(UnixTime::now().as_secs() - HOUR.as_secs());
    let expired = Username::new("alice", an_hour_ago).unwrap().to_string();

    let mint = |name: &str, secret| {
        TurnCredentials::generate(name, secret, HOUR, ClockSkew::NONE).unwrap()
    };
    let accepted =
        |what, login: &TurnCredentials| Trial { what, login: login.into(), accepted: true };
    let refused = |what, username: &str, password: &str| Trial {
        what,
        login: Login::new(username, password).unwrap(),
        accepted: false,
    };
    let (alice, of_south) = (mint("alice", &north), mint("alice", &south));
    vec![
        accepted("a plain name", &alice),
        accepted("a Matrix id", &mint("@alice:lab.test", &north)),
        accepted("a name in UTF-8", &mint("жанна", &north)),
        accepted("the longest name", &mint(&longest, &north)),
        refused("another secret", of_south.username(), of_south.password().as_str()),
        refused("a wrong password", alice.username(), "d3Jvbmc="),
        refused("an expired login", &expired, north.password_for(&expired).as_str()),
    ]
}

impl Trial {
    /// Our JSON, as passed to browsers.
    fn case(&self, urls: &[String]) -> Case {
        let uris: Vec<IceUri> = urls.iter().map(|url| url.parse().unwrap()).collect();
        let server = IceServer::new(uris, self.login.clone()).unwrap();
        let mut configuration = json!(IceServers::from([server]));
        configuration["iceTransportPolicy"] = "relay".into();
        Case { name: format!("{} over {}", self.what, urls.join(", ")), configuration }
    }
}

/// A relay at each peer, and a message through both.
fn relayed(outcome: &Outcome, urls: &[String]) -> bool {
    let at_the_server = |candidate: &Candidate| {
        (&*candidate.r#type, &*candidate.address) == ("relay", "127.0.0.1")
            && candidate.url.as_ref().is_none_or(|url| urls.contains(url))
    };
    outcome.echoed
        && outcome.candidates.len() >= PEERS
        && outcome.candidates.iter().all(at_the_server)
        && answers(outcome).next().is_none()
}

/// No relay, and at each peer a 401 from each URL.
fn refused(outcome: &Outcome, urls: &[String]) -> bool {
    // Firefox leaves out `?transport=udp`.
    let is =
        |url: &str, told: &str| told == url || url.strip_suffix("?transport=udp") == Some(told);
    let told = |url| answers(outcome).filter(|error| is(url, &error.url)).count() >= PEERS;
    !outcome.echoed
        && outcome.candidates.is_empty()
        && answers(outcome).all(|error| error.error_code == 401)
        && urls.iter().all(|url| told(url))
}

/// The errors without 701, no connection: Firefox looks for `localhost` at `::1` too, where no
/// server listens.
fn answers(outcome: &Outcome) -> impl Iterator<Item = &CandidateError> {
    outcome.errors.iter().filter(|error| error.error_code != 701)
}
