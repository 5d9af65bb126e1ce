//! Hands out TURN logins over HTTP: see README.md.

#[path = "../../common/ask.rs"]
mod ask;
#[path = "../../common/mod.rs"]
mod common;
mod failure;
mod key;
mod limits;
mod logs;
mod page;
mod routes;
mod tokens;
mod turn;
mod visitors;
mod xirsys;

use std::future::pending;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time;
use tracing::{info, warn};

use crate::key::Key;
use crate::limits::Limits;
use crate::routes::Broker;
use crate::tokens::Tokens;
use crate::turn::Backend;
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
    turn: turn::Options,

    #[command(flatten)]
    tokens: tokens::Options,

    /// A file with the key for /turn, which is off without it
    #[arg(long, env = "BROKER_API_KEY_FILE", value_name = "PATH")]
    api_key_file: Option<PathBuf>,

    /// A file with the key for /_matrix/client/v3/voip/turnServer, which is off without it
    #[arg(long, env = "BROKER_MATRIX_KEY_FILE", value_name = "PATH")]
    matrix_key_file: Option<PathBuf>,

    #[command(flatten)]
    limits: limits::Options,

    #[command(flatten)]
    logs: logs::Options,
}

fn main() -> ExitCode {
    common::main(|cli: Cli| {
        logs::start(&cli.logs);
        Runtime::new()?.block_on(serve(cli))?;
        Ok((String::new(), ExitCode::SUCCESS))
    })
}

async fn serve(cli: Cli) -> common::Result<()> {
    let key = |path: Option<PathBuf>| path.as_deref().map(Key::read).transpose();
    let listener = TcpListener::bind(cli.listen).await?;
    let broker = Arc::new(Broker {
        visitors: Visitors::new(&cli.visitors)?,
        limits: Limits::new(cli.limits),
        backend: Backend::new(cli.turn)?,
        api_key: key(cli.api_key_file)?,
        matrix_key: key(cli.matrix_key_file)?,
        tokens: Tokens::new(&cli.tokens)?,
    });
    info!(address = %listener.local_addr()?, "listening");
    let app = routes::router(broker.clone()).into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(listener, app).with_graceful_shutdown(asked_to_stop());
    tokio::select! {
        ended = server => ended?,
        () = patience() => warn!("some requests were cut off"),
        () = broker.limits.forget_now_and_then() => {}
    }
    Ok(())
}

/// Ends some time after the program was asked to stop.
async fn patience() {
    const PATIENCE: Duration = Duration::from_secs(30);

    asked_to_stop().await;
    info!("stopping");
    time::sleep(PATIENCE).await;
}

/// Ends with SIGTERM or SIGINT.
async fn asked_to_stop() {
    let wait = |kind| async move {
        match signal(kind) {
            Ok(mut signal) => _ = signal.recv().await,
            Err(_) => pending().await,
        }
    };
    tokio::select! {
        () = wait(SignalKind::terminate()) => {}
        () = wait(SignalKind::interrupt()) => {}
    }
}
