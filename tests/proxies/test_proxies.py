"""Runs the program behind real proxies, and holds what it says against the books of the service.

Whatever a proxy makes of a charge, no job may be charged twice without a person's word, none that is charged may be called
refused, failed or new, and what can't be known is uncertain.
"""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading
import time
import unittest

from proxies import ALL, Envoy, Haproxy, Nginx, Varnish, missing
from stand_in import Service

BATCH = os.environ["BATCH"]


class Behind(unittest.TestCase):
    """A service, a proxy before it, and a project whose jobs go through both."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="batch-proxies-"))
        # Some proxies give up their rights before they read their configuration.
        self.folder.chmod(0o755)
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.service = Service().start()
        self.addCleanup(self.service.stop)

    def proxy(self, kind, **settings):
        if kind.name in missing():
            self.skipTest(f"NOT TESTED: {kind.name} isn't on this machine")
        folder = pathlib.Path(tempfile.mkdtemp(prefix=f"{kind.name}-", dir=self.folder))
        folder.chmod(0o777)
        self.front = kind(folder, self.service.port, **settings)
        self.addCleanup(self.front.stop)

    def manifest(self, jobs, **run):
        settings = {"poll_interval": "100ms", "patience": "10s"} | run
        lines = ["version: 1", f"run: {json.dumps(settings)}", "defaults: {resolution: 360p, duration: 5}", "references:"]
        lines += ['  dog: {type: subject, urls: ["https://images.example.com/dog.png"]}', "jobs:"]
        lines += [f'  - {{id: job-{n:04}, prompt: "@dog runs number {n}"}}' for n in range(jobs)]
        self.folder.joinpath("jobs.yaml").write_text("\n".join(lines) + "\n")

    def batch(self, *arguments, bound=120):
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "BAICAI_API_KEY": "a-key"}
        done = subprocess.run([BATCH, *arguments], cwd=self.folder, env=environment, capture_output=True, text=True, timeout=bound)
        self.said = done.stderr
        return done.returncode, done.stdout

    def run_jobs(self, *arguments, wide=16, bound=120):
        began = time.monotonic()
        code, _ = self.batch("run", "jobs.yaml", "--progress", "none", "-j", str(wide), "--base-url", self.front.url(), "--move-service", *arguments, bound=bound)
        self.took = time.monotonic() - began
        return code

    def statuses(self):
        _, out = self.batch("status", "jobs.yaml", "--format", "json")
        return {job["id"]: job["status"] for job in json.loads(out)["jobs"]}

    def count(self, status):
        return sum(1 for shown in self.statuses().values() if shown == status)

    def assert_books(self):
        """Nothing is charged twice, and what is charged has come or is in doubt."""
        statuses = self.statuses()
        for prompt, times in self.service.charges.items():
            job = f"job-{int(prompt.split()[-1]):04}"
            self.assertEqual(len(times), 1, f"{job} is charged {len(times)} times\n{self.said}")
            self.assertIn(statuses[job], ["succeeded", "uncertain", "submitted", "generated"], f"{job} is charged\n{self.said}")


def behind_each(kinds):
    """Makes one test of each proxy out of one that takes a proxy."""

    def spread(test):
        def all_of_them(self):
            for kind in kinds:
                with self.subTest(proxy=kind.name):
                    self.doCleanups()
                    self.setUp()
                    test(self, kind)

        return all_of_them

    return spread


class AfterTheCharge(Behind):
    @behind_each(ALL)
    def test_an_upstream_that_dies_after_the_charge_leaves_one_job_uncertain(self, kind):
        self.proxy(kind)
        self.service.run = lambda number: "drop" if number == 9 else None
        self.manifest(20)
        self.assertEqual(self.run_jobs(), 3, self.said)
        self.assertEqual((self.count("uncertain"), self.count("succeeded")), (1, 19), self.said)
        self.assertEqual(self.run_jobs(), 3, self.said)
        self.assertEqual(self.service.charged(), 20)
        self.assert_books()

    @behind_each(ALL)
    def test_an_answer_that_comes_too_late_leaves_its_job_uncertain(self, kind):
        self.proxy(kind, timeout=1)
        self.service.run = lambda number: 2 if number in (6, 15) else None
        self.manifest(20)
        self.assertEqual(self.run_jobs(), 3, self.said)
        self.assertEqual((self.count("uncertain"), self.count("succeeded")), (2, 18), self.said)
        self.assertEqual(self.run_jobs(), 3, self.said)
        self.assertEqual(self.service.charged(), 20)
        self.assert_books()

    @behind_each([Envoy, Varnish])
    def test_answers_that_are_all_late_end_submits_after_three(self, kind):
        self.proxy(kind, timeout=1)
        self.service.run = lambda number: 2
        self.manifest(10)
        self.assertEqual(self.run_jobs(), 4, self.said)
        self.assertLessEqual(self.service.charged(), 3)
        self.service.run = lambda number: None
        charged = self.service.charged()
        self.assertEqual(self.run_jobs(), 3, self.said)
        self.assertEqual(self.service.charged(), 10)
        self.assertEqual(self.count("uncertain"), charged)
        self.assert_books()

    def test_the_json_of_a_gateway_is_not_the_word_of_the_service(self):
        reply = '{code: "%RESPONSE_CODE%", message: "%LOCAL_REPLY_BODY%"}'
        typed = 'local_reply_config: {body_format: {json_format: ' + reply + "}}"
        self.proxy(Envoy, timeout=1, extra=typed)
        self.service.run = lambda number: 2 if number in (5, 9) else None
        self.manifest(10)
        self.assertEqual(self.run_jobs(), 3, self.said)
        self.assertEqual((self.count("uncertain"), self.count("succeeded")), (2, 8), self.said)
        self.assertEqual(self.run_jobs("--retry-failed"), 3, self.said)
        self.assert_books()

    def test_a_redirect_to_a_maintenance_page_is_no_refusal(self):
        locations = "error_page 502 504 =302 https://status.example.com/;"
        self.proxy(Nginx, timeout=1, extra=locations)
        self.service.run = lambda number: 2 if number in (6, 15) else None
        self.manifest(20)
        self.assertEqual(self.run_jobs(), 3, self.said)
        self.assertEqual((self.count("uncertain"), self.count("succeeded")), (2, 18), self.said)
        self.assert_books()

    def test_a_maintenance_page_with_503_is_no_refusal(self):
        locations = "error_page 502 504 =503 @maintenance; location @maintenance { return 503; }"
        self.proxy(Nginx, timeout=1, extra=locations)
        self.service.run = lambda number: 2 if number in (6, 15) else None
        self.manifest(20)
        self.assertEqual(self.run_jobs(), 3, self.said)
        self.assert_books()

    def test_a_filter_on_answers_is_not_the_account(self):
        # Not the very first answer: before one was accepted, a 403 is taken for a door that is closed.
        self.proxy(Haproxy, extra="http-response deny deny_status 403 if { res.hdr(X-Number) -m end 7 }")
        self.manifest(60)
        for _ in range(4):
            self.assertIn(self.run_jobs(), [0, 3, 4], self.said)
            self.assert_books()
        self.assertEqual(self.service.charged(), 60)


class Outages(Behind):
    @behind_each(ALL)
    def test_a_service_that_is_down_makes_three_jobs_uncertain_at_most(self, kind):
        self.proxy(kind)
        self.service.stop()
        self.manifest(400, patience="3s")
        self.assertEqual(self.run_jobs(wide=200), 4, self.said)
        self.assertEqual(self.service.charged(), 0)
        self.assertLessEqual(self.count("uncertain"), 3, self.said)
        self.assertEqual(self.count("refused") + self.count("failed"), 0, self.said)
        self.service.start()

    @behind_each(ALL)
    def test_a_service_that_restarts_in_mid_run_is_paid_once(self, kind):
        self.proxy(kind)
        self.manifest(150)
        threading.Timer(0.7, self.service.stop).start()
        threading.Timer(2.7, self.service.start).start()
        # Where three of those in flight got no answer, it submits no more, and another run goes on.
        self.assertIn(self.run_jobs(), [0, 3, 4], self.said)
        self.assertLessEqual(self.count("uncertain"), 16, self.said)
        time.sleep(2)
        self.assertIn(self.run_jobs(), [0, 3], self.said)
        self.assertEqual(self.count("uncertain") + self.count("succeeded"), 150, self.said)
        self.assert_books()

    def test_a_proxys_own_404_on_polls_is_waited_for(self):
        self.proxy(Nginx)
        self.service.generation = 3
        self.manifest(20)
        for delay, locations in [(1.5, "location /v1/comfyui { return 404; }"), (6.5, "")]:
            threading.Timer(delay, self.front.reload, (locations,)).start()
        self.assertEqual(self.run_jobs(), 0, self.said)
        self.assertEqual(self.count("succeeded"), 20)
        self.assert_books()

    def test_reloads_of_the_proxy_cost_nothing(self):
        self.proxy(Nginx)
        self.manifest(200)
        stop = threading.Event()

        def reload():
            while not stop.wait(0.25):
                self.front.reload()

        reloads = threading.Thread(target=reload)
        reloads.start()
        try:
            code = self.run_jobs()
        finally:
            stop.set()
            reloads.join()
        self.assertEqual(code, 0, self.said)
        self.assert_books()


class BeforeTheService(Behind):
    def test_what_turns_all_away_stops_the_run_and_refuses_nothing(self):
        for status, locations in [
            (301, "return 301 https://example.com$request_uri;"),
            (302, "return 302 https://login.example.com/;"),
            (404, "location /v1/videos { return 404; }"),
            (413, "client_max_body_size 10;"),
            (400, "location /v1/videos { return 400; }"),
            (421, "location /v1/videos { return 421; }"),
        ]:
            with self.subTest(status=status):
                self.doCleanups()
                self.setUp()
                self.proxy(Nginx, extra=locations)
                self.manifest(20)
                self.assertEqual(self.run_jobs(), 4, self.said)
                self.assertIn(str(status), self.said)
                self.assertIn("nginx", self.said)
                self.assertEqual(self.count("new"), 20, self.said)
                self.front.stop()
                self.proxy(Nginx)
                self.assertEqual(self.run_jobs(), 0, self.said)
                self.assertEqual(self.service.charged(), 20)
                self.assert_books()

    def limited(self, rate, jobs, burst=""):
        zone = f"limit_req_zone $server_name zone=all:1m rate={rate}r/s;"
        location = f"limit_req_status 429; location /v1/videos {{ limit_req zone=all {burst}; proxy_pass http://service; }}"
        self.proxy(Nginx, http=zone, locations=location)
        self.manifest(jobs, patience="60s")
        self.assertEqual(self.run_jobs(), 0, self.said)
        self.assertEqual(self.count("succeeded"), jobs, self.said)
        self.assertLessEqual(self.took, 2 * jobs / rate, f"at most twice the ideal time\n{self.said}")
        self.assert_books()

    def test_one_request_a_second(self):
        self.limited(1, 20)

    def test_five_requests_a_second(self):
        self.limited(5, 40, "burst=2 nodelay")

    def test_twenty_requests_a_second(self):
        self.limited(20, 100, "burst=5 nodelay")

    def test_a_limit_said_with_503_is_a_limit_where_the_manifest_says_so(self):
        zone = "limit_req_zone $server_name zone=all:1m rate=5r/s;"
        location = "location /v1/videos { limit_req zone=all; proxy_pass http://service; }"
        self.proxy(Nginx, http=zone, locations=location)
        self.manifest(20)
        manifest = self.folder.joinpath("jobs.yaml")
        manifest.write_text(manifest.read_text() + "service: {turned_away: [429, 503]}\n")
        self.assertEqual(self.run_jobs(), 0, self.said)
        self.assert_books()


if __name__ == "__main__":
    absent = missing()
    if absent:
        print(f"NOT TESTED: {', '.join(absent)}")
    unittest.main(verbosity=2)
