//! What people write today.

use crate::candidate::Candidate;

// SAFETY: today/src/lib.rs has the same signatures, and its functions take any number.
unsafe extern "C" {
    safe fn today_mint(times: u32) -> bool;
    safe fn today_mint_keyed(times: u32) -> bool;
    safe fn today_verify_1(times: u32) -> bool;
    safe fn today_verify_4(times: u32) -> bool;
}

pub fn mint() -> Candidate {
    candidate("mint: today's way, one-shot (hmac 0.13, sha1 0.11, base64 0.23)", today_mint)
}

pub fn mint_keyed() -> Candidate {
    candidate("mint: today's way, keyed once and cloned", today_mint_keyed)
}

pub fn verify() -> [Candidate; 2] {
    [
        candidate("verify: today's way, 1 raw secret", today_verify_1),
        candidate("verify: today's way, 4 raw secrets", today_verify_4),
    ]
}

fn candidate(what: &'static str, work: extern "C" fn(u32) -> bool) -> Candidate {
    assert!(work(1), "{what}");
    Candidate::new(what, move |times| {
        work(times);
    })
}
