//! Which jobs a run is about.

use crate::base::digest::Sha256;
use crate::manifest::model::Job;
use crate::service::names::{JobId, Tag};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::str::FromStr;
use std::sync::Arc;

/// A choice of jobs by their ids and tags.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// None means all.
    only: Option<Patterns>,
    skip: Patterns,
    /// None means whatever their tags.
    tags: Vec<Tag>,
    /// None means the whole.
    shard: Option<Shard>,
    /// None means whatever their ids.
    ids: Option<Arc<HashSet<JobId>>>,
}

/// The parts of a choice that choose nothing: most likely they are misspelt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Idle {
    /// A pattern of `--only`.
    Only(String),
    /// A pattern of `--skip`.
    Skip(String),
    /// A tag that no job has.
    Tag(Tag),
}

/// Globs.
#[derive(Clone, Debug, Default)]
struct Patterns(Vec<String>);

/// The I-th of N parts of a manifest, by a hash of the job's id: stable when jobs are added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Counted from 0.
    index: u64,
    count: u64,
}

/// A text that is no shard.
#[derive(Debug, thiserror::Error)]
#[error("a shard is written I/N, with I from 1 to N, as `2/5`")]
pub struct NotAShard;

impl FromStr for Shard {
    type Err = NotAShard;

    fn from_str(text: &str) -> Result<Shard, NotAShard> {
        let (index, count) = text.split_once('/').ok_or(NotAShard)?;
        let number = |text: &str| text.parse::<u64>().map_err(|_| NotAShard);
        let (index, count) = (number(index)?, number(count)?);
        if (1..=count).contains(&index) { Ok(Shard { index: index - 1, count }) } else { Err(NotAShard) }
    }
}

impl Shard {
    fn takes(self, job: &JobId) -> bool {
        let hash = Sha256::of(job.as_str().as_bytes());
        let start = hash.bytes().first_chunk().expect("a hash has 32 bytes");
        u64::from_be_bytes(*start) % self.count == self.index
    }
}

/// A pattern that is no glob.
#[derive(Debug, thiserror::Error)]
#[error("`{pattern}` is not a pattern: {reason}")]
pub struct NotAPattern {
    pattern: String,
    reason: &'static str,
}

impl Selection {
    /// Returns the jobs whose id matches one of `only` (where there are any) and none of `skip`; of these, those with one of `tags`
    /// (where there are any); of these, those of the `shard`.
    ///
    /// # Errors
    /// Fails if a pattern is no glob.
    pub fn new(only: &[String], skip: &[String], tags: &[Tag], shard: Option<Shard>) -> Result<Selection, NotAPattern> {
        let only = if only.is_empty() { None } else { Some(Patterns::new(only)?) };
        Ok(Selection { only, skip: Patterns::new(skip)?, tags: tags.to_vec(), shard, ids: None })
    }

    /// Returns the choice of exactly these jobs.
    pub fn of_ids(ids: impl IntoIterator<Item = JobId>) -> Selection {
        Selection { ids: Some(Arc::new(ids.into_iter().collect())), ..Selection::default() }
    }

    /// Returns whether the job with this id and these tags is chosen.
    pub fn takes(&self, job: &JobId, tags: &BTreeSet<Tag>) -> bool {
        self.only.as_ref().is_none_or(|only| only.match_any(job))
            && !self.skip.match_any(job)
            && (self.tags.is_empty() || self.tags.iter().any(|tag| tags.contains(tag)))
            && self.shard.is_none_or(|shard| shard.takes(job))
            && self.ids.as_ref().is_none_or(|ids| ids.contains(job))
    }

    /// Returns whether ids or tags are chosen by anything.
    pub fn is_said(&self) -> bool {
        self.only.is_some() || !self.skip.0.is_empty() || !self.tags.is_empty()
    }

