//! Does the broker do what its clients, including old ones, and its operators rely on?

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::ExitStatus;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;
use turn_credentials::{IceServer, Keyring, SharedSecret, UnixTime};
use turn_credentials_interop::broker::{Answer, members};
use turn_credentials_interop::browser::{Call, Joined, blank_page};
use turn_credentials_interop::fake_xirsys::{self, recorded, response};
use turn_credentials_interop::{Broker, Browser, Coturn, FakeXirsys, Redis, redis};

const SECRET: &str = "north-of-the-border";
const KEY: &str = "the-key-of-a-client";
const APP: &str = "https://app.example.org";
const FROM_APP: (&str, &str) = ("origin", APP);
const FROM_ELSEWHERE: (&str, &str) = ("origin", "https://elsewhere.example.org");
const FROM_THE_PAGE: (&str, &str) = ("sec-fetch-site", "same-origin");
const URI: &str = "turn:turn.example.org?transport=udp";
const HALF_A_HEAD: &str = "GET / HT";
const CUT_OFF: &str = "cut off";
const PATIENCE: Duration = Duration::from_secs(30);

/// The arguments of every broker with a coturn.
fn with(uris: &[String], more: &[&str]) -> Vec<String> {
    let uris = uris.iter().map(|uri| format!("--turn-uri={uri}"));
    let more = more.iter().map(|&arg| arg.to_owned());
    uris.chain([format!("--secret-file={SECRET}")]).chain(more).collect()
}

/// A broker for one app; its TURN server is never contacted.
fn broker(more: &[&str]) -> Broker {
    broker_of(&[URI.into()], more)
}

/// A broker for one app and these TURN servers.
fn broker_of(uris: &[String], more: &[&str]) -> Broker {
    Broker::with_args(&with(uris, &[&[&*format!("--origin={APP}")], more].concat()))
}

/// A broker for one app, with logins from Xirsys.
fn broker_with(xirsys: &FakeXirsys, more: &[&str]) -> Broker {
    let more = more.iter().map(|&arg| arg.to_owned());
    let args = xirsys.args().into_iter().chain([format!("--origin={APP}")]).chain(more);
    Broker::with_args(&args.collect::<Vec<_>>())
}

fn new_token(broker: &Broker) -> String {
    let answer = broker.ask("GET", "/token", &[FROM_APP]);
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body
}

fn put(broker: &Broker, token: &str) -> Answer {
    broker.ask("PUT", "/token", &[FROM_APP, ("tok", token)])
}

/// Whether a login was made with this secret and lasts for about an hour.
fn verifies(username: &Value, password: &Value) -> bool {
    let [username, password] = [username, password].map(|text| text.as_str().expect("a text"));
    let keyring = Keyring::new(SharedSecret::new(SECRET).unwrap());
    let verified = keyring.verify(username, password).map(|login| login.expires_at().as_secs());
    let left = verified.map(|expiry| expiry - UnixTime::now().as_secs());
    left.is_ok_and(|left| (3500..=3600).contains(&left))
}

/// Whether the ttl is an hour, less the seconds since the login was made.
fn lasts_an_hour(answer: &Value) -> bool {
    answer["ttl"].as_u64().is_some_and(|ttl| (3590..=3600).contains(&ttl))
}

/// Whether the answer is one bare object, with a login that verifies.
fn is_login(answer: &Answer, uris: &[String]) -> bool {
    let login = answer.json();
    answer.status == 200
        && answer.header("content-type") == Some("application/json")
        && members(&login).len() == 3
        && login["urls"] == json!(uris)
        && verifies(&login["username"], &login["credential"])
}

/// Stops each broker, which must end properly, with nothing secret in its log.
fn end(brokers: impl IntoIterator<Item = Broker>) {
    for broker in brokers {
        ended_well(broker.stop());
    }
}

fn ended_well((status, log): (ExitStatus, String)) {
    assert!(status.success() && !log.contains(CUT_OFF), "{status}:\n{log}");
}

#[track_caller]
fn until(holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "not within {PATIENCE:?}");
        thread::sleep(Duration::from_millis(100));
    }
}

/// A new connection on which this was sent.
fn connection(broker: &Broker, sent: &str) -> TcpStream {
    let mut stream = TcpStream::connect(broker.address()).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time limit");
    stream.write_all(sent.as_bytes()).expect("what is sent");
    stream
}

#[test]
fn the_reference_client_meets_its_peer_in_chromium() {
    the_reference_client_meets_its_peer(Browser::Chromium);
}

#[test]
fn the_reference_client_meets_its_peer_in_firefox() {
    the_reference_client_meets_its_peer(Browser::Firefox);
}

