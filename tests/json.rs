//! JSON: reading recorded forms, writing, and reading back what was written.
#![allow(missing_docs)]
#![cfg(feature = "serde")]

use core::time::Duration;

use proptest::prelude::*;
use serde::Deserialize as _;
use serde::de::IntoDeserializer as _;
use serde::de::value::{
    EnumAccessDeserializer, Error as ValueError, I128Deserializer, StrDeserializer,
};
use serde_json::{Value, json};
use turn_credentials::ice::rest::Answer;
use turn_credentials::ice::{Login, TurnServer};
use turn_credentials::{
    ClockSkew, Credential, IceLease, IceServer, IceServers, IceUri, Keyring, SharedSecret, UnixTime,
};

fn file() -> Value {
    serde_json::from_str(include_str!("vectors/ice_servers.json")).unwrap()
}

const NOW: UnixTime = UnixTime::from_secs(1_266_887_200);

/// A lease of our own server.
fn lease(name: &str, ttl: Duration) -> IceLease {
    let (uris, secret) = (IceUri::fan_out(["a.example"]), SharedSecret::new("north"));
    let server = TurnServer::new(uris.unwrap(), secret.unwrap(), ttl).unwrap();
    IceLease::generate_at(name, &[server], NOW).unwrap()
}

fn an_hour() -> IceLease {
    lease("mbzrxpgjys", Duration::from_secs(3600))
}

#[test]
fn every_recorded_form() {
    for case in file()["tests"].as_array().unwrap() {
        let servers: IceServers = serde_json::from_str(case["json"].as_str().unwrap()).unwrap();
        let read: Vec<Value> = servers
            .iter()
            .map(|server| {
                let urls: Vec<_> = server.urls().iter().map(IceUri::to_string).collect();
                json!([urls, server.username(), server.credential().map(Credential::as_str)])
            })
            .collect();
        assert_eq!(json!(read), case["servers"], "{}", case["from"]);
        assert_eq!(json!(servers.dropped()), case["dropped"], "{}", case["from"]);
    }
}

#[test]
fn what_is_refused_says_why() {
    for case in file()["refused"].as_array().unwrap() {
        let [text, why] = [0, 1].map(|part| case[part].as_str().unwrap());
        let error = serde_json::from_str::<IceServers>(text).unwrap_err().to_string();
        assert!(error.contains(why), "{text}: {error}");
    }
    for hidden in [
        r#"[{"urls": "turn:a", "username": "u", "credential": {"a": "hidden"}}]"#,
        r#"{"urls": "hidden:a", "username": "hidden", "credential": "hidden\n"}"#,
        r#"{"urls": ["hidden"], "credentialType": "hidden"}"#,
        r#""hidden""#,
        r#"{"hidden": "hidden"}"#,
    ] {
        let error = serde_json::from_str::<IceServers>(hidden).unwrap_err().to_string();
        assert!(!error.contains("hidden"), "{error}");
        let error = serde_json::from_str::<IceServer>(hidden).unwrap_err().to_string();
        assert!(!error.contains("hidden"), "{error}");
        let error = serde_json::from_str::<Answer>(hidden).unwrap_err().to_string();
        assert!(!error.contains("hidden"), "{error}");
    }
    for text in ["7", "-7", "7.5", "true", "null", "[7]", r#"{"a": 7}"#] {
        let error = serde_json::from_str::<Credential>(text).unwrap_err().to_string();
        assert_eq!(error, "invalid type, expected text");
        let error = serde_json::from_str::<IceUri>(text).unwrap_err().to_string();
        assert!(error.contains("expected a STUN or TURN URI"), "{error}");
    }
    // Formats other than JSON have enums.
    let text: StrDeserializer<'_, ValueError> = "hidden".into_deserializer();
    let error = Credential::deserialize(EnumAccessDeserializer::new(text)).unwrap_err();
    assert_eq!(error.to_string(), "invalid type: enum, expected any JSON");
}

