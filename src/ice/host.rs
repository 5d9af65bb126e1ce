//! Which texts may be the host of a URI.

use core::net::{Ipv4Addr, Ipv6Addr};

use alloc::string::String;

use crate::decimal;

pub(crate) fn is_ipv6(host: &str) -> bool {
    host.parse::<Ipv6Addr>().is_ok()
}

/// An IPv4 address, or a reg-name (RFC 3986 section 3.2.2) that is not empty and that browsers
/// accept.
pub(crate) fn is_ipv4_or_name(host: &str) -> bool {
    let Some(name) = decode_reg_name(host) else { return false };
    // WHATWG URL section 3.5: a browser reads a host that ends in a number as IPv4, or refuses it.
    let last = name.strip_suffix('.').unwrap_or(&name).rsplit('.').next().unwrap_or_default();
    let hex = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    let ends_in_number = match hex {
        Some(hex) => hex.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => decimal::all_digits(last),
    };
    if ends_in_number { host.parse::<Ipv4Addr>().is_ok() } else { !name.is_empty() }
}

/// Reads `*( unreserved / pct-encoded / sub-delims )`. An encoded character must also be unreserved
/// or a sub-delim, since browsers decode it and then check again. `*` is refused, because Firefox
/// rejects it.
fn decode_reg_name(host: &str) -> Option<String> {
    let mut bytes = host.bytes();
    let mut name = String::with_capacity(host.len());
    while let Some(byte) = bytes.next() {
        let mut hex_digit = || char::from(bytes.next()?).to_digit(16);
        let byte = match byte {
            b'%' => u8::try_from(hex_digit()? << 4 | hex_digit()?).ok()?,
            byte => byte,
        };
        let valid = byte.is_ascii_alphanumeric() || b"-._~!$&'()+,;=".contains(&byte);
        name.push(valid.then_some(byte)?.into());
    }
    Some(name)
}
