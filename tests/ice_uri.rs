//! STUN and TURN URIs: a table, and every text against a slow reference of the grammar.
#![allow(missing_docs)]

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use proptest::prelude::*;
use regex::Regex;
use turn_credentials::IceUri;
use turn_credentials::ice::{Scheme, Transport, UriError};

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
        ("stun:a_b~c%41!$&'()*+,;=", Stun, "a_b~c%41!$&'()*+,;=", None, None, (3478, Udp)),
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
        (UriError::Scheme, &["", "turn", "turn.example.org", "ice:a", ":a", "localhost:3478"][..]),
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
        (UriError::Host, &["turn:a|b", "turn:a%2", "turn:a%zz", "turn:b\u{fc}cher", "turn:[]:1"]),
        (UriError::Host, &["turn:256.0.0.1", "turn:1.2.3", "turn:3478", "turn:a.1", "turn:a.0x1f"]),
        // The URL standard's verdict on https:// and the same host, but for %20 in headless Chromium.
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
        (UriError::NoBrackets, &["turn:2001:db8::1", "stun:::1"]),
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
    let stun = IceUri::new(Scheme::Stun, "a").unwrap();
    assert_eq!(stun.clone().with_port(0), Err(UriError::Port));
    assert_eq!(stun.with_transport(Transport::Udp), Err(UriError::StunQuery));
}

/// The grammar of RFC 7064, RFC 7065 and RFC 3986 as one expression, with the two rules of the URL
/// standard that it leaves to code.
fn reference(text: &str) -> bool {
    static GRAMMAR: LazyLock<Regex> =
        LazyLock::new(|| {
            let reg_name = "(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+";
            let address = format!(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<name>{reg_name}))");
            let port = "(?::(?P<port>[0-9]+))?";
            let stun = "(?i-u:stuns?)";
            let turn = "(?i-u:turns?)";
            Regex::new(&format!(
            r"\A(?:{stun}:{address}{port}|{turn}:{address}{port}(?:\?transport=(?:udp|tcp))?)\z"
        )
        .replacen("<v6>", "<v6_stun>", 1)
        .replacen("<name>", "<name_stun>", 1)
        .replacen("<port>", "<port_stun>", 1))
        .unwrap()
        });
    let Some(parts) = GRAMMAR.captures(text) else { return false };
    let part = |name: &str| {
        let stun = format!("{name}_stun");
        parts.name(name).or_else(|| parts.name(&stun)).map(|part| part.as_str())
    };
    let in_range = part("port").is_none_or(|port| (1..=65535).contains(&port.parse().unwrap_or(0)));
    let v6 = part("v6").is_none_or(|host| host.parse::<Ipv6Addr>().is_ok());
    let number = Regex::new(r"(?:\A|\.)(?:[0-9]+|0[xX][0-9A-Fa-f]*)\.?\z").unwrap();
    let v4 = part("name").is_none_or(|encoded| {
        let host = &*decode(encoded);
        let clean = Regex::new(r"\A[A-Za-z0-9._~!$&'()*+,;=-]+\z").unwrap().is_match(host);
        clean && (!number.is_match(host) || encoded.parse::<Ipv4Addr>().is_ok())
    });
    in_range && v6 && v4
}

fn decode(host: &str) -> String {
    let encoded = Regex::new("%([0-9A-Fa-f]{2})").unwrap();
    let decode = |digits: &regex::Captures<'_>| {
        char::from(u8::from_str_radix(&digits[1], 16).unwrap()).to_string()
    };
    encoded.replace_all(host, decode).into_owned()
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
        prop_assert_eq!(parse(&text).is_ok(), reference(&text), "{:?}", parse(&text));
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
