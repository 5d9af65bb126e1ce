//! The secrets that a command uses, and where each one comes from.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;
use turn_credentials::SharedSecret;

use crate::input;
use crate::program::{self, Result};

#[derive(Args)]
#[group(skip)]
pub(crate) struct Options {
    /// The secret, visible to other local users
    #[arg(long = "secret", value_name = "TEXT", allow_hyphen_values = true)]
    texts: Vec<OsString>,

    /// File with the secret, - for stdin; else the secret is $TURN_SECRET
    #[arg(long = "secret-file", value_name = "PATH")]
    files: Vec<PathBuf>,
}

pub(crate) struct Secret {
    pub(crate) bytes: Vec<u8>,
    pub(crate) shared: SharedSecret,
    /// What messages call the secret: `--secret 2`, or the path of its file.
    pub(crate) source: String,
}

impl Secret {
    fn new(bytes: Vec<u8>, source: String) -> Result<Self> {
        let shared = SharedSecret::new(&bytes).map_err(|error| format!("{source}: {error}"))?;
        Ok(Self { bytes, shared, source })
    }
}

impl Options {
    /// Whether the command line has a secret.
    pub(crate) fn given(&self) -> bool {
        !self.texts.is_empty() || !self.files.is_empty()
    }

    /// One or more secrets: those of --secret before those of --secret-file.
    pub(crate) fn read(&self) -> Result<Vec<Secret>> {
        let mut secrets = self.read_given()?;
        if secrets.is_empty() {
            secrets.push(Secret::new(input::secret_in_environment()?, "TURN_SECRET".into())?);
        }
        Ok(secrets)
    }

    /// Like `read`, but returns an empty list if there is no secret.
    pub(crate) fn read_any(&self) -> Result<Vec<Secret>> {
        if self.texts.is_empty() && self.files.is_empty() && env::var_os("TURN_SECRET").is_none() {
            return Ok(Vec::new());
        }
        self.read()
    }

    fn read_given(&self) -> Result<Vec<Secret>> {
        let mut secrets = Vec::new();
        for (index, text) in self.texts.iter().enumerate() {
            let source = match self.texts.len() {
                1 => "--secret".into(),
                _ => format!("--secret {}", index + 1),
            };
            let bytes = text.as_encoded_bytes();
            if input::odd_end(bytes).is_some() {
                let blank = "begins or ends with a blank or an invisible character";
                program::complain(&format!("note: {source} {blank}, which is kept"));
            }
            secrets.push(Secret::new(bytes.to_vec(), source)?);
        }
        for path in &self.files {
            let source =
                if input::is_stdin(path) { "stdin".into() } else { path.display().to_string() };
            secrets.push(Secret::new(input::secret_in_file(path)?, source)?);
        }
        Ok(secrets)
    }

    /// Exactly one secret.
    pub(crate) fn read_one(&self) -> Result<Secret> {
        if self.texts.len() + self.files.len() > 1 {
            return Err("more than one secret: give only the one to mint with".into());
        }
        self.read()?.pop().ok_or_else(|| "no secret".into())
    }
}
