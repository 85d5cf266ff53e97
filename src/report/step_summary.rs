//! `$GITHUB_STEP_SUMMARY`: a page that GitHub shows next to a step, in Markdown.

use super::look::thousands;
use super::markdown;
use super::results::{Ending, JobResult, Results};
use super::span::about;
use crate::event::JobError;
use crate::plan::action::Reason;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

/// GitHub's limit for one step, in bytes; it drops a larger page completely.
const LIMIT: usize = 1024 * 1024;

/// Room for the line with the number of rows that didn't fit, and for GitHub's replacements of secrets.
const RESERVE: usize = 4096;

/// A table under a line of text.
pub struct Table<'t, R> {
    /// The line above, as text.
    pub title: &'t str,
    /// The names of the columns, as text.
    pub columns: &'t [&'t str],
    /// Cells, as text.
    pub rows: R,
    /// The text after the number of rows that didn't fit.
    pub rest: &'t str,
}

/// Adds a table to the page at `path`, as much of it as fits.
///
/// # Errors
/// Fails if the file can't be written.
pub fn append<C>(path: &Path, table: Table<'_, impl Iterator<Item = C>>) -> io::Result<()>
where
    C: IntoIterator<Item = String>,
{
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    // Other commands of the step may have written there before.
    let used = usize::try_from(file.metadata()?.len()).unwrap_or(LIMIT);
    let room = LIMIT.saturating_sub(used).saturating_sub(RESERVE);
    file.write_all(rendered(table, room).as_bytes())
}

/// Adds the outcome of a run: the numbers of jobs by their end, and those without a result, with the cause.
///
/// # Errors
/// Fails if the file can't be written.
pub fn of_run(path: &Path, results: &Results) -> io::Result<()> {
    let end = match &results.end {
        Some((_, 0)) => "all is done".to_owned(),
        Some((_, exit_code)) => format!("ended with exit code {exit_code}"),
        None => "broke off".to_owned(),
    };
    let title = format!("batch run `{}`: {end}, after {}", results.manifest, about(results.took()));
    let count = |wanted: &str| results.jobs.iter().filter(|job| outcome(&job.ending) == wanted).count();
    let counts = OUTCOMES.iter().map(|outcome| (*outcome, count(outcome))).filter(|(_, count)| *count > 0);
    let rows = counts.map(|(outcome, count)| [outcome.to_owned(), thousands(count)]);
    append(path, Table { title: &title, columns: &["Outcome", "Jobs"], rows, rest: "" })?;
    let mut troubles = results.jobs.iter().filter_map(trouble).peekable();
    if troubles.peek().is_none() {
        return Ok(());
    }
    append(
        path,
        Table {
            title: "Without a result:",
            columns: &["Job", "What happened", "Message"],
            rows: troubles,
            rest: "have no room here; `batch status` shows them all",
        },
    )
}

/// The ends of jobs, the best first.
const OUTCOMES: [&str; 9] = [
    "succeeded",
    "had their videos already",
    "in other runs",
    "on hold",
    "not submitted",
    "paid, still at the service",
    "not finished",
    "uncertain",
    "failed",
];

fn outcome(ending: &Ending) -> &'static str {
    match ending {
        Ending::Succeeded(_) => "succeeded",
        Ending::Kept => "had their videos already",
        Ending::Held(Reason::Uncertain) | Ending::Uncertain(_) => "uncertain",
        Ending::Held(_) => "on hold",
        Ending::Elsewhere(_) => "in other runs",
        Ending::Failed(JobError { code, .. }) if code.passes() => "not finished",
        Ending::AtService => "paid, still at the service",
        Ending::Open => "not submitted",
        Ending::Failed(_) => "failed",
    }
}

