//! Which jobs a run is about.

use crate::base::digest::Sha256;
use crate::spec::names::JobId;
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use std::str::FromStr;

/// A choice of jobs by their ids.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// None means all.
    only: Option<GlobSet>,
    skip: GlobSet,
    /// None means the whole.
    shard: Option<Shard>,
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
    /// The jobs whose id matches one of `only` (where there are any) and none of `skip`; of these, those of the `shard`.
    ///
    /// # Errors
    /// Where a pattern is no glob.
    pub fn new(only: &[String], skip: &[String], shard: Option<Shard>) -> Result<Selection, NotAPattern> {
        let only = if only.is_empty() { None } else { Some(set(only)?) };
        Ok(Selection { only, skip: set(skip)?, shard })
    }

    /// Whether the job is chosen.
    pub fn takes(&self, job: &JobId) -> bool {
        self.only.as_ref().is_none_or(|only| only.is_match(job.as_str()))
            && !self.skip.is_match(job.as_str())
            && self.shard.is_none_or(|shard| shard.takes(job))
    }
}

fn set(patterns: &[String]) -> Result<GlobSet, NotAPattern> {
    let refused = |pattern: &str, error: &globset::Error| NotAPattern {
        pattern: pattern.to_owned(),
        reason: error.kind().to_string(),
    };
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        set.add(GlobBuilder::new(pattern).build().map_err(|e| refused(pattern, &e))?);
    }
    set.build().map_err(|e| refused(&patterns.join(" "), &e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_chosen_by_globs() {
        let choose = |only: &[&str], skip: &[&str]| {
            let owned = |list: &[&str]| list.iter().map(|&p| p.to_owned()).collect::<Vec<_>>();
            let selection = Selection::new(&owned(only), &owned(skip), None).unwrap();
            let ids = ["hero-1", "hero-2", "park"];
            ids.into_iter().filter(|id| selection.takes(&JobId::new(id).unwrap())).collect::<Vec<_>>()
        };
        assert_eq!(choose(&[], &[]), ["hero-1", "hero-2", "park"]);
        assert_eq!(choose(&["hero-*"], &[]), ["hero-1", "hero-2"]);
        assert_eq!(choose(&["hero-?", "park"], &["*-2"]), ["hero-1", "park"]);
        assert!(Selection::new(&["[".to_owned()], &[], None).is_err());
    }

    #[test]
    fn shards_share_the_jobs_among_them() {
        let shards = ["1/3", "2/3", "3/3"].map(|shard| Selection::new(&[], &[], shard.parse().ok()).unwrap());
        let mut sizes = [0; 3];
        for n in 0..300 {
            let job = JobId::new(&format!("job-{n}")).unwrap();
            let takes: Vec<usize> = (0..3).filter(|&shard| shards[shard].takes(&job)).collect();
            assert_eq!(takes.len(), 1);
            sizes[takes[0]] += 1;
        }
        assert!(sizes.iter().all(|size| *size > 70), "{sizes:?}");
        for text in ["", "0/3", "4/3", "1", "a/b", "1/0", "-1/2"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
    }
}
