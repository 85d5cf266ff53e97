//! Random scripts.

use super::world::{DIGESTS, JOBS};
use proptest::prelude::*;

#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Some jobs take their next steps; their entries wait together, and form one group.
    Work(Vec<Pick>),
    /// The same, but the process dies while the group is being written.
    Torn(Vec<Pick>, Damage),
    /// The process dies after moving some records to their places.
    BeginAndDie(usize),
    Kill,
    End,
    /// The lock is written, but the journal isn't removed yet.
    EndAndDie,
    /// A job of the manifest gets another digest, or is removed.
    Edit(usize, Option<usize>),
    Resolve(Pick, Fate),
    Prune(Fate),
    /// Another lock replaces this one while a run is active (a checkout), which then ends or is killed. The journal may
    /// be removed as well.
    Exchange(Other, Ending),
    /// `batch lock merge`, between two runs.
    Merge(Other),
    /// Another lock replaces this one between two runs (a checkout, a backup).
    PutBack(Other),
    /// The journal of an earlier killed run reappears.
    Stray(usize),
}

/// A job, by its index among those with a next step, and the reply to it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pick {
    pub(super) job: usize,
    pub(super) said: Said,
}

/// The service's reply, whatever the request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    Good,
    Bad,
    /// Not now.
    Busy,
    /// The answer is lost, the task isn't known, the file was altered.
    Strange,
    /// As before, but nothing was paid; for a job without a result, a person allows it to be submitted again.
    Allowed,
}

/// Another lock.
#[derive(Clone, Debug)]
pub(super) enum Other {
    /// The lock of somebody who ran the same jobs.
    Theirs(Vec<Theirs>),
    /// An earlier version of this one.
    Earlier(usize),
}

/// The other lock's account of a job.
#[derive(Clone, Copy, Debug)]
pub(super) struct Theirs {
    pub(super) job: usize,
    pub(super) digest: usize,
    pub(super) came: Came,
}

/// Its progress there.
#[derive(Clone, Copy, Debug)]
pub(super) enum Came {
    Lost,
    Submitted,
    Succeeded,
    Failed,
}

/// The end of a run during which the lock was exchanged.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ending {
    InOrder,
    WithoutJournal,
    Killed,
}

/// The damage by a crash to the group that was being written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Damage {
    Cut(prop::sample::Index),
    Zeros(prop::sample::Index),
    /// A page missing on the disk, while later ones are not.
    Hole(prop::sample::Index),
}

/// The end of a command that writes one entry.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fate {
    Done,
    Killed,
}

impl Damage {
    pub(super) fn apply(self, group: &mut Vec<u8>) {
        match self {
            Damage::Cut(at) => group.truncate(at.index(group.len() + 1)),
            Damage::Zeros(from) => {
                let from = from.index(group.len() + 1);
                group[from..].fill(0);
            }
            Damage::Hole(_) if group.is_empty() => {}
            Damage::Hole(at) => {
                let at = at.index(group.len());
                group[at] ^= 0x80;
            }
        }
    }
}

pub(super) fn scripts() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 1..=40)
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        30 => picks().prop_map(Step::Work),
        4 => (picks(), damage()).prop_map(|(picks, damage)| Step::Torn(picks, damage)),
        1 => (0..4usize).prop_map(Step::BeginAndDie),
        2 => Just(Step::Kill),
        2 => Just(Step::End),
        2 => Just(Step::EndAndDie),
        4 => (0..JOBS, prop::option::weighted(0.8, 0..DIGESTS)).prop_map(|(job, digest)| Step::Edit(job, digest)),
        3 => (pick(), fate()).prop_map(|(pick, fate)| Step::Resolve(pick, fate)),
        1 => fate().prop_map(Step::Prune),
        2 => (other(), ending()).prop_map(|(other, ending)| Step::Exchange(other, ending)),
        2 => other().prop_map(Step::Merge),
        1 => other().prop_map(Step::PutBack),
        1 => any::<usize>().prop_map(Step::Stray),
    ]
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![Just(Fate::Done), Just(Fate::Killed)]
}

fn ending() -> impl Strategy<Value = Ending> {
    prop_oneof![Just(Ending::InOrder), Just(Ending::WithoutJournal), Just(Ending::Killed)]
}

fn other() -> impl Strategy<Value = Other> {
    prop_oneof![prop::collection::vec(theirs(), 0..=3).prop_map(Other::Theirs), any::<usize>().prop_map(Other::Earlier),]
}

fn theirs() -> impl Strategy<Value = Theirs> {
    let came = prop_oneof![Just(Came::Lost), Just(Came::Submitted), Just(Came::Succeeded), Just(Came::Failed)];
    (0..JOBS, 0..DIGESTS, came).prop_map(|(job, digest, came)| Theirs { job, digest, came })
}

fn picks() -> impl Strategy<Value = Vec<Pick>> {
    prop::collection::vec(pick(), 1..=4)
}

fn pick() -> impl Strategy<Value = Pick> {
    let said = prop_oneof![
        6 => Just(Said::Good),
        1 => Just(Said::Bad),
        1 => Just(Said::Busy),
        1 => Just(Said::Strange),
        1 => Just(Said::Allowed),
    ];
    (0..JOBS * DIGESTS, said).prop_map(|(job, said)| Pick { job, said })
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        any::<prop::sample::Index>().prop_map(Damage::Cut),
        any::<prop::sample::Index>().prop_map(Damage::Zeros),
        any::<prop::sample::Index>().prop_map(Damage::Hole),
    ]
}
