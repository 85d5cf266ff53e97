//! The codes as rules: shown by SARIF's readers next to a result.

use super::level;
use super::log::{Configuration, Help, Message, Properties, Rule};
use crate::diagnostic::code::Code;
use crate::report::{manual, markdown};

/// Returns all rules, in the order of the manual.
pub(super) fn all() -> Vec<Rule> {
    Code::ALL.iter().map(|code| rule(*code)).collect()
}

fn rule(code: Code) -> Rule {
    let level = level(manual::usual_severity(code));
    // Links within the manual lead nowhere from here.
    let page = markdown::without_links(manual::page(code));
    Rule {
        id: code,
        name: Some(format!("{code:?}")).filter(|name| !name.eq_ignore_ascii_case(code.as_str())),
        short_description: Message::text(code.title()),
        full_description: Message::text(manual::gist(code)),
        help: Help { text: page.clone(), markdown: page },
        help_uri: manual::address(code),
        default_configuration: Configuration { level },
        properties: Properties { problem_severity: level, precision: "very-high", tags: ["manifest"] },
    }
}
