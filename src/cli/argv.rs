//! The typed arguments: parsed, and kept as they were for commands to be typed again.

use super::args::{Args, groups};
use super::familiar;
use super::options::{Common, uses};
use crate::base::nearest::nearest;
use crate::report::commands::Typed;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, ColorChoice, Command, CommandFactory as _, FromArgMatches as _};
use std::ffi::OsString;

/// Options that going on with a run needs no more, or that [`Target`](crate::report::commands::Target) knows itself.
const NOT_AGAIN: [&str; 14] = [
    "color",
    "verbose",
    "quiet",
    "lock",
    "offline",
    "simulate",
    // Already applied by then.
    "move_service",
    "move_ledger",
    "refresh_images",
    "accept_doubtful",
    "reupload",
    // An answer to a question that is asked anew, since the cost may differ.
    "yes",
    "frozen",
    "expand",
];

/// Parses a command line; its `--color` also applies to help and error messages.
pub(super) fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Args, clap::Error> {
    let words: Vec<OsString> = words.into_iter().collect();
    let mut command = command(color(&words));
    let matches = command.try_get_matches_from_mut(&words).map_err(|error| suggest(error, &command, &words))?;
    let mut args = Args::from_arg_matches(&matches)?;
    suit("", &mut command, &matches)?;
    if let Some((name, matches)) = matches.subcommand()
        && let Some(command) = command.find_subcommand_mut(name)
    {
        suit_trial(&args.common, command, matches)?;
        args.common.typed = again(command, matches);
    }
    Ok(args)
}

/// Returns the program's command line, with help and errors colored so; the help of a command leaves out the shared options that it has no use for.
pub(super) fn command(color: ColorChoice) -> Command {
    let mut command = Args::command().color(color);
    command.build();
    let groups = groups(&command);
    command = command.help_template(format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{groups}{{options}}{{after-help}}"
    ));
    leave_out(command, "")
}

/// Leaves the shared options that a command, named as `lock merge`, has no use for out of its help, and of those below it.
fn leave_out(command: Command, path: &str) -> Command {
    let names: Vec<String> = command.get_subcommands().map(|command| command.get_name().to_owned()).collect();
    let command = command.mut_args(|option| {
        let is_hidden = option.is_hide_set() || !uses(path, option.get_id().as_str());
        option.hide(is_hidden)
    });
    names.into_iter().fold(command, |command, name| {
        let path = format!("{path} {name}");
        command.mut_subcommand(&name, |command| leave_out(command, path.trim_start()))
    })
}

/// Refuses a shared option that the command, named as `lock merge`, has no use for.
fn suit(path: &str, command: &mut Command, matches: &ArgMatches) -> Result<(), clap::Error> {
    if let Some((name, matches)) = matches.subcommand()
        && let Some(command) = command.find_subcommand_mut(name)
    {
        return suit(format!("{path} {name}").trim_start(), command, matches);
    }
    let is_typed = |option: &Arg| matches.value_source(option.get_id().as_str()) == Some(ValueSource::CommandLine);
    let is_idle = |option: &&Arg| is_typed(option) && !uses(path, option.get_id().as_str());
    let idle = command.get_arguments().filter(is_idle).find_map(Arg::get_long);
    match idle.map(|option| format!("`batch {path}` has no use for --{option}")) {
        None => Ok(()),
        Some(said) => Err(command.error(ErrorKind::UnknownArgument, said)),
    }
}

/// Refuses an address for a trial, which goes to none.
fn suit_trial(common: &Common, command: &mut Command, matches: &ArgMatches) -> Result<(), clap::Error> {
    match matches.try_get_one::<bool>("simulate") {
        Ok(Some(true)) if common.base_url.is_some() => {
            let message = "the argument '--simulate' cannot be used with '--base-url <URL>'";
            Err(command.error(ErrorKind::ArgumentConflict, message))
        }
        _ => Ok(()),
    }
}

/// Suggests what was probably meant: a word that other tools have for it, or the nearest command, if clap found no similar one.
fn suggest(mut error: clap::Error, command: &Command, words: &[OsString]) -> clap::Error {
    let words: Vec<_> = words.iter().skip(1).map(|word| word.to_string_lossy()).collect();
    let name = words.iter().find(|word| command.find_subcommand(word.as_ref()).is_some()).map(AsRef::as_ref);
    let tip = match (error.get(ContextKind::InvalidSubcommand), error.get(ContextKind::InvalidArg)) {
        (Some(ContextValue::String(word)), _) => familiar::command(word).map(str::to_owned),
        (_, Some(ContextValue::String(option))) if error.kind() == ErrorKind::UnknownArgument => {
            let name = name.unwrap_or_default();
            familiar::option(name, option).map(str::to_owned).or_else(|| of_others(command, name, option))
        }
        _ => None,
    };
    if let Some(tip) = tip {
        // What clap would suggest only looks like the word.
        let is_guess = |kind| format!("{kind:?}").starts_with("Suggested");
        let told = error.context().filter(|(kind, _)| !is_guess(*kind)).map(|(kind, value)| (kind, value.clone()));
        let tip = (ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
        let plain = clap::Error::new(error.kind()).with_cmd(command);
        return told.chain([tip]).fold(plain, |mut error, (kind, value)| {
            error.insert(kind, value);
            error
        });
    }
    if let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand)
        && error.get(ContextKind::SuggestedSubcommand).is_none()
        && let Some(meant) = nearest(word, command.get_subcommands().map(Command::get_name))
    {
        let meant = ContextValue::Strings(vec![meant.to_owned()]);
        error.insert(ContextKind::SuggestedSubcommand, meant);
    }
    error
}

