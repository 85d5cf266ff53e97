//! Tasks without a store: all facts about a task are packed into its id.

use crate::service::vocabulary::{Duration, Resolution};
use jiff::Timestamp;

/// A generation that was requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Task {
    /// The time when it was accepted, in milliseconds since 1970.
    pub(super) accepted: u64,
    /// The time that it takes, in milliseconds; [`Task::NEVER`] is for ever.
    pub(super) takes: u32,
    pub(super) resolution: Resolution,
    pub(super) duration: Duration,
    /// The number of videos, 1 to 4.
    pub(super) videos: u8,
    pub(super) outcome: Outcome,
    /// A number that tells apart tasks that are otherwise the same.
    pub(super) number: u16,
}

/// The end of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Completed,
    Failed,
    /// Failed, by content moderation.
    Moderated,
    Canceled,
}

/// The state of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Pending,
    /// Running, with the percentage that is done, below 100.
    Running(u8),
    Ended(Outcome),
}

const OUTCOMES: [Outcome; 4] = [Outcome::Completed, Outcome::Failed, Outcome::Moderated, Outcome::Canceled];

impl Task {
    /// The duration of a task that never ends: 24 bits are stored, more than four hours.
    pub(super) const NEVER: u32 = 0xFF_FFFF;

    /// Returns the id: 32 hexadecimal digits, as the service's own.
    ///
    /// 12 bytes of facts and their checksum. The checksum also disguises the facts (see [`mask`]), so that ids of one
    /// minute don't look alike.
    pub(super) fn id(&self) -> String {
        let mut bytes = [0; 16];
        bytes[..6].copy_from_slice(&self.accepted.to_be_bytes()[2..]);
        bytes[6..9].copy_from_slice(&self.takes.to_be_bytes()[1..]);
        bytes[9] =
            self.resolution as u8 | (self.duration as u8) << 2 | (self.videos - 1) << 3 | (self.outcome as u8) << 5;
        bytes[10..12].copy_from_slice(&self.number.to_be_bytes());
        let checksum = crc32fast::hash(&bytes[..12]);
        bytes[12..].copy_from_slice(&checksum.to_be_bytes());
        mask(&mut bytes, checksum);
        bytes
            .iter()
            .flat_map(|byte| [byte >> 4, byte & 15])
            .map(|digit| b"0123456789abcdef"[usize::from(digit)] as char)
            .collect()
    }

    /// Returns the task with this id, if a simulator issued it.
    pub(super) fn from_id(id: &str) -> Option<Task> {
        let digits: &[u8; 32] = id.as_bytes().try_into().ok()?;
        let mut bytes = [0; 16];
        for (byte, two) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = digit(two[0])? << 4 | digit(two[1])?;
        }
        let checksum = u32::from_be_bytes(bytes[12..].try_into().ok()?);
        mask(&mut bytes, checksum);
        if crc32fast::hash(&bytes[..12]) != checksum {
            return None;
        }
        let facts = usize::from(bytes[9]);
        Some(Task {
            accepted: bytes[..6].iter().fold(0, |number, byte| number << 8 | u64::from(*byte)),
            takes: bytes[6..9].iter().fold(0, |number, byte| number << 8 | u32::from(*byte)),
            resolution: Resolution::ALL[facts & 3],
            duration: if facts >> 2 & 1 == 0 { Duration::Five } else { Duration::Eight },
            videos: (facts >> 3 & 3) as u8 + 1,
            outcome: OUTCOMES[facts >> 5 & 3],
            number: u16::from_be_bytes([bytes[10], bytes[11]]),
        })
    }

    /// Returns its state at `now`: waiting for the first tenth of its time, then running, then ended.
    pub(super) fn state(&self, now: Timestamp) -> State {
        let gone = milliseconds(now).saturating_sub(self.accepted);
        if self.takes == Task::NEVER {
            return if gone < 1000 { State::Pending } else { State::Running(99) };
        }
        let takes = u64::from(self.takes);
        if gone >= takes {
            State::Ended(self.outcome)
        } else if gone * 10 < takes {
            State::Pending
        } else {
            State::Running((gone * 100 / takes) as u8)
        }
    }

    /// Returns the time when it ends, in milliseconds since 1970.
    pub(super) fn ends(&self) -> u64 {
        if self.takes == Task::NEVER { u64::MAX } else { self.accepted + u64::from(self.takes) }
    }
}

/// Returns milliseconds since 1970; 0 for times before.
pub(super) fn milliseconds(time: Timestamp) -> u64 {
    u64::try_from(time.as_millisecond()).unwrap_or(0)
}

/// Combines the facts with a stream of bits that depends on the checksum; doing it twice undoes it.
fn mask(bytes: &mut [u8; 16], checksum: u32) {
    let mut state = checksum | 1;
    for byte in &mut bytes[..12] {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        *byte ^= (state >> 11) as u8;
    }
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn task() -> Task {
        Task {
            accepted: 1_772_000_000_000,
            takes: 2000,
            resolution: Resolution::P720,
            duration: Duration::Five,
            videos: 1,
            outcome: Outcome::Completed,
            number: 0,
        }
    }

    proptest! {
        #[test]
        fn an_id_tells_all_of_its_task(accepted in 0u64..1 << 48, takes in 0u32..1 << 24, facts in 0usize..128, number: u16) {
            let task = Task {
                accepted,
                takes,
                resolution: Resolution::ALL[facts & 3],
                duration: if facts & 4 == 0 { Duration::Five } else { Duration::Eight },
                videos: (facts >> 3 & 3) as u8 + 1,
                outcome: OUTCOMES[facts >> 5],
                number,
            };
            prop_assert_eq!(Task::from_id(&task.id()), Some(task));
        }

        #[test]
        fn an_altered_id_is_nobodys(at in 0usize..32, by in 1u8..16) {
            let mut id = task().id().into_bytes();
            let digits = b"0123456789abcdef";
            let old = digit(id[at]).unwrap();
            id[at] = digits[usize::from(old ^ by)];
            prop_assert_eq!(Task::from_id(std::str::from_utf8(&id).unwrap()), None);
        }
    }

    #[test]
    fn what_is_no_id_is_nobodys() {
        for id in
            ["", "3524e0b3ba014b12ab1faf29f9f00000", &"0".repeat(31), &"é".repeat(16), &task().id().to_uppercase()]
        {
            assert_eq!(Task::from_id(id), None, "{id}");
        }
    }

    #[test]
    fn a_task_waits_runs_and_ends() {
        let at = |gone: i64| task().state(Timestamp::from_millisecond(1_772_000_000_000 + gone).unwrap());
        assert_eq!(at(-5000), State::Pending);
        assert_eq!(at(199), State::Pending);
        assert_eq!(at(200), State::Running(10));
        assert_eq!(at(1999), State::Running(99));
        assert_eq!(at(2000), State::Ended(Outcome::Completed));
        let endless = Task { takes: Task::NEVER, ..task() };
        assert_eq!(endless.state(Timestamp::MAX), State::Running(99));
        let instant = Task { takes: 0, ..task() };
        assert_eq!(
            instant.state(Timestamp::from_millisecond(1_772_000_000_000).unwrap()),
            State::Ended(Outcome::Completed)
        );
    }
}
