//! The grammar of STUN and TURN URIs: `tests/ice_uri.rs` and `fuzz/` compare `IceUri` with it.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// The grammar of RFC 7064, RFC 7065 and RFC 3986 as one expression, without `*` in a host.
static GRAMMAR: LazyLock<Regex> = LazyLock::new(|| {
    let name = "(?:[A-Za-z0-9._~!$&'()+,;=-]|%[0-9A-Fa-f]{2})+";
    let host = format!(r"(?<host>\[(?<v6>[0-9A-Fa-f:.]+)\]|(?<name>{name}))");
    let scheme = "(?<scheme>(?i-u:(?:stun|turn)s?))";
    let query = r"(?<query>\?transport=(?:udp|tcp))?";
    Regex::new(&format!(r"\A{scheme}:{host}(?::(?<port>[0-9]+))?{query}\z")).unwrap()
});

static ENCODED: LazyLock<Regex> = LazyLock::new(|| Regex::new("%([0-9A-Fa-f]{2})").unwrap());

static CLEAN: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\A[A-Za-z0-9._~!$&'()+,;=-]+\z").unwrap());

static ENDS_IN_NUMBER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?:\A|\.)(?:[0-9]+|0[xX][0-9A-Fa-f]*)\.?\z").unwrap());

/// The URI as `Display` writes it; `None` if the text is not a URI.
pub(crate) fn normal(text: &str) -> Option<String> {
    let parts = GRAMMAR.captures(text)?;
    let get = |name| parts.name(name).map(|part| part.as_str());
    let scheme = parts["scheme"].to_lowercase();
    let port = match get("port") {
        Some(port) => format!(":{}", port.parse::<u16>().ok().filter(|&port| port > 0)?),
        None => String::new(),
    };
    let query = get("query").unwrap_or_default();
    let valid = get("v6").is_none_or(|host| host.parse::<Ipv6Addr>().is_ok())
        && get("name").is_none_or(is_host)
        && (query.is_empty() || scheme.starts_with("turn"));
    valid.then(|| format!("{scheme}:{}{port}{query}", &parts["host"]))
}

/// Two rules of the URL standard: a host is checked again after percent-decoding, and a host that ends
/// in a number must be an IPv4 address.
fn is_host(encoded: &str) -> bool {
    let decode =
        |digits: &Captures<'_>| char::from(u8::from_str_radix(&digits[1], 16).unwrap()).to_string();
    let host = ENCODED.replace_all(encoded, decode);
    CLEAN.is_match(&host)
        && (!ENDS_IN_NUMBER.is_match(&host) || encoded.parse::<Ipv4Addr>().is_ok())
}
