//! `batch show`: the request that is or would be sent for a job, for people.

use super::documents::show::{ShowDocument, ShownImage, ShownJob, ShownReference};
use super::look::{Hue, Look, count, size};
use super::money::estimated;
use super::terminal_safe;
use crate::manifest::model::ListedIn;
use std::io::{self, BufWriter, Write};
use textwrap::{Options, WordSeparator};

/// The columns of each row's label.
const LABEL: usize = 12;

/// Minimum width of text in columns, even if it then exceeds the screen.
const LEAST_WIDTH: usize = 40;

/// Writes the jobs, one below the other.
///
/// # Errors
/// Fails if `out` can't be written to.
pub fn show(out: impl Write, document: &ShowDocument, look: Look) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    for (n, job) in document.jobs.iter().enumerate() {
        if n > 0 {
            writeln!(out)?;
        }
        write_job(&mut out, job, look)?;
    }
    out.flush()
}

fn write_job(out: &mut impl Write, job: &ShownJob, look: Look) -> io::Result<()> {
    writeln!(out, "{}  {}: {}", look.paint(Hue::Strong, &job.id), job.action, job.reason.meaning())?;
    row(out, "prompt", &prompt(job, look), look)?;
    if let Some(negative) = &job.negative_prompt {
        row(out, "not", &terminal_safe::lines(negative), look)?;
    }
    let is_mentioned = |name: &&str| job.mentions.iter().any(|mention| mention.name == **name);
    let names = job.references.iter().map(|reference| reference.name.as_str()).filter(is_mentioned);
    let names: Vec<String> = names.map(|name| look.paint(Hue::Accent, format!("@{name}")).to_string()).collect();
    row(out, "mentions", &names.join(", "), look)?;
    for (n, reference) in job.references.iter().enumerate() {
        row(out, if n == 0 { "references" } else { "" }, &heading(reference, look), look)?;
        for shown in &reference.images {
            row(out, "", &format!("  {}", image(shown)), look)?;
        }
    }
    row(out, "settings", &settings(job), look)?;
    if !job.tags.is_empty() {
        let tags: Vec<&str> = job.tags.iter().map(|tag| tag.as_str()).collect();
        row(out, "tags", &tags.join(", "), look)?;
    }
    row(
        out,
        if job.videos.len() == 1 { "video" } else { "videos" },
        &terminal_safe::lines(&job.videos.join("\n")),
        look,
    )?;
    row(out, "price", &estimated(&job.price), look)?;
    row(out, "digest", &job.digest.to_string(), look)
}

/// Returns the prompt with its mentions in a color of their own.
fn prompt(job: &ShownJob, look: Look) -> String {
    let characters: Vec<char> = job.prompt.chars().collect();
    let text = |from: usize, to: usize| characters[from..to].iter().collect::<String>();
    let (mut out, mut reached) = (String::new(), 0);
    for mention in &job.mentions {
        out += &terminal_safe::lines(&text(reached, mention.start));
        let marked = text(mention.start, mention.end);
        out += &look.paint(Hue::Accent, terminal_safe::line(&marked)).to_string();
        reached = mention.end;
    }
    out + &terminal_safe::lines(text(reached, characters.len()).trim_end())
}

fn heading(reference: &ShownReference, look: Look) -> String {
    let ShownReference { name, kind, listed_in, .. } = reference;
    let listed = match listed_in {
        ListedIn::Job => "listed in the job".to_owned(),
        ListedIn::Defaults => "listed in `defaults`".to_owned(),
        ListedIn::Prompt => look.paint(Hue::Caution, "implied by the prompt").to_string(),
    };
    format!("{}: {kind}, {listed}", terminal_safe::line(name.as_str()))
}

fn image(image: &ShownImage) -> String {
    let ShownImage { source, sha256, bytes, url } = image;
    let source = terminal_safe::line(source);
    let Some(sha256) = sha256 else { return source.into_owned() };
    let bytes = bytes.map(|bytes| format!("{}, ", size(bytes))).unwrap_or_default();
    let place = if url.is_some() { "the service has it" } else { "uploaded first" };
    format!("{source} ({bytes}sha256 {}…, {place})", sha256.short())
}

fn settings(job: &ShownJob) -> String {
    let ShownJob { resolution, duration, number_of_videos, selected_model, take, .. } = job;
    let videos = count((*number_of_videos).into(), "video");
    let model = terminal_safe::line(selected_model);
    let rewritten =
        if job.need_expand_prompt { "the service rewrites the prompt" } else { "the prompt is sent as it is" };
    let take = if *take == 1 { String::new() } else { format!(", take {take}") };
    format!("{resolution}, {duration} s, {videos}, model {model}, {rewritten}{take}")
}

/// Writes the text after a label, wrapped between words if the terminal has a width.
fn row(out: &mut impl Write, label: &str, text: &str, look: Look) -> io::Result<()> {
    let first = format!("  {}{}", look.paint(Hue::Faint, label), " ".repeat(LABEL.saturating_sub(label.len())));
    let indent = " ".repeat(LABEL + 2);
    for (n, line) in text.split('\n').enumerate() {
        let start = if n == 0 { first.as_str() } else { indent.as_str() };
        let Some(width) = look.width else {
            writeln!(out, "{}", format!("{start}{line}").trim_end())?;
            continue;
        };
        let inner = indent.clone() + &" ".repeat(line.len() - line.trim_start().len());
        let options = Options::new(width.max(LEAST_WIDTH)).initial_indent(start).subsequent_indent(&inner);
        let options = options.word_separator(WordSeparator::UnicodeBreakProperties).break_words(false);
        writeln!(out, "{}", textwrap::fill(line, options).trim_end())?;
    }
    Ok(())
}
