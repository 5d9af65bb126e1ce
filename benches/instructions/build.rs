//! Passes the compiler's version to the program, as `RUSTC_VERSION`.

use std::env;
use std::process::Command;

fn main() {
    let rustc = env::var("RUSTC").expect("cargo names the compiler");
    let version = Command::new(rustc).arg("--version").output().expect("rustc prints its version");
    println!("cargo::rustc-env=RUSTC_VERSION={}", String::from_utf8_lossy(&version.stdout).trim());
    println!("cargo::rerun-if-changed=build.rs");
}
