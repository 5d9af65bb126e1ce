//! Diagnosing leaves no copy of a secret or a password in freed memory.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use memory::{assert_found, assert_gone};
use turn_credentials::diagnose::{Finding, SecretForm, diagnose_at, diagnose_with};
use turn_credentials::{SharedSecret, UnixTime};

const SECRET: &str = "Zq7-the-shared-secret-of-32-bytes";
const USERNAME: &str = "1700003600:alice";
const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

/// A secret as it is, and in the forms that may be made from it or decoded to it.
fn secrets() -> Vec<Vec<u8>> {
    let secret = SECRET.as_bytes();
    let texts = [
        SECRET.to_owned(),
        format!(" \u{feff}{SECRET}\r\n"),
        format!("\"{SECRET}\""),
        format!("=={SECRET}"),
        hex(secret),
        BASE64_STANDARD.encode(secret),
        BASE64_URL_SAFE_NO_PAD.encode(secret),
        // Hex and base64, except for their ends.
        hex(secret) + "zz",
        BASE64_STANDARD.encode(secret) + "*",
        SECRET.repeat(10),
        SECRET.repeat(40),
    ];
    texts.into_iter().map(String::into_bytes).collect()
}

fn slices(of: &[Vec<u8>]) -> Vec<&[u8]> {
    of.iter().map(Vec::as_slice).collect()
}

#[test]
fn forms_of_a_secret() {
    let secrets = secrets();
    assert_found(&slices(&secrets[..1]), || drop(SECRET.to_owned()));
    for secret in &secrets {
        for form in SecretForm::ALL {
            assert_gone(&slices(&secrets), || drop(form.apply(secret).map(Box::new)));
        }
    }
}

#[test]
fn passwords_of_every_making() {
    let secrets = secrets();
    let mac = BASE64_STANDARD.decode(password(SECRET)).unwrap();
    let right = password(SECRET);
    let mut passwords = vec![
        right.clone(),
        format!("\"{right}\""),
        format!("{right}\n"),
        format!(" {right} "),
        right.replace('+', " "),
        right.replace('=', ""),
        right.replace('=', "%3D"),
        format!("{right}%zz"),
        format!("%zz{right}"),
        format!("{right}%ff"),
        format!("{right}*"),
        right[..20].to_owned(),
        BASE64_STANDARD.encode(&right),
        BASE64_STANDARD_NO_PAD.encode(&right),
        BASE64_URL_SAFE_NO_PAD.encode(&mac),
        hex(&mac),
        format!("{}  -", hex(&mac)),
        format!("SHA1(stdin)= {}", hex(&mac)),
        hex(&mac) + "00",
        hex(&mac) + "zz",
        BASE64_STANDARD.encode(hex(&mac)),
        right.repeat(20),
    ];
    // Some of these passwords had a `+` in them, and some did not.
    passwords.extend((0..20).map(|index| password(&index.to_string()).replace('+', " ")));

    let mut wanted = secrets.clone();
    wanted.extend(passwords.iter().map(|password| password.clone().into_bytes()));
    wanted.extend([right.into_bytes(), mac]);
    let wanted = slices(&wanted);
    let diagnose = |separator, secret, password| {
        assert_gone(&wanted, || {
            diagnose_with(separator, USERNAME, Some(password), &[b"another", secret], NOW).len()
        });
    };
    for secret in &secrets {
        diagnose(':', secret, &passwords[0]);
    }
    for password in &passwords {
        diagnose('|', SECRET.as_bytes(), password);
    }
    let right = password(SECRET);
    assert_gone(&wanted, || {
        let findings = diagnose_at(USERNAME, Some(&right), &[SECRET.as_bytes()], NOW);
        assert!(matches!(findings[0], Finding::Accepted { .. }), "{findings:?}");
    });
}

fn password(secret: &str) -> String {
    SharedSecret::new(secret).unwrap().password_for(USERNAME).as_str().to_owned()
}
