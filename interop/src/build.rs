//! The programs under test, built by cargo from their own packages.

use std::env;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Deserializer, Value};

/// The program of the package in this folder of the repository.
pub(crate) fn program(folder: &str) -> PathBuf {
    let manifest = format!("{}/../{folder}/Cargo.toml", env!("CARGO_MANIFEST_DIR"));
    let mut cargo = Command::new("cargo");
    // Cargo's variables for this package would make it rebuild ring and its dependents.
    for (name, _) in env::vars_os().filter(|(name, _)| of_a_package(name)) {
        cargo.env_remove(name);
    }
    let build = cargo
        .args(["build", "--locked", "--message-format=json-render-diagnostics"])
        .args(["--manifest-path", &manifest])
        .stdin(Stdio::null())
        .output()
        .expect("cargo must be installed");
    assert!(build.status.success(), "{}", String::from_utf8_lossy(&build.stderr));
    let mut messages = Deserializer::from_slice(&build.stdout).into_iter::<Value>();
    let program = messages.find_map(|message| {
        message.expect("a message of cargo")["executable"].as_str().map(PathBuf::from)
    });
    program.unwrap_or_else(|| panic!("{folder} has no program"))
}

fn of_a_package(name: &OsStr) -> bool {
    ["CARGO_PKG_", "CARGO_MANIFEST_"]
        .iter()
        .any(|of| name.as_encoded_bytes().starts_with(of.as_bytes()))
}
