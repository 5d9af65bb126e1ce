//! Does each HTTP client send a call unchanged, and can the call read the response?

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use turn_credentials::provider::{ApiCall, Gateway, cloudflare, http, metered, twilio, xirsys};
use turn_credentials::{IceLease, UnixTime};
use turn_credentials_interop::FakeXirsys;
use turn_credentials_interop::fake_xirsys::{BASIC, CHANNEL, IDENT, PATH, SECRET, response};

const HOUR: Duration = Duration::from_secs(3600);
const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);
const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

type Fallible<T> = Result<T, Box<dyn Error>>;

#[tokio::test]
async fn ureq() -> Fallible<()> {
    let config = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0);
    let agent = ureq::Agent::from(config.proxy(None).build());
    each_call_is_sent_and_read(async |request| {
        let (head, mut body) = agent.run(request)?.into_parts();
        let response = http::Response::from_parts(head, body.read_to_vec()?);
        Ok(response)
    })
    .await
}

#[tokio::test]
async fn reqwest() -> Fallible<()> {
    let config = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let client = config.no_proxy().build()?;
    each_call_is_sent_and_read(async |request| {
        let answer = client.execute(request.try_into()?).await?;
        let (head, body) = http::Response::from(answer).into_parts();
        let response = http::Response::from_parts(head, body.collect().await?.to_bytes().to_vec());
        Ok(response)
    })
    .await
}

#[tokio::test]
async fn hyper_util() -> Fallible<()> {
    let client = hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build_http();
    each_call_is_sent_and_read(async |request| {
        let answer = client.request(request.map(|body| Full::new(Bytes::from(body)))).await?;
        let (head, body) = answer.into_parts();
        let response = http::Response::from_parts(head, body.collect().await?.to_bytes().to_vec());
        Ok(response)
    })
    .await
}

/// A call, what the provider must receive, and what it answers.
struct Case {
    call: Box<dyn ApiCall<Answer = IceLease>>,
    /// The method, the path and the query.
    line: [String; 2],
    authorization: Option<String>,
    /// The content type and the body.
    content: Option<[&'static str; 2]>,
    answer: Value,
}

fn cases(gateway: &Gateway) -> Fallible<[Case; 5]> {
    let account = xirsys::Account::new(IDENT, SECRET)?;
    let key = cloudflare::Key::new("0123", "a-token")?;
    let xirsys = xirsys::IceRequest::new(&account, CHANNEL, HOUR, NOW)?.via(gateway.clone());
    let for_user = xirsys.clone().for_user("8.8.8.8".parse()?)?;
    let cloudflare = cloudflare::IceRequest::new(&key, HOUR, NOW)?.via(gateway.clone());
    let twilio = twilio::IceRequest::new("AC0123", "a-token", HOUR, NOW)?.via(gateway.clone());
    let metered = metered::IceRequest::new("our-app", "a-key", NOW)?.via(gateway.clone());

    let servers = json!([{"urls": "turn:turn.example.org", "username": "u", "credential": "c"}]);
    let basic = format!("Basic {BASIC}");
    Ok([
        Case {
            call: Box::new(xirsys),
            line: ["PUT".into(), format!("{PATH}?webrtc=1&expire=3600")],
            authorization: Some(basic.clone()),
            content: None,
            answer: json!({"s": "ok", "v": {"iceServers": servers}}),
        },
        Case {
            call: Box::new(for_user),
            line: ["PUT".into(), format!("{PATH}?webrtc=1&expire=3600&geo=1")],
            authorization: Some(basic),
            content: Some([JSON, r#"{"user_ip":"8.8.8.8"}"#]),
            answer: json!({"s": "ok", "v": {"iceServers": servers}}),
        },
        Case {
            call: Box::new(cloudflare),
            line: ["POST", "/v1/turn/keys/0123/credentials/generate-ice-servers"].map(Into::into),
            authorization: Some("Bearer a-token".into()),
            content: Some([JSON, r#"{"ttl":3600}"#]),
            answer: json!({"iceServers": servers}),
        },
        Case {
            call: Box::new(twilio),
            line: ["POST", "/2010-04-01/Accounts/AC0123/Tokens.json"].map(Into::into),
            authorization: Some("Basic QUMwMTIzOmEtdG9rZW4=".into()),
            content: Some([FORM, "Ttl=3600"]),
            answer: json!({"ttl": "3600", "ice_servers": servers}),
        },
        Case {
            call: Box::new(metered),
            line: ["GET", "/api/v1/turn/credentials?apiKey=a-key"].map(Into::into),
            authorization: None,
            content: None,
            answer: servers,
        },
    ])
}

async fn each_call_is_sent_and_read(
    send: impl AsyncFn(http::Request<Vec<u8>>) -> Fallible<http::Response<Vec<u8>>>,
) -> Fallible<()> {
    let provider = FakeXirsys::start();
    for Case { call, line, authorization, content, answer } in
        cases(&Gateway::new(&provider.url())?)?
    {
        provider.sends(&response(200, "", &answer.to_string()));
        let lease = call.read_answer(&send(call.request()?.into_inner()).await?)?;
        assert_eq!(lease.servers()[0].username(), Some("u"), "{line:?}");

        let came = provider.last_call();
        let is = |name: &str, value: Option<&str>| came.headers(name).eq(value);
        let [kind, body] = content.map(|content| content.map(Some)).unwrap_or_default();
        let len = body.unwrap_or_default().len().to_string();
        assert_eq!([&came.method, &came.target], line.each_ref());
        // ureq also sends `content-length` with a GET.
        let may_be_absent = came.method == "GET" && is("content-length", None);
        assert!(is("content-length", Some(&len)) || may_be_absent, "{came:?}");
        assert!(is("transfer-encoding", None) && is("content-type", kind), "{came:?}");
        assert!(is("authorization", authorization.as_deref()), "{came:?}");
        assert_eq!(came.body, body.unwrap_or_default());

        provider.sends(&response(503, "retry-after: 7\r\n", ""));
        let error = call.read_answer(&send(call.request()?.into_inner()).await?).unwrap_err();
        assert_eq!(error.retry_after(), Some(Duration::from_secs(7)), "{line:?}");
        assert!(error.is_retryable(), "{line:?}");
    }
    Ok(())
}
