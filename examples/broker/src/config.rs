//! Several servers and providers, described by a TOML file.
//!
//! The parser's errors may quote a secret, so ours give only the line and the key.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::Path;
use std::result;
use std::time::Duration;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};
use turn_credentials::ice::UriError;
use turn_credentials::provider::{ApiKey, Gateway, cloudflare, xirsys};
use turn_credentials::{ClockSkew, IceError, IceUri, Login, SharedSecret};

use crate::backends::provider::{Account, PATIENCE, Provider};
use crate::backends::{Backend, Strategy};
use crate::input;
use crate::program::Result;

pub(crate) struct Config {
    pub(crate) strategy: Strategy,
    pub(crate) backends: Vec<Backend>,
}

/// Every key, so that an error can name it. Any other word in the file may be part of a secret.
const KEYS: &[&str] = &[
    "account_sid",
    "api_key",
    "api_key_env",
    "api_key_file",
    "app",
    "auth_token",
    "auth_token_env",
    "auth_token_file",
    "backend",
    "channel",
    "credential",
    "credential_env",
    "credential_file",
    "custom_identifier",
    "gateway",
    "ident",
    "key_id",
    "near_user",
    "secret",
    "secret_env",
    "secret_file",
    "share",
    "skew",
    "strategy",
    "timeout",
    "token",
    "token_env",
    "token_file",
    "ttl",
    "type",
    "uris",
    "username",
];

const HOUR: Duration = Duration::from_secs(3600);

impl Config {
    /// Reads the file, and the secrets that it names.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = String::from_utf8(input::read("the configuration", path)?);
        // `ApiKey` wipes the text when it is dropped, because the text contains secrets.
        let text =
            text.map(ApiKey::from).map_err(|_| format!("{} is not UTF-8", path.display()))?;
        let file = File { path, text: text.as_str() };
        let root = DeTable::parse(file.text).map_err(|error| {
            file.wrong(
                error.span().map_or(0, |span| span.start),
                "not TOML, or a key is given twice",
            )
        })?;
        Self::from_table(file, root)
    }

    fn from_table(file: File<'_>, root: Spanned<DeTable<'_>>) -> Result<Self> {
        let mut root = Section::new(file, root);
        let strategy = root.optional("strategy", r#""all" or "first""#)?.unwrap_or_default();
        let listed = root.take("backend").map(Spanned::into_inner);
        root.end()?;
        let sections = match listed {
            Some(DeValue::Array(listed)) => listed.into_iter().collect(),
            None => Vec::new(),
            Some(_) => return Err(root.wrong("backend", "not a list: write [[backend]]").into()),
        };
        if sections.is_empty() {
            return Err(format!("{}: no [[backend]]", file.path.display()).into());
        }
        let of = sections.len();
        let mut backends = Vec::new();
        for (index, section) in sections.into_iter().enumerate() {
            let start = section.span().start;
            let DeValue::Table(table) = section.into_inner() else {
                return Err(file.wrong(start, "not a table: write [[backend]]").into());
            };
            let mut section = Section::new(file, Spanned::new(start..start, table));
            let kind: String = section.required("type", KINDS)?;
            let backend = section.backend(&kind, format!("{kind}-{}", index + 1), of)?;
            section.end()?;
            backends.push(backend);
        }
        Ok(Self { strategy, backends })
    }
}

const KINDS: &str = r#""turn", "fixed", "xirsys", "cloudflare", "twilio" or "metered""#;

#[derive(Clone, Copy)]
struct File<'a> {
    path: &'a Path,
    text: &'a str,
}

impl File<'_> {
    /// An error about what begins at the byte `start`.
    fn wrong(&self, start: usize, why: impl Display) -> String {
        let before = self.text.get(..start).unwrap_or(self.text);
        let number = before.matches('\n').count() + 1;
        let line = self.text.lines().nth(number - 1).unwrap_or_default();
        let key = line.split(['=', ' ', '\t']).find(|word| !word.is_empty()).unwrap_or_default();
        let key = KEYS.iter().find(|known| **known == key);
        let key = key.map(|key| format!(", {key}")).unwrap_or_default();
        format!("{}, line {number}{key}: {why}", self.path.display())
    }
}

/// A table whose keys are removed as they are read; at the end, none may remain.
struct Section<'a> {
    file: File<'a>,
    start: usize,
    places: BTreeMap<String, usize>,
    table: DeTable<'a>,
}

