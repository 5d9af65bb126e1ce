//! Looks for secrets in freed memory: the allocator searches each block that is freed.

use std::alloc::{GlobalAlloc, Layout, System};
use std::backtrace::Backtrace;
use std::cell::{Cell, RefCell};
use std::mem;

mod state;

pub use state::{hmac_sha1_states, hmac_sha256_states};

#[global_allocator]
static ALLOCATOR: Searching = Searching;

struct Searching;

/// Allocated memory is zeroed, so that each byte of a freed block may be read. A block that grows is
/// always copied, by the trait's default `realloc`.
unsafe impl GlobalAlloc for Searching {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        search(unsafe { std::slice::from_raw_parts(block, layout.size()) });
        unsafe { System.dealloc(block, layout) };
    }
}

thread_local! {
    static WANTED: Cell<&'static [Part]> = const { Cell::new(&[]) };
    static FOUND: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// A part of a secret: so many bytes in a row do not match by chance.
type Part = [u8; 8];

fn parts(bytes: &[u8]) -> impl Iterator<Item = Part> {
    bytes.array_windows().copied()
}

fn search(block: &[u8]) {
    // Do not search what the search itself frees.
    let Ok(wanted) = WANTED.try_with(Cell::take) else { return };
    if !wanted.is_empty() && parts(block).any(|part| wanted.binary_search(&part).is_ok()) {
        let callers = Backtrace::force_capture().to_string();
        let callers: Vec<_> = callers.lines().filter(|line| line.contains(": ")).take(25).collect();
        let found = format!("{} bytes, freed by\n{}\n", block.len(), callers.join("\n"));
        FOUND.with_borrow_mut(|all| all.push(found));
    }
    WANTED.set(wanted);
}

/// Describes the blocks that `work` frees with a part of one of the secrets in them. What `work`
/// returns is not freed.
#[must_use]
pub fn freed_with<T>(secrets: &[&[u8]], work: impl FnOnce() -> T) -> Vec<String> {
    assert!(secrets.iter().all(|secret| parts(secret).next().is_some()), "too short to be found");
    let mut wanted: Vec<Part> = secrets.iter().flat_map(|secret| parts(secret)).collect();
    wanted.sort_unstable();
    WANTED.set(wanted.leak());
    let kept = work();
    WANTED.set(&[]);
    mem::forget(kept);
    FOUND.take()
}

/// Asserts that no block that `work` frees has a part of one of the secrets in it. What `work` returns
/// is the caller's to wipe, and is not freed.
#[track_caller]
pub fn assert_gone<T>(secrets: &[&[u8]], work: impl FnOnce() -> T) {
    let found = freed_with(secrets, work);
    assert!(found.is_empty(), "{} blocks: {}", found.len(), found.join("\n"));
}

/// Asserts that the search finds each of the secrets, and finds one in what `work` frees without
/// wiping.
#[track_caller]
pub fn assert_found<T>(secrets: &[&[u8]], work: impl FnOnce() -> T) {
    for secret in secrets {
        assert!(!freed_with(&[secret], || drop(secret.to_vec())).is_empty());
    }
    assert!(!freed_with(secrets, work).is_empty(), "nothing is found where something is");
}
