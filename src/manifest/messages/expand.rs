//! Messages about templates, matrices and rows.

use super::document::private_file;
use super::{Words, all, either, quoted};
use crate::diagnostic::code::Code;
use crate::document::bounds::{MANIFEST_BYTES, Misencoding};
use crate::manifest::expand::{
    FILTERS, MOST_COLUMNS, MOST_JOBS, MOST_NAMES, MatrixFlaw, RowsFlaw, Scope, TemplateFlaw,
};
use crate::manifest::problem::{Place, Texts, Unreadable};

pub(super) fn template(at: Place, flaw: &TemplateFlaw) -> Words {
    let error = |message: String| Words::error(Code::Template, message);
    match flaw {
        TemplateFlaw::Open => error("a template isn't closed".to_owned())
            .at(at, "no `}}` after it")
            .help("write `}}` after the name; where a literal `${{` is meant, write `$${{`"),
        TemplateFlaw::Empty => error("a template is empty".to_owned())
            .at(at, "nothing in it")
            .help("write the name of a value into it, as `${{ matrix.name }}` or `${{ row.name }}`"),
        TemplateFlaw::NoName => error("a template doesn't start with the name of a value".to_owned())
            .at(at, "no name")
            .help("start with `matrix.` or `row.` and a name, and let filters follow, as in `${{ row.name | lower }}`"),
        TemplateFlaw::NotAllowed(what) => error(format!("{} has no meaning in a template", quoted(what)))
            .at(at, "not here")
            .help("a template is a name and the filters that its value goes through, as in `${{ row.name | lower }}`"),
        TemplateFlaw::Syntax(words) => error(format!("a template can't be read: {words}")).at(at, "here"),
        TemplateFlaw::UnknownScope { name, nearest } => {
            let words = error(format!("no values are called {}", quoted(name)));
            match nearest {
                Some(scope) => words.at(at, format!("did you mean `{}`?", scope.word())).help(format!(
                    "write `{}` for the values of {}",
                    scope.word(),
                    kind(*scope)
                )),
                None => words
                    .at(at, "not known")
                    .help("values are called `matrix.` or `row.` and a name; for the text itself write `$${{`"),
            }
        }
        TemplateFlaw::NoScope(scope) => error(format!("the job has no {}", quoted(scope.field())))
            .at(at, "nothing to fill in")
            .help(format!("add {} to the job", quoted(scope.field()))),
        TemplateFlaw::Bare(scope) => error(format!("{} is no value, but has some", quoted(scope.word())))
            .at(at, "which of them?")
            .help(match scope {
                Scope::Job => "write `${{ job.number }}`".to_owned(),
                scope => format!("write a dot and a name after it, as in `${{{{ {}.name }}}}`", scope.word()),
            }),
        TemplateFlaw::Unknown { scope, name, nearest, known } => {
            let message = match scope {
                Scope::Matrix => format!("nothing in the matrix is called {}", quoted(name)),
                Scope::Row => format!("no column of the rows is called {}", quoted(name)),
                Scope::Job => format!("the job itself has no value {}", quoted(name)),
            };
            let known: Vec<String> = known.iter().map(|name| quoted(name)).collect();
            match nearest {
                Some(near) => error(message).at(at, format!("did you mean {}?", quoted(near))),
                None => error(message).at(at, "not known"),
            }
            .help(match known.is_empty() {
                true => "there are no names in this value".to_owned(),
                false => format!("the names are {}", all(&known)),
            })
        }
        TemplateFlaw::Unset { name, scope, row } => {
            let one = match scope {
                Scope::Matrix | Scope::Job => "combination",
                Scope::Row => "row",
            };
            let words = error(format!("a {one} has no value for {}", quoted(name))).at(at, "not there");
            let words = row.iter().fold(words, |words, row| words.at_span(*row, "the first row without it"));
            words.help(format!("add it, or write `| default(\"…\")` after the name for each {one} without it"))
        }
        TemplateFlaw::UnknownFilter { name, nearest } => {
            let words = error(format!("there is no filter {}", quoted(name)));
            let label =
                nearest.map_or_else(|| "not known".to_owned(), |near| format!("did you mean {}?", quoted(near)));
            words.at(at, label).help(format!("the filters are {}", all(&FILTERS.map(quoted))))
        }
        TemplateFlaw::Filter(words) => error(format!("a filter can't be applied: {words}")).at(at, "not applied"),
        TemplateFlaw::NotText { name, what } => {
            error(format!("{} is {what}, and no part of a text", quoted(name))).at(at, "no text").help(match *what {
                "a mapping" => format!("name a value in it, as `{name}.name`"),
                "a list" => "write it alone where a list is wanted".to_owned(),
                "a date" | "a time of day" => "put it in quotes".to_owned(),
                _ => "give each value a name of its own".to_owned(),
            })
        }
        TemplateFlaw::Braces { written, meant, is_filled } => {
            let message = format!("{} looks like a template and is none: it would be sent as it is", quoted(written));
            let code = Code::Template;
            let words = if *is_filled { Words::error(code, message) } else { Words::warning(code, message) };
            let words = words.at(at, "not filled in");
            match is_filled {
                true => words.help(format!("write {}", quoted(meant))),
                false => words
                    .help(format!("write {} in a job with `matrix` or `rows`, or take the braces out", quoted(meant))),
            }
        }
        TemplateFlaw::TooLong => error("a template is filled to more than 1 MiB of text".to_owned()).at(at, "too much"),
        TemplateFlaw::Outside => error("there is a template where nothing is filled in".to_owned())
            .at(at, "stays as it is")
            .help("give the job `matrix` or `rows`; templates work in all fields of such a job, and nowhere else"),
    }
}

