//! Which addresses are public: Xirsys's own clients send only these as a user's address.

use core::net::IpAddr;

/// The ranges that those clients do not send: private, reserved, for documentation, or
/// multicast (RFC 6890, RFC 5735, RFC 4291).
const NOT_PUBLIC: [&str; 22] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/128",
    "::1/128",
    "100::/64",
    "2001:db8::/32",
    "fc00::/7",
    "fe80::/10",
    "ff00::/8",
];

pub(super) fn is_public(address: IpAddr) -> bool {
    !NOT_PUBLIC.iter().any(|network| contains(network, address).unwrap_or_default())
}

/// Whether an address is in a network such as `10.0.0.0/8`.
fn contains(network: &str, address: IpAddr) -> Option<bool> {
    let (base, bits) = network.split_once('/')?;
    let bits: u32 = bits.parse().ok()?;
    let same_bits = match (base.parse().ok()?, address) {
        (IpAddr::V4(base), IpAddr::V4(address)) => {
            (base.to_bits() ^ address.to_bits()).leading_zeros()
        }
        (IpAddr::V6(base), IpAddr::V6(address)) => {
            (base.to_bits() ^ address.to_bits()).leading_zeros()
        }
        _ => return Some(false),
    };
    Some(same_bits >= bits)
}
