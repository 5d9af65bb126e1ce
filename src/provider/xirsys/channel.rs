//! The channel of a call.

use core::fmt::Write;

use alloc::string::String;

use crate::percent;
use crate::provider::argument;
use crate::provider::error::CallError;

/// Checks a channel, and percent-encodes each of its segments.
pub(super) fn encode(channel: &str) -> Result<String, CallError> {
    let mut encoded = String::with_capacity(channel.len());
    for segment in channel.split('/') {
        if !argument::is_segment(segment) {
            let expected = "segments such as my/channel, none of them empty, . or ..";
            return Err(CallError::argument("channel", expected));
        }
        let slash = if encoded.is_empty() { "" } else { "/" };
        // Writing to a `String` cannot fail.
        _ = write!(encoded, "{slash}{}", percent::Encoded(segment));
    }
    Ok(encoded)
}
