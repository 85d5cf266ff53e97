//! A real PostgreSQL of the test's own: its data in a temporary folder, on a port of loopback.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A server; killed on drop.
pub(crate) struct Server {
    folder: PathBuf,
    pub(crate) port: u16,
    process: Option<Child>,
    owner: Option<(u32, u32)>,
    _temp: Option<tempfile::TempDir>,
}

impl Server {
    /// Starts one with an empty database; none where PostgreSQL isn't installed, which is said aloud.
    #[expect(clippy::print_stdout)]
    pub(crate) fn start(settings: &[&str]) -> Option<Server> {
        let (Some(_), Some(owner)) = (programs(), owner()) else {
            println!("NOT TESTED: PostgreSQL isn't installed here, or nobody but root can run it");
            return None;
        };
        let temp = tempfile::tempdir().unwrap();
        fs::set_permissions(temp.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let folder = temp.path().join("data");
        let mut server = Server { folder, port: free_port(), process: None, owner, _temp: Some(temp) };
        server.make_folder();
        let arguments = ["--auth=trust", "--username=batch", "--encoding=UTF8", "--locale=C", "--no-sync", "-D"];
        server.does("initdb", arguments, true);
        server.configure(settings);
        server.begin();
        Some(server)
    }

    /// Starts a standby of this server; what a crash of this one loses is what hadn't come there.
    pub(crate) fn standby(&self, name: &str) -> Server {
        let temp = tempfile::tempdir().unwrap();
        fs::set_permissions(temp.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let folder = temp.path().join("data");
        let mut standby = Server { folder, port: free_port(), process: None, owner: self.owner, _temp: Some(temp) };
        standby.make_folder();
        let source = format!("host=127.0.0.1 port={} user=batch application_name={name}", self.port);
        standby.does("pg_basebackup", ["-R", "--checkpoint=fast", "--no-sync", "-d", &source, "-D"], true);
        standby.begin();
        standby
    }

    /// Its ledger's URL.
    pub(crate) fn url(&self) -> String {
        format!("postgres://batch@127.0.0.1:{}/postgres?schema=fleet&ledger=trailer", self.port)
    }

    /// Adds lines to its settings.
    pub(crate) fn configure(&self, settings: &[&str]) {
        let path = self.folder.join("postgresql.conf");
        let text = fs::read_to_string(&path).unwrap() + "\n" + &settings.join("\n") + "\n";
        fs::write(&path, text).unwrap();
    }

    /// Starts its process, and waits until it answers.
    pub(crate) fn begin(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let mut command = self.command("postgres");
            command.arg("-D").arg(&self.folder).args(["-p", &self.port.to_string()]);
            command.args(["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]);
            let log = fs::File::options().create(true).append(true).open(self.folder.with_extension("log")).unwrap();
            command.stderr(log).stdout(Stdio::null());
            let mut process = command.spawn().unwrap();
            while process.try_wait().unwrap().is_none() {
                if TcpStream::connect(("127.0.0.1", self.port)).is_ok() && self.answers() {
                    self.process = Some(process);
                    return;
                }
                assert!(Instant::now() < deadline, "the server doesn't start:\n{}", self.log());
                std::thread::sleep(Duration::from_millis(30));
            }
            // What it left when it was killed may still be in use.
            assert!(Instant::now() < deadline, "the server doesn't start:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Kills it, with all its processes: they end when the first one is gone.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// Makes a standby take over.
    pub(crate) fn promote(&self) {
        self.does("pg_ctl", ["promote", "-w", "-D"], true);
    }

    /// Runs a statement; returns what it prints.
    pub(crate) fn sql(&self, statement: &str) -> String {
        let mut command = self.psql(statement);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{statement}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Puts a rule before all others that say who may log in how.
    pub(crate) fn authenticate(&self, rule: &str) {
        let path = self.folder.join("pg_hba.conf");
        let text = format!("{rule}\n{}", fs::read_to_string(&path).unwrap());
        fs::write(&path, text).unwrap();
        self.sql("select pg_reload_conf()");
    }

    /// Lets in only who encrypts, by the certificate of `tests/tls`, which is for `localhost`.
    pub(crate) fn encrypt(&self) {
        for (name, there) in [("server.key", "server.key"), ("server.pem", "server.crt")] {
            let (from, to) = (certificate(name), self.folder.join(there));
            fs::copy(from, &to).unwrap();
            if let Some((user, group)) = self.owner {
                chown(&to, Some(user), Some(group)).unwrap();
            }
            fs::set_permissions(&to, fs::Permissions::from_mode(0o600)).unwrap();
        }
        self.configure(&["ssl = on"]);
        self.sql("select pg_reload_conf()");
        self.authenticate("hostssl all batch all trust\nhostnossl all batch all reject");
        std::thread::sleep(Duration::from_millis(300));
    }

    /// Returns how often a second its own client runs a script of statements, on so many connections.
    pub(crate) fn rate_of(&self, statements: &str, connections: u32) -> f64 {
        let script = self.folder.with_extension("sql");
        fs::write(&script, format!("{statements}\n")).unwrap();
        let (port, clients) = (self.port.to_string(), connections.to_string());
        let mut command = self.command("pgbench");
        command.args([
            "-n",
            "-M",
            "prepared",
            "-T",
            "2",
            "-c",
            &clients,
            "-h",
            "127.0.0.1",
            "-p",
            &port,
            "-U",
            "batch",
        ]);
        let output = command.arg("-f").arg(&script).arg("postgres").output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let rate = text.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
        rate.unwrap_or_else(|| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)))
    }

    fn answers(&self) -> bool {
        self.psql("select 1").output().unwrap().status.success()
    }

    fn psql(&self, statement: &str) -> Command {
        let mut command = self.command("psql");
        let port = self.port.to_string();
        command.args(["-h", "127.0.0.1", "-p", &port, "-U", "batch", "-d", "postgres", "-Atqc", statement]);
        command
    }

    fn make_folder(&self) {
        fs::create_dir(&self.folder).unwrap();
        fs::set_permissions(&self.folder, fs::Permissions::from_mode(0o700)).unwrap();
        let (temp, folder) = (self.folder.parent().unwrap(), &self.folder);
        if let Some((user, group)) = self.owner {
            [temp, folder].into_iter().for_each(|path| chown(path, Some(user), Some(group)).unwrap());
        }
    }

    fn does<const N: usize>(&self, program: &str, arguments: [&str; N], with_folder: bool) {
        let mut command = self.command(program);
        command.args(arguments).stdout(Stdio::null());
        if with_folder {
            command.arg(&self.folder);
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// A program of PostgreSQL, as the user who has the data.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(programs().unwrap().join(program));
        command.current_dir("/").env_clear().env("LC_ALL", "C");
        if let Some((user, group)) = self.owner {
            command.uid(user).gid(group);
        }
        command
    }

    /// What it wrote down of its own doing.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.with_extension("log")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The folder of its programs, which Debian puts on no path.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok().into_iter().flatten();
    let folders = versions.filter_map(|version| Some(version.ok()?.path().join("bin")));
    let path = std::env::var_os("PATH").unwrap_or_default();
    folders.chain(std::env::split_paths(&path)).find(|folder| folder.join("initdb").is_file())
}

/// Whom the server runs as: it refuses to be root's. Outer none where nobody else can be found.
fn owner() -> Option<Option<(u32, u32)>> {
    let id = |arguments: &[&str]| -> Option<u32> {
        let output = Command::new("id").args(arguments).output().ok()?;
        String::from_utf8(output.stdout).ok()?.trim().parse().ok()
    };
    match id(&["-u"])? {
        0 => Some(Some((id(&["-u", "postgres"])?, id(&["-g", "postgres"])?))),
        _ => Some(None),
    }
}

/// A file of `tests/tls`.
pub(crate) fn certificate(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/tls").join(name)
}

/// A port of loopback that nothing listens on.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}