/// Returns a row for a job without a result.
fn trouble(job: &JobResult) -> Option<[String; 3]> {
    let (what, message) = match &job.ending {
        Ending::Failed(JobError { code, message }) => (code.meaning(), message.as_str()),
        Ending::Uncertain(message) => ("uncertain", message.as_str()),
        Ending::Held(Reason::Limit) => return None,
        Ending::Held(reason) => ("left as it is", reason.meaning()),
        Ending::Succeeded(_) | Ending::Kept | Ending::Elsewhere(_) | Ending::AtService | Ending::Open => return None,
    };
    Some([format!("`{}`", job.id), what.to_owned(), message.to_owned()])
}

fn rendered<C>(table: Table<'_, impl Iterator<Item = C>>, room: usize) -> String
where
    C: IntoIterator<Item = String>,
{
    let mut text = format!("\n{}\n\n", markdown::cell(table.title));
    let mut head = Some(format!("{}{}|\n", row(table.columns), "| --- ".repeat(table.columns.len())));
    let mut left = 0;
    for cells in table.rows {
        let line = head.take().unwrap_or_default() + &row(cells);
        // Once one doesn't fit, none after it is shown: the table has no gaps.
        if left > 0 || text.len() + line.len() > room {
            left += 1;
        } else {
            text += &line;
        }
    }
    if left > 0 {
        text += &format!("\n{left} more {}\n", markdown::cell(table.rest));
    }
    text
}

fn row<S: AsRef<str>>(cells: impl IntoIterator<Item = S>) -> String {
    let cells: Vec<String> = cells.into_iter().map(|cell| markdown::cell(cell.as_ref())).collect();
    format!("| {} |\n", cells.join(" | "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Reporter as _;

    fn table(rows: usize) -> Table<'static, impl Iterator<Item = [String; 2]>> {
        let rows = (0..rows).map(|n| [n.to_string(), "a|b".to_owned()]);
        Table { title: "2 errors in *x*", columns: &["n", "what"], rows, rest: "aren't shown" }
    }

    #[test]
    fn a_table_is_written_behind_what_is_there() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "before\n").unwrap();
        append(file.path(), table(1)).unwrap();
        append(file.path(), table(0)).unwrap();
        let text = std::fs::read_to_string(file.path()).unwrap();
        let expected =
            "before\n\n2 errors in \\*x\\*\n\n| n | what |\n| --- | --- |\n| 0 | a\\|b |\n\n2 errors in \\*x\\*\n\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_run_is_told_by_its_outcomes_and_its_troubles() {
        let (mut collector, results) = crate::report::results::Collector::new();
        crate::report::testing::a_run().iter().for_each(|event| collector.event(event));
        collector.finish();
        let file = tempfile::NamedTempFile::new().unwrap();
        of_run(file.path(), &results.try_recv().unwrap()).unwrap();
        let text = std::fs::read_to_string(file.path()).unwrap();
        let expected = "
batch run <code>jobs.yaml</code>: ended with exit code 3, after 2m 31s

| Outcome | Jobs |
| --- | --- |
| succeeded | 1 |
| had their videos already | 1 |
| not finished | 1 |
| uncertain | 2 |
| failed | 1 |

Without a result:

| Job | What happened | Message |
| --- | --- | --- |
| <code>close-up</code> | refused by the service | the prompt was refused by content moderation (HTTP 400, code 400) |
| <code>hill</code> | uncertain | the connection broke after the request went out |
| <code>old</code> | left as it is | nobody knows whether its submit arrived |
| <code>late</code> | took too long, and is still at the service | not finished 30 min after its submit |
";
        assert_eq!(text, expected);
    }

    #[test]
    fn the_page_stays_within_what_github_takes() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), vec![b'x'; 900_000]).unwrap();
        append(file.path(), table(50_000)).unwrap();
        let size = std::fs::metadata(file.path()).unwrap().len() as usize;
        assert!(size < LIMIT && size > LIMIT - 2 * RESERVE, "{size}");
        let text = std::fs::read_to_string(file.path()).unwrap();
        assert!(text.ends_with(" more aren't shown\n"), "{}", &text[text.len() - 100..]);
        assert!(append(Path::new("/nowhere/at/all"), table(1)).is_err());
    }
}
