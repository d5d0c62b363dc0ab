"""The operator listener: health without a token, everything else with it, and what a person can do to runs."""
import json
import socket
import stat
import subprocess

from support.case import BACKEND, BUILDABLE, WorldCase, processes_below
from support.daemon import BINARY
from support.deliveries import push_delivery
from support.processes import wait_until


class OperatorApi(WorldCase):
    @classmethod
    def furnish(cls, world):
        world.template(BACKEND)
        world.template("Lumie-Edu/slow")

    def test_health_needs_no_token(self):
        for path in ("/healthz", "/readyz"):
            self.assertEqual(200, self.daemon.request("GET", path, token=None)[0])

    def test_metrics_are_prometheus_text_whose_names_begin_with_slipway(self):
        status, headers, text = self.daemon.request("GET", "/metrics", token=None)
        self.assertEqual(200, status)
        self.assertIn("text/plain", headers["content-type"])
        names = {line.split("{")[0].split(" ")[0] for line in text.decode().splitlines() if line and not line.startswith("#")}
        self.assertTrue(names)
        self.assertEqual(set(), {name for name in names if not name.startswith("slipway_")})

    def test_everything_below_api_needs_the_token_on_loopback_too(self):
        for path in ("/api/v1/runs", "/api/v1/runs/1", "/api/v1/runs/1/logs", "/api/v1/deliveries", "/api/v1/templates",
                     "/api/v1/openapi.yaml", "/api/v1/drift", "/api/v1/events", "/api/v1/nothing"):
            for token in (None, "wrong", "x" * 5000):
                with self.subTest(path=path, token=token and token[:8]):
                    self.assertEqual(401, self.daemon.request("GET", path, token=token)[0])
        self.assertEqual(401, self.daemon.request("POST", "/api/v1/runs/1/cancel", "{}", token=None)[0])

    def test_the_token_is_made_at_the_first_start_and_readable_by_its_owner_alone(self):
        file = self.daemon.state / "token"
        self.assertEqual(0o600, stat.S_IMODE(file.stat().st_mode))
        self.assertGreaterEqual(len(self.daemon.token), 32)

    def test_unknown_things_are_404_and_wrong_methods_405(self):
        for path in ("/nothing", "/api/v1/nothing", "/api/v1/runs/999999", "/api/v1/runs/999999/logs", "/api/v1/runs/abc"):
            with self.subTest(path=path):
                self.assertIn(self.daemon.request("GET", path)[0], (404, 400) if path.endswith("abc") else (404,))
        self.assertEqual(405, self.daemon.request("DELETE", "/api/v1/runs")[0])
        self.assertEqual(404, self.daemon.request("POST", "/api/v1/runs/999999/cancel", "{}")[0])
        self.assertEqual(404, self.daemon.request("POST", "/api/v1/templates/nothing/release", "{}")[0])

    def test_a_run_is_listed_shown_and_logged(self):
        commit, run = self.push_and_finish(BACKEND, BUILDABLE)
        listed = self.daemon.runs("?template=lumie-backend-build-template&state=succeeded")
        self.assertIn(run["id"], [one["id"] for one in listed])
        self.assertEqual([], self.daemon.runs("?state=failed&template=lumie-backend-build-template"))
        for field, value in {"template": "lumie-backend-build-template", "repository": BACKEND, "commit": commit, "state": "succeeded",
                             "source": "webhook"}.items():
            self.assertEqual(value, run[field])
        self.assertEqual(["checkout", "build", "handoff"], [stage["stage"] for stage in run["stages"]])
        self.assertEqual({"succeeded"}, {stage["outcome"] for stage in run["stages"]})
        log = self.daemon.log_of(run["id"])
        self.assertIn("COPY app.txt", log)
        self.assertIn(commit[:8], log)

    def test_a_description_of_the_api(self):
        status, _, text = self.daemon.request("GET", "/api/v1/openapi.yaml")
        self.assertEqual(200, status)
        for path in ("/runs", "/runs/{id}", "/runs/{id}/logs", "/runs/{id}/cancel", "/runs/{id}/retry", "/deliveries", "/drift"):
            self.assertIn(path, text.decode())

    def test_cancel_ends_the_process_tree_of_a_running_build(self):
        slow = {"Dockerfile": "FROM scratch\nCOPY bin/busybox /bin/busybox\n"
                              'RUN ["/bin/busybox", "sleep", "600"]\n', "bin/busybox": open("/bin/busybox", "rb").read()}
        _, delivery = self.world.push("Lumie-Edu/slow", slow)
        number = self.accept(delivery)[0]["id"]
        wait_until(lambda: "sleep" in self.daemon.log_of(number), 60, what="the build to be under way")
        self.daemon.api(f"/runs/{number}/cancel", "POST", {})
        self.assertEqual("cancelled", self.daemon.finished(number)["state"])
        wait_until(lambda: not processes_below(self.world.root, self.daemon.pid), what="the process tree to end")
        self.assert_nothing_is_left()
        status, _, text = self.daemon.request("POST", f"/api/v1/runs/{number}/cancel", "{}")
        self.assertEqual(409, status, text)
        self.assertTrue(json.loads(text)["error"])

    def test_a_delivery_is_kept_with_its_verdict(self):
        _, delivery = self.world.push(BACKEND, {**BUILDABLE, "kept.txt": "1\n"})
        runs = self.accept(delivery)
        kept = self.daemon.api(f"/deliveries/{delivery.id}")
        self.assertEqual(delivery.id, kept["delivery"] if "delivery" in kept else kept["id"])
        self.assertIn(str(runs[0]["id"]), json.dumps(kept))


