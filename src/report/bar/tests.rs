use super::*;
use crate::event::Cause;
use crate::report::look::{Color, Drawing};
use crate::report::screen::Terminal;
use crate::report::testing::{Shared, a_run, at, failed, started};
use std::io::{self, Write};

/// A terminal of so many columns that keeps its input.
struct Sent(Shared, usize);

impl Terminal for Sent {
    fn size(&self) -> Option<(usize, usize)> {
        Some((self.1, 24))
    }
}

impl Write for Sent {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn shown(width: usize, events: &[Stamped]) -> String {
    let sent = Shared::default();
    let look = Look { color: Color::None, drawing: Drawing::Ascii, width: Some(width) };
    let mut bar = Bar::new(Screen::new(Sent(sent.clone(), width)), look, TimeZone::UTC);
    bar.tick(events[0].time);
    for event in events {
        bar.event(event);
        bar.tick(event.time);
    }
    bar.finish();
    sent.text()
}

#[test]
fn what_is_out_of_the_ordinary_stands_above_and_is_harmless() {
    let text = shown(100, &a_run());
    assert!(text.contains("close-up refused by the service: the prompt was refused"), "{text}");
    assert!(text.contains("paused for 1m 30s: the service says 503"), "{text}");
    assert!(text.contains("the service answers again, after 1m 45s"), "{text}");
    assert!(!text.contains("submitted (attempt"), "{text}");
    assert!(!text.contains("\x1b[2J"), "{text}");
}

#[test]
fn a_flood_of_messages_is_cut() {
    let sent = Shared::default();
    let mut bar = Bar::new(Screen::new(Sent(sent.clone(), 80)), Look::PLAIN, TimeZone::UTC);
    bar.event(&at(0, started(1000)));
    bar.tick(at(0, started(1)).time);
    for n in 0..1000 {
        bar.event(&at(1, failed(&format!("job-{n}"), Cause::Failed, "no")));
    }
    bar.tick(at(1, started(1)).time);
    let text = sent.text();
    assert!(text.contains("job-9 failed") && !text.contains("job-10 failed"), "{text}");
    assert!(text.contains("… and 990 more messages"), "{text}");
}
