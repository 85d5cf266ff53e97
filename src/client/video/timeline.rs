//! Follows the fragments of an MP4 through their numbers and times: a lost one leaves a gap in both.

use super::fragment::Fragment;
use std::collections::HashMap;

/// The fragments so far.
#[derive(Debug, Default)]
pub(super) struct Timeline {
    sequence: Option<u32>,
    /// The end of each track so far.
    ends: HashMap<u32, u64>,
    /// `true` if a number is missing.
    skips_a_number: bool,
    /// `true` if a track goes on later than it ended.
    skips_time: bool,
}

impl Timeline {
    pub(super) fn take_in(&mut self, fragment: &Fragment) {
        if let Some(sequence) = fragment.sequence {
            let skips = |last: u32| u64::from(sequence) > u64::from(last) + 1;
            self.skips_a_number |= self.sequence.replace(sequence).is_some_and(skips);
        }
        for span in &fragment.spans {
            self.skips_time |= self.ends.insert(span.track, span.end).is_some_and(|end| span.start > end);
        }
    }

    /// Returns whether a fragment is missing. One sign alone proves nothing: some programs count in steps, or leave
    /// pauses.
    pub(super) fn has_gap(&self) -> bool {
        self.skips_a_number && self.skips_time
    }
}
