"""Shows the main job on loopback with config/demo.yaml: see scripts/run."""
import os
import pathlib
import signal
import subprocess
import sys
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests"))
sys.dont_write_bytecode = True

from support.daemon import BINARY, Daemon  # noqa: E402
from support.deliveries import Delivery  # noqa: E402
from support.world import INFRA, World, values_text  # noqa: E402

PUSH = "push-single-backend-05"
VALUES = "applications/lumie/backend/common-values.yaml"
DOCKERFILE = """FROM scratch
COPY bin/busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]
COPY . /app
CMD ["/bin/sh", "-c", "echo this is lumie-backend"]
"""


class DemoDaemon(Daemon):
    """The daemon with config/demo.yaml as it is; ports and folders reach it by environment variables."""

    def write(self):
        self.file = SOURCE / "config" / "demo.yaml"
        return self.file


def say(text=""):
    print(text, flush=True)


def make_world():
    """The servers, and the variables that config/demo.yaml refers to."""
    world = World()
    variables = {
        "SLIPWAY_DEMO_STATE": str(world.root / "state"),
        "SLIPWAY_DEMO_SECRETS": str(world.secrets),
        "SLIPWAY_DEMO_WEBHOOK": world.configuration["webhook"]["listen"],
        "SLIPWAY_DEMO_OPERATOR": world.configuration["operator"]["listen"],
        "SLIPWAY_DEMO_GIT": world.git.base_url,
        "SLIPWAY_DEMO_REGISTRY": world.registry.host,
    }
    world.daemon = DemoDaemon(world.root / "daemon", world.configuration, variables)
    return world


def make_push(world):
    """Puts the captured push onto a repository of the demo and writes it down as a payload for scripts/replay."""
    image = f"{world.registry.host}/applications/lumie-backend"
    world.infra.commit({VALUES: values_text(image), "README.md": "Read by Argo CD.\n"}, "FEAT(backend): values")
    busybox = pathlib.Path("/bin/busybox").read_bytes()
    delivery = Delivery.load(PUSH)
    pushed = world.captured(delivery, {"Dockerfile": DOCKERFILE, "bin/busybox": busybox})
    payload = world.root / PUSH
    lines = ["POST /hooks HTTP/1.1"] + [f"{name}: {value}" for name, value in pushed.headers]
    payload.with_suffix(".headers").write_text("\n".join(lines) + "\n")
    payload.with_suffix(".body").write_bytes(pushed.body)
    return payload, pushed.json["after"]


def replay(world, payload):
    secret = {"SLIPWAY_WEBHOOK_SECRET_FILE": str(world.secrets / "webhook-secret")}
    done = subprocess.run([str(SOURCE / "scripts" / "replay"), str(payload), world.daemon.hook], capture_output=True, text=True,
                          env={**os.environ, **secret})
    say(f"$ scripts/replay {payload.name} {world.daemon.hook}\n{done.stdout}{done.stderr}".rstrip())
    if done.returncode:
        raise SystemExit(f"the push was not accepted\n{world.daemon.output()}")


def follow(world):
    """Prints the run's log while it is written, and returns the run."""
    runs = world.daemon.runs()
    if not runs:
        raise SystemExit(f"the push made no run\n{world.daemon.output()}")
    number = runs[0]["id"]
    say(f"\n$ slipway logs {number} --follow")
    subprocess.run([str(BINARY), "--config", str(world.daemon.file), "logs", str(number), "--follow"],
                   env=world.daemon.environment, stdin=subprocess.DEVNULL, timeout=300)
    run = world.daemon.finished(number)
    say(f"\n$ slipway run {number}\n{world.daemon.command('run', number).stdout.rstrip()}")
    return run


def show(world, run, commit):
    """The hand-off commit, its diff, and the digest that the registry serves."""
    if run["state"] != "succeeded":
        raise SystemExit(f"the run has {run['state']}: {run.get('reason', '')}\n{world.daemon.output()}")
    handoff = world.infra.head()
    say(f"\nThe hand-off in {INFRA}:\n{world.infra.git('show', '--stat', '--format=fuller', handoff).decode().rstrip()}")
    say(f"\n{world.infra.diff(handoff).rstrip()}")
    digest = world.registry.digest("applications/lumie-backend", commit[:8])
    say(f"\nThe image in the registry:\n{world.registry.host}/applications/lumie-backend:{commit[:8]}@{digest}")
    if digest != run["results"]["IMAGE_DIGEST"] or handoff != run["handoff_commit"]:
        raise SystemExit("the run says something else")


def demo(keep):
    begin = time.monotonic()
    world = make_world()
    payload, commit = make_push(world)
    world.start()
    say(f"daemon ready: hook {world.daemon.hook}, operator http://{world.daemon.operator}")
    replay(world, payload)
    show(world, follow(world), commit)
    say(f"\ndone in {time.monotonic() - begin:.1f} s")
    if keep:
        say(f"operator address: http://{world.daemon.operator} (token in {world.daemon.state}/token)\n"
            f"it stays until: kill {os.getpid()}")
    return world


def keep_running():
    """Runs the demo in a child that stays, and comes back when it has shown everything."""
    reader, writer = os.pipe()
    child = os.fork()
    if child:
        os.close(writer)
        return 0 if os.read(reader, 1) == b"0" else 1
    os.close(reader)
    os.setsid()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    world = demo(True)
    quiet = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(quiet, stream)
    os.write(writer, b"0")
    os.close(writer)
    try:
        while True:
            signal.pause()
    finally:
        world.close()


def main():
    if "--keep" in sys.argv[1:]:
        return keep_running()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    world = demo(False)
    world.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
