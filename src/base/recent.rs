//! Equal texts kept once, where they come soon after each other.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::Arc;

/// The number of texts that are remembered.
const REMEMBERED: usize = 256;

/// The texts that came last. Of those that differ all the time no more than a few are remembered, which costs nothing.
#[derive(Debug)]
pub struct Recent {
    /// Each at a place that its hash says.
    texts: Vec<Option<Arc<str>>>,
    hasher: RandomState,
}

impl Default for Recent {
    fn default() -> Recent {
        Recent { texts: vec![None; REMEMBERED], hasher: RandomState::new() }
    }
}

impl Recent {
    /// Returns the text, shared with an equal one that came before if it is still remembered.
    pub fn share(&mut self, text: &str) -> Arc<str> {
        let place = &mut self.texts[self.hasher.hash_one(text) as usize % REMEMBERED];
        match place {
            Some(known) if **known == *text => Arc::clone(known),
            _ => Arc::clone(place.insert(text.into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_are_one_and_others_stay_apart() {
        let mut recent = Recent::default();
        let first = recent.share("a");
        assert!(Arc::ptr_eq(&first, &recent.share("a")));
        for number in 0..2 * REMEMBERED {
            assert_eq!(&*recent.share(&number.to_string()), number.to_string());
        }
        assert_eq!(recent.texts.len(), REMEMBERED);
    }
}
