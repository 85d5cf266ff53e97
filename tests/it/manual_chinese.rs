//! Each page of the manual that exists in Chinese says what the English one says. Section by section it has the same
//! headings, blocks, tables, lists, terms, numbers and links: only the words around them are translated.

use crate::manual::{page, pages, slug};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// How the name of a Chinese page ends, where that of the English one ends with `.md`.
const CHINESE: &str = ".zh-CN.md";

/// What stands under a heading, up to the next one of any level.
#[derive(Default)]
struct Section {
    level: usize,
    title: String,
    /// The blocks between fences: their languages, and their lines without comments.
    blocks: Vec<Vec<String>>,
    /// The rows of tables, as cells.
    rows: Vec<Vec<String>>,
    items: usize,
    paragraphs: usize,
    /// All lines but those of blocks and tables.
    prose: String,
}

fn sections(page: &str) -> Vec<Section> {
    let (mut sections, mut fenced, mut blank) = (vec![Section::default()], false, true);
    for line in page.lines() {
        if line.starts_with('#') && !fenced {
            let title = line.trim_start_matches('#');
            let level = line.len() - title.len();
            sections.push(Section { level, title: title.trim().to_owned(), ..Section::default() });
            continue;
        }
        let section = sections.last_mut().unwrap();
        if let Some(language) = line.strip_prefix("```") {
            fenced = !fenced;
            section.blocks.extend(fenced.then(|| vec![language.to_owned()]));
        } else if fenced {
            let bare = line.split(" # ").next().unwrap().trim_end();
            section.blocks.last_mut().unwrap().push(bare.to_owned());
        } else if let Some(cells) = line.strip_prefix('|') {
            let cells = cells.trim_end_matches('|').replace(r"\|", "\0");
            section.rows.push(cells.split('|').map(|cell| cell.trim().to_owned()).collect());
        } else {
            section.items += usize::from(line.starts_with("- ") || line.starts_with(|c: char| c.is_ascii_digit()));
            section.paragraphs += usize::from(blank && !line.is_empty());
            section.prose += &format!("{line}\n");
        }
        blank = line.is_empty();
    }
    sections
}

/// The terms in backticks.
fn terms(text: &str) -> BTreeSet<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// The links of a text: what is read, and where it leads.
fn links(text: &str) -> Vec<(&str, &str)> {
    let ends = text.match_indices("](").map(|(end, _)| end);
    let links = ends.map(|end| {
        let read = text[..end].rsplit_once('[').map_or("", |(_, read)| read);
        (read, text[end + 2..].split(')').next().unwrap())
    });
    links.collect()
}

/// The numbers of a text, but for those in terms and links.
fn numbers(text: &str) -> BTreeSet<String> {
    let mut prose = text.split('`').step_by(2).collect::<Vec<_>>().join(" ");
    for (_, link) in links(text) {
        prose = prose.replace(&format!("]({link})"), " ");
    }
    let words = prose.split(|c: char| !c.is_ascii_digit() && c != ',' && c != '.');
    let numbers = words.map(|word| word.trim_matches([',', '.'])).filter(|word| !word.is_empty());
    numbers.map(str::to_owned).collect()
}

/// Whether a text has Chinese characters in it: what has none isn't translated.
fn is_chinese(text: &str) -> bool {
    text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
}

/// The pages that exist in both languages, by their paths without an ending, each with the anchors of its sections in both.
type Pairs = BTreeMap<String, Vec<(String, String)>>;

fn pairs() -> Pairs {
    let names = pages().into_iter().filter_map(|path| Some(path.strip_suffix(CHINESE)?.to_owned()));
    let anchors = |name: &str, ending: &str| {
        let sections = sections(&page(&format!("{name}{ending}"))).into_iter();
        sections.map(|section| slug(&section.title)).collect::<Vec<_>>()
    };
    let pairs = names.map(|name| {
        let anchors = anchors(&name, ".md").into_iter().zip(anchors(&name, CHINESE)).collect();
        (name, anchors)
    });
    pairs.collect()
}

