//! Builds the tree from the parser's events.

use super::super::arena::{Arena, NONE, What};
use super::super::bounds;
use super::super::flaw::{Flaw, SyntaxKind};
use super::super::lines::{first_character, first_line, next_line};
use super::super::span::Span;
use super::chunk::Chunk;
use super::events;
use super::tables::{Clash, Mixed, Origin, Part, Section, Tables};

/// A tree that is built from events.
pub(super) struct Reader<'s, 'f> {
    pub(super) tables: Tables<'s>,
    flaws: &'f mut Vec<Flaw>,
    /// The table that the statements now belong to, and the list that it is the last item of.
    section: u32,
    list: Option<u32>,
    /// The start of the header that is being read, and whether it is `[[...]]`.
    pub(super) header: Option<(usize, bool)>,
    /// The keys that are being read: of a header, or before a `=`.
    pub(super) path: Vec<Part<'s>>,
    /// The open arrays and inline tables.
    open: Vec<Open>,
    /// The depth of the table whose key waits for its value.
    awaiting: Option<usize>,
    /// The number of open brackets in the part that the parser skips; it reports the end of the outermost like any other.
    ignored: usize,
    /// `true` if the next value is spoilt by an error before it.
    spoilt: bool,
    /// The value of the statement so far.
    statement: u32,
    /// The end of the text for which no further syntax error is reported: one per line is enough, as the rest follows
    /// from it.
    quiet: usize,
    /// The array in which the last reported error is a text without quotes: each of its items is reported.
    unquoted_in: Option<u32>,
}

/// An open array or inline table.
struct Open {
    slot: u32,
    /// The end of an array's chain.
    last: u32,
    kind: Kind,
    depth: usize,
    broken: bool,
}

/// The kind of an open collection.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Array,
    Inline,
    /// Beyond the limit of depth: the parser skips to its end.
    Skipped,
}

impl<'s, 'f> Reader<'s, 'f> {
    pub(super) fn new(text: &'s str, flaws: &'f mut Vec<Flaw>) -> Reader<'s, 'f> {
        Reader {
            tables: Tables::new(text),
            flaws,
            section: 0,
            list: None,
            header: None,
            path: Vec::new(),
            open: Vec::new(),
            awaiting: None,
            ignored: 0,
            spoilt: false,
            statement: NONE,
            quiet: 0,
            unquoted_in: None,
        }
    }

    /// Reads some whole statements.
    pub(super) fn read(&mut self, chunk: &Chunk<'s>) {
        if let Some(opened) = chunk.unclosed {
            // Reported first, as the parser will report the string in its own terms.
            let span = first_line(self.text(), opened.start as usize);
            self.syntax(opened.start as usize, span, SyntaxKind::UnclosedQuote { opened });
        }
        events::read(self, chunk);
        // The parser doesn't report it if the part that it skips has no end.
        self.ignored = 0;
        while let Some(open) = self.open.last_mut() {
            open.broken = true;
            let start = self.tables.arena.slot(open.slot).span.start as usize;
            self.end_collection(first_line(self.text(), start).end as usize);
        }
        self.end_statement();
    }

