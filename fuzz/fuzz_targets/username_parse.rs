//! Usernames with any separator, against a reference.
#![no_main]

use libfuzzer_sys::fuzz_target;
use turn_credentials::{Layout, UnixTime, Username};
use turn_credentials_fuzz::username;

fuzz_target!(|text: &str| {
    // The last character decides on the separator too, so that it is in the text.
    let separators = [Some(':'), Some('|'), text.chars().next_back(), text.chars().nth(1)];
    for separator in separators.into_iter().flatten() {
        let read = Username::parse_with(separator, text);
        let parts = read.map(|read| (read.layout(), read.name(), read.expires_at().as_secs()));
        assert_eq!(parts.ok(), username::parse(separator, text));
        let Ok(read) = read else { continue };
        assert_eq!(read.to_string(), text);
        assert_eq!(read.into_owned().as_username().to_string(), text);
    }
    let expiry = UnixTime::from_secs(2_147_483_647);
    let named = format!("2147483647:{text}");
    let made = Username::new(text, expiry).map(|made| made.to_string()).ok();
    assert_eq!(made, username::parse(':', &named).map(|_| named.clone()));
    let named = format!("{text}:2147483647");
    let made = Username::name_first(text, expiry).map(|made| made.to_string()).ok();
    let read = username::parse(':', &named);
    let is_the_same =
        |read: &_| matches!(read, (Layout::NameFirst, Some(name), _) if *name == text);
    assert_eq!(made, read.filter(is_the_same).map(|_| named.clone()));
});
