//! ICE servers without serde: servers that cannot be built, leases, which URIs are kept, XMPP
//! elements, Link headers, and TURN URIs with a login.
#![allow(missing_docs)]

use core::time::Duration;

use nom_rfc8288::complete::link_strict;
use proptest::prelude::*;
use turn_credentials::ice::rest::Answer;
use turn_credentials::ice::{Login, TurnServer, link_header, turn_uri, xep_0215};
use turn_credentials::{
    ClockSkew, Error, ExpiryHint, IceError, IceLease, IceServer, IceServers, IceUri, Keyring,
    SharedSecret, UnixTime,
};

const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);
const HOUR: Duration = Duration::from_secs(3600);

fn uris(texts: &[&str]) -> Vec<IceUri> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn login() -> Login {
    Login::new("u", "c").unwrap()
}

fn server(texts: &[&str]) -> IceServer {
    IceServer::new(uris(texts), login()).unwrap()
}

fn stun(texts: &[&str]) -> IceServer {
    IceServer::without_login(uris(texts)).unwrap()
}

fn texts(servers: &[IceServer]) -> Vec<String> {
    servers.iter().flat_map(IceServer::urls).map(IceUri::to_string).collect()
}

fn later(secs: u64) -> UnixTime {
    UnixTime::from_secs(NOW.as_secs() + secs)
}

/// A lease of our own server, for this name.
fn lease(name: &str, texts: &[&str]) -> Result<IceLease, IceError> {
    let secret = SharedSecret::new("north").unwrap();
    IceLease::generate_at(name, &[TurnServer::new(uris(texts), secret, HOUR).unwrap()], NOW)
}

#[test]
fn a_server_that_browsers_throw_for_cannot_be_built() {
    let new = |username: &str, credential: &str| {
        IceServer::new(uris(&["stun:a", "turn:a"]), Login::new(username, credential)?).map(drop)
    };
    assert_eq!(new("u", "c"), Ok(()));
    assert_eq!(new("", "c"), Err(IceError::NoLogin));
    assert_eq!(new("u", ""), Err(IceError::NoLogin));
    assert_eq!(new(&"u".repeat(508), "c"), Ok(()));
    assert_eq!(new(&"u".repeat(509), "c"), Err(Error::UsernameTooLong { len: 509 }.into()));
    for text in ["a\r\nb", "a\0", "\u{7f}", "\u{85}"] {
        assert_eq!(new(text, "c"), Err(IceError::ControlCharacter));
        assert_eq!(new("u", text), Err(IceError::ControlCharacter));
    }
    assert_eq!(IceServer::new(vec![], login()).map(drop), Err(IceError::NoUrls));
    let turn = uris(&["stun:a", "turn:a"]);
    assert_eq!(IceServer::without_login(turn).map(drop), Err(IceError::NoLogin));
    assert_eq!(IceServer::without_login(vec![]).map(drop), Err(IceError::NoUrls));
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
    let lease = IceLease::generate_at("alice", &servers, NOW).unwrap();
    let logins = lease.servers();
    assert_eq!(texts(logins), ["turn:a", "turn:b", "turns:b"]);
    for (login, secret, username, end) in [
        (&logins[0], north, "1700003600:alice", later(3600)),
        (&logins[1], west, "1700007207:alice", later(7200)),
    ] {
        assert_eq!(login.username(), Some(username));
        assert_eq!(login.login().unwrap().valid_until(), Some(end), "by our clock");
        let password = login.credential().unwrap().as_str();
        assert!(Keyring::new(secret).verify_at(username, password, NOW).is_ok());
    }
    assert_eq!(lease.valid_until(), Some(later(3600)), "the earliest");
    assert_eq!(IceLease::generate_at("alice", &[], NOW).unwrap_err(), IceError::NoTurn);
    assert_eq!(
        IceLease::generate_at("a b", &servers, NOW).map(drop).unwrap_err(),
        Error::ForbiddenCharacter { character: ' ', index: 1 }.into()
    );
}

