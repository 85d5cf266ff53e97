//! What this terminal can show, found out once; and the logs.

use super::args::{ColorChoice, Common};
use crate::report::look::{Color, Drawing, Look};
use crate::report::screen::{Screen, StandardError};
use std::io::{self, IsTerminal};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

/// How things look on standard output and on standard error.
#[derive(Clone, Debug)]
pub(super) struct Terminal {
    /// For tables and machine formats.
    pub(super) stdout: Look,
    /// For findings, progress and summaries.
    pub(super) stderr: Look,
    /// Where a run is drawn on standard error.
    pub(super) screen: Screen,
    /// Whether somebody watches standard error, on a terminal that can be drawn on.
    pub(super) watched: bool,
    /// How much is said.
    pub(super) volume: Volume,
}

/// How much is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Volume {
    /// Errors only.
    Quiet,
    /// What a person wants to know.
    Normal,
    /// More.
    Verbose,
}

impl Terminal {
    /// Looks at the two streams, the options and the environment.
    pub(super) fn new(common: &Common) -> Terminal {
        let stdout = look(common.color, io::stdout().is_terminal(), &console::Term::stdout());
        let stderr = look(common.color, io::stderr().is_terminal(), &console::Term::stderr());
        let volume = match (common.quiet, common.verbose) {
            (true, _) => Volume::Quiet,
            (false, 0) => Volume::Normal,
            (false, _) => Volume::Verbose,
        };
        let watched = io::stderr().is_terminal() && !is_dumb();
        Terminal { stdout, stderr, screen: Screen::new(StandardError::default()), watched, volume }
    }
}

fn look(choice: ColorChoice, terminal: bool, term: &console::Term) -> Look {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty() && value != "0");
    let color = match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        // https://no-color.org: whatever its value, unless empty.
        ColorChoice::Auto if std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) => false,
        ColorChoice::Auto => set("CLICOLOR_FORCE") || (terminal && !is_dumb()),
    };
    Look {
        color: if color { Color::Ansi } else { Color::None },
        drawing: if speaks_utf8() { Drawing::Unicode } else { Drawing::Ascii },
        width: if terminal { term.size_checked().map(|(_, columns)| usize::from(columns)) } else { None },
    }
}

/// Whether the terminal can do nothing but write lines.
fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

/// Whether the locale says that anything but ASCII can be shown; where nothing is said, it can.
fn speaks_utf8() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().filter_map(std::env::var_os).find(|value| !value.is_empty());
    locale.is_none_or(|locale| {
        let locale = locale.to_string_lossy().to_lowercase();
        locale.contains("utf-8") || locale.contains("utf8") || locale == "c" || locale == "posix"
    })
}

/// Sends logs to standard error: warnings, or what `RUST_LOG` or `-v` ask for.
pub(super) fn start_logs(common: &Common, terminal: &Terminal) {
    let default = match (common.quiet, common.verbose) {
        (true, _) => "error",
        (false, 0) => "batch=warn",
        (false, 1) => "batch=info",
        (false, 2) => "batch=debug",
        (false, _) => "debug",
    };
    let asked = std::env::var("RUST_LOG").ok().filter(|asked| !asked.is_empty());
    let asked = asked.and_then(|asked| asked.parse::<Targets>().ok());
    let wanted = asked.unwrap_or_else(|| default.parse().expect("a level, or one for a target"));
    let screen = terminal.screen.clone();
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(move || screen.clone())
        .with_ansi(terminal.stderr.color == Color::Ansi)
        .with_target(false)
        .with_filter(wanted);
    // A second start in one process (tests) keeps the first.
    let _ = tracing_subscriber::registry().with(lines).try_init();
}
