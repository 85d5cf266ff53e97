//! A shared ledger in a real PostgreSQL: charges are counted at the simulated service.

// The figures are the evidence; `--nocapture` shows them.
#![expect(clippy::print_stdout)]

use super::gate::{DOCUMENT, Fault, Gate};
use super::server::{Server, certificate};
use super::team::{Team, until_stopped};
use crate::support::program::Started;
use crate::support::service::options;
use batch::ledger::shared::{Access, Charter, Store, StoreError, store_at};
use batch::simulate::{Latency, Options};
use std::sync::Arc;
use std::time::Duration;

pub(super) fn store(url: &str) -> Arc<dyn Store> {
    store_at(&url.parse().unwrap(), Access { variable: |_| None, is_own_word: true }).unwrap()
}

pub(super) fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

fn slow(milliseconds: u64) -> Options {
    Options { latency: Latency::fixed(Duration::from_millis(milliseconds)), ..options(&[]) }
}

/// A ledger that is there.
async fn founded(server: &Server) -> Arc<dyn Store> {
    let store = store(&server.url());
    store.create("ledger.json", b"{}".to_vec()).await.unwrap().unwrap();
    store
}

#[test]
fn a_key_is_created_once_and_swapped_by_revision() {
    let Some(server) = Server::start(&[]) else { return };
    run(async {
        let store = store(&server.url());
        let key = format!("p/{}/j=31", "a".repeat(64));
        assert_eq!((store.get("x").await, store.list("p/").await), (Ok(None), Ok(Vec::new())), "there are no tables");
        assert!(matches!(store.create(&key, b"1".to_vec()).await, Err(StoreError::Away(_))), "there is no ledger");
        store.create("ledger.json", b"{}".to_vec()).await.unwrap().unwrap();
        for key in ["r/one", &key] {
            let first = store.create(key, b"{\"a\": \"x\\u0000\\\\u0000\"}".to_vec()).await.unwrap().unwrap();
            assert_eq!(store.create(key, b"2".to_vec()).await, Ok(None));
            let found = store.get(key).await.unwrap().unwrap();
            assert_eq!(found.revision, first);
            let text: serde_json::Value = serde_json::from_slice(&found.text).unwrap();
            assert_eq!(text["a"], "x\u{fffd}\\u0000");
            let second = store.swap(key, &first, b"3".to_vec()).await.unwrap().unwrap();
            assert_eq!(store.swap(key, &first, b"4".to_vec()).await, Ok(None));
            let prefix = &key[..2];
            let listed = store.list(prefix).await.unwrap();
            assert_eq!((listed.len(), &*listed[0].key, &listed[0].revision), (1, key, &second));
            assert_eq!(listed[0].text.as_deref(), Some(&b"3"[..]));
        }
    });
    assert_eq!(server.sql("select ledger, rev from fleet.purchase"), "trailer|2");
}

#[test]
fn of_many_at_once_one_comes_first() {
    let Some(server) = Server::start(&[]) else { return };
    run(async {
        founded(&server).await;
        let stores: Vec<_> = (0..8).map(|_| store(&server.url())).collect();
        for round in 0..50 {
            let key = format!("p/{}/{round}", "b".repeat(64));
            let race = stores.iter().map(|store| store.create(&key, b"1".to_vec()));
            let won = futures::future::join_all(race).await;
            assert_eq!(won.iter().filter(|won| won.as_ref().unwrap().is_some()).count(), 1, "round {round}");
        }
    });
}

#[test]
fn many_that_found_a_ledger_at_once_find_one() {
    let Some(server) = Server::start(&[]) else { return };
    run(async {
        let stores: Vec<_> =
            (0..8).map(|n| (format!("019cd07b-b540-71ce-848d-159e26af37b{n}"), store(&server.url()))).collect();
        let race = stores.iter().map(|(id, store)| Charter::found(&**store, id, "service"));
        let found = futures::future::join_all(race).await;
        assert!(found[0].is_ok() && found.iter().all(|charter| charter == &found[0]), "{found:?}");
    });
}

