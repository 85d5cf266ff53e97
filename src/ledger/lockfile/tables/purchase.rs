//! A purchase as its table, and back.

use super::{GOES_WITH, LockStatus, OutputTable, PurchaseTable};
use crate::base::canonical;
use crate::base::digest::Sha256;
use crate::ledger::lockfile::name_of;
use crate::ledger::purchase::{Purchase, Rung, Standing, unanswered};
use crate::ledger::record::{Key, Output, Record, Stage, Word};
use crate::service::output::VideoName;
use std::collections::BTreeMap;

impl PurchaseTable {
    /// Returns the table of a purchase, with its checksum.
    pub(in crate::ledger) fn of(purchase: &Purchase) -> PurchaseTable {
        let Purchase { record, rung, standing, said_at, renamed_at, manifest, used_by, revisions } = purchase;
        let Record { id, key, parts, videos, name, submitted_at, finished_at, stage, .. } = record;
        let is_said = *standing != Standing::Open || *said_at != *submitted_at;
        let said_at = said_at
            .filter(|said| is_said && matches!(rung, Rung::Settled | Rung::Submitted) && Some(*said) != *finished_at);
        let mut table = PurchaseTable {
            job: key.job.clone(),
            digest: key.digest,
            id: *id,
            videos: *videos,
            name: (name_of(stage.outputs()).as_ref() != Some(name)).then(|| name.clone()),
            manifest: manifest.clone(),
            check: None,
            used_by: used_by.clone(),
            parts: parts.clone(),
            status: LockStatus::of(purchase),
            task_id: stage.task().cloned(),
            submitted_at: *submitted_at,
            renamed_at: *renamed_at,
            said_at,
            finished_at: *finished_at,
            reason: match stage {
                Stage::Uncertain { reason, .. } => Some(reason.clone()),
                _ => None,
            },
            error: stage.error().cloned(),
            word: matches!(stage, Stage::Failed { word: Word::Person, .. }).then_some(Word::Person),
            output: stage
                .outputs()
                .iter()
                .enumerate()
                .map(|(place, output)| OutputTable {
                    revision: revisions.get(&output.number).copied(),
                    ..OutputTable::of(place, output)
                })
                .collect(),
        };
        table.check = Some(checksum(&table));
        table
    }

    /// Returns whether it has a field that goes with some statuses only.
    fn has(&self, field: &str) -> bool {
        match field {
            "task_id" => self.task_id.is_some(),
            "reason" => self.reason.is_some(),
            "error" => self.error.is_some(),
            "word" => self.word.is_some(),
            "output" => !self.output.is_empty(),
            other => unreachable!("{other} goes with every status"),
        }
    }

