"""The daemon and the command line under test, started with a configuration that is plain data."""
import http.client
import json
import os
import pathlib
import signal
import subprocess

from .deliveries import SOURCE
from .processes import Child, wait_until

BINARY = pathlib.Path(os.environ.get("SLIPWAY_BINARY", SOURCE / "build" / "slipway"))
FINISHED = {"succeeded", "failed", "cancelled", "superseded"}


class Daemon:
    """`slipway serve` with a configuration; JSON is YAML too, so the data is written as it is."""

    def __init__(self, root, configuration, environment=None):
        self.root = pathlib.Path(root)
        self.root.mkdir(parents=True, exist_ok=True)
        self.file = self.root / "slipway.yaml"
        self.configuration = configuration
        self.environment = {**os.environ, **(environment or {})}
        self.child = None
        self.starts = 0

    @property
    def hook(self):
        return f"http://{self.configuration['webhook']['listen']}/hooks"

    @property
    def operator(self):
        return self.configuration["operator"]["listen"]

    @property
    def state(self):
        return pathlib.Path(self.configuration["state"])

    @property
    def token(self):
        return (self.state / "token").read_text().strip()

    @property
    def pid(self):
        return self.child.pid

    def write(self):
        self.file.write_text(json.dumps(self.configuration, indent=1, ensure_ascii=False))
        return self.file

    def launch(self):
        """Starts it without waiting."""
        self.write()
        self.starts += 1
        self.child = Child([BINARY, "--config", self.file, "serve"], self.root / f"serve-{self.starts}.log", self.environment)
        return self

    def start(self, limit=60):
        """Starts it and waits until it is ready."""
        self.launch()
        wait_until(self._is_ready, limit, 0.01, "the daemon to be ready")
        return self

    def _is_ready(self):
        if not self.child.running:
            raise AssertionError(f"slipway serve ended with {self.child.process.returncode}:\n{self.child.output()}")
        try:
            return self.request("GET", "/readyz", token=None)[0] == 200
        except OSError:
            return False

    def check_alive(self):
        if not self.child.running:
            raise AssertionError(f"slipway serve ended by itself with {self.child.process.returncode}:\n{self.output()[-4000:]}")

    def stop(self, limit=60):
        """SIGTERM; returns the exit code."""
        return self.child.terminate(limit) if self.child else None

    def kill(self):
        """SIGKILL to the daemon alone, as the kernel or power would do it: what it started is left to the next start."""
        os.kill(self.child.pid, signal.SIGKILL)
        self.child.process.wait()

    def output(self):
        """What it wrote to standard error in this start."""
        return self.child.output()

    def all_output(self):
        return "".join((self.root / f"serve-{number}.log").read_text(errors="replace") for number in range(1, self.starts + 1))

    def request(self, method, path, body=None, token="", headers=None):
        """(status, headers, bytes) of the operator listener; `token=None` sends none, "" the right one."""
        host, port = self.operator.rsplit(":", 1)
        connection = http.client.HTTPConnection(host, int(port), timeout=30)
        try:
            given = dict(headers or {})
            if token is not None:
                given["Authorization"] = f"Bearer {token or self.token}"
            connection.request(method, path, body, given)
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def api(self, path, method="GET", body=None):
        status, _, text = self.request(method, f"/api/v1{path}", json.dumps(body) if body is not None else None)
        if status >= 300:
            raise AssertionError(f"{method} {path}: {status} {text[:500]!r}")
        return json.loads(text) if text else None

    def runs(self, query="?limit=1000"):
        return self.api(f"/runs{query}")["runs"]

    def run(self, number):
        return self.api(f"/runs/{number}")

    def log_of(self, number):
        return self.request("GET", f"/api/v1/runs/{number}/logs")[2].decode(errors="replace")

    def finished(self, number, limit=120):
        """The run once it has come to its end."""
        def ended():
            self.check_alive()
            run = self.run(number)
            return run if run["state"] in FINISHED else None

        try:
            return wait_until(ended, limit, 0.05, f"run {number} to end")
        except AssertionError as error:
            self.check_alive()
            raise AssertionError(f"{error}\n{self.run(number)}\n{self.log_of(number)}\n{self.output()[-4000:]}") from None

    def metric(self, name):
        """The sum of a metric over its labels."""
        text = self.request("GET", "/metrics", token=None)[2].decode()
        lines = [line for line in text.splitlines() if line.split("{")[0].split(" ")[0] == name]
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines)

    def command(self, *arguments, input=None, json_output=False, timeout=60, environment=None):
        """Runs `slipway` with this configuration: the completed process, its output as text."""
        words = [str(BINARY), "--config", str(self.file)] + (["--json"] if json_output else []) + [str(word) for word in arguments]
        return subprocess.run(words, input=input, capture_output=True, text=True, timeout=timeout,
                              env={**self.environment, **(environment or {})})


def slipway(*arguments, input=None, timeout=60, cwd=None, environment=None):
    """Runs `slipway` without a configuration."""
    return subprocess.run([str(BINARY), *[str(word) for word in arguments]], input=input, capture_output=True, text=True,
                          timeout=timeout, cwd=cwd, env={**os.environ, **(environment or {})})
