//! ICE servers without serde: what cannot be built, which URIs stay, XMPP's elements and Link headers.
#![allow(missing_docs)]

use core::time::Duration;

use proptest::prelude::*;
use turn_credentials::ice::link_header::{self, LinkError};
use turn_credentials::ice::{TurnServer, UriError, xep_0215};
use turn_credentials::{
    ClockSkew, Credential, Error, ExpiryHint, IceServer, IceServers, IceUri, Keyring, SharedSecret,
    TurnCredentials, UnixTime,
};

const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);
const HOUR: Duration = Duration::from_secs(3600);

fn uris(texts: &[&str]) -> Vec<IceUri> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn server(texts: &[&str]) -> IceServer {
    IceServer::new(uris(texts), "u", Credential::new("c")).unwrap()
}

fn texts(servers: &IceServers) -> Vec<String> {
    servers.iter().flat_map(IceServer::urls).map(IceUri::to_string).collect()
}

fn login(name: &str) -> TurnCredentials {
    let secret = SharedSecret::new("north").unwrap();
    TurnCredentials::generate_at(name, &secret, HOUR, ClockSkew::NONE, NOW).unwrap()
}

#[test]
fn a_server_that_browsers_throw_for_cannot_be_built() {
    let new = |uris: Vec<IceUri>, username: &str, credential: &str| {
        IceServer::new(uris, username, Credential::new(credential)).map(drop)
    };
    let turn = uris(&["stun:a", "turn:a"]);
    assert_eq!(new(turn.clone(), "u", "c"), Ok(()));
    assert_eq!(new(turn.clone(), "", "c"), Err(Error::NoLogin));
    assert_eq!(new(turn.clone(), "u", ""), Err(Error::NoLogin));
    assert_eq!(new(vec![], "u", "c"), Err(Error::NoUrls));
    assert_eq!(new(turn.clone(), &"u".repeat(508), "c"), Ok(()));
    assert_eq!(new(turn.clone(), &"u".repeat(509), "c"), Err(Error::UsernameTooLong { len: 509 }));
    for text in ["a\r\nb", "a\0", "\u{7f}", "\u{85}"] {
        assert_eq!(new(turn.clone(), text, "c"), Err(Error::ControlCharacter));
        assert_eq!(new(turn.clone(), "u", text), Err(Error::ControlCharacter));
    }
    assert_eq!(IceServer::without_login(turn).map(drop), Err(Error::NoLogin));
    assert_eq!(IceServer::without_login(vec![]).map(drop), Err(Error::NoUrls));
    assert!(IceServer::without_login(uris(&["stun:a", "stuns:b"])).is_ok());
}

#[test]
fn each_server_has_its_own_secret_ttl_and_clock() {
    let ahead = ClockSkew::server_ahead(Duration::from_secs(7));
    let [north, west] = ["north", "west"].map(|text| SharedSecret::new(text).unwrap());
    let servers = [
        TurnServer::new(uris(&["turn:a"]), north.clone(), HOUR).unwrap(),
        TurnServer::new(uris(&["turn:b", "turns:b"]), west.clone(), HOUR * 2)
            .unwrap()
            .with_skew(ahead),
    ];
    assert_eq!((servers[1].urls().len(), servers[1].ttl()), (2, HOUR * 2));
    let logins = IceServers::generate_at("alice", &servers, NOW).unwrap();
    assert_eq!(texts(&logins), ["turn:a", "turn:b", "turns:b"]);
    for (login, secret, username) in
        [(&logins[0], north, "1700003600:alice"), (&logins[1], west, "1700007207:alice")]
    {
        assert_eq!(login.username(), Some(username));
        let password = login.credential().unwrap().as_str();
        assert!(Keyring::new(secret).verify_at(username, password, NOW).is_ok());
    }
    assert_eq!(
        IceServers::generate_at("a b", &servers, NOW).map(drop).unwrap_err(),
        Error::ForbiddenCharacter { character: ' ', index: 1 }
    );
    let new = |urls: Vec<IceUri>, ttl| {
        let secret = SharedSecret::new("north").unwrap();
        TurnServer::new(urls, secret, ttl).map(drop)
    };
    assert_eq!(new(vec![], HOUR), Err(Error::NoUrls));
    assert_eq!(new(uris(&["turn:a"]), Duration::from_millis(999)), Err(Error::TtlTooShort));
}

