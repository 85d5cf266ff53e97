//! Reproducible chance: decided by a seed and by the request, never by the order of requests.

use super::options::Share;
use crate::base::digest::Sha256;

/// A die with a seed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dice {
    pub(super) seed: u64,
}

impl Dice {
    /// Returns a number from 0 to just under 1, always the same for the same `purpose` and `subject`.
    pub(super) fn roll(self, purpose: &str, subject: &[u8]) -> f64 {
        let mut text = Vec::with_capacity(purpose.len() + subject.len() + 9);
        text.extend_from_slice(&self.seed.to_le_bytes());
        text.extend_from_slice(purpose.as_bytes());
        text.push(0);
        text.extend_from_slice(subject);
        let hash = Sha256::of(&text);
        let (head, _) = hash.bytes().split_at(8);
        let number = head.iter().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
        // 53 bits fit exactly into a double.
        (number >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Returns whether `subject` is in the share that `purpose` hits.
    pub(super) fn hits(self, share: Share, purpose: &str, subject: &[u8]) -> bool {
        share.get() > 0.0 && self.roll(purpose, subject) < share.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_hit_about_as_often_as_it_says() {
        let dice = Dice { seed: 7 };
        let share = Share::new(0.3).unwrap();
        let hits = (0..2000u32).filter(|n| dice.hits(share, "failure", &n.to_le_bytes())).count();
        assert!((500..700).contains(&hits), "{hits} of 2000");
        assert!(!dice.hits(Share::NONE, "failure", b"x"));
        assert!((0..100u8).all(|n| dice.hits(Share::new(1.0).unwrap(), "failure", &[n])));
    }

    #[test]
    fn the_same_question_has_the_same_answer() {
        assert_eq!(Dice { seed: 1 }.roll("a", b"x"), Dice { seed: 1 }.roll("a", b"x"));
        assert_ne!(Dice { seed: 1 }.roll("a", b"x"), Dice { seed: 2 }.roll("a", b"x"));
        assert_ne!(Dice { seed: 1 }.roll("a", b"x"), Dice { seed: 1 }.roll("b", b"x"));
    }
}
