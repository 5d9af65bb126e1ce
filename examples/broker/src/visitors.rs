//! Who may ask: pages of permitted origins, our own page, and clients with the client key.

use std::path::PathBuf;

use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderValue, Uri};
use clap::Args;

use crate::failure::Failure;
use crate::key::{self, Key};
use crate::program;

#[derive(Args)]
#[group(skip)]
#[command(next_help_heading = "Who may ask")]
pub(crate) struct Options {
    /// Web origin whose pages may ask, such as https://app.example.org, or https://*.example.org
    /// for every direct subdomain; may be repeated
    #[arg(long = "origin", env = "BROKER_ORIGIN", value_name = "ORIGIN", value_delimiter = ',')]
    origins: Vec<String>,

    /// File with the key that clients must send to get a token
    #[arg(long, env = "BROKER_CLIENT_KEY_FILE", value_name = "PATH")]
    client_key_file: Option<PathBuf>,
}

impl Options {
    pub(crate) fn has_key(&self) -> bool {
        self.client_key_file.is_some()
    }
}

pub(crate) struct Visitors {
    origins: Vec<HeaderValue>,
    patterns: Vec<Pattern>,
    client_key: Option<Key>,
}

/// `https://*.example.org`: the star stands for exactly one label.
struct Pattern {
    scheme: String,
    parent: String,
    port: Option<u16>,
}

/// Where a request claims to come from.
enum Source {
    Permitted,
    OurPage,
    OtherPage,
    NoPage,
}

impl Visitors {
    pub(crate) fn new(options: &Options) -> program::Result<Self> {
        let (patterns, origins): (Vec<_>, Vec<_>) =
            options.origins.iter().partition(|text| text.contains('*'));
        Ok(Self {
            origins: origins
                .into_iter()
                .map(|text| origin(text))
                .collect::<program::Result<_>>()?,
            patterns: patterns
                .into_iter()
                .map(|text| Pattern::new(text))
                .collect::<program::Result<_>>()?,
            client_key: options.client_key_file.as_deref().map(Key::read).transpose()?,
        })
    }

    /// Whether pages of this origin may ask.
    pub(crate) fn permit(&self, origin: &HeaderValue) -> bool {
        self.origins.contains(origin) || self.patterns.iter().any(|pattern| pattern.covers(origin))
    }

    /// Whether the request comes from a page that is not permitted.
    pub(crate) fn are_foreign(&self, headers: &HeaderMap) -> bool {
        matches!(self.source(headers), Source::OtherPage)
    }

    /// Admits permitted pages, our own, and clients that are not a page but have the client key.
    pub(crate) fn admit(&self, headers: &HeaderMap) -> Result<(), Failure> {
        match self.source(headers) {
            Source::Permitted | Source::OurPage => Ok(()),
            Source::NoPage if self.has_client_key(headers) => Ok(()),
            Source::NoPage | Source::OtherPage => Err(Failure::Unauthorized("no permitted origin")),
        }
    }

    /// Like `admit`, but if a client key is set, admits only requests with that key.
    pub(crate) fn admit_to_token(&self, headers: &HeaderMap) -> Result<(), Failure> {
        if self.client_key.is_some() && !self.has_client_key(headers) {
            return Err(Failure::Unauthorized("no client key, or a wrong one"));
        }
        self.admit(headers)
    }

    pub(crate) fn has_client_key(&self, headers: &HeaderMap) -> bool {
        let shown = self.client_key.as_ref().zip(key::bearer(headers));
        shown.is_some_and(|(key, shown)| key.opens(shown))
    }

    fn source(&self, headers: &HeaderMap) -> Source {
        let mut origins = headers.get_all(ORIGIN).iter();
        let origin = origins.next();
        match origin {
            _ if origins.next().is_some() => Source::OtherPage,
            Some(origin) if self.permit(origin) => Source::Permitted,
            _ if is_our_page(origin, headers) => Source::OurPage,
            Some(_) => Source::OtherPage,
            None => Source::NoPage,
        }
    }
}

/// Whether the request comes from our own page. With a GET to the page's own origin, browsers send no
/// `Origin`, but they send `Sec-Fetch-Site: same-origin`, which no script can set (Fetch Metadata,
/// section 2).
fn is_our_page(origin: Option<&HeaderValue>, headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let is_host = |origin: &HeaderValue| {
        let origin = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
        origin.zip(host).is_some_and(|((_, authority), host)| authority == host)
    };
    headers.get("sec-fetch-site").is_some_and(|site| site == "same-origin")
        && origin.is_none_or(is_host)
}

impl Pattern {
    fn new(text: &str) -> program::Result<Self> {
        let wrong = || {
            format!(
                "--origin: {text:?} is not of the form https://*.example.org, with a domain of your own after the star"
            )
        };
        let (scheme, rest) = text.split_once("://*.").ok_or_else(wrong)?;
        // With a label in place of the star, the pattern is checked like any other origin.
        let written = origin(&format!("{scheme}://a.{rest}")).map_err(|_| wrong())?;
        let pattern = Self::parse(&written).ok_or_else(wrong)?;
        // Anyone may register a name under a public suffix.
        let child = format!("a.{}", pattern.parent);
        let are_registrable =
            [&pattern.parent, &child].iter().all(|name| psl::domain_str(name).is_some());
        let listed = psl::suffix(pattern.parent.as_bytes()).is_some_and(|suffix| suffix.is_known());
        let has_labels = pattern.parent.split('.').all(|label| !label.is_empty());
        if are_registrable && listed && has_labels { Ok(pattern) } else { Err(wrong().into()) }
    }

