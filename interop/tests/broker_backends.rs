//! The broker with several servers and providers, and reloading.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use turn_credentials::IceServers;
use turn_credentials::ice::Login;
use turn_credentials_interop::fake_xirsys::{self, response};
use turn_credentials_interop::{Broker, Coturn, FakeXirsys, Refused};

const APP: (&str, &str) = ("origin", "https://app.example.org");
const OLD: &str = "the-old-secret-of-coturn";
const NEW: &str = "the-new-secret-of-coturn";
const UNAUTHORIZED: Result<(), Refused> = Err(Refused(401));

/// A broker with this configuration file.
fn broker(config: &Path) -> Broker {
    broker_and(config, &[])
}

fn broker_and(config: &Path, more: &[&str]) -> Broker {
    let config = format!("--config={}", config.display());
    let args = [&*config, "--origin=https://app.example.org", "--requests-per-minute=1000000"];
    let broker = Broker::with_args(&[&args, more].concat());
    for secret in [OLD, NEW, fake_xirsys::SECRET, fake_xirsys::BASIC] {
        broker.hide(secret);
    }
    broker
}

fn turn(coturn: &Coturn, secret: &str) -> String {
    let address = coturn.address();
    format!("[[backend]]\ntype = \"turn\"\nuris = [\"turn:{address}\"]\n{secret}\n")
}

fn xirsys(fake: &FakeXirsys, more: &str) -> String {
    let (url, ident, channel) = (fake.url(), fake_xirsys::IDENT, fake_xirsys::CHANNEL);
    let secret = fake_xirsys::SECRET;
    format!(
        "[[backend]]\ntype = \"xirsys\"\ngateway = \"{url}\"\nident = \"{ident}\"\n\
         channel = \"{channel}\"\nsecret = \"{secret}\"\n{more}\n"
    )
}

fn xirsys_answer() -> String {
    let server = json!({ "urls": ["turn:xirsys.example"], "username": "u-of-xirsys", "credential": "c-of-xirsys" });
    response(200, "", &json!({ "v": { "iceServers": server }, "s": "ok" }).to_string())
}

fn ice(broker: &Broker) -> (u16, Value) {
    let token = broker.ask("GET", "/token", &[APP]).body;
    let answer = broker.ask("GET", "/ice", &[APP, ("tok", &token)]);
    (answer.status, answer.json())
}

fn logins(answer: &Value) -> Vec<Login> {
    let servers: IceServers = serde_json::from_value(answer.clone()).expect("ICE servers");
    servers.iter().filter_map(|server| server.login().cloned()).collect()
}

#[tokio::test]
async fn each_server_accepts_the_login_made_for_it() {
    let folder = TempDir::new().unwrap();
    let coturns = [Coturn::with_secrets(&[OLD]), Coturn::with_secrets(&[NEW])];
    let config = folder.path().join("broker.toml");
    let servers = [(&coturns[0], OLD), (&coturns[1], NEW)]
        .map(|(coturn, secret)| turn(coturn, &format!("secret = \"{secret}\"")));
    fs::write(&config, servers.concat()).unwrap();
    let broker = broker(&config);
    let (status, answer) = ice(&broker);
    assert_eq!(status, 200);
    let logins = logins(&answer);
    assert_eq!(logins.len(), 2);
    for (index, coturn) in coturns.iter().enumerate() {
        assert_eq!(coturn.relays(logins[index].clone()).await, Ok(()));
        assert_eq!(coturn.allocates(logins[1 - index].clone()).await, UNAUTHORIZED);
    }
    broker.stop();
}

/// Follows the steps of the README, without a restart of the broker or coturn.
#[tokio::test]
async fn a_secret_is_rotated_under_load() {
    const CLIENTS: usize = 200;

    let folder = TempDir::new().unwrap();
    let coturn = Coturn::with_database();
    coturn.add_secret(OLD);
    let secret = folder.path().join("turn.secret");
    fs::write(&secret, format!("{OLD}\n")).unwrap();
    let config = folder.path().join("broker.toml");
    fs::write(&config, turn(&coturn, "secret_file = \"turn.secret\"")).unwrap();
    let broker = broker(&config);
    let old = logins(&ice(&broker).1).remove(0);

    let (stop, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    assert_eq!(ice(&broker).0, 200);
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let more_than = |count| {
            while answered.load(Ordering::Relaxed) < count {
                thread::sleep(Duration::from_millis(10));
            }
        };
        more_than(CLIENTS);
        coturn.add_secret(NEW);
        fs::write(&secret, format!("{NEW}\n")).unwrap();
        assert!(broker.reload().contains("\"reloaded\""));
        more_than(answered.load(Ordering::Relaxed) + CLIENTS);
        stop.store(true, Ordering::Relaxed);
    });

    let new = logins(&ice(&broker).1).remove(0);
    for (age, login) in [("old", &old), ("new", &new)] {
        assert_eq!(coturn.relays(login.clone()).await, Ok(()), "{age}");
    }
    coturn.remove_secret(OLD);
    assert_eq!(coturn.allocates(old).await, UNAUTHORIZED);
    assert_eq!(coturn.allocates(new).await, Ok(()));
    broker.stop();
}

