//! Messages about files that can't be read, and texts that aren't well-formed documents.

use super::{Words, quoted};
use crate::base::look_alike;
use crate::diagnostic::code::{Code, Severity};
use crate::document::bounds::{DEPTH, MANIFEST_BYTES, Misencoded, Misencoding};
use crate::document::flaw::{Flaw, SyntaxKind};
use crate::document::span::Span;
use crate::manifest::bound::Private;
use crate::manifest::dedup::MOST_FINDINGS;
use crate::manifest::problem::Unreadable;

pub(super) fn unreadable(name: &str, why: &Unreadable) -> Words {
    let file = quoted(name);
    match why {
        Unreadable::Missing(nearest) => {
            Words::error(Code::Unreadable, format!("{file} doesn't exist")).help(match nearest {
                Some(near) => format!("did you mean {}?", quoted(near)),
                None => "name the file that lists the jobs; `batch init` writes one to start from".to_owned(),
            })
        }
        Unreadable::Folder => Words::error(Code::Unreadable, format!("{file} is a folder, not a file"))
            .help("name the file in it that lists the jobs, such as `jobs.yaml`"),
        Unreadable::Special => Words::error(Code::Unreadable, format!("{file} is no regular file"))
            .help("to read what another program writes, name the manifest `-` and pipe it in"),
        Unreadable::LfsPointer => Words::error(
            Code::Unreadable,
            format!("{file} is what git LFS leaves for a file that was not fetched (a pointer), not a manifest"),
        )
        .help("fetch it with `git lfs pull`"),
        Unreadable::Endless => {
            Words::error(Code::Unreadable, format!("{file} has no end, or gives nothing for too long")).help(
                "name a file on a disk; to read what another program writes, name the manifest `-` and pipe it in",
            )
        }
        Unreadable::Io(reason) => Words::error(Code::Unreadable, format!("{file} can't be read: {reason}")),
    }
}

/// Says that nothing of the manifest is read.
pub(super) fn private(name: &str, why: Private) -> Words {
    private_file(&quoted(name), why)
}

/// Says that nothing is read of a file that the manifest names, or of the manifest itself.
pub(super) fn private_file(file: &str, why: Private) -> Words {
    let (leads, help) = match why {
        Private::Env => ("to a `.env`, where keys are kept", "name a file that has no secrets in it"),
        Private::Git => ("into `.git`, where credentials are kept", "name a file of the work tree"),
        Private::Outside => {
            ("out of the project by a link", "put the file itself there: a clone must have all that its manifest needs")
        }
        Private::NoTable => ("by a link to a file that is no table by its name", "name the table itself"),
    };
    Words::error(Code::PrivateFile, format!("{file} leads {leads}: nothing of it is read")).help(help)
}

pub(super) fn too_large(name: &str) -> Words {
    let most = MANIFEST_BYTES / (1024 * 1024);
    Words::error(Code::Limits, format!("{} is larger than {most} MiB, the most for a manifest", quoted(name)))
        .help("split it into several manifests, each with a lock of its own")
}

pub(super) fn too_many_findings(severity: Severity, left_out: usize) -> Words {
    let what = match severity {
        Severity::Error => "errors",
        Severity::Warning => "warnings",
    };
    let message =
        format!("there are more than {MOST_FINDINGS} {what}, the most that are reported; {left_out} more were met");
    Words::new(Code::Limits, severity, message).help("fix what is reported first; many may have one cause")
}

pub(super) fn misencoded(name: &str, what: &Misencoded) -> Words {
    let file = quoted(name);
    let place = format!("line {}, column {}", what.position.line, what.position.column);
    let message = match what.kind {
        Misencoding::Utf16 => format!("{file} is UTF-16, and a manifest is UTF-8"),
        Misencoding::Utf32 => format!("{file} is UTF-32, and a manifest is UTF-8"),
        Misencoding::Nul => format!("{file} is no text: there is a NUL byte at {place}"),
        Misencoding::NotUtf8 => format!("{file} is not UTF-8: the byte at {place} doesn't belong there"),
    };
    let start = what.position.offset;
    Words::error(Code::Syntax, message)
        .at_span(Span::new(start, start + char::REPLACEMENT_CHARACTER.len_utf8()), "not UTF-8")
        .help("save it as UTF-8")
}

