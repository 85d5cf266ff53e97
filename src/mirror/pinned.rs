//! Jobs as the pins of their images make them: a remote image whose content is known is asked for by that.
//!
//! So a job with such images has two digests, one with their URLs and one with their contents. Which of them counts is decided
//! here alone, and by the rule that nothing which is paid under either is bought again: `run.mirror` may be turned on and off.

mod previous_contents;

use crate::base::digest::Sha256;
use crate::ledger::record::{Key, Record, Stage, Word};
use crate::ledger::{Book, Pins};
use crate::manifest::model::{Job, Manifest};
use crate::service::image::{ForeignImage, Picture};
use crate::service::names::Digest;
use crate::service::remote::{Address, Pin};
use crate::service::request::{Generation, Image};
use previous_contents::PreviousContents;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// A manifest as its pins make it.
#[derive(Debug)]
pub struct Pinned<'m> {
    /// The manifest, with remote images by content where that counts.
    pub manifest: Cow<'m, Manifest>,
    /// The indices of jobs that ask for remote images of which nothing is known yet: until those are fetched, nobody can
    /// tell whether the job is new.
    pub pending: BTreeSet<usize>,
}

/// Returns the manifest as the pins of the ledger make it.
pub fn pinned<'m>(manifest: &'m Manifest, book: &Book) -> Pinned<'m> {
    with_pins(manifest, book, book.pins())
}

/// Returns the manifest as these pins make it, while the ledger has these records.
pub fn with_pins<'m>(manifest: &'m Manifest, book: &Book, pins: &Pins) -> Pinned<'m> {
    let untouched = |pending| Pinned { manifest: Cow::Borrowed(manifest), pending };
    let has_former = manifest.jobs.iter().any(|job| !job.former.is_empty());
    if !manifest.run.mirror && pins.is_empty() && !has_former {
        return untouched(BTreeSet::new());
    }
    let former = PreviousContents::new(book);
    let sides: Vec<Sides> =
        manifest.jobs.iter().map(|job| Sides::of(job, pins, manifest.run.mirror, &former)).collect();
    let claims = claims(manifest, book, &sides);
    let is_pending = |index: &usize| manifest.run.mirror && claims[*index].is_none() && sides[*index].lacks_pins;
    let pending = (0..sides.len()).filter(is_pending).collect();
    let mut jobs = Vec::new();
    let mut images = BTreeMap::new();
    for (index, (side, claim)) in sides.into_iter().zip(claims).enumerate() {
        let digest = claim.unwrap_or(side.own);
        let mut by_content = side.by_content.into_iter().chain(side.former);
        if let Some(chosen) = by_content.find(|by_content| by_content.job.digest == digest) {
            images.extend(chosen.images);
            jobs.push((index, chosen.job));
        }
    }
    if jobs.is_empty() {
        return untouched(pending);
    }
    let mut manifest = manifest.clone();
    jobs.into_iter().for_each(|(index, job)| manifest.jobs[index] = job);
    for (content, image) in images {
        // A file at hand needn't be fetched.
        manifest.images.entry(content).or_insert(image);
    }
    Pinned { manifest: Cow::Owned(manifest), pending }
}

/// Returns the URLs of a job's remote images.
pub fn urls(job: &Job) -> impl Iterator<Item = &str> {
    let images = job.generation.references.iter().flat_map(|reference| &reference.images);
    images.filter_map(|image| match image {
        Image::Url(url) => Some(url.as_str()),
        Image::Content(_) => None,
    })
}

/// The two ways to name a job's remote images in a submit.
struct Sides {
    /// The digest that counts where nothing is paid.
    own: Digest,
    /// The other one, if there are two.
    other: Option<Digest>,
    /// The job with contents for URLs, where it has any and all of them are known.
    by_content: Option<ByContent>,
    /// The same with contents that its images had before locks were merged, and as its table was read before.
    former: Vec<ByContent>,
    /// `true` if it has remote images of which nothing is known.
    lacks_pins: bool,
}

/// A job with contents in place of its URLs.
struct ByContent {
    job: Job,
    images: Vec<(Sha256, Picture)>,
}