    /// Returns whether it chooses one of these jobs, in whichever part of the manifest.
    pub fn takes_any<'j>(&self, jobs: impl IntoIterator<Item = (&'j JobId, &'j BTreeSet<Tag>)>) -> bool {
        let whole = Selection { shard: None, ..self.clone() };
        jobs.into_iter().any(|(job, tags)| whole.takes(job, tags))
    }

    /// Returns the patterns that match none of these jobs, and the tags that none of them has.
    pub fn idle<'j>(&self, jobs: impl IntoIterator<Item = (&'j JobId, &'j BTreeSet<Tag>)>) -> Vec<Idle> {
        let none = Patterns::default();
        let only = self.only.as_ref().unwrap_or(&none);
        let (mut idle_only, mut idle_skip) = (only.0.clone(), self.skip.0.clone());
        let mut idle_tags: BTreeSet<&Tag> = self.tags.iter().collect();
        for (job, tags) in jobs {
            if idle_only.len() + idle_skip.len() + idle_tags.len() == 0 {
                break;
            }
            idle_only.retain(|pattern| !is_match(pattern, job));
            idle_skip.retain(|pattern| !is_match(pattern, job));
            idle_tags.retain(|tag| !tags.contains(*tag));
        }
        let only = idle_only.into_iter().map(Idle::Only);
        let skip = idle_skip.into_iter().map(Idle::Skip);
        only.chain(skip).chain(idle_tags.into_iter().cloned().map(Idle::Tag)).collect()
    }
}

/// A choice among what is recorded, by the tags that the manifest gives.
#[derive(Debug)]
pub struct OfManifest<'m> {
    selection: &'m Selection,
    /// Of those jobs that have any.
    tags: HashMap<&'m JobId, &'m BTreeSet<Tag>>,
}

impl<'m> OfManifest<'m> {
    /// Returns the choice, and the jobs of the manifest.
    pub fn new(selection: &'m Selection, jobs: &'m [Job]) -> OfManifest<'m> {
        let tagged = jobs.iter().filter(|job| !job.tags.is_empty());
        OfManifest { selection, tags: tagged.map(|job| (&job.id, job.tags.as_ref())).collect() }
    }

    /// Returns whether what is recorded of this job is chosen. A job that left the manifest has no tags.
    pub fn takes(&self, job: &JobId) -> bool {
        let none = BTreeSet::new();
        self.selection.takes(job, self.tags.get(job).copied().unwrap_or(&none))
    }
}

impl Patterns {
    fn new(texts: &[String]) -> Result<Patterns, NotAPattern> {
        match texts.iter().find_map(|text| Some((text, flaw(text)?))) {
            Some((pattern, reason)) => Err(NotAPattern { pattern: pattern.clone(), reason }),
            None => Ok(Patterns(texts.to_vec())),
        }
    }

    fn match_any(&self, job: &JobId) -> bool {
        self.0.iter().any(|pattern| is_match(pattern, job))
    }
}

fn is_match(pattern: &str, job: &JobId) -> bool {
    let id = job.as_str();
    if pattern.is_ascii() && id.is_ascii() {
        return fast_glob::glob_match(pattern, id);
    }
    // The matcher knows bytes, and `?`, classes and ranges are about characters: each gets a byte of its own, in their order.
    let mut others: Vec<char> = pattern.chars().chain(id.chars()).filter(|c| !c.is_ascii()).collect();
    others.sort_unstable();
    others.dedup();
    if others.len() > usize::from(u8::MAX / 2) {
        return fast_glob::glob_match(pattern, id);
    }
    let byte = |c: char| others.binary_search(&c).map_or(c as u8, |at| 0x80 + at as u8);
    let bytes = |text: &str| text.chars().map(byte).collect::<Vec<u8>>();
    fast_glob::glob_match(bytes(pattern), bytes(id))
}

