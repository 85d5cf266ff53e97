//! The rules on the mentions of a prompt and the references of its job.

use super::references::{Library, Links};
use crate::base::look_alike;
use crate::base::nearest::{Near, near};
use crate::manifest::problem::{Among, Place, Problem, Surroundings};
use crate::manifest::raw::{Home, Spot};
use crate::manifest::sink::Sink;
use crate::service::limits::REFERENCES;
use crate::service::mention::{Mention, Target, mentions};
use std::collections::{BTreeSet, HashSet};

/// More references than anybody lists by mistake.
const MANY: usize = 100;

/// The number of characters after a mention that are shown.
const BEHIND: usize = 8;

/// A prompt with its place.
type Prompt<'t> = Spot<'t, &'t str>;

/// Checks a prompt against the references that its job lists.
pub(crate) fn listed<'t>(prompt: &Prompt<'t>, links: &Links<'t>, library: &'t Library<'_>, sink: &mut Sink<'_>) {
    let names = links.items.iter().take(MANY).map(|link| link.name).collect::<Vec<_>>();
    let looking_alike = look_alikes(prompt, &names, library, sink);
    // Without all names it is unknown which are declared; no names, or this many, are a mistake of their own.
    if !links.whole || links.items.is_empty() || links.items.len() > MANY {
        return;
    }
    let names: Vec<&'t str> = links.items.iter().map(|link| link.name).collect();
    // No more than the names, which are few.
    let mut meant: Vec<&str> = looking_alike;
    for mention in mentions(prompt.value, &names) {
        let look = |word: &str| {
            let among = Among::References {
                names: names.iter().map(|name| (*name).to_owned()).collect(),
                library: library.find(word).is_some(),
            };
            (near(word, names.iter().copied()), among)
        };
        let name = check(prompt, &mention, &names, look, sink);
        meant.extend(name.filter(|name| !meant.contains(name)));
    }
    for link in &links.items {
        if !meant.contains(&link.name) {
            meant.push(link.name);
            sink.push_at(links.home, Problem::UnusedReference { at: link.place, name: link.name.to_owned() });
        }
    }
}

/// Returns the references of the library that a prompt mentions, in order of first mention; `None` if it mentions nothing.
pub(crate) fn implied<'t>(prompt: &Prompt<'t>, library: &'t Library<'_>, sink: &mut Sink<'_>) -> Option<Links<'t>> {
    // The library may be long: only the text after an `@` is a candidate.
    let behind = prompt.value.match_indices('@').map(|(at, _)| &prompt.value[at + 1..]);
    let entries: BTreeSet<usize> = behind.flat_map(|rest| library.prefixes(rest)).collect();
    let entries: Vec<usize> = entries.into_iter().collect();
    let names: Vec<&'t str> = entries.iter().map(|entry| library.name(*entry)).collect();
    let found = mentions(prompt.value, &names);
    let is_meant = !look_alikes(prompt, &[], library, sink).is_empty();
    if found.is_empty() && !is_meant {
        return None;
    }
    let mut links = Links { items: Vec::new(), whole: !is_meant, home: prompt.home };
    let mut seen = HashSet::new();
    let mut surplus = None;
    for mention in &found {
        match mention.target.name() {
            Some(name) if seen.insert(names[name]) => {
                links.items.push(library.link(entries[name], Place::of(prompt.node)));
                if links.items.len() == REFERENCES.end() + 1 {
                    surplus = Some(mention);
                }
            }
            Some(_) => {}
            None => links.whole = false,
        }
        // A broken library may have had the name.
        if mention.target.name().is_some() || library.is_mentionable() {
            check(prompt, mention, &names, |word| (library.nearest(word), Among::Library), sink);
        }
    }
    if let Some(mention) = surplus {
        let (at, count) = (place(prompt, mention), links.items.len());
        sink.push_at(prompt.home, Problem::ReferenceCount { at, count, implied: true });
    }
    Some(links)
}

/// Reports characters that look like an `@` before one of these names or one of the library; returns the names.
fn look_alikes<'t>(
    prompt: &Prompt<'t>,
    names: &[&'t str],
    library: &'t Library<'_>,
    sink: &mut Sink<'_>,
) -> Vec<&'t str> {
    let mut meant = Vec::new();
    let is_sign = |c: char| !c.is_ascii() && look_alike::ascii(c) == Some('@');
    for (at, sign) in prompt.value.char_indices().filter(|(_, c)| is_sign(*c)) {
        let rest = &prompt.value[at + sign.len_utf8()..];
        let own = names.iter().copied().filter(|name| !name.is_empty() && rest.starts_with(name));
        let of_library = library.prefixes(rest).map(|entry| library.name(entry));
        let Some(name) = own.chain(of_library).max_by_key(|name| name.len()) else { continue };
        let range = at..at + sign.len_utf8() + name.len();
        let surroundings = Surroundings {
            scalar: prompt.node.span(),
            behind: prompt.value[range.end..].chars().next(),
            is_sure: prompt.home == Home::Own,
        };
        let at = Place::part_of(prompt.node, range);
        let problem = Problem::LookAlikeMention { at, sign, name: name.to_owned(), prompt: surroundings };
        sink.push_at(prompt.home, problem);
        if !meant.contains(&name) {
            meant.push(name);
        }
    }
    meant
}

/// Checks one mention; returns the name that is meant. `look` finds the nearest one.
fn check<'t>(
    prompt: &Prompt<'t>,
    mention: &Mention,
    names: &[&'t str],
    look: impl FnOnce(&str) -> (Option<Near<'t>>, Among),
    sink: &mut Sink<'_>,
) -> Option<&'t str> {
    let shown = || prompt.value[mention.range.clone()].to_owned();
    let surroundings = |is_sure: bool| Surroundings {
        scalar: prompt.node.span(),
        behind: prompt.value[mention.range.end..].chars().next(),
        // In another job the same words of `defaults` may mean something else.
        is_sure: is_sure && prompt.home == Home::Own,
    };
    match mention.target {
        Target::Name(name) => Some(names[name]),
        Target::Unspaced(name) => {
            // Not beyond the line: the help shows the corrected text on one line.
            let line = prompt.value[mention.range.end..].lines().next().unwrap_or_default();
            let behind = line.chars().take(BEHIND).collect();
            let (at, around) = (place(prompt, mention), surroundings(true));
            sink.push_at(prompt.home, Problem::MentionSpacing { at, mention: shown(), behind, prompt: around });
            Some(names[name])
        }
        Target::Unknown(beginning) => {
            let (near, among) = look(&shown()[1..]);
            let meant = beginning.map(|name| names[name]).or(near.map(|near| near.name));
            // The text that follows a name may be a word of its own.
            let around = surroundings(beginning.is_none() && near.is_some_and(|near| near.is_sure));
            let (at, nearest) = (place(prompt, mention), meant.map(str::to_owned));
            let problem = Problem::UnknownMention { at, mention: shown(), nearest, among, prompt: around };
            sink.push_at(prompt.home, problem);
            meant
        }
    }
}

fn place(prompt: &Prompt<'_>, mention: &Mention) -> Place {
    Place::part_of(prompt.node, mention.range.clone())
}
