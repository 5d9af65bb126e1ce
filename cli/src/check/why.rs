//! `check --why` and `--measure-clock`: experiments with logins that we mint.
//!
//! A login with the latest expiry that servers accept is not expired by any clock. If the server
//! accepts it, the login that it refused had expired by the server's clock, and logins with other
//! expiries measure that clock. If not, the server may accept another secret, another form of the
//! secret, another username, or nothing that we can mint.

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, SystemTime};

use clap::Args;
use serde::Serialize;
use tokio::time::{Instant, sleep, sleep_until};
use turn_credentials::diagnose::{Finding, SecretForm};
use turn_credentials::ice::{Credential, Login};
use turn_credentials::{ClockSkew, SharedSecret, UnixTime, Username};

use super::clock::{Bounds, LAST, Try};
use super::login::Recipe;
use super::report::{Outcome, Problem};
use super::session::{self, Session, TurnError};
use super::target::Target;
use super::transport::Way;
use super::{Check, progress, relay};
use crate::layout::Layout;

#[derive(Args)]
#[group(skip)]
pub(crate) struct Options {
    /// Try up to 50 logins to find why one is refused
    #[arg(long)]
    pub(crate) why: bool,

    /// Measure the server's clock, with about 12 logins
    #[arg(long)]
    pub(crate) measure_clock: bool,

    /// Warn if it relays to private or local addresses
    #[arg(long)]
    pub(crate) audit: bool,
}

/// The most logins that an experiment tries at one server; with the check's own, under 60.
const MOST_LOGINS: usize = 50;

/// What an experiment found, for `--json`.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Experiment {
    /// The code of the first problem, or of what was found about the clock.
    finding: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    server_ahead_secs: Option<i64>,
    /// By how many seconds `server_ahead_secs` may be wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    within_secs: Option<u64>,
    /// The source of the secret that the server has.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    /// The layout that the server accepts.
    #[serde(skip_serializing_if = "Option::is_none")]
    layout: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    separator: Option<char>,
    /// How many logins were tried.
    pub(super) probes: usize,
}

/// What to find out.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Question {
    /// Why does the server refuse the login of the recipe?
    Refusal,
    /// How far is the clock of a server that accepts the login from ours?
    Clock,
}

/// What was found at one server.
#[derive(Clone)]
pub(crate) struct Found {
    question: Question,
    address: IpAddr,
    realm: Option<String>,
    experiment: Experiment,
    problems: Vec<Problem>,
    note: Option<String>,
}

/// Finds the answer by experiment, unless it is known from another URI of the same server.
pub(crate) async fn ask(
    question: Question,
    check: &Check,
    recipe: &Recipe,
    target: &Target,
    known: &mut Vec<Found>,
    outcome: &mut Outcome,
) {
    let Ok((way, address)) = target.at else { return };
    let (ip, realm) = (address.ip(), outcome.realm.clone());
    let is_here =
        |found: &&Found| (found.question, found.address, &found.realm) == (question, ip, &realm);
    let found = if let Some(found) = known.iter().find(is_here) {
        let mut found = found.clone();
        found.experiment.probes = 0;
        found
    } else {
        let mut laboratory = Laboratory::new(check, recipe, target, (way, address), outcome);
        match question {
            Question::Refusal => laboratory.explain().await,
            Question::Clock => laboratory.measure_clock().await,
        }
        let Laboratory { experiment, problems, note, .. } = laboratory;
        let found = Found { question, address: ip, realm, experiment, problems, note };
        known.push(found.clone());
        found
    };
    match question {
        Question::Refusal => {
            // What was found is more specific than these problems.
            outcome.problems.retain(|it| !matches!(it.code, "unauthorized" | "bad-request"));
            outcome.problems.extend(found.problems);
            outcome.why = Some(found.experiment);
        }
        Question::Clock => {
            outcome.notes.extend(found.note);
            outcome.clock = Some(found.experiment);
        }
    }
}

