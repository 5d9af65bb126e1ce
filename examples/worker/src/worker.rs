//! The Worker's requests, variables, clock, randomness and network, which are JavaScript's.

use js_sys::{Date, Object, Promise, Reflect, Uint8Array, global, try_iter};
use turn_credentials::UnixTime;
use turn_credentials::provider::{HttpRequest, http};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortSignal, Headers, ReadableStreamDefaultReader, RequestInit, RequestRedirect, ResponseInit,
    WorkerGlobalScope, console,
};

use crate::broker::{Broker, Random, Runtime};
use crate::failure::Failure;
use crate::settings::{self, SettingsError};

/// Answers a request, with the settings in the Worker's environment.
#[wasm_bindgen]
pub async fn answer(request: web_sys::Request, env: JsValue) -> Result<web_sys::Response, JsValue> {
    // A number, or a binding to a store of secrets, must not count as a variable that is not set.
    let variable = |name| match Reflect::get(&env, &JsValue::from(name)) {
        Ok(value) if value.is_null_or_undefined() => Ok(None),
        value => {
            let text = value.ok().and_then(|value| value.as_string());
            text.map(Some).ok_or(SettingsError::new(name, "not text"))
        }
    };
    let response = match settings::broker(variable) {
        Ok(broker) => answer_of(&broker, &request, Worker { env: &env }).await?,
        Err(error) => refused(error.into()),
    };
    to_js(response)
}

async fn answer_of(
    broker: &Broker,
    request: &web_sys::Request,
    worker: Worker<'_>,
) -> Result<http::Response<String>, JsValue> {
    let Some(request) = from_js(request)? else { return Ok(refused(Failure::BadRequest)) };
    let mut random = Random { token: [0; 16], name: [0; 8] };
    for bytes in [&mut random.token[..], &mut random.name] {
        getrandom::fill(bytes).map_err(|error| JsError::new(&error.to_string()))?;
    }
    let answer = broker.answer(&request, random, &worker).await;
    let mut response = answer.unwrap_or_else(refused);
    broker.share(request.headers(), &mut response);
    Ok(response)
}

fn refused(failure: Failure) -> http::Response<String> {
    if failure.is_ours() {
        console::error_1(&failure.to_string().into());
    }
    failure.into_response()
}

struct Worker<'a> {
    env: &'a JsValue,
}

impl Runtime for Worker<'_> {
    fn now(&self) -> UnixTime {
        UnixTime::from_secs((Date::now() / 1000.0) as u64)
    }

    /// Asks the rate limit of `wrangler.toml`. Without one, everybody is admitted; if it fails,
    /// nobody.
    async fn admits(&self, client: &str) -> bool {
        let limiter = Reflect::get(self.env, &"RATE_LIMITER".into()).unwrap_or_default();
        if limiter.is_falsy() {
            return true;
        }
        is_under_limit(limiter.unchecked_ref(), client).await.unwrap_or_else(|_| {
            console::error_1(&"RATE_LIMITER: no answer".into());
            false
        })
    }

    async fn send(&self, request: HttpRequest) -> Result<http::Response<Vec<u8>>, Failure> {
        send(request).await.map_err(|_| Failure::NoAnswer)?.ok_or(Failure::LongAnswer)
    }
}

#[wasm_bindgen]
extern "C" {
    type RateLimiter;

    /// Not `async`: if an `async` import throws immediately, wasm-bindgen 0.2.130 gives the error
    /// to the next call instead.
    #[wasm_bindgen(method, catch)]
    fn limit(this: &RateLimiter, options: &Object) -> Result<JsValue, JsValue>;
}

async fn is_under_limit(limiter: &RateLimiter, client: &str) -> Result<bool, JsValue> {
    let options = Object::new();
    Reflect::set(&options, &"key".into(), &client.into())?;
    let outcome = JsFuture::from(Promise::resolve(&limiter.limit(&options)?)).await?;
    Ok(Reflect::get(&outcome, &"success".into())?.is_truthy())
}

/// The answer, unless it is too long.
async fn send(request: HttpRequest) -> Result<Option<http::Response<Vec<u8>>>, JsValue> {
    const PATIENCE_MILLIS: u32 = 5_000;

    let (head, body) = request.into_inner().into_parts();
    let init = RequestInit::new();
    init.set_method(head.method.as_str());
    init.set_headers(&headers_of(&head.headers)?.into());
    // A redirect could send the account's secret to another host.
    init.set_redirect(RequestRedirect::Manual);
    init.set_signal(Some(&AbortSignal::timeout_with_u32(PATIENCE_MILLIS)));
    if !body.is_empty() {
        init.set_body(&Uint8Array::from(&body[..]));
    }
    let scope: WorkerGlobalScope = global().unchecked_into();
    let fetched = JsFuture::from(scope.fetch_with_str_and_init(&head.uri.to_string(), &init));
    let response: web_sys::Response = fetched.await?.dyn_into()?;
    let Some(body) = read(&response).await? else { return Ok(None) };
    let mut answer = http::Response::builder().status(response.status());
    for (name, value) in entries(&response.headers())? {
        answer = answer.header(name, value);
    }
    answer.body(body).map(Some).map_err(js_error)
}

/// The body, unless it is too long.
async fn read(response: &web_sys::Response) -> Result<Option<Vec<u8>>, JsValue> {
    const MOST: usize = 64 * 1024;

    let mut body = Vec::new();
    let Some(stream) = response.body() else { return Ok(Some(body)) };
    let reader: ReadableStreamDefaultReader = stream.get_reader().dyn_into()?;
    loop {
        let part = JsFuture::from(reader.read()).await?;
        let Ok(bytes) = Reflect::get(&part, &"value".into())?.dyn_into::<Uint8Array>() else {
            return Ok(Some(body));
        };
        if body.len() + bytes.byte_length() as usize > MOST {
            _ = reader.cancel();
            return Ok(None);
        }
        body.extend(bytes.to_vec());
    }
}

/// The method, URL and headers of a request; `None` if they are not valid HTTP.
fn from_js(request: &web_sys::Request) -> Result<Option<http::Request<()>>, JsValue> {
    let mut builder = http::Request::builder().method(&*request.method()).uri(request.url());
    for (name, value) in entries(&request.headers())? {
        builder = builder.header(name, value);
    }
    Ok(builder.body(()).ok())
}

fn to_js(response: http::Response<String>) -> Result<web_sys::Response, JsValue> {
    let (head, body) = response.into_parts();
    let headers = headers_of(&head.headers)?;
    headers.set("cache-control", "no-store")?;
    headers.set("vary", "origin")?;
    let init = ResponseInit::new();
    init.set_status(head.status.as_u16());
    init.set_headers(&headers.into());
    // An answer with status 204 must not have a body, not even an empty one.
    let body = Some(body).filter(|body| !body.is_empty());
    web_sys::Response::new_with_opt_str_and_init(body.as_deref(), &init)
}

fn headers_of(map: &http::HeaderMap) -> Result<Headers, JsValue> {
    let headers = Headers::new()?;
    for (name, value) in map {
        headers.append(name.as_str(), value.to_str().map_err(js_error)?)?;
    }
    Ok(headers)
}

fn entries(headers: &Headers) -> Result<Vec<(String, String)>, JsValue> {
    let mut entries = Vec::new();
    for entry in try_iter(headers)?.into_iter().flatten() {
        let entry: js_sys::Array = entry?.dyn_into()?;
        entries.extend(entry.get(0).as_string().zip(entry.get(1).as_string()));
    }
    Ok(entries)
}

fn js_error(error: impl std::error::Error) -> JsValue {
    JsError::new(&error.to_string()).into()
}
