use super::*;
use std::num::NonZeroU16;

/// A terminal whose content can be read.
#[derive(Clone)]
struct Glass(Arc<Mutex<vt100::Parser>>, Arc<Mutex<usize>>);

fn of(n: u16) -> NonZeroU16 {
    NonZeroU16::new(n).unwrap()
}

impl Glass {
    fn new(rows: u16, columns: u16) -> Glass {
        Glass(Arc::new(Mutex::new(vt100::Parser::new(of(rows), of(columns), 100))), Arc::default())
    }

    /// Returns the rows that have anything on them, without trailing blanks.
    fn rows(&self) -> Vec<String> {
        let parser = self.0.lock().unwrap();
        let text = parser.screen().contents();
        text.trim_end().lines().map(|line| line.trim_end().to_owned()).collect()
    }

    fn resize(&self, rows: u16, columns: u16) {
        self.0.lock().unwrap().screen_mut().set_size(of(rows), of(columns));
    }

    fn written(&self) -> usize {
        *self.1.lock().unwrap()
    }
}

impl Write for Glass {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // As a terminal driver does.
        let text = String::from_utf8(bytes.to_vec()).unwrap().replace("\r\n", "\n").replace('\n', "\r\n");
        self.0.lock().unwrap().process(text.as_bytes());
        *self.1.lock().unwrap() += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Terminal for Glass {
    fn size(&self) -> Option<(usize, usize)> {
        let (rows, columns) = self.0.lock().unwrap().screen().size();
        Some((usize::from(columns.get()), usize::from(rows.get())))
    }
}

fn lines(text: &str) -> Vec<String> {
    text.split('|').map(|line| format!(" {line}")).collect()
}

#[test]
fn pictures_follow_one_another_and_leave_nothing() {
    let glass = Glass::new(8, 30);
    let screen = Screen::new(glass.clone());
    glass.clone().write_all(b"$ batch run\n").unwrap();
    for (picture, expected) in [
        ("one|two|three", vec!["$ batch run", " one", " two", " three"]),
        ("one|TWO|three", vec!["$ batch run", " one", " TWO", " three"]),
        ("o|t", vec!["$ batch run", " o", " t"]),
        ("a|b|c|d|e", vec!["$ batch run", " a", " b", " c", " d", " e"]),
        ("", vec!["$ batch run"]),
    ] {
        screen.draw(|_| lines(picture));
        assert_eq!(glass.rows(), expected);
    }
    screen.draw(|_| lines("a|b"));
    screen.leave();
    assert_eq!(glass.rows(), ["$ batch run"]);
    glass.clone().write_all(b"the summary\n").unwrap();
    assert_eq!(glass.rows(), ["$ batch run", "the summary"]);
}

#[test]
fn what_is_said_stands_above_also_at_the_bottom_of_the_terminal() {
    let glass = Glass::new(6, 20);
    let screen = Screen::new(glass.clone());
    screen.draw(|_| lines("one|two"));
    for n in 0..20 {
        screen.say(&format!("message {n}\n"));
        screen.draw(|_| lines("one|two"));
    }
    assert_eq!(glass.rows(), ["message 16", "message 17", "message 18", "message 19", " one", " two"]);
    screen.say("a message that is wider than the terminal\n");
    screen.draw(|_| lines("one"));
    assert_eq!(glass.rows()[..2], ["message 18", "message 19"]);
    assert_eq!(glass.rows().last().unwrap(), " one");
    screen.say("the last\n");
    screen.leave();
    assert_eq!(glass.rows().last().unwrap(), "the last");
}

#[test]
fn nothing_new_writes_nothing_and_little_new_writes_little() {
    let glass = Glass::new(30, 80);
    let screen = Screen::new(glass.clone());
    let many: Vec<String> = (0..20).map(|n| format!(" job {n} {}", "x".repeat(50))).collect();
    screen.draw(|_| many.clone());
    let first = glass.written();
    screen.draw(|_| many.clone());
    assert_eq!(glass.written(), first);
    let mut other = many;
    other[7] = " job 7 is done".to_owned();
    screen.draw(|_| other);
    assert!(glass.written() - first < 120, "{} bytes", glass.written() - first);
}

#[test]
fn a_terminal_of_another_size_gets_a_new_picture() {
    let glass = Glass::new(10, 40);
    let screen = Screen::new(glass.clone());
    let picture = |room: Room| vec![format!(" {}", "-".repeat(room.width - 2)), " end".to_owned()];
    screen.draw(picture);
    for (rows, columns) in [(10, 20), (10, 60), (5, 60), (20, 30)] {
        glass.resize(rows, columns);
        screen.draw(picture);
        assert_eq!(glass.rows(), [format!(" {}", "-".repeat(usize::from(columns) - 2)), " end".to_owned()]);
    }
}

#[test]
fn the_terminal_can_be_lent_and_comes_back() {
    let glass = Glass::new(10, 40);
    let screen = Screen::new(glass.clone());
    screen.draw(|_| lines("one|two"));
    screen.without(|| glass.clone().write_all(b"[1]+  Stopped\n").unwrap());
    assert_eq!(glass.rows(), ["[1]+  Stopped"]);
    screen.draw(|_| lines("one|two"));
    assert_eq!(glass.rows(), ["[1]+  Stopped", " one", " two"]);
    screen.leave_at_once();
    assert_eq!(glass.rows(), ["[1]+  Stopped"]);
    assert!(!glass.0.lock().unwrap().screen().hide_cursor());
}

#[test]
fn a_file_gets_the_lines_alone() {
    #[derive(Clone)]
    struct File(crate::report::testing::Shared);
    impl Write for File {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    impl Terminal for File {
        fn size(&self) -> Option<(usize, usize)> {
            None
        }
    }
    let file = File(Default::default());
    let screen = Screen::new(file.clone());
    screen.draw(|_| lines("one|two"));
    screen.say("said\n");
    screen.draw(|_| lines("one|two"));
    screen.leave();
    assert_eq!(file.0.text(), "said\n");
}
