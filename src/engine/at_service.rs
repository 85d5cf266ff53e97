//! The tasks known to this run: one of them is queried to probe the service, and a duplicate task id is noticed.

use crate::service::names::{JobId, TaskId};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The tasks known to this run.
#[derive(Debug, Default)]
pub(super) struct AtService(Mutex<Tasks>);

#[derive(Debug, Default)]
struct Tasks {
    /// The job of each task.
    jobs: HashMap<TaskId, JobId>,
    /// Tasks that are followed, the newest last.
    followed: Vec<TaskId>,
    last: Option<TaskId>,
}

impl AtService {
    /// Records a job's task; returns another job that already has it.
    pub(super) fn know(&self, job: &JobId, task: &TaskId) -> Option<JobId> {
        let mut tasks = self.tasks();
        tasks.last = Some(task.clone());
        let before = tasks.jobs.insert(task.clone(), job.clone());
        before.filter(|before| before != job)
    }

    /// Records that a task is followed.
    pub(super) fn follow(&self, task: &TaskId) {
        self.tasks().followed.push(task.clone());
    }

    /// Records that a task is no longer followed.
    pub(super) fn leave(&self, task: &TaskId) {
        let followed = &mut self.tasks().followed;
        if let Some(place) = followed.iter().rposition(|other| other == task) {
            followed.swap_remove(place);
        }
    }

    /// Returns the task to query in order to probe the service: one in flight, else the last known one, else an id that
    /// doesn't exist.
    pub(super) fn to_look_for(&self) -> TaskId {
        let tasks = self.tasks();
        let known = tasks.followed.last().or(tasks.last.as_ref()).cloned();
        known.unwrap_or_else(|| TaskId::new(&"0".repeat(32)).expect("zeros are an id"))
    }

    fn tasks(&self) -> MutexGuard<'_, Tasks> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