fn the_reference_client_meets_its_peer(browser: Browser) {
    let coturn = Coturn::with_tls(&[SECRET]);
    let (app, elsewhere) = (blank_page(), blank_page());
    let broker = Broker::with_args(&with(&coturn.uris(), &[&format!("--origin={app}")]));
    let token = broker.ask("GET", "/token", &[("origin", &app)]).body;

    let join = |origin: &String, token: Option<&str>| Call {
        address: origin.clone(),
        name: "join",
        argument: json!({ "broker": broker.url("/token"), "token": token }),
    };
    let calls = [
        join(&app, None),
        join(&app, Some("guessed")),
        join(&elsewhere, None),
        join(&elsewhere, Some(&token)),
    ];
    let answers = browser.call::<Joined>(&calls, &coturn.authority());
    let [Ok(joined), Err(unauthorized), Err(unheard), Err(unheard_too)] = &answers[..] else {
        panic!("{answers:#?}")
    };
    let Joined { token, server, outcome } = joined;
    broker.hide(token);
    broker.hide_logins(server);
    assert!(outcome.echoed && outcome.thrown.is_none(), "{outcome:#?}");
    assert!(outcome.candidates.iter().all(|candidate| candidate.r#type == "relay"), "{outcome:#?}");
    assert_eq!(server["urls"], json!(coturn.uris()));
    assert!(verifies(&server["username"], &server["credential"]), "{server}");
    assert!(unauthorized.contains("status 401"), "{unauthorized}");
    assert!(unheard.contains("no answer") && unheard_too.contains("no answer"), "{answers:#?}");
    end([broker]);
}

/// A method, a path, headers, and the status of the answer.
type Case<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], u16);

fn statuses(broker: &Broker, table: &[Case]) {
    for (method, path, headers, status) in table {
        let answer = broker.ask(method, path, headers);
        assert_eq!(answer.status, *status, "{method} {path} {headers:?}: {answer:?}");
    }
}

const API_KEY: &str = "the-key-of-the-api";
const MATRIX_KEY: &str = "the-key-of-matrix";
const MATRIX: &str = "/_matrix/client/v3/voip/turnServer";

fn broker_with_all_paths() -> Broker {
    let keys = [format!("--api-key-file={API_KEY}"), format!("--matrix-key-file={MATRIX_KEY}")];
    broker_of(
        &["stun:turn.example.org".into(), URI.into()],
        &["--origin=http://localhost:3000", "--requests-per-minute=10000", &keys[0], &keys[1]],
    )
}

#[test]
fn the_contract_of_origins() {
    let broker = broker_with_all_paths();
    let token = new_token(&broker);
    let tok = ("tok", &*token);
    let own = format!("http://{}", broker.address());
    let matrix_key = ("authorization", &*format!("Bearer {MATRIX_KEY}"));
    let turn = format!("/turn?service=turn&username=alice&key={API_KEY}");

    for origin in [APP, "http://localhost:3000"] {
        let from = ("origin", origin);
        statuses(
            &broker,
            &[
                ("GET", "/token", &[from], 200),
                ("PUT", "/token", &[from, tok], 200),
                ("GET", "/ice", &[from, tok], 200),
                ("PUT", "/token", &[from], 401),
                ("GET", "/ice", &[from, ("tok", "guessed")], 401),
                ("GET", "/", &[from], 200),
                ("GET", &turn, &[from], 200),
                ("GET", "/nowhere", &[from], 404),
            ],
        );
    }
    for origin in [
        "https://elsewhere.example.org",
        "http://app.example.org",
        "https://app.example.org:8443",
        "https://app.example.org.elsewhere.example.org",
        "https://elsewhere.example.org/https://app.example.org",
        "https://app.example.org/",
        "https://app.example.org, https://elsewhere.example.org",
        "null",
    ] {
        let from = ("origin", origin);
        statuses(
            &broker,
            &[
                ("GET", "/token", &[from], 401),
                ("GET", "/token", &[from, FROM_THE_PAGE], 401),
                ("PUT", "/token", &[from, tok], 401),
                ("GET", "/ice", &[from, tok], 401),
                ("OPTIONS", "/token", &[from], 401),
                ("POST", "/token", &[from], 401),
                ("GET", "/", &[from], 200),
                ("GET", "/check.js", &[from], 200),
                ("GET", &turn, &[from], 401),
                ("GET", "/nowhere", &[from], 401),
            ],
        );
        let answer = broker.ask("GET", MATRIX, &[from, matrix_key]);
        assert_eq!((answer.status, &*answer.body), (401, ""));
    }
    statuses(
        &broker,
        &[
            ("GET", "/token", &[], 401),
            ("GET", "/token", &[("sec-fetch-site", "none")], 401),
            ("GET", "/token", &[("sec-fetch-site", "same-site")], 401),
            ("GET", "/token", &[("sec-fetch-site", "cross-site")], 401),
            ("GET", "/token", &[("authorization", "Bearer a-key-where-none-is-set")], 401),
            ("PUT", "/token", &[tok], 401),
            ("GET", "/ice", &[tok], 401),
            ("GET", "/token", &[FROM_THE_PAGE], 200),
            ("PUT", "/token", &[FROM_THE_PAGE, tok], 200),
            ("GET", "/ice", &[FROM_THE_PAGE, tok], 200),
            ("PUT", "/token", &[FROM_THE_PAGE, ("origin", &own), tok], 200),
            ("PUT", "/token", &[("origin", &own), tok], 401),
        ],
    );
    let (host, origin) = (("host", "turn.example.org"), ("origin", "https://turn.example.org"));
    statuses(&broker, &[("GET", "/token", &[host, origin, FROM_THE_PAGE], 200)]);
    end([broker]);
}

