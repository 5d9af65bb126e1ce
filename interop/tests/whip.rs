//! Does a real WHIP client, in a real browser, get a relay with our `Link` headers?

use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use serde_json::json;
use turn_credentials::ice::{Login, link_header};
use turn_credentials::{
    ClockSkew, IceError, IceServer, IceUri, PseudonymKey, SharedSecret, TurnCredentials,
};
use turn_credentials_interop::browser::{Call, Outcome};
use turn_credentials_interop::fake_xirsys::response;
use turn_credentials_interop::http::{Request, serve};
use turn_credentials_interop::{Browser, Coturn};

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn chromium() {
    links(Browser::Chromium);
}

#[test]
fn firefox() {
    links(Browser::Firefox);
}

fn links(browser: Browser) {
    let coturn = Coturn::with_tls(&["north"]);
    let port = coturn.address().port();
    let uris = ["udp", "tcp"].map(|name| format!("turn:127.0.0.1:{port}?transport={name}"));
    let uris: [IceUri; 2] = uris.map(|uri| uri.parse().unwrap());
    let north = SharedSecret::new("north").unwrap();
    let server = |name: &str| {
        let login = TurnCredentials::generate(name, &north, HOUR, ClockSkew::NONE).unwrap();
        IceServer::new(uris.clone(), &login).unwrap()
    };

    let pseudonym = PseudonymKey::new(&north).name_for("жанна; josé");
    let read = ["alice", "@alice:lab.test", "a,b=c<d>+e/f", &pseudonym];
    let misread = ["жанна", "josé", "a;b"];
    let links_of_read = read.map(|name| link_header::values(&[server(name)]).unwrap());
    let links_of_misread = misread.map(|name| {
        let server = server(name);
        let login = server.login().unwrap();
        let links = uris.each_ref().map(|uri| link(uri, login)).to_vec();
        assert_eq!(link_header::values(&[server]), Err(IceError::NotInHeader), "{name}");
        links
    });

    let links = [&links_of_read[..], &links_of_misread].concat();
    let calls = links.len();
    let origin = whip_endpoints(links);
    let call = |index| Call {
        address: origin.clone(),
        name: "publish",
        argument: json!(format!("{origin}/{index}")),
    };
    let calls: Vec<_> = (0..calls).map(call).collect();
    let outcomes: Vec<Outcome> = browser
        .call(&calls, &coturn.authority())
        .into_iter()
        .map(|outcome| outcome.expect("an outcome"))
        .collect();

    let (outcomes_of_read, outcomes_of_misread) = outcomes.split_at(read.len());
    for (name, outcome) in read.iter().zip(outcomes_of_read) {
        assert!(outcome.thrown.is_none() && outcome.errors.is_empty(), "{name} {outcome:#?}");
        let relay = outcome.candidates.iter().all(|candidate| candidate.r#type == "relay");
        assert!(relay && !outcome.candidates.is_empty(), "{name} {outcome:#?}");
    }
    for (name, outcome) in misread.iter().zip(outcomes_of_misread) {
        assert!(outcome.thrown.is_none() && outcome.candidates.is_empty(), "{name} {outcome:#?}");
        let unauthorized = outcome.errors.iter().all(|error| error.error_code == 401);
        assert!(unauthorized && !outcome.errors.is_empty(), "{name} {outcome:#?}");
    }
}

/// A link as defined in RFC 9725, for any login.
fn link(uri: &IceUri, login: &Login) -> String {
    let (username, credential) = (login.username(), login.credential().as_str());
    format!(
        "<{uri}>; rel=\"ice-server\"; username=\"{username}\"; credential=\"{credential}\"; \
         credential-type=\"password\""
    )
}

/// Serves a page with the client, and an endpoint for each list of links, whose path is the number of
/// the list.
fn whip_endpoints(links: Vec<Vec<String>>) -> String {
    const PAGE: &str = "<script type=module>
        import { WHIPClient } from '/whip.js';
        window.WHIPClient = WHIPClient;
    </script>";
    const HTML: &str = "content-type: text/html\r\n";
    const SCRIPT: &str = "content-type: text/javascript\r\n";

    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser/node_modules/whip-whep");
    let client = fs::read_to_string(package.join("whip.js")).expect("npm ci --prefix browser");
    let address = serve(move |request: Request, mut stream: TcpStream| {
        let response = match (&*request.method, &*request.target) {
            ("GET", "/") => response(200, HTML, PAGE),
            ("GET", "/whip.js") => response(200, SCRIPT, &client),
            ("POST", path) => {
                let index: usize = path[1..].parse().expect("the number of a list");
                let link = |value| format!("link: {value}\r\n");
                let links: String = links[index].iter().map(link).collect();
                let headers =
                    format!("location: /session\r\ncontent-type: application/sdp\r\n{links}");
                // With a fixed DTLS role, an offer is a valid answer to itself.
                response(201, &headers, &request.body.replace("actpass", "active"))
            }
            _ => response(204, "", ""),
        };
        // The client may be gone.
        _ = stream.write_all(response.as_bytes());
    });
    format!("http://localhost:{}", address.port())
}
