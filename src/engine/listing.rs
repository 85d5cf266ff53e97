//! Matches a task's videos to URLs: when queried again, the service may list the videos in another order, under other
//! URLs, and not all of them.
//!
//! A video is identified by its URL without the query, which may be signed. If that isn't conclusive (the URL is new,
//! or differs from another only in its query), the fetched content decides: so none is stored twice, and none is
//! mistaken for another and left out.

use crate::base::digest::Sha256;
use crate::ledger::record::Output;
use std::collections::BTreeSet;

/// The known videos of a task.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    /// Those that were fetched, now or earlier.
    pub(super) have: Vec<Output>,
    /// The numbers of those that still exist.
    pub(super) here: BTreeSet<usize>,
    /// Those that can't be fetched in this run: URL without the query, and number.
    pub(super) left: Vec<(String, usize)>,
}

/// The videos that the service lists, matched with the known ones.
#[derive(Debug)]
pub(super) struct Listing {
    urls: Vec<String>,
    /// The number of each, as soon as it is known.
    numbers: Vec<Option<usize>>,
}

impl Shelf {
    /// Returns the video with this number.
    pub(super) fn get(&self, number: usize) -> Option<&Output> {
        self.have.iter().find(|output| output.number == number)
    }

    /// Adds a video, or replaces the one with its number.
    pub(super) fn put(&mut self, output: Output) {
        self.here.insert(output.number);
        self.have.retain(|other| other.number != output.number);
        self.have.push(output);
    }

    /// Returns the numbers of all videos known by this URL.
    fn known(&self, source: &str) -> impl Iterator<Item = usize> {
        let have = self.have.iter().filter(move |output| output.source.as_deref() == Some(source));
        let left = self.left.iter().filter(move |(other, _)| other == source);
        have.map(|output| output.number).chain(left.map(|(_, number)| *number))
    }
}

impl Listing {
    /// Matches these URLs with the known videos.
    pub(super) fn new(urls: Vec<String>, shelf: &Shelf) -> Listing {
        let alone = |source| urls.iter().filter(|other| without_query(other) == source).count() == 1;
        let number = |url| {
            let source = without_query(url);
            let mut known = shelf.known(source);
            known.next().filter(|_| known.next().is_none() && alone(source))
        };
        let mut numbers: Vec<_> = urls.iter().map(|url| number(url)).collect();
        // A video accepted by a person has no URL: it keeps its place.
        for taken in shelf.have.iter().filter(|output| output.source.is_none() && shelf.here.contains(&output.number)) {
            let is_free = !numbers.contains(&Some(taken.number));
            if let Some(number @ None) = taken.number.checked_sub(1).and_then(|place| numbers.get_mut(place))
                && is_free
            {
                *number = Some(taken.number);
            }
        }
        Listing { urls, numbers }
    }

    /// Returns the number of listed videos.
    pub(super) fn len(&self) -> usize {
        self.urls.len()
    }

    /// Returns the URL at a place, counted from 0.
    pub(super) fn url(&self, place: usize) -> &str {
        &self.urls[place]
    }

    /// Returns the URL at a place without its query.
    pub(super) fn source(&self, place: usize) -> &str {
        without_query(&self.urls[place])
    }

    /// Returns the places in the order in which they are fetched: if nothing else tells, those whose video is missing
    /// come first.
    pub(super) fn places(&self, shelf: &Shelf) -> Vec<usize> {
        let mut places: Vec<usize> = (0..self.urls.len()).collect();
        places.sort_by_key(|&place| self.numbers[place].is_none() && shelf.here.contains(&(place + 1)));
        places
    }

    /// Returns whether the video at a place has to be fetched, if only to find out which one it is.
    pub(super) fn is_wanted(&self, place: usize, shelf: &Shelf) -> bool {
        let is_settled = |number| shelf.here.contains(&number) || shelf.left.iter().any(|(_, left)| *left == number);
        if let Some(number) = self.numbers[place] {
            return !is_settled(number);
        }
        let source = self.source(place);
        let listed = self.urls.iter().filter(|url| without_query(url) == source).count();
        shelf.known(source).count() < listed || !shelf.known(source).all(is_settled)
    }

    /// Returns the video at a place, if it is known by its URL.
    pub(super) fn known<'s>(&self, place: usize, shelf: &'s Shelf) -> Option<&'s Output> {
        shelf.get(self.numbers[place]?)
    }

    /// Returns the most likely number of the video at a place.
    pub(super) fn expected(&self, place: usize, shelf: &Shelf) -> usize {
        let is_free = |number: &usize| !self.numbers.contains(&Some(*number)) && !shelf.here.contains(number);
        let is_unknown = |number: &usize| is_free(number) && shelf.get(*number).is_none();
        let anew = || (place + 1..).find(is_unknown).expect("numbers don't end");
        self.numbers[place].unwrap_or_else(|| Some(place + 1).filter(is_free).unwrap_or_else(anew))
    }

    /// Returns the number of the video at a place by its content. Within one listing, each URL is a different video.
    pub(super) fn identify(&mut self, place: usize, content: &Sha256, shelf: &Shelf) -> usize {
        let is_free = |number: usize| !self.numbers.contains(&Some(number));
        let same = || shelf.have.iter().find(|output| output.sha256 == *content && is_free(output.number));
        let number = match self.numbers[place] {
            Some(number) => number,
            None => same().map_or_else(|| self.expected(place, shelf), |output| output.number),
        };
        self.numbers[place] = Some(number);
        number
    }

    /// Returns whether the video with this number is listed.
    pub(super) fn has(&self, number: usize) -> bool {
        self.numbers.contains(&Some(number))
    }
}