#[test]
fn the_contract_of_a_star_in_an_origin() {
    let broker = Broker::with_args(&with(&[URI.into()], &["--origin=https://*.example.org"]));
    for (origin, status) in [
        ("https://app.example.org", 200),
        ("https://other.example.org", 200),
        ("https://example.org", 401),
        ("https://a.b.example.org", 401),
        ("http://app.example.org", 401),
        ("https://app.example.org:8443", 401),
        ("https://appexample.org", 401),
        ("https://app.example.org.elsewhere.org", 401),
    ] {
        assert_eq!(broker.ask("GET", "/token", &[("origin", origin)]).status, status, "{origin}");
    }
    end([broker]);
}

#[test]
fn the_contract_of_preflights() {
    let broker = broker(&[]);
    let asks = [
        ("access-control-request-method", "PUT"),
        ("access-control-request-headers", "content-type,tok"),
    ];
    for path in ["/token", "/ice"] {
        let answer = broker.ask("OPTIONS", path, &[FROM_APP, asks[0], asks[1]]);
        assert!((200..300).contains(&answer.status), "{answer:?}");
        let allowed = |name| {
            let list = answer.header(name).unwrap_or("").to_ascii_lowercase();
            list.split(',').map(|word| word.trim().to_owned()).collect::<Vec<_>>()
        };
        let headers = allowed("access-control-allow-headers");
        for name in ["tok", "authorization", "content-type", "accept", "x-requested-with", "origin"]
        {
            assert!(headers.contains(&name.to_owned()), "{name}: {answer:?}");
        }
        let methods = allowed("access-control-allow-methods");
        assert!(
            ["get", "put"].iter().all(|&name| methods.contains(&name.to_owned())),
            "{answer:?}"
        );

        let answer = broker.ask("OPTIONS", path, &[FROM_ELSEWHERE, asks[0], asks[1]]);
        assert_eq!(answer.status, 401, "{answer:?}");
        let mut names = answer.headers.keys().map(|name| name.as_str());
        assert!(!names.any(|name| name.starts_with("access-control-")), "{answer:?}");
    }
    end([broker]);
}

#[test]
fn the_contract_of_the_client_key() {
    let broker = broker(&[&format!("--client-key-file={KEY}")]);
    let key = ("authorization", &*format!("Bearer {KEY}"));
    let wrong = ("authorization", "Bearer another-key");
    let token = broker.ask("GET", "/token", &[FROM_APP, key]).body;
    let tok = ("tok", &*token);
    statuses(
        &broker,
        &[
            ("GET", "/token", &[FROM_APP], 401),
            ("GET", "/token", &[FROM_APP, wrong], 401),
            ("GET", "/token", &[FROM_APP, ("authorization", KEY)], 401),
            ("GET", "/token", &[FROM_APP, ("authorization", "Bearer ")], 401),
            ("GET", "/token", &[FROM_THE_PAGE], 401),
            ("GET", "/token", &[FROM_ELSEWHERE, key], 401),
            ("GET", "/token", &[], 401),
            ("GET", "/token", &[wrong], 401),
            ("GET", "/token", &[FROM_APP, key], 200),
            ("GET", "/token", &[FROM_THE_PAGE, key], 200),
            ("GET", "/token", &[key], 200),
            ("PUT", "/token", &[FROM_APP, tok], 200),
            ("PUT", "/token", &[key, tok], 200),
            ("GET", "/ice", &[key, tok], 200),
            ("PUT", "/token", &[tok], 401),
            ("PUT", "/token", &[wrong, tok], 401),
            ("PUT", "/token", &[FROM_APP, key], 401),
        ],
    );
    end([broker]);
}

