//! The texts that an editor has open, and what was found in those that are manifests.

use super::places;
use crate::base::durable::folder_of;
use crate::base::folder::Folder;
use crate::cli::project::NAMES;
use crate::diagnostic::code::Severity;
use crate::diagnostic::finding::{Finding, Label};
use crate::document::bounds::MANIFEST_BYTES;
use crate::document::{Format, Source};
use crate::manifest::{self, Loaded};
use crate::report::manual;
use lsp_types::{
    CodeDescription, Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, DidChangeTextDocumentParams,
    DidCloseTextDocumentParams, DidOpenTextDocumentParams, Location, NumberOrString, PublishDiagnosticsParams, Range,
    Uri,
};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The schema that a manifest names in its first lines, if its own name doesn't tell that it is one.
const SCHEMA: &str = "jobs.schema.json";

/// The length of the first lines.
const HEAD: usize = 1024;

/// All that is open.
pub(super) struct Documents {
    open: BTreeMap<Uri, Document>,
    /// The findings that the editor was told, by manifest and file.
    told: BTreeMap<Uri, BTreeMap<Uri, Vec<Diagnostic>>>,
    /// `true` if the editor takes places beside the main one.
    related: bool,
}

/// A text that is open.
pub(super) struct Document {
    path: PathBuf,
    version: i32,
    text: String,
    /// The findings about it as it is.
    checked: Option<Loaded>,
}

impl Documents {
    pub(super) fn new(related: bool) -> Documents {
        Documents { open: BTreeMap::new(), told: BTreeMap::new(), related }
    }

    pub(super) fn open(&mut self, DidOpenTextDocumentParams { text_document: opened }: DidOpenTextDocumentParams) {
        let Some(path) = places::path(&opened.uri) else { return };
        let document = Document { path, version: opened.version, text: opened.text, checked: None };
        self.open.insert(opened.uri, document);
    }

    pub(super) fn change(&mut self, params: DidChangeTextDocumentParams) {
        // Changes are whole texts; the last one counts.
        let (Some(document), Some(change)) =
            (self.open.get_mut(&params.text_document.uri), params.content_changes.into_iter().next_back())
        else {
            return;
        };
        (document.version, document.text, document.checked) = (params.text_document.version, change.text, None);
    }

    pub(super) fn close(&mut self, params: &DidCloseTextDocumentParams) {
        self.open.remove(&params.text_document.uri);
    }

    /// Checks all of them once more: a file that one of them reads may have changed.
    pub(super) fn check_again(&mut self) {
        self.open.values_mut().for_each(|document| document.checked = None);
    }

    /// Returns the manifest at `uri`, as it was found.
    pub(super) fn checked(&self, uri: &Uri) -> Option<(&Document, &Loaded)> {
        let document = self.open.get(uri)?;
        Some((document, document.checked.as_ref()?))
    }

    /// Checks what changed; returns what the editor is to be told.
    pub(super) fn check(&mut self) -> Vec<PublishDiagnosticsParams> {
        let mut news = BTreeSet::new();
        let gone = self.told.keys().filter(|uri| !self.open.contains_key(*uri)).cloned();
        let unchecked = self.open.iter().filter(|(_, document)| document.checked.is_none());
        let changed: Vec<Uri> = gone.chain(unchecked.map(|(uri, _)| uri.clone())).collect();
        for uri in changed {
            let mut found = BTreeMap::new();
            if let Some(document) = self.open.get_mut(&uri)
                && document.is_manifest()
                && let Some(loaded) = document.load()
            {
                document.checked = Some(loaded);
                found = self.diagnostics(&uri);
            }
            let before = if found.is_empty() { self.told.remove(&uri) } else { self.told.insert(uri, found.clone()) };
            news.extend(before.into_iter().flatten().chain(found).map(|(file, _)| file));
        }
        news.into_iter().map(|file| self.of_file(file)).collect()
    }

