//! The paths, and what each answers.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{ConnectInfo, Extension, MatchedPath, Query, Request, State};
use axum::http::header::{
    ACCEPT, ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, ORIGIN, RETRY_AFTER, VARY,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use futures_util::StreamExt;
use serde::Deserialize;
use tokio::time;
use tower::ServiceBuilder;
use tower_http::cors::{AllowOrigin, CorsLayer};
use tower_http::set_header::SetResponseHeaderLayer;
use tracing::info;
use turn_credentials::ice::rest::Answer;
use turn_credentials::{IceError, IceServer, UnixTime, Username};

use crate::backends::{self, TurnError};
use crate::failure::Failure;
use crate::key;
use crate::limits::{Client, KeyKind, Limits};
use crate::metrics;
use crate::page;
use crate::settings::Settings;
use crate::tokens::{self, Tokens};

pub(crate) struct Broker {
    pub(crate) limits: Limits,
    pub(crate) tokens: Tokens,
    pub(crate) settings: ArcSwap<Settings>,
}

impl Broker {
    /// The current settings. A request keeps them to its end, even if they are reloaded.
    fn settings(&self) -> Arc<Settings> {
        self.settings.load_full()
    }
}

type Shared = State<Arc<Broker>>;

pub(crate) fn router(broker: Arc<Broker>) -> Router {
    Router::new()
        .route("/token", get(token).put(server).head(not_allowed).fallback(not_allowed))
        .route("/ice", get(ice).head(not_allowed).fallback(not_allowed))
        .route_layer(middleware::from_fn_with_state(broker.clone(), limited))
        .route("/turn", get(rest).post(rest))
        .route("/_matrix/client/v3/voip/turnServer", get(matrix))
        .route("/_matrix/client/r0/voip/turnServer", get(matrix))
        .merge(page::router())
        .layer(
            ServiceBuilder::new()
                .layer(middleware::from_fn_with_state(broker.clone(), logged))
                .layer(middleware::from_fn(without_body))
                .layer(SetResponseHeaderLayer::if_not_present(
                    VARY,
                    HeaderValue::from_static("origin"),
                ))
                .layer(SetResponseHeaderLayer::overriding(
                    CACHE_CONTROL,
                    HeaderValue::from_static("no-store"),
                ))
                .layer(middleware::from_fn_with_state(broker.clone(), no_foreign_pages))
                .layer(cors(&broker)),
        )
        .with_state(broker)
}

fn cors(broker: &Arc<Broker>) -> CorsLayer {
    const REQUESTED_WITH: HeaderName = HeaderName::from_static("x-requested-with");

    let broker = Arc::clone(broker);
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(move |origin, _| {
            broker.settings.load().visitors.permit(origin)
        }))
        .allow_methods([Method::GET, Method::PUT])
        .allow_headers([TOK, AUTHORIZATION, ORIGIN, REQUESTED_WITH, CONTENT_TYPE, ACCEPT])
        .expose_headers([RETRY_AFTER])
        .vary([ORIGIN])
        .max_age(Duration::from_secs(3600))
}

/// The token's header in the Xirsys Access Token API.
const TOK: HeaderName = HeaderName::from_static("tok");

/// Refuses a method, even HEAD, which would create a token that nobody sees, or use one up.
async fn not_allowed(path: MatchedPath) -> impl IntoResponse {
    let allowed = if path.as_str() == "/token" { "GET,PUT" } else { "GET" };
    (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, allowed)])
}

async fn token(State(broker): Shared, headers: HeaderMap) -> Result<String, Failure> {
    let settings = broker.settings();
    settings.visitors.admit_to_token(&headers)?;
    if settings.visitors.has_client_key(&headers) {
        broker.limits.count_key(KeyKind::Client)?;
    }
    let token = broker.tokens.issue(&tokens::random_name()?).await?;
    Ok(token.as_str().to_owned())
}

