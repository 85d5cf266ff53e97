//! The user's choice to treat warnings as errors, or to hide them. The only place where a severity is changed.

use super::code::{Code, Severity};
use super::finding::Finding;

/// The target of `--deny` and `--allow`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lint {
    /// All warnings.
    Warnings,
    /// The warnings of one code.
    Code(Code),
}

/// The word for all warnings.
pub const WARNINGS: &str = "warnings";

impl std::fmt::Display for Lint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Lint::Warnings => f.write_str(WARNINGS),
            Lint::Code(code) => code.fmt(f),
        }
    }
}

/// The warnings that are errors, and those that are hidden. A single code takes precedence over the word for all of them.
#[derive(Clone, Debug, Default)]
pub struct Levels {
    deny: Vec<Lint>,
    allow: Vec<Lint>,
}

/// The error for a warning that is both denied and allowed.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is both denied and allowed")]
pub struct Contradiction(Lint);

impl Levels {
    /// Creates the levels from the denied and the allowed warnings.
    ///
    /// # Errors
    /// Fails if a warning is both.
    pub fn new(deny: &[Lint], allow: &[Lint]) -> Result<Levels, Contradiction> {
        match deny.iter().find(|lint| allow.contains(lint)) {
            Some(both) => Err(Contradiction(*both)),
            None => Ok(Levels { deny: deny.to_vec(), allow: allow.to_vec() }),
        }
    }

    /// Removes the allowed warnings, and turns the denied ones into errors. Errors stay errors.
    pub fn apply(&self, findings: &mut Vec<Finding>) {
        findings.retain(|finding| !self.is_allowed(finding));
        let denied = |code| {
            let is_named = self.deny.contains(&Lint::Code(code));
            is_named || self.deny.contains(&Lint::Warnings)
        };
        for finding in findings.iter_mut().filter(|finding| denied(finding.code)) {
            finding.severity = Severity::Error;
        }
    }

    /// Returns whether the finding is a warning that is hidden.
    pub fn is_allowed(&self, finding: &Finding) -> bool {
        let code = Lint::Code(finding.code);
        let all = self.allow.contains(&Lint::Warnings) && !self.deny.contains(&code);
        finding.severity == Severity::Warning && (all || self.allow.contains(&code))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Lint::Warnings;

    const UNUSED: Lint = Lint::Code(Code::UnusedReference);
    const SPACING: Lint = Lint::Code(Code::MentionSpacing);

    fn after(deny: &[Lint], allow: &[Lint]) -> Vec<(Code, Severity)> {
        let of = |code, severity| Finding {
            code,
            severity,
            message: "".into(),
            help: None,
            fix: None,
            job: None,
            jobs: 1,
            labels: Vec::new(),
        };
        let mut findings = vec![
            of(Code::UnusedReference, Severity::Error),
            of(Code::UnusedReference, Severity::Warning),
            of(Code::MentionSpacing, Severity::Warning),
        ];
        Levels::new(deny, allow).unwrap().apply(&mut findings);
        findings.into_iter().map(|finding| (finding.code, finding.severity)).collect()
    }

    #[test]
    fn a_code_of_its_own_counts_before_all_warnings_and_errors_stay() {
        use Code::{MentionSpacing, UnusedReference};
        use Severity::{Error, Warning};
        let first = (UnusedReference, Error);
        let (unused, spacing) = (|level| (UnusedReference, level), |level| (MentionSpacing, level));
        assert_eq!(after(&[], &[]), [first, unused(Warning), spacing(Warning)]);
        assert_eq!(after(&[Warnings], &[]), [first, unused(Error), spacing(Error)]);
        assert_eq!(after(&[UNUSED], &[]), [first, unused(Error), spacing(Warning)]);
        assert_eq!(after(&[], &[UNUSED]), [first, spacing(Warning)]);
        assert_eq!(after(&[], &[Warnings]), [first]);
        assert_eq!(after(&[Warnings], &[UNUSED]), [first, spacing(Error)]);
        assert_eq!(after(&[SPACING], &[Warnings]), [first, spacing(Error)]);
        for same in [Warnings, UNUSED] {
            assert!(Levels::new(&[SPACING, same], &[same]).is_err());
        }
    }
}
