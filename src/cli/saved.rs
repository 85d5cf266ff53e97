//! Plans that are saved by `plan --out` and run by `run FILE`.

use super::failure::Failure;
use super::options::Choosing;
use super::options::Common;
use super::output_file::Kind;
use super::project::Project;
use super::realm::Realm;
use super::settings;
use crate::base::digest::Sha256;
use crate::base::durable::folder_of;
use crate::document::Source;
use crate::ledger::{Book, Buyer};
use crate::manifest::model::{Manifest, RunSettings};
use crate::plan::saved::{BEGINNING, Basis, Changed, SavedPlan};
use crate::plan::{Choice, Plan};
use crate::report::commands::quoted;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};

/// The manifest and the tables that it reads, as they are named from its folder, with the hashes of their contents.
pub(super) type Texts = BTreeMap<String, Sha256>;

/// Returns the texts that a manifest is made of.
pub(super) fn texts(manifest: &Source) -> Texts {
    let folder = folder_of(Path::new(manifest.name()));
    let named = |text: &Source| {
        let path = Path::new(text.name());
        path.strip_prefix(folder).unwrap_or(path).display().to_string()
    };
    manifest.texts().map(|text| (named(text), Sha256::of(text.text().as_bytes()))).collect()
}

/// The file of a saved plan.
pub(super) const PLAN: Kind = Kind { noun: "plan", beginning: BEGINNING };

/// Bytes of a saved plan at most.
const MOST: u64 = 256 << 20;

/// A saved plan, and where it lies.
pub(super) struct Saved {
    plan: SavedPlan,
    path: PathBuf,
}

impl Saved {
    /// Reads the plan at `path`; `None` where that is something else, as a manifest.
    ///
    /// # Errors
    /// Fails if it is a plan that can't be run.
    pub(super) fn at(path: &Path) -> Result<Option<Saved>, Failure> {
        if path == Path::new("-") || !path.is_file() {
            return Ok(None);
        }
        // What can't be read is said of it as of a manifest.
        let Ok(mut file) = File::open(path) else { return Ok(None) };
        let mut text = vec![0; BEGINNING.len()];
        if file.read_exact(&mut text).is_err() || text != BEGINNING.as_bytes() {
            return Ok(None);
        }
        let refused = |why: String| {
            Failure::usage(format!("{} is a saved plan that can't be run: {why}", path.display()))
                .hint("save it anew: batch plan --out FILE; nothing was sent")
        };
        file.take(MOST).read_to_end(&mut text).map_err(|error| refused(error.to_string()))?;
        let text = String::from_utf8(text).map_err(|error| refused(error.to_string()))?;
        let plan = SavedPlan::read(&text).map_err(|error| refused(error.to_string()))?;
        Ok(Some(Saved { plan, path: path.to_owned() }))
    }

    /// Returns the manifest that it is about.
    pub(super) fn manifest(&self) -> PathBuf {
        folder_of(&self.path).join(self.plan.manifest())
    }

    /// Returns the choice of jobs that it buys.
    pub(super) fn choice(&self, run: &RunSettings, buyer: Buyer) -> Choice {
        self.plan.choice(run, buyer)
    }

    /// Refuses options that would choose something else, or let something else be done.
    ///
    /// # Errors
    /// Fails if there is one.
    pub(super) fn suit(&self, choosing: &Choosing, is_more_said: bool) -> Result<(), Failure> {
        if choosing.is_said() || is_more_said {
            return Err(Failure::usage("a saved plan is run as it is: it has its own choice of jobs")
                .hint("leave out what chooses jobs, --prune and --refresh-images, or save another plan"));
        }
        Ok(())
    }

    /// Sees that everything is as it was when the plan was saved.
    ///
    /// # Errors
    /// Fails if something changed.
    pub(super) fn holds(&self, project: &Project, texts: &Texts, common: &Common, book: &Book) -> Result<(), Failure> {
        let basis = basis(project, texts.clone(), common, &self.path)?;
        self.plan.holds(&basis, &project.manifest, book).map_err(|changed| self.refused(&changed))
    }

    /// Sees that a run buys exactly what the plan says.
    ///
    /// # Errors
    /// Fails if it would buy something else.
    pub(super) fn buys_the_same(&self, manifest: &Manifest, plan: &Plan) -> Result<(), Failure> {
        self.plan.buys_the_same(manifest, plan).map_err(|changed| self.refused(&changed))
    }

    fn refused(&self, changed: &Changed) -> Failure {
        Failure::usage(format!("{} can't be run any more: {changed}", self.path.display()))
            .hint("nothing was sent; save the plan anew: batch plan --out FILE")
    }
}

/// Returns what a plan in the file `plan` is made of.
///
/// # Errors
/// Fails if the base URL is none.
pub(super) fn basis(project: &Project, texts: Texts, common: &Common, plan: &Path) -> Result<Basis, Failure> {
    let service = match project.realm {
        Realm::Trial => super::destination::SIMULATED.to_owned(),
        Realm::Real => settings::base_url(common, Some(&project.manifest))?.0.to_string(),
    };
    let manifest = relative(&project.shown, folder_of(plan))?;
    Ok(Basis { manifest, simulate: project.realm == Realm::Trial, service, texts })
}

/// Returns `path` as it is named from `folder`, with `/` between its parts.
fn relative(path: &Path, folder: &Path) -> Result<String, Failure> {
    let (real, folder) = (path.canonicalize(), folder.canonicalize());
    let (real, folder) = (real.map_err(Failure::machine)?, folder.map_err(Failure::machine)?);
    let shared = real.components().zip(folder.components()).take_while(|(a, b)| a == b).count();
    let up = folder.components().skip(shared).map(|_| Component::ParentDir);
    let parts = up.chain(real.components().skip(shared));
    Ok(parts.map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/"))
}

/// Returns the text of the file.
///
/// # Errors
/// Fails if it can't be JSON.
pub(super) fn written(plan: &SavedPlan) -> Result<String, Failure> {
    serde_json::to_string_pretty(plan).map(|text| text + "\n").map_err(Failure::machine)
}

/// Returns the command that runs the plan in this file.
pub(super) fn command(plan: &Path, realm: Realm) -> String {
    let simulate = if realm == Realm::Trial { " --simulate" } else { "" };
    format!("batch run {}{simulate}", quoted(&plan.display().to_string()))
}