impl<'a> Section<'a> {
    fn new(file: File<'a>, table: Spanned<DeTable<'a>>) -> Self {
        let start = table.span().start;
        let table = table.into_inner();
        let place = |key: &Spanned<_>| {
            (String::from(AsRef::<str>::as_ref(key.get_ref())), key.span().start)
        };
        let places = table.keys().map(place).collect();
        Self { file, start, places, table }
    }

    /// An error about a key, or about the table if the key is missing.
    fn wrong(&self, key: &str, why: impl Display) -> String {
        match self.places.get(key) {
            Some(place) => self.file.wrong(*place, why),
            None => self.file.wrong(self.start, format_args!("{key}: {why}")),
        }
    }

    fn take(&mut self, key: &str) -> Option<Spanned<DeValue<'a>>> {
        self.table.remove(key)
    }

    fn optional<T: DeserializeOwned>(&mut self, key: &str, what: &str) -> Result<Option<T>> {
        let value = self.take(key).map(ValueDeserializer::from).map(T::deserialize).transpose();
        value.map_err(|_| self.wrong(key, format_args!("not {what}")).into())
    }

    fn required<T: DeserializeOwned>(&mut self, key: &str, what: &str) -> Result<T> {
        let value = self.optional(key, what)?;
        value.ok_or_else(|| self.wrong(key, "is missing").into())
    }

    fn text(&mut self, key: &str) -> Result<String> {
        self.required(key, "a string in quotes")
    }

    fn is_set(&mut self, key: &str) -> Result<bool> {
        Ok(self.optional(key, "true or false")?.unwrap_or_default())
    }

    /// A duration as text, or as a number of seconds.
    fn time<T>(
        &mut self,
        key: &str,
        parse: impl FnOnce(&str) -> result::Result<T, &'static str>,
    ) -> Result<Option<T>> {
        let Some(value) = self.take(key) else { return Ok(None) };
        let text = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Integer(number) if number.radix() == 10 => number.as_str().to_owned(),
            _ => return Err(self.wrong(key, "not a time, such as \"1h\" or 3600").into()),
        };
        Ok(Some(parse(&text).map_err(|why| self.wrong(key, why))?))
    }

    fn ttl(&mut self) -> Result<Duration> {
        let Some(ttl) = self.time("ttl", input::Ttl::parse)? else { return Ok(HOUR) };
        match ttl.doubt() {
            Some(doubt) => Err(self.wrong("ttl", doubt).into()),
            None => Ok(ttl.duration),
        }
    }

    fn uris(&mut self) -> Result<Vec<IceUri>> {
        let texts: Vec<String> = self.required("uris", "a list of strings")?;
        let uris = texts.iter().map(|text| text.parse());
        let uris: result::Result<_, UriError> = uris.collect();
        uris.map_err(|error| self.wrong("uris", error).into())
    }

    /// A secret, from the configuration itself, a file that it names, or an environment variable.
    fn secret(&mut self, key: &str) -> Result<ApiKey> {
        let [in_file, in_env] = ["file", "env"].map(|from| format!("{key}_{from}"));
        let found =
            [key, &in_file, &in_env].into_iter().filter(|key| self.places.contains_key(*key));
        let [found] = found.collect::<Vec<_>>()[..] else {
            let why = format!("give exactly one of {key}, {in_file} and {in_env}");
            return Err(self.wrong(key, why).into());
        };
        let found = found.to_owned();
        let text = ApiKey::from(self.text(&found)?);
        let secret = if found == in_file {
            // Relative to the configuration file, not to the working directory.
            let path = self.file.path.with_file_name("").join(text.as_str());
            // Someone may have typed the secret in place of the path.
            input::secret_text(&path)
                .map_err(|error| error.to_string().replace(&path.display().to_string(), "there"))
        } else if found == in_env {
            let missing = "the environment has no such variable".into();
            let value = input::variable(text.as_str()).ok().flatten().map(ApiKey::from);
            value.ok_or(missing).and_then(|value| config_value(&value))
        } else {
            config_value(&text)
        };
        let secret = secret.map_err(|error| self.wrong(&found, error))?;
        match input::odd_end(secret.as_str().as_bytes()) {
            Some(odd) => Err(self.wrong(&found, odd).into()),
            None => Ok(secret),
        }
    }

    fn unusable(&self, error: &IceError) -> String {
        match error {
            IceError::NoUrls | IceError::NoTurn => self.wrong("uris", error),
            // The ttl or the skew is wrong, or both together are.
            _ => self.file.wrong(self.start, error),
        }
    }

    fn backend(&mut self, kind: &str, name: String, of: usize) -> Result<Backend> {
        let account = match kind {
            "turn" => {
                let secret = SharedSecret::new(self.secret("secret")?.as_str())?;
                let skew = self.time("skew", input::parse_skew)?.unwrap_or(ClockSkew::NONE);
                let backend = Backend::turn(name, self.uris()?, secret, self.ttl()?, skew);
                return Ok(backend.map_err(|error| self.unusable(&error))?);
            }
            "fixed" => {
                let credential = self.secret("credential")?;
                let login = Login::new(self.text("username")?, credential.as_str());
                let login = login.map_err(|error| self.wrong("username", error))?;
                let backend = Backend::fixed(name, self.uris()?, login, self.ttl()?);
                return Ok(backend.map_err(|error| self.unusable(&error))?);
            }
            "xirsys" => {
                let secret = self.secret("secret")?;
                let account = xirsys::Account::new(&self.text("ident")?, secret);
                Account::Xirsys {
                    account: account.map_err(|error| self.wrong("ident", error))?,
                    channel: self.text("channel")?,
                    near_user: self.is_set("near_user")?,
                }
            }
            "cloudflare" => {
                let token = self.secret("token")?;
                let key = cloudflare::Key::new(&self.text("key_id")?, token);
                Account::Cloudflare {
                    key: key.map_err(|error| self.wrong("key_id", error))?,
                    custom_identifier: self.is_set("custom_identifier")?,
                }
            }
            "twilio" => Account::Twilio {
                sid: self.text("account_sid")?,
                token: self.secret("auth_token")?,
            },
            "metered" => Account::Metered { app: self.text("app")?, key: self.secret("api_key")? },
            _ => return Err(self.wrong("type", format_args!("not {KINDS}")).into()),
        };
        let gateway: Option<String> = self.optional("gateway", "a string in quotes")?;
        let gateway = gateway.as_deref().map(Gateway::new).transpose();
        let gateway = gateway.map_err(|error| self.wrong("gateway", error))?;
        let patience = self.time("timeout", input::parse_duration)?.unwrap_or(PATIENCE);
        if patience.is_zero() {
            return Err(self.wrong("timeout", "must be longer than zero").into());
        }
        let (ttl, share) = (self.ttl()?, self.is_set("share")?);
        let provider = Provider::new(account, gateway, patience, of);
        let backend = Backend::provider(name, provider, ttl, share);
        backend.map_err(|error| self.file.wrong(self.start, error).into())
    }

    /// Refuses a key that was not read.
    fn end(&self) -> Result<()> {
        match self.table.keys().map(|key| key.span().start).min() {
            Some(place) => {
                let why = "unknown key: is it misspelt, or for another type?";
                Err(self.file.wrong(place, why).into())
            }
            None => Ok(()),
        }
    }
}

