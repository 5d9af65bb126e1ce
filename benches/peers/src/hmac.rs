//! HMAC-SHA1 of a message of one block, by SHA-1's block function.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::block_api::compress;

use crate::sample::{PASSWORD, SECRET};

pub type State = [u32; 5];
pub type Block = [u8; 64];

/// FIPS 180-4 section 5.3.1.
const INITIAL: State = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];

/// The message's block into the inner state, the hash of that into the outer one.
pub fn chain([mut inner, mut outer]: [State; 2], block: &Block) -> State {
    compress(&mut inner, &[*block]);
    compress(&mut outer, &[padded(&bytes(inner))]);
    outer
}

/// SHA-1 after the key's inner block, and after its outer block (RFC 2104).
pub fn keyed() -> [State; 2] {
    [0x36, 0x5c].map(|pad| {
        let mut block = [pad; 64];
        block.iter_mut().zip(SECRET.bytes()).for_each(|(byte, key)| *byte ^= key);
        let mut state = INITIAL;
        compress(&mut state, &[block]);
        state
    })
}

/// Pads the last block: a text of at most 55 bytes, the marker, zeros, and the length in bits,
/// which includes the key's block before it (FIPS 180-4 section 5.1.1).
pub fn padded(text: &[u8]) -> Block {
    let mut block = [0; 64];
    block[..text.len()].copy_from_slice(text);
    block[text.len()] = 0x80;
    let bits = 8 * (64 + text.len() as u64);
    block[56..].copy_from_slice(&bits.to_be_bytes());
    block
}

fn bytes(hash: State) -> [u8; 20] {
    let mut bytes = [0; 20];
    let (words, _) = bytes.as_chunks_mut();
    words.iter_mut().zip(hash).for_each(|(bytes, word)| *bytes = word.to_be_bytes());
    bytes
}

pub fn is_password(hash: State) -> bool {
    STANDARD.encode(bytes(hash)) == PASSWORD
}