    /// Returns the purchase; fields that don't match its status are refused, since they couldn't be written back.
    ///
    /// # Errors
    /// Fails if a field is missing, is one too many, or doesn't match its checksum.
    pub(in crate::ledger) fn into_purchase(mut self) -> Result<Purchase, String> {
        if let Some(check) = self.check.take() {
            let found = checksum(&self);
            if check != found {
                return Err(format!(
                    "its `check` is {check}, and of what is written there it would be {found}: a line was changed or lost"
                ));
            }
        }
        let (_, needed, barred) =
            GOES_WITH.iter().find(|(status, ..)| *status == self.status).expect("each has a rule");
        let is_there = |field: &&&str| self.has(field);
        if let Some(missing) = needed.iter().find(|field| !is_there(field)) {
            return Err(format!("`{missing}` is missing, which goes with its status"));
        }
        if let Some(other) = barred.iter().find(is_there) {
            return Err(format!("`{other}` doesn't go with its status"));
        }
        let mut revisions = BTreeMap::new();
        let mut outputs = Vec::with_capacity(self.output.len());
        for (place, table) in self.output.into_iter().enumerate() {
            let revision = table.revision;
            let output = table.into_output(place);
            revisions.extend(revision.map(|revision| (output.number, revision)));
            outputs.push(output);
        }
        if !outputs.is_sorted_by(|a, b| a.number < b.number) {
            return Err("its outputs are not in the order of their numbers".to_owned());
        }
        let paths = outputs.iter().map(|output| &*output.path).chain(self.name.as_ref().map(VideoName::pattern));
        if let Some(path) = paths.into_iter().find(|path| leads_out(path)) {
            return Err(format!("the path {path} leads out of the project"));
        }
        let name = self.name.or_else(|| name_of(&outputs)).ok_or("`name` is missing")?;
        let (task, reason) = (&self.task_id, &self.reason);
        let is_persons = self.word == Some(Word::Person);
        let (rung, standing) = match self.status {
            LockStatus::Submitted => (Rung::Submitted, Standing::Open),
            LockStatus::Generated => (Rung::Generated, Standing::Open),
            LockStatus::Succeeded => (Rung::Succeeded, Standing::Open),
            LockStatus::Failed if is_persons && task.is_some() => (Rung::Submitted, Standing::GivenUp),
            LockStatus::Failed if is_persons => (Rung::Settled, Standing::GivenUp),
            LockStatus::Failed => (Rung::Failed, Standing::Open),
            LockStatus::Refused => (Rung::Refused, Standing::Open),
            LockStatus::Uncertain if task.is_some() => (Rung::Submitted, Standing::Lost),
            // Nothing but the intent was ever known.
            LockStatus::Uncertain if *reason == Some(unanswered(self.submitted_at)) => (Rung::Intended, Standing::Open),
            LockStatus::Uncertain => (Rung::Unanswered, Standing::Open),
            LockStatus::Released if task.is_some() => (Rung::Submitted, Standing::Released),
            LockStatus::Released => (Rung::Settled, Standing::Released),
        };
        let key = Key { job: self.job, digest: self.digest };
        let mut purchase = Purchase::intended(self.id, key, name, self.submitted_at);
        (purchase.record.parts, purchase.record.videos) = (self.parts, self.videos);
        (purchase.renamed_at, purchase.revisions) = (self.renamed_at, revisions);
        (purchase.manifest, purchase.used_by) = (self.manifest, self.used_by);
        let said_at = match rung {
            Rung::Settled | Rung::Submitted if standing == Standing::GivenUp => self.said_at.or(self.finished_at),
            Rung::Settled | Rung::Submitted => self.said_at.or(self.submitted_at),
            _ => None,
        };
        let (had, words) = ((self.task_id, outputs), (self.finished_at, self.reason, self.error));
        Ok(purchase.at(rung, standing, said_at, had, words))
    }
}

/// Returns the first 8 hexadecimal digits of the hash of a table that has no checksum yet.
fn checksum(table: &PurchaseTable) -> String {
    // A person may have written names that canonical JSON sorts in another way than a map does, and numbers too large for it.
    let is_sorted = |name: &String| name.chars().all(|c| c < '\u{e000}');
    let is_exact = |output: &OutputTable| {
        let number = output.number.map_or(0, |number| number as u64);
        output.bytes.max(number) <= canonical::LARGEST
    };
    let is_usual = table.parts.keys().all(is_sorted) && table.output.iter().all(is_exact);
    let written = if is_usual { canonical::sorted(table) } else { canonical::bytes(table) };
    Sha256::of(&written).short()
}

impl LockStatus {
    fn of(purchase: &Purchase) -> LockStatus {
        match &purchase.record.stage {
            Stage::Submitted { .. } => LockStatus::Submitted,
            Stage::Generated { .. } => LockStatus::Generated,
            Stage::Succeeded { .. } => LockStatus::Succeeded,
            Stage::Failed { .. } => LockStatus::Failed,
            Stage::Refused { .. } => LockStatus::Refused,
            Stage::Uncertain { .. } if purchase.is_released() => LockStatus::Released,
            Stage::Uncertain { .. } => LockStatus::Uncertain,
        }
    }
}

impl OutputTable {
    fn of(place: usize, output: &Output) -> OutputTable {
        let Output { number, path, sha256, bytes, source, published } = output.clone();
        let number = (number != place + 1).then_some(number);
        OutputTable { number, path, sha256, bytes, source, published, revision: None }
    }

    fn into_output(self, place: usize) -> Output {
        let OutputTable { number, path, sha256, bytes, source, published, revision: _ } = self;
        Output { number: number.unwrap_or(place + 1), path, sha256, bytes, source, published }
    }
}

/// Returns whether a path of a lock is absolute, or leads out of the project: no run ever wrote one.
fn leads_out(path: &str) -> bool {
    let is_drive = path.as_bytes().get(1) == Some(&b':');
    is_drive || path.starts_with(['/', '\\', '~']) || path.split(['/', '\\']).any(|part| part == "..")
}