pub(super) fn flaw(flaw: &Flaw) -> Words {
    match flaw {
        Flaw::Syntax { span, kind } => syntax(*span, kind),
        Flaw::DuplicateKey { key, first, second } => {
            Words::error(Code::DuplicateKey, format!("{} occurs twice in one mapping", quoted(key)))
                .at_span(*second, "again here")
                .at_span(*first, "first here")
                .help("keep one of them")
        }
        Flaw::Conflict { marks } => conflict(marks),
        Flaw::UnknownAlias { name, span, nearest } => {
            let words = Words::error(Code::Syntax, format!("there is no anchor `&{name}` before this alias"))
                .at_span(*span, "refers to nothing");
            words.help(match nearest {
                Some(near) => format!("did you mean `*{near}`?"),
                None => format!("write `&{name}` before the value that it refers to, further up; a text that starts with `*` needs quotes"),
            })
        }
        Flaw::RecursiveAlias { span } => {
            Words::error(Code::Limits, "an alias is inside the value that it refers to, which would never end")
                .at_span(*span, "refers to what it is in")
                .help("write the value out")
        }
        Flaw::BadMerge { span } => {
            Words::error(Code::WrongType, "a merge key (`<<`) takes a mapping or a list of mappings")
                .at_span(*span, "neither")
                .help("write the alias of a mapping, as `<<: *name`")
        }
        Flaw::ComplexKey { span } => {
            Words::error(Code::Syntax, "a list or a mapping can't be a key: keys are names of fields")
                .at_span(*span, "not a name")
                .help("put a text that starts with `{` or `[` in quotes")
        }
        Flaw::UnknownTag { span, name } => {
            Words::error(Code::Syntax, "this tag isn't known here, or doesn't fit its value").at_span(*span, "a tag").help(
                match name.trim_start_matches('!').to_ascii_lowercase().as_str() {
                    "binary" => "a manifest holds texts, and no bytes in Base64: write the text itself, in quotes",
                    "include" | "import" | "file" | "env" | "envvar" | "secret" | "ref" | "sub" | "vault" => {
                        "`batch` reads no other files or variables into a manifest: write the value itself, or take it from a table by `rows`"
                    }
                    _ => "leave it out; a text that starts with `!` needs quotes",
                },
            )
        }
        Flaw::TooDeep { span } => {
            Words::error(Code::Limits, format!("lists and mappings are nested more than {DEPTH} deep"))
                .at_span(*span, "one too deep")
        }
        Flaw::MixedHeaders { name, table, list } => {
            let (one, two) = (quoted(&format!("[{name}]")), quoted(&format!("[[{name}]]")));
            Words::error(
                Code::WrongType,
                format!("{one} and {two} are both used: the first is a single table, the second one of several"),
            )
            .at_span(*table, "single brackets")
            .at_span(*list, "double brackets")
            .help(format!("write {two} each time"))
        }
        Flaw::TooManyAliases { span } => {
            Words::error(Code::Limits, "the aliases in this manifest expand to too many values")
                .at_span(*span, "one too many")
                .help("write the values out, or share them through `defaults` and the library")
        }
    }
}

/// Describes a merge conflict by its markers.
pub(super) fn conflict(marks: &[Span]) -> Words {
    let words =
        Words::error(Code::MergeConflict, "this is a merge conflict: its marks and both of its sides are still here");
    let mut marks = marks.iter();
    let words = marks.next().into_iter().fold(words, |words, mark| words.at_span(*mark, "it starts here"));
    let words = marks.fold(words, |words, mark| words.at_span(*mark, "and goes on"));
    words.help("keep what is meant of the two sides, and take out the lines with the marks")
}

