//! What `docs/security.md` promises, promise by promise, against the real program.

mod addresses;
mod bounds;
mod folders;
mod hostile;
mod key;
mod proxies;
mod signatures;
mod terminal;
mod tls;

use crate::support::program::Ended;
use crate::support::project::Project;
use batch::simulate::Running;

/// A key that is found wherever it turns up; its slash is written as `\/` by many a service.
const KEY: &str = "sk-0aF9/secret+7Kx==";

/// A manifest of one job, `walk`; `more` is put at its top.
fn manifest(more: &str) -> String {
    format!(
        "version: 1\n{more}\
         run: {{ poll_interval: 50ms, patience: 300ms }}\n\
         defaults: {{ resolution: 360p, duration: 5 }}\n\
         references:\n  dog: {{ type: subject, urls: [\"https://images.example.com/dog.png\"] }}\n\
         jobs:\n  - {{ id: walk, prompt: \"@dog walks\" }}\n"
    )
}

fn project() -> Project {
    Project::new().with("jobs.yaml", manifest(""))
}

/// `batch run` with [`KEY`] in the environment.
fn run(project: &Project, simulator: &Running, arguments: &[&str]) -> Ended {
    let all = ["run"].iter().chain(arguments);
    project.batch(all).against(&simulator.base_url()).env("BAICAI_API_KEY", KEY).run()
}

/// Fails where one of `secrets` was printed, or stands in any file of the project.
#[track_caller]
fn tells_nothing(project: &Project, ended: &Ended, secrets: &[&str]) {
    for secret in secrets {
        assert!(!ended.stdout.contains(secret), "{secret} on stdout: {}", ended.stdout);
        assert!(!ended.stderr.contains(secret), "{secret} on stderr: {}", ended.stderr);
        for file in project.files(".") {
            let content = std::fs::read(project.path(&file)).unwrap();
            let found = content.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found || file == ".env", "{secret} in {file}");
        }
    }
}
