//! `Link` headers, read back by a parser of RFC 8288.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nom_language::error::VerboseError;
use nom_rfc8288::complete::link_strict;
use turn_credentials::IceError;
use turn_credentials::ice::link_header;
use turn_credentials_fuzz::login::Input;

fuzz_target!(|data: &[u8]| {
    let Some(Input { servers, uris, username, credential, .. }) = Input::read(data) else { return };
    let has_turn = uris.iter().any(|uri| uri.scheme().is_turn());
    let fits = |text: &str| text.is_ascii() && !text.contains(';');
    let values = match link_header::values(&servers) {
        Err(error) => {
            assert_eq!(error, IceError::NotInHeader);
            assert!(has_turn && !(fits(&username) && fits(&credential)));
            return;
        }
        Ok(values) => values,
    };
    assert!(!has_turn || (fits(&username) && fits(&credential)));
    assert!(values.iter().all(|value| value.bytes().all(|byte| (b' '..=b'~').contains(&byte))));

    let header = values.join(", ");
    let links = link_strict::<VerboseError<&str>>(&header).unwrap();
    let links: Vec<_> = links.into_iter().flatten().collect();
    assert_eq!(links.len(), uris.len());
    for (link, uri) in links.iter().zip(&uris) {
        assert_eq!(link.url, uri.to_string());
        let mut expected = vec![("rel", "ice-server")];
        if uri.scheme().is_turn() {
            expected.push(("username", &username));
            expected.push(("credential", &credential));
            expected.push(("credential-type", "password"));
        }
        let read = link.params.iter();
        let read = read.map(|parameter| (parameter.key, parameter.val.as_deref().unwrap()));
        assert_eq!(read.collect::<Vec<_>>(), expected);
    }
});
