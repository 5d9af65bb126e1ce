//! STUN and TURN URIs, against the grammar as a regular expression.
#![no_main]

use libfuzzer_sys::fuzz_target;
use turn_credentials::IceUri;
use turn_credentials_fuzz::normal_uri;

fuzz_target!(|text: &str| {
    let read = text.parse::<IceUri>();
    let shown = read.as_ref().ok().map(IceUri::to_string);
    assert_eq!(shown, normal_uri(text), "{read:?}");
    let Ok(uri) = read else { return };
    assert_eq!(uri.to_string().parse(), Ok(uri.clone()));

    let mut built = IceUri::new(uri.scheme(), uri.host()).unwrap();
    if let Some(port) = uri.port() {
        built = built.with_port(port).unwrap();
    }
    if let Some(transport) = uri.transport() {
        built = built.with_transport(transport).unwrap();
    }
    assert_eq!(built, uri);
    let full = uri.with_default_port();
    assert_eq!(full.to_string().parse(), Ok(full));
});