/// Where a link of an English page leads in the Chinese one: to Chinese pages, as far as they exist.
fn translated(link: &str, here: &str, pairs: &Pairs) -> String {
    let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
    let name = file.strip_suffix(".md").unwrap_or(file);
    let path = if name.is_empty() { Path::new(here).into() } else { Path::new(here).with_file_name(name) };
    let Some(anchors) = path.to_str().and_then(|path| pairs.get(path)) else { return link.to_owned() };
    let file = if name.is_empty() { String::new() } else { format!("{name}{CHINESE}") };
    let anchor = anchors.iter().find(|(english, _)| english == anchor).map_or(anchor, |(_, chinese)| chinese);
    if anchor.is_empty() { file } else { format!("{file}#{anchor}") }
}

/// Where the links of an English text lead in Chinese, and where those of the Chinese text lead, both sorted.
fn targets(english: &str, chinese: &str, here: &str, pairs: &Pairs) -> (Vec<String>, Vec<String>) {
    let to_other = |read: &str| ["中文", "English"].contains(&read);
    let english = links(english).into_iter().filter(|(read, _)| !to_other(read));
    let chinese = links(chinese).into_iter().filter(|(read, _)| !to_other(read));
    let mut english: Vec<_> = english.map(|(_, link)| translated(link, here, pairs)).collect();
    let mut chinese: Vec<_> = chinese.map(|(_, link)| link.to_owned()).collect();
    english.sort();
    chinese.sort();
    (english, chinese)
}

/// How two texts differ, the one being the translation of the other.
fn differences(english: &str, chinese: &str, here: &str, pairs: &Pairs) -> Vec<String> {
    let mut found = Vec::new();
    if !is_chinese(chinese) {
        let plain = chinese.replace('、', ", ").replace('（', " (").replace('）', ")");
        if plain != english {
            found.push(format!("{english:?} is {chinese:?}"));
        }
        return found;
    }
    if terms(english) != terms(chinese) {
        found.push(format!("the terms {:?} are {:?}", terms(english), terms(chinese)));
    }
    let missing: Vec<_> = numbers(english).difference(&numbers(chinese)).cloned().collect();
    if !missing.is_empty() {
        found.push(format!("no {missing:?} in {chinese:?}"));
    }
    let (expected, there) = targets(english, chinese, here, pairs);
    if expected != there {
        found.push(format!("the links {expected:#?} are {there:#?}"));
    }
    found
}