#[test]
fn a_file_that_is_wrong_changes_nothing() {
    let folder = TempDir::new().unwrap();
    let coturn = Coturn::with_secrets(&[OLD]);
    let config = folder.path().join("broker.toml");
    let right = turn(&coturn, &format!("secret = \"{OLD}\""));
    fs::write(&config, &right).unwrap();
    let broker = broker(&config);
    for wrong in [
        right.replace(&format!("\"{OLD}\""), &format!("\"{OLD}")),
        right.replace(&format!("\"{OLD}\""), OLD),
        right.replace("secret =", "secrte ="),
        right.replace("turn:", "stun:"),
        String::new(),
    ] {
        fs::write(&config, wrong).unwrap();
        let said = broker.reload();
        assert!(said.contains("not reloaded") && said.contains("broker.toml"), "{said}");
        assert_eq!(ice(&broker).0, 200);
    }
    fs::write(&config, &right).unwrap();
    assert!(broker.reload().contains("\"reloaded\""));
    broker.stop();
}

#[test]
fn no_secret_of_a_broken_file_is_told() {
    const HIDDEN: &str = "Hidden+Secret/Of==";

    let folder = TempDir::new().unwrap();
    let config = folder.path().join("broker.toml");
    let by_flag = format!("--config={}", config.display());
    for (kind, others, key) in [
        ("turn", "uris = [\"turn:a\"]", "secret"),
        ("fixed", "uris = [\"turn:a\"]\nusername = \"u\"", "credential"),
        ("xirsys", "ident = \"i\"\nchannel = \"c\"", "secret"),
        ("cloudflare", "key_id = \"0123\"", "token"),
        ("twilio", "account_sid = \"AC0123\"", "auth_token"),
        ("metered", "app = \"our-app\"", "api_key"),
    ] {
        let with = |line: &str| format!("[[backend]]\ntype = \"{kind}\"\n{others}\n{line}\n");
        fs::write(&config, with(&format!("{key} = \"{HIDDEN}\""))).unwrap();
        let broker = broker(&config);
        broker.hide(HIDDEN);
        for line in [format!("{key} = \"{HIDDEN}"), format!("{key} = {HIDDEN}")] {
            fs::write(&config, with(&line)).unwrap();
            let said = broker.reload();
            assert!(said.contains("not reloaded") && said.contains(key), "{said}");
            let (status, said) = Broker::refuses(&["--listen=127.0.0.1:0", &by_flag]);
            assert!(!status.success() && said.contains(key), "{said}");
            assert!(!said.contains("Hidden") && !said.contains("Secret/"), "{said}");
        }
        broker.stop();
    }
}

#[test]
fn keys_are_read_anew() {
    const CLIENT: [&str; 2] = ["the-old-key-of-a-client", "the-new-key-of-a-client"];
    const TOKEN: [&str; 2] =
        ["0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"];

    let folder = TempDir::new().unwrap();
    let [client, token] = ["client.key", "token.key"].map(|name| folder.path().join(name));
    fs::write(&client, CLIENT[0]).unwrap();
    fs::write(&token, TOKEN[0]).unwrap();
    let broker = Broker::with_env(
        &["--turn-uri=turn:127.0.0.1", &format!("--secret-file={OLD}")],
        &[
            ("BROKER_CLIENT_KEY_FILE", client.to_str().unwrap()),
            ("BROKER_TOKEN_KEY_FILE", token.to_str().unwrap()),
        ],
    );
    TOKEN.iter().for_each(|key| broker.hide(key));
    let with_each_key = || {
        CLIENT.map(|key| {
            let key = ("authorization", &*format!("Bearer {key}"));
            broker.ask("GET", "/token", &[key])
        })
    };
    let [issued, refused] = with_each_key();
    assert_eq!((issued.status, refused.status), (200, 401));

    fs::write(&client, CLIENT[1]).unwrap();
    assert!(broker.reload().contains("\"reloaded\""));
    assert_eq!(with_each_key().map(|answer| answer.status), [401, 200]);
    let redeem = || {
        let key = ("authorization", &*format!("Bearer {}", CLIENT[1]));
        broker.ask("GET", "/ice", &[key, ("tok", &issued.body)]).status
    };
    assert_eq!(redeem(), 200);

    fs::write(&token, TOKEN[1]).unwrap();
    assert!(broker.reload().contains("\"reloaded\""));
    assert_eq!(redeem(), 401);
    broker.stop();
}

