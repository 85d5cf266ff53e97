//! Handles the parser's events: the text, and its meaning.

use super::super::arena::{Odd, What};
use super::super::flaw::SyntaxKind;
use super::super::span::Span;
use super::chunk::Chunk;
use super::mistake;
use super::reader::{Kind, Reader};
use super::tables::Part;
use std::borrow::Cow;
use std::cell::RefCell;
use std::num::IntErrorKind;
use toml::value::Datetime;
use toml_parser::decoder::{Encoding, ScalarKind};
use toml_parser::parser::EventReceiver;
use toml_parser::{ErrorSink, ParseError, Raw};

/// Feeds the reader with all events of a chunk.
pub(super) fn read<'s>(reader: &mut Reader<'s, '_>, chunk: &Chunk<'s>) {
    let errors = RefCell::new(Vec::new());
    let mut events = Events { reader, chunk, errors: &errors };
    toml_parser::parser::parse_document(&chunk.tokens, &mut events, &mut |error| errors.borrow_mut().push(error));
    events.settle();
}

/// The events of one chunk.
struct Events<'a, 's, 'f> {
    reader: &'a mut Reader<'s, 'f>,
    chunk: &'a Chunk<'s>,
    /// The errors that the parser has reported since the last event.
    errors: &'a RefCell<Vec<ParseError>>,
}

impl<'s> Events<'_, 's, '_> {
    /// Handles the errors that the parser has reported between two events.
    fn settle(&mut self) {
        if self.report() {
            self.reader.spoil();
        }
    }

    /// Reports the errors of the parser or a decoder; returns `false` if they spoil nothing.
    fn report(&mut self) -> bool {
        !self.errors.borrow().is_empty() && self.report_all()
    }

    /// Does the same once there are errors. Separate, as it is checked at every event, and hardly ever needed. Returns
    /// `false` if they spoil nothing.
    #[cold]
    fn report_all(&mut self) -> bool {
        let mut spoils = false;
        // One per line is enough, but the characters of a string don't follow from each other.
        let mut in_escapes = false;
        for error in self.errors.take() {
            spoils |= !mistake::is_harmless(&error);
            let (at, span, kind) = mistake::describe(self.reader.text(), self.chunk.base, &error);
            let is_escape = matches!(kind, SyntaxKind::BadEscape | SyntaxKind::HalfCharacter | SyntaxKind::Control(_));
            if is_escape && in_escapes {
                self.reader.syntax_too(at, span, kind);
            } else {
                in_escapes = self.reader.syntax(at, span, kind) && is_escape;
            }
        }
        spoils
    }

    fn span(&self, span: toml_parser::Span) -> Span {
        Span::new(self.chunk.base + span.start(), self.chunk.base + span.end())
    }

    fn raw(&self, span: toml_parser::Span, encoding: Option<Encoding>) -> Raw<'s> {
        let written = self.chunk.source.get(span).map_or("", |raw| raw.as_str());
        Raw::new_unchecked(written, encoding, span)
    }

    /// Returns the meaning of a scalar.
    fn decode(&mut self, place: toml_parser::Span, encoding: Option<Encoding>) -> What {
        let span = self.span(place);
        let errors = self.errors;
        let mut value = Cow::Borrowed("");
        let kind = self.raw(place, encoding).decode_scalar(&mut value, &mut |error| errors.borrow_mut().push(error));
        if self.report() {
            return What::Broken;
        }
        // A line break is always `\n`, whatever a checkout converts it to: no digest may depend on that.
        let written = self.raw(place, encoding).as_str();
        let has_return = memchr::memchr(b'\r', written.as_bytes()).is_some();
        let unified = has_return.then(|| written.replace("\r\n", "\n"));
        if let Some(unified) = &unified {
            // Its mistakes have been reported.
            value = Cow::Borrowed("");
            let _kind = Raw::new_unchecked(unified, encoding, place).decode_scalar(&mut value, &mut |_| {});
        }
        let arena = &mut self.reader.tables.arena;
        match kind {
            ScalarKind::String => arena.string(span, quotes(encoding), &value),
            ScalarKind::Boolean(value) => What::Bool(value),
            ScalarKind::Integer(radix) => match i64::from_str_radix(&value, radix.value()) {
                Ok(value) => arena.integer(value),
                Err(error) if matches!(error.kind(), IntErrorKind::PosOverflow | IntErrorKind::NegOverflow) => {
                    What::Other(Odd::LargeInteger)
                }
                // `0x`, or digits of another script: the parser accepts them.
                Err(_) => {
                    self.reader.syntax(span.start as usize, span, mistake::number());
                    What::Broken
                }
            },
            ScalarKind::Float => match value.parse::<f64>() {
                Ok(number) if number.is_infinite() && !value.ends_with("inf") => What::Other(Odd::LargeNumber),
                Ok(number) => arena.float(number),
                Err(_) => What::Broken,
            },
            ScalarKind::DateTime => match value.parse::<Datetime>() {
                Ok(Datetime { date: Some(_), .. }) => What::Other(Odd::Date),
                Ok(_) => What::Other(Odd::Time),
                Err(error) => {
                    self.reader.syntax(span.start as usize, span, mistake::date(&error));
                    What::Broken
                }
            },
        }
    }
}