#[test]
fn what_is_not_a_turn_server_of_ours() {
    let new = |texts: &[&str], ttl| {
        let secret = SharedSecret::new("north").unwrap();
        TurnServer::new(uris(texts), secret, ttl).map(|server| server.ttl())
    };
    assert_eq!(new(&[], HOUR), Err(IceError::NoUrls));
    assert_eq!(new(&["stun:a", "stuns:a"], HOUR), Err(IceError::NoTurn));
    assert_eq!(new(&["turn:a"], Duration::from_millis(999)), Err(Error::TtlTooShort.into()));
    assert_eq!(new(&["stun:a", "turn:a"], Duration::from_millis(1999)), Ok(HOUR / 3600));
    let longest = Duration::from_secs(2_147_483_647);
    assert_eq!(new(&["turn:a"], longest), Ok(longest));
    let hint = Some(ExpiryHint::Milliseconds);
    for ttl in [longest + HOUR, Duration::MAX] {
        assert_eq!(new(&["turn:a"], ttl), Err(Error::ExpiryOutOfRange { hint }.into()));
    }
}

#[test]
fn a_lease_promises_what_remains() {
    let lease = lease("alice", &["turn:a"]).unwrap();
    for (after, remaining, renew) in
        [(0, 3600, 2700), (3000, 600, 450), (3599, 1, 0), (3600, 0, 0), (9999, 0, 0)]
    {
        let now = later(after);
        let left = Duration::from_secs(remaining);
        assert_eq!(lease.remaining_at(now), Some(left), "{after}");
        assert_eq!(lease.renew_after_at(now).map(|wait| wait.as_secs()), Some(renew), "{after}");
        assert_eq!(lease.answer_at(now).ttl(), Some(left), "{after}");
    }
    let unknown = IceLease::new([server(&["turn:a"])]);
    assert_eq!((unknown.valid_until(), unknown.remaining_at(NOW)), (None, None));
    assert_eq!((unknown.renew_after_at(NOW), unknown.answer_at(NOW).ttl()), (None, None));
    assert_eq!(unknown.dropped(), 0);
}

#[test]
fn a_server_can_be_added_to_a_lease() {
    let until = |end| {
        IceServer::new(uris(&["turn:b"]), login().with_valid_until(UnixTime::from_secs(end)))
            .unwrap()
    };
    let lease = lease("alice", &["turn:a"]).unwrap().with_server(stun(&["stun:a"]));
    assert_eq!(lease.valid_until(), Some(later(3600)));
    let lease = lease.with_server(until(1_700_003_601)).with_server(server(&["turn:c"]));
    assert_eq!(lease.valid_until(), Some(later(3600)));
    let lease = lease.with_server(until(1_700_003_599));
    assert_eq!(lease.valid_until(), Some(later(3599)));
    assert_eq!(texts(lease.servers()), ["turn:a", "stun:a", "turn:b", "turn:c", "turn:b"]);
    assert_eq!(texts(lease.clone().limit_urls(2).servers()), ["turn:a", "stun:a"]);
    assert_eq!(lease.without_port(3478).servers().len(), 0);
}

#[test]
fn what_leaves_a_lease_does_not_end_it() {
    let until = |uri, secs| {
        let login = Login::new(format!("{secs}"), "c").unwrap().with_valid_until(later(secs));
        IceServer::new(uris(&[uri]), login).unwrap()
    };
    let lease = IceLease::new([until("turn:a:53", 60), until("turn:b", 3600)]);
    assert_eq!(lease.valid_until(), Some(later(60)));
    assert_eq!(lease.clone().without_port(53).valid_until(), Some(later(3600)));
    assert_eq!(lease.limit_urls(1).valid_until(), Some(later(60)));
    let lease = IceLease::new([server(&["turn:a"]), until("turn:b:53", 60)]);
    assert_eq!(lease.without_port(53).valid_until(), None);
    let lease = IceLease::new([until("turn:a:53", 60), stun(&["stun:b"])]);
    assert_eq!(lease.without_port(53).valid_until(), None);
}

#[test]
fn one_login_that_two_servers_end_at_different_times() {
    let secret = SharedSecret::new("north").unwrap();
    let (a, b) = (uris(&["turn:a"]), uris(&["turn:b"]));
    let servers = [
        TurnServer::new(a, secret.clone(), HOUR).unwrap(),
        TurnServer::new(b, secret, Duration::from_secs(3000))
            .unwrap()
            .with_skew(ClockSkew::from_secs(600)),
    ];
    let lease = IceLease::generate_at("alice", &servers, NOW).unwrap();
    let answer = Answer::for_lease_at(&lease, NOW).unwrap();
    assert_eq!((answer.uris().len(), answer.username()), (2, "1700003600:alice"));
    assert_eq!(Some(answer.ttl()), lease.remaining_at(NOW));
    assert_eq!(answer.ttl().as_secs(), 3000);
}

