//! Signed URLs that expire, as object storage hands them out.

use crate::base::digest::Sha256;
use hyper::StatusCode;

/// The content of the query of a signed URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pass {
    /// The time when the URL expires, in milliseconds since 1970.
    pub(super) expires: u64,
    /// The status of replies from then on.
    pub(super) gone: StatusCode,
}

impl Pass {
    /// Returns the query that grants access to `path`.
    pub(super) fn query(self, path: &str) -> String {
        let claim = format!("expires={}&gone={}", self.expires, self.gone.as_u16());
        let signature = sign(path, &claim);
        format!("{claim}&signature={signature}")
    }

    /// Returns the pass in a query, if it is signed for `path`.
    pub(super) fn read(path: &str, query: &str) -> Option<Pass> {
        let (claim, signature) = query.split_once("&signature=")?;
        if sign(path, claim) != signature {
            return None;
        }
        let (expires, gone) = claim.strip_prefix("expires=")?.split_once("&gone=")?;
        Some(Pass { expires: expires.parse().ok()?, gone: gone.parse().ok()? })
    }
}

/// Returns a signature. It is no secret: it only has to detect a URL that was made up or altered, in every simulator
/// alike.
fn sign(path: &str, claim: &str) -> String {
    let mut signature = Sha256::of(format!("simulated {path}?{claim}").as_bytes()).to_string();
    signature.truncate(16);
    signature
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_is_for_one_path_and_cannot_be_altered() {
        let pass = Pass { expires: 1_772_000_000_000, gone: StatusCode::GONE };
        let query = pass.query("/a.mp4");
        assert_eq!(Pass::read("/a.mp4", &query), Some(pass));
        assert_eq!(Pass::read("/b.mp4", &query), None);
        assert_eq!(Pass::read("/a.mp4", &query.replace("17720", "17730")), None);
        assert_eq!(Pass::read("/a.mp4", ""), None);
    }
}
