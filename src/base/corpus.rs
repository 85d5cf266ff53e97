//! The corpus of `tests/media`: files of real tools, for tests.

use std::fs;
use std::path::Path;

/// A file of the corpus.
pub(crate) struct Sample {
    /// Its path in the corpus.
    pub(crate) name: String,
    pub(crate) content: Vec<u8>,
    /// The expected result.
    pub(crate) verdict: String,
    /// Lengths to which it may be cut without a trace in its content.
    at: Vec<usize>,
    /// The length from which on all of them are so.
    from: usize,
}

/// Returns the samples in a folder of the corpus.
pub(crate) fn samples(folder: &str) -> Vec<Sample> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/media");
    let table = fs::read_to_string(corpus.join("table.tsv")).unwrap();
    let rows = table.lines().skip(1).filter(|row| row.starts_with(folder));
    let samples: Vec<_> = rows.map(|row| Sample::read(&corpus, row)).collect();
    let files = fs::read_dir(corpus.join(folder)).unwrap().count();
    assert!(samples.len() == files && files > 50, "{folder}: {files} files, {} in the table", samples.len());
    samples
}

impl Sample {
    fn read(corpus: &Path, row: &str) -> Sample {
        let fields: Vec<&str> = row.split('\t').collect();
        let [name, verdict, cuts, ..] = fields[..] else { panic!("{row}") };
        let content = fs::read(corpus.join(name)).unwrap();
        let (mut at, mut from) = (Vec::new(), content.len());
        for part in cuts.split(", ").filter(|part| *part != "-") {
            let (word, numbers) = part.split_once(' ').unwrap();
            let mut numbers = numbers.split(' ').map(|number| number.parse().unwrap());
            match word {
                "at" => at = numbers.collect(),
                "from" => from = numbers.next().unwrap(),
                _ => panic!("{row}"),
            }
        }
        Sample { name: name.to_owned(), content, verdict: verdict.to_owned(), at, from }
    }

    /// Returns the lengths to which it is cut: around each place where parts meet, and every few bytes between them.
    pub(crate) fn lengths(&self, stride: usize) -> impl Iterator<Item = usize> + '_ {
        let is_near = |place: usize, length: usize| place.abs_diff(length) < 20;
        (0..self.content.len()).filter(move |length| {
            let (start, end) = (is_near(self.from, *length), is_near(self.content.len(), *length));
            length % stride == 0 || start || end || self.at.iter().any(|at| is_near(*at, *length))
        })
    }

    /// Returns the length from which on a cut leaves no trace.
    pub(crate) fn end(&self) -> usize {
        self.from
    }

    /// Returns whether the loss of `count` bytes from `start` on, and not of the end, leaves no trace in the content: the part
    /// that `start` is in takes its missing bytes from what follows, and where these are whole parts of a live file, or those
    /// after all frames, nothing is amiss.
    pub(crate) fn may_lose(&self, start: usize, count: usize) -> bool {
        let end = self.at.iter().copied().find(|at| *at >= start).unwrap_or(self.from);
        let (taken, last) = (end + count, self.content.len());
        let is_live = self.content.starts_with(b"\x1a\x45\xdf\xa3");
        let is_plain = !is_live && !self.content.windows(4).any(|name| name == b"moof");
        start >= self.from
            || is_plain && self.at.first().is_some_and(|at| start >= *at)
            || taken <= last && (taken >= self.from.min(last - 7) || is_live && self.at.contains(&taken))
    }

    /// Returns whether a cut to this length leaves no trace in the content.
    pub(crate) fn may_look_whole(&self, length: usize) -> bool {
        length >= self.from || self.at.contains(&length)
    }
}