/// Returns the number of bytes of quotes around a string.
fn quotes(encoding: Option<Encoding>) -> u8 {
    match encoding {
        None => 0,
        Some(Encoding::LiteralString | Encoding::BasicString) => 1,
        Some(Encoding::MlLiteralString | Encoding::MlBasicString) => 3,
    }
}

impl EventReceiver for Events<'_, '_, '_> {
    fn std_table_open(&mut self, span: toml_parser::Span, _: &mut dyn ErrorSink) {
        self.settle();
        self.reader.header = Some((self.span(span).start as usize, false));
    }

    fn array_table_open(&mut self, span: toml_parser::Span, _: &mut dyn ErrorSink) {
        self.settle();
        self.reader.header = Some((self.span(span).start as usize, true));
    }

    fn std_table_close(&mut self, span: toml_parser::Span, _: &mut dyn ErrorSink) {
        self.settle();
        if let Some((start, array)) = self.reader.header.take() {
            self.reader.start_section(Span::new(start, self.span(span).end as usize), array);
        }
    }

    fn array_table_close(&mut self, span: toml_parser::Span, error: &mut dyn ErrorSink) {
        self.std_table_close(span, error);
    }

    fn inline_table_open(&mut self, span: toml_parser::Span, _: &mut dyn ErrorSink) -> bool {
        self.settle();
        self.reader.start_collection(self.span(span), Kind::Inline)
    }

    fn array_open(&mut self, span: toml_parser::Span, _: &mut dyn ErrorSink) -> bool {
        self.settle();
        self.reader.start_collection(self.span(span), Kind::Array)
    }

    fn inline_table_close(&mut self, span: toml_parser::Span, _: &mut dyn ErrorSink) {
        self.settle();
        self.reader.end_collection(self.span(span).end as usize);
    }

    fn array_close(&mut self, span: toml_parser::Span, error: &mut dyn ErrorSink) {
        self.inline_table_close(span, error);
    }

    fn simple_key(&mut self, span: toml_parser::Span, encoding: Option<Encoding>, _: &mut dyn ErrorSink) {
        self.settle();
        let errors = self.errors;
        let mut text = Cow::Borrowed("");
        self.raw(span, encoding).decode_key(&mut text, &mut |error| errors.borrow_mut().push(error));
        let broken = self.report();
        self.reader.path.push(Part { span: self.span(span), text, quoted: encoding.is_some(), broken });
    }

    fn key_val_sep(&mut self, _: toml_parser::Span, _: &mut dyn ErrorSink) {
        self.settle();
        self.reader.start_value();
    }

    fn scalar(&mut self, span: toml_parser::Span, encoding: Option<Encoding>, _: &mut dyn ErrorSink) {
        self.settle();
        let what = self.decode(span, encoding);
        let span = self.span(span);
        self.reader.place(span, what);
        self.reader.extend_section(span.end as usize);
    }

    fn comment(&mut self, span: toml_parser::Span, _: &mut dyn ErrorSink) {
        self.settle();
        let errors = self.errors;
        self.raw(span, None).decode_comment(&mut |error| errors.borrow_mut().push(error));
        self.report();
    }

    fn newline(&mut self, span: toml_parser::Span, _: &mut dyn ErrorSink) {
        self.settle();
        let errors = self.errors;
        self.raw(span, None).decode_newline(&mut |error| errors.borrow_mut().push(error));
        self.report();
        self.reader.end_statement();
    }

    fn error(&mut self, span: toml_parser::Span, _: &mut dyn ErrorSink) {
        self.settle();
        let token = self.raw(span, None).as_str();
        self.reader.ignore(token);
    }
}
