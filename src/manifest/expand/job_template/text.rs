//! A text of a job template, and what it becomes with values.

use super::{Given, JobTemplate, Role, Wanted};
use crate::document::derived::{DerivedTree, Origin, Piece, Scalar, Under};
use crate::document::tree::Node;
use crate::manifest::expand::MOST_BYTES_OF_JOB;
use crate::manifest::expand::combinations::{Combination, Combinations, Variable};
use crate::manifest::expand::evaluate::{Evaluated, Failed, Filled, blamed, make, not_text};
use crate::manifest::expand::expression::Expression;
use crate::manifest::expand::filters::{Filters, LONGEST};
use crate::manifest::expand::flaw::TemplateFlaw;
use crate::manifest::expand::template::{Part, Template};
use crate::manifest::fields::{Kind, Shape};
use crate::manifest::problem::{Fill, Place, Problem};
use std::borrow::Cow;
use std::ops::Range;

/// A text with templates in it.
pub(in crate::manifest::expand) struct Text<'t> {
    pub(super) node: Node<'t>,
    pub(super) text: &'t str,
    pub(super) template: Template,
    /// The variable that each of its expressions names.
    pub(super) variables: Vec<Variable>,
    /// Its parts, with those that are the same in all jobs made once.
    pub(super) steps: Vec<Step>,
    /// The shape that is read in its place.
    pub(super) shape: Option<Shape>,
    /// The shape that is read in the place of an item, if a list is filled in.
    pub(super) item: Option<Shape>,
    /// Its role.
    pub(super) role: Role,
}

/// The most bytes of a value that is made once for all jobs.
pub(super) const SHORT: usize = 64 * 1024;

/// Parts of a template that are filled in together.
pub(super) enum Step {
    /// Parts that are the same in all jobs: their text, and their pieces.
    Fixed(String, Vec<Piece>),
    /// The expression with this number among the parts, and its variable's number.
    Open(usize, usize),
}

impl<'t> Text<'t> {
    pub(super) fn read(
        node: Node<'t>,
        text: &'t str,
        wanted: Wanted,
        role: Role,
        Given { combinations, problems, .. }: &mut Given<'_, 't>,
    ) -> JobTemplate<'t> {
        let mut flawed = |range: Range<usize>, flaw| {
            let at = Place { at: node.locate(range), via: node.used_at(), fill: Fill::None };
            problems.push(Problem::Template { at, flaw });
        };
        let template = match Template::parse(text) {
            Ok(template) => template,
            Err(flaws) => {
                flaws.into_iter().for_each(|(range, flaw)| flawed(range, flaw));
                return JobTemplate::Spoilt(node);
            }
        };
        let mut variables = Vec::new();
        let mut is_sound = true;
        for part in &template.parts {
            let Part::Expression { expression, .. } = part else { continue };
            match combinations.find(expression) {
                Ok(variable) => variables.push(variable),
                Err(flaw) => {
                    is_sound = false;
                    if let Some((range, flaw)) = flaw {
                        flawed(range, flaw);
                    }
                }
            }
        }
        if !is_sound {
            return JobTemplate::Spoilt(node);
        }
        let (shape, item) = (wanted.map(Kind::shape), wanted.map(|kind| kind.item().shape()));
        let steps = steps(text, &template, &variables, combinations, role);
        JobTemplate::Text(Text { node, text, template, variables, steps, shape, item, role })
    }

    /// Fills it in for one set of values.
    pub(super) fn put(
        &self,
        under: Under<'_, 't>,
        set: Combination<'_, 't>,
        derived: &mut DerivedTree<'_>,
        failures: &mut Vec<Problem>,
    ) {
        // Once the limit on text is exceeded, no more is made.
        if derived.bytes() > MOST_BYTES_OF_JOB {
            return derived.filled(under, self.node, Scalar::Broken, &[]);
        }
        let filled = match self.template.sole() {
            Some((range, expression)) => self.sole(range, expression, set),
            None => self.mixed(set),
        };
        match filled {
            Ok(Filled::Nothing) => {}
            Ok(Filled::Brought(node)) => derived.brought(under, node, Some(self.node.span())),
            Ok(Filled::List(items)) => {
                let template = self.template.sole().map_or((0, 0), |(range, _)| bytes(range));
                let mut list = derived.list(under, self.node);
                for (made, content) in items {
                    let made = made.read_as(self.item);
                    let end = made.text().map_or(0, |text| text.len() as u32);
                    let piece = Piece { end, template, origin: Origin::Content(content) };
                    derived.filled(Under::Item(&mut list), self.node, made.scalar(), &[piece]);
                }
            }
            Ok(Filled::Value(made, pieces)) => derived.filled(under, self.node, made.scalar(), &pieces),
            Err((range, flaw, fill)) => {
                let at = Place { at: self.node.locate(range), via: self.node.used_at(), fill };
                failures.push(Problem::Template { at, flaw });
                derived.filled(under, self.node, Scalar::Broken, &[]);
            }
        }
    }

    /// Returns the place that fills in nothing for one set of values.
    pub(super) fn left_out(&self, set: Combination<'_, 't>) -> Option<Place> {
        let (range, expression) = self.template.sole()?;
        let (made, origin) = make(range, expression, &self.variables[0], set, self.role.exact).ok()?;
        let fill = match origin {
            Origin::Content(content) => Fill::Sole(content.span),
            Origin::Template | Origin::Nothing => Fill::Template,
        };
        made.is_nothing().then_some(Place { fill, ..Place::of(self.node) })
    }

    /// Fills in a template of one expression. Its value keeps its type, or gets that of its field; an empty one leaves
    /// out the field.
    pub(super) fn sole<'s>(
        &self,
        range: &Range<usize>,
        expression: &Expression,
        set: Combination<'s, 't>,
    ) -> Result<Filled<'s>, Failed> {
        let (made, origin) = make(range, expression, &self.variables[0], set, self.role.exact)?;
        let made = match made {
            Evaluated::Compound(node) => return Ok(Filled::Brought(node)),
            Evaluated::Other(_) => return Err(not_text(range, expression, &made, origin)),
            // If the shape is unknown, the field reports the mistake.
            Evaluated::List(_) if !matches!(self.shape, None | Some(Shape::List | Shape::TextOrList)) => {
                return Err(not_text(range, expression, &made, origin));
            }
            Evaluated::List(items) if !items.is_empty() => return Ok(Filled::List(items)),
            Evaluated::List(_) => return Ok(Filled::Nothing),
            made if made.is_nothing() && !self.role.required => return Ok(Filled::Nothing),
            made => made.read_as(self.shape),
        };
        let end = if let Evaluated::Text(text) = &made { text.len() as u32 } else { 0 };
        Ok(Filled::Value(made, vec![Piece { end, template: bytes(range), origin }]))
    }

    /// Fills in a template of several parts: in the middle of a text every value is text.
    pub(super) fn mixed<'s>(&self, set: Combination<'s, 't>) -> Result<Filled<'s>, Failed> {
        let mut text = String::with_capacity(self.text.len());
        let mut pieces = Vec::with_capacity(self.template.parts.len());
        for step in &self.steps {
            match step {
                Step::Fixed(fixed, own) => {
                    let start = text.len() as u32;
                    let is_too_long = |piece: &&Piece| (start + piece.end) as usize > LONGEST;
                    if let Some(Piece { template: (first, end), origin, .. }) = own.iter().find(is_too_long) {
                        let range = *first as usize..*end as usize;
                        return Err((range, TemplateFlaw::TooLong, blamed(*origin)));
                    }
                    text.push_str(fixed);
                    pieces.extend(own.iter().map(|piece| Piece { end: start + piece.end, ..*piece }));
                }
                Step::Open(part, variable) => {
                    let Part::Expression { range, expression } = &self.template.parts[*part] else { continue };
                    let (made, origin) = make(range, expression, &self.variables[*variable], set, self.role.exact)?;
                    match made.text() {
                        Some(made) if text.len() + made.len() > LONGEST => {
                            return Err((range.clone(), TemplateFlaw::TooLong, blamed(origin)));
                        }
                        Some(made) => text.push_str(&made),
                        None if made.is_broken() => return Ok(Filled::Value(Evaluated::Broken, Vec::new())),
                        None => return Err(not_text(range, expression, &made, origin)),
                    }
                    pieces.push(Piece { end: text.len() as u32, template: bytes(range), origin });
                }
            }
        }
        Ok(Filled::Value(Evaluated::Text(Cow::Owned(text)), pieces))
    }
}