#[test]
fn one_server_has_all_uris_of_the_first_turn_login() {
    let of = |texts: &[&str], username: &str, credential: &str| {
        IceServer::new(uris(texts), Login::new(username, credential).unwrap()).unwrap()
    };
    let single = |servers: &[IceServer]| {
        let single = IceLease::new(servers.to_vec()).single_server()?;
        let urls: Vec<_> = single.urls().iter().map(IceUri::to_string).collect();
        Some((urls, single.username()?.to_owned(), single.credential()?.as_str().to_owned()))
    };
    assert_eq!(single(&[]), None);
    assert_eq!(single(&[stun(&["stun:a"])]), None);
    assert_eq!(single(&[server(&["stun:a"])]), None);
    let mixed = [
        stun(&["stun:a"]),
        of(&["turn:b"], "u", "c"),
        of(&["turns:c", "stun:d"], "u", "c"),
        of(&["turn:e"], "u", "other"),
        of(&["turn:f"], "other", "c"),
    ];
    let expected = ["stun:a", "turn:b", "turns:c", "stun:d"].map(str::to_owned).to_vec();
    assert_eq!(single(&mixed), Some((expected, "u".into(), "c".into())));
}

#[test]
fn the_rest_answer_is_of_a_turn_login() {
    let answer = |lease: &IceLease, now| {
        Answer::for_lease_at(lease, now).map(|answer| {
            let uris: Vec<_> = answer.uris().iter().map(IceUri::to_string).collect();
            (uris, answer.username().to_owned(), answer.ttl().as_secs())
        })
    };
    let lease = lease("alice", &["stun:a", "turn:a", "turns:b"]).unwrap();
    let turn = ["turn:a", "turns:b"].map(str::to_owned).to_vec();
    let expected = |ttl| Ok((turn.clone(), "1700003600:alice".to_owned(), ttl));
    assert_eq!(answer(&lease, NOW), expected(3600));
    assert_eq!(answer(&lease, later(600)), expected(3000));
    assert_eq!(answer(&IceLease::new([stun(&["stun:a"])]), NOW), Err(IceError::NoTurn));
    assert_eq!(answer(&IceLease::new([]), NOW), Err(IceError::NoTurn));
    assert_eq!(answer(&IceLease::new([server(&["turn:a"])]), NOW), Err(IceError::NoTtl));
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
            stun(&["stun:a", "stun:b"]),
        ])
    };
    let limited = |count| texts(many().limit_urls(count).as_slice());
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
    assert_eq!(limited(7), texts(many().as_slice()));
    assert_eq!(limited(usize::MAX), texts(many().as_slice()));

    let odd = ["stuns:a", "stun:a", "turn:a", "turns:a?transport=udp", "turn:b", "turns:a"];
    let limited = |count| texts(IceServers::from(vec![server(&odd)]).limit_urls(count).as_slice());
    assert_eq!(limited(1), ["stun:a"], "not every browser speaks stuns");
    assert_eq!(limited(3), ["stun:a", "turn:a", "turns:a"]);
    assert_eq!(limited(5), ["stuns:a", "stun:a", "turn:a", "turn:b", "turns:a"], "DTLS goes first");

    let urls = vec!["turn:a".parse().unwrap(); 200_000];
    let crowd = IceServers::from(vec![IceServer::new(urls, login()).unwrap()]);
    assert_eq!(crowd.limit_urls(100_000).as_slice()[0].urls().len(), 100_000);

    let no_login_left = many().limit_urls(1);
    assert_eq!((no_login_left.len(), no_login_left.as_slice()[0].username()), (1, None));
}