/// Returns a URL up to its query or fragment.
fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a shelf with these videos, by number and URL; the content of each is its number.
    fn shelf(have: &[(usize, &str)], here: &[usize]) -> Shelf {
        let output = |&(number, source): &(usize, &str)| Output {
            number,
            path: String::new(),
            sha256: content(number),
            bytes: 0,
            source: Some(source.to_owned()),
            published: Default::default(),
        };
        let have = have.iter().map(output).collect();
        Shelf { have, here: here.iter().copied().collect(), left: Vec::new() }
    }

    fn content(of: usize) -> Sha256 {
        Sha256::of(of.to_string().as_bytes())
    }

    fn listing(urls: &[&str], shelf: &Shelf) -> Listing {
        Listing::new(urls.iter().map(|&url| url.to_owned()).collect(), shelf)
    }

    #[test]
    fn videos_keep_their_numbers_when_the_service_lists_them_anew() {
        let numbers = |urls: &[&str], shelf: &Shelf| {
            let listing = listing(urls, shelf);
            (0..listing.len()).map(|place| listing.expected(place, shelf)).collect::<Vec<_>>()
        };
        assert_eq!(numbers(&["u/a", "u/b"], &Shelf::default()), [1, 2]);
        let both = shelf(&[(1, "u/a"), (2, "u/b")], &[]);
        assert_eq!(numbers(&["u/b?sig=2", "u/a?sig=1"], &both), [2, 1]);
        assert_eq!(numbers(&["v/a", "v/b"], &both), [1, 2], "other URLs: by their place");
        let one = shelf(&[(1, "u/view")], &[]);
        assert_eq!(numbers(&["u/view?f=1", "u/view?f=2"], &one), [1, 2], "queries are not kept: by their place");
        let here = shelf(&[(1, "u/a"), (2, "u/b")], &[1]);
        assert_eq!(numbers(&["u/c", "u/a"], &here), [3, 1], "none takes the number of another");
    }

    #[test]
    fn only_what_is_not_here_or_not_known_is_wanted() {
        let wanted = |urls: &[&str], shelf: &Shelf| {
            let listing = listing(urls, shelf);
            listing.places(shelf).into_iter().filter(|&place| listing.is_wanted(place, shelf)).collect::<Vec<_>>()
        };
        let mut half = shelf(&[(1, "u/a"), (2, "u/b")], &[1]);
        assert_eq!(wanted(&["u/b?s", "u/a?s"], &half), [0]);
        assert_eq!(wanted(&["v/a", "u/b"], &half), [1, 0], "what is new may be anything");
        half.left.push(("u/c".to_owned(), 3));
        assert_eq!(wanted(&["u/c", "u/b", "u/a"], &half), [1]);
        let alike = |here: &[usize]| shelf(&[(1, "u/view"), (2, "u/view")], here);
        assert_eq!(wanted(&["u/view?1", "u/view?2"], &alike(&[1, 2])), [0; 0]);
        assert_eq!(wanted(&["u/view?1", "u/view?2"], &alike(&[1])), [1, 0]);
        assert_eq!(wanted(&["u/view?1", "u/view?2", "u/view?3"], &alike(&[1, 2])), [2, 0, 1]);
    }

    #[test]
    fn what_a_person_took_for_a_video_is_not_asked_for_again() {
        let mut taken = shelf(&[(1, ""), (2, "u/b")], &[1, 2]);
        taken.have[0].source = None;
        let anew = listing(&["u/a", "u/b", "u/c"], &taken);
        let wanted: Vec<_> = anew.places(&taken).into_iter().filter(|&place| anew.is_wanted(place, &taken)).collect();
        assert_eq!(wanted, [2]);
        assert!(anew.has(1));
    }

    #[test]
    fn content_tells_what_urls_do_not() {
        let half = shelf(&[(1, "u/view"), (2, "u/view")], &[1]);
        let mut anew = listing(&["u/view?2", "u/view?1", "u/view?3", "u/view?1"], &half);
        let contents = [2, 1, 3, 1].map(content);
        let numbers = [0, 1, 2, 3].map(|place| anew.identify(place, &contents[place], &half));
        assert_eq!(numbers, [2, 1, 3, 4], "two of the same content in one listing are two");
        assert!(anew.has(3) && !anew.has(5));
    }
}
