//! The URL of a PostgreSQL database in which a ledger is kept.

use percent_encoding::percent_decode_str;

/// A database and the place in it, as `postgres://user@host:port/database?schema=batch` names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseUrl {
    /// The role; the environment's where none is named.
    pub user: Option<String>,
    /// The servers, of which the one that takes writes is used.
    pub hosts: Vec<DatabaseHost>,
    /// The database.
    pub database: String,
    /// The schema that has the tables.
    pub schema: String,
    /// The part that tells the ledgers of one schema apart.
    pub ledger: String,
    /// The encryption of the connection; the environment decides if the URL doesn't.
    pub sslmode: Option<SslMode>,
    /// The file with the certificates of the authorities that are trusted.
    pub sslrootcert: Option<String>,
}

/// A server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseHost {
    /// Its name or address, or the folder of its Unix socket.
    pub name: String,
    /// Its port.
    pub port: u16,
}

/// The encryption of a connection, in libpq's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SslMode {
    /// Not at all.
    Disable,
    /// Where the server can, and without a look at its certificate.
    Prefer,
    /// Always; the certificate is looked at where `sslrootcert` names who is trusted.
    Require,
    /// Always, and an authority that is trusted must have signed the certificate.
    VerifyCa,
    /// Always, and the certificate must also be for this host.
    VerifyFull,
}

/// The port of a server unless another is named.
const PORT: u16 = 5432;

/// The parameters that a URL may have.
const PARAMETERS: &str = "schema, ledger, host, port, user, sslmode, sslrootcert";

impl SslMode {
    /// Returns the mode that libpq calls so. `allow` first tries without encryption there; here it is `prefer`.
    pub fn from_word(word: &str) -> Option<SslMode> {
        Some(match word {
            "disable" => SslMode::Disable,
            "allow" | "prefer" => SslMode::Prefer,
            "require" => SslMode::Require,
            "verify-ca" => SslMode::VerifyCa,
            "verify-full" => SslMode::VerifyFull,
            _ => return None,
        })
    }
}

impl DatabaseHost {
    /// Returns whether it is this machine, so that nothing travels over a network.
    pub fn is_here(&self) -> bool {
        let address = self.name.parse::<std::net::IpAddr>();
        self.is_socket() || self.name == "localhost" || address.is_ok_and(|address| address.is_loopback())
    }

    /// Returns whether it is the folder of a Unix socket.
    pub fn is_socket(&self) -> bool {
        self.name.starts_with('/')
    }
}

impl DatabaseUrl {
    /// Reads what follows the scheme.
    pub(super) fn read(rest: &str) -> Result<DatabaseUrl, String> {
        let (place, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) = place.split_once('/').unwrap_or((place, ""));
        let (user, hosts) = match authority.rsplit_once('@') {
            Some((user, hosts)) => (Some(user), hosts),
            None => (None, authority),
        };
        if user.is_some_and(|user| user.contains(':')) {
            return Err(password());
        }
        let mut url = DatabaseUrl {
            user: user.map(decoded).transpose()?,
            hosts: Vec::new(),
            database: decoded(database)?,
            schema: "batch".to_owned(),
            ledger: "batch".to_owned(),
            sslmode: None,
            sslrootcert: None,
        };
        let (mut names, mut port) = (hosts.to_owned(), None);
        for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let value = decoded(value)?;
            match name {
                "schema" => url.schema = identifier(name, value)?,
                "ledger" => url.ledger = identifier(name, value)?,
                "user" => url.user = Some(value),
                "host" => names = value,
                "port" => port = Some(number(&value)?),
                "sslmode" => url.sslmode = Some(mode(&value)?),
                "sslrootcert" => url.sslrootcert = Some(value),
                "password" | "passfile" | "sslpassword" => return Err(password()),
                _ => return wrong(format!("`{name}` is no parameter of a ledger's URL; allowed are {PARAMETERS}")),
            }
        }
        for name in names.split(',').filter(|name| !name.is_empty()) {
            url.hosts.push(host(name, port.unwrap_or(PORT))?);
        }
        if url.hosts.is_empty() {
            return wrong("no server is named: postgres://host/database".to_owned());
        }
        if url.database.is_empty() {
            return wrong("no database is named: postgres://host/database".to_owned());
        }
        Ok(url)
    }
}