#[test]
fn browsers_get_what_they_use() {
    let until = |texts: &[&str], secs| {
        let login = Login::new(format!("{secs}"), "c").unwrap().with_valid_until(later(secs));
        IceServer::new(uris(texts), login).unwrap()
    };
    let filter = |servers: Vec<IceServer>| {
        let mut told = Vec::new();
        let lease =
            IceLease::new(servers).for_browsers(|uri, why| told.push(format!("{uri} {why:?}")));
        (lease, told.join(", "))
    };
    let mixed =
        || vec![until(&["turn:a:53", "stuns:a"], 60), until(&["turn:b:25", "turns:b"], 3600)];
    let (lease, told) = filter(mixed());
    let lease = lease.unwrap();
    assert_eq!(texts(lease.servers()), ["turns:b"]);
    assert_eq!(lease.valid_until(), Some(later(3600)), "what was left out no longer ends it");
    assert_eq!(
        told,
        "turn:a:53 BlockedPort { port: 53 }, stuns:a Stuns, turn:b:25 BlockedPort { port: 25 }"
    );
    assert_eq!(texts(IceLease::new(mixed()).limit_urls(1).servers()), ["stuns:a"]);
    assert_eq!(texts(lease.limit_urls(1).servers()), ["turns:b"]);

    let usable = || vec![server(&["turn:a", "turns:a:443"]), stun(&["stun:a:853"])];
    let (lease, told) = filter(usable());
    assert_eq!((texts(lease.unwrap().servers()), &*told), (texts(&usable()), ""));

    for (servers, told_of) in [
        (vec![], ""),
        (vec![stun(&["stuns:a"])], "stuns:a Stuns"),
        (vec![stun(&["stun:a"]), server(&["turn:a:22"])], "turn:a:22 BlockedPort { port: 22 }"),
        (vec![server(&["stun:a", "turns:a:990"])], "turns:a:990 BlockedPort { port: 990 }"),
    ] {
        let (lease, told) = filter(servers);
        assert_eq!((lease.unwrap_err(), &*told), (IceError::NoneForBrowsers, told_of));
    }
    let (lease, _) = filter(vec![stun(&["stun:a", "stuns:a"])]);
    assert_eq!(texts(lease.unwrap().servers()), ["stun:a"], "there was no TURN server to lose");
}

#[test]
fn a_port_can_be_left_out() {
    let servers = IceServers::from(vec![
        server(&["turn:a:53?transport=udp", "turn:a", "turns:a:53"]),
        server(&["turn:b:53"]),
    ]);
    assert_eq!(texts(servers.clone().without_port(53).as_ref()), ["turn:a"]);
    assert_eq!(servers.without_port(3478).len(), 2);
}

/// A long login, to test that a string with a login does not grow, which would leave the credential
/// in freed memory. A string with room for this login with every character encoded has not grown,
/// because growing only doubles the capacity.
fn long_login() -> Login {
    Login::new("u".repeat(500), "c".repeat(500)).unwrap()
}

/// Reads the attributes of each element with an XML parser, in the order of the URIs.
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
    let name = "жé<b>&amp;]]>";
    let lease = lease(name, &["stun:a", "turns:[::1]:443?transport=udp", "turn:a&b'c"]).unwrap();
    let services = attributes(&xep_0215::services(lease.servers()).unwrap());
    let pairs = |pairs: &[(&str, &str)]| -> Vec<_> {
        pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
    };
    let place = |kind, host, port, transport| {
        pairs(&[("type", kind), ("host", host), ("port", port), ("transport", transport)])
    };
    let login = lease.servers()[0].login().unwrap();
    let access = pairs(&[
        ("username", login.username()),
        ("password", login.credential().as_str()),
        ("restricted", "true"),
        ("expires", "2023-11-14T23:13:20Z"),
    ]);
    assert_eq!(services[0], place("stun", "a", "3478", "udp"));
    assert_eq!(services[1], [place("turns", "::1", "443", "udp"), access.clone()].concat());
    assert_eq!(services[2], [place("turn", "a&b'c", "3478", "udp"), access].concat());

    let providers = [stun(&["stun:a"]), server(&["turn:b"])];
    let services = attributes(&xep_0215::services(&providers).unwrap());
    let access = pairs(&[("username", "u"), ("password", "c"), ("restricted", "true")]);
    assert_eq!(services[0], place("stun", "a", "3478", "udp"));
    assert_eq!(services[1], [place("turn", "b", "3478", "udp"), access].concat());
    for (username, credential) in [("\u{fffe}", "c"), ("u", "\u{ffff}")] {
        let login = Login::new(username, credential).unwrap();
        let server = |uri| [IceServer::new(uris(&[uri]), login.clone()).unwrap()];
        assert_eq!(xep_0215::services(&server("turn:a")), Err(IceError::NotXml));
        assert!(xep_0215::services(&server("stun:a")).is_ok(), "no login is written");
    }

    let server = IceServer::new(uris(&["turn:a"]), long_login()).unwrap();
    assert!(xep_0215::services(&[server]).unwrap().capacity() >= 6000);
}

