//! Where the jobs go and how: command line, environment, manifest and defaults resolved into one, once.

use super::dotenv::{BASE_URL, DotEnv, KEY};
use super::failure::Failure;
use super::options::{Choosing, Common, Named, Which};
use crate::base::decimal::Decimal;
use crate::base::secret::ApiKey;
use crate::client::way::Surroundings;
use crate::ledger::Buyer;
use crate::manifest::model::Manifest;
use crate::plan::Choice;
use crate::plan::decide::{Policy, Retry};
use crate::plan::select::Selection;
use crate::plan::videos::Sight;
use crate::service::address::BaseUrl;
use secrecy::zeroize::Zeroizing;
use std::collections::HashSet;
use std::fmt;
use std::path::{Path, PathBuf};

/// The source of the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum KeySource {
    /// The variable of the environment.
    Environment,
    /// This `.env`.
    File(PathBuf),
}

impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeySource::Environment => f.write_str("the environment"),
            KeySource::File(path) => write!(f, "{}", path.display()),
        }
    }
}

/// The source of a base URL, on which it depends whether the key goes there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The person who runs the command said so, or it is the service's own.
    Person,
    /// It only stands in the manifest or the lock, which somebody else may have written.
    File,
}

/// Returns the base URL: the option wins over the environment, that over the manifest, that over the default.
pub(super) fn base_url(common: &Common, manifest: Option<&Manifest>) -> Result<(BaseUrl, Origin), Failure> {
    Ok(named_base_url(common, manifest)?.unwrap_or_else(|| (BaseUrl::official(), Origin::Person)))
}

/// Returns the same, where anything names one.
///
/// # Errors
/// Fails if it is invalid, or if the `.env` beside the manifest names one.
pub(super) fn named_base_url(
    common: &Common,
    manifest: Option<&Manifest>,
) -> Result<Option<(BaseUrl, Origin)>, Failure> {
    let parse = |text: &str, name: &str| {
        text.parse::<BaseUrl>().map_err(|error| Failure::usage(format!("{name} `{text}`: {error}")))
    };
    if let Some(text) = &common.base_url {
        return Ok(Some((parse(text, "--base-url")?, Origin::Person)));
    }
    if let Some(text) = variable(BASE_URL) {
        return Ok(Some((parse(&text, BASE_URL)?, Origin::Person)));
    }
    // Whoever wrote an address there means it: that it isn't used must not be found out at the paid service.
    let folder = manifest.map(|manifest| manifest.folder.path());
    if let Some(Ok(DotEnv { base_url: Some(line), .. })) = folder.map(DotEnv::read) {
        return Err(address_in_file(line));
    }
    Ok(manifest.and_then(|manifest| manifest.base_url.clone()).map(|url| (url, Origin::File)))
}

/// Returns the key: from the environment, or from a `.env` beside the manifest. `is_address_named` says whether the person who runs the
/// command said where the jobs go.
pub(super) fn key(folder: &Path, is_address_named: bool) -> Result<(ApiKey, KeySource), Failure> {
    let (text, source) = match variable(KEY) {
        Some(text) => {
            // Whoever wrote an address into a file that is otherwise not needed means it all the same.
            if !is_address_named && let Ok(DotEnv { base_url: Some(line), .. }) = DotEnv::read(folder) {
                return Err(address_in_file(line));
            }
            (Zeroizing::new(text), KeySource::Environment)
        }
        None => {
            let shown = || folder.join(".env").display().to_string();
            let file = DotEnv::read(folder).map_err(|error| {
                Failure::usage(format!("{}: {error}", shown()))
                    .hint("each of its lines is NAME=VALUE, empty, or a comment after `#`; nothing of it is shown, as it may be the key")
            })?;
            if let Some(line) = file.base_url {
                return Err(address_in_file(line));
            }
            let missing = || {
                Failure::usage(format!("no key: {KEY} is not set")).hint(format!(
                    "set {KEY}, or write {KEY}=… into a .env beside the manifest; `--simulate` needs none"
                ))
            };
            (file.key.ok_or_else(missing)?, KeySource::File(folder.join(".env")))
        }
    };
    tracing::info!("the key comes from {source}");
    match ApiKey::new(&text) {
        Ok(key) => Ok((key, source)),
        Err(error) => Err(Failure::usage(format!("{KEY} from {source}: {error}"))),
    }
}

/// Refuses a `.env` that says in this line where the jobs go.
fn address_in_file(line: usize) -> Failure {
    Failure::usage(format!("line {line} of the .env beside the manifest sets {BASE_URL}, which no file of a project decides"))
        .hint(format!(
            "take the line out, and say it yourself: --base-url URL, or `export {BASE_URL}=URL`; an address that belongs to the project is `service.base_url` in the manifest"
        ))
}

/// Returns whether the person who runs the command said where the jobs go.
pub(super) fn is_address_named(common: &Common) -> bool {
    common.base_url.is_some() || variable(BASE_URL).is_some()
}

/// Returns the way to the service at `base`, as the environment has it; on loopback there is none.
pub(super) fn surroundings(base: &BaseUrl) -> Result<Surroundings, Failure> {
    let text = base.to_string();
    if text.starts_with("http:") {
        return Ok(Surroundings::default());
    }
    // Not by `variable`, which takes an empty one for none: here the first that is set counts, as for the HTTP client.
    let read = |name: &str| std::env::var(name).ok();
    Surroundings::read(&text, read).map_err(|error| Failure::usage(error).hint("nothing was sent"))
}

/// Refuses to let the key go where nobody here said it may.
pub(super) fn may_have_key(base: &BaseUrl, origin: Origin, common: &Common) -> Result<(), Failure> {
    if origin == Origin::Person || base.is_trusted() || common.trust_base_url {
        return Ok(());
    }
    Err(Failure::usage(format!("the project sends the jobs, and with them your key, to {base}"))
        .hint("if that is right: --trust-base-url, or set BAICAI_BASE_URL"))
}

/// Returns which jobs.
pub(super) fn selection(Which { named, shard }: &Which) -> Result<Selection, Failure> {
    Selection::new(&named.only, &named.skip, &named.tag, *shard).map_err(Failure::usage)
}

/// Returns which jobs, by their ids and tags.
pub(super) fn by_name(named: &Named) -> Result<Selection, Failure> {
    selection(&Which { named: named.clone(), shard: None })
}

/// Returns which jobs, and what becomes of those without a result.
pub(super) fn choice(choosing: &Choosing, manifest: &Manifest) -> Result<Choice, Failure> {
    let selection = selection(&choosing.which)?;
    let retry = match (choosing.keep_failed, choosing.retry_failed) {
        (true, _) => Retry::Nothing,
        (false, true) => Retry::Everything,
        (false, false) => Retry::Failed,
    };
    let on_uncertain = choosing.on_uncertain.unwrap_or(manifest.run.on_uncertain);
    let policy = Policy { retry, retries: manifest.run.retries, on_uncertain };
    Ok(Choice {
        selection,
        policy,
        limit: choosing.limit,
        max_cost: choosing.max_cost,
        spent: Decimal::ZERO,
        prune: false,
        sight: Sight::default(),
        buyer: Buyer::default(),
        elsewhere: HashSet::new(),
    })
}

/// Returns a variable of the environment; an empty one counts as none.
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}
