//! Manifests with planted mistakes, and the expected findings: each mistake once, at its place.

use super::choices::Choices;
use super::tree::{Key, Mark, Text, Tree};
use crate::diagnostic::code::Code;
use std::ops::Range;

/// A mistake as it must be found: its code, its places, the primary one first, and its job's id.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    pub(super) code: Code,
    pub(super) labels: Vec<Mark>,
    pub(super) job: Option<String>,
}

/// The library: names, some of which are prefixes of others.
const LIBRARY: [&str; 4] = ["dog", "dog-2", "小狗", "grass"];

/// Names that are not in it, and not similar to one.
const UNKNOWN: [&str; 4] = ["wolf", "大象", "Ωmega", "x_1"];

/// Words with everything that may confuse a format.
const WORDS: [&str; 24] = [
    "runs",
    "草地",
    "e\u{301}te\u{301}",
    "👨\u{200d}👩\u{200d}👧",
    "🐶",
    "it's",
    "\"so\"",
    "a\\b",
    "C#",
    "#1",
    "12:30",
    "a:b",
    "-",
    "?",
    "x\ty",
    "，",
    "[z]",
    "{}",
    "\u{a0}nb",
    "l\u{2028}s",
    "n\u{85}l",
    "&a",
    "*b",
    "''",
];

/// Returns a manifest with mistakes in it.
pub(super) fn plant(choices: &mut Choices, with_aliases: bool) -> (Tree, Vec<Expected>) {
    let mut garden =
        Garden { choices, with_aliases, next: 0, expected: Vec::new(), users: [None; LIBRARY.len()], ids: Vec::new() };
    let tree = garden.manifest();
    (tree, garden.expected)
}

struct Garden<'c> {
    choices: &'c mut Choices,
    with_aliases: bool,
    next: Mark,
    expected: Vec<Expected>,
    /// The first job that uses each entry of the library.
    users: [Option<usize>; LIBRARY.len()],
    /// The jobs' ids, and their places.
    ids: Vec<(String, Mark)>,
}

/// A field of `defaults` that a job may leave out.
#[derive(Clone, Copy)]
struct Shared {
    mark: Mark,
    /// The number of the value; the highest are wrong.
    value: usize,
}

type Entries = Vec<(Key, Tree)>;

