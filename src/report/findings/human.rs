//! Findings for people: code, message, the place underlined, help. The only user of miette.

mod rest;

use super::excerpt::Excerpt;
use super::{Checked, Pointed, Tally};
use crate::diagnostic::code::{Code, Severity};
use crate::diagnostic::finding::{Finding, Label};
use crate::document::source::Source;
use crate::report::look::{Color, Drawing, Hue, Look, count, thousands};
use crate::report::terminal_safe;
use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan,
    SpanContents,
};
use rest::Rest;
use std::fmt::{self, Display};
use std::io::{self, BufWriter, Write};

/// Maximum number of findings that are all shown: more are summed up, as nobody reads on.
const SHOWN: usize = 20;

/// Maximum width of text in columns: longer lines are hard to read.
const WIDTH: usize = 100;

/// Minimum width of text in columns, even if it then exceeds the screen.
const LEAST_WIDTH: usize = 20;

/// Minimum width of a label's text in columns.
const LEAST_LABEL_WIDTH: usize = 12;

/// The findings that are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All findings if there are at most 20; of more, the first of each code, and the number of the others.
    Summary,
    /// All of them, however many there are.
    All,
}

/// Writes the findings and a line that sums them up.
///
/// # Errors
/// Fails if `out` can't be written to.
pub fn write(out: impl Write, manifests: &[Checked<'_>], extent: Extent, look: Look) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    let all = manifests.iter().flat_map(|manifest| manifest.findings.iter().map(move |finding| (manifest, finding)));
    let whole = extent == Extent::All || all.clone().nth(SHOWN).is_none();
    let mut rest = Rest::default();
    for (manifest, finding) in all {
        if whole || rest.is_first(manifest, finding) {
            let mut text = String::new();
            render(&mut text, manifest, finding, look).map_err(io::Error::other)?;
            writeln!(out, "{text}")?;
        }
    }
    rest.write(&mut out)?;
    sum_up(&mut out, manifests, look)?;
    out.flush()
}

/// Writes the sums: `2 errors, 1 warning in jobs.yaml`.
fn sum_up(out: &mut impl Write, manifests: &[Checked<'_>], look: Look) -> io::Result<()> {
    let Tally { errors, warnings } = Tally::of(manifests);
    let place = match manifests {
        [one] => terminal_safe::line(one.path).into_owned(),
        many => count(many.len(), "manifest"),
    };
    match (errors, warnings) {
        (0, 0) => {
            let jobs = count(manifests.iter().map(|manifest| manifest.jobs).sum(), "job");
            writeln!(out, "{} in {place} ({jobs})", look.paint(Hue::Good, "nothing wrong"))
        }
        _ => {
            let errors = (errors > 0).then(|| look.paint(Hue::Bad, count(errors, "error")).to_string());
            let warnings = (warnings > 0).then(|| look.paint(Hue::Caution, count(warnings, "warning")).to_string());
            let both: Vec<_> = [errors, warnings].into_iter().flatten().collect();
            hint_at_fixes(out, manifests)?;
            writeln!(out, "{} in {place}", both.join(", "))
        }
    }
}

/// Writes how many of the findings can be fixed automatically.
fn hint_at_fixes(out: &mut impl Write, manifests: &[Checked<'_>]) -> io::Result<()> {
    let fixes = manifests.iter().flat_map(|manifest| manifest.findings).filter_map(|finding| finding.fix.as_ref());
    match fixes.filter(|fix| fix.applicability.is_safe()).count() {
        0 => Ok(()),
        safe => {
            writeln!(out, "{} of these can be fixed with `batch check --fix` (preview with `--diff`)", thousands(safe))
        }
    }
}

/// Renders one finding with miette.
fn render(out: &mut String, manifest: &Checked<'_>, finding: &Finding, look: Look) -> fmt::Result {
    let width = look.width.unwrap_or(WIDTH).clamp(LEAST_WIDTH, WIDTH);
    let shown = Shown::new(manifest, finding, look, width);
    GraphicalReportHandler::new_themed(theme(look, finding, &shown.labels))
        .with_width(width)
        .with_context_lines(1)
        .with_links(false)
        .without_syntax_highlighting()
        .render_report(out, &shown)
}

fn theme(look: Look, finding: &Finding, labels: &[LabeledSpan]) -> GraphicalTheme {
    let mut theme = match (look.drawing, look.color) {
        (Drawing::Unicode, Color::Ansi) => GraphicalTheme::unicode(),
        (Drawing::Unicode, Color::None) => GraphicalTheme::unicode_nocolor(),
        (Drawing::Ascii, Color::Ansi) => GraphicalTheme::ascii(),
        (Drawing::Ascii, Color::None) => GraphicalTheme::none(),
    };
    let primary = match finding.severity {
        Severity::Error => theme.styles.error,
        Severity::Warning => theme.styles.warning,
    };
    // miette expects these in the order of the labels' places.
    let highlights = labels.iter().map(|label| if label.primary() { primary } else { theme.styles.advice }).collect();
    if !labels.is_empty() {
        theme.styles.highlights = highlights;
    }
    theme
}

/// A finding in miette's terms; all its text is safe for a terminal.
struct Shown {
    code: Code,
    severity: Severity,
    message: String,
    help: Option<String>,
    parts: Parts,
    /// In the order of their places.
    labels: Vec<LabeledSpan>,
}

/// Excerpts of one or more files, concatenated as one text.
struct Parts(Vec<Part>);

/// An excerpt of a file under its name.
struct Part {
    /// Its start among them.
    start: usize,
    name: String,
    excerpt: Excerpt,
}

impl Shown {
    fn new(manifest: &Checked<'_>, finding: &Finding, look: Look, width: usize) -> Shown {
        let mut shown = Shown {
            code: finding.code,
            severity: finding.severity,
            message: terminal_safe::line(&finding.message).into_owned(),
            help: finding.help.as_ref().map(|help| terminal_safe::lines(help).into_owned()),
            parts: Parts(Vec::new()),
            labels: Vec::new(),
        };
        for (Pointed { path, source, .. }, labels) in by_file(manifest, finding) {
            shown.push_part(path, source, &labels, look, width);
        }
        shown.labels.sort_by_key(LabeledSpan::offset);
        shown
    }

    /// Adds the labels in one file; the very first label is the primary one.
    fn push_part(&mut self, path: &str, source: &Source, labels: &[Label], look: Look, width: usize) {
        // The line number, and the bar with a space on either side, come before the text.
        let gutter = source.line_count().to_string().len() + 4;
        let columns = width.saturating_sub(gutter).max(LEAST_LABEL_WIDTH);
        let excerpt = Excerpt::new(source, labels, look, columns);
        let before = self.parts.0.last().map_or(0, Part::end);
        for (mark, label) in excerpt.marks.iter().zip(labels) {
            let (start, end) = (excerpt.columns_before(mark.range.start), excerpt.columns_before(mark.range.end));
            // miette places the text under the middle of the underlining, after four columns of its own.
            let room = columns.saturating_sub((start + end) / 2 + 4).max(LEAST_LABEL_WIDTH);
            let text = (!label.text.is_empty()).then(|| textwrap::fill(&terminal_safe::line(&label.text), room));
            let span = SourceSpan::from((before + mark.range.start, mark.range.len()));
            self.labels.push(match self.labels.is_empty() {
                true => LabeledSpan::new_primary_with_span(text, span),
                false => LabeledSpan::new_with_span(text, span),
            });
        }
        self.parts.0.push(Part { start: before, name: terminal_safe::line(path).into_owned(), excerpt });
    }
}

/// Returns the finding's labels by file, the primary one's first; their spans are those in the file.
fn by_file<'a>(manifest: &Checked<'a>, finding: &Finding) -> Vec<(Pointed<'a>, Vec<Label>)> {
    let mut files: Vec<(Pointed<'a>, Vec<Label>)> = Vec::new();
    for label in &finding.labels {
        let Some(pointed) = manifest.pointed(label) else { continue };
        let there = Label { span: pointed.span, text: label.text.clone() };
        match files.iter_mut().find(|(file, _)| std::ptr::eq(file.source, pointed.source)) {
            Some((_, labels)) => labels.push(there),
            None => files.push((pointed, vec![there])),
        }
    }
    files
}

impl Part {
    /// Returns its end. The byte after that is in no part, so that miette doesn't merge two parts.
    fn end(&self) -> usize {
        self.start + self.excerpt.text.len() + 1
    }
}

impl miette::Diagnostic for Shown {
    fn code(&self) -> Option<Box<dyn Display + '_>> {
        Some(Box::new(self.code))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help(&self) -> Option<Box<dyn Display + '_>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        (!self.parts.0.is_empty()).then_some(&self.parts as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Shown {}

/// The excerpts keep the line numbers and label columns of the files.
impl SourceCode for Parts {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let index = self.0.partition_point(|part| part.start <= span.offset()).saturating_sub(1);
        let part = self.0.get(index).ok_or(MietteError::OutOfBounds)?;
        let Excerpt { text, lines, marks } = &part.excerpt;
        let (offset, length) = (span.offset() - part.start, span.len());
        // A span that begins in one file doesn't end in another.
        if offset + length > text.len() {
            return Err(MietteError::OutOfBounds);
        }
        let last_byte = (offset + length.max(1) - 1).min(text.len());
        let (mut first, mut last) = (part.excerpt.line_at(offset), part.excerpt.line_at(last_byte));
        let follow = |a: usize, b: usize| lines[a].number + 1 == lines[b].number;
        for _ in 0..before {
            first -= usize::from(first > 0 && follow(first - 1, first));
        }
        for _ in 0..after {
            last += usize::from(last + 1 < lines.len() && follow(last, last + 1));
        }
        // For a label alone, miette needs its column for the heading; otherwise a line's start.
        let column = match marks.iter().find(|mark| mark.range.start == offset) {
            Some(mark) if before == 0 => mark.column - 1,
            _ => 0,
        };
        let start = lines[first].start;
        let end = lines.get(last + 1).map_or(text.len(), |line| line.start);
        Ok(Box::new(MietteSpanContents::new_named(
            part.name.clone(),
            &text.as_bytes()[start..end],
            SourceSpan::from((part.start + start, end - start)),
            lines[first].number,
            column,
            last + 1 - first,
        )))
    }
}

#[cfg(test)]
mod tests;