fn syntax(span: Span, kind: &SyntaxKind) -> Words {
    let error = |message: &str, label: &'static str| Words::error(Code::Syntax, message).at_span(span, label);
    // If the mistake is a single character, only that one is shown, not all that it spoils.
    let error_at =
        |span: Span, message: &str, label: &'static str| Words::error(Code::Syntax, message).at_span(span, label);
    let first = Span { start: span.start, end: span.start + 1 };
    match kind {
        SyntaxKind::PlainAt(_) => {
            error_at(first, "a text that starts with `@` needs quotes: YAML keeps that character for itself", "needs quotes")
                .help("put the whole text in quotes, as in `prompt: \"@human walks on the @grass\"`")
        }
        SyntaxKind::PlainOther(c, _) => {
            let message = format!("a text that starts with `{c}` needs quotes: YAML keeps that character for itself");
            error_at(first, &message, "needs quotes")
                .help("put the whole text in quotes")
        }
        SyntaxKind::PlainTemplate => error("a text with a template in it needs quotes here: YAML takes its braces for a mapping", "needs quotes")
            .help("put the whole text in quotes, as in `\"${{ matrix.name }}\"`, with the dollar sign"),
        SyntaxKind::Control(c) => {
            let escape = format!("\\u{:04x}", u32::from(*c));
            error(&format!("there is an invisible character here: {}", quoted(&escape)), "not a text's")
                .help(format!("take it out, or write it as {} in double quotes", quoted(&escape)))
        }
        SyntaxKind::NoComma => error("a comma is missing before this", "no comma before it")
            .help("write a comma between two entries, and a colon after a key"),
        SyntaxKind::EmptyItem => error("there is nothing before a comma", "nothing before it")
            .help("take the comma out, or write what is missing"),
        SyntaxKind::TightColon => error("a bracket follows a colon without a space", "no space after it")
            .help("write a space after the colon: YAML knows no key without one, though some readers let it pass"),
        SyntaxKind::ColonInPlain => {
            error("a text with a colon and a space in it needs quotes: YAML takes what is before it for a key", "needs quotes")
                .help("put the whole text in quotes, or write it as a block: `|` after the key and the text on the next lines, further in")
        }
        SyntaxKind::UnclosedQuote { opened } => {
            error_at(*opened, "a quote is never closed", "opened here")
                .help("close it where the text ends; a quote inside is `\\\"` in double quotes and `''` in single ones")
        }
        SyntaxKind::UnclosedBracket { opened } => {
            error_at(*opened, "a bracket is never closed", "opened here").help("close it, or take it out")
        }
        SyntaxKind::AfterQuote => error("text follows a closing quote", "more text")
            .help("put the whole text inside the quotes; a quote inside is `\\\"` in double quotes and `''` in single ones"),
        SyntaxKind::Indentation => {
            error("this line is indented too far or not far enough to belong to what is around it", "does not line up")
                .help("let the fields of one job start in the same column")
        }
        SyntaxKind::NoColon => error("this line is neither a `key: value` nor an item", "neither")
            .help("write a colon and a space after a key; a text of several lines needs `|` after its key"),
        SyntaxKind::Tab => {
            error("there is a tab where YAML counts spaces", "a tab").help("indent with spaces")
        }
        SyntaxKind::ManyDocuments => error("a second document starts here, and a manifest is one", "starts here")
            .help("put all jobs under one `jobs:`, or each document in a file of its own"),
        SyntaxKind::BadEscape => error("a backslash starts nothing that double quotes know", "not an escape")
            .help("write `\\\\` for a backslash, or use single quotes, in which it is one already"),
        SyntaxKind::HalfCharacter => {
            error("this escape is half of a character (one of a surrogate pair), and the other half is missing", "half a character")
                .help("write the whole character as it is, or take the escape out: a text was probably cut here")
        }
        SyntaxKind::LookAlike(c, meant) => {
            let (name, point) = (look_alike::name(*c), look_alike::code_point(*c));
            error(&format!("this is {name} (`{c}`, {point}), where `{meant}` is meant"), "looks like it")
                .help(format!("write `{meant}`"))
        }
        SyntaxKind::ColonForEquals => error("a colon follows a key, where TOML has an equals sign", "not `=`")
            .help("write ` = ` between a key and its value, or name the file `.yaml`"),
        SyntaxKind::Comment => error("JSON has no comments", "a comment")
            .help("take it out, or name the file `.yaml`: as YAML it is read too, with comments that start with `#`"),
        SyntaxKind::NoQuotes => error("a text in JSON needs double quotes", "no double quotes")
            .help("put the whole text in double quotes"),
        SyntaxKind::RawBreak => error("a text in JSON has no line break in it", "the line ends here")
            .help("write `\\n` for a line break"),
        SyntaxKind::Unquoted => {
            error("a text needs quotes in TOML", "needs quotes").help("put the whole text in double quotes")
        }
        SyntaxKind::Other(words) => error(words, "here"),
    }
}