    /// Returns all that is found in a file, by whichever manifests refer to it.
    fn of_file(&self, uri: Uri) -> PublishDiagnosticsParams {
        let found = self.told.values().filter_map(|files| files.get(&uri)).flatten().cloned().collect();
        let version = self.open.get(&uri).map(|document| document.version);
        PublishDiagnosticsParams { uri, diagnostics: found, version }
    }

    /// Returns what was found in the manifest at `uri`, by the file in which it stands; the manifest itself is always among them.
    fn diagnostics(&self, uri: &Uri) -> BTreeMap<Uri, Vec<Diagnostic>> {
        let mut found = BTreeMap::from([(uri.clone(), Vec::new())]);
        let Some((_, loaded)) = self.checked(uri) else { return found };
        for finding in &loaded.findings {
            let mut labels = finding.labels.iter().filter_map(|label| Some((self.place(uri, loaded, label)?, label)));
            let (file, range) = labels.next().map_or_else(|| (uri.clone(), places::start()), |(place, _)| place);
            let related = labels.map(|((uri, range), label)| DiagnosticRelatedInformation {
                location: Location { uri, range },
                message: label.text.to_string(),
            });
            let related = self.related.then(|| related.collect());
            found.entry(file).or_default().push(diagnostic(finding, range, related));
        }
        found
    }

    /// Returns the file in which a label stands, and the place there.
    fn place(&self, uri: &Uri, loaded: &Loaded, label: &Label) -> Option<(Uri, Range)> {
        let (source, span) = loaded.source.of(label.span);
        let range = places::range(source, span);
        if std::ptr::eq(source, &raw const loaded.source) {
            return Some((uri.clone(), range));
        }
        Some((self.uri_of(source)?, range))
    }

    /// Returns the URI of a file: as the editor has it, where it is open.
    fn uri_of(&self, source: &Source) -> Option<Uri> {
        let path = Path::new(source.name());
        let open = self.open.iter().find(|(_, document)| document.path == path);
        open.map(|(uri, _)| uri.clone()).or_else(|| places::uri(path))
    }
}

/// Returns a finding, as editors show it.
pub(super) fn diagnostic(
    finding: &Finding,
    range: Range,
    related: Option<Vec<DiagnosticRelatedInformation>>,
) -> Diagnostic {
    let severity = match finding.severity {
        Severity::Error => DiagnosticSeverity::ERROR,
        Severity::Warning => DiagnosticSeverity::WARNING,
    };
    let address = manual::address(finding.code).and_then(|address| address.parse().ok());
    let help = finding.help.as_ref().map(|help| format!("\nhelp: {help}")).unwrap_or_default();
    Diagnostic {
        range,
        severity: Some(severity),
        code: Some(NumberOrString::String(finding.code.to_string())),
        code_description: address.map(|href| CodeDescription { href }),
        source: Some("batch".to_owned()),
        message: format!("{}{help}", finding.message),
        related_information: related,
        ..Diagnostic::default()
    }
}

impl Document {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn format(&self) -> Format {
        Format::of_path(&self.path)
    }

    /// Returns the folder where its relative paths start.
    pub(super) fn folder(&self) -> Option<Folder> {
        let real = self.path.canonicalize();
        Folder::open(folder_of(real.as_deref().unwrap_or(&self.path))).ok()
    }

    /// Says whether it is a manifest, by its name or by the schema that it names: an editor has others open, too.
    fn is_manifest(&self) -> bool {
        let head = self.text.get(..self.text.floor_char_boundary(HEAD)).unwrap_or_default();
        let is_named = self.path.file_name().is_some_and(|name| NAMES.iter().any(|own| name == *own));
        is_named || head.contains(SCHEMA)
    }

    /// Checks it as it is typed; `None` where nothing can be said.
    fn load(&self) -> Option<Loaded> {
        let is_bearable = self.text.len() as u64 <= MANIFEST_BYTES;
        let folder = self.folder().filter(|_| is_bearable)?;
        Some(manifest::load_text(&self.path.display().to_string(), self.text.clone(), self.format(), &folder))
    }
}