#[tokio::test]
async fn the_contract_of_tokens() {
    let coturn = Coturn::with_tls(&[SECRET]);
    let uris = coturn.uris();
    let [old, next] = ["0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"]
        .map(|key| format!("--token-key-file={key}"));
    let start = |more: &[&str]| broker_of(&uris, more);
    let broker = start(&[&old]);
    let answer = broker.ask("GET", "/token", &[FROM_APP]);
    assert!(answer.header("content-type").is_some_and(|is| is.starts_with("text/plain")));
    let token = answer.body;
    assert!(token.len() > 40 && token.bytes().all(|byte| byte.is_ascii_graphic()), "{token:?}");

    let login = put(&broker, &token);
    assert!(is_login(&login, &uris), "{login:?}");
    assert!(is_login(&put(&broker, &token), &uris), "a second time");
    let server: IceServer = serde_json::from_str(&login.body).unwrap();
    assert_eq!(coturn.allocates(server.login().unwrap().clone()).await, Ok(()));

    let ice = broker.ask("GET", "/ice", &[FROM_APP, ("tok", &token)]).json();
    assert_eq!(members(&ice).len(), 2, "{ice}");
    let [server] = &ice["iceServers"].as_array().unwrap()[..] else { panic!("{ice}") };
    assert!(verifies(&server["username"], &server["credential"]), "{ice}");
    assert_eq!(server["urls"], json!(uris));
    assert!(lasts_an_hour(&ice), "{ice}");

    let [another, both, by_memory, once] = [
        &[&*next][..],
        &[&*next, &*old],
        &["--token-store=memory"],
        &["--token-store=memory", "--single-use"],
    ]
    .map(start);
    let brief = start(&[&old, "--token-ttl=5s"]);
    let brief_token = new_token(&brief);
    assert_eq!(put(&broker, &brief_token).status, 200);

    let (all_but_one, last) = token.split_at(token.len() - 1);
    let changed = format!("{all_but_one}{}", if last == "A" { "B" } else { "A" });
    for wrong in ["", "guessed", &*changed, all_but_one, &format!("{token}A"), &token.repeat(20)] {
        assert_eq!(put(&broker, wrong).status, 401, "{wrong}");
        assert_eq!(put(&by_memory, wrong).status, 401, "{wrong}");
    }
    assert_eq!(put(&another, &token).status, 401);
    assert!(is_login(&put(&both, &token), &uris));
    let of_both = new_token(&both);
    assert!(is_login(&put(&another, &of_both), &uris));
    assert_eq!(put(&broker, &of_both).status, 401);

    let kept = new_token(&by_memory);
    assert!(is_login(&put(&by_memory, &kept), &uris));
    assert!(is_login(&put(&by_memory, &kept), &uris));
    let kept = new_token(&once);
    assert!(is_login(&put(&once, &kept), &uris));
    assert_eq!(put(&once, &kept).status, 401);
    assert_eq!(once.ask("GET", "/ice", &[FROM_APP, ("tok", &kept)]).status, 401);

    until(|| put(&broker, &brief_token).status == 401);
    end([broker, another, both, by_memory, once, brief]);
}

#[test]
fn the_contract_of_turn_and_matrix() {
    let (all, none) = (broker_with_all_paths(), broker(&[]));
    let is_answer = |answer: &Answer, name: &str| {
        let answer = answer.json();
        members(&answer).len() == 4
            && verifies(&answer["username"], &answer["password"])
            && answer["username"].as_str().is_some_and(|username| username.ends_with(name))
            && lasts_an_hour(&answer)
            && answer["uris"] == json!([URI])
    };
    let turn = |query: &str| format!("/turn?{query}");
    let alice = turn("service=turn&username=alice");

    for key in ["key", "api"].map(|name| format!("{alice}&{name}={API_KEY}")) {
        let answer = all.ask("GET", &key, &[]);
        assert!(is_answer(&answer, ":alice"), "{answer:?}");
        assert_eq!(none.ask("GET", &key, &[]).status, 404);
    }
    let janus = turn(&format!("service=turn&api={API_KEY}&key={API_KEY}&username=1234567890"));
    for method in ["GET", "POST"] {
        assert!(is_answer(&all.ask(method, &janus, &[]), ":1234567890"), "{method}");
    }
    statuses(
        &all,
        &[
            ("GET", &alice, &[], 401),
            ("GET", &format!("{alice}&key=a-guessed-key"), &[], 401),
            ("GET", &format!("{alice}&api=a-guessed-key"), &[], 401),
            ("GET", &format!("{alice}&key="), &[FROM_APP], 401),
            ("GET", &turn(&format!("service=stun&username=alice&key={API_KEY}")), &[], 400),
            ("GET", &turn(&format!("service=turn&username=a%20b&key={API_KEY}")), &[], 400),
            ("GET", &turn(&format!("service=turn&username=O'Brien&key={API_KEY}")), &[], 400),
        ],
    );

    let key = ("authorization", &*format!("Bearer {MATRIX_KEY}"));
    assert!(is_answer(&all.ask("GET", MATRIX, &[key]), ""));
    let user = format!("{MATRIX}?user_id=@alice:hs");
    for path in [&user, &user.replace("v3", "r0")] {
        assert!(is_answer(&all.ask("GET", path, &[key]), ":@alice:hs"), "{path}");
    }
    assert_eq!(none.ask("GET", MATRIX, &[key]).status, 404);
    for (headers, code) in [
        (&[][..], "M_MISSING_TOKEN"),
        (&[("authorization", "Bearer a-guessed-key")], "M_UNKNOWN_TOKEN"),
        (&[FROM_APP, ("authorization", "Bearer a-guessed-key")], "M_UNKNOWN_TOKEN"),
    ] {
        let answer = all.ask("GET", MATRIX, headers);
        assert_eq!((answer.status, &answer.json()["errcode"]), (401, &json!(code)));
        assert!(answer.json()["error"].is_string(), "{answer:?}");
    }
    end([all, none]);
}