/// A way to make a login.
#[derive(Clone, Copy, PartialEq)]
struct Making {
    secret: usize,
    form: Option<SecretForm>,
    layout: Layout,
    separator: char,
}

/// Why an experiment ended early.
enum End {
    Silent,
    Spent,
    /// The server refused a login that it had accepted.
    Contradiction,
    Other(TurnError),
}

#[derive(Clone, Copy)]
enum Clock {
    Between(Bounds),
    /// The server accepts a login that expired in 1970.
    Ignored,
}

struct Answer {
    expiry: u32,
    sent: f64,
    received: f64,
    accepted: bool,
}

/// One server, and what is known about it so far.
struct Laboratory<'a> {
    check: &'a Check,
    recipe: &'a Recipe,
    target: &'a Target,
    at: (Way, SocketAddr),
    is_coturn: bool,
    /// The server refuses with 400 instead of 401, as pion and webrtc-rs do.
    calls_it_bad: bool,
    /// The shortest time that an answer took.
    latency: Duration,
    pace: Duration,
    next: Instant,
    tried_bare: bool,
    experiment: Experiment,
    problems: Vec<Problem>,
    note: Option<String>,
}

impl<'a> Laboratory<'a> {
    /// From one attempt to the next. The server may refuse each attempt twice, first without a
    /// login; those eight refusals per second are fewer than the ten that coturn's
    /// `unauthorized-ratelimit` allows.
    const PACE: Duration = Duration::from_millis(250);
    const SLOWEST: Duration = Duration::from_secs(2);

    fn new(
        check: &'a Check,
        recipe: &'a Recipe,
        target: &'a Target,
        at: (Way, SocketAddr),
        outcome: &Outcome,
    ) -> Self {
        let is_coturn =
            outcome.software.as_ref().is_some_and(|software| software.starts_with("Coturn"));
        Self {
            check,
            recipe,
            target,
            at,
            is_coturn,
            calls_it_bad: false,
            latency: outcome.binding.unwrap_or(check.patience),
            pace: Self::PACE,
            next: Instant::now(),
            tried_bare: false,
            experiment: Experiment::default(),
            problems: Vec::new(),
            note: None,
        }
    }

    /// How the check's own login was made.
    fn own(&self) -> Making {
        let Recipe { layout, separator, .. } = *self.recipe;
        Making { secret: 0, form: None, layout, separator }
    }

    async fn explain(&mut self) {
        progress(self.target, "finding out why");
        if let Err(end) = self.find_out().await {
            let Problem { code, message } = end.problem(self);
            self.problem(code, message);
        }
    }

    async fn measure_clock(&mut self) {
        progress(self.target, "measuring its clock");
        let now = unix_now();
        let mut bounds = Bounds::at(now);
        if let Ok(expiry) = self.recipe.expiry(UnixTime::now()) {
            // The server accepted a login with this ttl and skew.
            bounds.most = bounds.most.min(secs(expiry) + 2.0 - now);
        }
        let own = self.own();
        let (code, message) = match self.clock(&own, bounds).await {
            Ok(clock) => self.clock_in_words(clock),
            Err(end) => {
                let Problem { code, message } = end.problem(self);
                (code, format!("the server's clock could not be measured: {message}"))
            }
        };
        self.note = Some(message);
        self.experiment.finding = code;
    }