#[test]
fn links_that_clients_misread() {
    let values = |username: &str, credential: &str| {
        let login = Login::new(username, credential).unwrap();
        let servers = [stun(&["stun:a"]), IceServer::new(uris(&["turn:a"]), login).unwrap()];
        link_header::values(&servers).map(|values| values.len())
    };
    assert_eq!(values("1700000000:@a+b/c=d,e:f", "g,h=<i>"), Ok(2));
    for text in ["1700000000:жанна", "jos\u{e9}", "\u{a0}", "1700000000;alice", ";"] {
        assert_eq!(values(text, "c"), Err(IceError::NotInHeader), "{text}");
        assert_eq!(values("u", text), Err(IceError::NotInHeader), "{text}");
        let login = Login::new(text, "c").unwrap();
        let unused = [IceServer::new(uris(&["stun:a"]), login).unwrap()];
        assert_eq!(link_header::values(&unused).map(|values| values.len()), Ok(1), "{text}");
    }
    assert!(IceError::NotInHeader.to_string().contains("PseudonymKey"));
}

/// Compares times with another crate: one on each day until 2199, and those around leap days and
/// other limits.
#[test]
fn xmpp_expiry() {
    let days = (0..84_000_u64).map(|day| day * 86_400 + day * 7 % 86_400);
    let edges = [951_782_399, 951_868_799, 2_147_483_647, 4_107_542_399, 4_294_967_296]
        .into_iter()
        .flat_map(|edge| [edge - 1, edge, edge + 1]);
    for secs in days.chain(edges).chain([253_402_300_799]) {
        let end = UnixTime::from_secs(secs);
        let server = IceServer::new(uris(&["turn:a"]), login().with_valid_until(end)).unwrap();
        let services = xep_0215::services(&[server]).unwrap();
        let expiry = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(secs);
        let expected = humantime::format_rfc3339_seconds(expiry).to_string();
        assert!(services.contains(&format!(" expires='{expected}'")), "{services} {expected}");
    }
    for secs in [253_402_300_800, 1_700_000_000_000, u64::MAX] {
        let end = UnixTime::from_secs(secs);
        let server = IceServer::new(uris(&["turn:a"]), login().with_valid_until(end)).unwrap();
        let services = xep_0215::services(&[server]).unwrap();
        assert!(services.contains(" expires='9999-12-31T23:59:59Z'"), "{services}");
    }
}

/// Reads a login from a TURN URI as GStreamer and libdatachannel do, with a regular expression like
/// the one in RFC 3986, appendix B.
fn login_in(uri: &str) -> (String, String, String, String) {
    let parts = regex::Regex::new(
        r"^(turns?)://([^:@/?#]*):([^:@/?#]*)@(\[[^\]]*\]|[^:/?#]*):([0-9]+)(?:\?([^#]*))?$",
    );
    let parts = parts.unwrap().captures(uri).unwrap();
    let decoded = |part| {
        let mut bytes = Vec::new();
        let mut rest = parts.get(part).unwrap().as_str().bytes();
        while let Some(byte) = rest.next() {
            bytes.push(if byte == b'%' {
                let hex: Vec<_> = rest.by_ref().take(2).collect();
                u8::from_str_radix(std::str::from_utf8(&hex).unwrap(), 16).unwrap()
            } else {
                byte
            });
        }
        String::from_utf8(bytes).unwrap()
    };
    let place = format!("{}:{}", &parts[4], &parts[5]);
    let query = parts.get(6).map_or("", |query| query.as_str());
    (decoded(2), decoded(3), place, format!("{} {query}", &parts[1]))
}

