//! The place to continue after a syntax error: the next line that looks like an entry of a collection that is still open.

use crate::document::lines::next_line;

/// A line that starts an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EntryLine {
    /// The open list or table that it belongs to.
    pub(super) depth: usize,
    /// The start of the line.
    pub(super) start: usize,
}

/// Returns the first line from `from` (the start of a line) on that starts an entry of one of `open`: the columns of
/// the open blocks (`None` for a flow collection), and whether each is a list. The start of another document counts as
/// one.
pub(super) fn next_entry(text: &str, from: usize, open: &[(Option<usize>, bool)]) -> Option<EntryLine> {
    let mut start = from;
    while start < text.len() {
        let end = next_line(text, start);
        let line = text.get(start..end)?.trim_end_matches(['\n', '\r']);
        let content = line.trim_start_matches(' ');
        let column = line.len() - content.len();
        if starts_document(line) && !open.is_empty() {
            return Some(EntryLine { depth: 0, start });
        }
        let item = is_item(content);
        if (item || is_entry(content))
            && let Some(depth) = open.iter().rposition(|&(at, is_list)| at == Some(column) && is_list == item)
        {
            return Some(EntryLine { depth, start });
        }
        start = end;
    }
    None
}

/// Returns the names of the anchors in a text that was not read.
pub(super) fn anchors(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices('&').filter_map(|(at, _)| {
        let apart = text[..at].chars().next_back().is_none_or(|before| " \t\n[{,".contains(before));
        let name = &text[at + 1..];
        let end = name.find(|c: char| c.is_whitespace() || "[]{},".contains(c)).unwrap_or(name.len());
        (apart && end > 0).then(|| &name[..end])
    })
}

/// Returns whether a line starts another document.
pub(super) fn starts_document(line: &str) -> bool {
    line.strip_prefix("---").is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\n', '\r']))
}

/// Returns whether a line starts like an item of a list.
fn is_item(content: &str) -> bool {
    content.strip_prefix('-').is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
}

/// Returns whether a line starts like an entry of a table: `key: ...`.
fn is_entry(content: &str) -> bool {
    let key = &content[properties(content)..];
    let key_end = match key.as_bytes().first() {
        None | Some(b'#' | b'[' | b']' | b'{' | b'}' | b',' | b'|' | b'>' | b'%' | b'\t') => return false,
        Some(b'?') if key.len() == 1 || key.starts_with("? ") => return true,
        // The other half of an entry that starts with a `?`.
        Some(b':') if key.len() == 1 || key[1..].starts_with([' ', '\t']) => return false,
        Some(b'"' | b'\'') => quoted(key),
        _ => 0,
    };
    let rest = &key[key_end..];
    let colon = |(at, _): (usize, &str)| rest[at + 1..].is_empty() || rest[at + 1..].starts_with([' ', '\t']);
    match rest.match_indices(':').find(|&found| colon(found)) {
        Some((at, _)) => !rest[..at].contains(" #") && (key_end == 0 || rest[..at].trim().is_empty()),
        None => false,
    }
}

/// Returns the length of the tag and the anchor before a key, with the white space after them.
fn properties(content: &str) -> usize {
    let mut length = 0;
    while content[length..].starts_with(['&', '!']) {
        let rest = &content[length..];
        let word = rest.find([' ', '\t']).unwrap_or(rest.len());
        let space = rest[word..].len() - rest[word..].trim_start_matches([' ', '\t']).len();
        if space == 0 {
            break;
        }
        length += word + space;
    }
    length
}

/// Returns the length of the quoted text at the start of a line; `None` if it doesn't end there.
fn quoted(key: &str) -> usize {
    let bytes = key.as_bytes();
    let mut at = 1;
    while let Some(&byte) = bytes.get(at) {
        match (bytes[0], byte) {
            (b'"', b'\\') => at += 2,
            (b'\'', b'\'') if bytes.get(at + 1) == Some(&b'\'') => at += 2,
            (quote, byte) if quote == byte => return at + 1,
            _ => at += 1,
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_by_how_they_start() {
        for line in ["- a", "-", "- - b", "-\ta"] {
            assert!(is_item(line), "{line}");
        }
        for line in ["--", "-a", "---", "a"] {
            assert!(!is_item(line), "{line}");
        }
        for line in [
            "a:",
            "a: b",
            "'a b': c",
            "\"a: b\" : c",
            "@x: y",
            "? a",
            "<<: *a",
            "a:b: c",
            "小狗: 1",
            "&a b: c",
            "'it''s': 1",
            "\"a\\\"b\" : c",
            "!!str &a 'b #c': d",
        ] {
            assert!(is_entry(line), "{line}");
        }
        for line in
            ["", "# a: b", "a", "a:b", "a # b: c", "[a: b]", "---", "http://x", "- a", "'a: b' c: d", ":", ": a"]
        {
            assert!(!is_entry(line) || is_item(line), "{line}");
        }
    }

    #[test]
    fn an_entry_belongs_to_the_innermost_block_with_its_column_and_shape() {
        let text = "x\njobs:\n- id: a\n    b: c\n  d: e\n";
        let open = [(Some(0), false), (Some(0), true), (Some(2), false), (None, false)];
        let find = |from, open: &[_]| next_entry(text, from, open).map(|entry| (entry.depth, entry.start));
        assert_eq!(find(0, &open), Some((0, 2)));
        assert_eq!(find(8, &open), Some((1, 8)));
        assert_eq!(find(16, &open), Some((2, 25)), "the column must be the same");
        assert_eq!(find(8, &open[..1]), None);
        assert_eq!(next_line(text, 0), 2);
        assert_eq!(next_line(text, 99), text.len());
    }
}
