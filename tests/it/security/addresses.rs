//! Where the key may go, and how.

use super::hostile::Hostile;
use super::{KEY, manifest, project, run};
use crate::support::cases::each;
use crate::support::project::Project;
use crate::support::service::simulator;

/// Spellings of addresses: which are this machine, where plain http is allowed.
#[test]
fn plain_http_is_for_this_machine_only() {
    let nowhere = [
        "http://cloud.baicaiinfer.com",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "http://localhost.",
        "http://xn--localhost-x.example.com",
        "http://0.0.0.0:1",
        "http://128.0.0.1:1",
        "http://10.0.0.1:1",
        "http://169.254.169.254",
        "http://[::ffff:127.0.0.1]:1",
        "http://[::]:1",
        "http://[fe80::1]:1",
        "http://[64:ff9b::127.0.0.1]:1",
        "http://127.0.0.1@example.com",
        "http://example.com#@127.0.0.1",
        "http://example.com\\@127.0.0.1",
        "ftp://127.0.0.1",
        "file:///etc/passwd",
        "unix:/run/batch.sock",
        "127.0.0.1:1",
        "//127.0.0.1:1",
        "https://me:pw@cloud.baicaiinfer.com",
        "https://cloud.baicaiinfer.com/?key=1",
        "https://cloud.baicaiinfer.com/#a",
        "https://",
        "http:///x",
        "",
    ];
    each(&nowhere, |url| {
        let project = project();
        let option = ["run", "--base-url", url];
        let by_option = project.batch(option).env("BAICAI_API_KEY", KEY).run().exits(2);
        assert!(by_option.stderr.contains("--base-url"), "{url}: {by_option:?}");
        assert!(!project.path("jobs.lock").exists() && !project.path("jobs.lock.journal").exists(), "{url}");
        if url.is_empty() {
            return;
        }
        project.batch(["run"]).env("BAICAI_API_KEY", KEY).env("BAICAI_BASE_URL", url).run().exits(2);
        let project = Project::new()
            .with("jobs.yaml", manifest(&format!("service: {{ base_url: \"{}\" }}\n", url.replace('\\', "\\\\"))));
        for command in [&["check"][..], &["run", "--trust-base-url"]] {
            let ended = project.batch(command).env("BAICAI_API_KEY", KEY).run().exits(2);
            assert!(ended.stderr.contains("base"), "{url}: {ended:?}");
        }
    });
}

/// All the names that this machine has are this machine: no detour hides in them.
#[test]
fn every_spelling_of_loopback_is_loopback() {
    let simulator = simulator(&[]);
    let port = simulator.address().port();
    for host in ["127.0.0.1", "127.1", "0x7f000001", "0x7f.1", "2130706433", "0177.0.0.1", "localhost", "LOCALHOST"] {
        let project = project();
        let base = format!("http://{host}:{port}");
        project.batch(["run", "--base-url", &base]).env("BAICAI_API_KEY", KEY).run().exits(0);
        assert!(project.read("jobs.lock").contains("succeeded"), "{host}");
    }
}

/// A manifest may come with a pull request: an address that only stands there gets no key without a person's word.
#[test]
fn a_manifests_address_gets_the_key_by_a_persons_word_only() {
    for url in [
        "https://elsewhere.invalid",
        "https://cloud.baicaiinfer.com.elsewhere.invalid",
        "https://cloud.baicaiinfer.com.",
        "https://cloud.baicaiinfer.com:8443",
        "https://cloud.baicaiinfer.com/proxy",
        "https://10.0.0.1:1",
    ] {
        let project = Project::new().with("jobs.yaml", manifest(&format!("service: {{ base_url: \"{url}\" }}\n")));
        let ended = project.batch(["run"]).env("BAICAI_API_KEY", KEY).run().exits(2);
        assert!(ended.stderr.contains("--trust-base-url"), "{url}: {ended:?}");
        assert!(!project.path("jobs.lock.journal").exists(), "{url}");
    }
    // With it, the address is asked: it isn't there.
    let project = Project::new().with("jobs.yaml", manifest("service: { base_url: \"https://elsewhere.invalid\" }\n"));
    project.batch(["run", "--trust-base-url"]).env("BAICAI_API_KEY", KEY).run().exits(4);
    // The option and the environment are a person's word, and win over the manifest.
    let simulator = simulator(&[]);
    for by_option in [true, false] {
        let project =
            Project::new().with("jobs.yaml", manifest("service: { base_url: \"https://elsewhere.invalid\" }\n"));
        let base = simulator.base_url();
        let program = if by_option {
            project.batch(["run", "--base-url", &base])
        } else {
            project.batch(["run"]).env("BAICAI_BASE_URL", &base)
        };
        program.env("BAICAI_API_KEY", KEY).run().exits(0);
    }
}

