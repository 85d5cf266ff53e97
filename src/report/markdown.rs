//! Markdown: reads the subset that the manual uses, and escapes foreign text so that it stays text.

use super::terminal_safe;

/// A piece of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Block {
    /// Running text without its line breaks.
    Paragraph(String),
    /// An item of a list.
    Item(String),
    /// The content of a fence, unchanged.
    Code {
        /// The word after the fence.
        language: String,
        /// Lines, each with its end.
        text: String,
    },
}

/// Returns the blocks of a page.
pub(super) fn blocks(page: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    // `true` if the line before belongs to a paragraph or an item that may continue.
    let mut open = false;
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let text =
                lines.by_ref().take_while(|line| *line != "```").fold(String::new(), |text, line| text + line + "\n");
            blocks.push(Block::Code { language: language.to_owned(), text });
            open = false;
        } else if line.trim().is_empty() {
            open = false;
        } else if let Some(item) = line.strip_prefix("- ") {
            blocks.push(Block::Item(item.to_owned()));
            open = true;
        } else if let (true, Some(Block::Paragraph(text) | Block::Item(text))) = (open, blocks.last_mut()) {
            text.push(' ');
            text.push_str(line.trim());
        } else {
            blocks.push(Block::Paragraph(line.to_owned()));
            open = true;
        }
    }
    blocks
}

/// Returns the text without link targets and without the asterisks of bold text.
pub(super) fn plain(text: &str) -> String {
    without_links(text).replace("**", "")
}

/// Returns `page` for a reader who has no other page of the manual: each link is replaced by its text.
pub(super) fn without_links(page: &str) -> String {
    let mut out = String::with_capacity(page.len());
    let mut rest = page;
    while let Some(at) = rest.find("](") {
        let (before, behind) = rest.split_at(at);
        match (before.rfind('['), behind.find(')')) {
            (Some(open), Some(close)) => {
                out.push_str(&before[..open]);
                out.push_str(&before[open + 1..]);
                rest = &behind[close + 1..];
            }
            _ => {
                out.push_str(&rest[..at + 2]);
                rest = &rest[at + 2..];
            }
        }
    }
    out + rest
}

/// Returns `text` on one line of Markdown, for a cell of a table: nothing in it is interpreted except pairs of
/// backticks, which make code.
pub(super) fn cell(text: &str) -> String {
    let safe = terminal_safe::lines(text.trim());
    let pieces: Vec<&str> = safe.split('`').collect();
    // Unpaired backticks are part of the text.
    if pieces.len().is_multiple_of(2) {
        return escaped(&safe);
    }
    let mut out = String::new();
    for (i, piece) in pieces.iter().enumerate() {
        match i % 2 {
            1 if !piece.is_empty() => out += &format!("<code>{}</code>", escaped(piece)),
            _ => out += &escaped(piece),
        }
    }
    out
}

/// Escapes the characters with a meaning within a line: no emphasis, link, HTML or formula.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("<br>"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' | '&' | '$' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_paragraphs_points_and_code() {
        let page = "One\ntwo [three](#four).\n\n- a\n  b\n- **c**\n\n```yaml\n# d\n\ne: 1\n```\nlast\n";
        let text = |text: &str| text.to_owned();
        let read = blocks(page);
        let expected = [
            Block::Paragraph(text("One two [three](#four).")),
            Block::Item(text("a b")),
            Block::Item(text("**c**")),
            Block::Code { language: text("yaml"), text: text("# d\n\ne: 1\n") },
            Block::Paragraph(text("last")),
        ];
        assert_eq!(read, expected);
        assert_eq!(plain("One **two** [`three`](#four), [x] (y) and a](b"), "One two `three`, [x] (y) and a](b");
    }

    #[test]
    fn text_stays_text_in_a_cell() {
        assert_eq!(cell("1080p | <b> *x*\n@dog"), "1080p \\| \\<b\\> \\*x\\*<br>@dog");
        assert_eq!(cell("`@dgo` mentions `a|b`"), "<code>@dgo</code> mentions <code>a\\|b</code>");
        assert_eq!(cell("one ` alone"), "one \\` alone");
        assert_eq!(cell("小狗 https://x.y"), "小狗 https://x.y");
        assert_eq!(cell("a\u{1b}[31m\r"), "a␛\\[31m");
    }

    proptest::proptest! {
        #[test]
        fn a_cell_is_one_line_with_every_bar_and_bracket_escaped(text: String) {
            let cell = cell(&text).replace("<br>", "").replace("<code>", "").replace("</code>", "");
            proptest::prop_assert!(!cell.contains(['\n', '\r']));
            let mut before = ' ';
            for c in cell.chars() {
                let literal = before == '\\';
                proptest::prop_assert!(literal || !matches!(c, '|' | '<' | '>' | '[' | '`' | '*' | '_' | '&'), "{cell}");
                before = if literal { ' ' } else { c };
            }
        }
    }
}
