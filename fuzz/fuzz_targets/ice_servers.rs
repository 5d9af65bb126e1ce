//! The two ways to read ICE servers, serde and `read_lease`, and a third that is plain.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use turn_credentials::provider::{ApiError, read_lease};
use turn_credentials::{IceServer, IceServers, UnixTime};
use turn_credentials_fuzz::servers::{self, of_library};

const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);

fuzz_target!(|data: &[u8]| {
    agree(data);
    // Each name once: the reference cannot see that there are two.
    let Ok(json) = serde_json::from_slice::<Value>(data) else { return };
    let text = json.to_string();
    agree(text.as_bytes());
    let (read, expected) = (read_lease(text.as_bytes(), NOW, None), servers::read(&json));
    match expected {
        None => assert_eq!(read.err(), Some(ApiError::UnknownShape)),
        Some((servers, _)) if servers.is_empty() => {
            assert_eq!(read.err(), Some(ApiError::NoServers));
        }
        Some(expected) => {
            let read = read.unwrap();
            assert_eq!((of_library(read.servers()), read.dropped()), expected);
            let written = serde_json::to_string(&read.into_servers()).unwrap();
            let again: IceServers = serde_json::from_str(&written).unwrap();
            assert_eq!((of_library(again.as_slice()), again.dropped()), (expected.0, 0));
        }
    }
});

fn agree(data: &[u8]) {
    let lease = read_lease(data, NOW, None);
    let by_serde = serde_json::from_slice::<IceServers>(data);
    match (&lease, &by_serde) {
        (Ok(lease), Ok(servers)) => {
            assert_eq!(of_library(lease.servers()), of_library(servers.as_slice()));
            assert_eq!(lease.dropped(), servers.dropped());
        }
        (Err(ApiError::NoServers), Ok(servers)) => assert!(servers.is_empty()),
        (Err(_), Err(_)) => {}
        (Ok(_), Err(_)) => {
            assert!(data.starts_with(b"\xef\xbb\xbf"), "a byte order mark is the file's");
        }
        disagree => panic!("{disagree:?}"),
    }
    let read = serde_json::from_reader::<_, IceServers>(data);
    match (by_serde, read) {
        (Ok(borrowed), Ok(owned)) => {
            assert_eq!(of_library(borrowed.as_slice()), of_library(owned.as_slice()));
            assert_eq!(borrowed.dropped(), owned.dropped());
            let one = serde_json::from_slice::<IceServer>(data);
            let is_one = serde_json::from_slice::<Value>(data).is_ok_and(|json| json.is_object());
            if let (Ok(one), true) = (one, is_one) {
                assert!(!one.urls().is_empty());
            }
        }
        (Err(_), Err(_)) => {}
        disagree => panic!("{disagree:?}"),
    }
}
