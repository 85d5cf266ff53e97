//! A shared ledger in PostgreSQL: two tables, and statements that write only where their condition holds.
//!
//! A write counts as acknowledged when its reply came, and no warning with it: a commit that stops waiting for its standby is
//! reported as done, and only a warning tells that it may be lost. What a read finds after a write without an acknowledgement was
//! possibly never made safe either. Therefore such a read first takes a step of its own that is acknowledged: the log is in order, so
//! that all before it is safe too.

mod line;
mod login;
mod tables;
mod trust;

use self::line::{Line, Parameter};
use self::tables::Tables;
use super::access::Access;
use super::store::{Call, Era, Found, Listed, Revision, Store, StoreError};
use crate::service::database_url::DatabaseUrl;
use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Config, Row};

/// How long an answer is waited for.
const CALL: Duration = Duration::from_secs(5);

/// A connection that is being made, or was made.
type Opening = Shared<BoxFuture<'static, Result<Arc<Line>, StoreError>>>;

/// A store in a database.
pub(super) struct Postgres {
    config: Config,
    trust: Option<trust::Trust>,
    tables: Tables,
    /// The connection; made when it is needed, and anew when it broke.
    line: Mutex<Option<Opening>>,
    /// How many writes weren't acknowledged, and how many of them are known to be safe by now, or not to be.
    unsure: AtomicU64,
    settled: AtomicU64,
    /// The server's life at the last write.
    era: Mutex<Option<Era>>,
}

impl Postgres {
    /// Returns the store at a URL; no connection is made yet.
    ///
    /// # Errors
    /// Fails if the environment names no role, or a file with certificates or passwords can't be used.
    pub(super) fn new(url: &DatabaseUrl, access: Access) -> Result<Postgres, StoreError> {
        let mode = login::mode(url, access)?;
        Ok(Postgres {
            config: login::config(url, mode, access)?,
            trust: trust::Trust::of(url, mode, access)?,
            tables: Tables::of(url),
            line: Mutex::default(),
            unsure: AtomicU64::new(0),
            settled: AtomicU64::new(0),
            era: Mutex::default(),
        })
    }

    /// Returns the connection: all who need one while it is being made wait for the same.
    async fn line(&self) -> Result<Arc<Line>, StoreError> {
        let opening = {
            let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
            let usable = line.as_ref().filter(|opening| match opening.peek() {
                None => true,
                Some(Ok(line)) => !line.client.is_closed(),
                Some(Err(_)) => false,
            });
            match usable {
                Some(opening) => opening.clone(),
                None => {
                    let opening = Line::open(self.config.clone(), self.trust.clone()).boxed().shared();
                    *line = Some(opening.clone());
                    opening
                }
            }
        };
        match tokio::time::timeout(CALL, opening).await {
            Ok(opened) => opened,
            Err(_) => {
                *self.line.lock().unwrap_or_else(PoisonError::into_inner) = None;
                Err(silent())
            }
        }
    }