#[test]
fn a_sensible_spread_stays() {
    let many = || {
        IceServers::from(vec![
            server(&[
                "turn:a:80?transport=udp",
                "turn:a:3478?transport=udp",
                "turn:a:80?transport=tcp",
            ]),
            server(&["turns:a:5349?transport=tcp", "turns:a:443?transport=tcp"]),
            IceServer::without_login(uris(&["stun:a", "stun:b"])).unwrap(),
        ])
    };
    let limited = |count| texts(&many().limit_urls(count));
    assert_eq!(limited(0), [""; 0]);
    assert_eq!(limited(1), ["stun:a"]);
    assert_eq!(limited(2), ["turn:a:80?transport=udp", "stun:a"]);
    assert_eq!(limited(3), ["turn:a:80?transport=udp", "turn:a:80?transport=tcp", "stun:a"]);
    assert_eq!(
        limited(4),
        [
            "turn:a:80?transport=udp",
            "turn:a:80?transport=tcp",
            "turns:a:443?transport=tcp",
            "stun:a"
        ]
    );
    assert_eq!(limited(5).last().unwrap(), "stun:b");
    assert_eq!(limited(6)[1], "turn:a:3478?transport=udp");
    assert_eq!(limited(7), texts(&many()));
    assert_eq!(limited(usize::MAX), texts(&many()));

    let odd = ["stuns:a", "stun:a", "turn:a", "turns:a?transport=udp", "turn:b", "turns:a"];
    let limited = |count| texts(&IceServers::from(vec![server(&odd)]).limit_urls(count));
    assert_eq!(limited(1), ["stun:a"], "not every browser speaks stuns");
    assert_eq!(limited(3), ["stun:a", "turn:a", "turns:a"]);
    assert_eq!(limited(5), ["stuns:a", "stun:a", "turn:a", "turn:b", "turns:a"], "DTLS goes first");

    let urls = vec!["turn:a".parse().unwrap(); 200_000];
    let crowd = IceServers::from(vec![IceServer::new(urls, "u", "c").unwrap()]);
    assert_eq!(crowd.limit_urls(100_000)[0].urls().len(), 100_000);

    let no_login_left = many().limit_urls(1);
    assert_eq!((no_login_left.len(), no_login_left[0].username()), (1, None));
}

#[test]
fn a_port_can_be_left_out() {
    let servers = IceServers::from(vec![
        server(&["turn:a:53?transport=udp", "turn:a", "turns:a:53"]),
        server(&["turn:b:53"]),
    ]);
    assert_eq!(texts(&servers.clone().without_port(53)), ["turn:a"]);
    assert_eq!(servers.without_port(3478).len(), 2);
}

/// Reads the elements with an XML parser: their attributes, in the order of the URIs.
fn attributes(services: &str) -> Vec<Vec<(String, String)>> {
    let stanza = format!("<services xmlns='urn:xmpp:extdisco:2'>{services}</services>");
    let document = roxmltree::Document::parse(&stanza).unwrap();
    let elements = document.root_element().children().filter(roxmltree::Node::is_element);
    elements
        .map(|element| {
            assert_eq!(element.tag_name().name(), "service");
            assert_eq!(element.tag_name().namespace(), Some("urn:xmpp:extdisco:2"));
            let attributes = element.attributes();
            attributes.map(|each| (each.name().to_owned(), each.value().to_owned())).collect()
        })
        .collect()
}

#[test]
fn xmpp_services() {
    let login = login("o<b>&amp;]]>");
    let uris = uris(&["stun:a", "turns:[::1]:443?transport=udp", "turn:a&b'c"]);
    let services = attributes(&xep_0215::services(&login, &uris, NOW).unwrap());
    let pairs = |pairs: &[(&str, &str)]| -> Vec<_> {
        pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
    };
    let place = |kind, host, port, transport| {
        pairs(&[("type", kind), ("host", host), ("port", port), ("transport", transport)])
    };
    let access = pairs(&[
        ("username", login.username()),
        ("password", login.password().as_str()),
        ("restricted", "true"),
        ("expires", "2023-11-14T23:13:20Z"),
    ]);
    assert_eq!(services[0], place("stun", "a", "3478", "udp"));
    assert_eq!(services[1], [place("turns", "::1", "443", "udp"), access.clone()].concat());
    assert_eq!(services[2], [place("turn", "a&b'c", "3478", "udp"), access].concat());
}

/// Against a library's calendar, over the whole range of an expiry and its every kind of year.
#[test]
fn xmpp_expiry() {
    let login = login("alice");
    let uri = uris(&["turn:a"]);
    let days = (0..24_900_u64).map(|day| day * 86_400 + day * 7 % 86_400);
    let far = xep_0215::services(&login, &uri, UnixTime::from_secs(1_700_000_000_000));
    let hint = Some(ExpiryHint::Milliseconds);
    assert_eq!(far, Err(Error::ExpiryOutOfRange { hint }));
    for now in days.chain([951_782_399, 951_868_799, 2_147_480_047, 4_107_542_399 - 3600]) {
        let services = xep_0215::services(&login, &uri, UnixTime::from_secs(now)).unwrap();
        let expiry = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(now + 3600);
        let expected = humantime::format_rfc3339_seconds(expiry).to_string();
        assert!(services.contains(&format!(" expires='{expected}'")), "{services} {expected}");
    }
}

