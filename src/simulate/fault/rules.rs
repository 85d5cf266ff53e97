//! The selection of the fault that is due.

use super::{Action, Fault, Scope, When};
use crate::simulate::call::Call;
use crate::simulate::dice::Dice;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// The faults of a simulator, with the requests that they have counted.
#[derive(Debug)]
pub(in crate::simulate) struct Rules {
    rules: Vec<Rule>,
    dice: Dice,
}

#[derive(Debug)]
struct Rule {
    fault: Fault,
    /// The numbers of requests by the key under which they are counted together.
    seen: Mutex<HashMap<String, u64>>,
}

/// The properties of a request that faults look at.
#[derive(Clone, Copy, Debug)]
pub(in crate::simulate) struct Subject<'r> {
    /// The identity of the request: the hash of its content, or its path.
    pub(in crate::simulate) identity: &'r str,
    /// The path with the query.
    pub(in crate::simulate) url: &'r str,
    /// The prompt of the job, or the name of the file.
    pub(in crate::simulate) about: Option<&'r str>,
}

impl Rules {
    pub(in crate::simulate) fn new(faults: Vec<Fault>, dice: Dice) -> Rules {
        let rule = |fault| Rule { fault, seen: Mutex::default() };
        Rules { rules: faults.into_iter().map(rule).collect(), dice }
    }

    /// Returns whether there are no faults.
    pub(in crate::simulate) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Returns the action for a new connection.
    pub(in crate::simulate) fn at_connect(&self) -> Option<&Action> {
        let subject = Subject { identity: "", url: "", about: None };
        self.first(subject, |fault| fault.call == Some(Call::Connect))
    }

    /// Returns the action for a request whose head was read.
    pub(in crate::simulate) fn at_head(&self, call: Call, url: &str) -> Option<&Action> {
        let subject = Subject { identity: url, url, about: None };
        self.first(subject, |fault| fault.is_early() && fault.call.is_none_or(|c| c == call))
    }

    /// Returns the action for a request that was read.
    pub(in crate::simulate) fn at_request(&self, call: Call, subject: Subject<'_>) -> Option<&Action> {
        self.first(subject, |fault| !fault.is_early() && fault.call.is_none_or(|c| c == call))
    }

    /// Returns the first fault that is due; all that fit count the request.
    fn first(&self, subject: Subject<'_>, fits: impl Fn(&Fault) -> bool) -> Option<&Action> {
        let mut due = None;
        for (index, rule) in self.rules.iter().enumerate() {
            if fits(&rule.fault) && rule.fault.is_about(subject.about) && rule.counts(index, subject, self.dice) {
                due = due.or(Some(&rule.fault.action));
            }
        }
        due
    }
}

impl Rule {
    /// Counts a request; returns whether the fault is due at it.
    fn counts(&self, index: usize, subject: Subject<'_>, dice: Dice) -> bool {
        let together = match (self.fault.scope, self.fault.when) {
            (Scope::Url, _) => subject.url,
            (Scope::Subject, _) | (_, When::Chance(_)) => subject.identity,
            (Scope::All, _) => "",
        };
        let time = {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            let times = seen.entry(together.to_owned()).or_default();
            *times += 1;
            *times
        };
        match self.fault.when {
            When::Times { first, last } => (first..=last).contains(&time),
            When::Every(nth) => time.is_multiple_of(nth),
            // By subject and its count, so that the order among subjects doesn't matter.
            When::Chance(share) => dice.hits(share, &format!("fault {index} time {time}"), together.as_bytes()),
        }
    }
}

impl Fault {
    fn is_about(&self, text: Option<&str>) -> bool {
        self.about.as_deref().is_none_or(|wanted| text.is_some_and(|text| text.contains(wanted)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(faults: &[&str]) -> Rules {
        Rules::new(faults.iter().map(|text| text.parse().unwrap()).collect(), Dice { seed: 1 })
    }

    fn subject(identity: &str) -> Subject<'_> {
        Subject { identity, url: identity, about: Some(identity) }
    }

    /// Returns the submits of these subjects at which something is due.
    fn due(faults: &[&str], subjects: &[&str]) -> Vec<bool> {
        let rules = rules(faults);
        subjects.iter().map(|s| rules.at_request(Call::Submit, subject(s)).is_some()).collect()
    }

    #[test]
    fn times_are_counted_over_all_requests() {
        assert_eq!(due(&["submit:503@2-3"], &["a", "b", "a", "b"]), [false, true, true, false]);
        assert_eq!(due(&["any:503@%2"], &["a", "b", "a", "b"]), [false, true, false, true]);
        assert_eq!(due(&["status:503"], &["a", "b"]), [false, false]);
    }

    #[test]
    fn times_are_counted_for_each_subject() {
        assert_eq!(due(&["submit:503@1/each"], &["a", "b", "a", "b"]), [true, true, false, false]);
        assert_eq!(due(&["submit:503@2-/url"], &["a", "b", "a", "b"]), [false, false, true, true]);
    }

    #[test]
    fn only_what_it_is_about_is_counted() {
        assert_eq!(due(&["submit:503@2~dog"], &["dog", "cat", "cat", "two dogs"]), [false, false, false, true]);
    }

    #[test]
    fn the_first_that_is_due_decides_and_all_count() {
        let rules = rules(&["submit:503@1", "submit:500@1-2"]);
        let statuses = [(); 3].map(|()| match rules.at_request(Call::Submit, subject("a")) {
            Some(Action::Instead { what: super::super::Instead::Answer(answer), .. }) => answer.status.as_u16(),
            _ => 0,
        });
        assert_eq!(statuses, [503, 500, 0]);
    }

    #[test]
    fn chance_does_not_depend_on_the_order_of_arrival() {
        let names: Vec<String> = (0..200).map(|n| n.to_string()).collect();
        let forth: Vec<&str> = names.iter().map(String::as_str).collect();
        let back: Vec<&str> = forth.iter().rev().copied().collect();
        let hits = due(&["submit:503@30%"], &forth);
        let mut mirrored = due(&["submit:503@30%"], &back);
        mirrored.reverse();
        assert_eq!(hits, mirrored);
        assert!((30..90).contains(&hits.iter().filter(|hit| **hit).count()));
    }

    #[test]
    fn early_faults_strike_at_the_head_and_nowhere_else() {
        let rules = rules(&["submit:reset(early)@2"]);
        assert!(rules.at_head(Call::Submit, "/").is_none());
        assert!(rules.at_request(Call::Submit, subject("a")).is_none());
        assert!(rules.at_head(Call::Submit, "/").is_some());
    }
}