#[test]
fn a_client_may_ask_for_less_time() {
    let broker = broker(&[&format!("--api-key-file={API_KEY}")]);
    let token = new_token(&broker);
    let ttls = |query: &str| {
        let ice = broker.ask("GET", &format!("/ice?{query}"), &[FROM_APP, ("tok", &token)]);
        let turn = format!("/turn?service=turn&username=alice&key={API_KEY}&{query}");
        [ice, broker.ask("GET", &turn, &[])].map(|answer| match answer.status {
            200 => answer.json()["ttl"].as_u64().expect("a ttl"),
            status => status.into(),
        })
    };
    for (query, least, most) in [
        ("ttl=60", 50, 60),
        ("ttl=3601", 3590, 3600),
        ("ttl=4294967295", 3590, 3600),
        ("ttl=0", 400, 400),
        ("ttl=-1", 400, 400),
        ("ttl=1h", 400, 400),
        ("ttl=4294967296", 400, 400),
    ] {
        assert!(ttls(query).iter().all(|ttl| (least..=most).contains(ttl)), "{query}");
    }
    end([broker]);
}

#[test]
fn a_name_that_servers_refuse_becomes_a_pseudonym() {
    let keys = [
        format!("--api-key-file={API_KEY}"),
        format!("--matrix-key-file={MATRIX_KEY}"),
        "--pseudonym-key-file=0123456789abcdef0123456789abcdef0123456789".to_owned(),
    ];
    let broker = broker(&keys.iter().map(String::as_str).collect::<Vec<_>>());
    let key = ("authorization", &*format!("Bearer {MATRIX_KEY}"));
    let names = ["@o'neil:hs", "@alice:hs"].map(|name| {
        let matrix = broker.ask("GET", &format!("{MATRIX}?user_id={name}"), &[key]);
        let turn = format!("/turn?service=turn&username={name}&key={API_KEY}");
        [matrix, broker.ask("GET", &turn, &[])].map(|answer| {
            let answer = answer.json();
            assert!(verifies(&answer["username"], &answer["password"]), "{answer}");
            text(&answer["username"]).split_once(':').expect("a name").1.to_owned()
        })
    });
    assert_eq!(names[0][0], names[0][1]);
    assert!(names[0][0].len() == 16 && !names[0][0].contains('\''), "{names:?}");
    assert_eq!(names[1], ["@alice:hs", "@alice:hs"]);
    end([broker]);
}

#[test]
fn a_broker_by_its_environment() {
    let uris = ["turn:a.example.org?transport=udp", "turns:a.example.org:443?transport=tcp"];
    let env = [
        ("BROKER_ORIGIN", "http://localhost:3000,https://app.example.org"),
        ("BROKER_TURN_URI", &*uris.join(",")),
        ("BROKER_TOKEN_STORE", "memory"),
        ("BROKER_SINGLE_USE", "true"),
        ("BROKER_REQUESTS_PER_MINUTE", "3"),
        ("TURN_SECRET", SECRET),
    ];
    let broker = Broker::with_env(&[] as &[&str], &env);
    broker.hide(SECRET);
    let token = new_token(&broker);
    assert!(is_login(&put(&broker, &token), &uris.map(Into::into)));
    assert_eq!([(); 2].map(|()| put(&broker, &token).status), [401, 429]);
    end([broker]);
}

