//! Two TURN clients that are not ours: webrtc-rs as a library, coturn's as a program.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::timeout;
use turn::client::{Client, ClientConfig};
use turn_credentials::ice::Login;
use webrtc_util::Conn;

use crate::coturn::{Coturn, REALM};

const PATIENCE: Duration = Duration::from_secs(20);

/// The STUN error code of a server that refuses a relay.
#[derive(Debug, PartialEq, Eq)]
pub struct Refused(pub u16);

impl Coturn {
    /// Gives a relay to a client with this login, which releases it immediately.
    pub async fn allocates(&self, login: impl Into<Login>) -> Result<(), Refused> {
        let login = login.into();
        allocate(self.address(), login.username(), login.credential().as_str()).await
    }

    /// Gives a relay to a client with this login, and a peer echoes through it.
    pub async fn relays(&self, login: impl Into<Login>) -> Result<(), Refused> {
        let login = login.into();
        relays(self.address(), login.username(), login.credential().as_str()).await
    }
}

/// Asks for a relay with any texts, even those that a [`Login`] refuses, and releases it.
pub async fn allocate(server: SocketAddr, username: &str, password: &str) -> Result<(), Refused> {
    let client = connect(server, username, password).await;
    let answer = timeout(PATIENCE, client.allocate()).await.expect("an answer of the server");
    let verdict = answer.map(drop).map_err(|error| refusal(&error.to_string()));
    client.close().await.expect("the client closes");
    verdict
}

/// Asks for a relay, and has a peer echo through it.
async fn relays(server: SocketAddr, username: &str, password: &str) -> Result<(), Refused> {
    let peer = UdpSocket::bind("127.0.0.1:0").await.expect("the peer's socket");
    let peers_address = peer.local_addr().expect("the peer's address");
    let client = connect(server, username, password).await;
    let relay = match client.allocate().await {
        Ok(relay) => relay,
        Err(error) => return Err(refusal(&error.to_string())),
    };
    let relays_address = relay.local_addr().expect("the relay's address");

    let echo = async {
        let mut buffer = [0; 64];
        relay.send_to(b"there", peers_address).await.expect("data to the relay");
        let (len, from) = peer.recv_from(&mut buffer).await.expect("data at the peer");
        assert_eq!((&buffer[..len], from), (&b"there"[..], relays_address));
        peer.send_to(b"and back", from).await.expect("data from the peer");
        let (len, from) = relay.recv_from(&mut buffer).await.expect("data from the relay");
        assert_eq!((&buffer[..len], from), (&b"and back"[..], peers_address));
    };
    timeout(PATIENCE, echo).await.expect("an echo through the relay");
    client.close().await.expect("the client closes");
    Ok(())
}

async fn connect(server: SocketAddr, username: &str, password: &str) -> Client {
    let socket = unused_socket().await;
    let client = Client::new(ClientConfig {
        stun_serv_addr: server.to_string(),
        turn_serv_addr: server.to_string(),
        username: username.to_owned(),
        password: password.to_owned(),
        realm: REALM.to_owned(),
        software: String::new(),
        rto_in_ms: 0,
        conn: Arc::new(socket),
        vnet: None,
    })
    .await
    .expect("a client");
    client.listen().await.expect("the client listens");
    client
}

/// A socket on a port that no client of this process has used: coturn would take a reused one for the
/// same session, whose username cannot change.
async fn unused_socket() -> UdpSocket {
    static USED: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());

    loop {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("the client's socket");
        let port = socket.local_addr().expect("the client's address").port();
        if USED.lock().expect("the ports").insert(port) {
            return socket;
        }
    }
}

/// webrtc-rs gives the code only in the text of its error: "... (error 401: Unauthorized)".
fn refusal(error: &str) -> Refused {
    let code = error.split_once("(error ").and_then(|(_, code)| code.get(..3)?.parse().ok());
    Refused(code.unwrap_or_else(|| panic!("no STUN error code: {error}")))
}

/// Whether coturn's own client gets relays and sends data between two of them.
pub fn uclient_relays(
    server: SocketAddr,
    transport: &[&str],
    username: &str,
    password: &str,
) -> bool {
    let output = Command::new("turnutils_uclient")
        .args(transport)
        .args(["-y", "-c", "-n", "2", "-u", username, "-w", password])
        .args(["-p", &server.port().to_string(), &server.ip().to_string()])
        .stdin(Stdio::null())
        .output()
        .expect("turnutils_uclient must be installed: apt-get install coturn");
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        assert!(said.contains("Total lost packets 0 "), "{said}");
    } else {
        assert!(said.contains("Cannot complete Allocation"), "{said}");
    }
    output.status.success()
}
