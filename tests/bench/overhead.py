#!/usr/bin/python3
"""slipway's own time in a run: from the 202 to the hand-off commit, less what the same buildah commands take by hand.

Each round builds the same change twice, by a shell and by slipway, so that a machine that is busy is busy for both."""
import json
import pathlib
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.dont_write_bytecode = True
from support.by_hand import ByHand  # noqa: E402
from support.world import World  # noqa: E402

ROUNDS = 12
GOAL = 0.150  # seconds
REPOSITORY = "Lumie-Edu/lumie-backend"
DOCKERFILE = "FROM {base}\nRUN echo dependencies > /dependencies\nCOPY app.txt /app.txt\n"


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
            by_hand.write(files)
            if number % 2:  # neither is always the first to touch what is new
                daemon = by_slipway(world, files)
                hand = by_hand.run(f"n{number}")
            else:
                hand = by_hand.run(f"n{number}")
                daemon = by_slipway(world, files)
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
