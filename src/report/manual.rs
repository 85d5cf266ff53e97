//! The manual's page of each code, compiled in: what `batch explain` shows, and what SARIF carries along.

use super::markdown::{self, Block};
use crate::diagnostic::code::{Code, Severity};

/// The page that holds the codes.
const MANUAL: &str = include_str!("../../docs/manifest.md");

/// What the manual says of a code: its section, as Markdown, without the heading.
pub fn page(code: Code) -> &'static str {
    let (_, codes) = MANUAL.split_once("\n## Codes\n").expect("the manual has codes; a test reads every page");
    let mut sections = codes.split("\n### ").skip(1).map(|section| section.split_once('\n').unwrap_or((section, "")));
    let (_, page) =
        sections.find(|(title, _)| *title == code.as_str()).expect("every code has a page; a test reads it");
    // A section that isn't the last of its chapter would otherwise run on into the next one.
    page.split("\n## ").next().unwrap_or(page).trim()
}

/// Where the page can be read, if this build knows its repository.
pub fn address(code: Code) -> Option<String> {
    let repository = env!("CARGO_PKG_REPOSITORY").trim_end_matches('/');
    let version = env!("CARGO_PKG_VERSION");
    (!repository.is_empty()).then(|| format!("{repository}/blob/v{version}/docs/manifest.md#{code}"))
}

/// How bad a breach of the rule is as a rule: a page about a warning says so first.
pub fn usual_severity(code: Code) -> Severity {
    if page(code).starts_with("Warning: ") { Severity::Warning } else { Severity::Error }
}

/// The rule in a paragraph of plain text.
pub fn gist(code: Code) -> String {
    let first = markdown::blocks(page(code)).into_iter().find_map(|block| match block {
        Block::Paragraph(text) => Some(markdown::plain(&text)),
        _ => None,
    });
    first.unwrap_or_else(|| code.title().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_page_that_says_the_rule_and_shows_an_example() {
        for &code in Code::ALL {
            let blocks = markdown::blocks(page(code));
            assert!(matches!(blocks.first(), Some(Block::Paragraph(_))), "{code}: {blocks:?}");
            assert!(page(code).contains("# wrong"), "{code} shows nothing wrong");
            // What the service ignores is only left out.
            assert!(page(code).contains("# right") || code == Code::AspectRatio, "{code} shows nothing right");
            assert!(!page(code).contains("\n#"), "{code}: the page runs on");
            assert!(gist(code).len() > 20, "{code}: {}", gist(code));
        }
    }

    #[test]
    fn pages_say_what_is_only_a_warning() {
        let warnings: Vec<_> = Code::ALL.iter().filter(|code| usual_severity(**code) == Severity::Warning).collect();
        assert_eq!(
            warnings,
            [
                &Code::UnusedReference,
                &Code::MentionSpacing,
                &Code::TwinJobs,
                &Code::AspectRatio,
                &Code::BlankRow,
                &Code::PromptLength,
            ]
        );
    }
}
