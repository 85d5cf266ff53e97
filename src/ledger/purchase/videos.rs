//! The videos of a purchase: stored, replaced, published, united.

use super::said::Said;
use super::{Purchase, Rung, without_query};
use crate::base::digest::Sha256;
use crate::ledger::record::{Output, Stage};

impl Purchase {
    /// Returns how often another content replaced the video with this number.
    pub(super) fn revision(&self, output: &Output) -> u32 {
        self.revisions.get(&output.number).copied().unwrap_or(0)
    }

    /// Adds a stored video; one with the same number is replaced.
    pub(super) fn put(&mut self, output: &Output, revision: u32) {
        self.say(Said { finished_at: self.record.finished_at, ..Said::of(Rung::Generated, None) }, None);
        let source = output.source.as_deref().map(without_query).map(str::to_owned);
        let output = Output { source, path: self.record.name.path(output.number), ..output.clone() };
        if revision > 0 {
            self.revisions.insert(output.number, revision);
        }
        let Some(outputs) = self.outputs_mut() else { return };
        match outputs.binary_search_by_key(&output.number, |known| known.number) {
            Ok(place) => outputs[place] = output,
            Err(place) => outputs.insert(place, output),
        }
    }

    /// Adds the URL of a published video. That of another content than the known one no longer matters.
    pub(super) fn publish(&mut self, number: usize, sha256: &Sha256, url: &str) {
        for output in self.outputs_mut().into_iter().flatten() {
            if output.number == number && output.sha256 == *sha256 {
                output.published.insert(url.to_owned());
            }
        }
    }

    /// Adds a video of another account: of two with one number the later one, in whichever order they are joined. Where it is
    /// the same content, it is published where either account says.
    pub(super) fn unite(&mut self, output: &Output, revision: u32) {
        let rank = |output: &Output, revision| (revision, output.sha256, output.bytes, output.source.clone());
        let known = self.record.stage.outputs().iter().find(|known| known.number == output.number).cloned();
        let Some(known) = known else { return self.put(output, revision) };
        let before = self.revision(&known);
        let is_later = rank(&known, before) < rank(output, revision);
        let mut later = if is_later { output.clone() } else { known.clone() };
        if (before, known.sha256) == (revision, output.sha256) {
            later.published = &known.published | &output.published;
        }
        if later != known {
            self.put(&later, revision.max(before));
        }
    }

    pub(super) fn outputs_mut(&mut self) -> Option<&mut Vec<Output>> {
        match &mut self.record.stage {
            Stage::Generated { outputs, .. } | Stage::Succeeded { outputs, .. } => Some(outputs),
            _ => None,
        }
    }
}
