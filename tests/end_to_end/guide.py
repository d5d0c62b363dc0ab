"""What container/README.md tells an operator to type is typed here; its tables and container/alerts.yaml are held against a daemon."""
import os
import re
import shutil
import stat
import subprocess

import yaml

from support.case import BACKEND, BUILDABLE, WorldCase
from support.daemon import BINARY, slipway
from support.deliveries import SOURCE
from support.processes import temporary_folder, wait_until

from .container import CONTAINER, unit

# Beginnings of commands that cannot be run inside the tests, and what stands for them.
ELSEWHERE = {
    "scripts/build": "it has built what is running now",
    "buildah bud ": "container.py builds the image, in full",
    "buildah push ": "nothing: somebody's registry",
    "apt-get install ": "container.py compares the packages with the image's, which its test in full installs and starts",
    "systemctl ": "container.py has systemd-analyze look at the unit; restoring.py stops and starts the daemon",
    "kubectl ": "container.py makes the Secrets, where kubectl is installed, and compares names with deployment.yaml and the configuration",
    "mkdir -m 700 /var/": "restoring.py runs this block",
    "sqlite3 ": "restoring.py runs this block",
    "cp -p /var/": "restoring.py runs this block",
    "mv /var/": "restoring.py runs this block",
}
# In the place of Debian's sqlite3, where it is not installed: `.backup FILE`, or a statement.
SQLITE3 = """#!/usr/bin/python3
import sqlite3, sys
database, words = sqlite3.connect(sys.argv[1]), sys.argv[2].split()
if words[0] == ".backup":
    database.backup(sqlite3.connect(words[1]))
else:
    print(*(row[0] for row in database.execute(sys.argv[2])), sep="\\n")
"""


def blocks():
    """The lines of each shell block, in order."""
    found = re.findall(r"^ *```sh\n(.*?)^ *```", (CONTAINER / "README.md").read_text(), re.S | re.M)
    return [[line.strip() for line in block.splitlines() if line.strip()] for block in found]


def block_with(text):
    """The one block that has a text in it."""
    found, = [block for block in blocks() if any(text in line for line in block)]
    return found


