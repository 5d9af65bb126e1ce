//! Writes seeds for every target into `fuzz/corpus/`, from the fixtures of the library's tests.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use turn_credentials_fuzz::SEPARATOR;

#[path = "../../tests/mistakes/mod.rs"]
#[allow(dead_code, reason = "the tests look at more of them")]
mod mistakes;

const TESTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors");
const NOW: u64 = 1_795_651_200;

fn main() {
    let [logins, tokens, lists, names, answers] =
        ["credentials", "access_tokens", "ice_servers", "names", "provider_answers"].map(table);
    let mistakes = mistakes::all(NOW);

    let names = texts(&names["tests"], "account");
    let usernames = texts(&logins["tests"], "username");
    let changed = mistakes.iter().map(|mistake| mistake.username.clone());
    let all: Vec<_> = usernames.into_iter().chain(names).chain(changed).collect();
    write("username_parse", &all);

    let login = |login: &Value| {
        let [username, password, secret] =
            ["username", "password", "secret"].map(|name| login[name].as_str().unwrap());
        (username.to_owned(), password.to_owned(), secret.to_owned())
    };
    let mut logins: Vec<_> = list(&logins["tests"]).iter().map(login).collect();
    let changed = mistakes.into_iter().enumerate().map(|(at, mistake)| {
        (mistake.username, mistake.password, mistakes::SECRETS[at % mistakes::SECRETS.len()].into())
    });
    logins.extend(changed);
    let verified = logins.iter().map(|(username, password, secret)| {
        joined(&[username, password, "1700000000", "ab", secret, "north"])
    });
    write("username_verify", &verified.collect::<Vec<_>>());
    let diagnosed = logins.iter().map(|(username, password, secret)| {
        joined(&[&NOW.to_string(), username, password, secret, "north"])
    });
    write("diagnose", &diagnosed.collect::<Vec<_>>());

    let mut bodies = texts(&lists["tests"], "json");
    bodies.extend(list(&lists["refused"]).iter().map(|case| case[0].as_str().unwrap().into()));
    let mut answered = Vec::new();
    for case in ["tests", "others", "refused"].iter().flat_map(|name| list(&answers[*name])) {
        let file = format!("{TESTS}/provider_answers/{}", case["file"].as_str().unwrap());
        let body = String::from_utf8(fs::read(file).unwrap()).unwrap();
        answered.push(joined(&[&case["status"].to_string(), "7", &body]));
        bodies.push(body);
    }
    answered.extend(bodies.iter().map(|body| joined(&["200", "", body])));
    write("provider_answers", &answered);
    write("ice_servers", &bodies);

    let (mut places, mut rest, mut written) = (Vec::new(), Vec::new(), Vec::new());
    let read = list(&lists["tests"]).iter().flat_map(|case| list(&case["servers"]));
    let read = read.map(|server| (list(&server[0]), &server[1], &server[2]));
    let recorded = list(&answers["tests"]).iter().flat_map(|case| list(&case["iceServers"]));
    let recorded =
        recorded.map(|server| (list(&server["urls"]), &server["username"], &server["credential"]));
    for (urls, username, credential) in read.chain(recorded) {
        let urls: Vec<_> = urls.iter().map(|uri| uri.as_str().unwrap()).collect();
        let [username, credential] =
            [username, credential].map(|text| text.as_str().unwrap_or("<a & \"b\">"));
        for ttl in [json!(3600), json!("60"), json!(86400.0), json!(1e-10)] {
            let answer = json!({
                "username": username, "password": credential, "ttl": ttl, "uris": urls,
            });
            rest.push(answer.to_string());
        }
        written.push(joined(&[&[username, credential, "1700003600"], &urls[..]].concat()));
        places.extend(urls.into_iter().map(str::to_owned));
    }
    places.extend(["TURNS:[2001:db8::1]:443?transport=tcp", "stun:a%2Db.c:0"].map(String::from));
    write("ice_uri", &places);
    write("rest_answer", &rest);
    write("link_header", &written);
    write("xep_0215", &written);

    let tokens = list(&tokens["tests"]).iter().map(|case| {
        let [token, subject] = ["token", "subject"].map(|name| case[name].as_str().unwrap());
        joined(&["1700000000", "3600", token, subject])
    });
    let signed = joined(&["0", "1", "aaaaaaaaaaaaaaaaaaaaaaaaaaaa", "alice"]);
    write("access_token", &tokens.chain([signed]).collect::<Vec<_>>());
}

fn table(name: &str) -> Value {
    serde_json::from_slice(&fs::read(format!("{TESTS}/{name}.json")).unwrap()).unwrap()
}

fn list(json: &Value) -> &[Value] {
    json.as_array().unwrap()
}

fn texts(cases: &Value, name: &str) -> Vec<String> {
    list(cases).iter().map(|case| case[name].as_str().unwrap().to_owned()).collect()
}

fn joined(parts: &[&str]) -> Vec<u8> {
    parts.iter().map(|part| part.as_bytes()).collect::<Vec<_>>().join(&SEPARATOR)
}

fn write(target: &str, seeds: &[impl AsRef<[u8]>]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    fs::create_dir_all(&folder).unwrap();
    for (number, seed) in seeds.iter().enumerate() {
        fs::write(folder.join(format!("seed-{number}")), seed).unwrap();
    }
    println!("{target}: {}", seeds.len());
}
