//! Blocks into which a merge mixed the lines of two: `merge=union` keeps the differing lines of both sides, without marks.
//!
//! If a field occurs twice, the first belongs to one side and the last to the other, which is how git writes them; a
//! single one may belong to either or both. The checksums tell.

use super::read::parse_mixture;
use std::path::Path;

/// Maximum number of optional fields and lists of a block that are tried: 2^10 combinations take a moment.
const MOST: usize = 10;

/// The parts of a video: its table, and the line with the URLs under which it was published, which one side alone may have.
const PARTS: [&str; 2] = ["output", "published"];

/// The fields of a video that stay together.
const VIDEO: [&str; 6] = ["number", "path", "sha256", "bytes", "source", "revision"];

/// Returns the text with each block that has duplicate fields split in two; `None` if there is no such block, or one
/// can't be split.
pub(super) fn take_apart(text: &str) -> Option<String> {
    let text = &in_one_block(text);
    let mut out = String::with_capacity(text.len());
    let mut found = false;
    let mut block: Option<Vec<&str>> = None;
    for line in text.split_inclusive('\n') {
        let ends = line.trim().is_empty()
            || line.starts_with("# ")
            || line.starts_with("[[") && !line.starts_with("[[purchase.");
        if let Some(lines) = block.take_if(|_| ends) {
            found |= put(&lines, &mut out)?;
        }
        if line.trim_end() == "[[purchase]]" {
            block = Some(vec![line]);
        } else if let Some(lines) = &mut block {
            lines.push(line);
        } else {
            out.push_str(line);
        }
    }
    if let Some(lines) = block {
        found |= put(&lines, &mut out)?;
    }
    found.then_some(out)
}

/// Returns the text without the lines at which a block starts anew before it has all it needs: where the two sides know
/// one purchase by two names, the first lines of both stand there, and the rest belongs to either.
fn in_one_block(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // The id of a block that isn't whole, and the lines that may start it anew.
    let (mut open, mut held): (Option<&str>, Vec<&str>) = (None, Vec::new());
    for line in text.split_inclusive('\n') {
        let name = line.split('=').next().unwrap_or_default().trim();
        let is_header = line.trim_end() == "[[purchase]]";
        match (open, name) {
            (Some(_), _) if held.is_empty() && !is_header && !line.starts_with("# ") => {}
            (Some(id), "id") if line == id => {
                // The same purchase: no new block begins.
                held.iter().filter(|line| !line.starts_with(['#', '['])).for_each(|line| out.push_str(line));
                held.clear();
            }
            (Some(_), "job" | "digest") => {
                held.push(line);
                continue;
            }
            (Some(_), _) if is_header || line.starts_with("# ") || line.trim().is_empty() => {
                held.push(line);
                continue;
            }
            (Some(_), _) => {
                out.extend(held.drain(..));
                open = None;
            }
            (None, _) => {}
        }
        match name {
            "id" if open.is_none() => open = Some(line),
            "status" => open = None,
            _ => {}
        }
        out.push_str(line);
    }
    out.extend(held);
    out
}

/// Writes a block, or the two that it consists of; returns whether it was two.
fn put(lines: &[&str], out: &mut String) -> Option<bool> {
    let units = units(lines);
    let is_twice = |(name, _): &(&str, String)| units.iter().filter(|(other, _)| other == name).count() > 1;
    if !units.iter().any(|unit| !PARTS.contains(&unit.0) && is_twice(unit)) {
        lines.iter().for_each(|line| out.push_str(line));
        return Some(false);
    }
    let sides = [false, true].map(|is_last| -> Vec<&(&str, String)> {
        let one_of = |at: usize, name: &str| {
            let others = if is_last { &units[at + 1..] } else { &units[..at] };
            !others.iter().any(|(other, _)| *other == name)
        };
        let mine = units.iter().enumerate().filter(|(at, (name, _))| PARTS.contains(name) || one_of(*at, name));
        mine.map(|(_, unit)| unit).collect()
    });
    for mine in &sides {
        out.push_str("\n[[purchase]]\n");
        // Git takes lines changed only by one side from that side, so the other side's checksum may no longer hold.
        out.push_str(&half(mine).or_else(|| without_checksum(mine))?);
        out.push('\n');
    }
    Some(true)
}

