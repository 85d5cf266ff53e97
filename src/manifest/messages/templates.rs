//! Messages about templates.

use super::{Words, all, quoted};
use crate::diagnostic::code::Code;
use crate::manifest::expand::{FILTERS, Scope, TemplateFlaw};
use crate::manifest::problem::Place;

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
