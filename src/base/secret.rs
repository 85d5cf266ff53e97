//! A string that cannot be printed.

use secrecy::{ExposeSecret, SecretString};
use std::fmt;

/// An API key, wiped from memory on drop.
///
/// It has no `Display` and no `Serialize`, and `Debug` shows only that it exists:
///
/// ```
/// let key = batch::base::secret::ApiKey::new("sk-very-secret").unwrap();
/// assert_eq!(format!("{key:?}"), "ApiKey(…)");
/// ```
///
/// ```compile_fail
/// let key = batch::base::secret::ApiKey::new("sk-very-secret").unwrap();
/// println!("{key}");
/// ```
#[derive(Clone)]
pub struct ApiKey(SecretString);

/// The error for a key that can't be sent in an HTTP header.
#[derive(Debug, thiserror::Error)]
#[error(
    "the key is empty or has characters in it that a key can't have (white space, control or non-ASCII characters)"
)]
pub struct UnusableKey;

impl ApiKey {
    /// Reads the key in `text`, with white space around it removed (as a newline at the end of a file).
    ///
    /// # Errors
    /// Fails if nothing is left, or a character isn't allowed in an HTTP header.
    pub fn new(text: &str) -> Result<ApiKey, UnusableKey> {
        let text = text.trim();
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(UnusableKey);
        }
        Ok(ApiKey(text.into()))
    }

    /// Returns the key itself, to be put into an `Authorization` header and nowhere else.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_trimmed_and_checked() {
        assert_eq!(ApiKey::new(" sk-1\n").unwrap().expose(), "sk-1");
        for text in ["", " \n", "sk 1", "sk\u{0}1", "钥匙"] {
            assert!(ApiKey::new(text).is_err(), "{text:?}");
        }
    }
}