impl Sides {
    fn of(job: &Job, pins: &Pins, mirror: bool, former: &PreviousContents<'_>) -> Sides {
        let known: Option<Vec<(&str, &Pin)>> =
            urls(job).map(|url| pins.get(&Address::of(url)).map(|pin| (url, pin))).collect();
        let known_all = known.as_deref().filter(|known| !known.is_empty());
        let by_content =
            known_all.map(|known| ByContent::of(job, known.iter().map(|(url, pin)| (*url, (*pin).clone()))));
        let former = known_all.map(|known| former.ways(job, known)).unwrap_or_default();
        let former = former.into_iter().map(|known| ByContent::of(job, known.into_iter()));
        let former =
            former.chain(job.former.iter().map(|generation| ByContent::asked_before(job, generation))).collect();
        let lacks_pins = known.is_none();
        let (own, other) = match &by_content {
            None => (job.digest, None),
            Some(content) if mirror => (content.job.digest, Some(job.digest)),
            Some(content) => (job.digest, Some(content.job.digest)),
        };
        Sides { own, other, by_content, former, lacks_pins }
    }

    /// Returns its digests, the one that counts where nothing is paid first.
    fn digests(&self) -> impl Iterator<Item = Digest> {
        let former = self.former.iter().map(|by_content| by_content.job.digest);
        std::iter::once(self.own).chain(self.other).chain(former)
    }
}

impl ByContent {
    /// Returns the job as earlier versions of this program read its table.
    fn asked_before(job: &Job, generation: &Generation) -> ByContent {
        let (digest, generation) = (generation.digest(job.take), generation.clone());
        ByContent { job: Job { generation, digest, ..job.clone() }, images: Vec::new() }
    }

    /// Returns the job with each of its URLs replaced, whose pins come in their order.
    fn of<'u>(job: &Job, known: impl Iterator<Item = (&'u str, Pin)>) -> ByContent {
        let mut job = job.clone();
        let references = Arc::make_mut(&mut job.generation.references);
        let all = references.iter_mut().flat_map(|reference| &mut reference.images);
        let foreign = all.filter(|image| matches!(image, Image::Url(_)));
        let mut images = Vec::new();
        for (image, (url, pin)) in foreign.zip(known) {
            *image = Image::Content(pin.sha256);
            images.push((pin.sha256, Picture::Foreign(ForeignImage { url: url.to_owned(), pin })));
        }
        job.digest = job.generation.digest(job.take);
        ByContent { job, images }
    }
}

/// Returns the digest under which something is paid that a job of the manifest gets, for each job.
///
/// First what is recorded under its own id; then, as for any rename, what no job asks for: a record that another job has is no
/// reason to choose its digest.
fn claims(manifest: &Manifest, book: &Book, sides: &[Sides]) -> Vec<Option<Digest>> {
    let of_own = |(job, side): (&Job, &Sides)| {
        let is_paid_here =
            |digest: &Digest| book.get(&Key { job: job.id.clone(), digest: *digest }).is_some_and(is_paid);
        side.digests().find(is_paid_here)
    };
    let mut claims: Vec<Option<Digest>> = manifest.jobs.iter().zip(sides).map(of_own).collect();
    let taken: BTreeSet<(&str, Digest)> =
        manifest.jobs.iter().zip(&claims).filter_map(|(job, claim)| Some((job.id.as_str(), (*claim)?))).collect();
    let mut free: HashMap<Digest, usize> = HashMap::new();
    for Record { key, .. } in book.records().filter(|record| is_paid(record)) {
        if !taken.contains(&(key.job.as_str(), key.digest)) {
            *free.entry(key.digest).or_default() += 1;
        }
    }
    let mut open: Vec<usize> = (0..claims.len()).filter(|index| claims[*index].is_none()).collect();
    // Who has but one way goes first; where everybody has several, the first decides, and others may have one way then.
    let mut choosy = true;
    while !open.is_empty() {
        let before = open.len();
        open.retain(|&index| {
            let mut ways = sides[index].digests().filter(|digest| free.get(digest).is_some_and(|left| *left > 0));
            let Some(way) = ways.next() else { return false };
            if choosy && ways.next().is_some() {
                return true;
            }
            choosy = true;
            free.entry(way).and_modify(|left| *left -= 1);
            claims[index] = Some(way);
            false
        });
        choosy = open.len() < before;
    }
    claims
}

/// Returns whether something is paid, or may be; a person may have said that it is to be left at that.
fn is_paid(record: &Record) -> bool {
    !matches!(record.stage, Stage::Failed { word: Word::Service, .. } | Stage::Refused { .. })
}

#[cfg(test)]
mod tests;