async fn server(
    State(broker): Shared,
    Extension(client): Extension<Client>,
    headers: HeaderMap,
) -> Result<Json<IceServer>, Failure> {
    let settings = broker.settings();
    let name = redeem(&broker, &settings, &headers).await?;
    let lease = settings.backends.first(browser(&name, client, None)).await?;
    let server = lease.single_server();
    Ok(Json(server.ok_or(TurnError::Ice(IceError::NoTurn))?))
}

#[derive(Deserialize)]
struct IceQuery {
    ttl: Option<NonZeroU32>,
}

async fn ice(
    State(broker): Shared,
    Extension(client): Extension<Client>,
    query: Result<Query<IceQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let Query(query) = query.map_err(|_| Failure::BadRequest("bad query: expected ttl=SECONDS"))?;
    let settings = broker.settings();
    let name = redeem(&broker, &settings, &headers).await?;
    let lease = settings.backends.lease(browser(&name, client, query.ttl)).await?;
    Ok(Json(lease.answer_at(UnixTime::now())).into_response())
}

/// The name that the client's token was issued for.
async fn redeem(
    broker: &Broker,
    settings: &Settings,
    headers: &HeaderMap,
) -> Result<String, Failure> {
    settings.visitors.admit(headers)?;
    if settings.visitors.has_client_key(headers) {
        broker.limits.count_key(KeyKind::Client)?;
    }
    let token = headers.get(TOK).and_then(|token| token.to_str().ok());
    let token = token.ok_or(Failure::Unauthorized("no token"))?;
    broker.tokens.redeem(token).await?.ok_or(Failure::Unauthorized("a bad token"))
}

fn browser(name: &str, client: Client, ttl: Option<NonZeroU32>) -> backends::Client<'_> {
    backends::Client { name, address: Some(client.address()), ttl: ttl.map(seconds), browser: true }
}

fn seconds(count: NonZeroU32) -> Duration {
    Duration::from_secs(count.get().into())
}

/// draft-uberti-behave-turn-rest-00 defines GET and `key`. Janus sends POST by default, with the same
/// query, and adds `api`.
#[derive(Deserialize)]
struct RestQuery {
    service: Option<String>,
    username: Option<String>,
    key: Option<String>,
    api: Option<String>,
    ttl: Option<NonZeroU32>,
}

async fn rest(
    State(broker): Shared,
    Extension(client): Extension<Client>,
    query: Result<Query<RestQuery>, QueryRejection>,
) -> Result<Json<Answer>, Failure> {
    const BAD_QUERY: Failure =
        Failure::BadRequest("bad query: expected service=turn&username=NAME&ttl=SECONDS");

    let settings = broker.settings();
    let key = settings.api_key.as_ref().ok_or(Failure::NotFound)?;
    let Query(query) = query.map_err(|_| BAD_QUERY)?;
    if ![query.key, query.api].iter().flatten().any(|shown| key.opens(shown)) {
        broker.limits.count(client)?;
        return Err(Failure::Unauthorized("no api key, or a wrong one"));
    }
    broker.limits.count_key(KeyKind::Api)?;
    if query.service.as_deref() != Some("turn") {
        return Err(BAD_QUERY);
    }
    answer(&settings, query.username, query.ttl).await
}

#[derive(Deserialize)]
struct MatrixQuery {
    user_id: Option<String>,
}