#[test]
fn a_provider_that_fails_takes_nobody_down() {
    let folder = TempDir::new().unwrap();
    let (coturn, fake) = (Coturn::with_secrets(&[OLD]), FakeXirsys::start());
    let config = folder.path().join("broker.toml");
    let own = turn(&coturn, &format!("secret = \"{OLD}\""));
    for (strategy, both, alone) in [("all", 2, 1), ("first", 1, 1)] {
        let strategy = format!("strategy = \"{strategy}\"\n");
        fs::write(&config, [&*strategy, &xirsys(&fake, "timeout = \"500ms\""), &own].concat())
            .unwrap();
        fake.sends(&xirsys_answer());
        let broker = broker(&config);
        let (status, answer) = ice(&broker);
        assert_eq!((status, logins(&answer).len()), (200, both));
        assert_eq!(logins(&answer)[0].username(), "u-of-xirsys");
        fake.hangs();
        for _ in 0..3 {
            let (status, answer) = ice(&broker);
            assert_eq!((status, logins(&answer).len()), (200, alone));
            assert_ne!(logins(&answer)[0].username(), "u-of-xirsys");
        }
        fake.sends(&xirsys_answer());
        let start = Instant::now();
        while logins(&ice(&broker).1)[0].username() != "u-of-xirsys" {
            assert!(start.elapsed() < Duration::from_secs(30), "it is not asked again");
            thread::sleep(Duration::from_millis(500));
        }
        broker.stop();
    }
}

#[test]
fn a_shared_answer_is_asked_for_once() {
    const CLIENTS: usize = 200;

    let folder = TempDir::new().unwrap();
    let fake = FakeXirsys::start();
    let config = folder.path().join("broker.toml");
    fs::write(&config, xirsys(&fake, "share = true")).unwrap();
    let broker = broker(&config);
    fake.hangs();
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                let (status, answer) = ice(&broker);
                assert_eq!(status, 200);
                assert!(answer["ttl"].as_u64().is_some_and(|ttl| (3590..=3600).contains(&ttl)));
            });
        }
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(500));
            fake.sends(&xirsys_answer());
        });
    });
    assert_eq!(fake.calls(), 1);
    broker.stop();
}

/// The sum of the samples with this name and these labels, read by another library.
fn counted(metrics: &str, name: &str, labels: &[(&str, &str)]) -> f64 {
    let lines = metrics.lines().map(|line| Ok(line.to_owned()));
    let read = prometheus_parse::Scrape::parse(lines).expect("what Prometheus reads");
    let has_labels = |sample: &&prometheus_parse::Sample| {
        labels.iter().all(|(label, value)| sample.labels.get(label) == Some(value))
    };
    let samples = read.samples.iter().filter(|sample| sample.metric == name).filter(has_labels);
    samples
        .map(|sample| match &sample.value {
            prometheus_parse::Value::Counter(value) => *value,
            prometheus_parse::Value::Histogram(buckets) => {
                buckets.iter().map(|bucket| bucket.count).fold(0.0, f64::max)
            }
            _ => 0.0,
        })
        .sum()
}

#[test]
fn the_operator_is_told_how_it_is() {
    let folder = TempDir::new().unwrap();
    let (coturn, fake) = (Coturn::with_secrets(&[OLD]), FakeXirsys::start());
    let config = folder.path().join("broker.toml");
    let both = format!("{}{}", turn(&coturn, &format!("secret = \"{OLD}\"")), xirsys(&fake, ""));
    fs::write(&config, both).unwrap();
    let broker = broker_and(&config, &["--admin-listen=127.0.0.1:0"]);
    let ask = |path: &str| broker.tell_operator(path);
    assert_eq!(ask("/healthz"), (200, "ok\n".into()));

    fake.sends(&xirsys_answer());
    assert_eq!(ice(&broker).0, 200);
    fake.sends("");
    assert_eq!(ice(&broker).0, 200);
    assert_eq!(broker.ask("GET", "/no-such-path", &[APP]).status, 404);

    let (status, ready) = ask("/readyz");
    let ready: Value = serde_json::from_str(&ready).unwrap();
    assert_eq!((status, &ready["store"]), (200, &json!("ready")), "{ready}");
    assert_eq!(ready["backends"]["turn-1"], "ready", "{ready}");

    let (status, metrics) = ask("/metrics");
    assert_eq!(status, 200);
    for (name, labels, count) in [
        ("turn_broker_requests_total", &[("path", "/ice"), ("status", "200")][..], 2.0),
        ("turn_broker_requests_total", &[("path", "unknown"), ("status", "404")], 1.0),
        ("turn_broker_request_duration_seconds", &[("path", "/ice")], 2.0),
        ("turn_broker_leases_total", &[("backend", "turn-1")], 2.0),
        ("turn_broker_leases_total", &[("backend", "xirsys-2")], 1.0),
        ("turn_broker_provider_calls_total", &[("outcome", "answered")], 1.0),
        ("turn_broker_provider_calls_total", &[("outcome", "failed")], 1.0),
    ] {
        assert_eq!(counted(&metrics, name, labels), count, "{name} {labels:?}:\n{metrics}");
    }
    // No name and no token is a label.
    assert!(!metrics.contains("no-such-path") && !metrics.contains("u-of-xirsys"), "{metrics}");
    assert_eq!(broker.ask("GET", "/metrics", &[APP]).status, 404, "for the operator only");
    broker.stop();

    let (ended, words) = Broker::refuses(&["--admin-listen=0.0.0.0:0", "--turn-uri=turn:a"]);
    assert!(!ended.success() && !words.contains("panicked"), "{words}");
}