    async fn ask(&self, statement: &str, parameters: &[Parameter<'_>]) -> Result<Vec<Row>, StoreError> {
        let line = self.line().await?;
        match tokio::time::timeout(CALL, line.query(statement, parameters)).await {
            Ok(Ok(rows)) => Ok(rows),
            Ok(Err(error)) if is_without_tables(&error) => Ok(Vec::new()),
            Ok(Err(error)) => Err(line::failed(&error)),
            Err(_) => Err(silent()),
        }
    }

    /// Writes; returns the new revision where the condition held.
    async fn write(&self, statement: &str, parameters: &[Parameter<'_>]) -> Result<Option<Revision>, StoreError> {
        let line = self.line().await?;
        let doubt = Doubt { unsure: Some(&self.unsure) };
        let before = line.warnings();
        let answer = tokio::time::timeout(CALL, line.query(statement, parameters)).await;
        let rows = match answer {
            Ok(Ok(rows)) => rows,
            Ok(Err(error)) if is_without_tables(&error) => return Err(gone()),
            Ok(Err(error)) => return Err(line::failed(&error)),
            Err(_) => return Err(silent()),
        };
        if line.warnings() != before {
            let warning = line.last_warning();
            return Err(StoreError::Away(format!("the server doesn't vouch for what it wrote: {warning}")));
        }
        doubt.lift();
        let Some(row) = rows.first() else { return Ok(None) };
        let timeline: String = get(row, 1)?;
        *self.era.lock().unwrap_or_else(PoisonError::into_inner) = Some(line.era(&timeline));
        Ok(Some(revision(row)?))
    }

    /// Makes sure that all is safe that was written before and not acknowledged, where there is any such.
    async fn settle(&self) -> Result<(), StoreError> {
        let unsure = self.unsure.load(Ordering::SeqCst);
        if self.settled.load(Ordering::SeqCst) < unsure {
            self.write(&self.tables.barrier, &[text(&self.tables.ledger)]).await?;
            self.settled.fetch_max(unsure, Ordering::SeqCst);
        }
        Ok(())
    }

    async fn found(&self, key: &str) -> Result<Option<Found>, StoreError> {
        self.settle().await?;
        let (ledger, (group, name)) = (&self.tables.ledger, tables::parts(key));
        let rows = match group {
            Some(digest) => self.ask(&self.tables.get_purchase, &[text(ledger), text(&digest), text(&name)]).await?,
            None => self.ask(&self.tables.get, &[text(ledger), text(&name)]).await?,
        };
        rows.first().map(|row| Ok(Found { revision: revision(row)?, text: get::<String>(row, 1)?.into() })).transpose()
    }

    async fn listed(&self, prefix: &str) -> Result<Vec<Listed>, StoreError> {
        self.settle().await?;
        let ledger = &self.tables.ledger;
        let rows = match tables::is_of_purchases(prefix) {
            true => self.ask(&self.tables.list_purchases, &[text(ledger)]).await?,
            false => self.ask(&self.tables.list, &[text(ledger), text(&prefix)]).await?,
        };
        let listed = |row: &Row| {
            let text = get::<String>(row, 1)?.into_bytes();
            Ok(Listed { key: get(row, 2)?, revision: revision(row)?, text: Some(text) })
        };
        rows.iter().map(listed).collect()
    }

    async fn created(&self, key: &str, content: &str) -> Result<Option<Revision>, StoreError> {
        let (ledger, (group, name)) = (&self.tables.ledger, tables::parts(key));
        match group {
            Some(digest) => {
                let parameters = [text(ledger), text(&digest), text(&name), text(&content)];
                self.write(&self.tables.create_purchase, &parameters).await
            }
            None => {
                let parameters = [text(ledger), text(&name), text(&content)];
                match self.write(&self.tables.create, &parameters).await {
                    Err(error) if error == gone() => {
                        self.make_tables().await?;
                        self.write(&self.tables.create, &parameters).await
                    }
                    written => written,
                }
            }
        }
    }

    async fn swapped(&self, key: &str, from: &Revision, content: &str) -> Result<Option<Revision>, StoreError> {
        let Ok(from) = from.0.parse::<i64>() else { return Ok(None) };
        let (ledger, (group, name)) = (&self.tables.ledger, tables::parts(key));
        let from: Parameter<'_> = (&from, Type::INT8);
        match group {
            Some(digest) => {
                let parameters = [text(ledger), text(&digest), text(&name), from, text(&content)];
                self.write(&self.tables.swap_purchase, &parameters).await
            }
            None => self.write(&self.tables.swap, &[text(ledger), text(&name), from, text(&content)]).await,
        }
    }

    /// Makes the tables: of several at once, all but one may fail, and find them made.
    async fn make_tables(&self) -> Result<(), StoreError> {
        let line = self.line().await?;
        let mut made = Ok(());
        for _ in 0..3 {
            made = match tokio::time::timeout(CALL, line.client.batch_execute(&self.tables.make)).await {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(error)) => Err(line::failed(&error)),
                Err(_) => Err(silent()),
            };
        }
        made
    }
}

impl Store for Postgres {
    fn get<'s>(&'s self, key: &'s str) -> Call<'s, Option<Found>> {
        Box::pin(self.found(key))
    }

    fn list<'s>(&'s self, prefix: &'s str) -> Call<'s, Vec<Listed>> {
        Box::pin(self.listed(prefix))
    }

    fn create<'s>(&'s self, key: &'s str, text: Vec<u8>) -> Call<'s, Option<Revision>> {
        Box::pin(async move { self.created(key, &tables::document(text)).await })
    }

    fn swap<'s>(&'s self, key: &'s str, from: &'s Revision, text: Vec<u8>) -> Call<'s, Option<Revision>> {
        Box::pin(async move { self.swapped(key, from, &tables::document(text)).await })
    }

    fn era(&self) -> Call<'_, Option<Era>> {
        Box::pin(async move {
            let known = self.era.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if known.is_some() {
                return Ok(known);
            }
            let line = self.line().await?;
            Ok(line.first_era())
        })
    }
}

/// A write that isn't acknowledged yet: one that is given up stays in doubt.
struct Doubt<'d> {
    unsure: Option<&'d AtomicU64>,
}

impl Doubt<'_> {
    fn lift(mut self) {
        self.unsure = None;
    }
}

impl Drop for Doubt<'_> {
    fn drop(&mut self) {
        if let Some(unsure) = self.unsure {
            unsure.fetch_add(1, Ordering::SeqCst);
        }
    }
}

fn text<T: AsRef<str> + ToSql + Sync>(value: &T) -> Parameter<'_> {
    (value, Type::TEXT)
}

fn get<'r, T: tokio_postgres::types::FromSql<'r>>(row: &'r Row, column: usize) -> Result<T, StoreError> {
    row.try_get(column).map_err(|error| line::failed(&error))
}

fn revision(row: &Row) -> Result<Revision, StoreError> {
    Ok(Revision(get::<i64>(row, 0)?.to_string()))
}

fn silent() -> StoreError {
    StoreError::Away(format!("the server doesn't answer for {} s", CALL.as_secs()))
}

fn gone() -> StoreError {
    StoreError::Away("the ledger's tables don't exist".to_owned())
}

fn is_without_tables(error: &tokio_postgres::Error) -> bool {
    matches!(error.code(), Some(&SqlState::UNDEFINED_TABLE | &SqlState::INVALID_SCHEMA_NAME))
}