    async fn find_out(&mut self) -> Result<(), End> {
        let own = self.own();
        let mut making = None;
        for candidate in self.candidates() {
            if self.accepts(&candidate).await? {
                making = Some(candidate);
                break;
            }
        }
        if making.is_none() && self.calls_it_bad {
            // The server may accept only an expiry as the username.
            for candidate in self.forms(Layout::ExpiryOnly, COLON) {
                if self.accepts(&candidate).await? {
                    making = Some(candidate);
                    break;
                }
            }
        }
        let Some(mut making) = making else {
            let probes = self.experiment.probes;
            self.problem("other-secret", nothing_found(probes));
            return Ok(());
        };
        if (making.secret, making.form) != (own.secret, own.form) {
            self.secret(&making);
        }
        if (making.layout, making.separator) != (own.layout, own.separator) {
            making = self.username(making).await?;
        }
        let now = unix_now();
        let mut bounds = Bounds::at(now);
        if making == own
            && let Some(expiry) = self.expiry_of_refused()
        {
            bounds.least = (secs(expiry) + 1.0 - now).clamp(bounds.least, bounds.most);
        } else {
            let Ok(expiry) = self.recipe.expiry(UnixTime::now()) else {
                return Ok(());
            };
            let expiry = u32::try_from(expiry.as_secs()).unwrap_or(LAST);
            let answer = self.ask(&making, |now, _| Try { expiry, at: now }).await?;
            if answer.accepted {
                return Ok(());
            }
            let learned = bounds.learn(expiry, answer.sent, answer.received, false);
            learned.map_err(|_| End::Contradiction)?;
        }
        let clock = self.clock(&making, bounds).await?;
        let (code, message) = self.clock_in_words(clock);
        if self.experiment.server_ahead_secs <= Some(1) {
            let skew = if self.recipe.skew == ClockSkew::NONE { "" } else { "check --skew, or " };
            let late = format!("the login had expired when it arrived: {skew}give a longer --ttl");
            self.problem("ttl", late);
        } else {
            self.problem(code, message);
        }
        Ok(())
    }

    fn problem(&mut self, code: &'static str, message: String) {
        if self.problems.is_empty() {
            self.experiment.finding = code;
        }
        self.problems.push(Problem { code, message });
    }

    /// The ways to make a login, the likeliest first. A username without a name comes last: it
    /// crashes pion 5.0.0 to 5.0.4.
    fn candidates(&self) -> Vec<Making> {
        let own = self.own();
        let plain = |layout, separator| {
            (0..self.recipe.secrets.len()).map(move |secret| Making {
                secret,
                form: None,
                layout,
                separator,
            })
        };
        let mut all: Vec<_> = plain(own.layout, own.separator).collect();
        all.extend(plain(Layout::ExpiryFirst, COLON));
        all.extend(match own.layout {
            Layout::ExpiryOnly => self.forms(own.layout, own.separator),
            _ => self.forms(Layout::ExpiryFirst, COLON),
        });
        all.extend(plain(Layout::NameFirst, COLON));
        all.extend(plain(Layout::ExpiryOnly, COLON));
        let mut candidates: Vec<Making> = Vec::new();
        for making in all {
            if !candidates.contains(&making) {
                candidates.push(making);
            }
        }
        candidates
    }

    fn forms(&self, layout: Layout, separator: char) -> Vec<Making> {
        let secrets = 0..self.recipe.secrets.len();
        let forms = SecretForm::ALL.into_iter();
        let making = |form, secret| Making { secret, form: Some(form), layout, separator };
        forms.flat_map(|form| secrets.clone().map(move |secret| making(form, secret))).collect()
    }

    fn secret(&mut self, making: &Making) {
        let secrets = &self.recipe.secrets;
        let source = |index: usize| secrets.get(index).map_or("", |secret| &secret.source);
        let theirs = match secrets.len() {
            1 => "your secret".to_owned(),
            _ => format!("the secret of {}", source(making.secret)),
        };
        self.experiment.secret = Some(source(making.secret).to_owned());
        let (code, message) = match making.form {
            None => (
                "other-of-secrets",
                format!("the server has {theirs}, not that of {}: mint with it", source(0)),
            ),
            Some(form) => {
                let finding = Finding::Secret { secret: making.secret, form };
                (finding.code(), format!("the server has {theirs} {form}: {}", finding.advice()))
            }
        };
        self.problem(code, message);
    }

