//! `HttpRequest`, and what all providers share: keys, gateways and refusals.

use turn_credentials::provider::http::header::{ACCEPT, CONTENT_TYPE};
use turn_credentials::provider::http::{HeaderValue, Method, Request, Response};
use turn_credentials::provider::{ApiCall, ApiError, ApiKey, CallError, Gateway, HttpRequest};

use crate::response;

/// The request line, the headers and the body, as they are sent.
pub(crate) fn sent<Call: ApiCall>(call: &Call) -> (String, String, String) {
    let request = call.request().unwrap().into_inner();
    let headers = request.headers().iter();
    let headers = headers.map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()));
    let headers = headers.collect::<Vec<_>>().join("\n");
    let body = String::from_utf8(request.body().clone()).unwrap();
    (format!("{} {}", request.method(), request.uri()), headers, body)
}

/// The name of the argument that is refused.
pub(crate) fn refused<T>(call: Result<T, CallError>) -> &'static str {
    match call.map(drop).unwrap_err() {
        CallError::Argument { name, .. } => name,
        CallError::Secret => "secret",
        CallError::Ttl { .. } => "ttl",
        other => panic!("{other}"),
    }
}

fn request(method: Method, body: &str) -> Request<Vec<u8>> {
    Request::builder()
        .method(method)
        .uri("https://user:hidden@a.example/b?hidden=1")
        .header(ACCEPT, "hidden")
        .header(ACCEPT, "hidden too")
        .body(body.into())
        .unwrap()
}

#[test]
fn nothing_is_shown_that_is_not_marked() {
    let hidden = HttpRequest::new(request(Method::POST, "{\"hidden\": 1}"));
    assert!(!format!("{hidden} {hidden:?} {hidden:#?}").contains("hidden"), "{hidden:?}");
    let line = "POST https://a.example/b";
    let secret = "accept: (secret)\naccept: (secret)\n";
    assert_eq!(hidden.to_string(), format!("{line}?(secret)\n{secret}\n(secret)\n"));
    assert!(format!("{hidden:?}").contains("\"https://a.example/b\""), "{hidden:?}");
    let bare = HttpRequest::new(request(Method::GET, ""));
    assert_eq!(bare.to_string(), format!("GET https://a.example/b?(secret)\n{secret}"));

    let query = hidden.clone().showing_query();
    assert_eq!(query.to_string(), format!("{line}?hidden=1\n{secret}\n(secret)\n"));
    let body = hidden.clone().showing_body();
    assert_eq!(body.to_string(), format!("{line}?(secret)\n{secret}\n{{\"hidden\": 1}}\n"));
    let header = hidden.clone().showing_header(&ACCEPT).showing_header(&CONTENT_TYPE);
    let shown = "accept: hidden\naccept: hidden too\n";
    assert_eq!(header.to_string(), format!("{line}?(secret)\n{shown}\n(secret)\n"));
    assert!(header.as_inner().headers().values().all(|value| !value.is_sensitive()));
    assert!(hidden.into_inner().headers().values().all(HeaderValue::is_sensitive));
}

#[test]
fn a_body_that_is_not_there_has_a_length() {
    for (method, body, length) in [
        (Method::POST, "", Some("0")),
        (Method::PUT, "", Some("0")),
        (Method::PATCH, "", Some("0")),
        (Method::PUT, "a", None),
        (Method::GET, "", None),
        (Method::DELETE, "", None),
    ] {
        let request = HttpRequest::new(request(method.clone(), body)).into_inner();
        let found = request.headers().get("content-length").map(|found| found.to_str().unwrap());
        assert_eq!(found, length, "{method}");
    }
}

#[test]
fn keys_that_cannot_be_sent() {
    let request = || HttpRequest::new(request(Method::GET, ""));
    let (key, line) = (ApiKey::new("k"), ApiKey::new("k\r\nx: y"));
    assert_eq!(refused(request().with_basic("a:b", &key)), "user");
    assert_eq!(request().with_bearer(&line).map(drop), Err(CallError::Http));
    assert_eq!(refused(request().with_basic("a\n", &key)), "user");
    assert_eq!(request().with_basic("a", &line).map(drop), Err(CallError::Secret));
    let basic = request().with_basic("a", &key).unwrap().into_inner();
    assert_eq!(basic.headers()["authorization"], "Basic YTpr");
}

#[test]
fn gateways() {
    for gateway in [
        "",
        "global.xirsys.net",
        "https://",
        "https:///a",
        "https://a@b",
        "ftp://a",
        "https://a?b",
        "https://a#b",
        "https://a b",
        "https://:443",
        "https://a:b:c",
        "https://a:",
        "https://a:65536",
        "https://a:0",
        "https://a:+80",
        "https://a:080",
        "https://h:s3cret@h:443",
        "https://a:1@a:2",
        "https://127.1",
        "https://0x7f000001",
        "https://256.256.256.256",
        "https://.",
        "https://a..b",
        "https://[::1",
        "https://[a]",
        "https://a%20b",
        "https://a\\b",
        "https://a/../b",
        "https://a/%2e%2e",
        "https://a//",
        "HTTPS://a",
    ] {
        assert_eq!(refused(Gateway::new(gateway)), "gateway", "{gateway}");
    }
    for (gateway, base) in [
        ("http://127.0.0.1:8080/proxy/", "http://127.0.0.1:8080/proxy"),
        ("https://[::1]:8443", "https://[::1]:8443"),
        ("https://a/b/c", "https://a/b/c"),
    ] {
        assert_eq!(Gateway::new(gateway).unwrap().as_str(), base);
    }
}

#[test]
fn refusals_of_your_own_provider() {
    let refused = |code: &'static str, status| ApiError::refused(code, &response(status, ""));
    for (code, status, retryable, message) in [
        ("quota", 200, false, "the provider refuses the call: quota"),
        ("quota", 429, true, "the provider refuses the call: quota"),
        ("busy_2", 503, true, "the provider refuses the call: busy_2"),
        ("", 403, false, "the provider refuses the call: no code"),
        ("0123456789abcde", 403, false, "the provider refuses the call: 0123456789abcde"),
        ("0123456789abcdef", 403, false, "the provider refuses the call: no code"),
        ("A password?", 403, false, "the provider refuses the call: no code"),
        ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 403, false, "the provider refuses the call: no code"),
    ] {
        let error = refused(code, status);
        assert_eq!((error.to_string().as_str(), error.is_retryable()), (message, retryable));
        assert!(error.clone().with_retryable(true).is_retryable());
        assert!(!error.with_retryable(false).is_retryable());
    }
    assert!(!ApiError::Empty.with_retryable(true).is_retryable(), "it is not a refusal");
}

#[test]
fn a_wait_is_read_in_seconds_only() {
    let wait = |value: &str| {
        let busy = Response::builder().status(503).header("Retry-After", value);
        ApiError::refused("busy", &busy.body(vec![]).unwrap()).retry_after()
    };
    assert_eq!(wait("90").map(|wait| wait.as_secs()), Some(90));
    for odd in ["Fri, 31 Dec 1999 23:59:59 GMT", "-1", "+1", "", "4294967296"] {
        assert_eq!(wait(odd), None, "{odd}");
    }
}
