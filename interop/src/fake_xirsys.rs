//! A fake Xirsys, which answers as the test tells it.

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use serde_json::Value;

use crate::http::{Request, serve};

pub const IDENT: &str = "an-ident";
pub const SECRET: &str = "the-secret-of-the-ident";
/// The ident and the secret in base64, as they are sent.
pub const BASIC: &str = "YW4taWRlbnQ6dGhlLXNlY3JldC1vZi10aGUtaWRlbnQ=";
pub const CHANNEL: &str = "my/chännel 1";
pub const PATH: &str = "/_turn/my/ch%C3%A4nnel%201";

/// An HTTP server for `PUT /_turn/<channel>`, which hangs up until a test tells it what to send.
pub struct FakeXirsys {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    told: Condvar,
}

#[derive(Default)]
struct State {
    hangs: bool,
    response: String,
    asked: Vec<Request>,
}

impl FakeXirsys {
    pub fn start() -> Self {
        let shared = Arc::<Shared>::default();
        let there = Arc::clone(&shared);
        let address = serve(move |request, mut stream| {
            let mut state = there.state();
            state.asked.push(request);
            let response = there.response(state);
            // The client may be gone.
            _ = stream.write_all(response.as_bytes());
        });
        Self { address, shared }
    }

    /// Sends this from now on, whatever it is, and then hangs up.
    pub fn sends(&self, response: &str) {
        let mut state = self.shared.state();
        (state.hangs, state.response) = (false, response.to_owned());
        self.shared.told.notify_all();
    }

    /// Sends nothing from now on, and does not hang up.
    pub fn hangs(&self) {
        self.shared.state().hangs = true;
    }

    /// How many calls there were; each must be as Xirsys expects it.
    pub fn calls(&self) -> usize {
        let state = self.shared.state();
        let faults: Vec<_> = state.asked.iter().filter_map(fault).collect();
        assert!(faults.is_empty(), "{faults:?}");
        state.asked.len()
    }

    /// Takes the last call, as it came.
    pub fn last_call(&self) -> Request {
        self.shared.state().asked.pop().expect("a call")
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The arguments that make a broker ask this server, for logins that last an hour.
    pub fn args(&self) -> Vec<String> {
        vec![
            "--backend=xirsys".into(),
            format!("--xirsys-gateway={}", self.url()),
            format!("--xirsys-ident={IDENT}"),
            format!("--xirsys-channel={CHANNEL}"),
            format!("--xirsys-secret-file={SECRET}"),
        ]
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("what to send")
    }

    fn response(&self, state: MutexGuard<State>) -> String {
        let state = self.told.wait_while(state, |state| state.hangs);
        state.expect("what to send").response.clone()
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

/// A complete HTTP response; each header ends with its line break.
pub fn response(status: u16, headers: &str, body: &str) -> String {
    let len = body.len();
    format!(
        "HTTP/1.1 {status} Status\r\n{headers}connection: close\r\ncontent-length: {len}\r\n\r\n{body}"
    )
}

/// The status and the body of each answer of Xirsys that was recorded.
pub fn recorded() -> Vec<(u16, String)> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors"));
    let read = |name: &str| fs::read_to_string(folder.join(name)).expect("a file of answers");
    let table: Value = serde_json::from_str(&read("provider_answers.json")).expect("a table");
    let cases = ["tests", "refused"].map(|name| table[name].as_array().expect("a list"));
    let of_xirsys = cases.into_iter().flatten().filter(|case| case["call"] == "xirsys");
    let answer = |case: &Value| {
        let status = case["status"].as_u64().and_then(|status| status.try_into().ok());
        let file = case["file"].as_str().expect("a file");
        (status.expect("a status"), read(&format!("provider_answers/{file}")))
    };
    of_xirsys.map(answer).collect()
}