fn kind(scope: Scope) -> &'static str {
    match scope {
        Scope::Matrix => "a combination",
        Scope::Row => "a row",
        Scope::Job => "the job itself",
    }
}

pub(super) fn matrix(at: Place, flaw: &MatrixFlaw) -> Words {
    let error = |message: String| Words::error(Code::Matrix, message);
    match flaw {
        MatrixFlaw::NoAxes => error("`matrix` is a mapping of names to lists of values".to_owned())
            .at(at, "no axes")
            .help("write a name and its values, as `resolution: [720p, 1080p]`"),
        MatrixFlaw::NotAList(axis) => error(format!("the values of {} in a matrix are a list", quoted(axis)))
            .at(at, "no list")
            .help("write them in brackets, also where it is only one"),
        MatrixFlaw::NoValues(axis) => {
            error(format!("{} in a matrix has no values, and so there are no combinations", quoted(axis)))
                .at(at, "nothing in it")
                .help("give it values, or take it out")
        }
        MatrixFlaw::NotMappings(key) => error(format!("{} in a matrix is a list of mappings", quoted(key)))
            .at(at, "no mapping")
            .help("write names with values, as `- { resolution: 1080p, seconds: 8 }`"),
        MatrixFlaw::NotAnAxis { key, nearest, axes } => {
            let axes: Vec<String> = axes.iter().map(|axis| quoted(axis)).collect();
            let label =
                nearest.as_ref().map_or_else(|| "no axis".to_owned(), |near| format!("did you mean {}?", quoted(near)));
            error(format!("`exclude` names {}, which is no axis of the matrix", quoted(key))).at(at, label).help(
                match axes.is_empty() {
                    true => "a matrix of `include` alone has nothing to exclude".to_owned(),
                    false => format!("write {}: what `include` adds is not excluded", either(&axes)),
                },
            )
        }
        MatrixFlaw::NothingExcluded => {
            Words::warning(Code::Matrix, "an entry under `exclude` takes no combination out")
                .at(at, "fits none")
                .help("write the values as the matrix has them: a text is no number; or take the entry out")
        }
        MatrixFlaw::TooManyNames(names) => {
            let message =
                format!("a matrix has at most {MOST_NAMES} names, of axes and under `include`; this one has {names}");
            Words::error(Code::Limits, message)
                .at(at, "too many")
                .help("put values that belong together into one mapping, as `look: [{ lens: wide, light: dawn }]`")
        }
        MatrixFlaw::TooManyEntries => {
            let message = "a matrix of so many combinations has fewer entries under `include` and `exclude`";
            Words::error(Code::Limits, message).at(at, "too many").help("split the job into several")
        }
        MatrixFlaw::NothingLeft => {
            error("everything in the matrix is excluded".to_owned()).at(at, "no combination is left")
        }
    }
}

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

pub(super) fn too_many(at: Place, jobs: u64) -> Words {
    let jobs = if jobs == u64::MAX { "more than can be counted".to_owned() } else { format!("at least {jobs}") };
    Words::error(Code::Limits, format!("matrices and rows generate {MOST_JOBS} jobs at most; these are {jobs}"))
        .at(at, "too many")
        .help("take values out, or split the jobs into several manifests, each with a lock of its own")
}

pub(super) fn too_much(at: Place, of: Texts) -> Words {
    let (message, help) = match of {
        Texts::Job => {
            ("templates are filled to more than 16 MiB of text in one job", "shorten what they are filled with")
        }
        Texts::Manifest => (
            "templates are filled to more than 1 GiB of text, the most for a manifest",
            "split the jobs into several manifests, each with a lock of its own",
        ),
        Texts::Unshared => (
            "what templates make that no two jobs share takes more than 32 MiB and 256 bytes a job",
            "shorten the URLs or what the texts are filled with, or split the jobs into several manifests, each with a lock of its own",
        ),
    };
    Words::error(Code::Limits, message).at(at, "too much").help(help)
}

/// Returns the name of a character that separates cells.
fn separator(c: char) -> String {
    match c {
        '\t' => "tabs".to_owned(),
        c if c.is_ascii() => format!("`{c}`"),
        c => format!("{} (`{c}`)", crate::base::look_alike::name(c)),
    }
}

fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
