//! The tasks that this run knows: by one of them the service is looked for, and a task that comes again is noticed.

use crate::spec::names::{JobId, TaskId};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The tasks that this run knows.
#[derive(Debug, Default)]
pub(super) struct AtService(Mutex<Tasks>);

#[derive(Debug, Default)]
struct Tasks {
    /// Whose task it is.
    jobs: HashMap<TaskId, JobId>,
    /// Tasks that are followed, the newest last.
    followed: Vec<TaskId>,
    last: Option<TaskId>,
}

impl AtService {
    /// Takes note of a job's task; gives another job that has it.
    pub(super) fn know(&self, job: &JobId, task: &TaskId) -> Option<JobId> {
        let mut tasks = self.tasks();
        tasks.last = Some(task.clone());
        let before = tasks.jobs.insert(task.clone(), job.clone());
        before.filter(|before| before != job)
    }

    /// Takes note that a task is followed.
    pub(super) fn follow(&self, task: &TaskId) {
        self.tasks().followed.push(task.clone());
    }

    /// Takes note that a task isn't followed any more.
    pub(super) fn leave(&self, task: &TaskId) {
        let followed = &mut self.tasks().followed;
        if let Some(place) = followed.iter().rposition(|other| other == task) {
            followed.swap_remove(place);
        }
    }

    /// The task to ask about, only to hear the service: one in flight, else the last one known, else none that there is.
    pub(super) fn to_look_for(&self) -> TaskId {
        let tasks = self.tasks();
        let known = tasks.followed.last().or(tasks.last.as_ref()).cloned();
        known.unwrap_or_else(|| TaskId::new(&"0".repeat(32)).expect("zeros are an id"))
    }

    fn tasks(&self) -> MutexGuard<'_, Tasks> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
