//! Which jobs a run is about.

use crate::spec::names::JobId;
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// A choice of jobs by their ids.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// None means all.
    only: Option<GlobSet>,
    skip: GlobSet,
}

/// A pattern that is no glob.
#[derive(Debug, thiserror::Error)]
#[error("`{pattern}` is not a pattern: {reason}")]
pub struct NotAPattern {
    pattern: String,
    reason: String,
}

impl Selection {
    /// The jobs whose id matches one of `only` (where there are any) and none of `skip`.
    ///
    /// # Errors
    /// Where a pattern is no glob.
    pub fn new(only: &[String], skip: &[String]) -> Result<Selection, NotAPattern> {
        let only = if only.is_empty() { None } else { Some(set(only)?) };
        Ok(Selection { only, skip: set(skip)? })
    }

    /// Whether the job is chosen.
    pub fn takes(&self, job: &JobId) -> bool {
        self.only.as_ref().is_none_or(|only| only.is_match(job.as_str())) && !self.skip.is_match(job.as_str())
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
            let selection = Selection::new(&owned(only), &owned(skip)).unwrap();
            let ids = ["hero-1", "hero-2", "park"];
            ids.into_iter().filter(|id| selection.takes(&JobId::new(id).unwrap())).collect::<Vec<_>>()
        };
        assert_eq!(choose(&[], &[]), ["hero-1", "hero-2", "park"]);
        assert_eq!(choose(&["hero-*"], &[]), ["hero-1", "hero-2"]);
        assert_eq!(choose(&["hero-?", "park"], &["*-2"]), ["hero-1", "park"]);
        assert!(Selection::new(&["[".to_owned()], &[]).is_err());
    }
}
