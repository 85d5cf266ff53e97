//! Writes a tree in YAML, with everything that its syntax leaves free.

use super::choices::Choices;
use super::page::Page;
use super::tree::{Key, Tree};
use super::yaml_scalar::{self, Place};

/// Writes a manifest.
pub(super) fn write(tree: &Tree, choices: &mut Choices) -> Page {
    let mut page = Page::default();
    page.push(choices.one(&["", "# 注释 🐶\n", "%YAML 1.2\n# e\u{301}\n---\n", "---\n", "\n\n"]));
    let Tree::Table(entries) = tree else { panic!("a manifest is a table") };
    let mut pen = Pen { page: &mut page, choices };
    if pen.choices.rarely(8) && !tree.has_wrong() {
        pen.flow_table(entries, 0);
        pen.page.push("\n");
    } else {
        pen.block_table(entries, 0);
    }
    match pen.choices.below(8) {
        5 => page.push("...\n"),
        6 => page.push("# end"),
        7 if !page.is_behind_block() => page.cut_line_end(),
        _ => {}
    }
    page
}

struct Pen<'p, 'c> {
    page: &'p mut Page,
    choices: &'c mut Choices,
}

/// The way in which a value in a block begins.
#[derive(Clone, Copy, PartialEq)]
enum After {
    /// After `key:`.
    Key,
    /// After `-`.
    Dash,
}

impl Pen<'_, '_> {
    /// Writes lines between two entries.
    fn between(&mut self) {
        if self.page.is_behind_block() {
            return self.page.push(self.choices.one(&["", "", "# 注释: @x - y\n"]));
        }
        self.page.push(self.choices.one(&["", "", "", "\n", "# 注释: @x - y\n", "   # c\n\n", "\t\n"]));
    }

    fn block_table(&mut self, entries: &[(Key, Tree)], column: usize) {
        for (number, (key, value)) in entries.iter().enumerate() {
            if number > 0 || self.page.column() == 0 {
                self.between();
                self.page.spaces(column);
            }
            if let Key::Wrong(line, mark) = key {
                let start = self.page.end();
                self.page.push(&line.replace('\n', &format!("\n{}", " ".repeat(column))));
                self.page.mark(*mark, start..self.page.end());
                self.page.push("\n");
                continue;
            }
            let explicit = self.choices.rarely(12);
            if explicit {
                self.page.push(self.choices.one(&["? ", "?   "]));
            }
            self.key(key, Place { column, in_flow: false, is_key: true });
            if explicit {
                self.page.push(self.choices.one(&["\n", " # c\n"]));
                self.page.spaces(column);
                self.page.push(":");
            } else {
                self.page.push(self.choices.one(&[":", " :"]));
            }
            self.block_value(value, column, After::Key);
        }
    }

    fn block_list(&mut self, items: &[Tree], column: usize) {
        for (number, item) in items.iter().enumerate() {
            if number > 0 || self.page.column() == 0 {
                self.between();
                self.page.spaces(column);
            }
            self.page.push("-");
            self.block_value(item, column, After::Dash);
        }
    }

    /// Writes a value with the line break after it. `column` is that of the block around it.
    fn block_value(&mut self, tree: &Tree, column: usize, after: After) {
        match tree {
            Tree::Table(entries) if !entries.is_empty() && (tree.has_wrong() || !self.choices.rarely(4)) => {
                if after == After::Dash && !self.choices.rarely(4) {
                    self.page.spaces(1 + self.choices.below(3));
                    let column = self.page.column();
                    return self.block_table(entries, column);
                }
                self.tag("map");
                self.end_of_line();
                let deeper = column + 1 + self.choices.below(4);
                self.block_table(entries, deeper);
            }
            Tree::List(items) if !items.is_empty() && (tree.has_wrong() || !self.choices.rarely(3)) => {
                self.tag("seq");
                self.end_of_line();
                // As a value it may be as far out as its key.
                let least = usize::from(after == After::Dash);
                let column = column + least + self.choices.below(4);
                self.block_list(items, column);
            }
            Tree::Named(name, tree) => {
                self.page.push(&format!(" &{name}"));
                // The name is on the line before, and so it can't be in a compact table.
                let after = if matches!(**tree, Tree::Table(_)) { After::Key } else { after };
                self.block_value(tree, column, after);
            }
            _ => {
                self.gap(column);
                self.value(tree, Place { column, in_flow: false, is_key: false });
                if self.page.column() > 0 {
                    self.end_of_line();
                }
            }
        }
    }

