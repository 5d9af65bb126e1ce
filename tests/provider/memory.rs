//! What was read of an answer is nowhere in memory afterwards, except in the answer itself.
#![cfg(target_os = "linux")]

use std::fs::{self, File};
use std::os::unix::fs::FileExt;

use turn_credentials::IceServers;
use turn_credentials::provider::{ApiError, read_lease};

use crate::{NOW, providers, response};

/// What is looked for is kept inverted, so as not to be found here.
const INVERTED: [u8; 12] = *b"\x9c\x8d\x9a\x9b\x9a\x91\x8b\x96\x9e\x93\xce\xc8";

/// How often it is in the writable memory of this process.
fn count() -> usize {
    let memory = File::open("/proc/self/mem").unwrap();
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let mut page = [0; 4096];
    let mut found = 0;
    for line in maps.lines().filter(|line| line.contains(" rw-p ")) {
        let (start, end) = line.split_once(' ').unwrap().0.split_once('-').unwrap();
        let [start, end] = [start, end].map(|bound| u64::from_str_radix(bound, 16).unwrap());
        for address in (start..end).step_by(page.len()) {
            // What another test has freed meanwhile is not there any more.
            if memory.read_exact_at(&mut page, address).is_ok() && page != [0; 4096] {
                let is_it = |window: &[u8]| window.iter().zip(INVERTED).all(|(a, b)| *a == !b);
                found += page.windows(INVERTED.len()).filter(|window| is_it(window)).count();
            }
            page.fill(0);
        }
    }
    found
}

/// `~` stands for what is looked for, after what an allocator writes over.
fn body(template: &str) -> Vec<u8> {
    let mut body = Vec::with_capacity(2048);
    for byte in template.bytes() {
        match byte {
            b'~' => {
                body.extend([b'-'; 32]);
                body.extend(INVERTED.map(|byte| !byte));
            }
            byte => body.push(byte),
        }
    }
    assert!(body.len() < 2048, "it did not grow");
    body
}

#[test]
fn nothing_that_was_read_stays() {
    for template in [
        r#"{"ice_servers": [{"urls": "stun:a"}], "password": "~"}"#,
        r#"[{"urls": "turn:a", "username": "u", "credential": "~"}]"#,
        r#"[{"urls": ["turn:a", "~"], "username": "u", "credential": "c"}]"#,
        r#"[{"urls": "turn:a", "username": "u", "credential": "~", "credentialType": "hmac-sha1"}]"#,
        r#"[{"urls": "turn:a", "credential": {"macKey": ["~"]}}, 7]"#,
        r#"{"s": "ok", "v": "~"}"#,
        r#"{"s": "error", "v": "~"}"#,
        r#"{"username": "u", "password": "~", "apiKey": ""}"#,
        r#"["~", {"urls": "stun:a"}"#,
    ] {
        let response = response(200, body(template));
        for calls in providers() {
            drop(calls.ice.1.read_answer(&response));
            for (_, read) in calls.others.iter().filter(|(name, _)| *name != "xirsys-token") {
                drop(read(&response));
            }
        }
        let lease = read_lease(response.body(), NOW, None);
        drop(serde_json::from_slice::<IceServers>(response.body()));
        // A Value that is cut off leaves its beginning.
        if lease.map(drop) != Err(ApiError::NotJson) {
            let value = serde_json::from_slice(response.body()).unwrap();
            drop(serde_json::from_value::<IceServers>(value));
        }
        assert_eq!(count(), 1, "{template}");
        response.into_body().fill(0);
    }
    // The count does see what stays.
    let mut left = body("~");
    drop(left.clone());
    assert_eq!(count(), 2);
    left.fill(0);
}
