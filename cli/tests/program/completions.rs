use std::process::Command;

use crate::{TempFile, refusal, stdout, text};

#[test]
fn bash_completes() {
    let script = stdout("completions", &["bash"]);
    let file = TempFile::new("completions", &script);
    let bash = |args: &[&str]| {
        let output = Command::new("bash").args(["--norc", "--noprofile"]).args(args).output();
        let output = output.unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{}", text(&output.stderr));
        text(&output.stdout).to_owned()
    };
    let path = file.0.to_str().unwrap();
    bash(&["-n", path]);

    let complete = r#"
        source "$0"
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        [[ $(complete -p turn-credentials) =~ -F\ ([^ ]+) ]]
        "${BASH_REMATCH[1]}" "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    for (words, expected) in [
        (&["gen"][..], "generate\n"),
        (&["ver"], "verify\n"),
        (&["generate", "--lay"], "--layout\n"),
        (&["generate", "--layout", "n"], "name-first\n"),
        (&["generate", "alice", "--format", "x"], "xep-0215\n"),
        (&["completions", "z"], "zsh\n"),
    ] {
        let args = [&["-c", complete, path, "turn-credentials"][..], words].concat();
        assert_eq!(bash(&args), expected, "{words:?}");
    }
}

#[test]
fn other_shells() {
    for (shell, part) in [
        ("zsh", "#compdef turn-credentials"),
        ("fish", "complete -c turn-credentials"),
        ("elvish", "edit:completion:arg-completer[turn-credentials]"),
        ("powershell", "Register-ArgumentCompleter"),
    ] {
        assert!(stdout("completions", &[shell]).contains(part), "{shell}");
    }
    assert!(refusal("completions", &["tcsh"]).contains("zsh"));
    refusal("completions", &[]);
}