/// A `.env` comes with a pull request as well: it may hold the key, and says nothing of where it goes.
#[test]
fn a_file_beside_the_manifest_does_not_say_where_the_key_goes() {
    let elsewhere = Hostile::saying(b"");
    let proxies = format!("BAICAI_API_KEY={KEY}\nHTTP_PROXY={0}\nHTTPS_PROXY={0}\n", elsewhere.base_url());
    let (project, simulator) = (project().with(".env", &proxies), simulator(&[]));
    project.batch(["run", "--base-url", &simulator.base_url()]).run().exits(0);
    assert!(simulator.account().requests()[0].is_authorized());

    // Whoever writes an address there means it: it is refused with how to mean it, also where the key comes from elsewhere.
    let calls = simulator.account().requests().len();
    for address in [format!("BAICAI_BASE_URL={}", elsewhere.base_url()), "export BAICAI_BASE_URL=''".to_owned()] {
        let project = self::project().with(".env", format!("{proxies}\n{address}\n"));
        let option = simulator.base_url();
        let in_environment = project.batch(["run"]).env("BAICAI_API_KEY", KEY);
        let looks = ["plan", "status", "verify"].map(|command| project.batch([command]));
        let sends = [project.batch(["run"]), in_environment, project.batch(["run", "--base-url", &option])];
        for program in sends.into_iter().chain(looks) {
            let ended = program.run().exits(2);
            assert!(ended.stderr.contains("line 5 of the .env") && ended.stderr.contains("--base-url"), "{ended:?}");
            super::tells_nothing(&project, &ended, &[KEY, &elsewhere.base_url()]);
        }
        assert_eq!((simulator.account().requests().len(), elsewhere.heads()), (calls, Vec::new()));
    }
    // A person's own word on both needs nothing of the file.
    let project = self::project().with(".env", format!("BAICAI_BASE_URL={}\n", elsewhere.base_url()));
    project.batch(["run"]).against(&simulator.base_url()).run().exits(0);
    assert_eq!(elsewhere.heads(), Vec::<String>::new());
}

/// On loopback the key travels in the clear, so no proxy gets it; the simulated service is reached past every proxy.
#[test]
fn what_is_on_this_machine_goes_through_no_proxy() {
    let proxy = Hostile::saying(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let (project, simulator) = (project(), simulator(&[]));
    let mut program = project.batch(["run"]).against(&simulator.base_url());
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        program = program.env(name, &proxy.base_url());
    }
    program.run().exits(0);
    assert_eq!(proxy.heads(), Vec::<String>::new());
}

/// No call follows a redirect, so that a service can't send the key on; and a download's redirect can't make it go anywhere.
#[test]
fn no_redirect_carries_the_key() {
    let calls = ["submit", "upload", "status", "result", "download"];
    let cases: Vec<_> = calls.iter().flat_map(|call| [301, 302, 303, 307, 308].map(|status| (*call, status))).collect();
    each(&cases, |&(call, status)| {
        let thief = Hostile::saying(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        let fault = format!("{call}:{status}(location={}/v1/videos/generations)@1", thief.base_url());
        let (project, simulator) = (project(), simulator(&[&fault]));
        project.write("dog.png", crate::support::image::png(64, 64, "a"));
        project.write("jobs.yaml", manifest("").replace("https://images.example.com/", ""));
        run(&project, &simulator, &["--progress", "none"]);
        let heads = thief.heads();
        assert_eq!(heads.len(), usize::from(call == "download"), "{fault}: {heads:?}");
        let secrets = ["authorization", "bearer", "secret", "referer", "cookie"];
        let all = heads.concat().to_lowercase();
        assert!(secrets.iter().all(|secret| !all.contains(secret)), "{fault}: {all}");
        assert!(simulator.account().charges() <= 1, "{fault}");
    });
}

/// What a download is sent to is the web: no file of this machine is read for it.
#[test]
fn a_download_reads_no_file_of_this_machine() {
    let secret = project().with("secret.mp4", "a secret");
    let path = secret.path("secret.mp4");
    for target in [format!("file://{}", path.display()), format!("file:{}", path.display())] {
        let (project, simulator) = (project(), simulator(&[&format!("download:302(location={target})@1")]));
        run(&project, &simulator, &[]).exits(0);
        assert!(!project.read("jobs.lock").contains("file:"));
        let (project, simulator) = (self::project(), self::simulator(&[&format!("result:set(urls=[\"{target}\"])@1")]));
        let ended = run(&project, &simulator, &[]).exits(0);
        super::tells_nothing(&project, &ended, &["a secret"]);
    }
}
