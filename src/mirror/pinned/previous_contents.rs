//! Ways to know a job's images by contents that they had before locks were merged: only where something is paid with them.

use super::is_paid;
use crate::base::digest::Sha256;
use crate::ledger::Book;
use crate::ledger::record::Record;
use crate::manifest::model::Job;
use crate::service::remote::Pin;
use crate::service::request::{Image, Reference};
use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Ways that are simply tried: merges of locks leave one or two.
const WAYS: usize = 64;

/// Ways to know the images of one reference that are compared with what a record says of it; a reference has three images at most.
const OF_REFERENCE: usize = 4096;

/// An image of a job as it was known, each of its URLs in their order.
pub(super) type Way<'u> = Vec<(&'u str, Pin)>;

/// Finds the ways for the jobs of a manifest.
pub(super) struct PreviousContents<'b> {
    book: &'b Book,
    /// The paid records, by the parts of their input that are no reference; made when it is first needed.
    paid: OnceCell<HashMap<[String; 2], Vec<&'b Record>>>,
}

impl<'b> PreviousContents<'b> {
    pub(super) fn new(book: &'b Book) -> PreviousContents<'b> {
        PreviousContents { book, paid: OnceCell::new() }
    }

    /// Returns the ways to know a job's images by contents of which at least one is a former one. Where there are many, those with which
    /// something is paid are among them.
    pub(super) fn ways<'u>(&self, job: &Job, known: &[(&'u str, &Pin)]) -> Vec<Way<'u>> {
        if known.iter().all(|(_, pin)| pin.former.is_empty()) {
            return Vec::new();
        }
        let contents: Vec<Vec<Sha256>> = known.iter().map(|(_, pin)| contents(pin)).collect();
        let with = |way: &[Sha256]| -> Way<'u> {
            let pins = known.iter().zip(way);
            pins.map(|((url, pin), sha256)| (*url, Pin { sha256: *sha256, ..(*pin).clone() })).collect()
        };
        let all = contents.iter().try_fold(1_usize, |all, contents| all.checked_mul(contents.len()));
        // The first is the one without a former one.
        let mut ways: Vec<Way<'u>> = product(&contents, WAYS).iter().skip(1).map(|way| with(way)).collect();
        if all.is_none_or(|all| all > WAYS) {
            let of_records = self.records(job).iter().filter_map(|record| way_of(record, job, &contents));
            ways.extend(of_records.map(|way| with(&way)));
        }
        ways
    }

    /// Returns what is paid whose input differs from the job's in references alone.
    fn records(&self, job: &Job) -> &[&'b Record] {
        let of =
            |parts: &BTreeMap<String, String>| Some([parts.get("prompt")?.clone(), parts.get("settings")?.clone()]);
        let paid = self.paid.get_or_init(|| {
            let mut paid: HashMap<_, Vec<&Record>> = HashMap::new();
            for record in self.book.records().filter(|record| is_paid(record)) {
                if let Some(of_record) = of(&record.parts) {
                    paid.entry(of_record).or_default().push(record);
                }
            }
            paid
        });
        let wanted = of(&job.generation.parts(job.take));
        wanted.and_then(|wanted| paid.get(&wanted)).map_or(&[], Vec::as_slice)
    }
}

/// Returns the contents by which a record knows the job's images, as far as the short hashes of its parts tell: each reference by itself, so that
/// their number doesn't multiply.
fn way_of(record: &Record, job: &Job, contents: &[Vec<Sha256>]) -> Option<Vec<Sha256>> {
    let mut rest = contents;
    let mut way = Vec::new();
    for (number, reference) in job.generation.references.iter().enumerate() {
        let foreign = reference.images.iter().filter(|image| matches!(image, Image::Url(_))).count();
        let (mine, others) = rest.split_at(foreign);
        rest = others;
        let part = record.parts.get(&format!("reference.{}", reference.name))?;
        let told = told(record, reference, mine);
        let fits = |way: &&Vec<Sha256>| {
            let mut generation = job.generation.clone();
            put(&mut Arc::make_mut(&mut generation.references)[number], way);
            generation.reference_part(number, reference.kind).as_ref() == Some(part)
        };
        way.extend(product(&told, OF_REFERENCE).iter().find(fits)?);
    }
    Some(way)
}

/// Returns the contents of a reference's remote images, but for those that the record's parts rule out.
fn told(record: &Record, reference: &Reference, contents: &[Vec<Sha256>]) -> Vec<Vec<Sha256>> {
    let foreign = reference.images.iter().enumerate().filter(|(_, image)| matches!(image, Image::Url(_)));
    let of_image = |((n, _), contents): ((usize, _), &Vec<Sha256>)| {
        let part = record.parts.get(&format!("reference.{}@{}", reference.name, n + 1));
        let fits = |content: &&Sha256| part.is_none_or(|part| Image::Content(**content).part() == *part);
        contents.iter().filter(fits).copied().collect()
    };
    foreign.zip(contents).map(of_image).collect()
}

/// Puts contents in the place of a reference's URLs.
fn put(reference: &mut Reference, contents: &[Sha256]) {
    let foreign = reference.images.iter_mut().filter(|image| matches!(image, Image::Url(_)));
    foreign.zip(contents).for_each(|(image, content)| *image = Image::Content(*content));
}

/// Returns the contents that an image has, or had: that of now first.
fn contents(pin: &Pin) -> Vec<Sha256> {
    std::iter::once(pin.sha256).chain(pin.former.iter().copied()).collect()
}

/// Returns all ways to choose one of each, up to `most` of them; the first ones of all come first.
fn product(choices: &[Vec<Sha256>], most: usize) -> Vec<Vec<Sha256>> {
    let mut ways = vec![Vec::with_capacity(choices.len())];
    for choice in choices {
        let with = |way: &Vec<Sha256>, one: &Sha256| way.iter().chain([one]).copied().collect();
        ways = ways.iter().flat_map(|way| choice.iter().map(move |one| with(way, one))).take(most).collect();
    }
    ways
}