#[test]
fn a_bad_configuration_is_told_in_one_line() {
    let (uri, secret) = (format!("--turn-uri={URI}"), format!("--secret-file={SECRET}"));
    for args in [
        &[&*uri][..],
        &[&*secret],
        &[&*uri, "--secret-file="],
        &[&*uri, "--secret-file"],
        &["--turn-uri=https://turn.example.org", &*secret],
        &[&*uri, &*secret, "--origin=https://app.example.org/path"],
        &[&*uri, &*secret, "--origin=*"],
        &[&*uri, &*secret, "--token-key-file=too-short-a-key"],
        &[&*uri, &*secret, "--single-use"],
        &[&*uri, &*secret, "--token-store=disk"],
        &[&*uri, &*secret, "--ttl=0s"],
        &[&*uri, &*secret, "--trusted-proxy=localhost"],
        &[&*uri, &*secret, "--listen=nowhere"],
        &["--backend=xirsys"],
    ] {
        let (status, said) = Broker::refuses(args);
        assert_eq!(status.code(), Some(2), "{args:?}: {said}");
        assert!(
            said.starts_with("error: ") && said.trim_end().lines().count() == 1,
            "{args:?}: {said}"
        );
        assert!(!said.contains(SECRET) && !said.contains("too-short-a-key"), "{args:?}: {said}");
    }
}

#[test]
fn xirsys_in_every_recorded_shape() {
    let xirsys = FakeXirsys::start();
    let hasty = broker_with(&xirsys, &["--xirsys-timeout=300ms"]);
    let broker = broker_with(&xirsys, &[]);
    [&hasty, &broker].iter().for_each(|broker| broker.hide(fake_xirsys::BASIC));
    let token = new_token(&broker);

    let failure = put(&broker, &token);
    assert_eq!(failure.status, 502, "{failure:?}");
    let recorded = recorded();
    assert!(recorded.len() > 50, "{}", recorded.len());
    for (status, body) in &recorded {
        xirsys.sends(&response(*status, "", body));
        let calls = xirsys.calls();
        let answer = put(&broker, &token);
        assert_eq!(xirsys.calls(), calls + 1, "{body}");
        let login = turn_login(body).filter(|_| *status == 200);
        if login.is_some() {
            assert_eq!((answer.status, turn_login(&answer.body)), (200, login), "{answer:?}");
            assert_eq!(members(&answer.json()).len(), 3, "{answer:?}");
        } else {
            assert_eq!(answer.status, 502, "{body}: {answer:?}");
            assert_eq!(answer.body, failure.body, "{body}");
        }
    }
    for words in ["Hidden-Secret", "Proxy Timeout Error", "502 Bad Gateway"] {
        assert!(recorded.iter().any(|(_, body)| body.contains(words)), "{words}");
        broker.hide(words);
    }

    xirsys.sends(&response(503, "retry-after: 7\r\n", ""));
    let answer = put(&broker, &token);
    assert_eq!((answer.status, answer.header("retry-after")), (502, Some("7")));
    let whole = response(200, "", &recorded[0].1);
    let elsewhere = response(302, "location: /elsewhere\r\n", "");
    for bad in [&whole[..whole.len() - 9], &whole[..9], "", "SSH-2.0-OpenSSH\r\n", &elsewhere] {
        xirsys.sends(bad);
        let answer = put(&broker, &token);
        assert_eq!((answer.status, &answer.body), (502, &failure.body), "{bad}");
    }
    assert_eq!(xirsys.calls(), recorded.len() + 7);
    xirsys.hangs();
    let (token_there, start) = (new_token(&hasty), Instant::now());
    assert_eq!(put(&hasty, &token_there).status, 502);
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());

    xirsys.sends(&whole);
    let ice = broker.ask("GET", "/ice", &[FROM_APP, ("tok", &token)]);
    assert_eq!((ice.status, turn_login(&ice.body)), (200, turn_login(&recorded[0].1)), "{ice:?}");
    assert!(lasts_an_hour(&ice.json()), "{ice:?}");
    end([broker, hasty]);
}

fn text(json: &Value) -> &str {
    json.as_str().unwrap_or_default()
}

/// The TURN URIs that have a login, and that login, in JSON of any shape.
fn turn_login(body: &str) -> Option<(Vec<String>, [String; 2])> {
    let json: Value = serde_json::from_str(body.trim_start_matches('\u{feff}')).ok()?;
    let (mut urls, mut found) = (Vec::new(), None);
    let mut left = vec![&json];
    while let Some(json) = left.pop() {
        let login = [&json["username"], &json["credential"]].map(text);
        let texts = ["urls", "url"].into_iter().flat_map(|name| match &json[name] {
            Value::Array(list) => list.iter().map(text).collect(),
            one => vec![text(one)],
        });
        let turn: Vec<_> = texts.filter(|url| url.starts_with("turn")).map(Into::into).collect();
        let usable = |part: &&str| !part.is_empty() && !part.contains('\n');
        if login.iter().all(usable) && !turn.is_empty() {
            urls.extend(turn);
            found = Some(login.map(Into::into));
        }
        left.extend(json.as_array().into_iter().flatten().rev());
        left.extend(members(json).into_iter().map(|(_, value)| value));
    }
    Some((urls, found?))
}

