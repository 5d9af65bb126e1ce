//! STUN and TURN URIs: a table, and random texts compared with a slow reference of the grammar.
#![allow(missing_docs)]

use std::net::Ipv6Addr;

use proptest::prelude::*;
use turn_credentials::IceUri;
use turn_credentials::ice::{BrowserRefusal, Scheme, Transport, UriError};

#[path = "reference/uri.rs"]
mod reference;

fn parse(text: &str) -> Result<IceUri, UriError> {
    text.parse()
}

#[test]
fn read() {
    use Scheme::{Stun, Stuns, Turn, Turns};
    use Transport::{Tcp, Udp};

    for (text, scheme, host, port, transport, defaults) in [
        ("stun:a.example", Stun, "a.example", None, None, (3478, Udp)),
        ("stuns:a.example", Stuns, "a.example", None, None, (5349, Tcp)),
        ("turn:a.example", Turn, "a.example", None, None, (3478, Udp)),
        ("turns:a.example", Turns, "a.example", None, None, (5349, Tcp)),
        ("stun:a.example:19302", Stun, "a.example", Some(19302), None, (19302, Udp)),
        ("turn:10.0.0.1:1", Turn, "10.0.0.1", Some(1), None, (1, Udp)),
        ("turn:a:65535?transport=udp", Turn, "a", Some(65535), Some(Udp), (65535, Udp)),
        ("turns:a:443?transport=tcp", Turns, "a", Some(443), Some(Tcp), (443, Tcp)),
        ("turns:a?transport=udp", Turns, "a", None, Some(Udp), (5349, Udp)),
        ("turn:[::1]:3478", Turn, "::1", Some(3478), None, (3478, Udp)),
        ("turn:[2001:db8:0:0:0:0:0:1]", Turn, "2001:db8:0:0:0:0:0:1", None, None, (3478, Udp)),
        ("stun:xn--bcher-kva.example.", Stun, "xn--bcher-kva.example.", None, None, (3478, Udp)),
        ("stun:a_b~c%41!$&'()+,;=", Stun, "a_b~c%41!$&'()+,;=", None, None, (3478, Udp)),
    ] {
        let uri = parse(text).unwrap();
        assert_eq!((uri.scheme(), uri.host()), (scheme, host), "{text}");
        assert_eq!((uri.port(), uri.transport()), (port, transport), "{text}");
        assert_eq!((uri.port_or_default(), uri.transport_or_default()), defaults, "{text}");
        assert_eq!(uri.to_string(), text);

        let mut built = IceUri::new(scheme, host).unwrap();
        if let Some(port) = port {
            built = built.with_port(port).unwrap();
        }
        if let Some(transport) = transport {
            built = built.with_transport(transport).unwrap();
        }
        assert_eq!(built, uri);
        assert_eq!(uri.with_default_port().port(), Some(defaults.0));
    }
    assert_eq!(parse("TuRnS:A.example:0443").unwrap().to_string(), "turns:A.example:443");
}

