//! The tables, and the statements about them.

use crate::ledger::shared::key::PURCHASES;
use crate::service::database_url::DatabaseUrl;

/// The server's timeline, which a promoted standby changes; only a server that takes writes has one.
pub(super) const TIMELINE: &str = "left(pg_walfile_name(pg_current_wal_lsn()), 8)";

/// The statements of one ledger.
pub(super) struct Tables {
    /// The ledger's name in the tables.
    pub(super) ledger: String,
    pub(super) make: String,
    pub(super) get: String,
    pub(super) get_purchase: String,
    pub(super) list: String,
    pub(super) list_purchases: String,
    pub(super) create: String,
    pub(super) create_purchase: String,
    pub(super) swap: String,
    pub(super) swap_purchase: String,
    /// A write that changes nothing.
    pub(super) barrier: String,
}

impl Tables {
    pub(super) fn of(url: &DatabaseUrl) -> Tables {
        // Both were read as identifiers that need no quotes.
        let (purchase, kv) = (format!("{}.purchase", url.schema), format!("{}.kv", url.schema));
        let returning = format!("returning rev, {TIMELINE}");
        Tables {
            ledger: url.ledger.clone(),
            make: format!(
                "create schema if not exists {};
                create table if not exists {purchase} (ledger text not null, digest text not null, job text not null,
                    rev bigint not null, doc jsonb not null, primary key (ledger, digest, job));
                create table if not exists {kv} (ledger text not null, key text not null,
                    rev bigint not null, doc jsonb not null, primary key (ledger, key));",
                url.schema
            ),
            get: format!("select rev, doc::text from {kv} where ledger = $1 and key = $2"),
            get_purchase: format!(
                "select rev, doc::text from {purchase} where ledger = $1 and digest = $2 and job = $3"
            ),
            list: format!("select rev, doc::text, key from {kv} where ledger = $1 and starts_with(key, $2)"),
            list_purchases: format!(
                "select rev, doc::text, '{PURCHASES}' || digest || '/' || job from {purchase} where ledger = $1"
            ),
            create: format!("insert into {kv} values ($1, $2, 1, $3::text::jsonb) on conflict do nothing {returning}"),
            create_purchase: format!(
                "insert into {purchase} values ($1, $2, $3, 1, $4::text::jsonb) on conflict do nothing {returning}"
            ),
            swap: format!(
                "update {kv} set rev = rev + 1, doc = $4::text::jsonb
                where ledger = $1 and key = $2 and rev = $3 {returning}"
            ),
            swap_purchase: format!(
                "update {purchase} set rev = rev + 1, doc = $5::text::jsonb
                where ledger = $1 and digest = $2 and job = $3 and rev = $4 {returning}"
            ),
            barrier: format!(
                "insert into {kv} as known values ($1, 'barrier', 1, 'null'::jsonb)
                on conflict (ledger, key) do update set rev = known.rev + 1 {returning}"
            ),
        }
    }
}

/// Returns the digest, where the key is a purchase's, and the rest of the key.
pub(super) fn parts(key: &str) -> (Option<&str>, &str) {
    match key.strip_prefix(PURCHASES).and_then(|rest| rest.split_once('/')) {
        Some((digest, job)) => (Some(digest), job),
        None => (None, key),
    }
}

/// Returns whether all keys with this beginning are purchases'.
pub(super) fn is_of_purchases(prefix: &str) -> bool {
    prefix == PURCHASES
}

/// Returns a JSON text such that `jsonb` takes it: all characters but one it has, U+0000, become what stands for an unknown one.
pub(super) fn document(text: Vec<u8>) -> String {
    let text = String::from_utf8(text).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
    if !text.contains("\\u0000") {
        return text;
    }
    let (mut document, mut rest) = (String::with_capacity(text.len()), &*text);
    while let Some(at) = rest.find('\\') {
        let escape = &rest[at..];
        let length = if escape.starts_with("\\u") { 6 } else { 2 }.min(escape.len());
        document.push_str(&rest[..at]);
        document.push_str(if escape.starts_with("\\u0000") { "\\ufffd" } else { &escape[..length] });
        rest = &escape[length..];
    }
    document + rest
}
