//! What the program says of itself: `explain`, `completions` and `man`.

use crate::support::not_tested;
use crate::support::project::Project;
use batch::diagnostic::code::Code;
use std::path::Path;

/// The names of all commands, as the help lists them.
pub(crate) fn commands(project: &Project) -> Vec<String> {
    let help = project.batch(["--help"]).run().exits(0).stdout;
    let lines = help.lines().skip_while(|line| *line != "Before a run:").take_while(|line| *line != "Options:");
    let names = lines.filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
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

/// A project with an uncertain job, whose folder and program shells find.
fn completed() -> Project {
    let project = Project::new();
    project.batch(["init", "."]).run().exits(0);
    let text = project.read("jobs.yaml").replacen("- id: park-walk", "- id: park-walk\n    tags: [spring]", 1);
    project.write("jobs.yaml", text);
    let lost = ["run", "--simulate", "-j1", "--progress", "none", "--sim-latency", "0s"];
    project.batch(lost.into_iter().chain(["--sim-fault", "submit:reset(charged)@1"])).run().exits(3);
    project
}

/// What is offered for the last word of each line.
const OFFERED: [(&str, &str); 15] = [
    ("batch ru", "run"),
    ("batch --color a", "always auto"),
    ("batch check --form", "--format"),
    ("batch check --format gi", "github gitlab"),
    ("batch check j", "jobs.yaml"),
    ("batch explain duration", "duration duration-resolution"),
    ("batch run --deny unused-r", "unused-reference"),
    ("batch completions p", "powershell"),
    ("batch run --only p", "park-walk"),
    ("batch plan jobs.yaml --skip c", "close-up"),
    ("batch status --tag s", "spring"),
    ("batch status --status s", "submitted succeeded"),
    ("batch show p", "park-walk"),
    ("batch resolve --simulate p", "park-walk"),
    ("batch schema lo", "lock"),
];

#[test]
fn bash_completes_commands_options_ids_tags_and_codes() {
    let project = completed();
    let path = format!("{}:/usr/bin:/bin", Path::new(env!("CARGO_BIN_EXE_batch")).parent().unwrap().display());
    for (line, expected) in OFFERED {
        let words: Vec<_> = line.split(' ').collect();
        let (last, before) = (words[words.len() - 1], words[words.len() - 2]);
        let script = format!(
            "eval \"$(batch completions bash)\" && COMP_WORDS=({line}) COMP_CWORD={} && \
             _clap_complete_batch batch '{last}' '{before}' && printf '%s\\n' \"${{COMPREPLY[@]}}\" | sort",
            words.len() - 1
        );
        let ended = project.command("bash", ["--norc", "--noprofile", "-c", &script]).env("PATH", &path).run().exits(0);
        assert_eq!(ended.stdout.split_whitespace().collect::<Vec<_>>().join(" "), expected, "{line}: {ended:?}");
    }
    // Nobody is uncertain where there was no trial.
    let offered = project
        .batch(["--", "batch", "resolve", "p"])
        .env("BATCH_COMPLETE", "bash")
        .env("_CLAP_COMPLETE_INDEX", "2")
        .env("_CLAP_IFS", "\n")
        .run()
        .exits(0);
    assert_eq!(offered.stdout, "");
}

#[test]
fn zsh_and_fish_complete_from_the_first_time_on() {
    let project = completed();
    let path = format!("{}:/usr/bin:/bin", Path::new(env!("CARGO_BIN_EXE_batch")).parent().unwrap().display());
    let has = |shell: &str| project.command("/bin/sh", ["-c", &format!("command -v {shell}")]).run().code() == 0;
    if has("fish") {
        for (line, expected) in OFFERED {
            let script = format!("batch completions fish | source; complete -C '{line}'");
            let ended = project.command("fish", ["--no-config", "-c", &script]).env("PATH", &path).run().exits(0);
            let mut offered: Vec<&str> = ended.stdout.lines().filter_map(|line| line.split('\t').next()).collect();
            offered.sort_unstable();
            assert_eq!(offered.join(" "), expected, "{line}: {ended:?}");
        }
    } else {
        not_tested("fish isn't here");
    }
    if has("zsh") {
        // The file is run as its own function the first time; `_describe` stands for the screen.
        let script = "fpath=($PWD/functions $fpath); compdef() { :; }; autoload -U _batch; \
                      _describe() { local name=$argv[-1]; print -l -- ${(P)name}; }; \
                      words=(batch run --only p); CURRENT=4; _batch";
        std::fs::create_dir(project.path("functions")).unwrap();
        project.write("functions/_batch", project.batch(["completions", "zsh"]).run().exits(0).stdout);
        let ended = project.command("zsh", ["-f", "-c", script]).env("PATH", &path).run().exits(0);
        assert!(ended.stdout.contains("park-walk"), "{ended:?}");
    } else {
        not_tested("zsh isn't here");
    }
}

#[test]
fn each_shell_has_its_script() {
    let project = Project::new();
    for (shell, start) in [
        ("bash", "_clap_complete_batch() {"),
        ("zsh", "#compdef batch"),
        ("fish", "complete --keep-order --exclusive --command batch"),
        ("powershell", "Register-ArgumentCompleter -Native -CommandName batch"),
        ("elvish", "set edit:completion:arg-completer[batch] ="),
    ] {
        let script = project.batch(["completions", shell]).run().exits(0).stdout;
        assert!(script.contains(start) && script.contains("BATCH_COMPLETE"), "{shell}: {script}");
        assert!(!script.contains(env!("CARGO_BIN_EXE_batch")), "it runs the program that is found: {script}");
    }
    project.batch(["run"]).env("BATCH_COMPLETE", "no-shell").run().exits(2);
}

#[test]
fn the_help_lists_each_command_once_and_options_where_they_are_used() {
    let project = Project::new();
    let mut listed = commands(&project);
    let man = project.batch(["man"]).run().exits(0).stdout;
    assert!(man.matches("\nbatch\\-").count() >= listed.len());
    let count = listed.len();
    listed.sort();
    listed.dedup();
    assert_eq!(listed.len(), count);
    let help = project.batch(["-h"]).run().exits(0).stdout;
    let about = help.lines().filter(|line| line.starts_with("  ")).take(count);
    assert!(about.clone().count() == count && about.clone().all(|line| line.len() <= 80), "{help}");
    let shared =
        ["--lock", "--ledger", "--offline", "--move-ledger", "--move-service", "--base-url", "--trust-base-url"];
    for command in listed {
        let told = options(&project, &command);
        for option in shared {
            let value = if ["--lock", "--ledger", "--base-url"].contains(&option) { Some("file:///x") } else { None };
            let typed = [command.as_str(), option].into_iter().chain(value);
            let ended = project.batch(typed).run();
            let is_refused = ended.stderr.contains("has no use for") || ended.stderr.contains("required");
            if !told.iter().any(|name| name == option) && command != "lock" && command != "ledger" {
                assert!(ended.code() == 2 && is_refused, "{command} {option}: {ended:?}");
            } else {
                assert!(!ended.stderr.contains("has no use for"), "{command} {option}: {ended:?}");
            }
        }
    }
}

#[test]
fn the_words_of_other_tools_are_answered() {
    let project = Project::new();
    project.batch(["init", "."]).run().exits(0);
    for (line, told) in [
        ("run --dry-run", "`batch plan`"),
        ("run -n", "`batch plan`"),
        ("status --json", "`--format json`"),
        ("run --json", "`--progress json`"),
        ("run --json=true", "`--progress json`"),
        ("run --parallel 4", "`-j N`"),
        ("plan --filter x", "`--only PATTERN`"),
        ("check --config jobs.yaml", "`batch check jobs.yaml`"),
        ("run --api-key sk-1", "BAICAI_API_KEY"),
        ("plan -j 3", "`-j` is an option of `batch run`"),
        ("status --limit=3", "`--limit` is an option of other commands: run, plan"),
        ("init --force", "`--force` is an option of `batch convert`"),
        ("list", "`batch status`"),
        ("clean", "`batch run --prune`"),
        ("cancel", "`batch fetch`"),
        ("fmt", "`batch check --fix`"),
        ("run park-walk", "--only park-walk"),
        ("plan park-walk", "--only park-walk"),
        ("explain 3", "exit codes"),
        ("explain run", "`batch help COMMAND`"),
    ] {
        let ended = project.batch(line.split(' ')).run().exits(2);
        assert!(ended.stderr.contains(told), "{line}: {ended:?}");
        assert!(!ended.stderr.contains("tip: to pass") && !ended.stderr.contains("sk-1"), "{line}: {ended:?}");
        assert!(ended.stderr.matches("tip:").count() <= 1, "{line}: {ended:?}");
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
