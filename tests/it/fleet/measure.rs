//! The figures of shared ledgers in `docs/performance.md`, for a program that is built for release:
//!
//! ```text
//! cargo build --release --locked
//! BATCH=$PWD/target/release/batch cargo test --test it fleet::measure -- --ignored --nocapture --test-threads 1
//! ```

// A table is what this is for.
#![expect(clippy::print_stdout)]

use super::double::{BUCKET, Double};
use super::postgres::{run, store};
use super::server::Server;
use crate::support::project::Project;
use crate::support::setup::manifest_of;
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The program that is measured.
fn program() -> String {
    std::env::var("BATCH").unwrap_or_else(|_| env!("CARGO_BIN_EXE_batch").to_owned())
}

/// A bucket as S3 serves one, in memory and to be read only. Each answer takes a while.
fn bucket(objects: BTreeMap<String, String>, pause: Duration) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let objects = Arc::new(objects);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let objects = objects.clone();
            std::thread::spawn(move || serve(&stream.unwrap(), &objects, pause));
        }
    });
    port
}

fn serve(stream: &TcpStream, objects: &BTreeMap<String, String>, pause: Duration) {
    stream.set_nodelay(true).unwrap();
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    while let Some(request) = lines.next() {
        lines.by_ref().take_while(|line| !line.is_empty()).for_each(drop);
        let target = request.split(' ').nth(1).unwrap_or_default().replace("%2F", "/").replace("%3D", "=");
        std::thread::sleep(pause);
        let (status, body) = match target.split_once('?') {
            Some((_, query)) => ("200 OK", listing(objects, query)),
            None => match objects.get(target.trim_start_matches(&format!("/{BUCKET}/"))) {
                Some(text) => ("200 OK", text.clone()),
                None => ("404 Not Found", String::new()),
            },
        };
        let head = "ETag: \"1\"\r\nLast-Modified: Tue, 01 Dec 2026 12:00:00 GMT\r\nContent-Length";
        let answer = format!("HTTP/1.1 {status}\r\n{head}: {}\r\n\r\n{body}", body.len());
        if (&*stream).write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

/// A page of a list: a thousand keys, as S3 gives at most.
fn listing(objects: &BTreeMap<String, String>, query: &str) -> String {
    let parameter = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")));
    let prefix = parameter("prefix").unwrap_or_default();
    let after = parameter("continuation-token").unwrap_or_default();
    let mut keys = objects.iter().filter(|(key, _)| key.starts_with(prefix) && key.as_str() > after);
    let page: Vec<_> = keys.by_ref().take(1000).collect();
    let more =
        keys.next().and(page.last()).map(|(key, _)| format!("<NextContinuationToken>{key}</NextContinuationToken>"));
    let contents: String = page
        .iter()
        .map(|(key, text)| {
            format!(
                "<Contents><Key>{key}</Key><Size>{}</Size><ETag>\"1\"</ETag><LastModified>2026-12-01T12:00:00Z</LastModified></Contents>",
                text.len()
            )
        })
        .collect();
    let truncated = more.is_some();
    format!(
        "<ListBucketResult><IsTruncated>{truncated}</IsTruncated>{}{contents}</ListBucketResult>",
        more.unwrap_or_default()
    )
}

#[test]
#[ignore = "measures"]
fn status_of_10_000_purchases_at_30_ms_a_call() {
    let ledger = r#"{"version":1,"id":"01a231b3-ac00-7000-8000-000000000001","service":"https://api.example.com"}"#;
    let mut objects = BTreeMap::from([("films/ledger.json".to_owned(), ledger.to_owned())]);
    for n in 0..10_000 {
        let digest = format!("{n:064x}");
        let id = format!("01a231b3-ad45-7712-a20e-{n:012x}");
        let text = format!(
            r#"{{"rev":5,"claim":{{"purchase":"{id}","bits":"0e94f936021012b490dc80352ad448a2"}},"holder":{{"run":"01a231b3-acf1-74ac-a3e8-82a25f5098e5","host":"vm","pid":10590}},"purchase":[{{"job":"j{n}","digest":"sha256:{digest}","id":"{id}","parts":{{"prompt":"a55bd5df","reference.dog":"e8cd709d","settings":"9144dcc4"}},"status":"succeeded","task_id":"{n:032x}","submitted_at":"2026-12-01T13:03:08.613442Z","finished_at":"2026-12-01T13:03:18Z","output":[{{"path":"out/j{n}-1.mp4","sha256":"{n:064x}","bytes":9276}}]}}]}}"#
        );
        objects.insert(format!("films/p/{digest}/j{n}"), text);
    }
    let port = bucket(objects, Duration::from_millis(30));
    let project = Project::new().with("jobs.yaml", manifest_of(1));
    for round in 1..=3 {
        let status =
            project.command(&program(), ["status", "--format", "json", "--ledger", &format!("s3://{BUCKET}/films")]);
        let status =
            Double::environment_of_s3(port).iter().fold(status, |status, (name, value)| status.env(name, value));
        let begun = Instant::now();
        let status = status.run().exits(0).json();
        println!("status of 10,000 purchases at 30 ms a call, round {round}: {:.2} s", begun.elapsed().as_secs_f64());
        assert!(status.to_string().contains("j9999"), "they aren't all there");
    }
}

#[test]
#[ignore = "measures"]
fn durable_steps_a_second_beside_the_servers_own_rate() {
    let Some(server) = Server::start(&[]) else { return };
    run(async { store(&server.url()).create("ledger.json", b"{}".to_vec()).await.unwrap().unwrap() });
    server.sql("create table bare (key bigserial primary key, rev bigint not null, doc jsonb not null)");
    let document = format!("{{\"rev\":1,\"text\":\"{}\"}}", "x".repeat(600));
    // The same steps with nothing that a ledger needs: no condition, no key that is told, nothing known of the server.
    let bare = format!(
        "insert into bare (rev, doc) values (1, '{document}'::jsonb) returning key \\gset\nupdate bare set rev = 2, doc = '{document}'::jsonb where key = :key;"
    );
    for runs in [1, 8, 32] {
        // Whatever else the machine does meanwhile meets both alike.
        let mut rounds: Vec<(f64, f64)> = (0..5)
            .map(|round| (ours(&server.url(), &document, runs, round), 2.0 * server.rate_of(&bare, runs)))
            .collect();
        rounds.sort_by(|a, b| (a.0 / a.1).total_cmp(&(b.0 / b.1)));
        let (ours, bare) = rounds[2];
        println!(
            "{runs} at once: {ours:.0} durable steps a second; pgbench's bare inserts and updates {bare:.0}; {:.2} ({:.2} to {:.2})",
            ours / bare,
            rounds[0].0 / rounds[0].1,
            rounds[4].0 / rounds[4].1
        );
    }
}

/// How many steps a second so many runs take at once; half of them create, half swap.
fn ours(url: &str, document: &str, runs: u32, round: u32) -> f64 {
    run(async {
        let begun = Instant::now();
        let each = (0..runs).map(|number| async move {
            let (store, mut steps) = (store(url), 0);
            while begun.elapsed() < Duration::from_secs(2) {
                let key = format!("p/{:064x}/{runs}-{round}-{number}-{steps}", 1);
                let first = store.create(&key, document.into()).await.unwrap().unwrap();
                store.swap(&key, &first, document.into()).await.unwrap().unwrap();
                steps += 2;
            }
            steps
        });
        let steps: u32 = futures::future::join_all(each).await.into_iter().sum();
        f64::from(steps) / begun.elapsed().as_secs_f64()
    })
}