#[test]
fn refused() {
    for (error, texts) in [
        (UriError::Empty, &[""][..]),
        (
            UriError::Quoted,
            &["\"turn:a\"", "'turn:a'", "turn:\"a\"", "[\"turn:a\"]", "\u{201c}turn:a\u{201d}"],
        ),
        (UriError::Scheme, &["turn", "turn.example.org", "ice:a", ":a", "localhost:3478"][..]),
        (
            UriError::Https,
            &[
                "https://turn.example.org/api",
                "http:a",
                "turn:https://a.example/_turn/b",
                "https://ident:pw@a",
            ],
        ),
        (UriError::Slashes, &["turn://a", "stun://a:3478", "turn://bob:pw@a"]),
        (
            UriError::UserInfo,
            &[
                "turn:bob@a",
                "turn:bob:pw@a?transport=udp",
                "bob:pw@a",
                "turn:b:p?s@a",
                "turn:b:p#s@a",
            ],
        ),
        (UriError::Path, &["turn:a/", "turn:a:3478/x", "turn:/a"]),
        (UriError::Fragment, &["turn:a#b", "turn:a?transport=udp#b"]),
        (UriError::Host, &["turn:", "turn::3478", "turn:[a]", "turn:[::1", "turn:[fe80::1%25e]"]),
        (UriError::Host, &["turn:a|b", "turn:a%2", "turn:a%zz", "turn:%2A.a", "turn:[]:1"]),
        (UriError::Wildcard, &["turn:*.a", "turn:*", "stun:a*b:1"]),
        (UriError::NotAscii, &["turn:b\u{fc}cher", "turn:a\u{ff0e}example:1", "turn:a\u{3002}b"]),
        (UriError::Host, &["turn:256.0.0.1", "turn:1.2.3", "turn:3478", "turn:a.1", "turn:a.0x1f"]),
        // URL parsers refuse https:// with each of these hosts (URL standard), except headless Chromium
        // for %20.
        (
            UriError::Host,
            &[
                "turn:a%20b",
                "turn:a%00b",
                "turn:a%2Fb",
                "turn:%40",
                "turn:a%5B",
                "turn:a.%31",
                "turn:%C2%AD",
                "turn:a%25",
            ],
        ),
        (UriError::NoBrackets, &["turn:2001:db8::1", "stun:::1", "turn:1:2:3:4:5:6:7:8:443"]),
        (UriError::Port, &["turn:a:", "turn:a:0", "turn:a:65536", "turn:a:+1", "turn:a:x"]),
        (UriError::Port, &["turn:[::1]:", "turn:[::1]3478", "turn:a:1:2"]),
        (UriError::Query, &["turn:a?", "turn:a?transport=UDP", "turn:a?transport=sctp"]),
        (UriError::Query, &["turn:a?transport=udp&x=1", "turn:a?x=1", "turn:a?transport=udp?"]),
        (UriError::StunQuery, &["stun:a?", "stuns:a?transport=tcp", "stun:a?x"]),
    ] {
        for text in texts {
            assert_eq!(parse(text), Err(error), "{text}");
        }
    }
    for (text, index) in [(" turn:a", 0), ("turn:a\n", 6), ("turn:\ta", 5), ("turn:a\u{a0}", 6)] {
        assert_eq!(parse(text), Err(UriError::Blank { index }), "{text:?}");
    }
    assert_eq!(IceUri::new(Scheme::Turn, "[a]"), Err(UriError::Host));
    assert_eq!(IceUri::new(Scheme::Turn, "a:1"), Err(UriError::Host));
    assert_eq!(IceUri::new(Scheme::Turn, "*.a"), Err(UriError::Wildcard));
    assert_eq!(IceUri::new(Scheme::Turn, "[\u{fc}]"), Err(UriError::NotAscii));
    let stun = IceUri::new(Scheme::Stun, "a").unwrap();
    assert_eq!(stun.clone().with_port(0), Err(UriError::Port));
    assert_eq!(stun.with_transport(Transport::Udp), Err(UriError::StunQuery));
}

/// Texts that people have used as a URI, and a helpful word in the error.
#[test]
fn reported() {
    for (source, text, word) in [
        (
            "livekit/livekit#4476, 2026-04-24",
            "turn:2001:db8:ee4:1201:7039:38c:f652:a252:443?transport=udp",
            "without brackets",
        ),
        ("web-platform-tests/wpt#47959, 2024-09-04", "turn:b\u{fc}cher.example", "xn--"),
        (
            "bigbluebutton/bigbluebutton#8963, peers/peerjs#446",
            "turn:user@turn.example.org",
            "user",
        ),
        ("bigbluebutton/bigbluebutton#16531", "turn:<turn.example.com>", "host"),
        ("andyet/SimpleWebRTC#708, jetkvm/kvm#67", "turn.example.org:3478", "scheme"),
        ("microsoft/MixedReality-WebRTC#42", "turn: turn.example.org:3478", "blank"),
        ("a comma at the end of TURN_URLS in public env files", "", "comma"),
        ("the range of a port", "turn:turn.example.org:0", "1..=65535"),
        ("the range of a port", "turn:turn.example.org:65536", "1..=65535"),
    ] {
        let error = parse(text).unwrap_err().to_string();
        assert!(error.contains(word), "{source}: {error}");
    }
}

