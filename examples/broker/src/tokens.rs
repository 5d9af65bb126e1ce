//! The tokens that clients present to get a login.

mod redis;

use std::path::PathBuf;
use std::time::Duration;

use ::redis::{Cmd, ErrorKind, ExistenceCheck, RedisError, SetExpiry, SetOptions};
use arc_swap::ArcSwap;
use clap::Args;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use sha2::{Digest, Sha256};
use thiserror::Error;
use tokio::time;
use tracing::{debug, warn};
use turn_credentials::access_token::{self, AccessToken, AccessTokenError, AccessTokenKey};

use self::redis::Redis;
use crate::input;
use crate::program;

#[derive(Args)]
#[group(skip)]
#[command(next_help_heading = "Tokens")]
pub(crate) struct Options {
    /// Where tokens are kept: stateless (in no store), memory, redis://host:port/database, or
    /// rediss://... over TLS
    #[arg(
        long,
        env = "BROKER_TOKEN_STORE",
        value_name = "STORE",
        default_value = "stateless",
        hide_env_values = true
    )]
    token_store: String,

    /// File with the password of Redis
    #[arg(long, env = "BROKER_REDIS_PASSWORD_FILE", value_name = "PATH")]
    redis_password_file: Option<PathBuf>,

    /// PEM file with the authorities for Redis's certificate [default: those of the system]
    #[arg(long, env = "BROKER_REDIS_CA_FILE", value_name = "PATH")]
    redis_ca_file: Option<PathBuf>,

    /// Accept each token only once; not with the stateless store
    #[arg(long, env = "BROKER_SINGLE_USE")]
    single_use: bool,

    /// How long a token is valid
    #[arg(
        long,
        env = "BROKER_TOKEN_TTL",
        value_name = "TIME",
        default_value = "1h",
        value_parser = input::parse_duration
    )]
    token_ttl: Duration,

    /// File with a key for stateless tokens, 32 or more random characters; may be repeated: the first
    /// key signs tokens, all are accepted
    #[arg(
        long = "token-key-file",
        env = "BROKER_TOKEN_KEY_FILE",
        value_name = "PATH",
        value_delimiter = ','
    )]
    token_key_files: Vec<PathBuf>,
}

impl Options {
    /// An option without effect is a mistake.
    fn refuse_idle(&self) -> program::Result<()> {
        let is_stateless = self.token_store == "stateless";
        let is_redis = !is_stateless && self.token_store != "memory";
        let idle = [
            ("--token-key-file", !self.token_key_files.is_empty() && !is_stateless),
            ("--redis-password-file", self.redis_password_file.is_some() && !is_redis),
            ("--redis-ca-file", self.redis_ca_file.is_some() && !is_redis),
        ];
        match idle.into_iter().find(|(_, is_idle)| *is_idle) {
            Some((flag, _)) => {
                Err(format!("{flag} does nothing with this --token-store: remove it").into())
            }
            None => Ok(()),
        }
    }
}

pub(crate) struct Tokens {
    store: Store,
    ttl: Duration,
    single_use: bool,
}

/// Knows the name that each token was issued for.
enum Store {
    Stateless(ArcSwap<Vec<AccessTokenKey>>),
    Memory(Cache<String, String>),
    Redis(Redis),
}

