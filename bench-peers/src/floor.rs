//! What nobody can go below: a keyed HMAC is two SHA-1 compressions, the second of which waits for
//! the first.

use std::hint::black_box;

use sha1::block_api::compress;

use crate::candidate::Candidate;
#[cfg(target_arch = "x86_64")]
use crate::sha_ni;

const STATE: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
const BLOCK: [u8; 64] = *b"1700003600:6f1c7a52-8d3e-4b90-a7c4-e25d1b8f6a03.................";

/// F, where the CPU has SHA-NI.
#[cfg(target_arch = "x86_64")]
pub fn in_registers() -> Option<Candidate> {
    sha_ni::available().then(|| {
        Candidate::new("floor: two chained SHA-1 compressions, SHA-NI in registers", |times| {
            // SAFETY: the CPU has the instructions.
            black_box(unsafe { sha_ni::chain(STATE, black_box(&BLOCK), times) });
        })
    })
}

#[cfg(not(target_arch = "x86_64"))]
pub fn in_registers() -> Option<Candidate> {
    None
}

pub fn by_block_api() -> Candidate {
    Candidate::new("floor: two chained `sha1::block_api::compress` (sha1 0.11)", |times| {
        let mut state = STATE;
        for _ in 0..times {
            compress(&mut state, black_box(&[BLOCK]));
            compress(&mut state, black_box(&[BLOCK]));
            black_box(state);
        }
    })
}
