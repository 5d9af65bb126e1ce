//! Something that stands in for Xirsys, and answers as it is told at the moment.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use crate::http::{Request, serve};

const IDENT: &str = "an-ident";
const SECRET: &str = "the-secret-of-the-ident";
/// Both in base64, as they are sent.
pub const BASIC: &str = "YW4taWRlbnQ6dGhlLXNlY3JldC1vZi10aGUtaWRlbnQ=";
const CHANNEL: &str = "my/chännel 1";
const PATH: &str = "/_turn/my/ch%C3%A4nnel%201";

/// An HTTP server for `PUT /_turn/<channel>`, which hangs up until it is told what to send.
pub struct FakeXirsys {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    delay: Duration,
    response: String,
    calls: usize,
    faults: Vec<String>,
}

impl FakeXirsys {
    pub fn start() -> Self {
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        let address = serve(move |request, mut stream| {
            let mut state = shared.lock().expect("what to send");
            state.calls += 1;
            state.faults.extend(fault(&request));
            let (delay, response) = (state.delay, state.response.clone());
            drop(state);
            thread::sleep(delay);
            // Who asked may be gone.
            _ = stream.write_all(response.as_bytes());
        });
        Self { address, state }
    }

    /// Sends this from now on, whatever it is, and then hangs up.
    pub fn sends(&self, response: &str) {
        self.sends_after(Duration::ZERO, response);
    }

    /// The same, after a while.
    pub fn sends_after(&self, delay: Duration, response: &str) {
        let mut state = self.state();
        (state.delay, state.response) = (delay, response.to_owned());
    }

    /// How many calls there were, each of them as Xirsys wants it.
    pub fn calls(&self) -> usize {
        let state = self.state();
        assert!(state.faults.is_empty(), "{:?}", state.faults);
        state.calls
    }

    /// What makes a broker ask here, for logins of an hour.
    pub fn args(&self) -> Vec<String> {
        vec![
            "--backend=xirsys".into(),
            format!("--xirsys-gateway=http://{}", self.address),
            format!("--xirsys-ident={IDENT}"),
            format!("--xirsys-channel={CHANNEL}"),
            format!("--xirsys-secret-file={SECRET}"),
        ]
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("what to send")
    }
}

/// What is wrong with a call.
fn fault(request: &Request) -> Option<String> {
    let Request { method, target, body, .. } = request;
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let expires = query.split('&').any(|member| member == "expire=3600")
        || body.contains(r#""expire":"3600""#);
    let authorized = request.header("authorization") == Some(&format!("Basic {BASIC}"));
    let good = (&**method, path) == ("PUT", PATH) && expires && authorized;
    (!good).then(|| format!("{method} {target} {body}, authorized: {authorized}"))
}

/// A whole HTTP response; the headers each with their line end.
pub fn response(status: u16, headers: &str, body: &str) -> String {
    let len = body.len();
    format!("HTTP/1.1 {status} Status\r\n{headers}content-length: {len}\r\n\r\n{body}")
}
