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

/// No four bytes of the key or the text stay where they were, but for the start of the freed
/// block, which is the allocator's own.
fn assert_wiped<T>(value: T) {
    const ALLOCATORS_OWN: usize = 16;

    let (before, after) = before_and_after(value);
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

/// The text of a credential is on the heap: its bytes beyond those that the allocator writes over.
#[test]
fn a_credential() {
    let memory = File::open("/proc/self/mem").unwrap();
    let credential = Credential::new("0123456789abcdefghijklmnopqrstuvwxyz");
    let address = credential.as_str().as_ptr().addr() as u64 + 16;
    let mut read = [0; 20];
    memory.read_exact_at(&mut read, address).unwrap();
    assert_eq!(&read, b"ghijklmnopqrstuvwxyz");
    drop(credential);
    memory.read_exact_at(&mut read, address).unwrap();
    assert_eq!(read, [0; 20]);
}

/// The check above does see what is not wiped.
#[test]
#[should_panic(expected = "assertion")]
fn an_array() {
    assert_wiped([0xa5_u8; 64]);
}