    /// Writes a space and a tag that states the type that the value has anyway.
    fn tag(&mut self, name: &str) {
        match self.choices.below(16) {
            14 => self.page.push(&format!(" !!{name}")),
            15 => self.page.push(&format!(" !<tag:yaml.org,2002:{name}>")),
            _ => {}
        }
    }

    fn end_of_line(&mut self) {
        self.page.push(self.choices.one(&["\n", "  \n", " # 狗: c\n", "\t# c\n"]));
    }

    /// Writes the gap between an indicator and a scalar or a flow collection in a block.
    fn gap(&mut self, column: usize) {
        match self.choices.below(8) {
            6 => self.page.push("   "),
            7 => {
                self.page.push(self.choices.one(&["\n", " # c\n", "\n\n # 注释\n"]));
                self.page.spaces(column + 1 + self.choices.below(4));
            }
            _ => self.page.push(" "),
        }
    }

    fn key(&mut self, key: &Key, place: Place) {
        match key {
            Key::Wrong(..) => panic!("a line is wrong in a block"),
            Key::Merge => self.page.push("<<"),
            Key::Text(text) => {
                self.page.push(self.choices.one(&["", "", "", "", "", "", "", "!!str ", "! "]));
                yaml_scalar::write(self.page, text, place, self.choices);
            }
        }
    }

    /// Writes a scalar, an alias or a flow collection.
    fn value(&mut self, tree: &Tree, place: Place) {
        match tree {
            Tree::Text(text) => {
                self.page.push(self.choices.one(&["", "", "", "", "", "", "", "!!str ", "! "]));
                yaml_scalar::write(self.page, text, place, self.choices);
            }
            Tree::Bare(written, mark) => {
                let start = self.page.end();
                self.page.push(written);
                self.page.mark(*mark, start..self.page.end());
            }
            Tree::List(items) => self.flow_list(items, place.column),
            Tree::Table(entries) => self.flow_table(entries, place.column),
            Tree::Named(name, tree) => {
                self.page.push(&format!("&{name} "));
                self.value(tree, place);
            }
            Tree::Alias(name, mark) => {
                let start = self.page.end();
                self.page.push(&format!("*{name}"));
                self.page.mark(*mark, start..self.page.end());
            }
        }
    }

    /// Writes white space in a flow collection: perhaps none, perhaps lines.
    fn flow_space(&mut self, column: usize) {
        match self.choices.below(10) {
            6 | 7 => self.page.push(" "),
            8 => {
                self.page.push("\n");
                self.page.spaces(column + 1 + self.choices.below(3));
            }
            9 => {
                self.page.push(" # c, } ]\n\n");
                self.page.spaces(column + 1 + self.choices.below(3));
            }
            _ => {}
        }
    }

    fn flow_list(&mut self, items: &[Tree], column: usize) {
        self.page.push("[");
        for (number, item) in items.iter().enumerate() {
            self.flow_space(column);
            self.value(item, Place { column, in_flow: true, is_key: false });
            self.flow_space(column);
            if number + 1 < items.len() || self.choices.rarely(4) {
                self.page.push(",");
            }
        }
        self.page.push("]");
    }

    fn flow_table(&mut self, entries: &[(Key, Tree)], column: usize) {
        self.page.push("{");
        for (number, (key, value)) in entries.iter().enumerate() {
            self.flow_space(column);
            if self.choices.rarely(12) {
                self.page.push("? ");
            }
            self.key(key, Place { column, in_flow: true, is_key: true });
            // After an alias a colon would belong to it.
            self.page.push(self.choices.one(&[": ", " : ", ":\n ", " : # c\n "]));
            self.page.spaces(column);
            self.value(value, Place { column, in_flow: true, is_key: false });
            // After a text without quotes a `}` or `,` ends it all the same.
            self.flow_space(column);
            if number + 1 < entries.len() || self.choices.rarely(4) {
                self.page.push(",");
            }
        }
        self.page.push("}");
    }
}