#[test]
fn two_brokers_share_tokens_by_redis() {
    let mut redis = Redis::start();
    let store = format!("--token-store={}", redis.url());
    let password = format!("--redis-password-file={}", redis::PASSWORD);
    let [a, b] = [(); 2].map(|()| broker(&[&store, &password]));
    let token = new_token(&a);
    assert!(is_login(&put(&b, &token), &[URI.into()]));
    assert_eq!(put(&b, "guessed-token").status, 401);

    let keys = redis.ask(&["KEYS", "*"]);
    let hash = Sha256::digest(&token).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(keys, [format!("turn-token:{hash}")]);
    let ttl = redis.ask(&["TTL", &keys[0]])[0].parse::<u32>().unwrap();
    assert!((3590..=3600).contains(&ttl), "{ttl}");
    assert!(!redis.ask(&["GET", &keys[0]]).concat().contains(&token));

    let [once, there] = [(); 2].map(|()| broker(&[&store, &password, "--single-use"]));
    let used_up = new_token(&once);
    assert!(is_login(&put(&once, &used_up), &[URI.into()]));
    assert_eq!([put(&once, &used_up).status, put(&there, &used_up).status], [401, 401]);
    let raced = new_token(&once);
    let wins = AtomicUsize::new(0);
    thread::scope(|scope| {
        for broker in [&once, &there].repeat(10) {
            scope.spawn(|| match put(broker, &raced).status {
                200 => _ = wins.fetch_add(1, Ordering::Relaxed),
                status => assert_eq!(status, 401),
            });
        }
    });
    assert_eq!(wins.into_inner(), 1);

    redis.stop();
    for broker in [&a, &b, &once, &there] {
        assert_eq!(statuses_soon(broker, &token), [503, 503]);
    }
    redis.start_again();
    for broker in [&a, &b, &once, &there] {
        until(|| broker.ask("GET", "/token", &[FROM_APP]).status != 503);
    }
    assert!(is_login(&put(&b, &new_token(&a)), &[URI.into()]));
    redis.freeze();
    assert_eq!(statuses_soon(&a, &token), [503, 503]);
    redis.thaw();
    end([a, b, once, there]);
}

/// The statuses of GET and PUT, which arrive within some seconds.
fn statuses_soon(broker: &Broker, token: &str) -> [u16; 2] {
    let start = Instant::now();
    let statuses = [broker.ask("GET", "/token", &[FROM_APP]), put(broker, token)];
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    statuses.map(|answer| answer.status)
}

#[test]
fn two_hundred_clients_lose_no_request() {
    const CLIENTS: usize = 200;
    const ROUNDS: usize = 5;

    let all = broker(&["--requests-per-minute=1000000"]);
    let start = Barrier::new(CLIENTS);
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                start.wait();
                for _ in 0..ROUNDS {
                    assert!(is_login(&put(&all, &new_token(&all)), &[URI.into()]));
                }
            });
        }
    });
    end([all]);
}

#[tokio::test]
async fn each_address_has_its_own_limit() {
    let ask = |broker: &Broker, forwarded: &str| {
        broker.ask("GET", "/token", &[FROM_APP, ("x-forwarded-for", forwarded)]).status
    };
    let direct = broker(&["--requests-per-minute=3"]);
    let behind = broker(&["--requests-per-minute=3", "--trusted-proxy=127.0.0.1"]);
    let far = broker(&["--requests-per-minute=3", "--trusted-proxy=10.0.0.0/8"]);
    for broker in [&direct, &far] {
        let statuses = ["203.0.113.1", "203.0.113.2", "203.0.113.3", "203.0.113.4"]
            .map(|forwarded| ask(broker, forwarded));
        assert_eq!(statuses, [200, 200, 200, 429]);
        assert!(status_from([127, 0, 0, 2], broker).await.starts_with("HTTP/1.1 200 "));
    }
    for client in ["203.0.113.1", "203.0.113.2", "2001:db8::1"] {
        let forged = format!("198.51.100.7 \u{e9}, {client}");
        let statuses = [client, client, &forged, client, &forged, client];
        assert_eq!(statuses.map(|list| ask(&behind, list)), [200, 200, 200, 429, 429, 429]);
    }
    end([direct, behind, far]);
}

#[test]
fn who_has_the_api_key_is_not_counted() {
    let broker = broker(&["--requests-per-minute=2", &format!("--api-key-file={API_KEY}")]);
    let ask = |key| broker.ask("GET", &format!("/turn?service=turn&key={key}"), &[]).status;
    let keys = [API_KEY, API_KEY, "a-guess-1", API_KEY, "a-guess-2", "a-guess-3", API_KEY];
    assert_eq!(keys.map(ask), [200, 200, 401, 200, 401, 429, 200]);
    end([broker]);
}