/// Returns the fields of a block, each with its lines; a video counts as one field, and the URLs under which it was published as
/// another one after it.
fn units<'t>(lines: &[&'t str]) -> Vec<(&'t str, String)> {
    let mut units: Vec<(&str, String)> = Vec::new();
    for line in &lines[1..] {
        let name = line.split('=').next().unwrap_or_default().trim();
        match units.last_mut() {
            _ if line.starts_with("[[") => units.push(("output", (*line).to_owned())),
            // A second path begins a second video; a field that no video has belongs to the block again, where the
            // other side's lines follow.
            Some(("output" | "published", _)) if name == "published" => units.push((name, (*line).to_owned())),
            Some(("published", _)) if VIDEO.contains(&name) && name != "path" => {
                let video = units.iter_mut().rev().find(|(name, _)| *name == "output");
                video.into_iter().for_each(|(_, video)| video.push_str(line));
            }
            Some(("output", video)) if VIDEO.contains(&name) && !(name == "path" && video.contains("\npath")) => {
                video.push_str(line);
            }
            Some(("output" | "published", _)) if name == "path" => {
                units.push(("output", format!("[[purchase.output]]\n{line}")));
            }
            _ => units.push((name, (*line).to_owned())),
        }
    }
    complete(&mut units);
    units
}

/// Completes videos of which only the first lines differ: what follows the second path belongs to both.
fn complete(units: &mut [(&str, String)]) {
    let videos: Vec<usize> = (0..units.len()).filter(|at| units[*at].0 == "output").collect();
    for pair in videos.windows(2).rev() {
        let [ref mut short, ref next] = [pair[0], pair[1]].map(|at| units[at].1.clone());
        if short.contains("\nsha256") {
            continue;
        }
        let name = |line: &str| line.split('=').next().unwrap_or_default().trim().to_owned();
        let has: Vec<String> = short.lines().map(name).collect();
        next.split_inclusive('\n')
            .skip(1)
            .filter(|line| !has.contains(&name(line)))
            .for_each(|line| short.push_str(line));
        units[pair[0]].1.clone_from(short);
    }
}

/// Returns the fields of one side, identified by its checksum.
fn half(mine: &[&(&str, String)]) -> Option<String> {
    let needed = |name: &str| matches!(name, "job" | "digest" | "id" | "check" | "parts" | "status");
    let open: Vec<usize> = (0..mine.len()).filter(|at| !needed(mine[*at].0)).collect();
    if open.len() > MOST {
        return None;
    }
    (0..1_u32 << open.len()).find_map(|left_out| {
        let is_in = |at: &usize| open.iter().position(|other| other == at).is_none_or(|bit| left_out & (1 << bit) == 0);
        let side: Vec<_> = (0..mine.len()).filter(is_in).map(|at| mine[at]).collect();
        read(&side)
    })
}

fn without_checksum(mine: &[&(&str, String)]) -> Option<String> {
    let without =
        |names: &[&str]| read(&mine.iter().copied().filter(|(name, _)| !names.contains(name)).collect::<Vec<_>>());
    without(&["check"]).or_else(|| without(&["check", "published"]))
}