fn config_value(text: &ApiKey) -> result::Result<ApiKey, String> {
    ApiKey::from_config_value(text.as_str()).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    const TEXT: &str = r#"
strategy = "first"

[[backend]]
type = "turn"
uris = ["turn:a.example"]
secret = "Hidden+Turn/Secret=="
ttl = "2h"
skew = -5

[[backend]]
type = "fixed"
uris = ["turn:b.example"]
username = "alice"
credential = "Hidden+Fixed/Credential=="

[[backend]]
type = "xirsys"
ident = "ident"
secret = "Hidden+Xirsys/Secret=="
channel = "my/channel"
near_user = true
share = true

[[backend]]
type = "cloudflare"
key_id = "0123"
token = "Hidden+Cloudflare/Token=="
custom_identifier = true
timeout = "2s"

[[backend]]
type = "twilio"
account_sid = "AC0123"
auth_token = "Hidden+Twilio/Token=="
gateway = "http://127.0.0.1:8443"

[[backend]]
type = "metered"
app = "our-app"
api_key = "Hidden+Metered/Key=="
ttl = 600
"#;

    fn read(text: &str) -> Result<Config> {
        let folder = TempDir::new()?;
        fs::write(folder.path().join("north"), "north\n")?;
        let path = folder.path().join("broker.toml");
        fs::write(&path, text)?;
        Config::read(&path)
    }

    fn error(text: &str) -> String {
        let error = read(text).map(|_| ()).unwrap_err().to_string();
        let (path, why) = error.split_once("broker.toml").expect("the name of the file");
        assert!(path.starts_with('/') && !why.contains(['\n']), "{error}");
        why.into()
    }

    #[test]
    fn every_backend() {
        let config = read(TEXT).unwrap();
        assert_eq!(config.backends.len(), 6);
        assert!(config.strategy == Strategy::First);
    }

    #[test]
    fn the_example() {
        let folder = TempDir::new().unwrap();
        let example = include_str!("../broker.example.toml");
        for line in example.lines() {
            if let Some((_, name)) = line.split_once("_file = ") {
                fs::write(folder.path().join(name.trim_matches('"')), "north\n").unwrap();
            }
        }
        let path = folder.path().join("broker.toml");
        fs::write(&path, example).unwrap();
        assert_eq!(Config::read(&path).unwrap().backends.len(), 6);
    }

    #[test]
    fn no_error_shows_a_secret() {
        let hidden = |line: &&str| line.contains("Hidden");
        let lines: Vec<_> = TEXT.lines().filter(hidden).collect();
        assert_eq!(lines.len(), 6);
        for line in lines {
            let (key, value) = line.split_once(" = ").unwrap();
            let bare = value.trim_matches('"');
            let number = TEXT.lines().position(|other| other == line).unwrap() + 1;
            for (broken, named) in [
                (format!("{key} = \"{bare}"), true),
                (format!("{key} = {bare}"), true),
                (format!("{key} = [\"{bare}\"]"), true),
                (format!("{key} = {{ {bare} = 1 }}"), true),
                (format!("{key} = \"{bare}\\q\""), true),
                (format!("{key} \"{bare}\""), true),
                (format!("{bare} = \"x\""), false),
                (format!("\"{bare}\" = \"x\""), false),
                (bare.into(), false),
                (format!("{key}_file = \"{bare}\""), true),
                (format!("{key}_env = \"{bare}\""), true),
                (format!("{line}\n{line}"), true),
            ] {
                let why = error(&TEXT.replace(line, &broken));
                assert!(!why.contains("Hidden"), "{why}");
                assert!(!why.contains("Secret=") && !why.contains("Key="), "{why}");
                assert!(why.starts_with(", line "), "{why}");
                if named {
                    let near = [number, number + 1].map(|number| format!(", line {number}"));
                    assert!(near.iter().any(|place| why.starts_with(place)), "{broken}: {why}");
                    assert!(why.contains(&key[..3]), "{broken}: {why}");
                }
            }
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        for (right, wrong, why) in [
            ("ttl = \"2h\"", "ttl = \"2 horses\"", ", line 8, ttl: not a time"),
            ("ttl = \"2h\"", "ttl = 7200000", ", line 8, ttl: 7200000s is over 83 days"),
            ("ttl = \"2h\"", "tttl = \"2h\"", ", line 8: unknown key: "),
            ("skew = -5", "share = true", ", line 9, share: unknown key: "),
            ("turn:a.example", "turn:a b", ", line 6, uris: "),
            ("turn:a.example", "stun:a", ", line 6, uris: there is no TURN server"),
            ("[\"turn:a.example\"]", "\"turn:a\"", ", line 6, uris: not a list"),
            ("type = \"turn\"", "type = \"tern\"", ", line 5, type: not \"turn\", "),
            ("type = \"turn\"", "", ", line 4: type: is missing"),
            ("strategy = \"first\"", "strategy = \"best\"", ", line 2, strategy: not \"all\""),
            ("key_id = \"0123\"", "", ", line 25: key_id: is missing"),
            ("timeout = \"2s\"", "timeout = 0", ", line 30, timeout: must be longer than zero"),
            ("http://127", "ftp://127", ", line 36, gateway: "),
            ("ident = \"ident\"", "ident = \"a:b\"", ", line 19, ident: "),
        ] {
            let found = error(&TEXT.replacen(right, wrong, 1));
            assert!(found.starts_with(why), "{wrong}: {found}");
        }
        let none = error("strategy = \"all\"");
        assert_eq!(none, ": no [[backend]]");
        error("backend = 1");
        error("backend = [1]");
    }

    #[test]
    fn a_secret_is_in_one_place() {
        let turn =
            |secret: &str| format!("[[backend]]\ntype = \"turn\"\nuris = [\"turn:a\"]\n{secret}\n");
        assert!(read(&turn("secret_file = \"north\"")).is_ok());
        for secret in ["", "secret_file = \"north\"\nsecret = \"north\""] {
            let found = error(&turn(secret));
            assert!(found.contains("exactly one of secret, secret_file and secret_env"), "{found}");
        }
        for secret in ["secret_file = \"absent\"", "secret_env = \"BROKER_ABSENT\""] {
            let found = error(&turn(secret));
            assert!(found.starts_with(", line 4, secret_"), "{found}");
        }
    }
}
