//! What SIGHUP rereads: servers, providers, secrets and keys.

use std::path::{Path, PathBuf};

use clap::Args;
use turn_credentials::PseudonymKey;

use crate::backends::{self, Backends};
use crate::input;
use crate::key::Key;
use crate::program::Result;
use crate::visitors::{self, Visitors};

#[derive(Args)]
#[group(skip)]
pub(crate) struct Options {
    #[command(flatten)]
    visitors: visitors::Options,

    #[command(flatten)]
    backends: backends::flags::Options,

    /// File with the key for /turn, which is off without it
    #[arg(
        long,
        env = "BROKER_API_KEY_FILE",
        value_name = "PATH",
        help_heading = "Requests from other servers"
    )]
    api_key_file: Option<PathBuf>,

    /// File with the key for Matrix's path, which is off without it
    #[arg(
        long,
        env = "BROKER_MATRIX_KEY_FILE",
        value_name = "PATH",
        help_heading = "Requests from other servers"
    )]
    matrix_key_file: Option<PathBuf>,

    /// File with the key for pseudonyms, which replace names that TURN servers refuse
    #[arg(
        long,
        env = "BROKER_PSEUDONYM_KEY_FILE",
        value_name = "PATH",
        help_heading = "Requests from other servers"
    )]
    pseudonym_key_file: Option<PathBuf>,
}

pub(crate) struct Settings {
    pub(crate) visitors: Visitors,
    pub(crate) backends: Backends,
    pub(crate) api_key: Option<Key>,
    pub(crate) matrix_key: Option<Key>,
    pub(crate) pseudonyms: Option<PseudonymKey>,
}

impl Options {
    /// Whether any requests present a key.
    pub(crate) fn has_keys(&self) -> bool {
        self.visitors.has_key() || self.api_key_file.is_some() || self.matrix_key_file.is_some()
    }
}

impl Settings {
    /// Reads every file that the options name.
    pub(crate) fn read(options: &Options) -> Result<Self> {
        let key = |path: &Option<PathBuf>| path.as_deref().map(Key::read).transpose();
        let (api_key, matrix_key) = (key(&options.api_key_file)?, key(&options.matrix_key_file)?);
        let pseudonyms = options.pseudonym_key_file.as_deref().map(pseudonyms).transpose()?;
        if pseudonyms.is_some() && api_key.is_none() && matrix_key.is_none() {
            let missing =
                "needs --api-key-file or --matrix-key-file: only their requests name a user";
            return Err(format!("--pseudonym-key-file {missing}").into());
        }
        let visitors = Visitors::new(&options.visitors)?;
        let backends = options.backends.backends()?;
        Ok(Self { visitors, backends, api_key, matrix_key, pseudonyms })
    }
}

fn pseudonyms(path: &Path) -> Result<PseudonymKey> {
    /// The length of what `openssl rand -hex 20` prints.
    const LEAST: usize = 40;

    let key = input::secret_text(path)?;
    if key.as_str().len() < LEAST {
        let advice = "is too short: `openssl rand -hex 32` makes one";
        return Err(format!("the key in {} {advice}", path.display()).into());
    }
    Ok(PseudonymKey::from_bytes(key.as_str())?)
}