#[test]
fn one_server() {
    let read = serde_json::from_str::<IceServer>;
    let server = read(r#"{"urls": ["stun:a?b", "turn:a"], "username": "u", "credential": "c"}"#);
    assert_eq!(server.unwrap().urls(), ["turn:a".parse().unwrap()]);
    for (text, why) in [
        ("{}", "missing field `urls`"),
        (r#"[{"urls": "stun:a"}]"#, "an ICE server: an object with urls"),
        (r#"{"iceServers": [{"urls": "stun:a"}]}"#, "missing field `urls`"),
    ] {
        let error = read(text).unwrap_err().to_string();
        assert!(error.contains(why), "{text}: {error}");
    }
}

/// From a reader, and from a `Value`, serde passes text that is not borrowed.
#[test]
fn of_any_source() {
    for case in file()["tests"].as_array().unwrap() {
        let text = case["json"].as_str().unwrap();
        let borrowed: IceServers = serde_json::from_str(text).unwrap();
        let read: IceServers = serde_json::from_reader(text.as_bytes()).unwrap();
        let same = |other: IceServers| {
            assert_eq!(json!(other), json!(borrowed), "{text}");
            assert_eq!(other.dropped(), borrowed.dropped(), "{text}");
        };
        same(read);
        // A `Value` has each name only once, so a duplicate is not seen.
        if !text.contains("\"d\"") {
            same(serde_json::from_value(serde_json::from_str(text).unwrap()).unwrap());
        }
    }
}

#[test]
fn what_was_left_out_stays_counted() {
    let text = r#"[{"urls": ["stun:a", "stun:b?c", "stun:d:53"]}]"#;
    let mut servers: IceServers = serde_json::from_str(text).unwrap();
    assert_eq!(servers.clone().without_port(53).limit_urls(1).dropped(), 1);
    servers.extend(servers.clone());
    assert_eq!((servers.dropped(), servers.len()), (1, 2));
    assert_eq!((&servers).into_iter().count(), 2);
    let lease = IceLease::new(servers.clone());
    assert_eq!((lease.dropped(), lease.into_servers().len()), (1, 2));
    let again = IceServers::from_iter(servers);
    assert_eq!((again.dropped(), again.len()), (0, 2));
}

#[test]
fn the_w3c_form_is_written() {
    let servers = "[{\"urls\":[\"turn:a.example:3478?transport=udp\",\
         \"turn:a.example:3478?transport=tcp\",\"turns:a.example:443?transport=tcp\"],\
         \"username\":\"1266890800:mbzrxpgjys\",\"credential\":\"nbRcrnq5h6xXhyNhlwk+lDLvVVo=\"},\
         {\"urls\":[\"stun:a.example\"]}]";
    let stun = IceServer::without_login(["stun:a.example".parse().unwrap()]).unwrap();
    let lease = an_hour().with_server(stun);
    assert_eq!(serde_json::to_string(lease.servers()).unwrap(), servers);
    for (secs, ttl) in [(0, 3600), (600, 3000), (3600, 0), (9999, 0)] {
        let now = UnixTime::from_secs(NOW.as_secs() + secs);
        assert_eq!(
            serde_json::to_string(&lease.answer_at(now)).unwrap(),
            format!("{{\"iceServers\":{servers},\"ttl\":{ttl}}}")
        );
    }
    let unknown = IceLease::new(IceServers::default());
    let answer = serde_json::to_string(&unknown.answer_at(NOW)).unwrap();
    assert_eq!(answer, "{\"iceServers\":[]}", "no ttl where nobody knows it");
    assert_eq!(serde_json::to_string(&IceServers::default()).unwrap(), "{\"iceServers\":[]}");
}

#[test]
fn secrets_and_skews_of_a_configuration() {
    let accepts = |json: &str, secrets: &[&str]| {
        let list: Vec<SharedSecret> = serde_json::from_str(json).unwrap();
        let made = Keyring::from_secrets(list).unwrap();
        let made: Vec<_> = made.passwords("1").map(|made| made.as_str().to_owned()).collect();
        let expected = secrets.iter().map(|secret| SharedSecret::new(secret).unwrap());
        let expected: Vec<_> =
            expected.map(|secret| secret.password_for("1").as_str().to_owned()).collect();
        assert_eq!(made, expected, "{json}");
    };
    accepts(r#"["north"]"#, &["north"]);
    accepts(r#"["new", "\u0022old", "new"]"#, &["new", "\"old"]);

    for (hidden, why) in [
        (json!("7654321\n"), "at its beginning or end"),
        (json!("765\n4321"), "on one line"),
        (json!(""), "empty"),
        (json!(7_654_321), "put quotes around it"),
        (json!(-7_654_321), "put quotes around it"),
        (json!(7_654_321.5), "put quotes around it"),
        (json!(true), "put quotes around it"),
        (json!(null), "invalid type: null, expected a secret, as text"),
        (json!([7_654_321]), "invalid type: sequence, expected a secret, as text"),
        (json!({"7654321": 7_654_321}), "invalid type: map, expected a secret, as text"),
    ] {
        let text = serde_json::from_str::<SharedSecret>(&hidden.to_string()).unwrap_err();
        let value = serde_json::from_value::<SharedSecret>(hidden.clone()).unwrap_err();
        for error in [text.to_string(), value.to_string()] {
            assert!(error.contains(why) && !error.contains("765"), "{hidden}: {error}");
        }
    }
    for integer in [i128::MIN, i128::MAX] {
        let value: I128Deserializer<serde_json::Error> = integer.into_deserializer();
        let error = SharedSecret::deserialize(value).unwrap_err().to_string();
        assert_eq!(error, "the secret is not text: put quotes around it");
    }

    let skew = |json| serde_json::from_str::<ClockSkew>(json).ok();
    assert_eq!(skew("-5"), Some(ClockSkew::server_behind(Duration::from_secs(5))));
    assert_eq!(skew("30"), Some(ClockSkew::from_secs(30)));
    for found in ["\"hunter2\"", "7654321.5", "18446744073709551615", "[1]"] {
        let error = serde_json::from_str::<ClockSkew>(found).unwrap_err().to_string();
        assert!(!error.contains("hunter") && !error.contains("7654321"), "{error}");
        assert!(error.contains("seconds"), "{error}");
    }
    // How serde_json passes a number if its feature arbitrary_precision is on.
    let precise = |text| json!({ "$serde_json::private::Number": text });
    let skew_of = |number| serde_json::from_value::<ClockSkew>(precise(number)).ok();
    assert_eq!(skew_of("-5"), Some(ClockSkew::from_secs(-5)));
    assert_eq!((skew_of("0.5"), skew_of("9223372036854775808")), (None, None));
    let error = serde_json::from_value::<SharedSecret>(precise("7654321")).unwrap_err();
    assert_eq!(error.to_string(), "the secret is not text: put quotes around it");
    for other in ["0.5", "\"5\"", "null", "9223372036854775808", "{}", r#"{"a":"5"}"#] {
        assert_eq!(skew(other), None, "{other}");
    }
}

/// draft-uberti-behave-turn-rest-00 section 2.2, and Matrix's `turnServer`.
#[test]
fn the_rest_answer() {
    let answer = Answer::for_lease_at(&an_hour(), NOW).unwrap();
    assert_eq!(
        serde_json::to_string(&answer).unwrap(),
        "{\"username\":\"1266890800:mbzrxpgjys\",\"password\":\"nbRcrnq5h6xXhyNhlwk+lDLvVVo=\",\
         \"ttl\":3600,\"uris\":[\"turn:a.example:3478?transport=udp\",\
         \"turn:a.example:3478?transport=tcp\",\"turns:a.example:443?transport=tcp\"]}"
    );
    let read = |ttl: Value| {
        let matrix = json!({
            "username": "1443779631:@user:example.com",
            "password": "unpadded-text",
            "uris": ["turn:turn.example.com:3478?transport=udp", "turn:10.20.30.40:3478"],
            "ttl": ttl,
        });
        serde_json::from_value::<Answer>(matrix)
    };
    // Synapse before 1.44 sent 86400.0 (matrix-org/synapse#10922, 2021-09-27). The last ttl is how
    // serde_json passes a number if its feature arbitrary_precision is on.
    let precise = json!({ "$serde_json::private::Number": "86400" });
    for ttl in [json!(86400), json!("86400"), json!(86400.0), precise] {
        let answer = read(ttl).unwrap();
        assert_eq!(answer.dropped(), 0);
        assert_eq!(answer.ttl(), Duration::from_secs(86_400));
        assert_eq!(answer.username(), "1443779631:@user:example.com");
        assert_eq!(answer.password().as_str(), "unpadded-text");
        assert_eq!(answer.into_server().unwrap().urls().len(), 2);
    }
    // Other formats' names for the same things do not count here.
    let both = r#"{"username":"u","password":"right","credential":"c","ttl":1,"uris":["turn:a"],
        "urls":["turn:b"]}"#;
    let answer: Answer = serde_json::from_str(both).unwrap();
    assert_eq!(
        (answer.password().as_str(), answer.uris()),
        ("right", &["turn:a".parse().unwrap()][..])
    );
    let odd = [
        json!(null),
        json!(-1),
        json!(-1.0),
        json!(1.5),
        json!(1e-10),
        json!(86_400.000_000_000_1),
        json!(1e300),
        json!("1h"),
        json!("+5"),
        json!(""),
        json!([86400]),
        json!({ "$serde_json::private::Number": "-1" }),
        json!({ "Number": "86400" }),
    ];
    for ttl in odd {
        assert!(read(ttl.clone()).unwrap_err().to_string().contains("whole seconds"), "{ttl}");
    }
    for (text, why) in [
        // matrix-org/matrix-spec#1795, 2024-04-17.
        ("{}", "no TURN server configured"),
        (r#"{"username":"","password":"","ttl":86400,"uris":[]}"#, "has no URI"),
        (r#"{"password":"p","ttl":1,"uris":["turn:a"]}"#, "missing field `username`"),
        (r#"{"username":"u","ttl":1,"uris":["turn:a"]}"#, "missing field `password`"),
        (r#"{"username":"u","password":"p","uris":["turn:a"]}"#, "missing field `ttl`"),
        (r#"{"username":"u","password":"p","ttl":1}"#, "missing field `uris`"),
        (
            r#"{"username":"u","password":"p","ttl":1,"ttl":2,"uris":["turn:a"]}"#,
            "duplicate field `ttl`",
        ),
        (r#"{"username":"u","password":"p","ttl":1,"uris":["turn://a"]}"#, "slashes"),
        (r#"{"username":"u","password":"p","ttl":1,"uris":[]}"#, "has no URI"),
        (
            r#"{"username":"u","password":"","ttl":1,"uris":["turn:a"]}"#,
            "a username and a credential",
        ),
        (
            r#"{"username":"u","password":null,"credential":"c","ttl":1,"uris":["turn:a"]}"#,
            "a username and a credential",
        ),
        (r#"{"username":"u","password":"p","ttl":1,"uris":null,"urls":["turn:a"]}"#, "has no URI"),
        (
            r#"{"username":null,"password":"p","ttl":1,"uris":["turn:a"]}"#,
            "a username and a credential",
        ),
        (r#"["u","p",1,["turn:a"]]"#, "an object with username, password, ttl and uris"),
        // With the type hmac-sha1, the credential is the secret that is shared with the TURN server.
        (
            r#"{"username":"u","password":"p","ttl":1,"uris":["turn:a"],"credentialType":"hmac-sha1"}"#,
            "not a password",
        ),
        (
            r#"{"username":"u","password":"p","ttl":1,"uris":["turn:a"],"credential":1,"credential":2}"#,
            "duplicate field `credential`",
        ),
    ] {
        let error = serde_json::from_str::<Answer>(text).unwrap_err().to_string();
        assert!(error.contains(why), "{text}: {error}");
    }
    let some = r#"{"username":"u","password":"p","ttl":1,"uris":["stun:a?b","turn:a","turn://a"]}"#;
    let some: Answer = serde_json::from_str(some).unwrap();
    assert_eq!((some.dropped(), some.uris()), (2, &["turn:a".parse().unwrap()][..]));
}

fn servers() -> impl Strategy<Value = IceServers> {
    let stun = proptest::collection::vec("stuns?:[a-z]{1,9}(:[1-9][0-9]{0,3})?", 1..3);
    let turn = proptest::collection::vec("turns?:[a-z]{1,9}(\\?transport=(udp|tcp))?", 1..4);
    let login = ("\\PC{1,40}", "\\PC{1,40}");
    let parse = |uris: Vec<String>| -> Vec<IceUri> {
        uris.iter().map(|uri| uri.parse().unwrap()).collect()
    };
    let server = prop_oneof![
        stun.prop_map(move |uris| IceServer::without_login(parse(uris)).unwrap()),
        (turn, login).prop_map(move |(uris, (username, credential))| {
            IceServer::new(parse(uris), Login::new(username, credential).unwrap()).unwrap()
        }),
    ];
    proptest::collection::vec(server, 0..5).prop_map(IceServers::from)
}

proptest! {
    #[test]
    fn what_is_written_reads_back(servers in servers()) {
        let text = serde_json::to_string(&servers).unwrap();
        let read: IceServers = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(serde_json::to_string(&read).unwrap(), text.clone());
        prop_assert_eq!(read.len(), servers.len());
        for (read, written) in read.iter().zip(&servers) {
            prop_assert_eq!(read.urls(), written.urls());
            prop_assert_eq!(read.username(), written.username());
            let [read, written] = [read, written].map(|server| server.credential().map(Credential::as_str));
            prop_assert_eq!(read, written);
        }
        prop_assert!(!text.contains("\"url\"") && !text.contains("credentialType"));
    }

    #[test]
    fn an_answer_reads_back(name in "[a-z@:é]{1,20}", ttl in 1..100_000_u64) {
        let ttl = Duration::from_secs(ttl);
        let lease = lease(&name, ttl);
        let written = Answer::for_lease_at(&lease, NOW).unwrap();
        let read: Answer = serde_json::from_str(&serde_json::to_string(&written).unwrap()).unwrap();
        prop_assert_eq!(read.username(), written.username());
        let credential = lease.servers()[0].credential().unwrap();
        prop_assert_eq!(read.password().as_str(), credential.as_str());
        prop_assert_eq!((read.ttl(), read.uris()), (ttl, written.uris()));
    }

    #[test]
    fn nothing_panics(text in "[\\[\\]{}\":,a-z0-9 ]{0,40}") {
        _ = serde_json::from_str::<IceServers>(&text);
        _ = serde_json::from_str::<Answer>(&text);
    }
}
