//! The page that tells an operator whether TURN works.

use axum::Router;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

pub(crate) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let file =
        |media_type: &'static str, text: &'static str| get(async move || answer(media_type, text));
    Router::new()
        .route("/", file("text/html; charset=utf-8", include_str!("../page/index.html")))
        .route(
            "/check.js",
            file("text/javascript; charset=utf-8", include_str!("../page/check.js")),
        )
        .route("/style.css", file("text/css; charset=utf-8", include_str!("../page/style.css")))
}

fn answer(media_type: &'static str, text: &'static str) -> Response {
    const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
                          connect-src 'self'; frame-ancestors 'none'";
    let headers = [
        (CONTENT_TYPE, media_type),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, text).into_response()
}