#[test]
fn four_runs_at_once_pay_for_fifty_jobs_once() {
    let Some(server) = Server::start(&[]) else { return };
    let team = Team::at(&server.url(), "20s", 50, 4, slow(100));
    let runs: Vec<Started> = (0..4).map(|clone| team.batch(clone, ["run"]).start()).collect();
    for run in runs {
        run.end().exits(0);
    }
    println!("PostgreSQL: 4 runs at once on 50 jobs: {} charges", team.charges());
    assert_eq!(team.charges(), 50);
    for clone in 0..4 {
        team.run(clone).exits(0);
        assert_eq!(team.clones[clone].files("out").len(), 50);
    }
    let checked = team.batch(2, ["ledger", "check"]).run().exits(0);
    assert!(checked.stdout.contains("50 succeeded"), "{checked:?}");
    assert_eq!(team.charges(), 50);
}

#[test]
fn a_server_that_is_killed_under_load_costs_nothing_twice() {
    let Some(mut server) = Server::start(&[]) else { return };
    let team = Team::at(&server.url(), "40s", 30, 3, slow(50));
    team.batch(0, ["ledger", "init"]).run().exits(0);
    let runs: Vec<Started> = (0..3).map(|clone| team.batch(clone, ["run"]).start()).collect();
    for _ in 0..3 {
        std::thread::sleep(Duration::from_millis(400));
        server.kill();
        std::thread::sleep(Duration::from_millis(200));
        server.begin();
    }
    for run in runs {
        let ended = run.end();
        assert!([0, 3].contains(&ended.code()), "{ended:?}");
    }
    team.paid_once("a server killed");
    let status = team.batch(0, ["status", "--format", "json"]).run().exits(0).json();
    println!(
        "PostgreSQL: killed with -9 and started again 3 times under 3 runs on 30 jobs: {} charges, {} uncertain",
        team.charges(),
        status["summary"]["uncertain"].as_u64().unwrap_or(0)
    );
    assert_eq!(team.charges(), 30, "{status}");
}

#[test]
fn a_ledger_that_is_emptied_under_a_run_ends_its_submits() {
    let Some(server) = Server::start(&[]) else { return };
    let team = Team::at(&server.url(), "2s", 4, 2, options(&[]));
    let run = team.run_with(0, "stop share.intend 3");
    until_stopped(&run);
    let before = team.charges();
    server.sql("truncate fleet.purchase, fleet.kv");
    run.signal("CONT");
    let ended = run.end().exits(5);
    for word in ["was emptied while this run was on", "batch ledger import", "--move-ledger"] {
        assert!(ended.stderr.contains(word), "{word}: {ended:?}");
    }
    println!("PostgreSQL: emptied under a run: exit 5, {} charges", team.charges());
    assert_eq!(team.charges(), before);
    team.batch(0, ["run", "--move-ledger"]).run().exits(0);
    team.run(1).exits(0);
    assert_eq!((team.charges(), team.clones[1].files("out").len()), (4, 4));
}

#[test]
fn a_standby_that_takes_over_ends_all_submits_until_a_person_consents() {
    let Some(mut first) = Server::start(&[]) else { return };
    let second = first.standby("b");
    let url = format!("postgres://batch@127.0.0.1:{},127.0.0.1:{}/postgres?schema=fleet", first.port, second.port);
    let team = Team::at(&url, "2s", 4, 3, options(&[]));
    team.batch(0, ["run", "--limit", "1"]).run().exits(0);
    let position = first.sql("select pg_current_wal_lsn()");
    let has_come = format!("select pg_last_wal_replay_lsn() >= '{position}'");
    while second.sql(&has_come) != "t" {
        std::thread::sleep(Duration::from_millis(20));
    }
    // The standby is cut off: what is bought now never comes there.
    second.sql("alter system set primary_conninfo = ''");
    second.sql("select pg_reload_conf()");
    std::thread::sleep(Duration::from_millis(500));
    team.batch(0, ["run", "--limit", "2"]).run().exits(0);
    assert_eq!(team.charges(), 3);
    first.kill();
    second.promote();
    // One knows of something that is missing there, the other of nothing.
    let witness = team.run(0).exits(5);
    assert!(witness.stderr.contains("went back"), "{witness:?}");
    let other = team.run(1).exits(5);
    for word in ["a standby took over", "batch ledger import", "--move-ledger"] {
        assert!(other.stderr.contains(word), "{word}: {other:?}");
    }
    assert_eq!(team.charges(), 3);
    println!("PostgreSQL: a standby took over that lacks 2 of 3 purchases: exit 5, {} charges", team.charges());
    let lock = team.clones[0].path("jobs.lock");
    team.batch(2, ["ledger", "import", lock.to_str().unwrap()]).run().exits(0);
    team.run(1).exits(0);
    team.run(0).exits(0);
    assert_eq!((team.charges(), team.clones[1].files("out").len()), (4, 4));
}

