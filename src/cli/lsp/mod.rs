//! The language server: what `check` finds, while a manifest is typed; the fixes as code actions, and the manual under the pointer.
//!
//! One message is handled after the other. A manifest is checked when no other message waits, so that of many changes in a row the
//! last one is checked.

mod answers;
mod documents;
mod places;

use super::exit::Exit;
use super::failure::Failure;
use crate::report::manual::Language;
use documents::Documents;
use lsp_server::{Connection, ErrorCode, Message, Notification, Request, Response};
use lsp_types::{
    CodeActionKind, CodeActionOptions, CodeActionProviderCapability, HoverProviderCapability, SaveOptions,
    ServerCapabilities, TextDocumentSyncCapability, TextDocumentSyncKind, TextDocumentSyncOptions,
    TextDocumentSyncSaveOptions,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Speaks with an editor until it says that this is the end.
///
/// # Errors
/// Fails if what comes is not the language server protocol.
pub(super) fn serve() -> Result<Exit, Failure> {
    let (connection, threads) = Connection::stdio();
    let ended =
        session(&connection).map_err(|error| Failure::machine(format!("the editor can't be understood: {error}")))?;
    drop(connection);
    match ended {
        // An editor that went away, or that ends it without a word before: the protocol's exit code is 1.
        Ended::Abruptly => Ok(Exit::Failed),
        Ended::Orderly => threads.join().map(|()| Exit::Done).map_err(Failure::machine),
    }
}

/// The end of a session.
enum Ended {
    Orderly,
    Abruptly,
}

fn session(connection: &Connection) -> Result<Ended, lsp_server::ProtocolError> {
    let (id, params) = match connection.initialize_start() {
        Ok(started) => started,
        // It went away before it said anything.
        Err(error) if error.channel_is_disconnected() => return Ok(Ended::Abruptly),
        Err(error) => return Err(error),
    };
    connection.initialize_finish(id, json!({ "capabilities": capabilities(), "serverInfo": information() }))?;
    let is_chinese = params["locale"].as_str().is_some_and(|locale| locale.starts_with("zh"));
    let language = if is_chinese { Language::Chinese } else { Language::English };
    let related = "/capabilities/textDocument/publishDiagnostics/relatedInformation";
    let related = params.pointer(related) == Some(&Value::Bool(true));
    let mut documents = Documents::new(related);
    loop {
        let message = match connection.receiver.try_recv() {
            Ok(message) => message,
            Err(_) => {
                publish(connection, &mut documents);
                let Ok(message) = connection.receiver.recv() else { return Ok(Ended::Abruptly) };
                message
            }
        };
        match message {
            Message::Request(request) => {
                if connection.handle_shutdown(&request)? {
                    return Ok(Ended::Orderly);
                }
                publish(connection, &mut documents);
                send(connection, answer(request, &documents, language));
            }
            Message::Notification(notification) if notification.method == "exit" => return Ok(Ended::Abruptly),
            Message::Notification(notification) => hear(notification, &mut documents),
            Message::Response(_) => {}
        }
    }
}

fn capabilities() -> ServerCapabilities {
    ServerCapabilities {
        text_document_sync: Some(TextDocumentSyncCapability::Options(TextDocumentSyncOptions {
            open_close: Some(true),
            change: Some(TextDocumentSyncKind::FULL),
            save: Some(TextDocumentSyncSaveOptions::SaveOptions(SaveOptions { include_text: Some(false) })),
            ..TextDocumentSyncOptions::default()
        })),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        code_action_provider: Some(CodeActionProviderCapability::Options(CodeActionOptions {
            code_action_kinds: Some(vec![CodeActionKind::QUICKFIX, CodeActionKind::SOURCE_FIX_ALL]),
            ..CodeActionOptions::default()
        })),
        ..ServerCapabilities::default()
    }
}

fn information() -> Value {
    json!({ "name": "batch", "version": env!("CARGO_PKG_VERSION") })
}

/// Checks what changed, and sends what was found.
fn publish(connection: &Connection, documents: &mut Documents) {
    for found in documents.check() {
        send(connection, Notification::new("textDocument/publishDiagnostics".to_owned(), found));
    }
}

/// Sends a message; an editor that is gone is noticed where the next one is waited for.
fn send(connection: &Connection, message: impl Into<Message>) {
    let _ = connection.sender.send(message.into());
}

fn hear(Notification { method, params }: Notification, documents: &mut Documents) {
    match method.as_str() {
        "textDocument/didOpen" => with(params, |params| documents.open(params)),
        "textDocument/didChange" => with(params, |params| documents.change(params)),
        "textDocument/didClose" => with(params, |params| documents.close(&params)),
        // Another file may be an image or a table of a manifest.
        "textDocument/didSave" | "workspace/didChangeWatchedFiles" => documents.check_again(),
        _ => {}
    }
}

/// Does something with the parameters, if they are what the protocol says.
fn with<P: DeserializeOwned>(params: Value, act: impl FnOnce(P)) {
    match serde_json::from_value(params) {
        Ok(params) => act(params),
        Err(error) => tracing::warn!("the editor sent something odd: {error}"),
    }
}

fn answer(Request { id, method, params }: Request, documents: &Documents, language: Language) -> Response {
    let answer = match method.as_str() {
        "textDocument/codeAction" => answered(params, |params| answers::actions(&params, documents)),
        "textDocument/hover" => answered(params, |params| answers::hover(&params, documents, language)),
        _ => {
            let code = ErrorCode::MethodNotFound as i32;
            return Response::new_err(id, code, format!("batch doesn't know {method}"));
        }
    };
    match answer {
        Ok(answer) => Response::new_ok(id, answer),
        Err(error) => Response::new_err(id, ErrorCode::InvalidParams as i32, error.to_string()),
    }
}

fn answered<P: DeserializeOwned, A: Serialize>(
    params: Value,
    answer: impl FnOnce(P) -> A,
) -> serde_json::Result<Value> {
    serde_json::to_value(answer(serde_json::from_value(params)?))
}
