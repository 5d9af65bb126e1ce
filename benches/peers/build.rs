//! Builds `today` with a cargo of its own, and links it.

use std::env::{self, VarError};
use std::path::PathBuf;
use std::process::Command;

fn main() -> Result<(), VarError> {
    let target = env::var("TARGET")?;
    let profile = env::var("PROFILE")?;
    let build_dir = PathBuf::from(env::var("OUT_DIR")?).join("today");

    let mut cargo = Command::new(env::var("CARGO")?);
    cargo.args(["build", "--locked", "--manifest-path", "today/Cargo.toml", "--target", &target]);
    cargo.arg("--target-dir").arg(&build_dir);
    if profile == "release" {
        cargo.arg("--release");
    }
    assert!(cargo.status().is_ok_and(|status| status.success()), "today does not build");

    let library_dir = build_dir.join(target).join(profile);
    println!("cargo::rustc-link-search=native={}", library_dir.display());
    println!("cargo::rustc-link-arg=-Wl,-rpath,{}", library_dir.display());
    println!("cargo::rustc-link-lib=dylib=today");

    let rustc = Command::new(env::var("RUSTC")?).arg("--version").output();
    let version = rustc.expect("rustc prints its version").stdout;
    println!("cargo::rustc-env=RUSTC_VERSION={}", String::from_utf8_lossy(&version));

    for input in ["build.rs", "src/sample.rs", "today/Cargo.lock", "today/Cargo.toml", "today/src"]
    {
        println!("cargo::rerun-if-changed={input}");
    }
    Ok(())
}
