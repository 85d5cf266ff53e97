//! Messages about rows.

use super::document::private_file;
use super::expand::count;
use super::{Words, quoted};
use crate::diagnostic::code::Code;
use crate::document::bounds::{MANIFEST_BYTES, Misencoding};
use crate::manifest::expand::{MOST_COLUMNS, RowsFlaw};
use crate::manifest::problem::{Place, Unreadable};

pub(super) fn rows(at: Place, flaw: &RowsFlaw, also: Option<Place>) -> Words {
    let error = |message: &str| Words::error(Code::Rows, message);
    let with = |words: Words, text: &'static str| match also {
        Some(also) => words.at(also, text),
        None => words,
    };
    let of_file = |words| with(words, "the rows of this job");
    match flaw {
        RowsFlaw::NotRows => error("`rows` is the path of a file, or a list of mappings").at(at, "neither"),
        RowsFlaw::NotAMapping => error("a row is a mapping of names to values")
            .at(at, "no mapping")
            .help("write names with values, as `- { product: cup, seconds: 5 }`"),
        RowsFlaw::NoPath => error("`rows` names no file").at(at, "nothing is written"),
        RowsFlaw::Backslash => {
            error("the path of rows has a backslash").at(at, "has a backslash").help("write `/` between folders")
        }
        RowsFlaw::Absolute => error("the path of rows is absolute")
            .at(at, "absolute")
            .help("write it as it is seen from the manifest's folder, and keep the file in the project"),
        RowsFlaw::Escapes { project } => {
            let bound = if *project { "the project" } else { "the manifest's folder" };
            error(&format!("the path of rows leads out of {bound}"))
                .at(at, "leads out")
                .help("copy the file into the project: what jobs are made of is kept in version control with them")
        }
        RowsFlaw::Private(why) => private_file("the path of rows", *why).at(at, "not read"),
        RowsFlaw::Kind => {
            error("rows come from a file whose name ends with `.csv`, `.tsv`, `.jsonl`, `.ndjson` or `.json`")
                .at(at, "another kind of file")
                .help("from a spreadsheet, export the table as CSV")
        }
        RowsFlaw::File(why) => {
            let words = |message: &str| Words::error(Code::Unreadable, message);
            match why {
                Unreadable::Missing(near) => {
                    let words = words("the file of rows doesn't exist").at(at, "not there");
                    match near {
                        Some(near) => words.help(format!("did you mean {}?", quoted(near))),
                        None => words.help("the path is looked for from the manifest's folder on"),
                    }
                }
                Unreadable::Folder => words("the rows' path is a folder, not a file").at(at, "a folder"),
                Unreadable::Special => words("the rows' path is no regular file").at(at, "no regular file"),
                Unreadable::LfsPointer => {
                    words("the file of rows is what git LFS leaves for one that was not fetched (a pointer)")
                        .at(at, "not fetched")
                        .help("fetch it with `git lfs pull`")
                }
                Unreadable::Endless => {
                    words("the file of rows has no end, or gives nothing for too long").at(at, "not read")
                }
                Unreadable::Io(reason) => {
                    words(&format!("the file of rows can't be read: {reason}")).at(at, "not read")
                }
            }
        }
        RowsFlaw::TooLarge => {
            let most = MANIFEST_BYTES / (1024 * 1024);
            Words::error(Code::Limits, format!("a file of rows has {most} MiB at most, and all of them together 1 GiB"))
                .at(at, "too large")
                .help("split the jobs into several manifests, each with a lock of its own")
        }
        RowsFlaw::Misencoded(what) => {
            let place = format!("line {}, column {}", what.position.line, what.position.column);
            let message = match what.kind {
                Misencoding::Nul => format!("the file of rows is no text: there is a NUL byte at {place}"),
                Misencoding::Utf16 => format!("the file of rows is UTF-16, and damaged at {place}"),
                Misencoding::Utf32 => "the file of rows is UTF-32, and a table is UTF-8 or UTF-16".to_owned(),
                Misencoding::NotUtf8 => format!("the file of rows is not UTF-8 (first invalid byte: {place})"),
            };
            Words::error(Code::Syntax, message)
                .at(at, "not UTF-8")
                .help("save it as UTF-8; in a spreadsheet choose `CSV UTF-8`")
        }
        RowsFlaw::NoHeader => of_file(error("a file of rows starts with a line of column names").at(at, "empty"))
            .help("write the names of the columns into the first line, as `product,resolution`"),
        RowsFlaw::NoColumnName { is_first } => {
            of_file(error("a column without a name has values").at(at, "no name")).help(match is_first {
                true => "name every column in the first line; pandas writes its numbers so, and leaves them out with `index=False`",
                false => "name every column in the first line, or empty this one",
            })
        }
        RowsFlaw::BlankColumns { count: columns } => {
            let columns = match columns {
                1 => "1 column has no name and no value, and is passed over".to_owned(),
                n => format!("{n} columns have no name and no value, and are passed over"),
            };
            of_file(Words::warning(Code::BlankRow, columns).at(at, "the first of them"))
                .help("take them out of the table, with the separators that are too many")
        }
        RowsFlaw::BlankRows { count: rows } => {
            let rows = match rows {
                1 => "1 row of the table has no value, and makes no job".to_owned(),
                n => format!("{n} rows of the table have no value, and make no jobs"),
            };
            of_file(Words::warning(Code::BlankRow, rows).at(at, "the first of them")).help("take them out of the table")
        }
        RowsFlaw::Separator { found, expected, in_header: true } => of_file(
            error(&format!("the columns are parted by {}, not by {}", separator(*found), separator(*expected)))
                .at(at, "one cell"),
        )
        .help(match found.is_ascii() {
            true => format!("write `sep={found}` as the first line, or save the table with commas"),
            false => "save the table with commas of ASCII: `,`".to_owned(),
        }),
        RowsFlaw::Separator { found, expected, in_header: false } => with(
            error(&format!(
                "the cells of this row are parted by {}, and those of the header by {}",
                separator(*found),
                separator(*expected)
            ))
            .at(at, "one cell"),
            "the header",
        )
        .help("part the cells of all rows as those of the header"),
        RowsFlaw::Conflict(marks) => of_file(super::document::conflict(marks)),
        RowsFlaw::DuplicateColumn(name) => {
            with(error(&format!("two columns are called {}", quoted(name))).at(at, "again here"), "first here")
                .help("rename one of them")
        }
        RowsFlaw::Ragged { cells, columns } => {
            let (cells, columns) = (count(*cells, "cell"), count(*columns, "column"));
            let label = if at.at.start == at.at.end { "ends here" } else { "in this row" };
            with(error(&format!("a row has {cells}, and the header {columns}")).at(at, label), "the header").help(
                "give each row a cell for each column; a cell with a comma or a line break in it needs quotes",
            )
        }
        RowsFlaw::OpenQuote => of_file(error("a quote is opened and not closed").at(at, "opened here"))
            .help("close the cell with `\"`; a quote inside of it is written twice"),
        RowsFlaw::BehindQuote => of_file(error("there is text after a closing quote").at(at, "not in the quotes"))
            .help("a quote inside of a cell in quotes is written twice"),
        RowsFlaw::NotJson { why, entry: Some(entry) } => {
            of_file(error(&format!("entry {entry} of the array is no JSON: {why}")).at(at, "here"))
                .help("write the entries as JSON objects with commas between them, as [{\"product\": \"cup\"}, {\"product\": \"pot\"}]")
        }
        RowsFlaw::NotAnObject { entry: Some(entry) } => {
            of_file(error(&format!("entry {entry} of the array is no JSON object")).at(at, "no object"))
                .help("write each entry as a JSON object, as {\"product\": \"cup\", \"seconds\": 5}")
        }
        RowsFlaw::OneObject(key) => of_file(error("the file of rows is one JSON object, not a list of them").at(at, "one object"))
            .help(match key {
                Some(key) => format!("write the list under {} alone into the file, as [{{\"product\": \"cup\"}}, {{\"product\": \"pot\"}}]", quoted(key)),
                None => "write a list of objects, one for each row, as [{\"product\": \"cup\"}, {\"product\": \"pot\"}]".to_owned(),
            }),
        RowsFlaw::NotJson { why, entry: None } => of_file(error(&format!("a line is no JSON: {why}")).at(at, "here"))
            .help("write one JSON object on each line, as {\"product\": \"cup\", \"seconds\": 5}"),
        RowsFlaw::NotAnObject { entry: None } => of_file(error("a line is no JSON object").at(at, "no object"))
            .help("write one JSON object on each line, as {\"product\": \"cup\", \"seconds\": 5}"),
        RowsFlaw::TooManyColumns(columns) => {
            let message = format!("a table has at most {MOST_COLUMNS} columns; this one has {columns}");
            Words::error(Code::Limits, message).at(at, "too many").help("take out the columns that no template names")
        }
        RowsFlaw::NoRows => Words::warning(Code::Rows, "there are no rows, and so no jobs").at(at, "makes no job"),
    }
}

/// Returns the name of a character that separates cells.
fn separator(c: char) -> String {
    match c {
        '\t' => "tabs".to_owned(),
        c if c.is_ascii() => format!("`{c}`"),
        c => format!("{} (`{c}`)", crate::base::look_alike::name(c)),
    }
}