impl Garden<'_> {
    fn mark(&mut self) -> Mark {
        self.next += 1;
        self.next
    }

    fn expect(&mut self, code: Code, labels: Vec<Mark>, job: Option<usize>) {
        let job = job.map(|job| self.ids[job].0.clone());
        self.expected.push(Expected { code, labels, job });
    }

    fn text(&mut self, value: &str) -> (Text, Mark) {
        let whole = self.mark();
        (Text { value: value.to_owned(), whole, parts: Vec::new() }, whole)
    }

    fn key(&mut self, name: &str) -> Key {
        Key::Text(self.text(name).0)
    }

    fn put(&mut self, entries: &mut Entries, name: &str, value: Tree) {
        let key = self.key(name);
        let at = self.choices.below(entries.len() + 1);
        entries.insert(entries.len() - at, (key, value));
    }

    fn put_text(&mut self, entries: &mut Entries, name: &str, value: &str) -> Mark {
        let (text, mark) = self.text(value);
        self.put(entries, name, Tree::Text(text));
        mark
    }

    fn put_bare(&mut self, entries: &mut Entries, name: &str, value: &str) -> Mark {
        let mark = self.mark();
        self.put(entries, name, Tree::Bare(value.to_owned(), mark));
        mark
    }

    fn manifest(&mut self) -> Tree {
        let mut entries = Entries::new();
        let version = self.choices.rarely(8);
        let mark = self.put_bare(&mut entries, "version", if version { "2" } else { "1" });
        if version {
            self.expect(Code::Version, vec![mark], None);
        }
        if self.choices.rarely(3) {
            let run = self.run();
            self.put(&mut entries, "run", run);
        }
        let jobs = 1 + self.choices.below(4);
        for number in 0..jobs {
            let id = match self.choices.below(8) {
                6 => format!("j {number} 狗"),
                7 if number > 0 => self.ids[number - 1].0.to_uppercase(),
                _ => format!("j{number}"),
            };
            let mark = self.mark();
            self.ids.push((id, mark));
        }
        self.judge_ids();
        let mut defaults = Entries::new();
        let resolution = self.shared(&mut defaults, "resolution", &["720p", "1080p", "900p"]);
        let duration = self.shared(&mut defaults, "duration", &["5", "8", "7"]);
        let jobs = self.jobs(jobs, resolution, duration);
        if self.choices.rarely(4) {
            self.unknown(&mut defaults, None);
        }
        let library = self.library();
        if !defaults.is_empty() {
            self.put(&mut entries, "defaults", Tree::Table(defaults));
        }
        self.put(&mut entries, "references", library);
        // Anchors come before their aliases wherever this is, as all are in it.
        self.put(&mut entries, "jobs", jobs);
        if self.choices.rarely(6) {
            self.unknown(&mut entries, None);
        }
        Tree::Table(entries)
    }

    fn run(&mut self) -> Tree {
        let mut run = Entries::new();
        let (concurrency, patience) = (self.choices.one(&["4", "0", "-1"]), self.choices.one(&["10m", "soon 狗", "5"]));
        let mark = self.put_bare(&mut run, "concurrency", concurrency);
        if concurrency != "4" {
            self.expect(Code::Setting, vec![mark], None);
        }
        let mark = self.put_text(&mut run, "patience", patience);
        if patience != "10m" {
            self.expect(Code::Setting, vec![mark], None);
        }
        Tree::Table(run)
    }

    fn judge_ids(&mut self) {
        let ids = self.ids.clone();
        for (number, (id, mark)) in ids.iter().enumerate() {
            let sound = |id: &str| !id.contains(' ');
            let before = ids[..number].iter().find(|(before, _)| sound(before) && before.eq_ignore_ascii_case(id));
            if !sound(id) {
                self.expect(Code::JobId, vec![*mark], Some(number));
            } else if let Some((_, before)) = before {
                self.expect(Code::DuplicateJobId, vec![*mark, *before], Some(number));
            }
        }
    }

    /// Adds a field of `defaults`, or none. Its mistake is expected once its users are known.
    fn shared(&mut self, defaults: &mut Entries, name: &str, values: &[&str]) -> Option<Shared> {
        let value = self.choices.below(values.len() + 1).checked_sub(1)?;
        let mark = match name {
            "duration" => self.put_bare(defaults, name, values[value]),
            _ => self.put_text(defaults, name, values[value]),
        };
        Some(Shared { mark, value })
    }

    /// Adds a key that no table knows.
    fn unknown(&mut self, entries: &mut Entries, job: Option<usize>) {
        let name = format!("zzz{}{}", self.choices.one(&["", " 狗", "'\""]), self.next);
        let (key, mark) = self.text(&name);
        let value = self.mark();
        entries.push((Key::Text(key), Tree::Bare("1".to_owned(), value)));
        self.expect(Code::UnknownField, vec![mark], job);
    }

    fn library(&mut self) -> Tree {
        let mut library = Entries::new();
        for (entry, name) in LIBRARY.into_iter().enumerate() {
            let user = self.users[entry];
            let used =
                |mark: Mark, ids: &[(String, Mark)]| [mark].into_iter().chain(user.map(|job| ids[job].1)).collect();
            let mut reference = Entries::new();
            let bad = self.choices.rarely(6);
            let mark = self.put_text(&mut reference, "type", if bad { "objekt 狗" } else { "subject" });
            if bad {
                let labels = used(mark, &self.ids);
                self.expect(Code::ReferenceType, labels, user);
            }
            let mut urls = Vec::new();
            for number in 0..1 + self.choices.below(3) {
                let bad = self.choices.rarely(8);
                let url = format!("{}://图.example.com/{entry}/{number}/a'b.png", if bad { "ftp" } else { "https" });
                let (text, mark) = self.text(&url);
                urls.push(Tree::Text(text));
                if bad {
                    let labels = used(mark, &self.ids);
                    self.expect(Code::ImageUrl, labels, user);
                }
            }
            self.put(&mut reference, "urls", Tree::List(urls));
            if self.choices.rarely(10) {
                self.unknown(&mut reference, user);
            }
            let key = self.key(name);
            library.push((key, Tree::Table(reference)));
        }
        Tree::Table(library)
    }

    fn jobs(&mut self, count: usize, resolution: Option<Shared>, duration: Option<Shared>) -> Tree {
        let (mut lacks_resolution, mut lacks_duration, mut lacks_both) = (None, None, None);
        let mut jobs: Vec<Tree> = Vec::new();
        // The job before has an anchor, and its findings are reported there.
        let mut merged: Option<String> = None;
        for number in 0..count {
            if let Some(name) = merged.clone()
                && self.choices.rarely(2)
            {
                jobs.push(self.merging_job(number, &name));
                continue;
            }
            let mut job = Entries::new();
            let (id, id_at) = self.ids[number].clone();
            let key = self.key("id");
            let id = Text { value: id, whole: id_at, parts: Vec::new() };
            self.input(&mut job, number);
            let own = self.own(&mut job, "resolution", &["720p", "1080p", "900p"], resolution.is_some());
            let (resolution, own_resolution) = match own {
                Some(own) => (Some(own), true),
                None => (resolution, false),
            };
            let own = self.own(&mut job, "duration", &["5", "8", "7"], duration.is_some());
            let (duration, own_duration) = match own {
                Some(own) => (Some(own), true),
                None => (duration, false),
            };
            if !own_resolution {
                lacks_resolution.get_or_insert(number);
            }
            if !own_duration {
                lacks_duration.get_or_insert(number);
            }
            if own_resolution && resolution.is_some_and(|resolution| resolution.value == 2) {
                self.expect(Code::Resolution, resolution.map(|it| it.mark).into_iter().collect(), Some(number));
            }
            if own_duration && duration.is_some_and(|duration| duration.value == 2) {
                self.expect(Code::Duration, duration.map(|it| it.mark).into_iter().collect(), Some(number));
            }
            if let (Some(Shared { mark: resolution, value: 1 }), Some(Shared { mark: duration, value: 1 })) =
                (resolution, duration)
            {
                if own_resolution || own_duration {
                    self.expect(Code::DurationResolution, vec![duration, resolution], Some(number));
                } else if lacks_both.replace(number).is_none() {
                    self.expect(Code::DurationResolution, vec![duration, resolution, id_at], Some(number));
                }
            }
            self.mistakes(&mut job, number);
            let at = self.choices.below(job.len() + 1);
            job.insert(at, (key, Tree::Text(id)));
            let job = Tree::Table(job);
            jobs.push(if self.with_aliases && self.choices.rarely(2) {
                merged = Some(format!("job-{number}"));
                Tree::Named(format!("job-{number}"), Box::new(job))
            } else {
                job
            });
        }
        if self.with_aliases && self.choices.rarely(3) {
            self.echoes(&mut jobs);
        }
        for (shared, user, code) in
            [(resolution, lacks_resolution, Code::Resolution), (duration, lacks_duration, Code::Duration)]
        {
            if let Some(Shared { mark, value: 2 }) = shared {
                let labels = [mark].into_iter().chain(user.map(|job: usize| self.ids[job].1)).collect();
                self.expect(code, labels, user);
            }
        }
        Tree::List(jobs)
    }

    /// Adds a job with a value that is right where it is written, and jobs with aliases where it is wrong.
    fn echoes(&mut self, jobs: &mut Vec<Tree>) {
        let is_prompt = self.choices.rarely(2);
        let written = self.mark();
        let mut job = self.echo("base");
        if is_prompt {
            let value = format!("{}@dog walks\non the @grass", self.choices.one(&["", "狗 ", "it's \"so\": "]));
            let at = value.find("@grass").expect("it is in the prompt");
            let prompt = Text { parts: vec![(at..value.len(), written)], value, whole: self.mark() };
            self.put(&mut job, "prompt", Tree::Named("echo".to_owned(), Box::new(Tree::Text(prompt))));
            self.put_list(&mut job, "references", &["dog", "grass"]);
            self.put_bare(&mut job, "duration", "5");
        } else {
            let four = Tree::Named("echo".to_owned(), Box::new(Tree::Bare("4".to_owned(), written)));
            self.put(&mut job, "number_of_videos", four);
            self.put_bare(&mut job, "duration", "5");
            self.put_text(&mut job, "prompt", "@dog @grass");
        }
        let base = self.ids.len() - 1;
        for entry in [0, 3] {
            self.users[entry].get_or_insert(base);
        }
        jobs.push(Tree::Table(job));
        let (mut aliases, first) = (Vec::new(), self.ids.len());
        for number in 0..1 + self.choices.below(3) {
            let mut job = self.echo(&format!("echo-{number}"));
            aliases.push(self.mark());
            let alias = Tree::Alias("echo".to_owned(), aliases[number]);
            if is_prompt {
                self.put(&mut job, "prompt", alias);
                self.put_bare(&mut job, "duration", "5");
                self.put_bare(&mut job, "take", &(number + 2).to_string());
            } else {
                self.put_text(&mut job, "prompt", &format!("@dog {number}"));
                self.put(&mut job, "duration", alias);
            }
            self.put_list(&mut job, "references", &["dog"]);
            jobs.push(Tree::Table(job));
        }
        let code = if is_prompt { Code::UnknownMention } else { Code::Duration };
        // A single use is the place of the mistake; several are shown once, where the value is written.
        let labels = if aliases.len() == 1 { vec![aliases[0], written] } else { vec![written, aliases[0]] };
        self.expect(code, labels, Some(first));
    }

    /// Returns a separate job, with an id and a resolution.
    fn echo(&mut self, id: &str) -> Entries {
        let mut job = Entries::new();
        let mark = self.put_text(&mut job, "id", id);
        self.ids.push((id.to_owned(), mark));
        self.put_text(&mut job, "resolution", "720p");
        job
    }

    fn put_list(&mut self, entries: &mut Entries, name: &str, items: &[&str]) {
        let items = items.iter().map(|item| Tree::Text(self.text(item).0)).collect();
        self.put(entries, name, Tree::List(items));
    }

    /// Returns a job that merges all of another one except its id, its take and a mention of its own.
    fn merging_job(&mut self, number: usize, name: &str) -> Tree {
        let mut job = Entries::new();
        let (id, whole) = self.ids[number].clone();
        let key = self.key("id");
        job.push((key, Tree::Text(Text { value: id, whole, parts: Vec::new() })));
        self.put_bare(&mut job, "take", &format!("{}", number + 2));
        let alias = Tree::Alias(name.to_owned(), self.mark());
        let alias = if self.choices.rarely(3) { Tree::List(vec![alias]) } else { alias };
        let at = self.choices.below(job.len() + 1);
        job.insert(at, (Key::Merge, alias));
        Tree::Table(job)
    }

    /// Adds a job's own field, unless `defaults` makes it superfluous.
    fn own(&mut self, job: &mut Entries, name: &str, values: &[&str], superfluous: bool) -> Option<Shared> {
        if superfluous && self.choices.rarely(2) {
            return None;
        }
        let value = self.choices.one(&[0, 0, 0, 1, 1, 2]);
        let mark = match name {
            "duration" => self.put_bare(job, name, values[value]),
            _ => self.put_text(job, name, values[value]),
        };
        Some(Shared { mark, value })
    }

    /// Adds a job's prompt and its references.
    fn input(&mut self, job: &mut Entries, number: usize) {
        let mut names: Vec<usize> = Vec::new();
        for _ in 0..1 + self.choices.below(3) {
            let entry = self.choices.below(LIBRARY.len());
            if !names.contains(&entry) {
                names.push(entry);
            }
        }
        let lists = self.choices.rarely(2);
        let lost = lists && self.choices.rarely(6);
        // A lost reference counts too.
        names.truncate(if lost { 2 } else { 3 });
        for &entry in &names {
            self.users[entry].get_or_insert(number);
        }
        let unused = lists && !lost && names.len() > 1 && self.choices.rarely(4);
        // If a reference is lost, it is unknown which mentions are wrong.
        self.prompt(job, number, &names[usize::from(unused)..], !lost);
        if !lists {
            return;
        }
        let mut items = Vec::new();
        for (place, &entry) in names.iter().enumerate() {
            let (text, mark) = self.text(LIBRARY[entry]);
            if unused && place == 0 {
                self.expect(Code::UnusedReference, vec![mark], Some(number));
            }
            items.push(Tree::Text(text));
        }
        if lost {
            let (text, mark) = self.text("no/such reference");
            self.expect(Code::UnknownReference, vec![mark], Some(number));
            items.insert(0, Tree::Text(text));
        }
        self.put(job, "references", Tree::List(items));
    }

    /// Adds a prompt that mentions these, and perhaps others.
    fn prompt(&mut self, job: &mut Entries, number: usize, names: &[usize], judged: bool) {
        let mut value = String::new();
        let mut parts: Vec<(Range<usize>, Mark)> = Vec::new();
        let mut mentions: Vec<&str> = names.iter().map(|&entry| LIBRARY[entry]).collect();
        for _ in 0..self.choices.below(3) {
            let at = self.choices.below(mentions.len() + 1);
            mentions.insert(at, self.choices.one(&UNKNOWN));
        }
        let apart = [" ", " ", " ", "  ", "\n", "\n\n", " \n", "\n  ", "\t"];
        value.push_str(self.choices.one(&["", "", "", "\n", " ", "\n\n  "]));
        for mention in mentions {
            for _ in 0..self.choices.below(4) {
                value.push_str(self.choices.one(&WORDS));
                value.push_str(self.choices.one(&apart));
            }
            let start = value.len();
            value.push_str(&format!("@{mention}"));
            let mut range = start..value.len();
            let spaced = !self.choices.rarely(5);
            if !spaced {
                let next = self.choices.one(&["，", ".", "!", "\u{301}"]);
                value.push_str(next);
                // An accent belongs to the letter before it: it is shown with an unknown name.
                if next == "\u{301}" && UNKNOWN.contains(&mention) {
                    range.end = value.len();
                }
            }
            value.push_str(self.choices.one(&apart));
            let code = if UNKNOWN.contains(&mention) {
                Code::UnknownMention
            } else if !spaced {
                Code::MentionSpacing
            } else {
                continue;
            };
            if judged {
                let mark = self.mark();
                parts.push((range, mark));
                self.expect(code, vec![mark], Some(number));
            }
        }
        // No two jobs make the same request.
        value.push_str(&format!("job {number}"));
        value.push_str(self.choices.one(&["", "", "\n", "\n\n"]));
        let whole = self.mark();
        let text = Text { value, whole, parts };
        self.put(job, "prompt", Tree::Text(text));
    }

    /// Adds mistakes in other fields of a job.
    fn mistakes(&mut self, job: &mut Entries, number: usize) {
        if self.choices.rarely(4) {
            self.unknown(job, Some(number));
        }
        let (code, mark) = match self.choices.below(10) {
            4 => (Code::NumberOfVideos, self.put_bare(job, "number_of_videos", "9")),
            5 => (Code::WrongType, self.put_text(job, "number_of_videos", "2")),
            6 => (Code::WrongType, self.put_bare(job, "take", "2.5")),
            7 => (Code::Async, self.put_bare(job, "async", "false")),
            8 => (Code::TaskType, self.put_text(job, "task_type", "图 'x'")),
            9 => {
                let first = self.text("negative_prompt");
                let again = self.text("negative_prompt");
                for key in [first.0, again.0] {
                    let value = self.text("糊").0;
                    job.push((Key::Text(key), Tree::Text(value)));
                }
                // The text is read before any job is known.
                self.expected.push(Expected { code: Code::DuplicateKey, labels: vec![again.1, first.1], job: None });
                return;
            }
            _ => return,
        };
        self.expect(code, vec![mark], Some(number));
    }
}
