//! Answers `GET /ice-servers` with what a browser passes to `new RTCPeerConnection()`:
//! `TURN_SECRET=north TURN_URI=turn:turn.example.org,turns:turn.example.org cargo run`.

use std::env;
use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use tokio::net::TcpListener;
use turn_credentials::ice::TurnServer;
use turn_credentials::{IceLease, IceUri, SharedSecret, UnixTime};

#[tokio::main]
async fn main() -> ExitCode {
    let Err(error) = serve().await else { return ExitCode::SUCCESS };
    eprintln!("error: {error}");
    ExitCode::from(2)
}

async fn serve() -> Result<(), Box<dyn Error>> {
    const HOUR: Duration = Duration::from_secs(3600);

    let uris = env::var("TURN_URI").map_err(|error| format!("TURN_URI: {error}"))?;
    let mut uris = uris.split(',').map(str::parse).collect::<Result<Vec<IceUri>, _>>()?;
    uris.retain(|uri| match uri.browser_refusal() {
        Some(why) => {
            eprintln!("left out {uri}: {why}");
            false
        }
        None => true,
    });
    // `env::var` would show a secret that is not UTF-8 in its error.
    let secret = env::var_os("TURN_SECRET").ok_or("TURN_SECRET is not set")?;
    let secret = SharedSecret::from_config_value(secret.as_encoded_bytes())?;
    let servers: Arc<[_]> = Arc::new([TurnServer::new(uris, secret, HOUR)?]);

    let app = Router::new().route("/ice-servers", get(ice_servers)).with_state(servers);
    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    println!("http://{}/ice-servers", listener.local_addr()?);
    Ok(axum::serve(listener, app).await?)
}

async fn ice_servers(State(servers): State<Arc<[TurnServer]>>, headers: HeaderMap) -> Response {
    let Some(user) = authenticated(&headers) else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let now = UnixTime::now();
    match IceLease::generate_at(user, &servers, now) {
        Ok(lease) => {
            ([(header::CACHE_CONTROL, "no-store")], Json(lease.answer_at(now))).into_response()
        }
        Err(error) => {
            eprintln!("error: {error}");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// REPLACE THIS: return the user that the request's session cookie or bearer token belongs to. Trusting
/// a name that the client claims would let anyone use your TURN server.
fn authenticated(_headers: &HeaderMap) -> Option<&str> {
    Some("alice")
}