class GoingAway(WorldCase):
    """The daemon goes when it is told to, and for nothing else."""

    autostart = False

    @classmethod
    def furnish(cls, world):
        world.template(BACKEND)

    def test_who_watches_the_events_does_not_hold_up_the_end(self):
        self.daemon.start()
        host, port = self.daemon.operator.split(":")
        with socket.create_connection((host, int(port)), timeout=30) as watcher:
            watcher.sendall(f"GET /api/v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self.daemon.token}\r\n\r\n".encode())
            received = b""
            while b": slipway" not in received:
                received += watcher.recv(4096)
            self.assertEqual(0, self.daemon.stop())
            while part := watcher.recv(4096):
                received += part
        self.assertTrue(received.endswith(b"\r\n0\r\n\r\n"), received)
        self.assertNotIn("did not end in time", self.daemon.output())

    def test_an_idle_daemon_is_small(self):
        self.daemon.start()
        self.assertLess(self.daemon.metric("slipway_resident_bytes"), 20 << 20)
        pad = b'{"pad":"' + b"x" * (30 << 20) + b'"'
        for number in range(1, 4):  # of a repository that is nobody's
            large = push_delivery("Other/repository", "1" * 40, f"{number}" * 40)
            self.assertEqual(200, self.world.send(large.with_text(pad + b"," + large.body.lstrip()[1:]).signed())[0])
        wait_until(lambda: self.daemon.metric("slipway_resident_bytes") < 40 << 20, what="the memory of large bodies to be given back")
        self.daemon.stop()

    def test_a_log_that_nobody_reads_any_more_does_not_end_it(self):
        self.daemon.write()
        process = subprocess.Popen([BINARY, "--config", self.daemon.file, "serve"], stderr=subprocess.PIPE)
        self.addCleanup(process.kill)
        self.assertIn(b"ready", process.stderr.readline())
        process.stderr.close()
        for _ in range(10):  # each would be a line in the log
            self.assertEqual(401, self.world.send(push_delivery(BACKEND, "1" * 40, "2" * 40).signed(b"wrong"))[0])
            self.assertEqual(401, self.daemon.request("GET", "/api/v1/runs", token="wrong")[0])
        self.assertIsNone(process.poll())
        process.terminate()
        self.assertEqual(0, process.wait(60))
