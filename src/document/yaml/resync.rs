//! Recovery after a syntax error: the parts that it spoils, and the place to continue.

use super::anchors::Size;
use super::build::{Awaits, Builder, Frame};
use super::layout;
use super::mistake::{self, Circumstances};
use super::recover::{self, EntryLine};
use crate::document::arena::{NONE, What};
use crate::document::flaw::{Flaw, SyntaxKind};
use crate::document::lines::{first_character, first_line, line_start, next_line};
use crate::document::span::Span;
use granit_parser::{ScalarStyle, ScanError};

impl<'s> Builder<'s, '_> {
    /// Returns the columns of the open blocks, and which of them are lists.
    pub(super) fn columns(&self) -> Vec<(Option<usize>, bool)> {
        let is_list = |frame: &Frame<'_>| matches!(self.arena.slot(frame.slot).what, What::List { .. });
        self.frames.iter().map(|frame| (frame.column, is_list(frame))).collect()
    }

    /// Handles a syntax error in the fragment that starts at `base`: reports it, and breaks the parts that it spoils.
    /// Returns the next entry, where reading continues.
    pub(super) fn fail(&mut self, error: &ScanError, base: usize) -> Option<EntryLine> {
        let text = self.arena.text;
        let at = text.floor_char_boundary(base + error.marker().byte_offset().unwrap_or(0));
        let (start, dash) = layout::unfinished(text, self.end, at);
        let flow = self.frames.iter().position(|frame| frame.column.is_none()).filter(|_| !self.ended);
        let bracket = match flow {
            Some(depth) => Some(self.arena.slot(self.frames[depth].slot).span.start as usize),
            // The parser reports a bracket late, as it might be a key.
            None => text.get(start..).is_some_and(|rest| rest.starts_with(['[', '{'])).then_some(start),
        };
        let scalar = (self.last != NONE).then(|| self.arena.slot(self.last).span);
        let too_deep = std::mem::take(&mut self.skipped) > 0;
        let attributed = self.spoil(flow, dash.is_some(), start, at);
        let next = recover::next_entry(text, next_line(text, bracket.unwrap_or(start)), &self.columns());
        let ran_on = next.is_some_and(|next| next.start <= at);
        let resumed = next.map_or(text.len(), |next| next.start);
        if !too_deep {
            let about = Circumstances { at, start, bracket, scalar, ran_on, resumed };
            self.flaws.extend(mistake::flaws(text, error.kind(), about));
        }
        let line_end = next_line(text, if ran_on { start } else { at });
        let outermost = next.map_or(0, |next| next.depth);
        let skipped = text.get(line_end..resumed).unwrap_or_default().lines().filter(|line| says_something(line));
        let own = (!attributed).then(|| &text[line_start(text, start)..next_line(text, start)]);
        let lost = skipped.chain(own).map(|line| self.depth_of(line).max(outermost)).min();
        // The lost text may contain anchors; an alias to one of them is not a mistake of its own.
        for name in recover::anchors(text.get(self.end..resumed).unwrap_or_default()) {
            self.anchors.lose_unless_known(name);
        }
        if let Some(depth) = lost {
            self.lose(depth);
        }
        next
    }

    /// Handles a quoted text that ends only after the next entry, which the parser accepts, as one whose quote isn't
    /// closed: reports it, breaks it, and returns that entry, where reading continues.
    pub(super) fn runs_on(&mut self, quoted: Span, style: ScalarStyle) -> Option<EntryLine> {
        let text = self.arena.text;
        let (start, end) = (quoted.start as usize, quoted.end as usize);
        if !matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted)
            || self.skipped > 0
            || !text.get(quoted.range())?.contains('\n')
        {
            return None;
        }
        let entry = recover::next_entry(text.get(..end)?, next_line(text, start), &self.columns())?;
        let opened = first_character(text, start);
        let kind = SyntaxKind::UnclosedQuote { opened };
        self.flaws.push(Flaw::Syntax { span: first_line(text, start), kind });
        let (_, dash) = layout::unfinished(text, self.end, start);
        let flow = self.frames.iter().position(|frame| frame.column.is_none());
        if !self.spoil(flow, dash.is_some(), start, start) {
            self.lose(entry.depth);
        }
        Some(entry)
    }

    /// Breaks the value that contains a syntax error. Returns `false` if it is in none.
    fn spoil(&mut self, flow: Option<usize>, dash: bool, start: usize, at: usize) -> bool {
        if self.ended {
            return true;
        }
        if let Some(depth) = flow {
            while self.frames.len() > depth + 1 {
                let Some(frame) = self.frames.pop() else { break };
                self.break_frame(frame);
            }
            if let Some(frame) = self.frames.pop() {
                let slot = frame.slot;
                let opened = self.arena.slot(slot).span.start as usize;
                self.arena.slot_mut(slot).span = Span::new(opened, self.content_end.max(opened));
                self.break_frame(frame);
                self.place(slot, Size::SCALAR);
            }
            return true;
        }
        let pending = match self.frames.last().map(|frame| frame.awaits) {
            Some(Awaits::Value(_) | Awaits::Merge | Awaits::Nothing) => true,
            Some(Awaits::Item) => dash,
            _ => false,
        };
        if pending {
            let broken = self.arena.push(first_line(self.arena.text, start), What::Broken);
            self.place(broken, Size::SCALAR);
            return true;
        }
        let same_line = self.last != NONE && {
            let end = self.arena.slot(self.last).span.end as usize;
            self.arena.text.get(end..at).is_some_and(|between| !between.contains('\n'))
        };
        if same_line {
            self.arena.slot_mut(self.last).what = What::Broken;
        }
        same_line
    }

    /// Breaks a list or table that will not be finished.
    fn break_frame(&mut self, frame: Frame<'s>) {
        self.arena.slot_mut(frame.slot).what = What::Broken;
        if let Some(name) = frame.anchor {
            self.anchors.lose(name);
        }
    }

    /// Returns the innermost open list or table to which an unread line may belong: by its column; or else any.
    fn depth_of(&self, line: &str) -> usize {
        let column = line.len() - line.trim_start_matches(' ').len();
        self.frames.iter().rposition(|frame| frame.column == Some(column)).unwrap_or(0)
    }

    /// Records that a part was lost that could have belonged to any table that is open from `depth` on, or has just
    /// been closed.
    fn lose(&mut self, depth: usize) {
        for frame in self.frames.iter().skip(depth) {
            self.arena.lost(frame.slot);
        }
        for slot in self.closed.drain(..) {
            self.arena.lost(slot);
        }
    }

    /// Continues after a mistake: the fragment at `start` continues the frame number `depth`.
    pub(super) fn resume(&mut self, depth: usize, start: usize) {
        while self.frames.len() > depth + 1 {
            self.pop();
        }
        self.resumed = self.frames.len();
        self.reopening = true;
        self.documents = usize::from(self.text().get(start..).is_some_and(recover::starts_document));
        self.ended = false;
        self.end = start;
        self.last = NONE;
    }
}

/// Returns whether a line is more than empty, a comment, or the end of a document.
fn says_something(line: &str) -> bool {
    let content = line.trim();
    !content.is_empty() && !content.starts_with('#') && line.trim_end() != "..."
}