    /// Finds which usernames the server accepts, once the secret is known.
    async fn username(&mut self, accepted: Making) -> Result<Making, End> {
        let own = self.own();
        let with = |layout, separator| Making { layout, separator, ..accepted };
        if accepted.secret != own.secret || accepted.form != own.form {
            let own = with(own.layout, own.separator);
            if self.accepts(&own).await? {
                return Ok(own);
            }
        }
        if own.layout == Layout::NameFirst && accepted.layout != Layout::ExpiryOnly {
            for separator in SEPARATORS.chars().filter(|separator| *separator != own.separator) {
                let making = with(own.layout, separator);
                if self.accepts(&making).await? {
                    self.experiment.separator = Some(separator);
                    self.problem(
                        "separator",
                        format!(
                            "the server separates name and expiry with {separator}: mint with \
                             --separator='{separator}', or change its rest-api-separator"
                        ),
                    );
                    return Ok(making);
                }
            }
        }
        let layout = in_words(accepted.layout);
        self.experiment.layout = Some(layout);
        let (code, message) = match accepted.layout {
            Layout::ExpiryOnly => (
                "expiry-only",
                "the server accepts only an expiry as the username, as webrtc-rs does: mint with \
                 --layout=expiry-only"
                    .to_owned(),
            ),
            _ if own.layout == accepted.layout => {
                self.experiment.separator = Some(accepted.separator);
                let separator = accepted.separator;
                (
                    "separator",
                    format!(
                        "the server separates expiry and name with {separator}: mint with \
                         --separator='{separator}'"
                    ),
                )
            }
            _ => (
                "layout",
                format!(
                    "the server has your secret, but does not accept usernames of the layout {}: \
                     mint with --layout={layout}",
                    in_words(own.layout)
                ),
            ),
        };
        self.problem(code, message);
        Ok(accepted)
    }

    fn expiry_of_refused(&self) -> Option<UnixTime> {
        let username = self.target.login.as_ref()?.username();
        let username = Username::parse_with(self.recipe.separator, username).ok()?;
        Some(username.expires_at())
    }

    /// Narrows the bounds with logins that are right except for their expiry.
    async fn clock(&mut self, making: &Making, mut bounds: Bounds) -> Result<Clock, End> {
        const FINE: f64 = 0.6;
        const LONG_AGO: f64 = -86_400.0;
        /// The search ends after this many attempts that barely narrow the bounds.
        const VAIN: usize = 4;
        /// After this many refusals in a row, the last may come from a rate limit.
        const REFUSALS: usize = 5;

        let (mut vain, mut refusals, mut asked_1970) = (0, 0, false);
        while bounds.width() > FINE.max(2.5 * self.latency.as_secs_f64()) && vain < VAIN {
            let before = bounds.width();
            let answer = self.ask(making, |now, latency| bounds.next(now, latency)).await?;
            let Answer { expiry, sent, received, accepted } = answer;
            let learned = bounds.learn(expiry, sent, received, accepted);
            learned.map_err(|_| End::Contradiction)?;
            vain = if bounds.width() > 0.9 * before { vain + 1 } else { 0 };
            refusals = if accepted { 0 } else { refusals + 1 };
            if bounds.most < LONG_AGO && !asked_1970 {
                asked_1970 = true;
                if self.ask(making, |now, _| Try { expiry: 1, at: now }).await?.accepted {
                    return Ok(Clock::Ignored);
                }
            }
        }
        if refusals >= REFUSALS && !self.accepts(making).await? {
            return Err(End::Contradiction);
        }
        Ok(Clock::Between(bounds))
    }

