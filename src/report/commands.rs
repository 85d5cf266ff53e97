//! Command lines to type, as they stand in summaries.

use super::terminal_safe;
use crate::spec::names::{JobId, TaskId};
use std::borrow::Cow;
use std::fmt;
use std::path::Path;

/// The files that a command is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    manifest: String,
    /// The lock, where it isn't the one beside the manifest.
    lock: Option<String>,
    service: Service,
    /// The command that goes on where a run was left.
    going_on: &'static str,
    /// What else was typed, and is typed again to go on with the same.
    typed: Vec<Typed>,
}

/// An option that was typed: its name, and its value where it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typed {
    /// As `only`.
    pub name: String,
    /// As `hero-*`.
    pub value: Option<String>,
}

/// Which service a run is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// One that is paid.
    Real,
    /// The simulated one.
    Simulated,
}

impl Target {
    /// What `manifest` with `lock` is called on the command line.
    pub fn new(manifest: &str, lock: &str, service: Service) -> Target {
        let beside = Path::new(manifest).with_extension(match service {
            Service::Real => "lock",
            Service::Simulated => "sim.lock",
        });
        let lock = (Path::new(lock) != beside).then(|| lock.to_owned());
        Target { manifest: manifest.to_owned(), lock, service, going_on: "run", typed: Vec::new() }
    }

    /// The same, and how to go on with it: by `command`, with what was `typed` besides.
    pub fn going_on(self, command: &'static str, typed: &[Typed]) -> Target {
        Target { going_on: command, typed: typed.to_vec(), ..self }
    }

    /// Whether it is a trial.
    pub fn is_trial(&self) -> bool {
        self.service == Service::Simulated
    }

    /// The command that settles an uncertain job.
    pub fn resolve(&self, job: &JobId) -> String {
        format!("batch resolve {} {job}{}", quoted(&self.manifest), self.options())
    }

    /// The command that settles all uncertain jobs.
    pub fn resolve_all(&self) -> String {
        format!("batch resolve {} --all{}", quoted(&self.manifest), self.options())
    }

    /// The command that says which task an uncertain job is.
    pub fn resolve_as(&self, job: &JobId, task: &TaskId) -> String {
        format!("{} --task-id {}", self.resolve(job), word(task.as_str()))
    }

    /// The command that runs what has no result.
    pub fn run(&self) -> String {
        self.command("run")
    }

    /// The command that goes on where a run was left: of the same jobs, within the same bounds.
    pub fn go_on(&self) -> String {
        let typed = self.typed.iter().map(|option| format!(" {option}")).collect::<String>();
        format!("{}{typed}", self.command(self.going_on))
    }

    /// The command that takes images of elsewhere as they are now.
    pub fn refresh(&self) -> String {
        format!("{} --refresh-images", self.go_on())
    }

    /// The command that collects what is paid.
    pub fn fetch(&self) -> String {
        self.command("fetch")
    }

    /// The command that shows what a run would do.
    pub fn plan(&self) -> String {
        self.command("plan")
    }

    /// The command that shows where each job stands.
    pub fn status(&self) -> String {
        self.command("status")
    }

    fn command(&self, name: &str) -> String {
        format!("batch {name} {}{}", quoted(&self.manifest), self.options())
    }

    fn options(&self) -> String {
        let simulate = match self.service {
            Service::Real => "",
            Service::Simulated => " --simulate",
        };
        let lock = self.lock.as_ref().map(|lock| format!(" --lock {}", quoted(lock))).unwrap_or_default();
        format!("{simulate}{lock}")
    }
}

impl fmt::Display for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            None => write!(f, "--{}", self.name),
            // By itself it would be taken for an option.
            Some(value) if value.starts_with('-') => write!(f, "--{}={}", self.name, word(value)),
            Some(value) => write!(f, "--{} {}", self.name, word(value)),
        }
    }
}

/// A path as a word that isn't taken for an option.
pub fn quoted(path: &str) -> Cow<'_, str> {
    if path.starts_with('-') && path != "-" {
        return Cow::Owned(word(&format!("./{path}")).into_owned());
    }
    word(path)
}

/// A word as a POSIX shell takes it; harmless for a terminal in any case.
fn word(word: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | ':' | '+' | '@' | '%' | ',');
    if !word.is_empty() && word.chars().all(plain) {
        Cow::Borrowed(word)
    } else {
        Cow::Owned(format!("'{}'", terminal_safe::line(word).replace('\'', r"'\''")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_survive_the_shell() {
        let run = |manifest: &str| {
            let lock = Path::new(manifest).with_extension("lock");
            Target::new(manifest, lock.to_str().unwrap(), Service::Real).run()
        };
        assert_eq!(run("my jobs.yaml"), "batch run 'my jobs.yaml'");
        assert_eq!(run("it's;$(x)"), r"batch run 'it'\''s;$(x)'");
        assert_eq!(run("-x.yaml"), "batch run ./-x.yaml");
        assert_eq!(run("a/小狗.yaml"), "batch run a/小狗.yaml");
    }

    #[test]
    fn the_lock_is_named_where_it_is_another() {
        let job = JobId::new("park-walk").unwrap();
        let target = |lock, service| Target::new("a/jobs.yaml", lock, service);
        assert_eq!(target("a/jobs.lock", Service::Real).resolve(&job), "batch resolve a/jobs.yaml park-walk");
        assert_eq!(target("b.lock", Service::Real).status(), "batch status a/jobs.yaml --lock b.lock");
        let trial = target("a/jobs.sim.lock", Service::Simulated);
        assert_eq!(trial.run(), "batch run a/jobs.yaml --simulate");
        assert_eq!(trial.resolve(&job), "batch resolve a/jobs.yaml park-walk --simulate");
        assert_eq!(trial.fetch(), "batch fetch a/jobs.yaml --simulate");
    }

    #[test]
    fn going_on_is_about_the_same_jobs_within_the_same_bounds() {
        let typed = |name: &str, value: Option<&str>| Typed { name: name.to_owned(), value: value.map(str::to_owned) };
        let typed = [typed("only", Some("hero-*")), typed("max-cost", Some("100")), typed("skip", Some("-x"))];
        let target = Target::new("jobs.yaml", "jobs.sim.lock", Service::Simulated).going_on("run", &typed);
        assert_eq!(target.go_on(), "batch run jobs.yaml --simulate --only 'hero-*' --max-cost 100 --skip=-x");
        assert_eq!(target.refresh(), format!("{} --refresh-images", target.go_on()));
        assert_eq!(target.run(), "batch run jobs.yaml --simulate");
        let keep = [Typed { name: "keep-failed".to_owned(), value: None }];
        let fetching = Target::new("jobs.yaml", "jobs.lock", Service::Real).going_on("fetch", &keep);
        assert_eq!(fetching.go_on(), "batch fetch jobs.yaml --keep-failed");
    }
}