#[test]
fn turn_uris_for_native_clients() {
    let places = |texts: &[&str]| -> Vec<_> {
        let servers = [server(texts), stun(&["stun:a"])];
        let values = turn_uri::values(&servers).into_iter();
        values.map(|uri| login_in(&uri)).map(|(_, _, place, kind)| (place, kind)).collect()
    };
    let expected = |place: &str, kind: &str| (place.to_owned(), kind.to_owned());
    assert_eq!(
        places(&["stun:a", "turn:a", "turn:[::1]:80?transport=tcp", "stuns:a", "turns:b"]),
        [
            expected("a:3478", "turn transport=udp"),
            expected("[::1]:80", "turn transport=tcp"),
            expected("b:5349", "turns "),
        ]
    );
    assert_eq!(places(&["turns:b:443?transport=tcp"]), [expected("b:443", "turns ")]);
    assert_eq!(places(&["turns:b?transport=udp"]), [], "nobody speaks DTLS");
    assert_eq!(turn_uri::values(&[]), [""; 0]);

    // paullouisageneau/libdatachannel#340, 2021-02-18.
    let login =
        Login::new("1613774196:someUser@gmail.com", "XChjpcy9z9vf0NPKnqJbs8KTR+4=").unwrap();
    let server = IceServer::new(uris(&["turn:coturn.my.network"]), login).unwrap();
    assert_eq!(
        turn_uri::values(&[server]),
        ["turn://1613774196%3AsomeUser%40gmail.com:XChjpcy9z9vf0NPKnqJbs8KTR%2B4%3D\
         @coturn.my.network:3478?transport=udp"]
    );

    let server = IceServer::new(uris(&["turn:a"]), long_login()).unwrap();
    assert!(turn_uri::values(&[server])[0].capacity() >= 3000);
}

proptest! {
    #[test]
    fn the_login_of_a_turn_uri_reads_back(
        username in "\\PC{1,40}", credential in "\\PC{1,40}", host in "[a-z]{1,20}",
    ) {
        let login = Login::new(&*username, &*credential).unwrap();
        let place = [format!("turns:{host}:65535").parse().unwrap()];
        let values = turn_uri::values(&[IceServer::new(place, login).unwrap()]);
        let (read_username, read_credential, place, _) = login_in(&values[0]);
        prop_assert_eq!((read_username, read_credential), (username, credential));
        prop_assert_eq!(place, format!("{host}:65535"));
        prop_assert!(values[0].is_ascii());
    }

    #[test]
    fn links_are_read_by_a_parser_of_rfc_8288(
        username in "[ -:<-~]{1,30}", credential in "[ -:<-~]{1,30}",
    ) {
        let urls = ["turn:a.example:3478?transport=udp", "turns:[::1]", "stun:b"];
        let login = Login::new(&*username, &*credential).unwrap();
        let servers = [IceServer::new(uris(&urls), login).unwrap(), stun(&["stun:a"])];
        let header = link_header::values(&servers).unwrap().join(", ");
        let links = link_strict::<nom_language::error::VerboseError<&str>>(&header).unwrap();
        let links: Vec<_> = links.into_iter().flatten().collect();
        let places: Vec<_> = links.iter().map(|link| link.url).collect();
        prop_assert_eq!(places, [urls[0], urls[1], urls[2], "stun:a"]);
        for (link, has_login) in links.iter().zip([true, true, false, false]) {
            let parameters: Vec<_> = link
                .params
                .iter()
                .map(|parameter| (parameter.key, parameter.val.as_deref().unwrap_or_default()))
                .collect();
            let expected = [
                ("rel", "ice-server"),
                ("username", &username),
                ("credential", &credential),
                ("credential-type", "password"),
            ];
            prop_assert_eq!(&parameters[..], &expected[..if has_login { 4 } else { 1 }]);
        }
    }

    #[test]
    fn names_survive_xml(name in "\\PC{1,30}") {
        let Ok(lease) = lease(&name, &["turn:a"]) else { return Ok(()) };
        match xep_0215::services(lease.servers()) {
            Ok(services) => {
                let username = lease.servers()[0].username().unwrap();
                let username = ("username".to_owned(), username.to_owned());
                prop_assert!(attributes(&services)[0].contains(&username));
            }
            Err(error) => prop_assert_eq!(error, IceError::NotXml),
        }
    }

    #[test]
    fn the_limit_holds(counts in proptest::collection::vec(1..5_usize, 0..4), limit in 0..12_usize) {
        let kinds = ["turn:a?transport=tcp", "stun:a", "turns:a:443", "turn:a"];
        let servers: IceServers = counts.iter().map(|&count| server(&kinds[..count])).collect();
        let all = texts(servers.as_slice());
        let left = texts(servers.limit_urls(limit).as_slice());
        prop_assert_eq!(left.len(), all.len().min(limit));
        let mut rest = all.iter();
        prop_assert!(left.iter().all(|uri| rest.any(|other| other == uri)), "in their order");
    }
}