    fn clock_in_words(&mut self, clock: Clock) -> (&'static str, String) {
        let Clock::Between(bounds) = clock else {
            return (
                "expiry-ignored",
                "the server accepts logins that expired in 1970: it ignores the expiry, and a \
                 login works until the secret changes"
                    .into(),
            );
        };
        let ahead = bounds.ahead();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is small")]
        let within = (bounds.width() / 2.0).ceil() as u64;
        self.experiment.server_ahead_secs = Some(ahead);
        self.experiment.within_secs = Some(within);
        let by = ahead.unsigned_abs();
        if by <= within {
            return (
                "clock",
                format!("the server's clock agrees with yours, to within {within} s"),
            );
        }
        let about = match within {
            0 | 1 if self.is_coturn => String::new(),
            0 | 1 => ", give or take a second,".into(),
            within => format!(", give or take {within} s,"),
        };
        let mut long = String::new();
        if by >= 120 {
            let time = humantime::format_duration(Duration::from_secs(by));
            _ = write!(long, " ({time})");
        }
        match ahead {
            ..0 => (
                "clock",
                format!(
                    "the server's clock is {by} s{long}{about} behind yours: fix its NTP, or mint \
                     with --skew=-{by}s"
                ),
            ),
            0.. => (
                "clock",
                format!(
                    "the server's clock is {by} s{long}{about} ahead of yours: fix its NTP, or \
                     mint with --skew={by}s"
                ),
            ),
        }
    }

    /// Whether the server accepts a login that is not expired by any clock.
    async fn accepts(&mut self, making: &Making) -> Result<bool, End> {
        if self.shared(making).is_none() || self.username_of(making, LAST).is_none() {
            return Ok(false);
        }
        Ok(self.ask(making, |now, _| Try { expiry: LAST, at: now }).await?.accepted)
    }

    /// The secret in its form; `None` if the form does not change it.
    fn shared(&self, making: &Making) -> Option<SharedSecret> {
        let secret = self.recipe.secrets.get(making.secret)?;
        match making.form {
            Some(form) => form.apply(&secret.bytes),
            None => Some(secret.shared.clone()),
        }
    }

    fn username_of(&self, making: &Making, expiry: u32) -> Option<String> {
        let expiry = UnixTime::from_secs(expiry.into());
        self.recipe.username(making.layout, making.separator, expiry).ok()
    }

    fn login(&self, making: &Making, expiry: u32) -> Option<Login> {
        let username = self.username_of(making, expiry)?;
        let password = self.shared(making)?.password_for(&username);
        Login::new(username, Credential::new(password.as_str())).ok()
    }

    /// Tries one login, from a new port: coturn accepts only one username per port.
    async fn ask(
        &mut self,
        making: &Making,
        plan: impl Fn(f64, f64) -> Try,
    ) -> Result<Answer, End> {
        const ATTEMPTS: usize = 3;

        let mut end = End::Silent;
        for _ in 0..ATTEMPTS {
            if self.experiment.probes >= MOST_LOGINS {
                return Err(End::Spent);
            }
            sleep_until(self.next).await;
            self.next = Instant::now() + self.pace;
            match self.try_once(making, &plan).await {
                Ok(answer) => return Ok(answer),
                Err(error @ (TurnError::NoAnswer | TurnError::Io(_))) => {
                    self.slow_down();
                    end = if matches!(error, TurnError::Io(_)) {
                        End::Other(error)
                    } else {
                        End::Silent
                    };
                }
                // The port had an allocation before.
                Err(error) if matches!(error.code(), Some(437 | 441)) => end = End::Other(error),
                Err(error) => return Err(End::Other(error)),
            }
        }
        Err(end)
    }

    fn slow_down(&mut self) {
        self.pace = (self.pace * 2).min(Self::SLOWEST);
        self.next = Instant::now() + self.pace;
    }

    async fn try_once(
        &mut self,
        making: &Making,
        plan: impl Fn(f64, f64) -> Try,
    ) -> Result<Answer, TurnError> {
        let (way, address) = self.at;
        let mut session = self.check.connect(self.target, way, address).await?;
        let answered = self.try_with(&mut session, making, plan).await;
        self.experiment.probes += session.logins();
        // pion and webrtc-rs check the expiry on every request, even on the release.
        session.release_as(self.login(making, LAST)).await;
        answered
    }