#[test]
fn chinese_pages_say_what_the_english_ones_say() {
    let pairs = pairs();
    assert!(pairs.len() >= 6, "only {pairs:?}");
    let mut wrong = Vec::new();
    for name in pairs.keys() {
        let (english, chinese) = (page(&format!("{name}.md")), page(&format!("{name}{CHINESE}")));
        let file = name.rsplit('/').next().unwrap();
        assert!(english.contains(&format!("\n\n[中文]({file}{CHINESE})\n")), "{name}.md leads to no Chinese page");
        assert!(chinese.contains(&format!("\n\n[English]({file}.md) | 中文\n")), "{name}{CHINESE} doesn't lead back");
        let (english, chinese) = (sections(&english), sections(&chinese));
        let levels = |sections: &[Section]| sections.iter().map(|section| section.level).collect::<Vec<_>>();
        assert_eq!(levels(&english), levels(&chinese), "the levels of the headings of {name}");
        for (english, chinese) in english.iter().zip(&chinese) {
            let shape = |section: &Section| {
                // The first section of a Chinese page has its words as well: which stands for which term.
                let paragraphs = if section.level == 1 { 0 } else { section.paragraphs };
                let cells = section.rows.iter().map(Vec::len).collect::<Vec<_>>();
                (format!("{:#?}", section.blocks), cells, section.items, paragraphs)
            };
            assert_eq!(shape(english), shape(chinese), "{name}, {}", english.title);
            let cells = english.rows.iter().flatten().zip(chinese.rows.iter().flatten());
            let texts = [(&english.title, &chinese.title), (&english.prose, &chinese.prose)].into_iter().chain(cells);
            let found = texts.flat_map(|(english, chinese)| differences(english, chinese, name, &pairs));
            wrong.extend(found.map(|found| format!("{name}, {}: {found}", english.title)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn chinese_pages_lead_to_chinese_pages() {
    let mut followed = 0;
    for path in pages().into_iter().filter(|path| path.ends_with(CHINESE)) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(&path);
        for (read, link) in links(&page(&path)) {
            let file = link.split('#').next().unwrap();
            if let Some(name) = file.strip_suffix(".md").filter(|name| !name.ends_with(".zh-CN") && read != "English") {
                let chinese = folder.with_file_name(format!("{name}{CHINESE}"));
                assert!(!chinese.exists(), "{path}: [{read}]({link}) leads to an English page that exists in Chinese");
                followed += 1;
            }
        }
    }
    assert!(followed > 10, "only {followed} links were followed");
}

/// Words that other pages of this kind have, each with the one that these pages have.
const ONE_WORD: &[(&str, &str)] = &[
    ("不确定的任务", "结果不明的任务"),
    ("文件夹", "目录"),
    ("负面提示词", "反向提示词"),
    ("拉取请求", "合并请求"),
    ("任务 ID", "任务号"),
    ("任务编号", "任务号"),
    ("参考图像", "参考对象"),
    ("扩写", "优化"),
    ("哈希值", "哈希"),
    ("总结", "汇总"),
    ("别处的图片", "远程图片"),
];

/// Pieces of bold text whose marks Markdown would show: those with a sign inside of a mark, and a character outside of it.
fn not_bold(prose: &str) -> Vec<&str> {
    let is_sign = |c: char| !c.is_alphanumeric() && !c.is_whitespace();
    let pieces: Vec<_> = prose.split("**").collect();
    let bold = pieces.windows(3).step_by(2).filter(|piece| {
        let opens = piece[1].starts_with(is_sign) && piece[0].ends_with(char::is_alphanumeric);
        let closes = piece[1].ends_with(is_sign) && piece[2].starts_with(char::is_alphanumeric);
        opens || closes
    });
    bold.map(|piece| piece[1]).collect()
}

#[test]
fn chinese_pages_have_one_word_for_one_thing_and_a_line_for_a_paragraph() {
    for path in pages().into_iter().filter(|path| path.ends_with(CHINESE)) {
        let text = page(&path);
        for (other, word) in ONE_WORD {
            assert!(!text.contains(other), "{path}: {other} is called {word}");
        }
        for Section { title, prose, .. } in sections(&text) {
            assert_eq!(not_bold(&prose), Vec::<&str>::new(), "{path}, {title}: put the sign after the `**`");
            // A line break would be shown as a blank between two characters.
            for (line, next) in prose.lines().zip(prose.lines().skip(1)) {
                let goes_on = !next.is_empty() && !next.starts_with(['-', '1', '2', '3', '4', '5']);
                assert!(line.is_empty() || !goes_on, "{path}, {title}: a paragraph is broken before {next:?}");
            }
        }
    }
}

#[test]
fn a_translation_that_lags_behind_is_seen() {
    let pairs = Pairs::from([("page".to_owned(), vec![("a-b".to_owned(), "甲".to_owned())])]);
    let english = "up to 20,000 of `--jobs`, see [here](page.md#a-b) and [there](other.md)";
    let right = "最多 20,000 个 `--jobs`，见[此处](page.zh-CN.md#甲)和[别处](other.md)";
    assert_eq!(differences(english, right, "here", &pairs), Vec::<String>::new());
    for (from, to) in [("20,000", "10,000"), ("--jobs", "--tasks"), ("#甲", "#乙"), (".zh-CN.md", ".md")] {
        assert_eq!(differences(english, &right.replace(from, to), "here", &pairs).len(), 1, "{from}");
    }
    assert_eq!(differences("502", "503", "here", &pairs).len(), 1);
    assert_eq!(not_bold("一**二**。三**四。**五**六。** 七"), ["四。"]);
}
