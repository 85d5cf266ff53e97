//! Aligned columns.

use crate::report::look::{Hue, Look, columns_of};
use crate::report::terminal_safe;
use std::borrow::Cow;
use std::io::{self, Write};

/// Maximum width by which a cell widens its column; a wider one only moves the rest of its own row.
const WIDEST: usize = 32;

/// Minimum width of the last column, even if it then exceeds the screen.
const LEAST: usize = 16;

/// The gap between two columns.
const GAP: &str = "  ";

/// One cell: safe text in a color.
pub(super) struct Cell<'a> {
    hue: Hue,
    text: Cow<'a, str>,
}

impl<'a> Cell<'a> {
    pub(super) fn new(hue: Hue, text: impl Into<Cow<'a, str>>) -> Cell<'a> {
        let text = match text.into() {
            Cow::Borrowed(text) => terminal_safe::line(text),
            Cow::Owned(text) => Cow::Owned(terminal_safe::line(&text).into_owned()),
        };
        Cell { hue, text }
    }

    pub(super) fn plain(text: impl Into<Cow<'a, str>>) -> Cell<'a> {
        Cell::new(Hue::Plain, text)
    }
}

/// Writes a table, if it has rows. `rows` is called twice, to measure and to write: no row is kept.
pub(super) fn table<'a, const N: usize, R: Iterator<Item = [Cell<'a>; N]>>(
    out: &mut impl Write,
    look: Look,
    heads: [&'static str; N],
    rows: impl Fn() -> R,
) -> io::Result<()> {
    let mut widths = heads.map(columns_of);
    let mut empty = true;
    for row in rows() {
        empty = false;
        for (width, cell) in widths.iter_mut().zip(&row) {
            *width = Some(columns_of(&cell.text)).filter(|wanted| *wanted <= WIDEST).map_or(*width, |w| w.max(*width));
        }
    }
    if empty {
        return Ok(());
    }
    let before: usize = widths[..N - 1].iter().map(|width| width + GAP.len()).sum();
    let room = look.width.map(|width| width.saturating_sub(before).max(LEAST));
    write_row(out, look, &heads.map(|head| Cell::new(Hue::Faint, head)), widths, room)?;
    for row in rows() {
        write_row(out, look, &row, widths, room)?;
    }
    writeln!(out)
}

fn write_row<const N: usize>(
    out: &mut impl Write,
    look: Look,
    row: &[Cell<'_>; N],
    widths: [usize; N],
    room: Option<usize>,
) -> io::Result<()> {
    for (i, (cell, width)) in row.iter().zip(widths).enumerate() {
        if i + 1 < N {
            let pad = width.saturating_sub(columns_of(&cell.text));
            write!(out, "{}{:pad$}{GAP}", look.paint(cell.hue, &cell.text), "")?;
        } else {
            let text = room.map_or(Cow::Borrowed(&*cell.text), |room| look.fit(&cell.text, room));
            writeln!(out, "{}", look.paint(cell.hue, text))?;
        }
    }
    Ok(())
}
