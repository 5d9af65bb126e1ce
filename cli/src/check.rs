//! `turn-credentials check URI`: asks real TURN servers for relays and sends data through them.

mod audit;
mod certificate;
mod clock;
mod login;
mod relay;
mod report;
mod session;
mod target;
mod transport;
mod why;

use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use serde_json::json;
use stun_types::AddressFamily;
use tokio::sync::{Mutex, Semaphore};
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;
use turn_credentials::ice::Login;
use turn_credentials::{SharedSecret, TurnCredentials, UnixTime};

use crate::check::certificate::Authorities;
use crate::check::login::Recipe;
use crate::check::relay::{Path, Peer};
use crate::check::report::{Outcome, Problem, Verdict};
use crate::check::session::{Allocation, Leftovers, Session, TurnError};
use crate::check::target::{Target, Untried};
use crate::check::transport::{Connection, Way};
use crate::check::why::Question;
use crate::input;
use crate::program::{self, COULD_NOT, Output, Result};

/// Test TURN servers: connect, log in, and send data through a relay
#[derive(Args)]
#[command(after_help = "\
Exits with 0 if all that could be tried work, 1 if one fails or warns, 2 if none could be tried.")]
pub(crate) struct Options {
    /// turn:host:port?transport=udp, or a host to try over UDP, TCP and TLS
    #[arg(value_name = "URI")]
    uris: Vec<String>,

    #[command(flatten)]
    login: login::Options,

    /// PEM file with more authorities to trust
    #[arg(long, value_name = "PATH")]
    ca: Option<PathBuf>,

    /// How long to wait for each answer
    #[arg(
        long, value_name = "TIME", default_value = "5s", value_parser = input::parse_patience
    )]
    timeout: Duration,

    #[command(flatten)]
    experiments: why::Options,

    /// Use only IPv4 addresses
    #[arg(short = '4', conflicts_with = "ipv6")]
    ipv4: bool,

    /// Use only IPv6 addresses
    #[arg(short = '6')]
    ipv6: bool,

    /// Print one JSON object: result, servers
    #[arg(long)]
    json: bool,
}

/// The exit code that shells report for a program that SIGINT ended.
const INTERRUPTED: u8 = 128 + 2;

pub(crate) fn run(options: &Options, output: &mut Output) -> Result<ExitCode> {
    let uris = target::uris(&options.uris)?;
    let authorities = Authorities::new(options.ca.as_deref())?;
    let why::Options { why, measure_clock, audit } = options.experiments;
    let entries = options.login.read(uris, options.timeout, why)?;
    if (why || measure_clock) && entries.recipe.is_none() {
        let is_turn = entries.entries.iter().any(|entry| entry.uri.scheme().is_turn());
        return Err(if is_turn {
            "--why and --measure-clock need the secret, not a login: give --secret-file"
        } else {
            "--why and --measure-clock need a TURN server: give a URI such as turn:HOST"
        }
        .into());
    }
    let check = Check {
        authorities,
        patience: options.timeout,
        recipe: entries.recipe.map(Arc::new),
        why,
        measure_clock,
        audit,
        leftovers: Leftovers::default(),
        turn: Arc::default(),
    };
    let (ipv4, ipv6) = (options.ipv4, options.ipv6);
    let wanted = move |address: &SocketAddr| if address.is_ipv4() { !ipv6 } else { !ipv4 };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (outcomes, released) = runtime.block_on(async {
        let interrupted = interrupted();
        let mut tasks = JoinSet::new();
        let running = check.run(entries.entries, wanted, &mut tasks);
        let outcomes = tokio::select! {
            outcomes = running => Some(outcomes),
            () = interrupted => None,
        };
        // Sessions that are dropped leave their allocations to `leftovers`.
        tasks.shutdown().await;
        (outcomes, check.leftovers.release().await)
    });
    // Does not wait for name lookups, which cannot be cancelled.
    runtime.shutdown_background();
    let Some(outcomes) = outcomes else {
        program::complain(if released {
            "interrupted; nothing is left allocated"
        } else {
            "interrupted; a server did not confirm that it released its relays, which expire \
             within ten minutes"
        });
        return Ok(ExitCode::from(INTERRUPTED));
    };
    let mut result = outcomes.iter().map(|outcome| outcome.result).min().unwrap_or_default();
    if audit && result == Verdict::Works && !outcomes.iter().any(Outcome::is_audited) {
        result = Verdict::NotTried;
        program::complain(
            "error: --audit could not test any range: it needs a relay, so give the URI of a TURN \
             server, such as turn:HOST",
        );
    }
    if options.json {
        writeln_json(&json!({ "result": result, "servers": outcomes }), output)?;
    } else {
        report::print(&outcomes, output)?;
    }
    Ok(match result {
        Verdict::Fails | Verdict::Warns => ExitCode::FAILURE,
        Verdict::Works => ExitCode::SUCCESS,
        Verdict::NotTried => ExitCode::from(COULD_NOT),
    })
}

