//! `batch schema`: JSON Schemas of the program's input and output.

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::standard_output::print_text;
use crate::report::schemas::{Document, printed};
use clap::builder::{PossibleValuesParser, TypedValueParser};

/// Options of `batch schema`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Which one
    #[arg(value_name = "NAME", default_value = "manifest", value_parser = documents())]
    document: Document,
}

pub(in crate::cli) fn run(args: &Args) -> Result<Exit, Failure> {
    print_text(printed(&args.document.schema()))?;
    Ok(Exit::Done)
}

/// Returns a parser of the names that lets shells complete them.
fn documents() -> impl TypedValueParser<Value = Document> {
    PossibleValuesParser::new(Document::ALL.map(Document::as_str)).map(|name| {
        let named = Document::ALL.into_iter().find(|document| document.as_str() == name);
        named.expect("no other value is possible")
    })
}