    /// Ends the text.
    pub(super) fn finish(mut self) -> Arena<'s> {
        let end = self.text().len();
        self.tables.arena.slot_mut(0).span = Span::new(0, end);
        self.tables.arena
    }

    pub(super) fn text(&self) -> &'s str {
        self.tables.arena.text
    }

    /// Reports a syntax error that the parser met at `at`, unless one was reported on that line. Returns whether it did.
    pub(super) fn syntax(&mut self, at: usize, span: Span, kind: SyntaxKind) -> bool {
        let array = self.open.last().filter(|open| open.kind == Kind::Array && kind == SyntaxKind::Unquoted);
        let array = array.map(|open| open.slot);
        let is_heard = at >= self.quiet || array.is_some() && array == self.unquoted_in;
        if is_heard {
            self.unquoted_in = array;
            self.syntax_too(at, span, kind);
        }
        is_heard
    }

    /// Reports a syntax error in addition to another on its line.
    pub(super) fn syntax_too(&mut self, at: usize, span: Span, kind: SyntaxKind) {
        self.flaws.push(Flaw::Syntax { span, kind });
        self.hush(at);
        self.quiet = self.quiet.max(span.end as usize);
    }

    /// Suppresses further syntax errors on the line with the byte `at`, including its end.
    fn hush(&mut self, at: usize) {
        let end = next_line(self.text(), at);
        self.quiet = self.quiet.max(end + usize::from(!self.text()[..end].ends_with('\n')));
    }

    /// Breaks the value or table that an error between two values spoils.
    pub(super) fn spoil(&mut self) {
        if self.awaiting.is_some() {
            self.spoilt = true;
        } else if let Some(open) = self.open.last_mut() {
            open.broken = true;
        } else if self.header.is_some() {
            // The meaning of the header may still become clear.
        } else if self.statement != NONE {
            self.tables.arena.slot_mut(self.statement).what = What::Broken;
        } else {
            self.tables.arena.lost(self.section);
        }
    }

    /// Reports why a key isn't allowed.
    fn clash(&mut self, clash: &Clash, part: &Part<'_>) {
        // Mistakes that follow from a syntax error are not reported.
        if (part.span.start as usize) < self.quiet || self.open.iter().any(|open| open.broken) {
            return;
        }
        self.flaws.push(match *clash {
            Clash::Taken(first) => Flaw::DuplicateKey { key: part.text.clone().into_owned(), first, second: part.span },
            Clash::TooDeep => Flaw::TooDeep { span: part.span },
        });
    }

    /// Completes a header.
    pub(super) fn start_section(&mut self, header: Span, array: bool) {
        let mut path = std::mem::take(&mut self.path);
        let found = self.find_section(&path, header, array);
        // Its memory is reused.
        path.clear();
        self.path = path;
        (self.list, self.section) = found.unwrap_or_else(|| {
            // The statements under an invalid header are read, and belong to nothing.
            (None, self.tables.open(header, Origin::Header, 1))
        });
    }

    fn find_section(&mut self, path: &[Part<'s>], header: Span, array: bool) -> Option<(Option<u32>, u32)> {
        let (part, parents) = path.split_last()?;
        if path.iter().any(|part| part.broken) {
            self.tables.arena.lost(0);
            return None;
        }
        let mut table = 0;
        for parent in parents {
            table =
                self.tables.enter(table, parent, Origin::Implied).map_err(|clash| self.clash(&clash, parent)).ok()?;
        }
        let section =
            if array { self.tables.list_header(table, part, header) } else { self.tables.header(table, part, header) };
        let Section { list, table, mixed } = section.map_err(|clash| self.clash(&clash, part)).ok()?;
        if let Some(Mixed { table, list }) = mixed {
            self.flaws.push(Flaw::MixedHeaders { name: part.text.clone().into_owned(), table, list });
        }
        Some((list, table))
    }

    /// Completes the keys before a `=`.
    pub(super) fn start_value(&mut self) {
        self.finish_key();
        let mut path = std::mem::take(&mut self.path);
        self.add_path(&path);
        path.clear();
        self.path = path;
    }

    /// Adds the last of these keys where a value is expected, and a table for each before it.
    fn add_path(&mut self, path: &[Part<'s>]) {
        let mut table = match self.open.last() {
            Some(open) if open.kind == Kind::Inline => open.slot,
            Some(_) => return,
            None => self.section,
        };
        let Some((part, parents)) = path.split_last() else { return };
        if path.iter().any(|part| part.broken) {
            self.tables.arena.lost(table);
            return;
        }
        for parent in parents {
            table = match self.tables.enter(table, parent, Origin::Dotted) {
                Ok(table) => table,
                Err(clash) => return self.clash(&clash, parent),
            };
        }
        match self.tables.add(table, part) {
            Ok(()) => self.awaiting = Some(self.tables.depth(table)),
            Err(clash) => self.clash(&clash, part),
        }
    }

    /// Adds a value where one is expected; returns its slot, and its depth.
    pub(super) fn place(&mut self, span: Span, what: What) -> (u32, usize) {
        let what = if std::mem::take(&mut self.spoilt) { What::Broken } else { what };
        let slot = self.tables.arena.push(span, what);
        let mut depth = 1;
        if let Some(table) = self.awaiting.take() {
            depth = table + 1;
        } else if let Some(open) = self.open.last_mut()
            && open.kind == Kind::Array
        {
            self.tables.arena.link(open.slot, open.last, slot);
            open.last = slot;
            depth = open.depth + 1;
        }
        if self.open.is_empty() {
            self.statement = slot;
        }
        (slot, depth)
    }

    /// Adds an array or an inline table; returns `false` if it is nested too deep.
    pub(super) fn start_collection(&mut self, span: Span, kind: Kind) -> bool {
        let spoilt = self.spoilt;
        let (slot, depth) = self.place(span, What::Broken);
        let deep = depth > bounds::DEPTH;
        let broken = deep || spoilt || self.open.last().is_some_and(|open| open.broken);
        if deep {
            if span.start as usize >= self.quiet {
                self.flaws.push(Flaw::TooDeep { span: first_character(self.text(), span.start as usize) });
            }
            self.hush(span.start as usize);
        } else if kind == Kind::Array {
            self.tables.arena.slot_mut(slot).what = What::List { first: NONE };
        } else {
            self.tables.grow(slot, Origin::Inline, depth);
        }
        let kind = if deep { Kind::Skipped } else { kind };
        self.open.push(Open { slot, last: NONE, kind, depth, broken });
        !deep
    }

    /// Skips a token.
    pub(super) fn ignore(&mut self, token: &str) {
        match token {
            "[" | "{" => self.ignored += 1,
            "]" | "}" => self.ignored = self.ignored.saturating_sub(1),
            _ => {}
        }
    }

    /// Ends an array or inline table.
    pub(super) fn end_collection(&mut self, end: usize) {
        if self.ignored > 0 {
            self.ignored -= 1;
            return;
        }
        self.finish_key();
        self.path.clear();
        let Some(open) = self.open.pop() else { return };
        self.tables.close(open.slot);
        let slot = self.tables.arena.slot_mut(open.slot);
        slot.span = Span::new(slot.span.start as usize, end.max(slot.span.start as usize));
        if open.broken {
            slot.what = What::Broken;
        }
        self.extend_section(end);
    }

    /// Adds a broken value for a key without a value.
    fn finish_key(&mut self) {
        if self.awaiting.is_some() {
            // The key is the slot that was added last.
            let key = self.tables.arena.slot(self.tables.arena.len() - 1).span;
            self.place(Span::new(key.end as usize, key.end as usize), What::Broken);
        }
    }

    /// Extends the table that contains a statement to the statement's end.
    pub(super) fn extend_section(&mut self, end: usize) {
        if self.open.is_empty() {
            for slot in [Some(self.section), self.list].into_iter().flatten() {
                let slot = self.tables.arena.slot_mut(slot);
                slot.span = Span::new(slot.span.start as usize, end.max(slot.span.end as usize));
            }
        }
    }

    /// Ends the line, and with it the statement.
    pub(super) fn end_statement(&mut self) {
        if !self.open.is_empty() {
            return;
        }
        if let Some((start, array)) = self.header.take() {
            // Its bracket isn't closed, but its meaning is clear.
            let end = self.path.last().map_or(start, |part| part.span.end as usize);
            self.quiet = self.quiet.max(end);
            self.start_section(Span::new(start, end), array);
        }
        self.finish_key();
        self.path.clear();
        self.statement = NONE;
        self.ignored = 0;
    }
}
