//! SHA-1's compression with the SHA instructions of x86, in registers; an HMAC is two of them.

use std::arch::x86_64::{
    __m128i, _mm_add_epi32, _mm_and_si128, _mm_extract_epi32, _mm_or_si128, _mm_set_epi32,
    _mm_setzero_si128, _mm_sha1msg1_epu32, _mm_sha1msg2_epu32, _mm_sha1nexte_epu32,
    _mm_sha1rnds4_epu32, _mm_xor_si128,
};
use std::array;
use std::hint::black_box;

use crate::hmac::{self, Block};

/// Proof that the CPU has the instructions.
#[derive(Clone, Copy)]
pub struct ShaNi(());

impl ShaNi {
    pub fn detect() -> Option<Self> {
        let found = is_x86_feature_detected!("sha")
            && is_x86_feature_detected!("ssse3")
            && is_x86_feature_detected!("sse4.1");
        found.then_some(Self(()))
    }

    /// Computes the two chained compressions of an HMAC `times` times, and returns the last hash.
    #[expect(clippy::unused_self, reason = "having one is the proof")]
    pub fn chain(self, keyed: [hmac::State; 2], block: &Block, times: u32) -> hmac::State {
        // SAFETY: `detect` found the instructions.
        unsafe { chain(keyed, block, times) }
    }
}

/// Hashes the block from the inner state, and that hash from the outer state. Each HMAC waits for
/// the one before it: its hash, masked with `none`, goes into the next block. `none` is zero, but
/// the compiler does not know that.
#[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
fn chain([inner, outer]: [hmac::State; 2], block: &Block, times: u32) -> hmac::State {
    let (inner, outer, [start, rest @ ..]) = (State::of(inner), State::of(outer), load(block));
    let none = black_box(_mm_setzero_si128());
    let mut hash = outer;
    for _ in 0..times {
        let start = _mm_or_si128(start, _mm_and_si128(hash.abcd, none));
        let [second, third, fourth] = black_box(rest);
        hash = outer.compress(inner.compress([start, second, third, fourth]).padded());
    }
    hash.words()
}

#[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
fn load(block: &Block) -> [__m128i; 4] {
    let (words, _) = block.as_chunks();
    let word = |place: usize| i32::from_be_bytes(words[place]);
    array::from_fn(|row| lanes(array::from_fn(|lane| word(4 * row + lane))))
}

/// The first word is in the highest lane, where the instructions expect it.
#[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
fn lanes([a, b, c, d]: [i32; 4]) -> __m128i {
    _mm_set_epi32(a, b, c, d)
}

/// E is in the highest lane, above zeros.
#[derive(Clone, Copy)]
struct State {
    abcd: __m128i,
    e: __m128i,
}

impl State {
    #[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
    fn of(words: hmac::State) -> Self {
        let [abcd @ .., e] = words.map(u32::cast_signed);
        Self { abcd: lanes(abcd), e: lanes([e, 0, 0, 0]) }
    }

    #[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
    fn words(self) -> hmac::State {
        let Self { abcd, e } = self;
        [
            _mm_extract_epi32::<3>(abcd),
            _mm_extract_epi32::<2>(abcd),
            _mm_extract_epi32::<1>(abcd),
            _mm_extract_epi32::<0>(abcd),
            _mm_extract_epi32::<3>(e),
        ]
        .map(i32::cast_unsigned)
    }

    /// The block with this hash and its padding, which follows the 64 bytes of a key.
    #[inline]
    #[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
    fn padded(self) -> [__m128i; 4] {
        const BITS: i32 = 8 * (64 + 20);

        let marker = lanes([0, 0x8000_0000_u32.cast_signed(), 0, 0]);
        let e = _mm_or_si128(self.e, marker);
        [self.abcd, e, _mm_setzero_si128(), lanes([0, 0, 0, BITS])]
    }

    /// Twenty groups of four rounds, five groups with each of SHA-1's functions.
    #[inline]
    #[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
    fn compress(self, words: [__m128i; 4]) -> Self {
        let mut rounds = Rounds { abcd: self.abcd, e: _mm_add_epi32(self.e, words[0]), words };
        rounds.run::<0>(5);
        rounds.run::<1>(5);
        rounds.run::<2>(5);
        rounds.run::<3>(4);
        let Rounds { abcd, e, .. } = rounds;
        Self {
            abcd: _mm_add_epi32(self.abcd, _mm_sha1rnds4_epu32::<3>(abcd, e)),
            e: _mm_sha1nexte_epu32(abcd, self.e),
        }
    }
}

struct Rounds {
    abcd: __m128i,
    /// E and the message words of the next group, added.
    e: __m128i,
    words: [__m128i; 4],
}

impl Rounds {
    #[inline]
    #[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
    fn run<const FUNCTION: i32>(&mut self, groups: u32) {
        for _ in 0..groups {
            let [w0, w1, w2, w3] = self.words;
            let next = _mm_sha1nexte_epu32(self.abcd, w1);
            self.abcd = _mm_sha1rnds4_epu32::<FUNCTION>(self.abcd, self.e);
            self.e = next;
            let mixed = _mm_xor_si128(_mm_sha1msg1_epu32(w0, w1), w2);
            self.words = [w1, w2, w3, _mm_sha1msg2_epu32(mixed, w3)];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_sha1() {
        let Some(sha_ni) = ShaNi::detect() else {
            eprintln!("skipped: this CPU has no SHA-NI");
            return;
        };
        let mut seed = 1_u64;
        let mut random = || {
            // Knuth's MMIX generator.
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            seed.to_be_bytes()[0]
        };
        for times in [1, 2].repeat(1000) {
            let mut state = || array::from_fn(|_| u32::from_be_bytes(array::from_fn(|_| random())));
            let keyed = [state(), state()];
            let block = array::from_fn(|_| random());
            assert_eq!(sha_ni.chain(keyed, &block, times), hmac::chain(keyed, &block));
        }
    }
}
