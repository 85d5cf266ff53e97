//! The two sides of a lock that git left in conflict, extracted by its marks.

/// A part of a text in conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// It belongs to both sides.
    Both,
    /// It belongs to the first side.
    Ours,
    /// The common ancestor of both sides, shown by the styles `diff3` and `zdiff3`.
    Base,
    /// It belongs to the second side.
    Theirs,
}

/// Returns the texts of both sides; `None` if the text has no marks, or they don't match.
///
/// Within a block that both sides changed, git takes lines changed by only one of them from that side, so that neither
/// text is the original side, and no checksum holds: with `checked` unset, checksums between marks are left out.
pub(super) fn split(text: &str, checked: bool) -> Option<[String; 2]> {
    let (mut ours, mut theirs) = (String::new(), String::new());
    let mut part = Part::Both;
    let mut length = 0;
    let mut seen = false;
    for line in text.split_inclusive('\n') {
        // A conflict within the base of another (criss-cross merge) has longer marks.
        let next = match (part, mark(line)) {
            (Part::Both, Some(('<', marks))) => {
                (length, seen) = (marks, true);
                Some(Part::Ours)
            }
            (Part::Ours, Some(('|', marks))) if marks == length => Some(Part::Base),
            (Part::Ours | Part::Base, Some(('=', marks))) if marks == length => Some(Part::Theirs),
            (Part::Theirs, Some(('>', marks))) if marks == length => Some(Part::Both),
            _ => None,
        };
        if let Some(next) = next {
            part = next;
            continue;
        }
        if part != Part::Both && !checked && line.trim_start().starts_with("check") {
            continue;
        }
        if matches!(part, Part::Both | Part::Ours) {
            ours.push_str(line);
        }
        if matches!(part, Part::Both | Part::Theirs) {
            theirs.push_str(line);
        }
    }
    (seen && part == Part::Both).then_some([ours, theirs])
}

/// Returns both sides whole, as a conflict that [`split`] reads: marks within a side are shorter.
pub(in crate::ledger) fn in_conflict([ours, theirs]: &[Vec<u8>; 2]) -> Vec<u8> {
    let within = |text: &[u8]| String::from_utf8_lossy(text).lines().filter_map(|line| Some(mark(line)?.1)).max();
    let length = within(ours).max(within(theirs)).map_or(7, |longest| longest + 1);
    let mut text = Vec::new();
    for (kind, name, side) in [("<", " ours", &ours[..]), ("=", "", theirs), (">", " theirs", &[])] {
        text.extend_from_slice(format!("{}{name}\n", kind.repeat(length)).as_bytes());
        text.extend_from_slice(side);
        if side.last().is_some_and(|byte| *byte != b'\n') {
            text.push(b'\n');
        }
    }
    text
}

/// Returns whether a line is a mark.
pub(in crate::ledger) fn is_mark(line: &str) -> bool {
    mark(line).is_some()
}

/// Returns the kind of mark that a line is, and its length: seven characters or more, followed by nothing or a name.
pub(super) fn mark(line: &str) -> Option<(char, usize)> {
    let line = line.trim_end_matches(['\n', '\r']);
    let first = line.chars().next().filter(|first| matches!(first, '<' | '|' | '=' | '>'))?;
    let rest = line.trim_start_matches(first);
    let length = line.len() - rest.len();
    (length >= 7 && (rest.is_empty() || rest.starts_with(' '))).then_some((first, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STYLES: [&str; 2] = [
        "a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> other\nd\n",
        "a\n<<<<<<< HEAD\nb\n||||||| base\n<<<<<<<<< inner\nx\n=========\ny\n>>>>>>>>> inner\n=======\nc\n>>>>>>> other\nd\n",
    ];

    #[test]
    fn both_sides_are_read_in_each_style() {
        for text in STYLES {
            assert_eq!(split(text, true), Some(["a\nb\nd\n".to_owned(), "a\nc\nd\n".to_owned()]), "{text}");
            let crlf = text.replace('\n', "\r\n");
            assert_eq!(split(&crlf, true), Some(["a\r\nb\r\nd\r\n".to_owned(), "a\r\nc\r\nd\r\n".to_owned()]));
        }
    }

    #[test]
    fn a_text_without_marks_or_with_half_of_them_has_no_sides() {
        for text in ["", "a\n", "a\n<<<<<<< HEAD\nb\n", "<<<<<<< a\n=======\n", "<<<<<<<b\n"] {
            assert_eq!(split(text, true), None, "{text}");
        }
    }

    #[test]
    fn sides_put_in_conflict_are_read_again_whatever_is_in_them() {
        let marked = STYLES[0].as_bytes();
        for [ours, theirs] in [[&b"a\n"[..], b"b\n"], [marked, b"b\n"], [b"", marked], [b"", b""]] {
            let text = String::from_utf8(in_conflict(&[ours.to_vec(), theirs.to_vec()])).unwrap();
            let sides = [ours, theirs].map(|side| String::from_utf8(side.to_vec()).unwrap());
            assert_eq!(split(&text, true), Some(sides), "{text}");
        }
        assert_eq!(in_conflict(&[b"a".to_vec(), b"b".to_vec()]), b"<<<<<<< ours\na\n=======\nb\n>>>>>>> theirs\n");
    }

    #[test]
    fn checksums_between_marks_are_left_out_where_no_side_is_whole() {
        let text = "check = 1\n<<<<<<< HEAD\ncheck = 2\n=======\ncheck = 3\n>>>>>>> other\n";
        assert_eq!(split(text, false), Some(["check = 1\n".to_owned(), "check = 1\n".to_owned()]));
    }
}