    /// The pattern that covers this origin, which must be as browsers write it.
    fn parse(origin: &HeaderValue) -> Option<Self> {
        let uri: Uri = origin.to_str().ok()?.parse().ok()?;
        let (label, parent) = uri.host()?.split_once('.')?;
        let of_a_label = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        (!label.is_empty() && label.bytes().all(of_a_label)).then_some(())?;
        let (scheme, parent) = (uri.scheme_str()?.to_owned(), parent.to_owned());
        Some(Self { scheme, parent, port: uri.port_u16() })
    }

    fn covers(&self, shown: &HeaderValue) -> bool {
        // A browser writes every origin in one form.
        let as_written =
            shown.to_str().ok().and_then(|text| origin(text).ok()).filter(|text| text == shown);
        as_written.as_ref().and_then(Self::parse).is_some_and(|found| {
            (&found.scheme, &found.parent, found.port) == (&self.scheme, &self.parent, self.port)
        })
    }
}

/// An origin as browsers write it: in lower case, and without the port that the scheme implies (RFC
/// 6454 section 6.2).
fn origin(text: &str) -> program::Result<HeaderValue> {
    let wrong = || format!("--origin: {text:?} is not https://host or https://host:port");
    let uri: Uri = text.parse().map_err(|_| wrong())?;
    let (scheme, host) = uri.scheme_str().zip(uri.host()).ok_or_else(wrong)?;
    let port = uri.port_u16();
    let write = |port: Option<u16>| {
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        format!("{scheme}://{host}{port}").to_lowercase()
    };
    if host.contains('*') || !text.eq_ignore_ascii_case(&write(port)) {
        return Err(wrong().into());
    }
    let implied = match scheme {
        "https" => Some(443),
        "http" => Some(80),
        _ => None,
    };
    Ok(HeaderValue::from_str(&write(port.filter(|_| port != implied)))?)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;

    use super::*;

    #[test]
    fn origins_are_as_browsers_write_them() {
        for (given, written) in [
            ("https://app.example.org", Some("https://app.example.org")),
            ("HTTPS://App.Example.org:443", Some("https://app.example.org")),
            ("http://localhost:80", Some("http://localhost")),
            ("http://localhost:443", Some("http://localhost:443")),
            ("https://[2001:db8::1]:8443", Some("https://[2001:db8::1]:8443")),
            ("capacitor://localhost", Some("capacitor://localhost")),
            ("https://app.example.org/", None),
            ("https://app.example.org/path", None),
            ("https://app.example.org?query", None),
            ("https://user@app.example.org", None),
            ("https://*", None),
            ("https://*.example.org", None),
            ("https://app.example.org:", None),
            ("https://app.example.org:99999", None),
            ("https://app.example.org#x", None),
            ("app.example.org", None),
            ("*", None),
            ("null", None),
            ("", None),
        ] {
            assert_eq!(
                origin(given).ok().as_ref().map(|o| o.to_str().unwrap()),
                written,
                "{given}"
            );
        }
    }

    #[test]
    fn a_star_is_one_label() {
        let covers = |pattern: &str, origin: &'static str| {
            Pattern::new(pattern).unwrap().covers(&HeaderValue::from_static(origin))
        };
        for (origin, covered) in [
            ("https://app.example.org", true),
            ("https://xn--bcher-kva.example.org", true),
            ("https://example.org", false),
            ("https://.example.org", false),
            ("https://a.b.example.org", false),
            ("https://app.example.org:8443", false),
            ("https://app.example.org:443", false),
            ("http://app.example.org", false),
            ("https://App.example.org", false),
            ("https://app.evilexample.org", false),
            ("https://app.example.org.evil.org", false),
            ("https://evil.org/.example.org", false),
            ("https://evil.org#.example.org", false),
            ("https://evil@app.example.org", false),
            ("https://*.example.org", false),
            ("null", false),
        ] {
            assert_eq!(covers("https://*.example.org", origin), covered, "{origin}");
        }
        assert!(covers("HTTPS://*.Example.org:443", "https://app.example.org"));
        assert!(covers("https://*.example.org:8443", "https://app.example.org:8443"));
        for refused in [
            "https://*.org",
            "https://*.co.uk",
            "https://*.github.io",
            "https://*.internal",
            "https://*.kawasaki.jp",
            "https://*.example..org",
            "https://*.example.org.",
            "https://*.*.example.org",
            "https://a*.example.org",
            "https://app.*.org",
            "https://*",
            "https://*.",
            "*.example.org",
            "https://*.example.org/",
        ] {
            assert!(Pattern::new(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn sources() {
        const US: &str = "https://turn.example.org";
        let visitors = Visitors {
            origins: vec![HeaderValue::from_static("https://a")],
            patterns: vec![],
            client_key: None,
        };
        for (origin, site, admitted, foreign) in [
            (Some("https://a"), None, true, false),
            (Some("https://A"), None, false, true),
            (Some("https://a.evil"), None, false, true),
            (Some("http://a"), None, false, true),
            (Some("null"), None, false, true),
            (Some("https://evil"), Some("same-origin"), false, true),
            (Some(US), Some("cross-site"), false, true),
            (Some(US), None, false, true),
            (Some(US), Some("same-origin"), true, false),
            (None, Some("same-origin"), true, false),
            (None, Some("same-site"), false, false),
            (None, None, false, false),
        ] {
            let site = site.map(|site| (HeaderName::from_static("sec-fetch-site"), site));
            let given = [(HOST, "turn.example.org")].into_iter();
            let given = given.chain(origin.map(|origin| (ORIGIN, origin))).chain(site);
            let headers =
                given.map(|(name, value)| (name, HeaderValue::from_static(value))).collect();
            assert_eq!(visitors.admit(&headers).is_ok(), admitted, "{headers:?}");
            assert_eq!(visitors.are_foreign(&headers), foreign, "{headers:?}");
        }
    }
}
