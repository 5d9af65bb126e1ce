//! Health and metrics for the operator, at a separate address.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use axum_server::Server;
use clap::Args;
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::{Map, json};
use tokio::net::TcpListener;
use tokio::time;
use tracing::{error, info};

use crate::metrics;
use crate::program::Result;
use crate::routes::Broker;

#[derive(Args)]
#[group(skip)]
#[command(next_help_heading = "For the operator")]
pub(crate) struct Options {
    /// Address and port for /healthz, /readyz and /metrics, which are off without it
    #[arg(long, env = "BROKER_ADMIN_LISTEN", value_name = "ADDRESS")]
    admin_listen: Option<SocketAddr>,

    /// Allow an --admin-listen address that other machines can reach
    #[arg(long, env = "BROKER_ADMIN_PUBLIC", requires = "admin_listen")]
    admin_public: bool,
}

impl Options {
    pub(crate) fn address(&self) -> Result<Option<SocketAddr>> {
        let is_loopback =
            self.admin_listen.map(|address| address.ip().to_canonical().is_loopback());
        match (is_loopback, self.admin_public) {
            (Some(false), false) => {
                let advice = "give --admin-public too, and keep strangers away";
                Err(format!("--admin-listen: not a loopback address: {advice}").into())
            }
            (Some(true), true) => {
                Err("--admin-public does nothing with a loopback address: remove it".into())
            }
            _ => Ok(self.admin_listen),
        }
    }
}

/// Starts the operator's server, which runs until the program ends.
pub(crate) async fn start(address: SocketAddr, broker: Arc<Broker>) -> Result<()> {
    let listener = TcpListener::bind(address).await;
    let listener = listener.map_err(|error| format!("--admin-listen: {error}"))?;
    info!(address = %listener.local_addr()?, "listening for the operator");
    let recorded = metrics::install()?;
    let app = router(broker, recorded.clone());
    tokio::spawn(async move {
        // Recorded durations stay in memory until this sorts them into their buckets.
        let mut turns = time::interval(Duration::from_secs(5));
        loop {
            turns.tick().await;
            recorded.run_upkeep();
        }
    });
    tokio::spawn(async move {
        let served = Server::<SocketAddr>::from_listener(listener)
            .http1_only()
            .serve(app.into_make_service());
        if let Err(error) = served.await {
            error!(%error, "--admin-listen no longer answers");
        }
    });
    Ok(())
}

fn router(broker: Arc<Broker>, metrics: PrometheusHandle) -> Router {
    const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .with_state(broker)
        .route("/metrics", get(async move || ([(CONTENT_TYPE, TEXT)], metrics.render())))
}

/// Says whether the token store and at least one backend are ready. Calls no provider.
async fn ready(State(broker): State<Arc<Broker>>) -> Response {
    let word = |is_ready| if is_ready { "ready" } else { "failing" };
    let store = broker.tokens.are_ready().await;
    let settings = broker.settings.load();
    let backends: Vec<_> = settings.backends.states().collect();
    let is_ready = store && backends.iter().any(|(_, is_well)| *is_well);
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let backends: Map<_, _> = backends
        .into_iter()
        .map(|(name, is_well)| (name.to_owned(), word(is_well).into()))
        .collect();
    (status, Json(json!({ "store": word(store), "backends": backends }))).into_response()
}
