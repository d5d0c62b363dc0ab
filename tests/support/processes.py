"""Ports that nobody else takes, folders that go away, and child processes that end with their starter."""
import atexit
import ctypes
import fcntl
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time

_PR_SET_PDEATHSIG = 1
_reserved = []  # open lock files: a port stays ours while this process lives


def free_port():
    """A port of the loopback address that is free now and that no other test process will choose while this one lives.

    Below the kernel's ephemeral range, so that no outgoing connection can sit on it between two starts of one server.
    """
    locks = pathlib.Path(tempfile.gettempdir()) / f"slipway-ports-{os.getuid()}"
    locks.mkdir(mode=0o700, exist_ok=True)
    for port in random.SystemRandom().sample(range(16384, 32000), 2000):
        lock = open(locks / str(port), "w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("127.0.0.1", port))
        except OSError:
            lock.close()
            continue
        _reserved.append(lock)
        return port
    raise RuntimeError("no free port")


def temporary_folder(prefix="slipway-"):
    """A fresh folder, removed when this process ends."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix=prefix))
    owner = os.getpid()

    def remove():
        if os.getpid() == owner:
            for mount in mounts_below(folder):
                subprocess.run(["umount", "-l", mount], stderr=subprocess.DEVNULL)
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)
    return folder


def mounts_below(folder):
    """What is mounted below a folder, deepest first; a killed builder may have left some."""
    points = [line.split()[1].encode().decode("unicode_escape") for line in open("/proc/self/mounts")]
    return sorted((point for point in points if point.startswith(f"{folder}/")), key=len, reverse=True)


def wait_until(condition, limit=30.0, every=0.02, what="the condition"):
    """Polls until `condition()` is true and returns its value; an AssertionError after `limit` seconds."""
    end = time.monotonic() + limit
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {limit:.0f} s for {what}")
        time.sleep(every)


def answers(port, host="127.0.0.1"):
    """True when something accepts connections there."""
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


def _die_with_parent():
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Child:
    """A process in a group of its own, its output in a file; it is killed, group and all, when this process ends."""

    def __init__(self, argv, log, env=None, cwd=None):
        self.log = pathlib.Path(log)
        with open(self.log, "ab") as out:
            self.process = subprocess.Popen([str(word) for word in argv], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                            env=env, cwd=cwd, start_new_session=True, preexec_fn=_die_with_parent)
        atexit.register(self.kill)

    @property
    def pid(self):
        return self.process.pid

    @property
    def running(self):
        return self.process.poll() is None

    def output(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def terminate(self, limit=20):
        """SIGTERM, and the exit code; SIGKILL to the group when it takes longer than `limit` seconds."""
        if self.running:
            self.process.terminate()
            try:
                self.process.wait(limit)
            except subprocess.TimeoutExpired:
                pass
        code = self.process.poll()
        self.kill()
        return code

    def kill(self):
        """SIGKILL to the process and everything left in its group."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
        self.process.wait()
        atexit.unregister(self.kill)


def start_server(argv, port, log, env=None, limit=60):
    """Starts a server and waits until its port answers; its output is in the error when it does not."""
    child = Child(argv, log, env)

    def up():
        if not child.running:
            raise RuntimeError(f"{argv[0]} ended with {child.process.returncode}:\n{child.output()}")
        return answers(port)

    wait_until(up, limit, what=f"{argv[0]} on port {port}")
    return child