    async fn try_with(
        &mut self,
        session: &mut Session,
        making: &Making,
        plan: impl Fn(f64, f64) -> Try,
    ) -> Result<Answer, TurnError> {
        /// A slower answer probably needed the repetition that is sent over UDP after 500 ms.
        const SLOW: Duration = Duration::from_millis(450);

        let family = relay::family(self.at.1.ip());
        match session.allocate(None, family).await {
            Err(error) if error.code() == Some(401) => {}
            // The server lets anyone in now.
            Ok(_) => return Err(TurnError::NoChallenge),
            Err(error) => return Err(error),
        }
        let Try { expiry, at } = plan(unix_now(), self.latency.as_secs_f64() / 2.0);
        let login = self.login(making, expiry).ok_or(TurnError::Unwritable)?;
        self.tried_bare = making.layout == Layout::ExpiryOnly;
        sleep(Duration::try_from_secs_f64(at - unix_now()).unwrap_or_default()).await;
        let (sent, start) = (unix_now(), Instant::now());
        let answer = session.allocate(Some(&login), family).await;
        let took = start.elapsed();
        let received = sent + took.as_secs_f64();
        let accepted = session::is_accepted(&answer);
        if let Err(error) = answer
            && !accepted
        {
            match error.code() {
                Some(401) => {}
                Some(400) => self.calls_it_bad = true,
                _ => return Err(error),
            }
        }
        self.latency = self.latency.min(took);
        if took > SLOW && took > 3 * self.latency {
            self.slow_down();
        }
        Ok(Answer { expiry, sent, received, accepted })
    }
}

impl End {
    fn problem(&self, laboratory: &Laboratory<'_>) -> Problem {
        let probes = laboratory.experiment.probes;
        let (code, message) = match self {
            Self::Silent if laboratory.tried_bare => (
                "silent",
                format!(
                    "the server stopped answering after {probes} logins, the last without a name: \
                     pion 5.0.0 to 5.0.4 crash on that, so update pion; or the server has a \
                     rate limit"
                ),
            ),
            Self::Silent => (
                "silent",
                format!(
                    "the server stopped answering after {probes} logins: it has a rate limit \
                     (coturn: unauthorized-ratelimit), or has stopped; wait, and run again"
                ),
            ),
            Self::Spent => (
                "gave-up",
                format!(
                    "{probes} logins did not reveal the reason, and no more are tried: {GUESSES}"
                ),
            ),
            Self::Contradiction => (
                "contradiction",
                "the server refuses what it accepted a moment ago: it has a rate limit, or several \
                 servers with different clocks or secrets answer here; wait, and run again"
                    .into(),
            ),
            Self::Other(error) => (
                "gave-up",
                format!("the server's answer changed after {probes} logins ({error}): run again"),
            ),
        };
        Problem { code, message }
    }
}

const GUESSES: &str = "the server has another secret, or only static users (lt-cred-mech without \
                       use-auth-secret); compare its static-auth-secret with yours byte for byte";

fn nothing_found(probes: usize) -> String {
    format!("the server accepted none of {probes} logins made with your secret: {GUESSES}")
}

const COLON: char = ':';

/// The values that coturn's `rest-api-separator` can have; the usual ones first.
const SEPARATORS: &str = ":|-_.@;,+/=#%~!$&*?^";

fn in_words(layout: Layout) -> &'static str {
    match layout {
        Layout::ExpiryFirst => "expiry-first",
        Layout::NameFirst => "name-first",
        Layout::ExpiryOnly => "expiry-only",
    }
}

fn secs(time: UnixTime) -> f64 {
    f64::from(u32::try_from(time.as_secs()).unwrap_or(LAST))
}

fn unix_now() -> f64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}
