//! Hands out TURN logins over HTTP: see README.md.

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
mod page;
#[path = "../../../cli/src/program.rs"]
mod program;
mod routes;
mod tokens;
mod visitors;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use axum_server::{Handle, Server};
use clap::Parser;
use hyper_util::rt::TokioTimer;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time;
use tracing::{info, warn};

use crate::door::Door;
use crate::key::Key;
use crate::limits::Limits;
use crate::program::Result;
use crate::routes::Broker;
use crate::tokens::Tokens;
use crate::visitors::Visitors;

/// Hand out TURN logins over HTTP, to clients that show a token.
#[derive(Parser)]
#[command(name = "turn-broker")]
struct Cli {
    /// Where to listen; port 0 is any
    #[arg(long, env = "BROKER_LISTEN", value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,

    #[command(flatten)]
    visitors: visitors::Options,

    #[command(flatten)]
    backends: backends::flags::Options,

    #[command(flatten)]
    tokens: tokens::Options,

    /// A file with the key for /turn, which is off without it
    #[arg(long, env = "BROKER_API_KEY_FILE", value_name = "PATH")]
    api_key_file: Option<PathBuf>,

    /// A file with the key for /_matrix/client/v3/voip/turnServer, which is off without it
    #[arg(long, env = "BROKER_MATRIX_KEY_FILE", value_name = "PATH")]
    matrix_key_file: Option<PathBuf>,

    /// How long requests that are under way may take when the program is asked to end
    #[arg(
        long,
        env = "BROKER_GRACE",
        value_name = "TIME",
        default_value = "30s",
        value_parser = input::parse_duration
    )]
    grace: Duration,

    #[command(flatten)]
    limits: limits::Options,

    #[command(flatten)]
    logs: logs::Options,
}

fn main() -> ExitCode {
    program::main(|cli: Cli, _| {
        logs::start(&cli.logs);
        let runtime = Runtime::new()?;
        let ended = runtime.block_on(serve(cli));
        // A call to the provider whose client is gone would hold the end up.
        runtime.shutdown_background();
        ended.map(|()| ExitCode::SUCCESS)
    })
}

async fn serve(cli: Cli) -> Result<()> {
    /// For a client to send the head of its request.
    const PATIENCE: Duration = Duration::from_secs(10);

    let key = |path: Option<PathBuf>| path.as_deref().map(Key::read).transpose();
    let listener = TcpListener::bind(cli.listen).await;
    let listener = listener.map_err(|error| format!("--listen: {error}"))?;
    let broker = Arc::new(Broker {
        visitors: Visitors::new(&cli.visitors)?,
        limits: Limits::new(cli.limits),
        backends: cli.backends.backends()?,
        api_key: key(cli.api_key_file)?,
        matrix_key: key(cli.matrix_key_file)?,
        tokens: Tokens::new(&cli.tokens)?,
    });
    tokio::spawn({
        let broker = broker.clone();
        async move { broker.tokens.tell_if_unreachable().await }
    });
    let handle = Handle::new();
    tokio::spawn(stop(handle.clone(), Signals::new()?, cli.grace));
    info!(address = %listener.local_addr()?, "listening");

    let door = Door::new()?;
    let mut server =
        Server::from_listener(listener).acceptor(door).http1_only().handle(handle.clone());
    server.http_builder().http1().timer(TokioTimer::new()).header_read_timeout(PATIENCE);
    let app = routes::router(broker.clone()).into_make_service_with_connect_info::<SocketAddr>();
    tokio::select! {
        ended = server.serve(app) => ended?,
        () = broker.limits.forget_now_and_then() => {}
    }
    Ok(())
}

/// Lets requests that are under way come to their end, for a while or until the second signal.
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
    /// Those from now on.
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
