//! The broker with a Redis that is right, wrong, away, frozen, full or no longer the primary.

use std::io::{self, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use turn_credentials_interop::broker::{Answer, Broker};
use turn_credentials_interop::{Redis, redis};

const ORIGIN: (&str, &str) = ("origin", "https://app.example.org");
const WRONG: &str = "not-the-password-of-redis";

fn with(store: &str, more: &[&str]) -> Broker {
    let store = format!("--token-store={store}");
    let own = [
        "--turn-uri=turn:127.0.0.1:3478",
        "--secret-file=the-secret-of-coturn",
        "--origin=https://app.example.org",
        &store,
    ];
    Broker::with_args(&own.iter().chain(more).copied().collect::<Vec<_>>())
}

fn token(broker: &Broker) -> Answer {
    broker.ask("GET", "/token", &[ORIGIN])
}

/// The status of `GET /ice`, which comes within some seconds.
fn ice(broker: &Broker, token: &str) -> u16 {
    let start = Instant::now();
    let answer = broker.ask("GET", "/ice", &[ORIGIN, ("tok", token)]);
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    answer.status
}

#[track_caller]
fn until(holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(30), "it takes too long");
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn redis_over_tls_comes_and_goes() {
    let mut redis = Redis::with_tls();
    let password = format!("--redis-password-file={}", redis::PASSWORD);
    let authority = format!("--redis-ca-file={}", redis.authority());
    let operator = "--admin-listen=127.0.0.1:0";
    let broker = with(&redis.url(), &[&password, &authority, "--single-use", operator]);
    let ready = || {
        let (status, body) = broker.tell_operator("/readyz");
        let body: Value = serde_json::from_str(&body).expect("JSON");
        assert_eq!(body["backends"]["coturn"], "ready", "{body}");
        assert_eq!(broker.tell_operator("/healthz").0, 200);
        (status, body["store"].as_str().map(str::to_owned))
    };
    let [is_ready, is_failing] =
        [(200, "ready"), (503, "failing")].map(|(status, store)| (status, Some(store.to_owned())));
    let served = || {
        let token = token(&broker);
        token.status == 200 && [ice(&broker, &token.body), ice(&broker, &token.body)] == [200, 401]
    };
    assert!(served());
    assert_eq!(ready(), is_ready);

    let old = token(&broker).body;
    redis.freeze();
    assert_eq!(ice(&broker, &old), 503);
    assert_eq!(ready(), is_failing);
    redis.thaw();
    until(served);
    assert_eq!(ready(), is_ready);

    let old = token(&broker).body;
    redis.stop();
    assert_eq!(ice(&broker, &old), 503);
    assert_eq!(ready(), is_failing);
    redis.start_again();
    until(served);
    assert_eq!(ready(), is_ready);
    assert_eq!(ice(&broker, &old), 401, "this Redis keeps nothing on disk");

    let old = token(&broker).body;
    redis.ask(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]);
    redis.ask(&["CONFIG", "SET", "maxmemory", "1"]);
    assert_eq!((token(&broker).status, ice(&broker, &old)), (503, 200));
    redis.ask(&["CONFIG", "SET", "maxmemory", "0"]);
    until(served);

    let (status, log) = broker.stop();
    assert!(status.success() && !log.contains("cannot be used"), "{log}");
    assert!(log.contains("the token store failed"), "{log}");
}

#[test]
fn what_is_wrong_with_redis_is_said_at_the_start() {
    let (tls, other, plain) = (Redis::with_tls(), Redis::with_tls(), Redis::start());
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let silent = silent.local_addr().unwrap().to_string();
    let password = format!("--redis-password-file={}", redis::PASSWORD);
    let wrong_password = format!("--redis-password-file={WRONG}");
    let authority = format!("--redis-ca-file={}", tls.authority());
    let wrong_authority = format!("--redis-ca-file={}", other.authority());
    let with_password = format!("redis://:{WRONG}@{}", plain.address());
    let refused = "it refuses the password, or requires one";
    let unreachable = "it cannot be reached, or its certificate is wrong";

    for (store, args, address, reason) in [
        (tls.url(), vec![&wrong_password, &authority], tls.address(), refused),
        (tls.url(), vec![&authority], tls.address(), refused),
        (plain.url(), vec![], plain.address(), refused),
        (with_password, vec![], plain.address(), refused),
        (tls.url(), vec![&password, &wrong_authority], tls.address(), unreachable),
        (tls.url(), vec![&password], tls.address(), unreachable),
        (format!("redis://:{WRONG}@{nobody}"), vec![], nobody, "nothing listens there"),
        (format!("redis://:{WRONG}@{silent}"), vec![], silent, "it does not answer"),
    ] {
        let args: Vec<_> = args.into_iter().map(String::as_str).collect();
        let broker = with(&store, &args);
        broker.hide(WRONG);
        broker.hide(redis::PASSWORD);
        until(|| broker.log().contains("the token store cannot be used"));
        let log = broker.log();
        let line = log.lines().find(|line| line.contains("cannot be used")).unwrap();
        assert!(line.contains(&address) && line.contains(reason), "{store}: {line}");
        assert_eq!(token(&broker).status, 503);
        broker.stop();
    }
}

