//! What a keyed HMAC (RFC 2104) keeps of its key: the hash states after the inner and the outer key
//! block.

use sha1::Digest as _;

const PADS: [u8; 2] = [0x36, 0x5c];

/// The inner and the outer state of HMAC-SHA1, as they are in memory.
#[must_use]
pub fn hmac_sha1_states(key: &[u8]) -> [Vec<u8>; 2] {
    let hashed = sha1::Sha1::digest(key);
    let key = if key.len() > 64 { &hashed } else { key };
    PADS.map(|pad| {
        // FIPS 180-4 section 5.3.1.
        let mut state = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
        sha1::block_api::compress(&mut state, &[padded(key, pad)]);
        state.iter().flat_map(|word| word.to_ne_bytes()).collect()
    })
}

/// The inner and the outer state of HMAC-SHA256, as they are in memory.
#[must_use]
pub fn hmac_sha256_states(key: &[u8]) -> [Vec<u8>; 2] {
    PADS.map(|pad| {
        // FIPS 180-4 section 5.3.3.
        let mut state = [
            0x6a09_e667,
            0xbb67_ae85,
            0x3c6e_f372,
            0xa54f_f53a,
            0x510e_527f,
            0x9b05_688c,
            0x1f83_d9ab,
            0x5be0_cd19,
        ];
        sha2::block_api::compress256(&mut state, &[padded(key, pad)]);
        state.iter().flat_map(|word: &u32| word.to_ne_bytes()).collect()
    })
}

fn padded(key: &[u8], pad: u8) -> [u8; 64] {
    let mut block = [pad; 64];
    block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
    block
}
