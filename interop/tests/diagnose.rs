//! Does a real coturn answer each mistake as the first finding's verdict says?

use turn_credentials::UnixTime;
use turn_credentials::diagnose::{Verdict, diagnose};
use turn_credentials_interop::coturn::secret_args;
use turn_credentials_interop::{Coturn, Refused, allocate};

#[path = "../../tests/mistakes/mod.rs"]
mod mistakes;

use mistakes::{Answer, SECRETS};

#[tokio::test]
async fn coturn_answers_as_the_verdicts_say() {
    let coturn = Coturn::with_secrets(&SECRETS);
    let secrets = SECRETS.map(str::as_bytes);
    let mut wrong = Vec::new();
    for mistake in mistakes::all(UnixTime::now().as_secs()) {
        let answer = allocate(coturn.address(), &mistake.username, &mistake.password).await;
        let finding = diagnose(&mistake.username, Some(&mistake.password), &secrets)[0];
        let as_told = match finding.verdict() {
            Verdict::Accepted => answer == Ok(()),
            Verdict::Unauthorized => answer == Err(Refused(401)),
            Verdict::BadRequest => answer == Err(Refused(400)),
            _ => matches!(answer, Ok(()) | Err(Refused(400 | 401))),
        };
        let expected = match mistake.answer {
            Answer::Relay => answer == Ok(()),
            Answer::Code(code) => answer == Err(Refused(code)),
            Answer::Either => true,
        };
        if finding.code() != mistake.code || !as_told || !expected {
            let (code, verdict) = (finding.code(), finding.verdict());
            wrong.push(format!("{}: {code} {verdict:?} {answer:?}", mistake.code));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Whatever the username, coturn reads it as the first finding says.
#[tokio::test]
async fn coturn_reads_usernames_as_told() {
    let mut args = secret_args(&["north"]);
    // Enough ports for one relay each.
    args.extend(["--min-port=49152", "--max-port=65535"].map(String::from));
    let now = UnixTime::now().as_secs();
    let mut wrong = Vec::new();
    for number in [now + 3600, now - 5, now * 1000, 1 << 31, (1 << 32) + now + 3600, 42, 0] {
        let coturn = Coturn::with_args(&args);
        for before in ["", "+", "-", "00", ":", "a", "a:", "7:", "a:b:", "\"", "%31", "a|"] {
            for after in
                ["", ":", ":a", ":7", ".5:a", "x:", "|a", "%3Aa", "\"", &format!(":{number}")]
            {
                let username = format!("{before}{number}{after}");
                let password = mistakes::password("north", &username);
                let finding = diagnose(&username, Some(&password), &[b"north"])[0];
                let answer = allocate(coturn.address(), &username, &password).await;
                let as_told = match finding.verdict() {
                    // 508: the login was accepted, but another program had the relay's port.
                    Verdict::Accepted => matches!(answer, Ok(()) | Err(Refused(508))),
                    Verdict::Unauthorized => answer == Err(Refused(401)),
                    Verdict::BadRequest => answer == Err(Refused(400)),
                    _ => true,
                };
                if !as_told {
                    let code = finding.code();
                    wrong.push(format!("{username}: {code} {:?} {answer:?}", finding.verdict()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}: {wrong:#?}", wrong.len());
}

/// The empty secret lets anyone in, and the finding says so.
#[tokio::test]
async fn an_empty_secret() {
    let coturn = Coturn::with_secrets(&["", "north"]);
    let username = format!("{}:alice", UnixTime::now().as_secs() + 3600);
    let password = mistakes::password("", &username);
    assert_eq!(allocate(coturn.address(), &username, &password).await, Ok(()));
    let findings = diagnose(&username, Some(&password), &[b"", b"north"]);
    assert_eq!(findings[0].code(), "secret-empty");
    assert_eq!(findings[0].verdict(), Verdict::Accepted);
}
