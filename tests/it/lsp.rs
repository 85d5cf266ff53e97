//! `batch lsp`, driven by a client that speaks the protocol as editors do.

use crate::support::project::Project;
use crate::support::setup::{MANIFEST, manifest_of};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

/// How long an answer may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// A manifest with Chinese and an emoji before its mistakes.
const TEXT: &str = "version: 1
references:
  小狗: { type: subject, urls: [\"https://images.example.com/dog.png\"] }
defaults: { resolution: 720p, duration: 5 }
jobs:
  - { id: a, prompt: \"🐕🐕 @小狗 跑 @小苟 x\" }
  - { id: b, prompt: \"🐕 @小狗, 跑\", resolution: 1080p, duration: 8 }
";

/// An editor.
struct Client {
    server: Child,
    input: Option<ChildStdin>,
    messages: Receiver<Value>,
    /// Those that came while an answer was waited for.
    kept: Vec<Value>,
    requests: i32,
}

impl Client {
    fn start(project: &Project, locale: &str) -> Client {
        let mut command = Command::new(env!("CARGO_BIN_EXE_batch"));
        command.args(["lsp", "--stdio"]).current_dir(project.root()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut server = command.spawn().unwrap();
        let mut output = BufReader::new(server.stdout.take().unwrap());
        let (sender, messages) = channel();
        thread::spawn(move || {
            while let Some(message) = read(&mut output)
                && sender.send(message).is_ok()
            {}
        });
        let input = server.stdin.take();
        let mut client = Client { server, input, messages, kept: Vec::new(), requests: 0 };
        let capabilities = json!({ "textDocument": { "publishDiagnostics": { "relatedInformation": true } } });
        let params = json!({ "processId": null, "rootUri": null, "locale": locale, "capabilities": capabilities });
        let told = client.ask("initialize", &params);
        let sync = &told["capabilities"]["textDocumentSync"];
        assert_eq!((&sync["openClose"], &sync["change"]), (&json!(true), &json!(1)), "{told}");
        assert!(told["capabilities"]["positionEncoding"].is_null(), "UTF-16 is what is spoken: {told}");
        client.tell("initialized", &json!({}));
        client
    }

    fn send(&mut self, message: &Value) {
        let body = message.to_string();
        let input = self.input.as_mut().unwrap();
        write!(input, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        input.flush().unwrap();
    }

    fn tell(&mut self, method: &str, params: &Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    fn ask(&mut self, method: &str, params: &Value) -> Value {
        let mut answer = self.answer(method, params);
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].take()
    }

    fn answer(&mut self, method: &str, params: &Value) -> Value {
        self.requests += 1;
        let id = self.requests;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        self.wait(|message| message["id"] == id)
    }

    /// The first message of this kind that wasn't taken yet.
    fn wait(&mut self, is_it: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.kept.iter().position(&is_it) {
            return self.kept.remove(at);
        }
        loop {
            let message = self.messages.recv_timeout(PATIENCE).expect("the server answers");
            if is_it(&message) {
                return message;
            }
            self.kept.push(message);
        }
    }

    /// What is found in a file, when it is told next.
    fn diagnostics(&mut self, uri: &str) -> Vec<Value> {
        let told = self
            .wait(|message| message["method"] == "textDocument/publishDiagnostics" && message["params"]["uri"] == uri);
        told["params"]["diagnostics"].as_array().unwrap().clone()
    }

    fn open(&mut self, uri: &str, text: &str) {
        let document = json!({ "uri": uri, "languageId": "yaml", "version": 1, "text": text });
        self.tell("textDocument/didOpen", &json!({ "textDocument": document }));
    }

    fn change(&mut self, uri: &str, version: i32, text: &str) {
        let document = json!({ "uri": uri, "version": version });
        self.tell("textDocument/didChange", &json!({ "textDocument": document, "contentChanges": [{ "text": text }] }));
    }

    fn actions(&mut self, uri: &str, range: &Value, only: &str) -> Vec<Value> {
        let context = json!({ "diagnostics": [], "only": [only] });
        let params = json!({ "textDocument": { "uri": uri }, "range": range, "context": context });
        self.ask("textDocument/codeAction", &params).as_array().unwrap().clone()
    }

    fn end(mut self) -> Option<i32> {
        self.ask("shutdown", &Value::Null);
        self.tell("exit", &Value::Null);
        self.server.wait().unwrap().code()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // It has ended, most likely.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn read(output: &mut impl BufRead) -> Option<Value> {
    let mut length = None;
    loop {
        let mut line = String::new();
        output.read_line(&mut line).ok().filter(|read| *read > 0)?;
        match line.trim_end() {
            "" => break,
            header => length = header.strip_prefix("Content-Length: ").map(|length| length.parse::<usize>().unwrap()),
        }
    }
    let mut body = vec![0; length?];
    output.read_exact(&mut body).ok()?;
    Some(serde_json::from_slice(&body).unwrap())
}

/// The bytes of a place in a text, as an editor counts.
fn offset(text: &str, place: &Value) -> usize {
    let [line, character] = ["line", "character"].map(|field| place[field].as_u64().unwrap() as usize);
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let mut units = 0;
    let within = text[start..].char_indices().find(|(_, c)| {
        let is_there = units == character;
        units += c.len_utf16();
        is_there
    });
    within.map_or(text.len(), |(at, _)| start + at)
}

fn under<'t>(text: &'t str, range: &Value) -> &'t str {
    &text[offset(text, &range["start"])..offset(text, &range["end"])]
}

/// The text with the edits of an action.
fn edited(text: &str, action: &Value, uri: &str) -> String {
    let edits = action["edit"]["changes"][uri].as_array().unwrap();
    let mut edits: Vec<_> = edits.iter().map(|edit| (&edit["range"], edit["newText"].as_str().unwrap())).collect();
    edits.sort_by_key(|(range, _)| std::cmp::Reverse(offset(text, &range["start"])));
    edits.into_iter().fold(text.to_owned(), |text, (range, new)| {
        format!("{}{new}{}", &text[..offset(&text, &range["start"])], &text[offset(&text, &range["end"])..])
    })
}

fn uri(project: &Project, name: &str) -> String {
    url::Url::from_file_path(project.root().canonicalize().unwrap().join(name)).unwrap().to_string()
}

#[test]
fn an_editor_is_told_what_check_finds_at_the_same_places() {
    let project = Project::new().with(MANIFEST, TEXT);
    let checked = project.batch(["check", "--format", "json"]).run().exits(2).json();
    let mut client = Client::start(&project, "en");
    let uri = uri(&project, MANIFEST);
    client.open(&uri, TEXT);
    let found = client.diagnostics(&uri);
    let expected = checked["diagnostics"].as_array().unwrap();
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (diagnostic, expected) in found.iter().zip(expected) {
        let (label, severity) = (&expected["labels"][0], if expected["severity"] == "error" { 1 } else { 2 });
        let [start, end] = ["start", "end"].map(|end| label[end]["offset"].as_u64().unwrap() as usize);
        assert_eq!(under(TEXT, &diagnostic["range"]), &TEXT[start..end], "{diagnostic:#}");
        assert_eq!((&diagnostic["code"], &diagnostic["severity"]), (&expected["code"], &json!(severity)));
        assert!(diagnostic["message"].as_str().unwrap().starts_with(expected["message"].as_str().unwrap()));
        let related = expected["labels"].as_array().unwrap().len() - 1;
        assert_eq!(diagnostic["relatedInformation"].as_array().map(Vec::len), Some(related), "{diagnostic:#}");
    }
    // Two emoji take two code units each.
    let mention = found.iter().find(|diagnostic| diagnostic["code"] == "unknown-mention").unwrap();
    assert_eq!(mention["range"]["start"], json!({ "line": 5, "character": 33 }), "{mention:#}");
    assert_eq!(client.end(), Some(0));
}

#[test]
fn what_is_typed_is_checked_before_it_is_saved() {
    let project = Project::new().with(MANIFEST, manifest_of(1));
    let mut client = Client::start(&project, "en");
    let (uri, other) = (uri(&project, MANIFEST), uri(&project, "compose.yaml"));
    client.open(&uri, &manifest_of(1));
    assert_eq!(client.diagnostics(&uri), [] as [Value; 0]);
    client.change(&uri, 2, &manifest_of(1).replace("360p", "361p"));
    assert_eq!(client.diagnostics(&uri)[0]["code"], "resolution");
    client.change(&uri, 3, &manifest_of(2));
    assert_eq!(client.diagnostics(&uri), [] as [Value; 0]);
    client.change(&uri, 4, "jobs: [\n");
    assert!(!client.diagnostics(&uri).is_empty());
    client.tell("textDocument/didClose", &json!({ "textDocument": { "uri": uri } }));
    assert_eq!(client.diagnostics(&uri), [] as [Value; 0]);
    // Other YAML is none of its business, unless it says that it is a manifest.
    client.open(&other, "jobs: { build: {} }\n");
    client.change(&other, 2, "# yaml-language-server: $schema=jobs.schema.json\njobs: { build: {} }\n");
    assert!(!client.diagnostics(&other).is_empty());
    assert!(client.kept.is_empty(), "{:?}", client.kept);
    assert_eq!(client.end(), Some(0));
}

#[test]
fn fixes_are_actions_that_mend_the_text() {
    let project = Project::new();
    let mut client = Client::start(&project, "en");
    let uri = uri(&project, MANIFEST);
    client.open(&uri, TEXT);
    let found = client.diagnostics(&uri);
    let range_of = |code: &str| found.iter().find(|diagnostic| diagnostic["code"] == code).unwrap()["range"].clone();
    let actions = client.actions(&uri, &range_of("unknown-mention"), "quickfix");
    assert_eq!(actions.len(), 1, "{actions:#?}");
    assert_eq!(actions[0]["diagnostics"][0]["code"], "unknown-mention");
    let once = edited(TEXT, &actions[0], &uri);
    assert_eq!(once, TEXT.replace("@小苟", "@小狗"));
    client.change(&uri, 2, &once);
    let left = client.diagnostics(&uri);
    assert!(left.iter().all(|diagnostic| diagnostic["code"] != "unknown-mention"), "{left:#?}");
    let all = client.actions(&uri, &range_of("unknown-mention"), "source.fixAll");
    assert_eq!(all.len(), 1, "{all:#?}");
    let fixed = project.batch(["check", "--fix", "-"]).input(&once).run().stdout;
    assert_eq!(edited(&once, &all[0], &uri), fixed);
    assert_ne!(fixed, once);
    let top = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 0, "character": 0 } });
    assert_eq!(client.actions(&uri, &top, "quickfix"), [] as [Value; 0]);
    assert_eq!(client.end(), Some(0));
}

#[test]
fn the_manual_stands_under_the_pointer_in_the_language_of_the_editor() {
    let project = Project::new();
    for (locale, words) in [("en", "no white space follows a mention"), ("zh-cn", "引用后面没有空白")] {
        let mut client = Client::start(&project, locale);
        let uri = uri(&project, MANIFEST);
        client.open(&uri, TEXT);
        let found = client.diagnostics(&uri);
        let spacing = found.iter().find(|diagnostic| diagnostic["code"] == "mention-spacing").unwrap();
        let at = |place: &Value| json!({ "textDocument": { "uri": uri }, "position": place });
        let hover = client.ask("textDocument/hover", &at(&spacing["range"]["start"]));
        let text = hover["contents"]["value"].as_str().unwrap();
        assert!(text.starts_with("**mention-spacing**\n") && text.contains("```yaml"), "{text}");
        assert!(text.contains(words), "{text}");
        assert_eq!(hover["range"], spacing["range"]);
        assert!(client.ask("textDocument/hover", &at(&json!({ "line": 0, "character": 0 }))).is_null());
        assert_eq!(client.end(), Some(0));
    }
}

#[test]
fn mistakes_of_tables_and_images_are_told_where_they_stand() {
    let rows = "version: 1
references: { dog: { type: subject, urls: [refs/dog.png] } }
defaults: { resolution: 720p }
jobs: [{ rows: rows.csv, id: \"${{ row.id }}\", prompt: \"@dog runs\", duration: \"${{ row.s }}\" }]
";
    let project = Project::new().with("rows.csv", "id,s\n小,5\n🐕,7\n");
    project.write("refs/dog.png", crate::support::image::png(64, 64, "dog"));
    let mut client = Client::start(&project, "en");
    let (uri, table) = (uri(&project, MANIFEST), uri(&project, "rows.csv"));
    client.open(&uri, rows);
    let found = client.diagnostics(&table);
    let seconds =
        found.iter().find(|diagnostic| diagnostic["code"] == "duration").unwrap_or_else(|| panic!("{found:#?}"));
    assert_eq!(seconds["range"]["start"], json!({ "line": 2, "character": 3 }), "{found:#?}");
    project.write("rows.csv", "id,s\n小,5\nb,8\n");
    client.tell("textDocument/didSave", &json!({ "textDocument": { "uri": table } }));
    assert_eq!(client.diagnostics(&table), [] as [Value; 0]);
    std::fs::remove_file(project.path("refs/dog.png")).unwrap();
    client.kept.clear();
    client.tell("workspace/didChangeWatchedFiles", &json!({ "changes": [] }));
    let missing = client.wait(|message| message["params"]["diagnostics"][0]["code"] == "image-url");
    assert_eq!(missing["params"]["uri"], uri);
    assert_eq!(client.end(), Some(0));
}

#[test]
fn what_is_not_the_protocol_is_answered_or_ends_it() {
    let project = Project::new();
    let mut client = Client::start(&project, "en");
    assert_eq!(client.answer("textDocument/rename", &json!({}))["error"]["code"], -32601);
    assert_eq!(client.answer("textDocument/hover", &json!({ "odd": 1 }))["error"]["code"], -32602);
    client.tell("textDocument/didOpen", &json!({ "odd": 1 }));
    client.open("untitled:Untitled-1", "version: 2\n");
    client.open("file:///nowhere/at/all/jobs.yaml", "version: 2\n");
    assert_eq!(client.answer("textDocument/rename", &json!({}))["error"]["code"], -32601);
    client.tell("exit", &Value::Null);
    assert_eq!(client.server.wait().unwrap().code(), Some(1), "an end without a shutdown");
    let mut client = Client::start(&project, "en");
    drop(client.input.take());
    assert_eq!(client.server.wait().unwrap().code(), Some(1), "an editor that went away");
    let odd = project.batch(["lsp"]).input("Content-Length: 2\r\n\r\n{]").run();
    assert!(odd.code() != 0 && odd.stdout.is_empty(), "{odd:?}");
}