#[test]
fn a_synchronous_standby_that_is_gone_is_waited_for_and_nothing_is_sent() {
    let Some(first) = Server::start(&[]) else { return };
    let mut second = first.standby("b");
    let team = Team::at(&first.url(), "1s", 2, 2, options(&[])).fenced("3000 9000 100");
    team.batch(0, ["ledger", "init"]).run().exits(0);
    first.sql("alter system set synchronous_standby_names = 'b'");
    first.sql("select pg_reload_conf()");
    team.batch(0, ["run", "--limit", "1"]).run().exits(0);
    assert_eq!(team.charges(), 1);
    second.kill();
    let waits = team.batch(0, ["run"]).start();
    // Whoever ends the wait by force is told by the server that all is done; it isn't.
    let waiting = "select query like '%.purchase%' as is_intent, pg_cancel_backend(pid) as is_told
        from pg_stat_activity where wait_event = 'SyncRep'";
    let cancel = format!(
        "set synchronous_commit = local; select count(*) filter (where is_told and is_intent) from ({waiting}) as w"
    );
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    while first.sql(&cancel).ends_with('0') {
        assert!(std::time::Instant::now() < deadline, "nothing ever waits for the standby");
        std::thread::sleep(Duration::from_millis(20));
    }
    let ended = waits.end().exits(5);
    println!("PostgreSQL: a synchronous standby is gone: exit 5, {} charges", team.charges());
    assert_eq!(team.charges(), 1, "{ended:?}");
    second.begin();
    // The intent came to the standby after all, and its run is gone: that it was never sent is its secret.
    team.run(1).exits(3);
    team.batch(1, ["resolve", "jobs.yaml", "j2", "--resubmit"]).run().exits(0);
    team.run(1).exits(0);
    team.run(0).exits(0);
    assert_eq!(team.charges(), 2);
}

#[test]
fn each_lost_reply_is_read_back() {
    let Some(server) = Server::start(&[]) else { return };
    let gate = Gate::before(server.port, Fault::LosesReplies(DOCUMENT, 2));
    let url = server.url().replace(&server.port.to_string(), &gate.port.to_string());
    let team = Team::at(&url, "20s", 5, 1, options(&[]));
    team.batch(0, ["run", "-j", "1"]).run().exits(0);
    println!(
        "PostgreSQL: the reply to each second write on 5 jobs is lost ({} of them): {} charges",
        gate.met(),
        team.charges()
    );
    assert!(gate.met() >= 5, "{}", gate.met());
    assert_eq!((team.charges(), team.clones[0].files("out").len()), (5, 5));
    team.batch(0, ["verify"]).run().exits(0);
}

#[test]
fn who_may_only_read_sees_all_and_buys_nothing() {
    let Some(server) = Server::start(&[]) else { return };
    let team = Team::at(&server.url(), "1s", 2, 2, options(&[]));
    team.batch(0, ["run", "--limit", "1"]).run().exits(0);
    server.sql("create role reader login; grant usage on schema fleet to reader; grant select on all tables in schema fleet to reader");
    let url = server.url().replace("batch@", "reader@");
    let status = team.batch(1, ["status", "--ledger", &url]).run().exits(0);
    assert!(status.stdout.contains("succeeded"), "{status:?}");
    let refused = team.batch(1, ["run", "--ledger", &url]).run().exits(5);
    assert!(refused.stderr.contains("permission denied"), "{refused:?}");
    assert_eq!(team.charges(), 1);
}

