//! What the program says of itself: `explain`, `completions` and `man`.

use crate::support::project::Project;
use batch::diagnostic::code::Code;

/// The names of all commands, as the help lists them.
fn commands(project: &Project) -> Vec<String> {
    let help = project.batch(["--help"]).run().exits(0).stdout;
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let names = lines.map_while(|line| line.split_whitespace().next()).filter(|name| *name != "help");
    names.map(str::to_owned).collect()
}

/// The long options of a command's help.
fn options(project: &Project, command: &str) -> Vec<String> {
    let help = project.batch([command, "--help"]).run().exits(0).stdout;
    let lines = help.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
    // Each starts a line, behind its short form where it has one.
    let names = lines.flat_map(|line| line.split_whitespace().take(2)).filter(|word| word.starts_with("--"));
    names.map(|word| word.trim_end_matches('.').to_owned()).collect()
}

#[test]
fn every_code_is_explained() {
    let project = Project::new();
    let list = project.batch(["explain"]).run().exits(0).stdout;
    assert_eq!(list.lines().count(), Code::ALL.len());
    for (code, line) in Code::ALL.iter().zip(list.lines()) {
        assert_eq!(
            line.split_once("  ").map(|(code, title)| (code, title.trim())),
            Some((code.as_str(), code.title()))
        );
        let page = project.batch(["explain", code.as_str()]).run().exits(0);
        assert!(page.stderr.is_empty() && !page.stdout.contains('\u{1b}'), "{page:?}");
        assert!(page.stdout.starts_with(code.as_str()) && page.stdout.contains(code.title()), "{page:?}");
        assert!(page.stdout.contains("\n    "), "no example: {page:?}");
    }
    let painted = project.batch(["explain", "duration", "--color", "always"]).run().exits(0);
    assert!(painted.stdout.starts_with("\u{1b}[1mduration\u{1b}[0m"), "{painted:?}");
}

#[test]
fn an_unknown_code_or_command_is_met_with_the_nearest() {
    let project = Project::new();
    for (arguments, hint) in [
        (["explain", "unkown-mention"], "did you mean `unknown-mention`?"),
        (["explain", "DURATION"], "did you mean `duration`?"),
        (["explain", "nothing-of-the-kind"], "`batch explain` lists all codes"),
        (["man", "chekc"], "did you mean `check`?"),
        (["man", "nothing-of-the-kind"], "the commands are run, check, "),
    ] {
        let ended = project.batch(arguments).run().exits(2);
        assert!(ended.stdout.is_empty() && ended.stderr.contains(hint), "{ended:?}");
    }
    project.batch(["completions", "cmd"]).run().exits(2);
}

#[test]
fn bash_completes_commands_options_and_values() {
    let project = Project::new();
    let batch = env!("CARGO_BIN_EXE_batch");
    for (line, expected) in [
        ("batch ru", "run"),
        ("batch --color a", "always auto"),
        ("batch check --form", "--format"),
        ("batch check --format gi", "github gitlab"),
        ("batch explain duration", "duration duration-resolution"),
        ("batch completions p", "powershell"),
    ] {
        let words: Vec<_> = line.split(' ').collect();
        let (last, before) = (words[words.len() - 1], words[words.len() - 2]);
        let script = format!(
            "eval \"$('{batch}' completions bash)\" && COMP_WORDS=({line}) COMP_CWORD={} && \
             _batch batch '{last}' '{before}' && printf '%s\\n' \"${{COMPREPLY[@]}}\" | sort",
            words.len() - 1
        );
        let ended = project.command("bash", ["--norc", "--noprofile", "-c", &script]).run().exits(0);
        assert_eq!(ended.stdout.split_whitespace().collect::<Vec<_>>().join(" "), expected, "{line}: {ended:?}");
        assert_eq!(ended.stderr, "");
    }
    // Where it has nothing to say, as of a manifest, bash completes the names of files.
    let script = format!("eval \"$('{batch}' completions bash)\" && complete -p batch");
    let registered = project.command("bash", ["--norc", "--noprofile", "-c", &script]).run().exits(0).stdout;
    assert!(registered.contains("-o default") && registered.contains("-F _batch"), "{registered}");
}

