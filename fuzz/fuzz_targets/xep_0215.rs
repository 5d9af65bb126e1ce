//! XMPP's `<service/>` elements, read back by an XML parser.
#![no_main]

use std::time::{Duration, SystemTime};

use libfuzzer_sys::fuzz_target;
use roxmltree::{Document, Node};
use turn_credentials::IceError;
use turn_credentials::ice::xep_0215;
use turn_credentials_fuzz::login::Input;

const LAST_OF_9999: u64 = 253_402_300_799;

fuzz_target!(|data: &[u8]| {
    let Some(Input { servers, uris, username, credential, end }) = Input::read(data) else {
        return;
    };
    let is_written = uris.iter().any(|uri| uri.scheme().is_turn());
    let not_xml = is_written
        && [&username, &credential].iter().any(|text| text.contains(['\u{fffe}', '\u{ffff}']));
    let services = xep_0215::services(&servers);
    assert_eq!(services.as_ref().err(), not_xml.then_some(&IceError::NotXml));
    let Ok(services) = services else { return };

    let stanza = format!("<services xmlns='urn:xmpp:extdisco:2'>{services}</services>");
    let document = Document::parse(&stanza).unwrap();
    let elements: Vec<_> = document.root_element().children().filter(Node::is_element).collect();
    assert_eq!(elements.len(), uris.len());
    for (element, uri) in elements.iter().zip(&uris) {
        assert!(
            element.has_tag_name(("urn:xmpp:extdisco:2", "service")) && !element.has_children()
        );
        let mut expected = vec![
            ("type", uri.scheme().as_str().to_owned()),
            ("host", uri.host().to_owned()),
            ("port", uri.port_or_default().to_string()),
            ("transport", uri.transport_or_default().as_str().to_owned()),
        ];
        if uri.scheme().is_turn() {
            expected.push(("username", username.clone()));
            expected.push(("password", credential.clone()));
            expected.push(("restricted", "true".to_owned()));
            expected.extend(end.map(|end| ("expires", date(end))));
        }
        let read = element.attributes().map(|each| (each.name(), each.value().to_owned()));
        assert_eq!(read.collect::<Vec<_>>(), expected);
    }
});

fn date(secs: u64) -> String {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(secs.min(LAST_OF_9999));
    humantime::format_rfc3339_seconds(time).to_string()
}
