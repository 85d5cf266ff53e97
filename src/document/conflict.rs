//! The markers that an unfinished merge leaves in a text: the lines `<<<<<<<`, `|||||||`, `=======` and `>>>>>>>`.

use super::lines::first_line;
use super::span::Span;

/// One conflict: the lines of its markers, in order.
pub(super) type Marks = Vec<Span>;

/// A line that is a marker.
#[derive(Clone, Copy, PartialEq)]
enum Mark {
    Ours,
    Base,
    Between,
    Theirs,
}

impl Mark {
    /// The characters of each, seven times.
    const ALL: [(Mark, &'static str); 4] =
        [(Mark::Ours, "<<<<<<<"), (Mark::Base, "|||||||"), (Mark::Between, "======="), (Mark::Theirs, ">>>>>>>")];

    /// Returns whether this may follow the characters: nothing but the end of the line, or a blank and a name.
    fn fits(self, behind: &str) -> bool {
        let rest = behind.trim_end_matches([' ', '\t', '\r']);
        rest.is_empty() || self != Mark::Between && behind.starts_with(' ')
    }
}

/// Returns the conflicts in a text, and the text with one side of each: the other side and the markers are empty lines
/// there, so that all places stay the same. Returns `None` if there are no conflicts.
pub(super) fn conflicts(text: &str) -> Option<(Vec<Marks>, String)> {
    let marks = marks(text);
    if marks.is_empty() {
        return None;
    }
    let mut conflicts: Vec<Marks> = Vec::new();
    let mut empty: Vec<Span> = Vec::new();
    let mut open: Option<Open> = None;
    for (mark, line) in marks {
        let goes_on = open.as_ref().is_some_and(|open| mark != Mark::Ours && !(open.is_short && mark == Mark::Between));
        if !goes_on {
            if mark == Mark::Base {
                // It has a meaning inside of a conflict only.
                continue;
            }
            conflicts.push(Vec::new());
            open = Some(Open { other: None, is_short: mark != Mark::Ours });
        }
        let Some(conflict) = conflicts.last_mut() else { continue };
        conflict.push(line);
        empty.push(line);
        let state = open.get_or_insert(Open { other: None, is_short: false });
        match mark {
            Mark::Ours => {}
            Mark::Base | Mark::Between => {
                state.other.get_or_insert(line);
            }
            Mark::Theirs => {
                // Without the line between the sides, as some programs write conflicts, neither side can be kept.
                let from = state.other.or(conflict.first().copied()).unwrap_or(line);
                empty.push(Span { start: from.start, end: line.end });
                open = None;
            }
        }
    }
    (!conflicts.is_empty()).then(|| (conflicts, blanked(text, &empty, b'\n')))
}

/// A conflict that isn't over.
struct Open {
    /// The start of the side that isn't kept.
    other: Option<Span>,
    /// `true` if its first marker is lost: it starts between the sides.
    is_short: bool,
}

/// Returns the lines of a text that are markers.
fn marks(text: &str) -> Vec<(Mark, Span)> {
    let mut found = Vec::new();
    for (mark, characters) in Mark::ALL {
        for at in memchr::memmem::find_iter(text.as_bytes(), characters) {
            let before = &text[..at];
            let is_first = before.is_empty() || before.ends_with(['\n', '\r']) || before == "\u{feff}";
            let line = first_line(text, at);
            if is_first && mark.fits(&text[at + characters.len()..line.end as usize]) {
                found.push((mark, line));
            }
        }
    }
    found.sort_unstable_by_key(|(_, line)| line.start);
    found
}

/// Returns a text in which every byte of these spans except line breaks is `blank`.
pub(super) fn blanked(text: &str, spans: &[Span], blank: u8) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for byte in spans.iter().flat_map(|span| span.range()) {
        if !matches!(bytes[byte], b'\n' | b'\r') {
            bytes[byte] = blank;
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| " ".repeat(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> (Vec<Vec<&str>>, String) {
        let (conflicts, clean) = conflicts(text).unwrap();
        (conflicts.iter().map(|marks| marks.iter().map(|mark| &text[mark.range()]).collect()).collect(), clean)
    }

    #[test]
    fn a_conflict_is_its_marks_and_leaves_one_side() {
        for (text, marks, left) in [
            (
                "a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> y\nd\n",
                &[&["<<<<<<< HEAD", "=======", ">>>>>>> y"][..]][..],
                "a b d",
            ),
            (
                "<<<<<<< a\r\nb\r\n||||||| 1234\r\nx\r\n=======\r\nc\r\n>>>>>>> y\r\n",
                &[&["<<<<<<< a", "||||||| 1234", "=======", ">>>>>>> y"]],
                "b",
            ),
            ("\u{feff}<<<<<<<\nb\n=======\n>>>>>>>\n", &[&["<<<<<<<", "=======", ">>>>>>>"]], "\u{feff} b"),
            ("a\n=======\nc\n>>>>>>> y\n", &[&["=======", ">>>>>>> y"]], "a"),
            ("a\n>>>>>>> y\nb", &[&[">>>>>>> y"]], "a b"),
            ("a\n=======\nb\n", &[&["======="]], "a b"),
            ("<<<<<<< x\na\n=======\nb\n", &[&["<<<<<<< x", "======="]], "a b"),
            (
                "<<<<<<< x\na\n=======\nb\n>>>>>>> y\n<<<<<<< x\nc\n=======\nd\n>>>>>>> y\n",
                &[&["<<<<<<< x", "=======", ">>>>>>> y"], &["<<<<<<< x", "=======", ">>>>>>> y"]],
                "a c",
            ),
            // Another program's markers: neither side is known.
            (
                "<<<<<<< Conflict 1 of 1\n%%%%%%% x\n-a\n+b\n>>>>>>> end\nc",
                &[&["<<<<<<< Conflict 1 of 1", ">>>>>>> end"]],
                "c",
            ),
        ] {
            let (found, clean) = shown(text);
            assert_eq!(found, marks, "{text}");
            assert_eq!(clean.split_whitespace().collect::<Vec<_>>().join(" "), left, "{text}");
            assert_eq!(clean.len(), text.len());
        }
    }

    #[test]
    fn other_lines_are_no_marks() {
        for text in
            ["", "<<<<<< x", "<<<<<<<< x", " <<<<<<< x", "======= x", "========", "||||||| x", "<<<<<<<x", ">>>>>>>>"]
        {
            assert!(conflicts(text).is_none(), "{text}");
        }
    }
}
