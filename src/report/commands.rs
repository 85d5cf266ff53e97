//! Command lines to type, as they stand in summaries.

use super::terminal_safe;
use crate::spec::names::JobId;
use std::borrow::Cow;
use std::path::Path;

/// The files that a command is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    manifest: String,
    /// The lock, where it isn't the one beside the manifest.
    lock: Option<String>,
    service: Service,
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
        Target { manifest: manifest.to_owned(), lock, service }
    }

    /// The command that settles an uncertain job.
    pub fn resolve(&self, job: &JobId) -> String {
        format!("batch resolve {} {job}{}", quoted(&self.manifest), self.options())
    }

    /// The command that goes on with a run.
    pub fn run(&self) -> String {
        self.command("run")
    }

    /// The command that takes images of elsewhere as they are now.
    pub fn refresh(&self) -> String {
        format!("{} --refresh-images", self.run())
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

/// A word as a POSIX shell takes it; harmless for a terminal in any case.
fn quoted(word: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | ':' | '+' | '@' | '%' | ',');
    if !word.is_empty() && !word.starts_with('-') && word.chars().all(plain) {
        Cow::Borrowed(word)
    } else {
        let dashed = if word.starts_with('-') && word != "-" { "./" } else { "" };
        Cow::Owned(format!("'{dashed}{}'", terminal_safe::line(word).replace('\'', r"'\''")))
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
        assert_eq!(run("-x.yaml"), "batch run './-x.yaml'");
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
    }
}