#[test]
fn a_server_that_may_forget_is_refused() {
    let Some(server) = Server::start(&["fsync = off"]) else { return };
    let team = Team::at(&server.url(), "1s", 1, 1, options(&[]));
    let refused = team.batch(0, ["ledger", "init"]).run().exits(5);
    assert!(refused.stderr.contains("fsync off"), "{refused:?}");
}

#[test]
fn a_database_that_forgives_at_commit_is_told_not_to() {
    let Some(server) = Server::start(&["synchronous_commit = off", "statement_timeout = 300"]) else { return };
    let team = Team::at(&server.url(), "5s", 1, 1, options(&[]));
    server.sql("create function public.told() returns trigger language plpgsql as $$ begin
        perform set_config('batch.told', current_setting('synchronous_commit') || current_setting('statement_timeout'), false);
        raise log 'told %', current_setting('batch.told'); return new; end $$");
    team.batch(0, ["ledger", "init"]).run().exits(0);
    server.sql("create trigger told before insert on fleet.purchase for each row execute function public.told()");
    team.run(0).exits(0);
    assert!(server.log().contains("told on0"), "{}", server.log());
}

#[test]
fn no_password_is_told_or_sent_where_nobody_wants_it() {
    let Some(server) = Server::start(&[]) else { return };
    server.sql("create role guarded login superuser password 'hunter2hunter2'");
    server.authenticate("host all guarded 127.0.0.1/32 scram-sha-256");
    let url = server.url().replace("batch@", "guarded@");
    let team = Team::at(&url, "1s", 1, 1, options(&[]));
    team.batch(0, ["run"]).env("PGPASSWORD", "hunter2hunter2").run().exits(0);
    for (password, word) in [("wrong-wrong", "password authentication failed"), ("", "password")] {
        let refused = team.batch(0, ["run", "-vv"]).env("PGPASSWORD", password).run().exits(5);
        assert!(refused.stderr.contains(word) && !refused.stderr.contains("wrong-wrong"), "{refused:?}");
    }
    let with_password = url.replace("guarded@", "guarded:hunter2hunter2@");
    let refused = team.batch(0, ["status", "--ledger", &with_password]).run().exits(2);
    assert!(refused.stderr.contains("PGPASSWORD") && !refused.stderr.contains("hunter2"), "{refused:?}");
    // A file of passwords knows for which server each is.
    let pass = team.clones[0].path("pass");
    let line = format!("127.0.0.1:{}:postgres:guarded:hunter2hunter2\n", server.port);
    std::fs::write(&pass, line).unwrap();
    std::fs::set_permissions(&pass, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    team.batch(0, ["status"]).env("PGPASSFILE", pass.to_str().unwrap()).run().exits(0);
}

#[test]
fn encryption_is_what_libpq_means_by_it() {
    let Some(server) = Server::start(&[]) else { return };
    let team = Team::at(&server.url(), "1s", 1, 1, options(&[]));
    team.batch(0, ["ledger", "init"]).run().exits(0);
    server.encrypt();
    let root = certificate("ca.pem").display().to_string();
    // The certificate is for `localhost`, and nobody knows who signed it.
    for (host, parameters, code, word) in [
        ("localhost", "sslmode=disable", 5, "encrypt"),
        ("localhost", "sslmode=prefer", 0, ""),
        ("localhost", "", 0, ""),
        ("localhost", "sslmode=require", 0, ""),
        ("localhost", "sslmode=verify-full", 5, "sslrootcert"),
        ("localhost", "sslmode=verify-ca&sslrootcert=system", 5, "sslrootcert"),
        ("localhost", &format!("sslmode=verify-full&sslrootcert={root}"), 0, ""),
        ("127.0.0.1", &format!("sslmode=verify-full&sslrootcert={root}"), 5, "sslrootcert"),
        ("127.0.0.1", &format!("sslmode=verify-ca&sslrootcert={root}"), 0, ""),
        ("127.0.0.1", &format!("sslmode=require&sslrootcert={root}"), 0, ""),
    ] {
        let url = server.url().replace("127.0.0.1", host) + "&" + parameters;
        let ended = team.batch(0, ["status", "--ledger", &url]).run();
        assert!(ended.code() == code && ended.stderr.contains(word), "{url}: {ended:?}");
    }
}