/// Pretends to be Redis: sends `start` once, then `then` again and again, up to 256 MiB. Returns
/// the most that a connection took of these, in MiB.
fn send_for_ever(address: &str, (start, then): (&[u8], &[u8]), ended: &AtomicBool) -> usize {
    const MIB: usize = 1024 * 1024;
    const MOST: usize = 256;

    let listener = TcpListener::bind(address).expect("the port of Redis");
    listener.set_nonblocking(true).expect("a listener that does not wait");
    let block = then.repeat(MIB / then.len());
    let (mut most, end) = (0, Instant::now() + Duration::from_secs(30));
    while !ended.load(Ordering::Relaxed) && Instant::now() < end {
        let Ok((mut stream, _)) = listener.accept() else {
            thread::sleep(Duration::from_millis(5));
            continue;
        };
        stream.set_nonblocking(false).expect("a stream that waits");
        stream.set_write_timeout(Some(Duration::from_secs(1))).expect("a timeout");
        _ = stream.write_all(start);
        most = most.max((0..MOST).take_while(|_| stream.write_all(&block).is_ok()).count());
    }
    most
}

#[test]
fn a_redis_that_sends_for_ever_costs_neither_time_nor_memory() {
    const MOST: u64 = 16 * 1024;

    let mut redis = Redis::start();
    let password = format!("--redis-password-file={}", redis::PASSWORD);
    for sent in [
        (&b"$9999999999\r\n"[..], &b"a"[..]),
        (b"+", b"a"),
        (b"*999999999\r\n", b":1\r\n"),
        (b"+OK\r\n+OK\r\n+OK\r\n", b"-ERR no\r\n"),
        (b"", b">2\r\n+message\r\n+a\r\n"),
    ] {
        let broker = with(&redis.url(), &[&password]);
        assert_eq!(token(&broker).status, 200);
        let before = broker.memory();
        redis.stop();
        let (address, ended) = (redis.address(), AtomicBool::new(false));
        let (elapsed, statuses, after, taken) = thread::scope(|scope| {
            let fake = scope.spawn(|| send_for_ever(&address, sent, &ended));
            let start = Instant::now();
            let mut after = before;
            let statuses = [(); 3].map(|()| {
                let status = token(&broker).status;
                thread::sleep(Duration::from_millis(500));
                after = after.max(broker.memory());
                status
            });
            let elapsed = start.elapsed();
            ended.store(true, Ordering::Relaxed);
            (elapsed, statuses, after, fake.join().expect("what was sent"))
        });
        let sent = sent.0.escape_ascii();
        assert_eq!(statuses, [503; 3], "{sent}");
        assert!(elapsed < Duration::from_secs(15), "{sent}: {elapsed:?}");
        assert!(after < before + MOST, "{sent}: {before} KiB, then {after} KiB");
        assert!(taken < 16, "{sent}: {taken} MiB");

        redis.start_again();
        until(|| token(&broker).status == 200);
        broker.stop();
    }
}

/// Forwards each new connection to the server whose address is in `target`. Returns its own address.
fn forward_to(target: &Arc<Mutex<String>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("its address").to_string();
    let target = Arc::clone(target);
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let server = TcpStream::connect(target.lock().unwrap().as_str()).expect("the target");
            let [client_too, server_too] = [&client, &server].map(|end| end.try_clone().unwrap());
            for (mut from, mut to) in [(client, server), (server_too, client_too)] {
                thread::spawn(move || {
                    _ = io::copy(&mut from, &mut to);
                    _ = to.shutdown(Shutdown::Both);
                });
            }
        }
    });
    address
}

#[test]
fn a_primary_that_becomes_a_replica_is_left_for_the_new_primary() {
    let (old, new) = (Redis::start(), Redis::start());
    let primary = Arc::new(Mutex::new(old.address()));
    let password = format!("--redis-password-file={}", redis::PASSWORD);
    let broker = with(&format!("redis://{}", forward_to(&primary)), &[&password]);
    assert_eq!(token(&broker).status, 200);

    *primary.lock().unwrap() = new.address();
    let address = new.address();
    let (host, port) = address.split_once(':').expect("a host and a port");
    old.ask(&["REPLICAOF", host, port]);
    assert_eq!(token(&broker).status, 503);
    until(|| token(&broker).status == 200);
    assert_eq!(old.ask(&["ROLE"])[0], "slave");
}
