"""Test cases that share one world, and a builder that writes down when it is called."""
import os
import shutil
import unittest

from .daemon import BINARY
from .processes import mounts_below, wait_until
from .proxy import Proxy
from .world import DOCKERFILE, INFRA, World

FULL = bool(os.environ.get("SLIPWAY_TEST_FULL"))
full = unittest.skipUnless(FULL, "only in scripts/test full")
BACKEND = "Lumie-Edu/lumie-backend"
BUILDABLE = {"Dockerfile": DOCKERFILE, "app.txt": "one\n"}


class WorldCase(unittest.TestCase):
    """A class of tests over one Git server, registry and daemon. `furnish(world)` adds templates before the daemon starts."""

    autostart = True

    @classmethod
    def furnish(cls, world):
        pass

    @classmethod
    def setUpClass(cls):
        if not BINARY.exists():
            raise AssertionError(f"{BINARY} is not built")
        cls.world = World()
        cls.addClassCleanup(cls.world.close)
        cls.furnish(cls.world)
        cls.world.git.start()
        cls.world.registry.start()
        if cls.autostart:
            cls.world.daemon.start()

    @property
    def daemon(self):
        return self.world.daemon

    def accept(self, delivery):
        """Sends a delivery that has to be accepted; the runs it made."""
        status, _, answer = self.world.send(delivery)
        self.assertEqual(202, status, answer)
        return answer["runs"]

    def push_and_finish(self, full_name, files, limit=120):
        """Pushes, and waits for the only run to end."""
        commit, delivery = self.world.push(full_name, files)
        runs = self.accept(delivery)
        self.assertEqual(1, len(runs), runs)
        return commit, self.daemon.finished(runs[0]["id"], limit)

    def assert_logged(self, text):
        """The daemon's log says so, or will in a moment: it comes through a pipe, and what was done can be seen before."""
        wait_until(lambda: text in self.daemon.output(), what=f"{text!r} in the log")

    def assert_nothing_is_left(self):
        """No workspace, mount or process of a run."""
        self.assertEqual([], mounts_below(self.world.root))
        self.assertEqual([], processes_below(self.world.root, except_for=self.daemon.pid))


class LoggedCase(WorldCase):
    """One template, whose builder's calls are noted: what was built can be counted."""

    @classmethod
    def furnish(cls, world):
        program, cls.calls = logging_builder(world.root)
        world.configuration["builder"] = {"program": str(program)}
        world.template(BACKEND)

    def builds(self):
        return [line for line in self.calls.read_text().splitlines() if " bud " in f" {line} " or " build " in f" {line} "]


class FaultyCase(LoggedCase):
    """The daemon reaches the Git server by a proxy, which passes everything on unless a test says otherwise."""

    @classmethod
    def furnish(cls, world):
        cls.proxy = Proxy(world.git.port)
        cls.addClassCleanup(cls.proxy.close)
        base = f"http://127.0.0.1:{cls.proxy.port}/git"
        world.configuration["git"]["base_url"] = base
        world.configuration["handoff"]["repository"] = f"{base}/{INFRA}.git"
        super().furnish(world)

    def tearDown(self):
        self.proxy.judge = lambda *_: None
        self.proxy.release()


def processes_below(folder, except_for=None):
    """Command lines of processes that work in, or name, a folder."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) in (os.getpid(), except_for):
            continue
        try:
            line = open(f"/proc/{entry}/cmdline", "rb").read().replace(b"\0", b" ").decode(errors="replace")
            place = os.readlink(f"/proc/{entry}/cwd")
        except OSError:
            continue
        words = f"{folder}/state"
        if words in line or place.startswith(words):
            found.append(line)
    return found


def logging_builder(folder):
    """A program that stands for buildah: notes each call's arguments in a file, then becomes buildah. (program, notes)"""
    program, notes = folder / "builder", folder / "builder.log"
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >>{notes}\nexec {shutil.which("buildah")} "$@"\n')
    program.chmod(0o755)
    notes.touch()
    return program, notes
