use super::*;
use crate::diagnostic::finding::Label;
use crate::document::source::Source;
use crate::document::span::Span;
use proptest::prelude::*;

fn finding(code: Code, severity: Severity, labels: &[(usize, usize, &str)]) -> Finding {
    let label = |&(start, end, text): &(usize, usize, &str)| Label { span: Span::new(start, end), text: text.into() };
    Finding {
        code,
        severity,
        message: "50 % of it:\r\nnot, so".into(),
        help: Some("write `5`".into()),
        fix: None,
        jobs: 1,
        job: Some("a,b:c".into()),
        labels: labels.iter().map(label).collect(),
    }
}

fn written(text: &str, path: &str, findings: &[Finding]) -> String {
    let source = Source::new(path, text.to_owned());
    let manifest = Checked { path, source: Some(&source), jobs: 1, findings };
    let mut out = Vec::new();
    write(&mut out, &[manifest], &Root::new(Path::new(".")).unwrap()).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn a_command_is_one_line_with_all_that_matters_escaped() {
    let error = finding(Code::Duration, Severity::Error, &[(9, 11, "here"), (0, 1, "")]);
    assert_eq!(
        written("# 小狗\n10\n", "a,b:c%.yaml", &[error]),
        "::error file=a%2Cb%3Ac%25.yaml,line=2,endLine=2,col=1,endColumn=2,title=duration (a%2Cb%3Ac)::\
         50 %25 of it:%0D%0Anot, so%0Ahelp: write `5`%0A  at a,b:c%25.yaml:2:1: here%0A  at a,b:c%25.yaml:1:1\n"
    );
}

#[test]
fn columns_are_there_within_one_line_only() {
    let text = "小狗x\r\nb\n\nc\n";
    for (range, expected) in [
        ((3, 7), ",line=1,endLine=1,col=2,endColumn=3,"),
        ((0, 9), ",line=1,endLine=1,col=1,endColumn=3,"),
        ((7, 7), ",line=1,endLine=1,col=4,endColumn=4,"),
        ((6, 10), ",line=1,endLine=2,title"),
        ((9, 14), ",line=2,endLine=4,title"),
        ((14, 14), ",line=5,endLine=5,col=1,endColumn=1,"),
    ] {
        let warning = finding(Code::Duration, Severity::Warning, &[(range.0, range.1, "")]);
        let line = written(text, "jobs.yaml", &[warning]);
        assert!(line.starts_with("::warning file=jobs.yaml,") && line.contains(expected), "{range:?}: {line}");
    }
    let whole = written(text, "jobs.yaml", &[finding(Code::Unreadable, Severity::Error, &[])]);
    assert!(whole.starts_with("::error file=jobs.yaml,title=unreadable (a%2Cb%3Ac)::50 %25"), "{whole}");
}

#[test]
fn the_first_ten_tell_of_as_many_codes_as_they_can() {
    let many = |code, severity| (0..20).map(move |at| finding(code, severity, &[(at, at + 1, "")]));
    let findings: Vec<_> = many(Code::MentionSpacing, Severity::Warning)
        .chain(many(Code::WrongType, Severity::Error))
        .chain(many(Code::Duration, Severity::Error))
        .chain([finding(Code::Version, Severity::Error, &[(3, 4, "")])])
        .collect();
    let written = written(&"x".repeat(30), "jobs.yaml", &findings);
    let told: Vec<_> = written
        .lines()
        .map(|line| (line.split(' ').next().unwrap(), line.split_once("title=").unwrap().1.split(' ').next().unwrap()))
        .collect();
    let first = [("::error", "wrong-type"), ("::error", "duration"), ("::error", "version"), ("::error", "wrong-type")];
    assert_eq!(told[..4], first);
    assert_eq!(told.len(), 61);
    assert_eq!(told[41], ("::warning", "mention-spacing"), "warnings come behind all errors");
    assert!(written.find(",col=1,").unwrap() < written.find(",col=2,").unwrap());
}

#[test]
fn the_summary_has_every_finding_in_the_order_of_the_source() {
    let findings = [
        finding(Code::MentionSpacing, Severity::Warning, &[(0, 1, "")]),
        finding(Code::Duration, Severity::Error, &[(2, 3, "")]),
    ];
    let source = Source::new("jobs.yaml", "a\n|\n".to_owned());
    let manifest = Checked { path: "jobs.yaml", source: Some(&source), jobs: 1, findings: &findings };
    let file = tempfile::NamedTempFile::new().unwrap();
    let root = Root::new(Path::new(".")).unwrap();
    summarize(file.path(), &[manifest], &root).unwrap();
    summarize(file.path(), &[Checked { findings: &[], ..manifest }], &root).unwrap();
    assert_eq!(
        std::fs::read_to_string(file.path()).unwrap(),
        "
batch check: 1 error, 1 warning in <code>jobs.yaml</code>

|  | Place | Job | What is wrong | Code |
| --- | --- | --- | --- | --- |
| warning | <code>jobs.yaml:1:1</code> | a,b:c | 50 % of it:␍<br>not, so<br>write <code>5</code> | <code>mention-spacing</code> |
| error | <code>jobs.yaml:2:1</code> | a,b:c | 50 % of it:␍<br>not, so<br>write <code>5</code> | <code>duration</code> |

batch check: nothing wrong in <code>jobs.yaml</code> (1 job)

"
    );
}

/// Returns a value as the runner decodes it.
fn unescaped(value: &str) -> String {
    value.replace("%3A", ":").replace("%2C", ",").replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
}

proptest! {
    #[test]
    fn nothing_in_a_text_starts_another_command_or_property(path in "x[ -.0-~]{1,20}", message in "\\PC*|[:%,=\r\n#\\[a]{0,20}") {
        let mut error = finding(Code::Duration, Severity::Error, &[]);
        error.message = message.into();
        error.help = None;
        let path = format!("nowhere/{path}");
        let line = written("", &path, std::slice::from_ref(&error));
        prop_assert_eq!(line.matches('\n').count(), 1);
        prop_assert!(!line.contains('\r'));
        let (properties, data) = line.trim_end_matches('\n')[2..].split_once("::").unwrap();
        let file = properties.strip_prefix("error file=").unwrap().split(',').next().unwrap();
        prop_assert_eq!(unescaped(file), path);
        let shown = |c: char| if matches!(c, '\n' | '\r') { c.to_string() } else { terminal_safe::line(&c.to_string()).into_owned() };
        let message: String = error.message.chars().map(shown).collect();
        prop_assert_eq!(unescaped(data), message, "{}", line);
    }
}