async fn matrix(
    State(broker): Shared,
    Extension(client): Extension<Client>,
    query: Result<Query<MatrixQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Json<Answer>, Failure> {
    let settings = broker.settings();
    let key = settings.matrix_key.as_ref().ok_or(Failure::NotFound)?;
    let shown = key::bearer(&headers);
    if !shown.is_some_and(|shown| key.opens(shown)) {
        broker.limits.count(client)?;
        return Err(Failure::MatrixToken { missing: shown.is_none() });
    }
    broker.limits.count_key(KeyKind::Matrix)?;
    let Query(query) =
        query.map_err(|_| Failure::BadRequest("bad query: expected user_id=NAME"))?;
    answer(&settings, query.user_id, None).await
}

/// A login for this name, or for a random one.
async fn answer(
    settings: &Settings,
    name: Option<String>,
    ttl: Option<NonZeroU32>,
) -> Result<Json<Answer>, Failure> {
    let name = match (name, &settings.pseudonyms) {
        (Some(name), Some(key)) if !name.is_empty() => key.name_or_pseudonym(&name).into_owned(),
        (name, _) => name.map_or_else(tokens::random_name, Ok)?,
    };
    if Username::new(&name, UnixTime::now()).is_err() {
        let error = "the name is empty, too long, or has a character that TURN servers refuse";
        return Err(Failure::BadRequest(error));
    }
    // The request comes from the user's server, whose address says nothing about the user.
    let ttl = ttl.map(seconds);
    let client = backends::Client { name: &name, address: None, ttl, browser: false };
    let lease = settings.backends.first(client).await?;
    Ok(Json(Answer::for_lease_at(&lease, UnixTime::now()).map_err(TurnError::Ice)?))
}

async fn no_foreign_pages(State(broker): Shared, request: Request, next: Next) -> Response {
    let is_public = page::has_file(request.uri().path());
    if !is_public && broker.settings.load().visitors.are_foreign(request.headers()) {
        return Failure::Unauthorized("a foreign origin").into_response();
    }
    next.run(request).await
}

async fn limited(
    State(broker): Shared,
    Extension(client): Extension<Client>,
    request: Request,
    next: Next,
) -> Result<Response, Failure> {
    broker.limits.count(client)?;
    Ok(next.run(request).await)
}

/// Reads and drops the body, which no path needs. If it were not read to its end, hyper would close
/// the connection without notice, and lose the client's next request on it.
async fn without_body(request: Request, next: Next) -> Response {
    const MOST: usize = 64 * 1024;
    const PATIENCE: Duration = Duration::from_secs(10);

    let (head, body) = request.into_parts();
    let (mut chunks, mut rest) = (body.into_data_stream(), MOST);
    let dropped = async move {
        while let Some(Ok(chunk)) = chunks.next().await
            && chunk.len() <= rest
        {
            rest -= chunk.len();
        }
    };
    _ = time::timeout(PATIENCE, dropped).await;
    next.run(Request::from_parts(head, Body::empty())).await
}

/// The method for the log, since a client may send any word as the method.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        Method::POST => "POST",
        Method::PUT => "PUT",
        _ => "another",
    }
}

async fn logged(
    State(broker): Shared,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> Response {
    let start = Instant::now();
    let client = broker.limits.client(peer.ip(), request.headers());
    request.extensions_mut().insert(client);
    let method = known(request.method());
    let path = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    let path = path.as_ref().map_or("unknown", MatchedPath::as_str);
    let (status, time) = (response.status().as_u16(), start.elapsed());
    metrics::answered(path, status, time);
    let millis = time.as_millis() as u64;
    info!(method, path, status, millis, %client, "answered");
    response
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use axum::body::Bytes;
    use futures_util::stream;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn a_body_is_dropped_as_it_comes() {
        struct Chunk(Arc<[u8]>);

        impl AsRef<[u8]> for Chunk {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }

        let held: Arc<[u8]> = [b'a'; 1024].into();
        let seen = held.clone();
        let chunks = stream::iter((0..1000).map(move |number| {
            assert!(number <= 64, "at most 64 KiB are read");
            assert_eq!(Arc::strong_count(&seen), 2, "chunk {number}");
            Ok::<_, Infallible>(Bytes::from_owner(Chunk(seen.clone())))
        }));
        let app = Router::new().layer(middleware::from_fn(without_body));
        let request = Request::new(Body::from_stream(chunks));
        assert_eq!(app.oneshot(request).await.unwrap().status(), StatusCode::NOT_FOUND);
    }
}
