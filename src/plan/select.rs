//! Which jobs a run is about.

use crate::base::digest::Sha256;
use crate::manifest::model::Job;
use crate::spec::names::{JobId, Tag};
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use std::collections::{BTreeSet, HashMap};
use std::str::FromStr;

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
}

/// What of a choice chooses nothing: most likely it is misspelt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Idle {
    /// A pattern of `--only`.
    Only(String),
    /// A pattern of `--skip`.
    Skip(String),
    /// A tag that no job has.
    Tag(Tag),
}

/// Globs with their texts.
#[derive(Clone, Debug, Default)]
struct Patterns {
    texts: Vec<String>,
    set: GlobSet,
}

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
    reason: String,
}

impl Selection {
    /// The jobs whose id matches one of `only` (where there are any) and none of `skip`; of these, those with one of `tags`
    /// (where there are any); of these, those of the `shard`.
    ///
    /// # Errors
    /// Where a pattern is no glob.
    pub fn new(only: &[String], skip: &[String], tags: &[Tag], shard: Option<Shard>) -> Result<Selection, NotAPattern> {
        let only = if only.is_empty() { None } else { Some(Patterns::new(only)?) };
        Ok(Selection { only, skip: Patterns::new(skip)?, tags: tags.to_vec(), shard })
    }

    /// Whether the job with this id and these tags is chosen.
    pub fn takes(&self, job: &JobId, tags: &BTreeSet<Tag>) -> bool {
        self.only.as_ref().is_none_or(|only| only.set.is_match(job.as_str()))
            && !self.skip.set.is_match(job.as_str())
            && (self.tags.is_empty() || self.tags.iter().any(|tag| tags.contains(tag)))
            && self.shard.is_none_or(|shard| shard.takes(job))
    }

    /// The patterns that match none of these jobs, and the tags that none of them has.
    pub fn idle<'j>(&self, jobs: impl IntoIterator<Item = (&'j JobId, &'j BTreeSet<Tag>)>) -> Vec<Idle> {
        let none = Patterns::default();
        let only = self.only.as_ref().unwrap_or(&none);
        let mut idle_only: BTreeSet<usize> = (0..only.texts.len()).collect();
        let mut idle_skip: BTreeSet<usize> = (0..self.skip.texts.len()).collect();
        let mut idle_tags: BTreeSet<&Tag> = self.tags.iter().collect();
        if idle_only.len() + idle_skip.len() + idle_tags.len() > 0 {
            for (job, tags) in jobs {
                let (matched, skipped) = (only.set.matches(job.as_str()), self.skip.set.matches(job.as_str()));
                idle_only.retain(|index| !matched.contains(index));
                idle_skip.retain(|index| !skipped.contains(index));
                idle_tags.retain(|tag| !tags.contains(*tag));
            }
        }
        let only = idle_only.into_iter().map(|index| Idle::Only(only.texts[index].clone()));
        let skip = idle_skip.into_iter().map(|index| Idle::Skip(self.skip.texts[index].clone()));
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
    /// The choice, and the jobs of the manifest.
    pub fn new(selection: &'m Selection, jobs: &'m [Job]) -> OfManifest<'m> {
        let tagged = jobs.iter().filter(|job| !job.tags.is_empty());
        OfManifest { selection, tags: tagged.map(|job| (&job.id, &job.tags)).collect() }
    }

    /// Whether what is recorded of this job is chosen. A job that left the manifest has no tags.
    pub fn takes(&self, job: &JobId) -> bool {
        let none = BTreeSet::new();
        self.selection.takes(job, self.tags.get(job).copied().unwrap_or(&none))
    }
}

impl Patterns {
    fn new(texts: &[String]) -> Result<Patterns, NotAPattern> {
        let refused = |pattern: &str, error: &globset::Error| NotAPattern {
            pattern: pattern.to_owned(),
            reason: error.kind().to_string(),
        };
        let mut set = GlobSetBuilder::new();
        for pattern in texts {
            set.add(GlobBuilder::new(pattern).build().map_err(|e| refused(pattern, &e))?);
        }
        Ok(Patterns { texts: texts.to_vec(), set: set.build().map_err(|e| refused(&texts.join(" "), &e))? })
    }
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
        assert!(Selection::new(&["[".to_owned()], &[], &[], None).is_err());
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
