//! F, the least that a login costs: the HMAC of the sample, with its key hashed in advance.
//!
//! That is two chained SHA-1 compressions. The first hashes the message's block; the second hashes a
//! block made from the 20 bytes of the first hash, so it waits for them. Each HMAC also waits for the one
//! before it, so that F is the time of one, whatever the processor could do meanwhile.

use std::hint::black_box;

use crate::hmac::{chain, is_password, keyed, padded};
use crate::measure::Candidate;
use crate::sample::USERNAME;
#[cfg(target_arch = "x86_64")]
use crate::sha_ni::ShaNi;

/// F, if the CPU has SHA-NI.
#[cfg(target_arch = "x86_64")]
pub fn in_registers() -> Option<Candidate> {
    let what = "floor: the two chained SHA-1 compressions of an HMAC, SHA-NI in registers";
    let sha_ni = ShaNi::detect()?;
    let (keyed, block) = (keyed(), padded(USERNAME.as_bytes()));
    assert!(is_password(sha_ni.chain(keyed, &block, 1)), "{what}");
    Some(Candidate::repeating(what, move |times| {
        black_box(sha_ni.chain(keyed, black_box(&block), times));
    }))
}

#[cfg(not(target_arch = "x86_64"))]
pub fn in_registers() -> Option<Candidate> {
    None
}

pub fn by_block_api() -> Candidate {
    let what = "floor: the same two by `sha1::block_api::compress` (sha1 0.11)";
    let (keyed, mut block) = (keyed(), padded(USERNAME.as_bytes()));
    let none = black_box(0);
    Candidate::new(
        what,
        move || {
            let hash = chain(keyed, &block);
            block[0] |= hash[0].to_be_bytes()[0] & none;
            hash
        },
        |&hash| is_password(hash),
    )
}
