//! The live view of a run at the bottom of a terminal, as lines: a pure function of the run, the terminal and the time.
//!
//! ```text
//!  park-walk    1m 12s  running, 64%
//!  close-up         3s  uploading 1.20 of 3.40 MB, refs/dog.png
//!  … and 37 more: 30 in flight, 7 being fetched
//!  ━━━━━━━━━━━━━─────────── 412/1,000, about 14m left till 16:20, 24,720 credits, 41.2/min
//!  67 in flight, 3 failed, 1 uncertain
//! ```
//!
//! Every line begins with a blank, since the cursor rests on the first.

use super::look::{Drawing, Hue, Look, columns_of, size, thousands};
use super::run_state::{Active, Phase, RunState, State};
use super::span::{roughly, short, until};
use super::terminal_safe;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// Minimum columns of the bar; it fills the rest of its line.
const BAR: usize = 8;

/// Maximum columns of an id, if there is room for more than the id.
const ID: usize = 32;

/// Columns of an age.
const AGE: usize = 7;

/// The presentation of the live view.
#[derive(Clone, Copy, Debug)]
pub(super) struct Show<'s> {
    /// Colors and characters.
    pub(super) look: Look,
    /// The time zone of the estimated end.
    pub(super) zone: &'s TimeZone,
}

/// The size of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Room {
    /// Columns.
    pub(super) width: usize,
    /// Rows.
    pub(super) height: usize,
}

/// Returns the lines, none of them wider than the terminal less one column; none if there is nothing to do.
pub(super) fn lines(run_state: &RunState, show: Show<'_>, room: Room, now: Timestamp) -> Vec<String> {
    let look = show.look;
    if run_state.total() == 0 {
        return Vec::new();
    }
    let mut below = vec![whole(run_state, show, room, now)];
    if let Some(away) = run_state.away() {
        let words = format!("{}: {}", away.words(now), terminal_safe::line(&away.message));
        below.insert(0, Line::new(look, room).add(Hue::Caution, &words).done());
    }
    let mut parts = Line::new(look, room);
    for (at, (n, words, phase)) in run_state.parts().enumerate() {
        let hue = match phase {
            Phase::Failed => Hue::Bad,
            Phase::Uncertain => Hue::Caution,
            _ => Hue::Plain,
        };
        parts = parts.add(Hue::Plain, if at > 0 { ", " } else { "" }).add(hue, &format!("{} {words}", thousands(n)));
    }
    below.push(parts.done());
    // A third of the screen is left for messages above.
    let most = (room.height * 2 / 3).max(room.height.min(4)).max(1);
    below.truncate(most);
    let mut lines = jobs(run_state, look, room, most - below.len(), now);
    lines.append(&mut below);
    lines
}

/// Returns the lines of the jobs, at most `rows`.
fn jobs(run_state: &RunState, look: Look, room: Room, rows: usize, now: Timestamp) -> Vec<String> {
    let all = run_state.all_active();
    let shown = if all.len() > rows { rows.saturating_sub(1) } else { rows };
    let folded = all.len().saturating_sub(shown);
    let id = run_state.widest().min(ID).min(room.width.saturating_sub(AGE + 3) / 2);
    let line = |active| job(active, run_state.away().is_some(), look, room, id, now);
    let mut lines: Vec<_> = run_state.all_active().take(shown).map(line).collect();
    if folded > 0 && rows > 0 {
        let rest = |phase| run_state.all_active().skip(shown).filter(|active| active.phase() == phase).count();
        let parts =
            [(Phase::Uploading, "uploading"), (Phase::InFlight, "in flight"), (Phase::Fetching, "being fetched")];
        let parts = parts.map(|(phase, words)| (rest(phase), words)).into_iter().filter(|(n, _)| *n > 0);
        let parts: Vec<_> = parts.map(|(n, words)| format!("{} {words}", thousands(n))).collect();
        let words = format!("{} and {} more: {}", look.ellipsis(), thousands(folded), parts.join(", "));
        lines.push(Line::new(look, room).add(Hue::Faint, &words).done());
    }
    lines
}

/// Returns the line of a job.
fn job(active: &Active, away: bool, look: Look, room: Room, columns: usize, now: Timestamp) -> String {
    let id = terminal_safe::line(active.job.as_str());
    let id = look.fit(&id, columns);
    let gap = " ".repeat(columns.saturating_sub(columns_of(&id)));
    let age = format!("{gap} {:>AGE$}  ", short(active.age(now)));
    let (hue, words) = match active.state {
        // Its request isn't sent: it waits with all others.
        State::Submitting if away => (Hue::Faint, "to be submitted".to_owned()),
        _ => happening(active, now),
    };
    Line::new(look, room).add(Hue::Plain, &id).add(Hue::Faint, &age).add(hue, &words).done()
}