fn writeln_json(value: &serde_json::Value, output: &mut dyn std::io::Write) -> Result<()> {
    Ok(writeln!(output, "{value}")?)
}

/// Completes at the first SIGINT or SIGTERM after the call.
#[cfg(unix)]
fn interrupted() -> impl Future<Output = ()> {
    use tokio::signal::unix::{Signal, SignalKind, signal};

    async fn next(signal: std::io::Result<Signal>) {
        match signal {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    }

    let [interrupt, terminate] = [SignalKind::interrupt(), SignalKind::terminate()].map(signal);
    async {
        tokio::select! {
            () = next(interrupt) => {}
            () = next(terminate) => {}
        }
    }
}

#[cfg(not(unix))]
async fn interrupted() {
    _ = tokio::signal::ctrl_c().await;
}

/// The settings that all targets share.
#[derive(Clone)]
struct Check {
    authorities: Authorities,
    patience: Duration,
    /// How logins are minted, if the secret was given.
    recipe: Option<Arc<Recipe>>,
    why: bool,
    measure_clock: bool,
    audit: bool,
    leftovers: Leftovers,
    /// What is known about the servers. Locked while a target has allocations, because several at
    /// once could exceed a small quota.
    turn: Arc<Mutex<Known>>,
}

/// What was found at each server, so that its other URIs need not repeat it.
#[derive(Default)]
struct Known {
    why: Vec<why::Found>,
    audited: Vec<audit::Audited>,
}

impl Check {
    async fn run(
        &self,
        entries: Vec<login::Entry>,
        wanted: impl Fn(&SocketAddr) -> bool + Copy + Send + 'static,
        tasks: &mut JoinSet<(usize, Outcome)>,
    ) -> Vec<Outcome> {
        /// Fewer connections than the 256 open files that some systems allow.
        const AT_ONCE: usize = 200;

        let lookups: Vec<_> = entries
            .into_iter()
            .map(|entry| tokio::spawn(target::resolve(entry, wanted, self.patience)))
            .collect();
        let mut targets = Vec::new();
        for lookup in lookups {
            targets.extend(finished(lookup.await));
        }
        let places = Arc::new(Semaphore::new(AT_ONCE));
        for (index, target) in targets.into_iter().flatten().enumerate() {
            let (check, places) = (self.clone(), places.clone());
            tasks.spawn(async move {
                let _place = places.acquire().await;
                (index, check.examine(&target).await)
            });
        }
        let mut outcomes = Vec::new();
        while let Some(done) = tasks.join_next().await {
            outcomes.extend(finished(done));
        }
        outcomes.sort_unstable_by_key(|(index, _)| *index);
        outcomes.into_iter().map(|(_, outcome)| outcome).collect()
    }

    async fn examine(&self, target: &Target) -> Outcome {
        let mut outcome = Outcome::of(target);
        let (way, address) = match &target.at {
            Ok(at) => *at,
            Err(Untried::Dtls) => {
                return outcome.not_tried("not tried: TURN over DTLS, which no browser speaks");
            }
            Err(Untried::Family) => {
                return outcome.not_tried(
                    "not tried: the name has no address of the family that -4 or -6 asks for",
                );
            }
            Err(Untried::Unresolved(why)) => {
                outcome.problem(
                    "unresolved",
                    format!(
                        "the name {} cannot be resolved: check its spelling and its DNS ({why})",
                        target.uri.host()
                    ),
                );
                return outcome.finish();
            }
        };
        progress(target, "connecting");
        let session = match self.connect(target, way, address).await {
            Ok(session) => session,
            Err(error) if is_our_network(address, &error) => {
                return outcome.not_tried("not tried: this machine has no IPv6");
            }
            Err(error) => {
                let Problem { code, message } = report::unreachable(way, address, &error);
                outcome.problem(code, message);
                return outcome.finish();
            }
        };
        self.examine_session(target, session, &mut outcome).await;
        progress(target, "done");
        outcome.finish()
    }

    async fn connect(
        &self,
        target: &Target,
        way: Way,
        address: SocketAddr,
    ) -> std::io::Result<Session> {
        let (host, patience) = (target.uri.host(), self.patience);
        let connection = Connection::open(way, address, host, &self.authorities, patience).await?;
        Ok(Session::new(connection, patience, self.leftovers.clone()))
    }

    async fn examine_session(&self, target: &Target, mut session: Session, outcome: &mut Outcome) {
        /// How long a connection may wait before it is replaced: after a minute, coturn closes a
        /// connection without an allocation.
        const FRESH: Duration = Duration::from_secs(20);

        let Ok((way, address)) = target.at else { return };
        outcome.tls = session.connection().and_then(|connection| connection.tls.clone());
        if let Some(problem) = outcome.tls.as_ref().and_then(|tls| tls.problem.as_ref()) {
            outcome.problems.push(report::certificate(problem, target.uri.host()));
        }
        progress(target, "Binding");
        let is_turn = target.uri.scheme().is_turn();
        match session.binding().await {
            Ok(binding) => {
                outcome.mapped = Some(binding.mapped);
                outcome.binding = Some(binding.round_trip);
            }
            Err(error @ TurnError::Refused { .. }) if is_turn => {
                outcome.notes.push(format!("the server refuses Binding without a login: {error}"));
            }
            Err(TurnError::NoAnswer) if is_turn && self.allocates(target, way, address).await => {
                outcome.notes.push("the server ignores Binding (coturn: no-stun)".into());
            }
            Err(error) => {
                outcome.problems.push(report::no_binding(way, address, &error));
                return;
            }
        }
        outcome.software = session.software().map(Into::into);
        if !is_turn {
            outcome.message = "works: the server answers Binding".into();
            return;
        }
        let Some(login) = &target.login else {
            outcome.problem(
                "no-login",
                "the list has no login for this server: add username and credential",
            );
            return;
        };
        let waiting = Instant::now();
        let mut known = self.turn.lock().await;
        if waiting.elapsed() > FRESH
            && let Ok(fresh) = self.connect(target, way, address).await
        {
            session = fresh;
        }
        // The targets before may have taken longer than a login lasts.
        let fresh = self.recipe.as_ref().and_then(|recipe| recipe.login(UnixTime::now()).ok());
        let login = &fresh.unwrap_or_else(|| login.clone());
        let target = &Target { login: Some(login.clone()), ..target.clone() };
        progress(target, "logging in");
        let mut refused = false;
        match self.allocate(&mut session, login, address, outcome).await {
            Ok(allocation) => {
                outcome.relay = Some(allocation.relay);
                outcome.lifetime = Some(allocation.lifetime.as_secs());
                outcome.mapped = outcome.mapped.or(allocation.mapped);
                self.find_out_who_gets_in(target, &allocation, outcome).await;
                progress(target, "sending data");
                self.send_data(target, login, &mut session, &allocation, outcome).await;
            }
            Err(error) => {
                refused = matches!(error.code(), Some(400 | 401));
                outcome.problems.push(report::refused(&error, self.recipe.is_some()));
            }
        }
        outcome.realm = session.realm();
        // A server may name itself only in its answer to Binding, or only now.
        outcome.software = session.software().map(Into::into).or(outcome.software.take());
        session.release().await;
        if self.audit && outcome.relay.is_some() {
            audit::audit(self, target, login, &mut known.audited, outcome).await;
        }
        if let Some(recipe) = &self.recipe {
            if refused && self.why {
                why::ask(Question::Refusal, self, recipe, target, &mut known.why, outcome).await;
                if let Ok((_, address)) = target.at
                    && outcome.problems.iter().any(|problem| problem.code == "other-secret")
                {
                    self.try_the_empty_secret(target, address.ip(), outcome).await;
                }
            } else if self.measure_clock && outcome.relay.is_some() {
                why::ask(Question::Clock, self, recipe, target, &mut known.why, outcome).await;
            }
        }
    }

    /// Whether the server answers Allocate without a login, even if it refuses.
    async fn allocates(&self, target: &Target, way: Way, address: SocketAddr) -> bool {
        let Ok(mut session) = self.connect(target, way, address).await else { return false };
        let answer = session.allocate(None, relay::family(address.ip())).await;
        let answers = matches!(answer, Ok(_) | Err(TurnError::Refused { .. }));
        if answers {
            session.release().await;
        }
        answers
    }

    /// Allocates a relay of the address's family, or an IPv4 relay if the server has none for IPv6.
    async fn allocate(
        &self,
        session: &mut Session,
        login: &Login,
        address: SocketAddr,
        outcome: &mut Outcome,
    ) -> std::result::Result<Allocation, TurnError> {
        let family = relay::family(address.ip());
        match allocate_again(session, login, family).await {
            Err(error) if error.code() == Some(440) && family == AddressFamily::IPV6 => {
                outcome.notes.push("the server has no IPv6 relays (440), only IPv4 ones".into());
                session.allocate(Some(login), AddressFamily::IPV4).await
            }
            other => other,
        }
    }

    /// Reports a server that relays for anyone: it needs no login, or one of its secrets is empty.
    async fn find_out_who_gets_in(
        &self,
        target: &Target,
        allocation: &Allocation,
        outcome: &mut Outcome,
    ) {
        if allocation.anonymous {
            outcome.problems.insert(
                0,
                Problem {
                    code: "open-relay",
                    message: "THE SERVER LETS ANYONE IN: it gives a relay without a login; in \
                              turnserver.conf, set use-auth-secret and static-auth-secret, and \
                              remove no-auth"
                        .into(),
                },
            );
        } else {
            self.try_the_empty_secret(target, allocation.relay.ip(), outcome).await;
        }
    }

    async fn try_the_empty_secret(&self, target: &Target, like: IpAddr, outcome: &mut Outcome) {
        let Ok((way, address)) = target.at else { return };
        let Some(login) = login_without_secret() else { return };
        let Ok(mut session) = self.connect(target, way, address).await else { return };
        let answer = session.allocate(Some(&login), relay::family(like)).await;
        let entered = session.logins() > 0 && session::is_accepted(&answer);
        if let Some(why) = &mut outcome.why {
            why.probes += session.logins();
        }
        session.release().await;
        if entered {
            outcome.problems.insert(
                0,
                Problem {
                    code: "empty-secret",
                    message: "THE SERVER LETS ANYONE IN: one of its secrets is empty; give each \
                              static-auth-secret= a value"
                        .into(),
                },
            );
        }
    }

    async fn send_data(
        &self,
        target: &Target,
        login: &Login,
        session: &mut Session,
        allocation: &Allocation,
        outcome: &mut Outcome,
    ) {
        let relay = allocation.relay;
        let mapped = outcome.mapped;
        let peer = match mapped {
            Some(mapped) => Peer::open(session, mapped, relay).await,
            None => None,
        };
        if let Some(peer) = &peer {
            let direct = relay::to_peer(session, relay, peer, Path::Permission).await;
            if direct.error.is_none() {
                let channel = relay::to_peer(session, relay, peer, Path::Channel).await;
                if direct.works() && !channel.works() {
                    outcome.problem(
                        "channel",
                        "data passes in Send and Data indications, but not through a channel, \
                         which browsers use",
                    );
                }
                outcome.to_peer_by_channel = Some(channel);
            }
            outcome.to_peer = Some(direct);
        } else {
            outcome.notes.push(
                "a second socket on this machine cannot be the peer: relay to us is not tested"
                    .into(),
            );
        }
        let (host, patience) = (target.uri.host(), self.patience);
        let far = relay::to_relay(
            session,
            allocation,
            login,
            host,
            &self.authorities,
            &self.leftovers,
            patience,
        )
        .await;
        outcome.to_relay = Some(far);
        report::data(outcome);
    }
}

/// Retries if the quota is used up, perhaps by an allocation that we just released.
async fn allocate_again(
    session: &mut Session,
    login: &Login,
    family: AddressFamily,
) -> std::result::Result<Allocation, TurnError> {
    /// coturn counts an allocation for another second after its release.
    const STILL_COUNTED: Duration = Duration::from_secs(2);

    match session.allocate(Some(login), family).await {
        Err(error) if error.code() == Some(486) => {
            tokio::time::sleep(STILL_COUNTED).await;
            session.allocate(Some(login), family).await
        }
        other => other,
    }
}

/// A login that anyone can mint for a server with an empty secret: HMAC pads keys with NUL, so a
/// key of one NUL is equal to the empty key.
fn login_without_secret() -> Option<Login> {
    let secret = SharedSecret::new([0]).ok()?;
    let ttl = Duration::from_secs(600);
    let skew = turn_credentials::ClockSkew::NONE;
    let name = "turn-credentials-check-empty-secret";
    let minted = TurnCredentials::generate_at(name, &secret, ttl, skew, UnixTime::now()).ok()?;
    Some(Login::from(&minted))
}

/// The result of a task. Its panic is resumed, so that no server is missing from the report.
fn finished<T>(task: std::result::Result<T, JoinError>) -> Option<T> {
    match task.map_err(JoinError::try_into_panic) {
        Ok(done) => Some(done),
        Err(Ok(panic)) => std::panic::resume_unwind(panic),
        Err(Err(_)) => None,
    }
}

fn is_our_network(address: SocketAddr, error: &std::io::Error) -> bool {
    address.is_ipv6()
        && matches!(error.kind(), ErrorKind::NetworkUnreachable | ErrorKind::AddrNotAvailable)
}

fn progress(target: &Target, what: &str) {
    program::complain(&format!("{}: {what}", target.label()));
}
