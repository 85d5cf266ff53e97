//! `$GITHUB_STEP_SUMMARY`: a page that GitHub shows beside a step, in Markdown.

use super::markdown;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

/// What GitHub takes for one step; it drops a larger page whole.
const LIMIT: usize = 1024 * 1024;

/// Room for the line that says how many rows did not fit, and for what GitHub puts in the place of secrets.
const RESERVE: usize = 4096;

/// A table under a line of text.
pub struct Table<'t, R> {
    /// What stands above, as text.
    pub title: &'t str,
    /// The names of the columns, as text.
    pub columns: &'t [&'t str],
    /// Cells, as text.
    pub rows: R,
    /// Said behind the number of rows that had no room.
    pub rest: &'t str,
}

/// Adds a table to the page at `path`, as much of it as there is room for.
///
/// # Errors
/// Where the file can't be written.
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

fn rendered<C>(table: Table<'_, impl Iterator<Item = C>>, room: usize) -> String
where
    C: IntoIterator<Item = String>,
{
    let mut text = format!("\n{}\n\n", markdown::cell(table.title));
    let mut head = Some(format!("{}{}|\n", row(table.columns), "| --- ".repeat(table.columns.len())));
    let mut left = 0;
    for cells in table.rows {
        let line = head.take().unwrap_or_default() + &row(cells);
        // Where one has no room, none behind it is shown: the table has no holes.
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
