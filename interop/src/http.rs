//! A small HTTP server in this process: one request per connection, and any answer, even a bad one.

use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

#[derive(Debug)]
pub struct Request {
    pub method: String,
    /// The path and the query, as received.
    pub target: String,
    headers: Vec<(String, String)>,
    pub body: String,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers(name).next()
    }

    /// The value of each header of this name.
    pub fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        let headers = self.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        headers.map(|(_, value)| value.as_str())
    }

    /// Reads a request; `None` if the client hangs up.
    fn read(stream: &TcpStream) -> Option<Self> {
        let mut reader = BufReader::new(stream);
        let mut line = || {
            let mut line = String::new();
            reader.read_line(&mut line).ok().map(|_| line.trim_end().to_owned())
        };
        let first = line()?;
        let [method, target, _] = first.split(' ').collect::<Vec<_>>().try_into().ok()?;
        let mut request =
            Self { method: method.into(), target: target.into(), headers: vec![], body: "".into() };
        while let Some((name, value)) = line()?.split_once(':') {
            request.headers.push((name.to_owned(), value.trim().to_owned()));
        }
        let len = request.header("content-length").and_then(|len| len.parse().ok()).unwrap_or(0);
        reader.take(len).read_to_string(&mut request.body).ok()?;
        Some(request)
    }
}

/// Serves on a free port until the process ends.
pub fn serve(answer: impl Fn(Request, TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port to serve on");
    let address = listener.local_addr().expect("the address to serve on");
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, answer) = (stream.expect("a connection"), Arc::clone(&answer));
            thread::spawn(move || {
                if let Some(request) = Request::read(&stream) {
                    answer(request, stream);
                }
            });
        }
    });
    address
}
