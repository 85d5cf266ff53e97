//! The manual's page of each code, compiled in: what `batch explain` shows, and what SARIF carries along.

use super::markdown::{self, Block};
use crate::diagnostic::code::{Code, Severity};

/// A language of the manual.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Chinese.
    Chinese,
}

impl Language {
    /// All of them.
    pub const ALL: [Language; 2] = [Language::English, Language::Chinese];

    /// Returns the page that holds the codes, and the heading that they stand under.
    fn manual(self) -> (&'static str, &'static str) {
        match self {
            Language::English => (include_str!("../../docs/manifest.md"), "\n## Codes\n"),
            Language::Chinese => (include_str!("../../docs/manifest.zh-CN.md"), "\n## 诊断代码\n"),
        }
    }
}

/// Returns what the manual says of a code: its section, as Markdown, without the heading.
pub fn page(code: Code) -> &'static str {
    page_in(Language::English, code)
}

/// Returns the page as [`page`] does, in this language.
pub fn page_in(language: Language, code: Code) -> &'static str {
    let (manual, heading) = language.manual();
    let (_, codes) = manual.split_once(heading).expect("the manual has codes; a test reads every page");
    let mut sections = codes.split("\n### ").skip(1).map(|section| section.split_once('\n').unwrap_or((section, "")));
    let (_, page) =
        sections.find(|(title, _)| *title == code.as_str()).expect("every code has a page; a test reads it");
    // A section that isn't the last of its chapter would otherwise run on into the next one.
    page.split("\n## ").next().unwrap_or(page).trim()
}

/// Returns where the page can be read, if this build knows its repository.
pub fn address(code: Code) -> Option<String> {
    let repository = env!("CARGO_PKG_REPOSITORY").trim_end_matches('/');
    let version = env!("CARGO_PKG_VERSION");
    (!repository.is_empty()).then(|| format!("{repository}/blob/v{version}/docs/manifest.md#{code}"))
}

/// Returns how bad a breach of the rule is as a rule: a page about a warning says so first.
pub fn usual_severity(code: Code) -> Severity {
    if page(code).starts_with("Warning: ") { Severity::Warning } else { Severity::Error }
}

/// Returns the rule in a paragraph of plain text.
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
