//! One connection to a server.

use super::tables::TIMELINE;
use super::trust::Trust;
use crate::ledger::shared::store::{Era, StoreError};
use std::collections::HashMap;
use std::error::Error as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_postgres::error::{DbError, SqlState};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{AsyncMessage, Client, Config, Connection, Error, NoTls, Row, Statement};

/// A parameter of a statement.
pub(super) type Parameter<'p> = (&'p (dyn ToSql + Sync), Type);

/// A connection whose writes are safe once they are acknowledged.
pub(super) struct Line {
    pub(super) client: Client,
    /// The statements that were asked before: the server parses each once.
    prepared: Mutex<HashMap<String, Statement>>,
    heard: Arc<Heard>,
    system: String,
    timeline: Option<String>,
}

/// What the server says of its own accord.
#[derive(Default)]
struct Heard {
    warnings: AtomicU64,
    last: Mutex<String>,
}

/// Prepares a session. Nothing cancels a statement after a time, since a cancelled commit is reported as done; a commit waits until it is
/// on the disk, and on that of a synchronous standby where there is one; and the only notices are warnings.
const PREPARE: &str = "select current_setting('fsync'), (select system_identifier::text from pg_control_system()),
    (select count(set_config(name, '0', false)) from pg_settings where name in
        ('statement_timeout', 'transaction_timeout', 'lock_timeout', 'idle_session_timeout')),
    case when current_setting('synchronous_commit') in ('off', 'local', 'remote_write')
        then set_config('synchronous_commit', 'on', false) end,
    set_config('client_min_messages', 'warning', false),
    pg_is_in_recovery()";

impl Line {
    /// Connects, and prepares the session.
    pub(super) async fn open(config: Config, trust: Option<Trust>) -> Result<Arc<Line>, StoreError> {
        let heard = Arc::new(Heard::default());
        let client = match trust {
            Some(trust) => {
                let (client, connection) = config.connect(trust.connector()).await.map_err(|error| failed(&error))?;
                tokio::spawn(listen(connection, heard.clone()));
                client
            }
            None => {
                let (client, connection) = config.connect(NoTls).await.map_err(|error| failed(&error))?;
                tokio::spawn(listen(connection, heard.clone()));
                client
            }
        };
        let row = client.query_typed_one(PREPARE, &[]).await.map_err(|error| failed(&error))?;
        let text = |row: &Row, column: usize| row.try_get::<_, String>(column).map_err(|error| failed(&error));
        if text(&row, 0)? != "on" {
            let why = "the server runs with fsync off: what it acknowledges is lost when its machine falls";
            return Err(StoreError::Refused(format!("{why}: no ledger can be kept there")));
        }
        let system = text(&row, 1)?;
        let is_standby: bool = row.try_get(5).map_err(|error| failed(&error))?;
        let timeline = match is_standby {
            true => None,
            false => {
                let row = client.query_typed_one(&format!("select {TIMELINE}"), &[]).await;
                Some(text(&row.map_err(|error| failed(&error))?, 0)?)
            }
        };
        Ok(Arc::new(Line { client, prepared: Mutex::default(), heard, system, timeline }))
    }

    /// Asks a statement; returns its rows.
    pub(super) async fn query(&self, statement: &str, parameters: &[Parameter<'_>]) -> Result<Vec<Row>, Error> {
        let known = self.prepared.lock().unwrap_or_else(PoisonError::into_inner).get(statement).cloned();
        let prepared = match known {
            Some(prepared) => prepared,
            None => {
                let types: Vec<Type> = parameters.iter().map(|(_, of)| of.clone()).collect();
                let prepared = self.client.prepare_typed(statement, &types).await?;
                let mut all = self.prepared.lock().unwrap_or_else(PoisonError::into_inner);
                all.entry(statement.to_owned()).or_insert(prepared).clone()
            }
        };
        let values: Vec<&(dyn ToSql + Sync)> = parameters.iter().map(|(value, _)| *value).collect();
        self.client.query(&prepared, &values).await
    }

    /// Returns how many warnings came so far.
    pub(super) fn warnings(&self) -> u64 {
        self.heard.warnings.load(Ordering::SeqCst)
    }

    /// Returns the last of them.
    pub(super) fn last_warning(&self) -> String {
        self.heard.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the server's era on a timeline.
    pub(super) fn era(&self, timeline: &str) -> Era {
        Era(format!("system {}, timeline {timeline}", self.system))
    }

    /// Returns the era in which it was connected to, unless that was a standby.
    pub(super) fn first_era(&self) -> Option<Era> {
        self.timeline.as_ref().map(|timeline| self.era(timeline))
    }
}

/// Does the connection's work until it ends. A message is counted before the reply that follows it is handed on.
async fn listen<S, T>(mut connection: Connection<S, T>, heard: Arc<Heard>)
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(Ok(message)) = std::future::poll_fn(|context| connection.poll_message(context)).await {
        if let AsyncMessage::Notice(notice) = message {
            tracing::warn!(%notice, "the ledger's server says");
            *heard.last.lock().unwrap_or_else(PoisonError::into_inner) = said(&notice);
            heard.warnings.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// Says what a failure is about: what a person must change isn't waited for.
pub(super) fn failed(error: &tokio_postgres::Error) -> StoreError {
    let Some(database) = error.as_db_error() else {
        let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
        let is_final = error.source().is_some_and(is_distrust) || is_without_tls(error);
        let hint = if is_final { " (`sslmode` and `sslrootcert` say how the connection is encrypted)" } else { "" };
        let what = format!("{error}{cause}{hint}");
        return if is_final { StoreError::Refused(what) } else { StoreError::Away(what) };
    };
    let class = &database.code().code()[..2.min(database.code().code().len())];
    match (database.code(), class) {
        (&SqlState::READ_ONLY_SQL_TRANSACTION, _) => {
            StoreError::Away("the server takes no writes: it is a standby, or set to read only".to_owned())
        }
        // Connections, resources, conflicts, an operator's word, the system, and what two that make tables at once meet.
        (_, "08" | "53" | "40" | "55" | "57" | "58" | "XX") => StoreError::Away(said(database)),
        _ => StoreError::Refused(said(database)),
    }
}

fn is_distrust(cause: &(dyn std::error::Error + 'static)) -> bool {
    let error = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    error.is_some_and(|error| matches!(error.downcast_ref(), Some(rustls::Error::InvalidCertificate(_))))
}

fn is_without_tls(error: &tokio_postgres::Error) -> bool {
    error.source().is_some_and(|cause| cause.to_string().contains("does not support TLS"))
}

fn said(error: &DbError) -> String {
    let detail = error.detail().map(|detail| format!(" ({detail})")).unwrap_or_default();
    format!("{}{detail}", error.message())
}
