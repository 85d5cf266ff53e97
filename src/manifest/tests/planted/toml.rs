//! Writes a tree in TOML, with everything that its syntax leaves free.

use super::choices::Choices;
use super::page::Page;
use super::toml_scalar;
use super::tree::{Key, Tree};

/// Writes a manifest.
pub(super) fn write(tree: &Tree, choices: &mut Choices) -> Page {
    let mut page = Page::default();
    page.push(choices.one(&["", "# 注释 🐶\n", "\n\t\n"]));
    let Tree::Table(entries) = tree else { panic!("a manifest is a table") };
    Pen { page: &mut page, choices }.section("", entries);
    page
}

struct Pen<'p, 'c> {
    page: &'p mut Page,
    choices: &'c mut Choices,
}

impl Pen<'_, '_> {
    /// Writes the entries of the table that has the header `path`, and then the tables in it that have headers of their
    /// own.
    fn section(&mut self, path: &str, entries: &[(Key, Tree)]) {
        let mut headed = Vec::new();
        for (key, value) in entries {
            let tables = match value {
                Tree::Table(inner) => !inner.is_empty(),
                // Nothing else can be in a list that is written as headers.
                Tree::List(items) => !items.is_empty() && items.iter().all(|item| matches!(item, Tree::Table(_))),
                _ => false,
            };
            if tables && (value.has_wrong() || !self.choices.rarely(3)) {
                headed.push((key, value));
                continue;
            }
            self.space();
            if let Key::Wrong(line, mark) = key {
                let start = self.page.end();
                self.page.push(line);
                self.page.mark(*mark, start..self.page.end());
                self.page.push("\n");
                continue;
            }
            self.entry(key, value);
            self.end_of_line();
        }
        for (key, value) in headed {
            let Key::Text(text) = key else { panic!("no merge keys in TOML") };
            match value {
                Tree::Table(inner) => {
                    let path = self.header(path, key, ("[", "]"));
                    self.section(&path, inner);
                }
                Tree::List(items) => {
                    for (number, item) in items.iter().enumerate() {
                        let Tree::Table(inner) = item else { panic!("a table") };
                        let path = if number == 0 {
                            self.header(path, key, ("[[", "]]"))
                        } else {
                            let path = join(path, &text.value);
                            self.page.push(&format!("[[{path}]]"));
                            self.end_of_line();
                            path
                        };
                        self.section(&path, inner);
                    }
                }
                _ => {}
            }
        }
    }

    /// Writes a header; returns its path.
    fn header(&mut self, path: &str, key: &Key, (open, close): (&str, &str)) -> String {
        self.space();
        let Key::Text(text) = key else { panic!("no merge keys in TOML") };
        self.page.push(open);
        self.page.push(self.choices.one(&["", " "]));
        if !path.is_empty() {
            self.page.push(path);
            self.page.push(self.choices.one(&[".", " . "]));
        }
        toml_scalar::write(self.page, text, true, self.choices);
        self.page.push(self.choices.one(&["", " "]));
        self.page.push(close);
        self.end_of_line();
        join(path, &text.value)
    }

    fn space(&mut self) {
        self.page.push(self.choices.one(&["", "", "", "\n", "# 注释 = [\n", "  ", "\t# c\n"]));
    }

    fn end_of_line(&mut self) {
        self.page.push(self.choices.one(&["\n", " \n", " # 狗 ]\n"]));
    }

    fn entry(&mut self, key: &Key, value: &Tree) {
        let Key::Text(text) = key else { panic!("no merge keys in TOML") };
        toml_scalar::write(self.page, text, true, self.choices);
        self.page.push(self.choices.one(&[" = ", "=", "\t=  "]));
        self.value(value);
    }

    fn value(&mut self, tree: &Tree) {
        match tree {
            Tree::Text(text) => toml_scalar::write(self.page, text, false, self.choices),
            Tree::Bare(written, mark) => {
                let start = self.page.end();
                self.page.push(written);
                self.page.mark(*mark, start..self.page.end());
            }
            Tree::List(items) => {
                self.page.push("[");
                for (number, item) in items.iter().enumerate() {
                    self.inside();
                    self.value(item);
                    self.inside();
                    if number + 1 < items.len() || self.choices.rarely(4) {
                        self.page.push(",");
                    }
                }
                self.inside();
                self.page.push("]");
            }
            Tree::Table(entries) => {
                self.page.push("{");
                for (number, (key, value)) in entries.iter().enumerate() {
                    self.inside();
                    self.entry(key, value);
                    self.inside();
                    if number + 1 < entries.len() || self.choices.rarely(4) {
                        self.page.push(",");
                    }
                }
                self.inside();
                self.page.push("}");
            }
            Tree::Named(..) | Tree::Alias(..) => panic!("no anchors in TOML"),
        }
    }

    /// Writes white space in brackets.
    fn inside(&mut self) {
        self.page.push(self.choices.one(&["", "", " ", "\n  ", " # c ] }\n", "\t"]));
    }
}

/// Returns the path of a key below another.
fn join(path: &str, key: &str) -> String {
    let key = format!("{key:?}");
    if path.is_empty() { key } else { format!("{path}.{key}") }
}
