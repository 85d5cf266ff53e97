//! Many jobs from few lines, as the program does it: the same jobs as if they were written out.

use crate::support::project::Project;
use crate::support::setup::{LOCK, MANIFEST, Setup};
use serde_json::Value;

const HEAD: &str = "version: 1
run: { poll_interval: 10ms, patience: 10ms }
references:
  dog: { type: subject, urls: [\"https://images.example.com/dog.png\"] }
  cat: { type: subject, urls: [\"https://images.example.com/cat.png\"] }
defaults: { resolution: 360p, duration: 5 }
jobs:
";

const MATRIX: &str = "  - id: ${{ matrix.who }}-${{ matrix.seconds }}
    matrix: { who: [dog, cat], seconds: [5, 8] }
    prompt: \"@${{ matrix.who }} runs\"
    duration: ${{ matrix.seconds }}
";

const ROWS: &str = "  - id: ${{ row.who }}-${{ row.seconds }}
    rows: who.csv
    prompt: \"@${{ row.who }} runs\"
    duration: ${{ row.seconds }}
";

fn written_out() -> String {
    let jobs = ["dog", "cat"].into_iter().flat_map(|who| [5, 8].map(|seconds| (who, seconds)));
    jobs.map(|(who, seconds)| format!("  - {{ id: {who}-{seconds}, prompt: \"@{who} runs\", duration: {seconds} }}\n"))
        .collect()
}

#[test]
fn blocks_that_become_a_matrix_or_rows_run_nothing_again() {
    let setup = Setup::new(&format!("{HEAD}{}", written_out()), &[]);
    setup.run([]).exits(0);
    assert_eq!(setup.charges(), 4);
    let lock = setup.project.read(LOCK);
    setup.project.write("who.csv", "who,seconds\r\ncat,8\r\ndog,8\r\ndog,5\r\ncat,5\r\n");
    for jobs in [MATRIX, ROWS] {
        setup.project.write(MANIFEST, format!("{HEAD}{jobs}"));
        setup.run(["--frozen"]).exits(0);
        setup.run([]).exits(0);
        assert_eq!((setup.charges(), setup.project.read(LOCK)), (4, lock.clone()), "{jobs}");
    }
}

#[test]
fn a_matrix_runs_as_the_jobs_that_it_stands_for() {
    let setup = Setup::new(&format!("{HEAD}{MATRIX}"), &[]);
    setup.run(["--only", "dog-*"]).exits(0);
    assert_eq!(
        (setup.charges(), setup.project.files("out")),
        (2, vec!["out/dog-5-1.mp4".into(), "out/dog-8-1.mp4".into()])
    );
    setup.run([]).exits(0);
    let durations: Vec<_> = setup.submits().iter().map(|body| body["input"]["duration"].clone()).collect();
    assert_eq!(durations.iter().filter(|duration| **duration == 8).count(), 2, "{durations:?}");
    let lock = setup.project.read(LOCK);
    assert!(["dog-5", "dog-8", "cat-5", "cat-8"].iter().all(|id| lock.contains(&format!("\"{id}\""))), "{lock}");
    setup.batch(["verify"]).exits(0);
}

#[test]
fn a_mistake_in_a_template_is_one_finding_however_many_jobs_have_it() {
    let project = Project::new();
    let rows: String = (0..200).map(|n| format!("p{n},{}\n", if n == 123 { 6 } else { 5 })).collect();
    project.write("rows.csv", format!("sku,seconds\n{rows}"));
    let jobs = "  - id: row-${{ row.sku }}\n    rows: rows.csv\n    prompt: \"@dgo runs to ${{ row.sku }}\"\n    references: [dog]\n    duration: ${{ row.seconds }}\n";
    project.write(MANIFEST, format!("{HEAD}{jobs}"));
    let document = project.batch(["check", "--format", "json"]).run().exits(2).json();
    let diagnostics = document["diagnostics"].as_array().unwrap();
    assert_eq!(document["manifests"][0]["jobs"], 200);
    let shown: Vec<_> =
        diagnostics.iter().map(|one| (one["code"].as_str().unwrap(), &one["job"], &one["jobs"])).collect();
    let all = Value::from(200);
    let (first, wrong) = (Value::from("row-p0"), Value::from("row-p123"));
    assert_eq!(shown, [("unknown-mention", &first, &all), ("duration", &wrong, &Value::Null)]);
    assert!(diagnostics[0]["labels"][0]["text"].as_str().unwrap().ends_with("(in 200 jobs, first: `row-p0`)"));
    let cell = &diagnostics[1]["labels"][0];
    assert_eq!(
        (&cell["path"], &cell["start"]["line"], &cell["start"]["column"]),
        (&"rows.csv".into(), &125.into(), &6.into())
    );
    assert_eq!(diagnostics[1]["labels"][1]["path"], MANIFEST);
}

#[test]
fn what_a_plain_manifest_cannot_hold_is_not_written_out() {
    let project = Project::new();
    let job = "  - { id: \"a${{ row.n }}\", rows: rows.csv, prompt: \"@dog ${{ row.text }}\", duration: 5 }\n";
    project.write(MANIFEST, format!("{HEAD}{job}"));
    project.write("rows.csv", "n,text\n1,costs ${{ 5 }}\n");
    for out in ["plain.toml", "-"] {
        let refused = project.batch(["convert", "--expand", "--to", "toml", MANIFEST, out]).run().exits(2);
        assert!(refused.stderr.contains("has `${{` in it"), "{}", refused.stderr);
        assert_eq!(refused.stdout, "");
    }
    project.batch(["convert", MANIFEST, "same.toml"]).run().exits(0);
    project.write(
        MANIFEST,
        format!("{HEAD}  - {{ id: \"a${{{{ row.n }}}}\", rows: [{{ n: null }}], prompt: \"@dog\", duration: 5 }}\n"),
    );
    let refused = project.batch(["convert", MANIFEST, "other.toml"]).run().exits(2);
    assert!(refused.stderr.contains("as `null`"), "{}", refused.stderr);
}

#[test]
fn a_number_that_a_template_takes_as_it_is_written_never_makes_another_job() {
    let project = Project::new();
    let job = "  - { id: \"v${{ matrix.v }}\", matrix: { v: [1.10] }, prompt: \"@dog\", duration: 5 }\n";
    project.write(MANIFEST, format!("{HEAD}{job}"));
    for out in ["same.toml", "-"] {
        let refused = project.batch(["convert", "--to", "toml", MANIFEST, out]).run().exits(2);
        assert!(refused.stderr.contains("the job `v1.10` would be another"), "{}", refused.stderr);
        assert_eq!(refused.stdout, "");
    }
    project.batch(["convert", "--expand", MANIFEST, "plain.toml"]).run().exits(0);
    assert!(project.read("plain.toml").contains("v1.10"));
}

#[test]
fn the_jobs_are_shown_with_their_values_and_written_out() {
    let project = Project::new();
    project.write("who.csv", "who,seconds\ncat,8\ndog,5\n");
    project.write(MANIFEST, format!("{HEAD}{ROWS}  - {{ id: plain, prompt: \"@dog @cat\" }}\n"));
    let plan = project.batch(["plan", "--expand", "--format", "json"]).run().exits(0).json();
    let made = &plan["jobs"][0]["made_of"];
    assert_eq!(
        (&made["line"], &made["values"]["row.who"], &made["values"]["row.seconds"]),
        (&8.into(), &"cat".into(), &"8".into())
    );
    assert!(plan["jobs"][2].get("made_of").is_none());
    let table = project.batch(["plan", "--expand"]).run().exits(0).stdout;
    assert!(table.contains("line 8: row.seconds=5, row.who=dog"), "{table}");
    for plain in ["plain.toml", "plain.yaml", "plain.json"] {
        project.batch(["convert", "--expand", MANIFEST, plain]).run().exits(0);
        assert!(!project.read(plain).contains("${{"), "{}", project.read(plain));
        let digests = |plan: Value| {
            plan["jobs"]
                .as_array()
                .unwrap()
                .iter()
                .map(|job| (job["id"].clone(), job["digest"].clone()))
                .collect::<Vec<_>>()
        };
        let there = project.batch(["plan", plain, "--format", "json"]).run().exits(0).json();
        assert_eq!(digests(there), digests(plan.clone()), "{plain}");
    }
}