#[test]
fn every_shell_is_told_of_every_command_and_option() {
    let project = Project::new();
    for (shell, start) in [
        ("bash", "_batch() {"),
        ("zsh", "#compdef batch"),
        ("fish", "complete -c batch"),
        ("powershell", "Register-ArgumentCompleter -Native -CommandName 'batch'"),
        ("elvish", "set edit:completion:arg-completer[batch] ="),
    ] {
        let script = project.batch(["completions", shell]).run().exits(0).stdout;
        assert!(script.contains(start), "{shell}: {}", &script[..500]);
        for command in commands(&project) {
            assert!(script.contains(&command), "{shell} knows no {command}");
            for option in options(&project, &command) {
                // fish writes them as `-l format`.
                let name = if shell == "fish" { format!("-l {}", &option[2..]) } else { option };
                assert!(script.contains(&name), "{shell} knows no {name} of {command}");
            }
        }
    }
}

#[test]
fn every_command_has_a_page_with_all_its_options() {
    let project = Project::new();
    let main = project.batch(["man"]).run().exits(0).stdout;
    assert!(main.contains("\n.TH batch 1 ") && main.contains("\n.SH \"EXIT CODES\"\n"), "{main}");
    for command in commands(&project) {
        assert!(main.contains(&format!("\nbatch\\-{command}(1)\n")), "{command} isn't listed: {main}");
        let page = project.batch(["man", &command]).run().exits(0).stdout;
        assert!(page.contains(&format!("\n.TH batch-{command} 1 ")), "{page}");
        for option in options(&project, &command) {
            assert!(page.contains(&option.replace('-', "\\-")), "{command}: no {option}: {page}");
        }
        // A request that roff doesn't know would swallow its line.
        let requests = page.lines().filter_map(|line| line.strip_prefix(['.', '\'']));
        let known = ["TH", "SH", "TP", "RS", "RE", "IP", "PP", "ie", "el", "br"];
        for request in requests {
            assert!(known.contains(&request.split_whitespace().next().unwrap_or_default()), "{command}: {request}");
        }
    }
}

#[test]
fn a_code_is_explained_in_the_language_of_the_locale_or_in_the_one_that_is_asked_for() {
    let project = Project::new();
    let explained = |locale: &[(&str, &str)], arguments: &[&str]| {
        let program = project.batch(["explain", "twin-jobs"].iter().chain(arguments).copied());
        let program = locale.iter().fold(program, |program, (name, value)| program.env(name, value));
        program.run().exits(0).stdout
    };
    let (english, chinese) = (explained(&[], &[]), explained(&[], &["--lang", "zh"]));
    assert!(english.starts_with("twin-jobs (warning)\n") && chinese.starts_with("twin-jobs (警告)\n"), "{chinese}");
    let zh = "zh_CN.UTF-8";
    for (locale, expected) in [
        (&[("LANG", zh)][..], &chinese),
        (&[("LANG", "en_US.UTF-8"), ("LC_MESSAGES", zh)], &chinese),
        (&[("LANG", zh), ("LC_ALL", "C.UTF-8")], &english),
        (&[("LC_ALL", ""), ("LANG", "zh_TW")], &chinese),
        (&[("LANG", "de_DE.UTF-8")], &english),
    ] {
        assert_eq!(explained(locale, &[]), *expected, "{locale:?}");
    }
    assert_eq!(explained(&[("LANG", zh)], &["--lang", "en"]), english);
    project.batch(["explain", "twin-jobs", "--lang", "de"]).run().exits(2);
}

#[test]
fn a_reader_that_goes_away_is_no_matter() {
    let project = Project::new();
    for arguments in ["explain", "explain limits", "completions zsh", "man", "man run"] {
        let script = format!("('{}' {arguments}; echo code $? >&2) | :", env!("CARGO_BIN_EXE_batch"));
        let ended = project.command("/bin/sh", ["-c", &script]).run();
        assert!(ended.stderr.contains("code 0") && !ended.stderr.contains("panicked"), "{ended:?}");
    }
}