/// Returns the text of a block with these fields, videos last, if it can be read.
fn read(units: &[&(&str, String)]) -> Option<String> {
    let of = |is_video| units.iter().filter(move |unit| PARTS.contains(&unit.0) == is_video);
    let text: String = of(false).chain(of(true)).map(|unit| &*unit.1).collect();
    let lock = format!("version = 2\n[[purchase]]\n{text}");
    parse_mixture(&lock, Path::new("")).is_ok().then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::lockfile::{parse, write};
    use crate::ledger::{Book, PurchaseId, entry, record};
    use crate::service::names::{Digest, JobId, TaskId};
    use crate::service::output::VideoName;
    use entry::{Entry, Step};
    use jiff::Timestamp;

    fn book(steps: Vec<Step>) -> Book {
        let at = Timestamp::UNIX_EPOCH;
        let key = record::Key { job: JobId::new("a").unwrap(), digest: Digest(crate::base::digest::Sha256::of(b"a")) };
        let (id, name, service) = (PurchaseId::for_test(&key, 1), VideoName::new("out/a-{n}.mp4"), "s".to_owned());
        let (job, digest, parts) = (key.job, key.digest, Default::default());
        let intent = Step::Submitting { job, digest, parts, videos: 2, name, service, manifest: None, at };
        let mut book = Book::default();
        let steps = [intent, Step::Submitted { task: TaskId::new("t").unwrap(), at }].into_iter().chain(steps);
        steps.for_each(|step| book.apply(&Entry::of(id, step)));
        book
    }

    fn video(number: usize) -> Step {
        let (path, sha256) = (format!("out/a-{number}.mp4"), crate::base::digest::Sha256::of(&[number as u8]));
        Step::Downloaded {
            output: record::Output { number, path, sha256, bytes: 9, source: None, published: Default::default() },
        }
    }

    #[test]
    fn lines_of_two_sides_in_one_block_are_taken_apart() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let failed = Step::Failed { error: record::ServiceError { code: "F".into(), message: "no".into() }, at: at(9) };
        let here = book(vec![Step::Generated { at: at(7) }, video(1), video(2), Step::Succeeded]);
        let moved = |job: &str, name: &str| {
            let (job, name) = (JobId::new(job).unwrap(), VideoName::new(name));
            let done = [Step::Generated { at: at(7) }, video(1), video(2), Step::Succeeded];
            book(done.into_iter().chain([Step::Moved { job, name, at: at(9) }]).collect())
        };
        let (superseded, renamed) = (moved("a", "out/a-{n}~12345678.mp4"), moved("n", "out/n-{n}.mp4"));
        let published = |number: usize, url: &str| {
            let sha256 = crate::base::digest::Sha256::of(&[number as u8]);
            let published = Step::Published { number, sha256, url: url.to_owned() };
            book(vec![Step::Generated { at: at(7) }, video(1), video(2), Step::Succeeded, published])
        };
        let [first, again, second] =
            [(1, "s3://a/1"), (1, "s3://b/1"), (2, "s3://a/2")].map(|(n, url)| published(n, url));
        let halfway = [book(vec![failed]), book(vec![Step::Generated { at: at(8) }, video(1)]), book(vec![])];
        let halfway = halfway.into_iter().chain([superseded, renamed, first.clone(), second.clone()]);
        let pairs = halfway.map(|there| (here.clone(), there));
        for (here, there) in pairs.chain([(first.clone(), again), (first, second)]) {
            for [ours, theirs] in [[&here, &there], [&there, &here]] {
                let mut both = (*ours).clone();
                both.unite((*theirs).clone());
                let (ours, theirs) = (write(ours), write(theirs));
                let diff = similar::TextDiff::from_lines(&ours, &theirs);
                // Within each differing section, git writes the lines of one side, then those of the other.
                let union: String =
                    diff.ops().iter().flat_map(|op| diff.iter_changes(op)).map(|change| change.value()).collect();
                let apart = take_apart(&union).unwrap_or_else(|| panic!("{union}"));
                let read = parse(apart.as_bytes(), Path::new("")).unwrap();
                assert_eq!(write(&read), write(&both), "{union}");
            }
        }
    }

    #[test]
    fn what_is_whole_or_hopeless_is_left_alone() {
        let text = write(&book(vec![video(1)]));
        assert_eq!(take_apart(&text), None);
        let twice = text.replace("status = \"generated\"\n", "status = \"generated\"\nstatus = \"failed\"\n");
        assert_eq!(take_apart(&twice), None, "no checksum tells whose the second one is");
    }
}
