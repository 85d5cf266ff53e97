//! The edit that fixes a mistake, if the help names just one, written in the syntax of its place.
//!
//! There is no fix where it can't be written safely: in a text that spans lines or has a tag, and in all that an alias
//! also uses elsewhere.

mod fields;
mod page;
mod syntax;
mod values;

#[cfg(test)]
mod tests;

use super::expand::TemplateFlaw;
use super::problem::Problem;
use super::rules::images::ImageFlaw;
use super::rules::output::OutputFlaw;
use super::suggest;
use crate::diagnostic::fix::Applicability::{Safe, Unsafe};
use crate::diagnostic::fix::{Applicability, Fix};
use crate::document::Format;
use page::Page;
use unicode_normalization::UnicodeNormalization as _;

/// Returns the edit of `text` that fixes `problem`.
pub(super) fn of(problem: &Problem, text: &str, format: Format) -> Option<Fix> {
    let page = Page { text, format };
    match problem {
        Problem::Flaw(flaw) => syntax::fix(page, flaw),
        Problem::UnknownField { key, name, block, meant, entry } => {
            fields::unknown(page, key.at, name, block, *meant, *entry)
        }
        Problem::WrongType { at, what, found } => values::wrong_type(page, at.at, *what, found),
        Problem::NotAllowed { at, field, found } => values::not_allowed(page, at.at, field, found),
        Problem::UnknownMention { at, nearest: Some(near), prompt, .. } => page.mention(at.at, near, *prompt),
        Problem::MentionSpacing { at, prompt, .. } => page.space(at.at, *prompt),
        Problem::UnknownReference { at, name, several: Some(several), .. } => page.items(at.at, name, several),
        Problem::LookAlikeMention { at, sign, prompt, .. } => page.sign(at.at, *sign, *prompt),
        // Where nothing is filled in, a template is a mistake too.
        Problem::Template { at, flaw: TemplateFlaw::Braces { written, meant, is_filled: true } } => {
            page.part(at.at, written, meant, sure(!meant.contains(['\'', '"'])))
        }
        Problem::UnknownReference { at, name, nearest: Some(near), is_sure, .. } => {
            page.text(at.at, name, near, sure(*is_sure))
        }
        Problem::JobId { at, id } => {
            let fixed = suggest::job_id(id)?;
            // The same letters, each as one character: nothing else can be meant.
            let is_same = id.nfc().eq(fixed.chars());
            page.text(at.at, id, &fixed, sure(is_same))
        }
        // The prompts that mention it would have to follow.
        Problem::ReferenceName { at, name } => page.text(at.at, name, &suggest::reference_name(name)?, Unsafe),
        Problem::ImageUrl { at, text, flaw } => match flaw {
            // If no such file exists, another path may be meant: one of another machine.
            ImageFlaw::Backslash { is_there } => page.text(at.at, text, &text.replace('\\', "/"), sure(*is_there)),
            // The same letters in other code points: nothing else can be meant.
            ImageFlaw::Missing { nearest: Some(near), .. } => {
                page.text(at.at, text, near, sure(text.nfc().eq(near.nfc())))
            }
            ImageFlaw::Missing { like_url: true, .. } => page.text(at.at, text, &format!("https://{text}"), Unsafe),
            _ => None,
        },
        Problem::OutputDir { at, text, flaw: OutputFlaw::Backslash }
        | Problem::OutputName { at, text, flaw: OutputFlaw::Backslash, .. } => {
            let fixed = text.replace('\\', "/");
            let leads_down =
                fixed.split('/').all(|part| !part.is_empty() && !matches!(part, "." | "..") && !part.ends_with(':'));
            page.text((*at)?.at, text, &fixed, sure(leads_down))
        }
        Problem::OutputName { at, text, flaw: OutputFlaw::Placeholder { range, nearest: Some(near) }, .. } => {
            page.part((*at)?.at, text.get(range.clone())?, near, Unsafe)
        }
        Problem::BaseUrl { at, text, .. } => {
            let rest = text.strip_prefix("http://")?;
            page.text(at.at, text, &format!("https://{rest}"), Unsafe)
        }
        _ => None,
    }
}

/// Returns `Safe` if nothing else can be meant.
fn sure(is_sure: bool) -> Applicability {
    if is_sure { Safe } else { Unsafe }
}