#[test]
fn link_headers_that_others_write() {
    for (header, expected) in [
        ("", &[][..]),
        ("<stun:a>; rel=\"ice-server\"", &[("stun:a", None)]),
        ("<stun:a>;rel=ice-server,<stun:b>;rel=ice-server", &[("stun:a", None), ("stun:b", None)]),
        (" , <stun:a> ; rel = ICE-Server , ,", &[("stun:a", None)]),
        ("<stun:a>; rel=\"next ice-server\"; rel=\"next\"", &[("stun:a", None)]),
        ("<stun:a>; rel=\"next\"; rel=\"ice-server\"", &[]),
        ("</next,page>; rel=next; title=\"<stun:a>; rel=ice-server, \\\"\"", &[]),
        (
            "<turn:a?transport=udp>; rel=\"ice-server\"; username=\"u\"; credential=\"c\"; \
             credential-type=\"password\"",
            &[("turn:a?transport=udp", Some(("u", "c")))],
        ),
        (
            "<turn:a>; rel=ice-server; credential=ab+/c=; USERNAME=1700000000:alice;",
            &[("turn:a", Some(("1700000000:alice", "ab+/c=")))],
        ),
        ("<turn:a>; rel=ice-server; username=u; credential=c; credential-type=oauth", &[]),
        ("<stun:a>; rel=ice-server; username=\"u\"", &[("stun:a", None)]),
        (
            "<turn:a>; rel=\"ice-server\"; username=\"a, <b>; \\\"c\\\\\"; credential=\"d;e,f\"",
            &[("turn:a", Some(("a, <b>; \"c\\", "d;e,f")))],
        ),
    ] {
        let servers = link_header::read(header).unwrap();
        let read: Vec<_> = servers
            .iter()
            .map(|server| {
                let credential = server.credential().map(Credential::as_str);
                (server.urls()[0].to_string(), server.username().zip(credential))
            })
            .collect();
        let expected: Vec<_> =
            expected.iter().map(|&(uri, login)| (uri.to_owned(), login)).collect();
        assert_eq!(read, expected, "{header}");
    }
}

#[test]
fn link_headers_that_nobody_takes() {
    for (header, error) in [
        ("stun:a", LinkError::Malformed),
        ("<stun:a", LinkError::Malformed),
        ("<stun:a> rel=ice-server", LinkError::Malformed),
        ("<stun:a>; rel=\"ice-server", LinkError::Malformed),
        ("<stun:a>; rel=\"ice-server\\", LinkError::Malformed),
        ("<stun:a>; rel=ice-server <stun:b>", LinkError::Malformed),
        ("<turn:a>; rel=ice-server; username=\"u\"x; credential=c", LinkError::Malformed),
        (
            "<turn:a>; rel=ice-server; username=u; credential=\"a\0b\"",
            LinkError::Server(Error::ControlCharacter),
        ),
        ("<turn://a>; rel=ice-server", LinkError::Uri(UriError::Slashes)),
        ("<turn:a>; rel=ice-server", LinkError::Server(Error::NoLogin)),
        ("<turn:a>; rel=ice-server; username=u", LinkError::Server(Error::NoLogin)),
        ("<turn:a>; rel=ice-server; username=u; credential", LinkError::Server(Error::NoLogin)),
    ] {
        assert_eq!(link_header::read(header).map(drop), Err(error), "{header}");
    }
}

proptest! {
    #[test]
    fn links_read_back(username in "\\PC{1,30}", credential in "\\PC{1,30}", more in "\\PC{0,9}") {
        let urls = uris(&["turn:a.example:3478?transport=udp", "turns:[::1]"]);
        let server = IceServer::new(urls.clone(), &*username, Credential::new(&*credential)).unwrap();
        let header = link_header::values(&server).join(", ");
        let read = link_header::read(&header).unwrap();
        prop_assert_eq!(read.len(), 2);
        for (server, url) in read.iter().zip(urls) {
            prop_assert_eq!(server.urls(), [url]);
            prop_assert_eq!(server.username(), Some(&*username));
            prop_assert_eq!(server.credential().map(Credential::as_str), Some(&*credential));
        }
        _ = link_header::read(&format!("{header}{more}"));
        _ = link_header::read(&more);
    }

    #[test]
    fn names_survive_xml(name in "\\PC{1,30}") {
        let secret = SharedSecret::new("north").unwrap();
        let made = TurnCredentials::generate_at(&name, &secret, HOUR, ClockSkew::NONE, NOW);
        let Ok(login) = made else { return Ok(()) };
        match xep_0215::services(&login, &uris(&["turn:a"]), NOW) {
            Ok(services) => {
                let username = ("username".to_owned(), login.username().to_owned());
                prop_assert!(attributes(&services)[0].contains(&username));
            }
            Err(error) => prop_assert_eq!(error, Error::NotXml),
        }
    }

    #[test]
    fn the_limit_holds(counts in proptest::collection::vec(1..5_usize, 0..4), limit in 0..12_usize) {
        let kinds = ["turn:a?transport=tcp", "stun:a", "turns:a:443", "turn:a"];
        let servers: IceServers = counts.iter().map(|&count| server(&kinds[..count])).collect();
        let all = texts(&servers);
        let left = texts(&servers.limit_urls(limit));
        prop_assert_eq!(left.len(), all.len().min(limit));
        let mut rest = all.iter();
        prop_assert!(left.iter().all(|uri| rest.any(|other| other == uri)), "in their order");
    }
}