/// Says of which other commands this is an option.
fn of_others(command: &Command, name: &str, typed: &str) -> Option<String> {
    let typed = typed.split_once('=').map_or(typed, |(typed, _)| typed);
    let is_it = |option: &Arg| {
        let short = option.get_short().map(|short| format!("-{short}"));
        short.as_deref() == Some(typed) || option.get_long().is_some() && option.get_long() == typed.strip_prefix("--")
    };
    let others = command.get_subcommands().filter(|other| other.get_name() != name);
    let owners: Vec<_> = others.filter(|other| other.get_arguments().any(is_it)).map(Command::get_name).collect();
    match owners[..] {
        [] => None,
        [owner] => Some(format!("`{typed}` is an option of `batch {owner}`")),
        _ => Some(format!("`{typed}` is an option of other commands: {}", owners.join(", "))),
    }
}

/// Returns when help and errors are colored: searched in the arguments themselves, since they may be invalid.
fn color(words: &[OsString]) -> ColorChoice {
    let words = words.iter().map(|word| word.to_string_lossy()).take_while(|word| word != "--");
    let words: Vec<_> = words.collect();
    let value = words.iter().enumerate().rev().find_map(|(at, word)| match word.strip_prefix("--color")? {
        "" => words.get(at + 1).map(AsRef::as_ref),
        value => value.strip_prefix('='),
    });
    match value {
        Some("always") => ColorChoice::Always,
        Some("never") => ColorChoice::Never,
        _ => ColorChoice::Auto,
    }
}

/// Returns the typed options of a command, except those that need not be repeated.
fn again(command: &Command, matches: &ArgMatches) -> Vec<Typed> {
    let options = command.get_arguments().filter_map(|option| Some((option, option.get_long()?)));
    let typed = options.filter(|(option, _)| {
        let id = option.get_id().as_str();
        !NOT_AGAIN.contains(&id) && matches.value_source(id) == Some(ValueSource::CommandLine)
    });
    typed
        .flat_map(|(option, name)| {
            let name = name.to_owned();
            if !option.get_action().takes_values() {
                return vec![Typed { name, value: None }];
            }
            let values = matches.get_raw(option.get_id().as_str()).into_iter().flatten();
            let values = values.map(|value| Some(value.to_string_lossy().into_owned()));
            values.map(|value| Typed { name: name.clone(), value }).collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn what_goes_on_with_a_run_is_kept_and_the_rest_is_not() {
        let typed = |line: &str| {
            let args = parse(words(line)).unwrap();
            args.common.typed.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(
            typed(
                "batch -v run jobs.yaml --simulate -y --only a* --limit 2 --only b -j3 --lock x.lock --reupload --sim-latency 0s"
            ),
            "--concurrency 3 --only 'a*' --only b --limit 2 --sim-latency 0s"
        );
        assert_eq!(typed("batch run --trust-base-url --keep-failed"), "--keep-failed --trust-base-url");
        assert_eq!(typed("batch run"), "", "what has a default was not typed");
        assert_eq!(typed("batch fetch --progress plain"), "--progress plain");
    }

    #[test]
    fn a_slip_of_a_command_is_known() {
        for (line, meant) in [("batch rnu", "'run'"), ("batch statsu", "'status'"), ("batch frobnicate", "")] {
            let said = parse(words(line)).unwrap_err().to_string();
            assert_eq!(said.contains("tip: a similar subcommand exists"), !meant.is_empty(), "{said}");
            assert!(said.contains(meant), "{said}");
        }
    }

    #[test]
    fn the_last_color_counts_also_where_the_rest_is_mistaken() {
        for (line, choice) in [
            ("batch --color always rnu", ColorChoice::Always),
            ("batch run --color=never --color always --help", ColorChoice::Always),
            ("batch --color=never", ColorChoice::Never),
            ("batch --color", ColorChoice::Auto),
            ("batch check -- --color=always", ColorChoice::Auto),
            ("batch --color=sometimes", ColorChoice::Auto),
        ] {
            assert_eq!(color(&words(line)), choice, "{line}");
        }
    }
}