/// Returns the parts of a template in the order in which they are filled in, those that are the same in all jobs at once.
pub(super) fn steps(
    text: &str,
    template: &Template,
    variables: &[Variable],
    combinations: &Combinations<'_>,
    role: Role,
) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut fixed = (String::new(), Vec::new());
    let mut variables = variables.iter().enumerate();
    for (number, part) in template.parts.iter().enumerate() {
        let (range, same) = match part {
            Part::Text(range) => (range, Some((Cow::Borrowed(&text[range.clone()]), Origin::Template))),
            Part::Expression { range, expression } => {
                let Some((index, variable)) = variables.next() else { break };
                let same =
                    combinations.constant(variable).and_then(|set| constant(range, expression, variable, set, role));
                if same.is_none() {
                    if !fixed.1.is_empty() {
                        let (text, pieces) = std::mem::take(&mut fixed);
                        steps.push(Step::Fixed(text, pieces));
                    }
                    steps.push(Step::Open(number, index));
                }
                (range, same.map(|(text, origin)| (Cow::Owned(text), origin)))
            }
        };
        if let Some((text, origin)) = same {
            fixed.0.push_str(&text);
            fixed.1.push(Piece { end: fixed.0.len() as u32, template: bytes(range), origin });
        }
    }
    if !fixed.1.is_empty() {
        steps.push(Step::Fixed(fixed.0, fixed.1));
    }
    steps
}

/// Returns the text of an expression whose value is the same in all jobs; `None` if each job is to say what is wrong.
pub(super) fn constant(
    range: &Range<usize>,
    expression: &Expression,
    variable: &Variable,
    set: Combination<'_, '_>,
    role: Role,
) -> Option<(String, Origin)> {
    if expression.filters.as_ref().is_some_and(Filters::has_former) {
        return None;
    }
    let (made, origin) = make(range, expression, variable, set, role.exact).ok()?;
    // A long one is made job by job, up to where it becomes too long.
    let text = made.text().filter(|text| text.len() <= SHORT)?.into_owned();
    Some((text, origin))
}

pub(super) fn bytes(range: &Range<usize>) -> (u32, u32) {
    (range.start as u32, range.end as u32)
}
