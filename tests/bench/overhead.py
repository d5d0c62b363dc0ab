#!/usr/bin/python3
"""slipway's own time in a run: from the 202 to the hand-off commit, less what the same buildah commands take by hand.

Each round builds the same change twice, by a shell and by slipway, so that a machine that is busy is busy for both."""
import json
import pathlib
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.dont_write_bytecode = True
from support.world import World  # noqa: E402

ROUNDS = 12
GOAL = 0.150  # seconds
REPOSITORY = "Lumie-Edu/lumie-backend"
DOCKERFILE = "FROM {base}\nRUN echo dependencies > /dependencies\nCOPY app.txt /app.txt\n"
# What slipway starts for a build; held equal by tests/unit/build/builders.cpp.
BUILD = ["bud", "--isolation", "chroot", "--network", "host", "--cap-drop", "CAP_MKNOD", "--cap-drop", "CAP_SYS_CHROOT", "--format",
         "oci", "--force-rm", "--layers", "--timestamp", "1700000000", "--label", "org.opencontainers.image.revision=0",
         "--label", "org.opencontainers.image.source=x", "--label", "org.opencontainers.image.created=y", "--label"]


class ByHand:
    """The same two commands, in a store of their own."""

    def __init__(self, world):
        self.world, self.folder = world, world.root / "by-hand"
        self.context = self.folder / "context"
        self.context.mkdir(parents=True)
        self.script = self.folder / "build.sh"
        (self.folder / "registries.conf").write_text(f'[[registry]]\nlocation = "{world.registry.host}"\ninsecure = true\n')
        store = ["buildah", "--root", self.folder / "root", "--runroot", self.folder / "runroot", "--storage-driver", "overlay"]
        auth = ["--authfile", world.secrets / "registry.json"]
        unshare = ["unshare", "--mount", "--pid", "--fork", "--kill-child=KILL", "--mount-proc", "--"]
        build = [*unshare, *store, *BUILD, "slipway.inputs=$1", *auth, "--iidfile", self.folder / "id", self.context]
        push = [*unshare, *store, "push", "--quiet", "--format", "oci", *auth, "--tls-verify=false", f"$(cat {self.folder}/id)",
                f"docker://{world.registry.host}/applications/by-hand:$1"]
        lines = [" ".join(f'"{word}"' for word in command) for command in (build, push)]
        self.script.write_text("#!/bin/sh -e\n" + "\n".join(lines) + "\n")
        self.script.chmod(0o755)

    def run(self, files, tag):
        for name, text in files.items():
            (self.context / name).write_text(text)
        begin = time.perf_counter()
        subprocess.run([self.script, tag], check=True, capture_output=True,
                       env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(self.folder),
                            "CONTAINERS_REGISTRIES_CONF": str(self.folder / "registries.conf")})
        return time.perf_counter() - begin


def head_of(world):
    """The infra repository's main without starting a process: the loose reference."""
    return (pathlib.Path(world.infra.path) / "refs" / "heads" / "main").read_text()


def by_slipway(world, files):
    """Seconds from the 202 to the commit."""
    _, delivery = world.push(REPOSITORY, files)
    before = head_of(world)
    status, _, answer = world.send(delivery)
    begin = time.perf_counter()
    assert status == 202, answer
    while head_of(world) == before:
        assert time.perf_counter() - begin < 120, world.daemon.log_of(answer["runs"][0]["id"])
        time.sleep(0.001)
    taken = time.perf_counter() - begin
    world.daemon.finished(answer["runs"][0]["id"])
    return taken


def measure():
    world = World()
    try:
        world.template(REPOSITORY)
        world.start()
        base = world.registry.push_busybox()
        by_hand = ByHand(world)
        differences, shares = [], []
        for number in range(ROUNDS + 1):
            files = {"Dockerfile": DOCKERFILE.format(base=base), "app.txt": f"{number} {time.time()}\n"}
            hand, daemon = by_hand.run(files, f"n{number}"), by_slipway(world, files)
            if number > 0:  # the first one fills the stores
                differences.append(daemon - hand)
                shares.append((hand, daemon))
    finally:
        world.close()
    hand = statistics.median(hand for hand, _ in shares)
    daemon = statistics.median(daemon for _, daemon in shares)
    own = statistics.median(differences)
    return [{"name": "one run, from the 202 to the commit", "value": round(daemon * 1000), "unit": "ms",
             "peer": f"buildah by hand {hand * 1000:.0f} ms", "ratio": daemon / hand, "goal": "", "ok": None},
            {"name": "slipway's own share of it", "value": round(own * 1000), "unit": "ms", "peer": "", "ratio": own / hand,
             "goal": f"under {GOAL * 1000:.0f} ms", "ok": own < GOAL}]


if __name__ == "__main__":
    rows = measure()
    if "--json" in sys.argv:
        print(json.dumps(rows))
    else:
        for row in rows:
            print(f"{row['name']}: {row['value']} {row['unit']} {row['peer']} {row['goal']}")
    sys.exit(0 if all(row["ok"] is not False for row in rows) else 1)
