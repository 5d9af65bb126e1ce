//! Hands out TURN logins over HTTP: see README.md.

mod admin;
#[path = "../../../cli/src/ask.rs"]
mod ask;
mod backends;
mod config;
mod door;
mod failure;
#[expect(dead_code, reason = "the program of cli/ reads more")]
#[path = "../../../cli/src/input.rs"]
mod input;
mod key;
mod limits;
mod logs;
mod metrics;
mod page;
#[path = "../../../cli/src/program.rs"]
mod program;
mod routes;
mod settings;
mod tokens;
mod visitors;

use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use axum_server::{Handle, Server};
use clap::Parser;
use hyper_util::rt::TokioTimer;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::{task, time};
use tracing::{error, info, warn};

use crate::door::Door;
use crate::limits::Limits;
use crate::program::Result;
use crate::routes::Broker;
use crate::settings::Settings;
use crate::tokens::Tokens;

/// Hands out TURN logins over HTTP to clients that present a token.
#[derive(Parser)]
#[command(name = "turn-broker")]
struct Cli {
    /// Address and port to listen on; port 0 picks a free one
    #[arg(long, env = "BROKER_LISTEN", value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,

    /// How long requests in progress may take after SIGTERM or SIGINT
    #[arg(
        long,
        env = "BROKER_GRACE",
        value_name = "TIME",
        default_value = "30s",
        value_parser = input::parse_duration
    )]
    grace: Duration,

    #[command(flatten)]
    settings: settings::Options,

    #[command(flatten)]
    tokens: tokens::Options,

    #[command(flatten)]
    limits: limits::Options,

    #[command(flatten)]
    admin: admin::Options,

    #[command(flatten)]
    logs: logs::Options,
}

fn main() -> ExitCode {
    program::main(|cli: Cli, _| {
        logs::start(&cli.logs);
        let runtime = Runtime::new()?;
        let ended = runtime.block_on(serve(cli));
        // Otherwise, a call to a provider whose client has left would delay the end.
        runtime.shutdown_background();
        ended.map(|()| ExitCode::SUCCESS)
    })
}

async fn serve(cli: Cli) -> Result<()> {
    let hangups = signal(SignalKind::hangup())?;
    let listener = TcpListener::bind(cli.listen).await;
    let listener = listener.map_err(|error| format!("--listen: {error}"))?;
    // Checked before the token store starts, which may log: an error must be the only line.
    cli.limits.check(cli.settings.has_keys())?;
    let operator = cli.admin.address()?;
    let settings = ArcSwap::from_pointee(Settings::read(&cli.settings)?);
    let tokens = Tokens::new(&cli.tokens)?;
    let broker = Arc::new(Broker { limits: Limits::new(cli.limits), tokens, settings });
    tokio::spawn({
        let broker = broker.clone();
        async move { broker.tokens.tell_if_unreachable().await }
    });
    if let Some(address) = operator {
        admin::start(address, broker.clone()).await?;
    }
    let handle = Handle::new();
    tokio::spawn(reload(broker.clone(), cli.settings, cli.tokens, hangups));
    tokio::spawn(stop(handle.clone(), Signals::new()?, cli.grace));
    info!(address = %listener.local_addr()?, "listening");

    let server = server(listener, Door::new()?).handle(handle);
    let app = routes::router(broker.clone()).into_make_service_with_connect_info::<SocketAddr>();
    tokio::select! {
        ended = server.serve(app) => ended?,
        () = broker.limits.forget_now_and_then() => {}
    }
    Ok(())
}

/// A server for clients, with limits for the head of a request.
fn server(listener: TcpListener, door: Door) -> Server<SocketAddr, Door> {
    /// How long a client may take to send the head.
    const PATIENCE: Duration = Duration::from_secs(10);
    /// How many bytes of it to keep in memory.
    const MOST: usize = 16 * 1024;

    let mut server = Server::from_listener(listener).acceptor(door).http1_only();
    let mut builder = server.http_builder().http1();
    builder.timer(TokioTimer::new()).header_read_timeout(PATIENCE).max_buf_size(MOST);
    server
}

/// Rereads servers, providers, secrets and keys on each SIGHUP. Requests in progress finish with the
/// old ones.
async fn reload(
    broker: Arc<Broker>,
    settings: settings::Options,
    tokens: tokens::Options,
    mut hangups: Signal,
) {
    while hangups.recv().await.is_some() {
        let read = || Result::Ok((Settings::read(&settings)?, broker.tokens.reread(&tokens)?));
        // All or nothing.
        match task::block_in_place(read) {
            Ok((settings, keys)) => {
                broker.settings.store(settings.into());
                broker.tokens.adopt(keys);
                metrics::reloaded(true);
                info!("reloaded");
            }
            Err(error) => {
                metrics::reloaded(false);
                error!(%error, "not reloaded, nothing has changed");
            }
        }
    }
}

/// Lets requests in progress finish, for a while or until the second signal.
async fn stop(handle: Handle<SocketAddr>, mut signals: Signals, grace: Duration) {
    signals.next().await;
    info!("stopping");
    handle.graceful_shutdown(None);
    tokio::select! {
        () = time::sleep(grace) => {}
        () = signals.next() => {}
    }
    if handle.connection_count() > 0 {
        warn!("some requests were cut off");
    }
    handle.shutdown();
}

/// SIGTERM and SIGINT.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Catches both signals from now on.
    fn new() -> io::Result<Self> {
        let terminate = signal(SignalKind::terminate())?;
        Ok(Self { terminate, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpStream;

    use axum::Router;

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_head_that_is_too_long_is_refused() {
        const START: &str = "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\nlong: ";
        const FITS: usize = 16 * 1024;

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = server(listener, Door::new().unwrap());
        tokio::spawn(server.serve(Router::new().into_make_service()));
        for (length, end, status) in
            [(100, "\r\n\r\n", "404"), (FITS, "\r\n\r\n", "404"), (FITS, "", "431")]
        {
            let filler = "a".repeat(length - START.len() - end.len());
            let mut stream = TcpStream::connect(address).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
            stream.write_all(format!("{START}{filler}{end}").as_bytes()).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            assert_eq!(answer.get(9..12), Some(status), "{length} bytes: {answer}");
        }
    }
}
