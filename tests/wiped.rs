//! What is freed is wiped: the memory of a dropped value, read through `/proc/self/mem`.
#![allow(missing_docs)]
#![cfg(target_os = "linux")]

use std::fs::File;
use std::os::unix::fs::FileExt;

use turn_credentials::{Credential, PseudonymKey, SharedSecret};

/// The bytes of a boxed value, before and after it is dropped.
fn before_and_after<T>(value: T) -> (Vec<u8>, Vec<u8>) {
    let memory = File::open("/proc/self/mem").unwrap();
    let boxed = Box::new(value);
    let address = std::ptr::from_ref(&*boxed).addr() as u64;
    // The allocator may write to what is freed at once, and the test must not allocate meanwhile.
    let [mut before, mut after] = [(); 2].map(|()| vec![0; size_of::<T>()]);
    memory.read_exact_at(&mut before, address).unwrap();
    drop(boxed);
    memory.read_exact_at(&mut after, address).unwrap();
    (before, after)
}

/// No four bytes of the key or the text stay where they were, except for the start of the freed
/// block, which is the allocator's own.
fn assert_wiped<T>(value: T) {
    assert_start_wiped(value, size_of::<T>());
}

/// The same for the first bytes of a value, if what follows is not secret or is padding.
fn assert_start_wiped<T>(value: T, len: usize) {
    const ALLOCATORS_OWN: usize = 16;

    let (mut before, after) = before_and_after(value);
    before.truncate(len);
    let secret = before.chunks(4).filter(|word| word.iter().any(|&byte| byte != 0)).count();
    assert!(secret >= 7, "the value was in its box: {secret}");
    let left = before
        .chunks(4)
        .zip(after.chunks(4))
        .skip(ALLOCATORS_OWN / 4)
        .filter(|(before, after)| before == after && before.iter().any(|&byte| byte > 1))
        .count();
    assert_eq!(left, 0);
}

#[test]
fn a_password() {
    assert_wiped(SharedSecret::new("north").unwrap().password_for("1700000000:alice"));
}

#[test]
fn a_secret() {
    assert_wiped(SharedSecret::new("north").unwrap());
}

#[test]
fn a_pseudonym_key() {
    assert_wiped(PseudonymKey::from_bytes("north").unwrap());
}

/// The text is on the heap: its bytes beyond those that the allocator writes over.
fn assert_text_wiped<T>(value: T, text: impl Fn(&T) -> &str) {
    const ALLOCATORS_OWN: usize = 16;

    let memory = File::open("/proc/self/mem").unwrap();
    let (expected, address) = {
        let text = text(&value);
        let kept = text.as_bytes()[ALLOCATORS_OWN..].to_vec();
        (kept, (text.as_ptr().addr() + ALLOCATORS_OWN) as u64)
    };
    let mut read = vec![0; expected.len()];
    assert!(read.len() >= 16, "a text that is long enough");
    memory.read_exact_at(&mut read, address).unwrap();
    assert_eq!(read, expected);
    drop(value);
    memory.read_exact_at(&mut read, address).unwrap();
    assert_eq!(read, vec![0; expected.len()]);
}

const TEXT: &str = "0123456789abcdefghijklmnopqrstuvwxyz";

#[test]
fn a_credential() {
    assert_text_wiped(Credential::new(TEXT), Credential::as_str);
}

/// What was cut off is still in its memory.
#[test]
fn a_credential_that_was_cut_short() {
    let mut text = String::from(TEXT);
    let address = text.as_ptr().addr() as u64 + 16;
    text.truncate(4);
    drop(Credential::from(text));
    let mut read = [0xff; 20];
    File::open("/proc/self/mem").unwrap().read_exact_at(&mut read, address).unwrap();
    assert_eq!(read, [0; 20]);
}

#[test]
#[cfg(feature = "providers")]
fn a_providers_key() {
    use turn_credentials::provider::ApiKey;

    assert_text_wiped(ApiKey::new(TEXT), ApiKey::as_str);
}

#[test]
#[cfg(feature = "access-token")]
fn access_tokens() {
    use turn_credentials::access_token::{AccessToken, AccessTokenKey};

    assert_text_wiped(AccessToken::random([7; 32]), AccessToken::as_str);
    // Its id and four bytes of padding are the last.
    let len = size_of::<AccessTokenKey>() - 8;
    assert_start_wiped(AccessTokenKey::new(1, [0xa5; 32]).unwrap(), len);
}

/// The check above does see what is not wiped.
#[test]
#[should_panic(expected = "assertion")]
fn an_array() {
    assert_wiped([0xa5_u8; 64]);
}