class Shell:
    """A machine for the guide's commands: /usr, /etc and /var are below a folder, `slipway` asks the test's daemon."""

    def __init__(self, daemon):
        self.root = temporary_folder()
        self.state = daemon.state
        (self.root / "var" / "backups").mkdir(parents=True)
        self.tree = self.root / "tree"
        self.tree.mkdir()
        for name in ("build", "container", "config"):
            (self.tree / name).symlink_to(SOURCE / name)
        (self.tree / "tekton").symlink_to(SOURCE / "tests" / "data" / "tekton")
        programs = self.root / "programs"
        programs.mkdir()
        (programs / "slipway").write_text(f'#!/bin/sh\nexec {BINARY} --config {daemon.file} "$@"\n')
        (programs / "slipway").chmod(0o755)
        if not shutil.which("sqlite3"):
            (programs / "sqlite3").write_text(SQLITE3)
            (programs / "sqlite3").chmod(0o755)
        self.environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "GITEA_TOKEN": "a token",
                            "REGISTRY_DOCKER_CONFIG": '{"auths": {}}'}

    def run(self, lines):
        """What the lines print, run by one shell that ends at the first error."""
        def place(path):
            return str(self.state) if path[0] == "/var/lib/slipway" else f"{self.root}{path[0]}"

        text = re.sub(r"(?<![\w.-])/(?:var/lib/slipway|(?:usr|etc|var)(?=/))", place, "\n".join(lines))
        done = subprocess.run(["sh", "-e"], input=text, cwd=self.tree, env=self.environment, capture_output=True, text=True, timeout=120)
        if done.returncode:
            raise AssertionError(f"{text}\n{done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout


class Guide(WorldCase):
    weight = 3

    @classmethod
    def furnish(cls, world):
        world.template(BACKEND)
        name = "Mirrors/lumie-infra"
        world.infra.git("push", "--quiet", world.git.create(name).path, "refs/heads/main")
        world.configuration["handoff"]["also_push"] = [{"url": f"{world.git.base_url}/{name}.git", "insecure": True}]

    def test_every_command_runs_or_something_else_runs_it(self):
        self.world.push(BACKEND, BUILDABLE)
        shell, used = Shell(self.daemon), set()
        for block in blocks():
            elsewhere = [line for line in block if line.startswith(tuple(ELSEWHERE))]
            used.update(begin for begin in ELSEWHERE for line in elsewhere if line.startswith(begin))
            lines = [line for line in block if line not in elsewhere]
            with self.subTest(lines=lines):
                shell.run(lines)
        self.assertEqual(set(ELSEWHERE), used, "no longer in the guide")
        self.look_at_the_installation(shell.root)
        listener = slipway("--config", shell.tree / "slipway.yaml", "get", "listener").stdout
        self.assertNotIn("127.0.0.1:8081", listener + (shell.tree / "slipway.yaml").read_text())

    def look_at_the_installation(self, root):
        """What the unit names is there, and nobody else reads the secrets."""
        named = [unit()["ExecStart"][0].split()[0], unit()["ExecStart"][0].split()[2], unit()["Documentation"][0].removeprefix("file:")]
        self.assertEqual([], [name for name in named if not (root / name.lstrip("/")).is_file()])
        self.assertTrue(os.access(root / "usr/bin/slipway", os.X_OK))
        for credential in unit()["LoadCredential"]:
            file = root / credential.split(":", 1)[1].lstrip("/")
            self.assertGreater(file.stat().st_size, 0, file)
            self.assertEqual(0o600, stat.S_IMODE(file.stat().st_mode), file)
            self.assertEqual(0o700, stat.S_IMODE(file.parent.stat().st_mode), file.parent)

    def served(self):
        """{metric: (type, {label: values}, names of its lines)} of the daemon, with a refusal and a mirror among them."""
        def text():
            answer = self.daemon.request("GET", "/metrics", token=None)[2].decode()
            return answer if "slipway_mirror_drift{" in answer else None

        _, delivery = self.world.push(BACKEND, {**BUILDABLE, "unsigned.txt": "1\n"})
        self.assertEqual(401, self.world.send(delivery.signed(b"another secret"))[0])
        served = {}
        for line in wait_until(text, 30, what="the mirror to be compared").splitlines():
            if line.startswith("# TYPE "):
                _, _, name, kind = line.split()
                served[name] = (kind, {}, set())
            elif not line.startswith("#"):
                sample, labels = re.match(r"(\w+)(?:\{(.*)\})? ", line).groups()
                metric = served[sample if sample in served else re.sub(r"_(bucket|sum|count)$", "", sample)]
                metric[2].add(sample)
                for label, value in re.findall(r'(\w+)="([^"]*)"', labels or ""):
                    metric[1].setdefault(label, set()).add(value)
        return served

    def test_the_table_of_metrics_is_what_is_served(self):
        served = self.served()
        table = (CONTAINER / "README.md").read_text().split("\n## Metrics\n")[1].split("\n## ")[0]
        rows = {name: (kind, labels) for name, kind, labels in re.findall(r"^\| `(slipway_\w+)` \| (\w+) \| ?(.*?) ?\| ", table, re.M)}
        self.assertEqual(set(served), set(rows))
        for name, (kind, labels, _) in served.items():
            with self.subTest(metric=name):
                said = [re.findall(r"`(\w+)`", part) for part in rows[name][1].split(":")]
                self.assertEqual(kind, rows[name][0])
                self.assertEqual(set(labels), set(said[0]))
                if len(said) > 1:
                    self.assertEqual(labels[said[0][0]], set(said[1]))

    def test_the_alerts_ask_for_metrics_that_are_served(self):
        served = self.served()
        names = {sample for _, _, samples in served.values() for sample in samples}
        rules = [rule for group in yaml.safe_load((CONTAINER / "alerts.yaml").read_text())["groups"] for rule in group["rules"]]
        self.assertEqual(len(rules), len({rule["alert"] for rule in rules}))
        for rule in rules:
            with self.subTest(alert=rule["alert"]):
                self.assertTrue({"alert", "expr", "labels", "annotations"} <= set(rule), rule)
                self.assertIn("summary", rule["annotations"])
                asked = re.findall(r"\b(slipway_\w+)(?:\{(\w+)=~?\"([^\"]*)\"\})?", rule["expr"])
                self.assertTrue(asked)
                for name, label, values in asked:
                    self.assertIn(name, names)
                    if label and label != "status":  # a status appears with its first refusal
                        self.assertLessEqual(set(values.split("|")), served[name][1][label])

    def test_the_alerts_that_the_guide_names_are_there(self):
        rules = (CONTAINER / "alerts.yaml").read_text()
        for name in re.findall(r"`(Slipway\w+)`", (CONTAINER / "README.md").read_text()):
            self.assertIn(f"alert: {name}\n", rules)