#[test]
fn a_signal_right_after_the_start_ends_it_as_any_other() {
    for _ in 0..10 {
        end([broker(&[])]);
    }
}

/// The answer to a client at another address of this machine.
async fn status_from(address: [u8; 4], broker: &Broker) -> String {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind((address, 0).into()).expect("another address of this machine");
    let mut stream = socket.connect(broker.address()).await.expect("a connection");
    let request = format!(
        "GET /token HTTP/1.1\r\nhost: localhost\r\norigin: {APP}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    let token = answer.lines().last().expect("a token");
    broker.hide(token);
    answer
}

#[test]
fn shutdown_finishes_what_is_in_flight() {
    let xirsys = FakeXirsys::start();
    let (_, good) = &recorded()[0];
    xirsys.hangs();
    let broker = broker_with(&xirsys, &["--xirsys-timeout=1m"]);
    let (address, token) = (broker.address(), new_token(&broker));
    let _half = connection(&broker, HALF_A_HEAD);

    let put = thread::scope(|scope| {
        let in_flight = scope.spawn(|| put(&broker, &token));
        until(|| xirsys.calls() > 0 || in_flight.is_finished());
        broker.terminate();
        until(|| TcpStream::connect(address).is_err());
        xirsys.sends(&response(200, "", good));
        in_flight.join().expect("an answer")
    });
    assert_eq!((put.status, turn_login(&put.body)), (200, turn_login(good)), "{put:?}");
    ended_well(broker.ended());
}

#[test]
fn shutdown_does_not_wait_for_a_provider_that_hangs() {
    let xirsys = FakeXirsys::start();
    xirsys.hangs();
    for (calls, grace, twice) in [(1, "--grace=1s", false), (2, "--grace=1m", true)] {
        let broker = broker_with(&xirsys, &["--xirsys-timeout=1m", grace]);
        let (address, token) = (broker.address(), new_token(&broker));
        let request = format!(
            "PUT /token HTTP/1.1\r\nhost: localhost\r\norigin: {APP}\r\ntok: {token}\r\n\r\n"
        );
        let mut in_flight = connection(&broker, &request);
        until(|| xirsys.calls() == calls);
        let start = Instant::now();
        if twice {
            broker.terminate();
            until(|| TcpStream::connect(address).is_err());
        }
        let (status, log) = broker.stop();
        assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
        assert!(status.success() && log.contains(CUT_OFF), "{grace}: {status}:\n{log}");
        let mut answer = String::new();
        _ = in_flight.read_to_string(&mut answer);
        assert_eq!(answer, "");
    }
}

#[test]
fn a_slow_head_is_cut() {
    let broker = broker(&[]);
    let mut slow = connection(&broker, HALF_A_HEAD);
    let is_served = || is_login(&put(&broker, &new_token(&broker)), &[URI.into()]);
    assert!(is_served());
    slow.read_to_end(&mut Vec::new()).expect("the end of the connection");
    assert!(is_served());
    end([broker]);
}

#[test]
fn a_body_that_ends_late_leaves_its_connection() {
    let broker = broker(&[]);
    let mut stream = connection(&broker, "");
    for _ in 0..3 {
        let head = "PUT /token HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n";
        for part in [head, "0\r\n\r\n"] {
            stream.write_all(part.as_bytes()).expect("a connection that is there");
            thread::sleep(Duration::from_millis(100));
        }
        let mut answer = [0; 1024];
        let len = stream.read(&mut answer).expect("an answer");
        assert!(answer[..len].starts_with(b"HTTP/1.1 401 "), "{:?}", &answer[..len]);
    }
    end([broker]);
}

#[test]
fn a_provider_that_hangs_takes_so_many_calls_and_no_more() {
    const CLIENTS: usize = 300;
    const MOST: usize = 256;

    let xirsys = FakeXirsys::start();
    xirsys.hangs();
    let broker = broker_with(&xirsys, &["--xirsys-timeout=1m", "--requests-per-minute=1000000"]);
    let token = new_token(&broker);
    let [served, refused] = [(); 2].map(|()| AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| match put(&broker, &token).status {
                200 => _ = served.fetch_add(1, Ordering::Relaxed),
                status => {
                    assert_eq!(status, 502);
                    refused.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        until(|| xirsys.calls() + refused.load(Ordering::Relaxed) == CLIENTS);
        new_token(&broker);
        xirsys.sends(&response(200, "", &recorded()[0].1));
    });
    let counts = [xirsys.calls(), served.into_inner(), refused.into_inner()];
    assert_eq!(counts, [MOST, MOST, CLIENTS - MOST]);
    end([broker]);
}