/// Returns what is wrong with a pattern: one that can't be read matches nothing, and is most likely not meant so.
fn flaw(pattern: &str) -> Option<&'static str> {
    let mut braces = 0_usize;
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' if characters.next().is_none() => return Some("nothing follows the `\\` at its end"),
            '[' => {
                // What stands first in it is one of the characters, also where it is a `]`.
                let class = characters.as_str();
                let class = class.strip_prefix(['!', '^']).unwrap_or(class);
                let Some(end) = class.char_indices().skip(1).find(|(_, c)| *c == ']') else {
                    return Some("`[` is not closed by `]`");
                };
                characters = class[end.0 + 1..].chars();
            }
            '{' => braces += 1,
            '}' if braces == 0 => return Some("there is no `{` before `}`"),
            '}' => braces -= 1,
            _ => {}
        }
    }
    (braces > 0).then_some("`{` is not closed by `}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(words: &[&str]) -> BTreeSet<Tag> {
        words.iter().map(|word| Tag::new(word).unwrap()).collect()
    }

    fn takes(selection: &Selection, job: &str, words: &[&str]) -> bool {
        selection.takes(&JobId::new(job).unwrap(), &tags(words))
    }

    #[test]
    fn any_of_the_tags_will_do_and_what_else_is_said_holds_too() {
        let wanted = ["hero", "春天"].map(|tag| Tag::new(tag).unwrap());
        let selection = Selection::new(&[], &["b*".to_owned()], &wanted, None).unwrap();
        assert!(takes(&selection, "a", &["hero"]) && takes(&selection, "a", &["x", "春天"]));
        assert!(!takes(&selection, "a", &[]) && !takes(&selection, "a", &["Hero"]), "whole words, letter case counts");
        assert!(!takes(&selection, "b", &["hero"]));
    }

    #[test]
    fn what_chooses_nothing_is_named() {
        let texts = |list: &[&str]| list.iter().map(|&p| p.to_owned()).collect::<Vec<_>>();
        let wanted = ["hero", "heor"].map(|tag| Tag::new(tag).unwrap());
        let selection = Selection::new(&texts(&["a*", "x"]), &texts(&["y", "a2"]), &wanted, None).unwrap();
        let jobs = [("a1", tags(&["hero"])), ("a2", tags(&[]))].map(|(id, tags)| (JobId::new(id).unwrap(), tags));
        let idle = selection.idle(jobs.iter().map(|(id, tags)| (id, tags)));
        assert_eq!(idle, [Idle::Only("x".into()), Idle::Skip("y".into()), Idle::Tag(wanted[1].clone())]);
        assert_eq!(Selection::default().idle([]), []);
    }

    #[test]
    fn ids_are_chosen_by_globs() {
        let choose = |only: &[&str], skip: &[&str]| {
            let owned = |list: &[&str]| list.iter().map(|&p| p.to_owned()).collect::<Vec<_>>();
            let selection = Selection::new(&owned(only), &owned(skip), &[], None).unwrap();
            let ids = ["hero-1", "hero-2", "park"];
            ids.into_iter().filter(|id| takes(&selection, id, &[])).collect::<Vec<_>>()
        };
        assert_eq!(choose(&[], &[]), ["hero-1", "hero-2", "park"]);
        assert_eq!(choose(&["hero-*"], &[]), ["hero-1", "hero-2"]);
        assert_eq!(choose(&["hero-?", "park"], &["*-2"]), ["hero-1", "park"]);
        assert_eq!(choose(&["hero-[2-9]", "{par?,x}"], &["hero-[!12]"]), ["hero-2", "park"]);
        assert_eq!(choose(&["her\\o-1", "[]p]ark", "**"], &["{hero-{1,2},}"]), ["park"]);
    }

    #[test]
    fn a_question_mark_is_a_character_of_any_script() {
        for (pattern, id, fits) in [
            ("小?", "小狗", true),
            ("??", "小狗", true),
            ("?", "小狗", false),
            ("小[狗猫]-*", "小猫-1", true),
            ("小[!狗]", "小狗", false),
            ("[а-я]*", "пёс", true),
            ("*狗*", "大狗跑", true),
            ("{小狗,cat}", "小狗", true),
            ("caf?", "café", true),
        ] {
            assert_eq!(is_match(pattern, &JobId::new(id).unwrap()), fits, "{pattern} {id}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        let refused = |pattern: &str| Selection::new(&[], &[pattern.to_owned()], &[], None).is_err();
        for pattern in ["[", "a[", "[]", "[!]", "[^]", "{", "{a,{b}", "a}", "\\"] {
            assert!(refused(pattern), "{pattern}");
        }
        for pattern in ["", "a", "[]]", "[!]]", "[!!]", "[]a]", "{}", "{a,{b,c}}", "\\[", "\\{", "\\\\", "]", ","] {
            assert!(!refused(pattern), "{pattern}");
        }
    }

    #[test]
    fn shards_share_the_jobs_among_them() {
        let shards = ["1/3", "2/3", "3/3"].map(|shard| Selection::new(&[], &[], &[], shard.parse().ok()).unwrap());
        let mut sizes = [0; 3];
        for n in 0..300 {
            let job = format!("job-{n}");
            let takes: Vec<usize> = (0..3).filter(|&shard| takes(&shards[shard], &job, &[])).collect();
            assert_eq!(takes.len(), 1);
            sizes[takes[0]] += 1;
        }
        assert!(sizes.iter().all(|size| *size > 70), "{sizes:?}");
        for text in ["", "0/3", "4/3", "1", "a/b", "1/0", "-1/2"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
    }
}
