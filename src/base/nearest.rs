//! "Did you mean …?"

use super::durable::folder_of;
use std::fs;
use std::path::Path;
use unicode_normalization::UnicodeNormalization as _;

/// The length in bytes above which a word is near nothing: comparing long ones is expensive, and nobody mistypes them.
const LONGEST: usize = 256;

/// A candidate that a word may be a misspelling of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Near<'c> {
    /// The candidate.
    pub name: &'c str,
    /// `true` if nothing else can be meant: no other candidate is near, and the difference is a typing error, not one
    /// between two words.
    pub is_sure: bool,
}

/// Returns the candidate nearest to `word`, if it is near enough for a typing error.
///
/// Near enough is a Damerau-Levenshtein distance of at most `1 + length / 4`, letter case aside. Of several the nearest
/// wins, of equals the one whose letter case is nearest, and of those the first.
pub fn near<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<Near<'c>> {
    if word.len() > LONGEST {
        return None;
    }
    let lower = |text: &str| match text.is_ascii() {
        true => text.to_ascii_lowercase(),
        // Letters that are written in parts are the same letters.
        false => text.nfc().collect::<String>().to_lowercase(),
    };
    let wanted = lower(word);
    let length = wanted.chars().count();
    let limit = 1 + length / 4;
    let mut best: Option<(usize, &str)> = None;
    let mut others: Option<usize> = None;
    for candidate in candidates {
        // Lengths alone exclude most candidates; a library of references may be long.
        if candidate.len().abs_diff(word.len()) > 4 * limit {
            continue;
        }
        let distance = strsim::damerau_levenshtein(&wanted, &lower(candidate));
        // One letter for another isn't a typing error if it is the whole word.
        if distance > limit || distance >= length.max(1) {
            continue;
        }
        let exact = |name: &str| strsim::damerau_levenshtein(word, name);
        let passed_over = match best {
            Some((least, name)) if least < distance || least == distance && exact(name) <= exact(candidate) => {
                Some(distance)
            }
            passed_over => {
                best = Some((distance, candidate));
                passed_over.map(|(least, _)| least)
            }
        };
        others = others.into_iter().chain(passed_over).min();
    }
    best.map(|(distance, name)| {
        // If only the case differs it is the same word, whatever else is near.
        let is_alone = others.is_none_or(|other| distance == 0 && other > 0);
        Near { name, is_sure: is_alone && is_slip(&wanted, &lower(name), distance) }
    })
}

/// Returns whether two names at this distance are one word, mistyped. `dog1` and `dog2` are two things, and so are
/// `cat` and `car`; in Chinese every character is a word.
fn is_slip(word: &str, name: &str, distance: usize) -> bool {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let replaced = word.chars().zip(name.chars()).filter(|(one, other)| one != other).count();
    let is_replacement = word.len() == name.len() && replaced == distance;
    match distance {
        0 => true,
        _ if !word.is_ascii() || !name.is_ascii() || digits(word) != digits(name) => false,
        _ => !is_replacement || (distance == 1 && word.len() >= 4),
    }
}

/// Returns the name of the candidate nearest to `word`, as [`near`] finds it.
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    near(word, candidates).map(|near| near.name)
}

/// Returns the name nearest to that of `path` among those in its folder.
pub fn nearest_in_folder(path: &Path) -> Option<String> {
    let wanted = path.file_name()?.to_str()?;
    let names = fs::read_dir(folder_of(path)).ok()?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    // A broken link exists under this very name.
    let others: Vec<String> = names.filter(|name| name != wanted).collect();
    nearest(wanted, others.iter().map(String::as_str)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::{near, nearest};

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

    #[test]
    fn of_equally_near_names_the_one_in_the_same_case_is_offered() {
        for names in [["dog", "Dog", "DOG"], ["DOG", "Dog", "dog"], ["Dog", "DOG", "dog"]] {
            assert_eq!(nearest("dogg", names), Some("dog"));
            assert_eq!(nearest("Dgo", names), Some("Dog"));
            assert_eq!(nearest("DOGG", names), Some("DOG"));
            assert!(!near("DOGG", names).unwrap().is_sure);
        }
        assert_eq!(nearest("gras", ["Grass", "Brass"]), Some("Grass"), "the nearest goes before the case");
    }

    #[test]
    fn one_near_name_that_the_keyboard_makes_is_sure() {
        for (word, names, sure) in [
            ("dgo", &["dog", "human"][..], true),
            ("gras", &["grass", "human"], true),
            ("Dog", &["dog", "dig"], true),
            ("humen", &["human"], true),
            ("grss", &["grass", "gross"], false),
            ("cat", &["car"], false),
            ("woman", &["human"], false),
            ("dog3", &["dog1"], false),
            ("dog", &["dog1"], false),
            ("小猫", &["小狗"], false),
            ("cafe\u{301}", &["caf\u{e9}", "cafes"], true),
            ("大灰狼", &["灰狼"], false),
        ] {
            let near = near(word, names.iter().copied()).unwrap();
            assert_eq!(near.is_sure, sure, "{word} for {}", near.name);
        }
    }
}
