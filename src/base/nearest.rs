//! "Did you mean …?"

use super::durable::folder_of;
use std::fs;
use std::path::Path;

/// Words of more bytes than this are near nothing: to compare long ones is dear, and nobody mistypes them.
const LONGEST: usize = 256;

/// The candidate nearest to `word`, if one is near enough to be a slip of the keyboard.
///
/// Near enough is a Damerau-Levenshtein distance of at most `1 + length / 4`, letter case aside. Of several
/// the nearest wins, of equals the first.
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    if word.len() > LONGEST {
        return None;
    }
    let wanted = word.to_lowercase();
    let limit = 1 + wanted.chars().count() / 4;
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        // Lengths alone rule most candidates out; a library of references may be long.
        if candidate.len().abs_diff(word.len()) > 4 * limit {
            continue;
        }
        let distance = strsim::damerau_levenshtein(&wanted, &candidate.to_lowercase());
        if distance <= limit && best.is_none_or(|(least, _)| distance < least) {
            // One letter for another is no slip when it is the whole word.
            if distance < wanted.chars().count().max(1) {
                best = Some((distance, candidate));
            }
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// The name nearest to that of `path` among those in its folder.
pub fn nearest_in_folder(path: &Path) -> Option<String> {
    let wanted = path.file_name()?.to_str()?;
    let names = fs::read_dir(folder_of(path)).ok()?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    // A link to nothing is there by this very name.
    let others: Vec<String> = names.filter(|name| name != wanted).collect();
    nearest(wanted, others.iter().map(String::as_str)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn slips_are_found_and_strangers_are_not() {
        let fields = ["prompt", "negative_prompt", "resolution", "duration"];
        assert_eq!(nearest("promt", fields), Some("prompt"));
        assert_eq!(nearest("Resolution", fields), Some("resolution"));
        assert_eq!(nearest("druation", fields), Some("duration"));
        assert_eq!(nearest("colour", fields), None);
        assert_eq!(nearest("小猫", ["小狗"]), Some("小狗"));
        assert_eq!(nearest("x", ["y"]), None);
        let long = "x".repeat(300);
        assert_eq!(nearest(&long, [long.as_str()]), None);
    }
}