fn wrong<T>(what: String) -> Result<T, String> {
    Err(what)
}

fn password() -> String {
    String::from("a URL holds no password: it is in PGPASSWORD, or in ~/.pgpass")
}

fn decoded(text: &str) -> Result<String, String> {
    let decoded = percent_decode_str(text).decode_utf8();
    match decoded {
        Ok(text) if !text.chars().any(char::is_control) => Ok(text.into_owned()),
        _ => wrong("it has characters in it that no URL can have".to_owned()),
    }
}

/// Returns a name that needs no quotes in SQL.
fn identifier(what: &str, name: String) -> Result<String, String> {
    let is_first = |c: char| c.is_ascii_lowercase() || c == '_';
    let is_plain = name.starts_with(is_first) && name.chars().all(|c| is_first(c) || c.is_ascii_digit());
    match is_plain && name.len() < 64 {
        true => Ok(name),
        false => wrong(format!("`{what}` is at most 63 lowercase letters, digits and `_`, beginning with no digit")),
    }
}

fn mode(word: &str) -> Result<SslMode, String> {
    let modes = || wrong("`sslmode` is one of disable, prefer, require, verify-ca and verify-full".to_owned());
    SslMode::from_word(word).map_or_else(modes, Ok)
}

fn number(text: &str) -> Result<u16, String> {
    text.parse().or_else(|_| wrong("a port is a number up to 65535".to_owned()))
}

fn host(text: &str, port: u16) -> Result<DatabaseHost, String> {
    let text = decoded(text)?;
    let (name, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, rest)) => (address.to_owned(), rest.strip_prefix(':').map_or(Ok(port), number)?),
        None => match text.rsplit_once(':') {
            Some((name, port)) => (name.to_owned(), number(port)?),
            None => (text, port),
        },
    };
    if name.is_empty() {
        return wrong("no server is named: postgres://host/database".to_owned());
    }
    Ok(DatabaseHost { name, port })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::ledger_url::{Engine, LedgerUrl};

    fn read(text: &str) -> Result<DatabaseUrl, String> {
        match text.parse::<LedgerUrl>().map_err(|error| error.to_string())?.engine() {
            Engine::Postgres(url) => Ok(url.clone()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_url_names_servers_a_database_and_a_place_in_it() {
        let url = read("postgres://bat%63h@one,two:6000/films?schema=team&ledger=trailer&sslmode=verify-ca").unwrap();
        assert_eq!((url.user.as_deref(), &*url.database), (Some("batch"), "films"));
        let hosts: Vec<(&str, u16)> = url.hosts.iter().map(|host| (&*host.name, host.port)).collect();
        assert_eq!(hosts, [("one", 5432), ("two", 6000)]);
        assert_eq!((&*url.schema, &*url.ledger, url.sslmode), ("team", "trailer", Some(SslMode::VerifyCa)));
        let url = read("postgresql:///films?host=/run/postgresql&port=5433").unwrap();
        assert!(url.hosts[0].is_socket() && url.hosts[0].is_here() && url.hosts[0].port == 5433);
        assert_eq!((&*url.schema, &*url.ledger), ("batch", "batch"));
        let url = read("postgres://[::1]:5433/films").unwrap();
        assert_eq!((&*url.hosts[0].name, url.hosts[0].port), ("::1", 5433));
        assert!(url.hosts[0].is_here() && !read("postgres://db/films").unwrap().hosts[0].is_here());
    }

    #[test]
    fn what_is_wrong_is_told_with_what_is_allowed() {
        for (text, word) in [
            ("postgres://db", "no database"),
            ("postgres:///films", "no server"),
            ("postgres://me:secret@db/films", "PGPASSWORD"),
            ("postgres://db/films?password=secret", "PGPASSWORD"),
            ("postgres://db/films?schema=A", "lowercase"),
            ("postgres://db/films?schema=a;drop", "lowercase"),
            ("postgres://db/films?sslmode=no", "verify-full"),
            ("postgres://db/films?pool=3", "`pool`"),
            ("postgres://db:70000/films", "65535"),
            ("postgres://db/fi%00lms", "characters"),
        ] {
            let refused = read(text).unwrap_err();
            assert!(refused.contains(word), "{text}: {refused}");
        }
    }
}