/// URIs for which a real Firefox throws, and ports to which a real Chromium sends nothing: every port
/// was tried.
#[test]
fn what_browsers_refuse() {
    let refusal = |text: &str| parse(text).unwrap().browser_refusal();
    let blocked = |port| Some(BrowserRefusal::BlockedPort { port });
    let low = |port| Some(BrowserRefusal::LowPort { port });
    for (source, text, expected) in [
        (
            "webrtc/samples#1209, 2019-07-27",
            "stuns:turn.example.org:5349",
            Some(BrowserRefusal::Stuns),
        ),
        (
            "bigbluebutton/docker#73, 2021-03-27",
            "turns:turn.example.org:465?transport=tcp",
            blocked(465),
        ),
        ("Cloudflare's answer", "turn:turn.example.org:53?transport=udp", blocked(53)),
        ("Cloudflare's answer", "stun:stun.example.org:53", blocked(53)),
        ("Fetch, newer than Chromium's list", "turn:a:4190", blocked(4190)),
        ("Fetch, the first", "stun:a:1", blocked(1)),
        ("Fetch, the last", "stun:a:10080", blocked(10080)),
        ("libwebrtc, TurnPort::AllowedTurnPort", "turns:a:853", low(853)),
        ("libwebrtc, TurnPort::AllowedTurnPort", "turn:a:1023", low(1023)),
        ("libwebrtc, TurnPort::AllowedTurnPort", "turn:a:1024", None),
        ("libwebrtc, TurnPort::AllowedTurnPort", "turn:a:80", None),
        ("libwebrtc, TurnPort::AllowedTurnPort", "turns:a:443", None),
        ("libwebrtc uses STUN on low ports", "stun:a:853", None),
        ("both", "stuns:a:465", Some(BrowserRefusal::Stuns)),
        ("the default", "turns:a", None),
        ("the default", "turn:a", None),
    ] {
        assert_eq!(refusal(text), expected, "{source}");
    }
    let refused = |scheme: &str| {
        (1..=u16::MAX).filter(|port| refusal(&format!("{scheme}:a:{port}")).is_some()).count()
    };
    assert_eq!(refused("stun"), 82);
    assert_eq!(refused("turn"), 1021 + 19, "below 1024 all but two");

    for (port, words) in
        [(53, "Chromium blocks"), (465, "Firefox blocks"), (853, "Chromium ignores")]
    {
        let message = refusal(&format!("turn:a:{port}")).unwrap().to_string();
        assert!(message.contains(words) && message.contains(&port.to_string()), "{message}");
    }
}

fn texts() -> impl Strategy<Value = String> {
    let scheme = prop_oneof![
        9 => "(?i:stun|stuns|turn|turns)",
        1 => "[a-z]{0,6}",
    ];
    let host = prop_oneof![
        "[a-z0-9.%-]{0,12}",
        "([a-z0-9.]|%[2-7][0-9a-fA-F]){0,6}",
        "[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9x]{1,3}",
        "\\[[0-9a-f:]{0,20}\\]",
        any::<Ipv6Addr>().prop_map(|host| format!("[{host}]")),
        any::<Ipv6Addr>().prop_map(|host| host.to_string()),
        "\\PC{0,5}",
    ];
    let port = prop_oneof![Just(String::new()), "(:[0-9]{0,6})?", ":\\PC{0,3}"];
    let query = prop_oneof![
        Just(String::new()),
        "\\?transport=(udp|tcp)",
        "\\?(transport=)?[a-zA-Z&=]{0,5}",
        "[#/@?]\\PC{0,3}",
    ];
    (scheme, host, port, query)
        .prop_map(|(scheme, host, port, query)| format!("{scheme}:{host}{port}{query}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn like_the_reference(text in prop_oneof![9 => texts(), 1 => any::<String>()]) {
        let read = parse(&text).map(|uri| uri.to_string());
        prop_assert_eq!(read.clone().ok(), reference::normal(&text), "{:?}", read);
    }

    #[test]
    fn what_is_read_is_written_the_same(text in texts()) {
        if let Ok(uri) = parse(&text) {
            prop_assert_eq!(parse(&uri.to_string()), Ok(uri));
        }
    }

    #[test]
    fn errors_do_not_show_the_uri(password in "[a-zA-Z0-9]{12}", around in texts()) {
        let error = parse(&format!("turn:bob:{password}@{around}")).unwrap_err();
        let shown = format!("{error} {error:?}");
        prop_assert!(!shown.contains(&password));
    }
}