/// Returns a job's current activity.
fn happening(active: &Active, now: Timestamp) -> (Hue, String) {
    if let Some((call, again, message)) = &active.again {
        let when = until(again.duration_since(now));
        return (Hue::Caution, format!("{} again {when}: {}", call.as_str(), terminal_safe::line(message)));
    }
    match &active.state {
        State::Uploading { path, through, total } => {
            (Hue::Accent, format!("uploading {}, {}", part(*through, Some(*total)), terminal_safe::line(path)))
        }
        State::Submitting => (Hue::Accent, "submitting".to_owned()),
        State::Accepted => (Hue::Plain, "at the service".to_owned()),
        State::AtService { word, progress } => {
            let word = match word.as_str() {
                "PENDING" => "queued at the service".to_owned(),
                other => terminal_safe::line(other).to_lowercase(),
            };
            let progress = progress.as_deref().filter(|progress| !progress.is_empty()).map(terminal_safe::line);
            (Hue::Plain, progress.map_or(word.clone(), |progress| format!("{word}, {progress}")))
        }
        State::Generated => (Hue::Good, "generated".to_owned()),
        State::Downloading { path, through, total } => {
            let through = Some(*through).filter(|bytes| *bytes > 0);
            let part = part(through, *total);
            let gap = if part.is_empty() { "" } else { ", " };
            (Hue::Good, format!("downloading {part}{gap}{}", terminal_safe::line(path)))
        }
    }
}

/// Returns the progress as far as it is known: `1.20 of 3.40 MB`.
fn part(through: Option<u64>, total: Option<u64>) -> String {
    match (through, total) {
        (None, None) => String::new(),
        (None, Some(bytes)) | (Some(bytes), None) => size(bytes),
        (Some(through), Some(total)) => {
            let (through, total) = (size(through), size(total));
            // The unit is written once if both have the same.
            match (through.split_once(' '), total.split_once(' ')) {
                (Some((number, unit)), Some((_, other))) if unit == other => format!("{number} of {total}"),
                _ => format!("{through} of {total}"),
            }
        }
    }
}

/// Returns the line of the whole run: its bar and its numbers.
fn whole(run_state: &RunState, Show { look, zone }: Show<'_>, room: Room, now: Timestamp) -> String {
    let (done, total) = (run_state.done(), run_state.total());
    let (full, empty) = match look.drawing {
        Drawing::Unicode => ("━", "─"),
        Drawing::Ascii => ("=", "-"),
    };
    // The most informative comes first, and numbers without room next to a bar are left out completely.
    let mut numbers = format!(" {}/{}", thousands(done), thousands(total));
    let most = room.width.saturating_sub(2 + BAR);
    let left = run_state.left(now).map(|left| format!("about {} left till {}", roughly(left), clock(now, left, zone)));
    for words in [left, run_state.spent(), run_state.rate(now)].into_iter().flatten() {
        if columns_of(&numbers) + columns_of(&words) + 2 <= most {
            numbers += &format!(", {words}");
        }
    }
    let columns = room.width.saturating_sub(2 + columns_of(&numbers)).max(BAR);
    let mut line = Line::new(look, room);
    // Each boundary is rounded separately, so that the parts always fill the bar; it is full only when all is done.
    let parts = [(Phase::Succeeded, Hue::Good), (Phase::Uncertain, Hue::Caution), (Phase::Failed, Hue::Bad)];
    let (mut jobs, mut before) = (0, 0);
    for (phase, hue) in parts {
        jobs += run_state.count(phase);
        let end = jobs * columns / total;
        line = line.add(hue, &full.repeat(end - before));
        before = end;
    }
    line.add(Hue::Faint, &empty.repeat(columns - before)).add(Hue::Plain, &numbers).done()
}

/// Returns the time of day after the remaining time, with the day if it is another one: `16:20`, `Tue 16:20`.
fn clock(now: Timestamp, left: SignedDuration, zone: &TimeZone) -> String {
    let end = zone.to_datetime(now.checked_add(left).unwrap_or(now));
    let day = if end.date() == zone.to_datetime(now).date() { "%H:%M" } else { "%a %H:%M" };
    end.strftime(day).to_string()
}

/// A line being built.
struct Line {
    look: Look,
    text: String,
    room: usize,
}

impl Line {
    fn new(look: Look, room: Room) -> Line {
        // The last column stays free: terminals differ in what they do after it.
        Line { look, text: " ".to_owned(), room: room.width.saturating_sub(2) }
    }

    /// Adds text, cut if there is no room.
    fn add(mut self, hue: Hue, text: &str) -> Line {
        if text.is_empty() || self.room == 0 {
            return self;
        }
        if columns_of(text) > self.room && columns_of(self.look.ellipsis()) > self.room {
            self.room = 0;
            return self;
        }
        let text = self.look.fit(text, self.room);
        self.room = self.room.saturating_sub(columns_of(&text));
        self.text += &self.look.paint(hue, text).to_string();
        self
    }

    fn done(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests;
