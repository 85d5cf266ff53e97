//! Command lines for the user to type, as shown in summaries.

use super::terminal_safe;
use crate::service::names::{JobId, TaskId};
use std::borrow::Cow;
use std::fmt;
use std::path::Path;

/// The files of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    manifest: String,
    /// The lock, if it isn't the one next to the manifest.
    lock: Option<String>,
    service: Service,
    /// The command that continues a run.
    going_on: &'static str,
    /// The other options that were typed, repeated in order to continue with the same.
    typed: Vec<Typed>,
}

/// An option that was typed: its name, and its value if it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typed {
    /// The name, such as `only`.
    pub name: String,
    /// The value, such as `hero-*`.
    pub value: Option<String>,
}

/// The service of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// One that is paid.
    Real,
    /// The simulated one.
    Simulated,
}

impl Target {
    /// Returns the target for `manifest` and `lock` as named on the command line.
    pub fn new(manifest: &str, lock: &str, service: Service) -> Target {
        let beside = Path::new(manifest).with_extension(match service {
            Service::Real => "lock",
            Service::Simulated => "sim.lock",
        });
        let lock = (Path::new(lock) != beside).then(|| lock.to_owned());
        Target { manifest: manifest.to_owned(), lock, service, going_on: "run", typed: Vec::new() }
    }

    /// Sets how to continue: with `command` and the `typed` options.
    pub fn going_on(self, command: &'static str, typed: &[Typed]) -> Target {
        Target { going_on: command, typed: typed.to_vec(), ..self }
    }

    /// Returns whether it is a trial.
    pub fn is_trial(&self) -> bool {
        self.service == Service::Simulated
    }

    /// Returns the command that settles an uncertain job.
    pub fn resolve(&self, job: &JobId) -> String {
        format!("batch resolve {} {job}{}", quoted(&self.manifest), self.options())
    }

    /// Returns the command that settles all uncertain jobs.
    pub fn resolve_all(&self) -> String {
        format!("batch resolve {} --all{}", quoted(&self.manifest), self.options())
    }

    /// Returns the command that names the task of an uncertain job.
    pub fn resolve_as(&self, job: &JobId, task: &TaskId) -> String {
        format!("{} --task-id {}", self.resolve(job), word(task.as_str()))
    }

    /// Returns the command that runs the jobs without a result.
    pub fn run(&self) -> String {
        self.command("run")
    }

    /// Returns the command that continues a run: with the same jobs, within the same limits.
    pub fn go_on(&self) -> String {
        let typed = self.typed.iter().map(|option| format!(" {option}")).collect::<String>();
        format!("{}{typed}", self.command(self.going_on))
    }

    /// Returns whether the command that continues has a bound on its cost, which counts anew in each run.
    pub fn has_max_cost(&self) -> bool {
        self.typed.iter().any(|option| option.name == "max-cost")
    }

    /// Returns the command that accepts the current content of remote images.
    pub fn refresh(&self) -> String {
        format!("{} --refresh-images", self.go_on())
    }

    /// Returns the command that collects paid videos.
    pub fn fetch(&self) -> String {
        self.command("fetch")
    }

    /// Returns the command that shows what a run would do.
    pub fn plan(&self) -> String {
        self.command("plan")
    }

    /// Returns the command that shows the state of each job.
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
            // As a separate word it would be parsed as an option.
            Some(value) if value.starts_with('-') => write!(f, "--{}={}", self.name, word(value)),
            Some(value) => write!(f, "--{} {}", self.name, word(value)),
        }
    }
}

/// Returns a path as a word that can't be parsed as an option.
pub fn quoted(path: &str) -> Cow<'_, str> {
    if path.starts_with('-') && path != "-" {
        return Cow::Owned(word(&format!("./{path}")).into_owned());
    }
    word(path)
}

/// Quotes a word for a POSIX shell; harmless for a terminal in any case.
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
