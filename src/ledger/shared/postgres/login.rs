//! Who logs in, where and with which password: from the URL and the variables that libpq reads.

use crate::ledger::shared::access::Access;
use crate::ledger::shared::store::StoreError;
use crate::service::database_url::{DatabaseHost, DatabaseUrl, SslMode};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio_postgres::Config;
use tokio_postgres::config::{SslMode as Encryption, TargetSessionAttrs};

/// How long a server may take to take a connection.
const CONNECT: Duration = Duration::from_secs(5);

/// How long what was sent may stay without an answer from the other machine.
const SILENCE: Duration = Duration::from_secs(20);

/// Returns how the connection is encrypted: what is said, or always, and verified, unless nothing leaves this machine.
pub(super) fn mode(url: &DatabaseUrl, access: Access) -> Result<SslMode, StoreError> {
    if let Some(mode) = url.sslmode {
        return Ok(mode);
    }
    match (access.variable)("PGSSLMODE") {
        Some(word) => SslMode::from_word(&word).ok_or_else(|| {
            StoreError::Refused(
                "PGSSLMODE is none of disable, allow, prefer, require, verify-ca and verify-full".to_owned(),
            )
        }),
        None if url.hosts.iter().all(DatabaseHost::is_here) => Ok(SslMode::Prefer),
        None => Ok(SslMode::VerifyFull),
    }
}

/// Returns what the driver needs.
pub(super) fn config(url: &DatabaseUrl, mode: SslMode, access: Access) -> Result<Config, StoreError> {
    let mut config = Config::new();
    for host in &url.hosts {
        config.host(&host.name).port(host.port);
    }
    let user = url.user.clone().or_else(|| ["PGUSER", "USER", "LOGNAME"].into_iter().find_map(access.variable));
    let user = user
        .ok_or_else(|| StoreError::Refused("no role is named: postgres://ROLE@host/database, or PGUSER".to_owned()))?;
    if let Some(password) = password(url, &user, access)? {
        config.password(password);
    }
    config
        .user(user)
        .dbname(&url.database)
        .application_name("batch")
        .connect_timeout(CONNECT)
        .tcp_user_timeout(SILENCE)
        .keepalives_idle(SILENCE)
        .ssl_mode(match mode {
            SslMode::Disable => Encryption::Disable,
            SslMode::Prefer => Encryption::Prefer,
            SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => Encryption::Require,
        });
    if url.hosts.len() > 1 {
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
    }
    Ok(config)
}

/// Returns the password. `PGPASSWORD` goes only where the person who runs the command said so: a manifest may be somebody else's.
fn password(url: &DatabaseUrl, user: &str, access: Access) -> Result<Option<String>, StoreError> {
    if let Some(password) = (access.variable)("PGPASSWORD") {
        let own = (access.variable)("PGHOST");
        let is_own = |host: &DatabaseHost| own.iter().any(|own| own.split(',').any(|own| own == host.name));
        if access.is_own_word || url.hosts.iter().all(|host| host.is_here() || is_own(host)) {
            return Ok(Some(password));
        }
        return Err(StoreError::Refused(
            "the manifest alone says where this ledger is, so PGPASSWORD isn't sent there; if it is right, name the ledger in BATCH_LEDGER or --ledger, or its host in PGHOST"
                .to_owned(),
        ));
    }
    let file = (access.variable)("PGPASSFILE").map(PathBuf::from);
    let file = file.or_else(|| Some(Path::new(&(access.variable)("HOME")?).join(".pgpass")));
    let Some(text) = file.as_deref().and_then(readable) else { return Ok(None) };
    let host = &url.hosts[0];
    let name = if host.is_socket() { "localhost" } else { &host.name };
    Ok(listed(&text, [name, &host.port.to_string(), &url.database, user]))
}

