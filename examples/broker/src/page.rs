//! The page that shows an operator whether TURN works.

use axum::Router;
use axum::http::header::{
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

macro_rules! files {
    ($($path:literal: $media_type:ident $name:literal),* $(,)?) => {
        &[$(($path, $media_type, include_str!(concat!("../page/", $name)))),*]
    };
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// The path of each file, its media type and its text.
const FILES: &[(&str, &str, &str)] = files! {
    "/": HTML "index.html",
    "/style.css": CSS "style.css",
    "/broker.js": SCRIPT "broker.js",
    "/check.js": SCRIPT "check.js",
    "/findings.js": SCRIPT "findings.js",
    "/peers.js": SCRIPT "peers.js",
    "/report.js": SCRIPT "report.js",
    "/row.js": SCRIPT "row.js",
    "/servers.js": SCRIPT "servers.js",
};

pub(crate) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    FILES.iter().fold(Router::new(), |router, &(path, media_type, text)| {
        router.route(path, get(async move || answer(media_type, text)))
    })
}

/// Whether the path is a file of the page. Every origin may get these files: they contain no
/// secret, and browsers send `Origin` with module scripts.
pub(crate) fn has_file(path: &str) -> bool {
    FILES.iter().any(|&(file, ..)| file == path)
}

fn answer(media_type: &'static str, text: &'static str) -> Response {
    const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
                          connect-src 'self'; form-action 'none'; base-uri 'none'; \
                          frame-ancestors 'none'";
    let headers = [
        (CONTENT_TYPE, media_type),
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, text).into_response()
}
