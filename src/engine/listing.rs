//! Which video stands behind which URL: asked again, the service may list a task's videos in another order, under other URLs,
//! and not all of them.
//!
//! A video is known by its URL without the query, which may be signed. Where that tells nothing (the URL is another one, or
//! differs from its neighbour's in its query alone), its content does, once it is fetched: so none is stored twice, and none
//! is taken for another and left out.

use crate::base::digest::Sha256;
use crate::ledger::record::Output;
use std::collections::BTreeSet;

/// What is known of a task's videos.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    /// Those that were fetched, now or earlier.
    pub(super) have: Vec<Output>,
    /// The numbers of those that are still there.
    pub(super) here: BTreeSet<usize>,
    /// Those that can't be had in this run: URL without the query, and number.
    pub(super) left: Vec<(String, usize)>,
}

/// The videos that the service lists, held against those that are known.
#[derive(Debug)]
pub(super) struct Listing {
    urls: Vec<String>,
    /// The number of each, as soon as it is known.
    numbers: Vec<Option<usize>>,
}

impl Shelf {
    /// The video with this number.
    pub(super) fn get(&self, number: usize) -> Option<&Output> {
        self.have.iter().find(|output| output.number == number)
    }

    /// Puts a video in its place, where it is.
    pub(super) fn put(&mut self, output: Output) {
        self.here.insert(output.number);
        self.have.retain(|other| other.number != output.number);
        self.have.push(output);
    }

    /// All that is known by this URL: the numbers.
    fn known(&self, source: &str) -> impl Iterator<Item = usize> {
        let have = self.have.iter().filter(move |output| output.source.as_deref() == Some(source));
        let left = self.left.iter().filter(move |(other, _)| other == source);
        have.map(|output| output.number).chain(left.map(|(_, number)| *number))
    }
}

impl Listing {
    /// The listing of these URLs.
    pub(super) fn new(urls: Vec<String>, shelf: &Shelf) -> Listing {
        let alone = |source| urls.iter().filter(|other| without_query(other) == source).count() == 1;
        let number = |url| {
            let source = without_query(url);
            let mut known = shelf.known(source);
            known.next().filter(|_| known.next().is_none() && alone(source))
        };
        let mut numbers: Vec<_> = urls.iter().map(|url| number(url)).collect();
        // What a person took for a video has no URL: it stands in its place.
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

    /// How many videos are listed.
    pub(super) fn len(&self) -> usize {
        self.urls.len()
    }

    /// The URL at a place, counted from 0.
    pub(super) fn url(&self, place: usize) -> &str {
        &self.urls[place]
    }

    /// The same without its query.
    pub(super) fn source(&self, place: usize) -> &str {
        without_query(&self.urls[place])
    }

    /// The places in the order in which they are looked at: where nothing else tells, those first whose video isn't here.
    pub(super) fn places(&self, shelf: &Shelf) -> Vec<usize> {
        let mut places: Vec<usize> = (0..self.urls.len()).collect();
        places.sort_by_key(|&place| self.numbers[place].is_none() && shelf.here.contains(&(place + 1)));
        places
    }

    /// Whether the video at a place has to be fetched, or to be looked at to tell which one it is.
    pub(super) fn is_wanted(&self, place: usize, shelf: &Shelf) -> bool {
        let is_settled = |number| shelf.here.contains(&number) || shelf.left.iter().any(|(_, left)| *left == number);
        if let Some(number) = self.numbers[place] {
            return !is_settled(number);
        }
        let source = self.source(place);
        let listed = self.urls.iter().filter(|url| without_query(url) == source).count();
        shelf.known(source).count() < listed || !shelf.known(source).all(is_settled)
    }

    /// The video at a place, where it is known by its URL.
    pub(super) fn known<'s>(&self, place: usize, shelf: &'s Shelf) -> Option<&'s Output> {
        shelf.get(self.numbers[place]?)
    }

    /// The number that the video at a place has most likely.
    pub(super) fn expected(&self, place: usize, shelf: &Shelf) -> usize {
        let is_free = |number: &usize| !self.numbers.contains(&Some(*number)) && !shelf.here.contains(number);
        let is_unknown = |number: &usize| is_free(number) && shelf.get(*number).is_none();
        let anew = || (place + 1..).find(is_unknown).expect("numbers don't end");
        self.numbers[place].unwrap_or_else(|| Some(place + 1).filter(is_free).unwrap_or_else(anew))
    }

    /// The number of the video at a place, whose content is known now. Within one listing, each URL is another video.
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

    /// Whether the video with this number is listed.
    pub(super) fn has(&self, number: usize) -> bool {
        self.numbers.contains(&Some(number))
    }
}

/// A URL up to its query or fragment.
fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A shelf with these videos, by number and URL; the content of each is its number.
    fn shelf(have: &[(usize, &str)], here: &[usize]) -> Shelf {
        let output = |&(number, source): &(usize, &str)| Output {
            number,
            path: String::new(),
            sha256: content(number),
            bytes: 0,
            source: Some(source.to_owned()),
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
