//! The abilities of this terminal, determined once; and the logs.

use crate::report::look::{Color, Drawing, Look};
use crate::report::screen::{Screen, StandardError};
use std::io::{self, IsTerminal};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

/// The presentation on standard output and on standard error.
#[derive(Clone, Debug)]
pub(super) struct Terminal {
    /// For tables and machine formats.
    pub(super) stdout: Look,
    /// For findings, progress and summaries.
    pub(super) stderr: Look,
    /// The part of standard error where a run is drawn.
    pub(super) screen: Screen,
    /// `true` if standard error is a terminal that can be drawn on.
    pub(super) watched: bool,
    /// The amount of output.
    pub(super) volume: Volume,
}

/// The amount of output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Volume {
    /// Errors only.
    Quiet,
    /// The usual amount.
    Normal,
    /// More: with as many logs as `-v` was given.
    Verbose(u8),
}

/// When to use colors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum ColorChoice {
    #[default]
    Auto,
    Always,
    Never,
}

impl Terminal {
    /// Determines them from the two streams, the options and the environment.
    pub(super) fn new(color: ColorChoice, volume: Volume) -> Terminal {
        let stdout = look(color, io::stdout().is_terminal(), &console::Term::stdout());
        let stderr = look(color, io::stderr().is_terminal(), &console::Term::stderr());
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

/// Returns whether the terminal can only write lines.
fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

/// Returns whether the locale allows characters beyond ASCII; an unset one does.
fn speaks_utf8() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().filter_map(std::env::var_os).find(|value| !value.is_empty());
    locale.is_none_or(|locale| {
        let locale = locale.to_string_lossy().to_lowercase();
        locale.contains("utf-8") || locale.contains("utf8") || locale == "c" || locale == "posix"
    })
}

/// Sends logs to standard error: warnings, or those requested by `RUST_LOG` or `-v`.
pub(super) fn start_logs(terminal: &Terminal) {
    let default = match terminal.volume {
        Volume::Quiet => "error",
        Volume::Normal => "batch=warn",
        Volume::Verbose(1) => "batch=info",
        Volume::Verbose(2) => "batch=debug",
        Volume::Verbose(_) => "debug",
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
