//! The program `turn-credentials check`, run as its users run it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::build;
use crate::network::Network;

/// How a check ended.
#[derive(Debug)]
pub struct Checked {
    pub code: i32,
    /// What `--json` prints.
    pub json: Value,
    pub stderr: String,
}

impl Checked {
    /// The verdict on server number `index`.
    pub fn message(&self, index: usize) -> &str {
        self.json["servers"][index]["message"].as_str().unwrap_or_default()
    }

    /// The codes of the problems of server number `index`, in their order.
    pub fn problems(&self, index: usize) -> Vec<&str> {
        let problems = self.json["servers"][index]["problems"].as_array();
        problems.into_iter().flatten().filter_map(|problem| problem["code"].as_str()).collect()
    }
}

/// Checks with `--json`. The output must not show a secret from the arguments.
pub fn check(args: &[&str]) -> Checked {
    ended(start(args), args)
}

/// Checks with `--json`, on the client's side of a network.
pub fn check_in(network: &Network, args: &[&str]) -> Checked {
    ended(start_in(network, args), args)
}

fn ended(check: Child, args: &[&str]) -> Checked {
    let output = check.wait_with_output().expect("the output of check");
    let stdout = String::from_utf8(output.stdout).expect("stdout of UTF-8");
    let stderr = String::from_utf8(output.stderr).expect("stderr of UTF-8");
    for flag in ["--secret", "--password"] {
        let value = args.iter().skip_while(|arg| **arg != flag).nth(1);
        if let Some(hidden) = value.filter(|value| value.len() > 4) {
            assert!(!stdout.contains(hidden) && !stderr.contains(hidden), "{flag} is shown");
        }
    }
    let code = output.status.code().expect("an exit code");
    Checked { code, json: serde_json::from_str(&stdout).unwrap_or_default(), stderr }
}

/// Starts the program.
pub fn start(args: &[&str]) -> Child {
    spawn(Command::new(program()), args)
}

pub fn start_in(network: &Network, args: &[&str]) -> Child {
    spawn(network.client(program()), args)
}

fn spawn(mut command: Command, args: &[&str]) -> Child {
    command.args(["check", "--json", "--timeout=3s"]).args(args).env_remove("TURN_SECRET");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("the program")
}

/// Interrupts the program, as Ctrl-C does.
pub fn interrupt(child: &Child) {
    kill_process(Pid::from_child(child), Signal::INT).expect("a running program");
}

/// The program, built once.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| build::program("cli"))
}
