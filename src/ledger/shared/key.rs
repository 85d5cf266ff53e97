//! Under which keys things stand.

use crate::base::digest::Sha256;
use crate::ledger::record::Key;
use std::fmt::Write as _;

/// The key of what a ledger says of itself.
pub(super) const SELF: &str = "ledger.json";

/// The key of the era that a ledger knows.
pub(super) const ERA: &str = "era";

/// What all keys of uploads begin with.
pub(super) const UPLOADS: &str = "u/";

/// What all keys of heartbeats begin with.
pub(super) const RUNS: &str = "r/";

/// What all keys of documents begin with that runs share while they are on.
pub(super) const SHARED: &str = "f/";

/// What all keys of ledgers begin with whose place this one took, by a person's word.
pub(super) const FORMER: &str = "b/";

/// What all keys of proofs begin with.
pub(super) const PROOFS: &str = "t/";

/// What all keys of purchases begin with.
pub(super) const PURCHASES: &str = "p/";

/// A job's name in a key at most; what is longer is known by its hash.
const LONGEST: usize = 180;

/// Returns the key under which the purchases of a job and digest stand.
pub(super) fn of_purchases(key: &Key) -> String {
    format!("{PURCHASES}{}/{}", key.digest.0, escaped(key.job.as_str()))
}

/// Returns the key under which the upload of an image with this content stands.
pub(super) fn of_upload(content: &Sha256) -> String {
    format!("{UPLOADS}{content}")
}

/// Returns what a person can do where the document under a key can't be read.
pub(super) fn remedy(key: &str) -> &'static str {
    match key {
        SELF => "put back what stood there; without it, this is no ledger",
        ERA => "`batch ledger import` with the locks of all who ran takes the server as it is from then on",
        _ if key.starts_with(PURCHASES) => {
            "put back what stood there before, or take it away and bring in what is lost by `batch ledger import` with the locks of all who ran"
        }
        _ if key.starts_with(UPLOADS) => "take it away: the image is uploaded again",
        _ if key.starts_with(RUNS) => "take it away unless that run is of a newer batch",
        _ => "end all runs of this ledger and take it away: the next run writes it anew",
    }
}

/// Returns a name such that it fits into a path of any file system and bucket, also of those that don't tell `A` from `a`.
pub(super) fn escaped(name: &str) -> String {
    let mut escaped = String::new();
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'.' => escaped.push(char::from(byte)),
            _ => write!(escaped, "={byte:02x}").expect("a string takes all that is written into it"),
        }
    }
    if escaped.len() > LONGEST {
        return format!("=={}", Sha256::of(name.as_bytes()));
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::names::{Digest, JobId};

    #[test]
    fn a_key_has_the_digest_and_the_job_and_no_two_jobs_share_one() {
        let digest = Digest(Sha256::of(b"x"));
        let key = |job: &str| of_purchases(&Key { job: JobId::new(job).unwrap(), digest });
        assert_eq!(key("park-walk.2"), format!("p/{}/park-walk.2", digest.0));
        assert!(key("Park").ends_with("/=50ark"), "{}", key("Park"));
        assert!(key("场景").ends_with("/=e5=9c=ba=e6=99=af"), "{}", key("场景"));
        let long = "长".repeat(66);
        assert!(key(&long).len() < 255 && key(&long) != key(&"长".repeat(65)));
    }
}
