//! The answer of draft-uberti-behave-turn-rest-00 and of Matrix.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use turn_credentials::IceUri;
use turn_credentials::ice::rest::Answer;
use turn_credentials_fuzz::servers;

fuzz_target!(|data: &[u8]| {
    let read = serde_json::from_slice::<Answer>(data);
    match (&read, serde_json::from_reader::<_, Answer>(data)) {
        (Ok(borrowed), Ok(owned)) => assert_eq!(parts(borrowed), parts(&owned)),
        (Err(_), Err(_)) => {}
        disagree => panic!("{disagree:?}"),
    }
    // Each name once: the reference cannot see that there are two.
    let Ok(json) = serde_json::from_slice::<Value>(data) else { return };
    let read = serde_json::from_str::<Answer>(&json.to_string());
    assert_eq!(read.as_ref().ok().map(parts), expected(&json), "{:?}", read.err());
    let Ok(read) = read else { return };
    let written = serde_json::to_string(&read).unwrap();
    let again: Answer = serde_json::from_str(&written).unwrap();
    assert_eq!(parts(&again), Parts { dropped: 0, ..parts(&read) });
    let server = read.clone().into_server().unwrap();
    assert_eq!((server.urls(), server.username()), (read.uris(), Some(read.username())));
});

#[derive(Debug, PartialEq)]
struct Parts {
    username: String,
    password: String,
    ttl: Duration,
    uris: Vec<String>,
    dropped: usize,
}

fn parts(answer: &Answer) -> Parts {
    Parts {
        username: answer.username().into(),
        password: answer.password().as_str().into(),
        ttl: answer.ttl(),
        uris: answer.uris().iter().map(IceUri::to_string).collect(),
        dropped: answer.dropped(),
    }
}

fn expected(json: &Value) -> Option<Parts> {
    let all = ["username", "password", "ttl", "uris"].iter().all(|name| json.get(name).is_some());
    let ttl = match &json["ttl"] {
        Value::Number(number) if number.is_f64() => whole(number.as_f64()?)?,
        Value::Number(number) => number.as_u64()?,
        Value::String(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
            text.parse().ok()?
        }
        _ => return None,
    };
    let (username, password) = servers::login(json, &["password"])?;
    let (uris, dropped) = servers::uris(json, &["uris"]);
    let good = all && servers::is_password(json) && !uris.is_empty();
    good.then_some(Parts { username, password, ttl: Duration::from_secs(ttl), uris, dropped })
}

/// As `{:.0}` writes it, if that is the number.
fn whole(number: f64) -> Option<u64> {
    let text = format!("{number:.0}");
    let same = text.parse::<f64>().is_ok_and(|same| same.to_bits() == number.to_bits());
    if number == 0.0 { Some(0) } else { text.parse().ok().filter(|_| same) }
}