#[derive(Debug, Error)]
pub(crate) enum TokenError {
    #[error("the system provides no random bytes: {0}")]
    Random(#[from] getrandom::Error),
    #[error(transparent)]
    Token(#[from] AccessTokenError),
    #[error("redis: {} {}", .0.category(), code(.0))]
    Redis(#[from] RedisError),
    #[error("this token already exists: are the random bytes random?")]
    Taken,
}

/// An error code of Redis, unless it is one that it made up: any text without a space.
fn code(error: &RedisError) -> &str {
    let is_plain = |code: &&str| code.len() <= 32 && code.bytes().all(|b| b.is_ascii_uppercase());
    error.code().filter(is_plain).unwrap_or_default()
}

const SECOND: Duration = Duration::from_secs(1);
const YEAR: Duration = Duration::from_secs(365 * 86_400);

impl Tokens {
    pub(crate) fn new(options: &Options) -> program::Result<Self> {
        let Options { single_use, token_ttl: ttl, .. } = *options;
        if !(SECOND..=YEAR).contains(&ttl) {
            return Err("--token-ttl: must be between one second and a year".into());
        }
        options.refuse_idle()?;
        let store = match options.token_store.as_str() {
            "stateless" if single_use => {
                return Err("--single-use needs --token-store memory or redis://host".into());
            }
            "stateless" => Store::Stateless(ArcSwap::from_pointee(keys(options)?)),
            "memory" => Store::Memory(memory(ttl)),
            url => Store::Redis(Redis::new(url, options)?),
        };
        Ok(Self { store, ttl, single_use })
    }

    /// The keys that the files contain now; none if they were generated at startup.
    pub(crate) fn reread(&self, options: &Options) -> program::Result<Vec<AccessTokenKey>> {
        match &self.store {
            Store::Stateless(_) if !options.token_key_files.is_empty() => keys(options),
            _ => Ok(Vec::new()),
        }
    }

    /// Signs and accepts tokens with these keys from now on, if there are any.
    pub(crate) fn adopt(&self, keys: Vec<AccessTokenKey>) {
        if let Store::Stateless(current) = &self.store
            && !keys.is_empty()
        {
            current.store(keys.into());
        }
    }

    /// Whether the store answers, within a second.
    pub(crate) async fn are_ready(&self) -> bool {
        let Store::Redis(redis) = &self.store else { return true };
        let pong = time::timeout(SECOND, redis.ask::<()>(Cmd::ping())).await;
        pong.is_ok_and(|pong| pong.is_ok())
    }

    /// Logs why the store cannot be used now. It may become available later.
    pub(crate) async fn tell_if_unreachable(&self) {
        let Store::Redis(redis) = &self.store else { return };
        let Err(error) = redis.ask::<()>(Cmd::ping()).await else { return };
        // The rest of the error is Redis's own text, or contains the user name.
        let (kind, code) = (error.category(), code(&error));
        let refused = error.kind() == ErrorKind::AuthenticationFailed
            || matches!(code, "WRONGPASS" | "NOAUTH");
        let reason = match () {
            () if refused => "it refuses the password, or requires one",
            () if error.is_timeout() => "it does not answer",
            () if error.is_connection_refusal() => "nothing listens there",
            () if error.is_io_error() => "it cannot be reached, or its certificate is wrong",
            () => "see kind and code",
        };
        let address = redis.address();
        warn!(address, kind, code, reason, "the token store cannot be used");
    }

    /// A token for this name.
    pub(crate) async fn issue(&self, name: &str) -> Result<AccessToken, TokenError> {
        Ok(match &self.store {
            Store::Stateless(keys) => {
                let keys = keys.load();
                let key = keys.first().ok_or(AccessTokenError::UnknownKey)?;
                key.issue(name, self.ttl, random()?)?
            }
            Store::Memory(names) => {
                let token = AccessToken::random(random()?);
                names.insert(access_token::store_key(token.as_str()), name.to_owned());
                token
            }
            Store::Redis(redis) => {
                let token = AccessToken::random(random()?);
                let once = SetOptions::default()
                    .conditional_set(ExistenceCheck::NX)
                    .with_expiration(SetExpiry::EX(self.ttl.as_secs()));
                let set = Cmd::set_options(redis_key(token.as_str()), name, once);
                redis.ask::<Option<String>>(set).await?.ok_or(TokenError::Taken)?;
                token
            }
        })
    }

    /// The name that the token was issued for, unless it must be refused.
    pub(crate) async fn redeem(&self, token: &str) -> Result<Option<String>, TokenError> {
        match &self.store {
            Store::Stateless(keys) => match AccessToken::verify(token, &keys.load()) {
                Ok(grant) => Ok(Some(grant.subject().to_owned())),
                Err(error) => {
                    debug!(%error, "a token is refused");
                    Ok(None)
                }
            },
            Store::Memory(names) => {
                let key = access_token::store_key(token);
                let name = names.get(&key);
                // `remove` alone would return an expired entry, too.
                Ok(name
                    .and_then(|name| if self.single_use { names.remove(&key) } else { Some(name) }))
            }
            Store::Redis(redis) => {
                let key = redis_key(token);
                let get = if self.single_use { Cmd::get_del(key) } else { Cmd::get(key) };
                Ok(redis.ask(get).await?)
            }
        }
    }
}

fn keys(options: &Options) -> program::Result<Vec<AccessTokenKey>> {
    if options.token_key_files.is_empty() {
        warn!("without --token-key-file, only this process accepts its tokens, until it ends");
        return Ok(vec![token_key(&random::<32>()?)?]);
    }
    let read = |path: &PathBuf| {
        let key = token_key(input::secret_text(path)?.as_str().as_bytes());
        Ok(key.map_err(|error| format!("{}: {error}", path.display()))?)
    };
    options.token_key_files.iter().map(read).collect()
}

/// The key's id is the beginning of its hash, the same in every instance.
fn token_key(key: &[u8]) -> Result<AccessTokenKey, AccessTokenError> {
    let [a, b, c, d, ..] = Sha256::digest(key).0;
    AccessTokenKey::new(u32::from_be_bytes([a, b, c, d]), key)
}

fn memory(ttl: Duration) -> Cache<String, String> {
    const MOST: u64 = 1_000_000;

    // The default policy may drop a new entry in favour of an old one.
    Cache::builder()
        .max_capacity(MOST)
        .eviction_policy(EvictionPolicy::lru())
        .time_to_live(ttl)
        .build()
}

fn redis_key(token: &str) -> String {
    format!("turn-token:{}", access_token::store_key(token))
}

/// A random name, for a client that gave none.
pub(crate) fn random_name() -> Result<String, TokenError> {
    Ok(format!("{:016x}", getrandom::u64()?))
}

fn random<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use tempfile::TempDir;

    use super::*;

    fn tokens(store: &str, ttl: u64, single_use: bool, keys: &[&Path]) -> program::Result<Tokens> {
        Tokens::new(&Options {
            token_store: store.into(),
            redis_password_file: None,
            redis_ca_file: None,
            single_use,
            token_ttl: Duration::from_secs(ttl),
            token_key_files: keys.iter().map(|path| path.to_path_buf()).collect(),
        })
    }

    #[tokio::test]
    async fn what_is_issued_is_taken_until_it_expires() {
        for store in ["stateless", "memory"] {
            let (hour, second) =
                (tokens(store, 3600, false, &[]).unwrap(), tokens(store, 1, false, &[]).unwrap());
            let long = hour.issue("alice").await.unwrap();
            let short = second.issue("bob").await.unwrap();
            for _ in 0..2 {
                assert_eq!(hour.redeem(long.as_str()).await.unwrap().as_deref(), Some("alice"));
            }
            assert_eq!(second.redeem(short.as_str()).await.unwrap().as_deref(), Some("bob"));
            for stranger in ["", "x", long.as_str(), &"A".repeat(10_000)] {
                assert_eq!(second.redeem(stranger).await.unwrap(), None, "{store}");
            }
            // A stateless token is valid to the end of the second in which it expires.
            tokio::time::sleep(Duration::from_millis(2_100)).await;
            assert_eq!(second.redeem(short.as_str()).await.unwrap(), None, "{store}");
        }
    }

    #[tokio::test]
    async fn a_token_of_single_use_serves_once() {
        let tokens = tokens("memory", 3600, true, &[]).unwrap();
        let token = tokens.issue("alice").await.unwrap();
        assert_eq!(tokens.redeem(token.as_str()).await.unwrap().as_deref(), Some("alice"));
        assert_eq!(tokens.redeem(token.as_str()).await.unwrap(), None);
    }

    #[tokio::test]
    async fn keys_rotate() {
        let folder = TempDir::new().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            path
        };
        let (old, new) =
            (file("old", &"o".repeat(32)), file("new", &format!("{}\n", "n".repeat(32))));
        let with = |keys: &[&Path]| tokens("stateless", 3600, false, keys).unwrap();
        let (before, during, after) = (with(&[&old]), with(&[&new, &old]), with(&[&new]));

        let token = before.issue("alice").await.unwrap();
        assert_eq!(during.redeem(token.as_str()).await.unwrap().as_deref(), Some("alice"));
        assert_eq!(after.redeem(token.as_str()).await.unwrap(), None);

        before.adopt(vec![token_key(&[b'n'; 32]).unwrap()]);
        assert_eq!(before.redeem(token.as_str()).await.unwrap(), None);
        before.adopt(Vec::new());
        let token = before.issue("alice").await.unwrap();
        assert_eq!(after.redeem(token.as_str()).await.unwrap().as_deref(), Some("alice"));
        let token = during.issue("bob").await.unwrap();
        assert_eq!(after.redeem(token.as_str()).await.unwrap().as_deref(), Some("bob"));
    }

    #[test]
    fn options_without_effect_are_refused() {
        let options = |store: &str| Options {
            token_store: store.into(),
            redis_password_file: None,
            redis_ca_file: None,
            single_use: false,
            token_ttl: Duration::from_secs(3600),
            token_key_files: Vec::new(),
        };
        let file = || Some(PathBuf::from("file"));
        for (store, key, password, authority) in [
            ("stateless", true, false, false),
            ("memory", false, false, false),
            ("redis://host", false, true, false),
            ("rediss://host", false, true, true),
        ] {
            let with_key = Options { token_key_files: vec!["file".into()], ..options(store) };
            assert_eq!(with_key.refuse_idle().is_ok(), key, "{store}");
            let with_password = Options { redis_password_file: file(), ..options(store) };
            assert_eq!(with_password.refuse_idle().is_ok(), password, "{store}");
            // A file of authorities for Redis without TLS is refused later, with the address.
            let with_authority = Options { redis_ca_file: file(), ..options(store) };
            let is_known = store == "redis://host" || authority;
            assert_eq!(with_authority.refuse_idle().is_ok(), is_known, "{store}");
        }
    }

    #[tokio::test]
    async fn what_cannot_be_is_refused_at_the_start() {
        let folder = TempDir::new().unwrap();
        let short = folder.path().join("short");
        fs::write(&short, "o".repeat(31)).unwrap();
        for (store, ttl, single_use, keys) in [
            ("stateless", 3600, true, &[][..]),
            ("stateless", 0, false, &[]),
            ("stateless", 366 * 86_400, false, &[]),
            ("memory", u64::MAX, false, &[]),
            ("stateless", 3600, false, &[short.as_path()]),
            ("stateless", 3600, false, &[Path::new("no-such-file")]),
            ("postgres://host", 3600, false, &[]),
            ("redis://", 3600, false, &[]),
            ("rediss://host#insecure", 3600, false, &[]),
        ] {
            assert!(tokens(store, ttl, single_use, keys).is_err(), "{store} {ttl} {keys:?}");
        }
    }
}
