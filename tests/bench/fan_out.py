#!/usr/bin/python3
"""One push to a shared library that matches eight templates: one fetch, and the time until all eight are handed off beside the
same eight builds by hand, two at a time as slipway has them.

Each round builds the same change by a shell and by slipway, so that a machine that is busy is busy for both."""
import concurrent.futures
import json
import pathlib
import queue
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.dont_write_bytecode = True
from support.by_hand import ByHand  # noqa: E402
from support.world import World  # noqa: E402

ROUNDS, SERVICES, AT_ONCE = 5, 8, 2
GOAL = 1.1
REPOSITORY = "Lumie-Edu/lumie-worker"
# A second's work, which is short for a build.
DOCKERFILE = ("FROM {base}\nRUN echo dependencies > /dependencies\nCOPY app.txt /app.txt\n"
              "RUN i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done\n")
NAMES = [f"service-{number}" for number in range(SERVICES)]


def files_of(base, number):
    """A change that reaches every service, as one of a shared library does."""
    files = {"libs/common/version.py": f"version = {number}\n"}
    for name in NAMES:
        files[f"services/{name}/Dockerfile"] = DOCKERFILE.format(base=base)
        files[f"services/{name}/app.txt"] = f"{name} {number} {time.time()}\n"
    return files


def by_shell(stores, files, number):
    """Seconds for eight builds, as many at once as there are stores."""
    free = queue.Queue()
    for store in stores:
        store.write(files)
        free.put(store)

    def build(name):
        store = free.get()
        store.run(f"{name}-{number}", f"services/{name}")
        free.put(store)

    begin = time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(len(stores)) as pool:
        list(pool.map(build, NAMES))
    return time.perf_counter() - begin


def by_slipway(world, files):
    """Seconds from the 202 until the last of the eight is in the infra repository."""
    commit, delivery = world.push(REPOSITORY, files)
    status, _, answer = world.send(delivery)
    begin = time.perf_counter()
    assert status == 202 and len(answer["runs"]) == SERVICES, answer
    values = [f"applications/{name}/common-values.yaml" for name in NAMES]
    head = pathlib.Path(world.infra.path) / "refs" / "heads" / "main"
    seen, missing, taken = head.read_text(), set(values), 0.0
    while missing:
        assert time.perf_counter() - begin < 300, [world.daemon.run(run["id"]) for run in answer["runs"]]
        now = head.read_text()
        if now == seen:
            time.sleep(0.002)
            continue
        seen, taken = now, time.perf_counter() - begin
        missing = {file for file in missing if world.tag_in(file) != commit[:8]}
    for run in answer["runs"]:
        assert world.daemon.finished(run["id"])["state"] == "succeeded"
    return taken


def fetches(world):
    """Fetches of the source repository so far that brought anything; before each hand-off the branch's head is asked for, too."""
    return sum(f"/{REPOSITORY}.git/git-upload-pack" in line for line in world.git.requests())


def measure():
    world = World()
    try:
        world.configuration["queue"]["max_concurrent"] = AT_ONCE
        for name in NAMES:
            world.template(REPOSITORY, name, paths=[f"services/{name}/", "libs/common/"], params={"context-dir": f"./services/{name}"})
        world.start()
        base = world.registry.push_busybox()
        stores = [ByHand(world, f"by-hand-{number}") for number in range(AT_ONCE)]
        shares, most = [], 0
        for number in range(ROUNDS + 1):
            files = files_of(base, number)
            shell = by_shell(stores, files, number)
            before = fetches(world)
            daemon = by_slipway(world, files)
            if number > 0:  # the first one fills the stores
                shares.append((shell, daemon))
                most = max(most, fetches(world) - before)
    finally:
        world.close()
    shell, daemon = (statistics.median(column) for column in zip(*shares))
    ratio = statistics.median(daemon / shell for shell, daemon in shares)
    return [{"name": f"{SERVICES} templates of one push, {AT_ONCE} at once", "value": round(daemon * 1000), "unit": "ms",
             "peer": f"the builds by hand {shell * 1000:.0f} ms", "ratio": ratio, "goal": f"at most {GOAL}", "ok": ratio <= GOAL},
            {"name": "fetches of the source for it, besides asking for its head", "value": most, "unit": "", "peer": "", "ratio": most, "goal": "at most 1", "ok": most == 1}]


if __name__ == "__main__":
    rows = measure()
    if "--json" in sys.argv:
        print(json.dumps(rows))
    else:
        for row in rows:
            print(f"{row['name']}: {row['value']} {row['unit']} ({row['ratio']:.2f}, {row['goal']}) {row['peer']}")
    sys.exit(0 if all(row["ok"] is not False for row in rows) else 1)
