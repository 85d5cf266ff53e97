use super::*;
use crate::report::look::Color;
use crate::report::testing::{Shared, a_run};
use indicatif::TermLike;

/// A terminal that keeps what it is sent, without the movements of its cursor.
#[derive(Debug)]
struct Screen {
    width: u16,
    sent: Shared,
}

impl TermLike for Screen {
    fn width(&self) -> u16 {
        self.width
    }

    fn move_cursor_up(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_down(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_right(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_left(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        writeln!(self.sent.clone(), "{text}")
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        write!(self.sent.clone(), "{text}")
    }

    fn clear_line(&self) -> io::Result<()> {
        writeln!(self.sent.clone())
    }

    fn flush(&self) -> io::Result<()> {
        Ok(())
    }
}

fn shown(width: u16) -> String {
    let sent = Shared::default();
    let target = ProgressDrawTarget::term_like(Box::new(Screen { width, sent: sent.clone() }));
    let look = Look { color: Color::None, drawing: Drawing::Ascii, width: Some(usize::from(width)) };
    let mut bar = Bar::new(target, look);
    a_run().iter().for_each(|event| bar.event(event));
    bar.tick(a_run()[0].time);
    bar.finish();
    sent.text()
}

#[test]
fn it_shows_how_far_the_run_is() {
    let text = shown(100);
    let last = text.lines().rfind(|line| line.contains('[')).unwrap();
    assert!(last.starts_with("[========================] 4/4 2 failed, 1 uncertain"), "{text}");
    assert!(text.contains("[============>           ] 2/4 1 in flight, 1 failed, 1 uncertain;"), "{text}");
}

#[test]
fn what_is_out_of_the_ordinary_stands_above_and_is_harmless() {
    let text = shown(100);
    assert!(text.contains("close-up refused by the service: the prompt was refused"), "{text}");
    assert!(text.contains("all wait 1m 30s: the service says 503"), "{text}");
    assert!(!text.contains("submitted (attempt"), "{text}");
    assert!(!text.contains('\x1b'), "{text}");
}

#[test]
fn narrow_terminals_get_no_broken_lines() {
    let bars = shown(40);
    let bars: Vec<_> = bars.lines().filter(|line| line.starts_with('[')).collect();
    assert!(!bars.is_empty());
    assert!(bars.iter().all(|line| line.len() <= 40), "{bars:?}");
}