/// Returns the text of a file of passwords, unless others may read it: libpq passes over such a file too.
fn readable(path: &Path) -> Option<String> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(path).ok()?.permissions().mode();
        if mode & 0o077 != 0 {
            tracing::warn!("{}: passed over, since others may read it", path.display());
            return None;
        }
    }
    std::fs::read_to_string(path).ok()
}

/// Returns the password of the first line whose fields are these, or `*`.
fn listed(text: &str, wanted: [&str; 4]) -> Option<String> {
    text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let mut fields = vec![String::new()];
        let mut characters = line.chars();
        while let Some(c) = characters.next() {
            match c {
                ':' if fields.len() < 5 => fields.push(String::new()),
                '\\' => fields.last_mut()?.extend(characters.next()),
                c => fields.last_mut()?.push(c),
            }
        }
        let password = fields.pop().filter(|_| fields.len() == 4)?;
        let is_it = fields.iter().zip(wanted).all(|(field, wanted)| field == "*" || field == wanted);
        is_it.then_some(password)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::ledger_url::{Engine, LedgerUrl};

    fn url(text: &str) -> DatabaseUrl {
        match text.parse::<LedgerUrl>().unwrap().engine() {
            Engine::Postgres(url) => url.clone(),
            other => panic!("{other:?}"),
        }
    }

    fn access(variable: fn(&str) -> Option<String>, is_own_word: bool) -> Access {
        Access { variable, is_own_word }
    }

    #[test]
    fn a_file_of_passwords_is_read_as_libpq_reads_it() {
        let text = "# mine\ndb:5432:films:me:a\\:b\\\\c\nother:*:*:*:p\n*:*:*:you:wrong:not\n";
        assert_eq!(listed(text, ["db", "5432", "films", "me"]).as_deref(), Some("a:b\\c"));
        assert_eq!(listed(text, ["other", "1", "x", "y"]).as_deref(), Some("p"));
        assert_eq!(listed(text, ["db", "5433", "films", "you"]).as_deref(), Some("wrong:not"));
        assert_eq!(listed(text, ["db", "5433", "films", "me"]), None);
    }

    #[test]
    fn a_password_goes_where_a_person_said_so() {
        let set = |name: &str| (name == "PGPASSWORD").then(|| "hunter2".to_owned());
        let named = |name: &str| match name {
            "PGPASSWORD" => Some("hunter2".to_owned()),
            "PGHOST" => Some("db".to_owned()),
            _ => None,
        };
        let refused = config(&url("postgres://me@db/films"), SslMode::VerifyFull, access(set, false)).unwrap_err();
        assert!(refused.to_string().contains("PGHOST") && !refused.to_string().contains("hunter2"), "{refused}");
        for (text, access) in [
            ("postgres://me@db/films", access(set, true)),
            ("postgres://me@db/films", access(named, false)),
            ("postgres://me@localhost/films", access(set, false)),
        ] {
            let config = config(&url(text), SslMode::VerifyFull, access).unwrap();
            assert_eq!(config.get_password(), Some(&b"hunter2"[..]), "{text}");
            assert!(!format!("{config:?}").contains("hunter2"));
        }
    }

    #[test]
    fn a_connection_is_encrypted_and_verified_unless_it_stays_here_or_is_said_otherwise() {
        let none = access(|_| None, true);
        let by_variable = access(|name| (name == "PGSSLMODE").then(|| "require".to_owned()), true);
        for (text, access, wanted) in [
            ("postgres://me@db/films", none, SslMode::VerifyFull),
            ("postgres://me@127.0.0.1/films", none, SslMode::Prefer),
            ("postgres://me@127.0.0.1,db/films", none, SslMode::VerifyFull),
            ("postgres://me@db/films?sslmode=disable", by_variable, SslMode::Disable),
            ("postgres://me@db/films", by_variable, SslMode::Require),
        ] {
            assert_eq!(mode(&url(text), access), Ok(wanted), "{text}");
        }
        assert!(mode(&url("postgres://me@db/films"), Access { variable: |_| Some("no".to_owned()), ..none }).is_err());
    }
}
