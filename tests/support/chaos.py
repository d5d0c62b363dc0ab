"""The chaos test: pushes from several writers, a sender like Gitea, a failing network, a daemon that is killed; then the guarantees."""
import collections
import pathlib
import random
import shutil
import threading
import time

from .case import processes_below
from .deliveries import ZEROS, push_of
from .processes import mounts_below
from .proxy import Fault, Proxy
from .world import INFRA, World

SENDER_PATIENCE = 5.0  # seconds: what Gitea waits for an answer


class Settings:
    def __init__(self, seed, pushes=2000, writers=8, templates=20, kills=200, patience=300.0):
        self.seed, self.pushes, self.writers, self.templates, self.kills = seed, pushes, writers, templates, kills
        self.patience = patience  # seconds that everything may take to settle after the last kill


class Team:
    """Repositories with five services each, and a shared library that all of a repository's services are built from."""

    def __init__(self, world, templates):
        self.services = {f"service-{number:02}": f"Chaos/repository-{number // 5}" for number in range(templates)}
        self.locks = {name: threading.Lock() for name in self.services.values()}
        for service, repository in self.services.items():
            world.template(repository, service, paths=[f"services/{service}/", "libs/common/"],
                           params={"context-dir": f"./services/{service}"})
        for repository in self.locks:
            world.source(repository).commit(
                {"README.md": "start\n", **{f"services/{service}/{name}": text for service in self.of(repository)
                                            for name, text in (("Dockerfile", "FROM scratch\n"), ("app.txt", "0\n"))}})

    def of(self, repository):
        return [service for service, place in self.services.items() if place == repository]

    def change(self, random_numbers, repository, number):
        """What one commit touches: mostly one service, sometimes the library, sometimes nothing that is built."""
        kind = random_numbers.random()
        if kind < 0.1:
            return {"libs/common/lib.txt": f"{number}\n", **{f"services/{s}/app.txt": f"{number}\n" for s in self.of(repository)}}
        if kind < 0.2:
            return {"docs/notes.md": f"{number}\n"}
        return {f"services/{random_numbers.choice(self.of(repository))}/app.txt": f"{number}\n"}


class Network:
    """Judges requests to the Git server: lost races, 5xx, cuts and hangs at random, while `rough` is set."""

    def __init__(self, world, random_numbers):
        self.world, self.random, self.rough = world, random_numbers, True
        self.lock = threading.Lock()
        self.counts = collections.Counter()
        self.races = 0

    def lose_race(self):
        with self.lock:
            self.races += 1
            self.world.infra.commit({"by-hand.txt": f"{self.races}\n"}, "CHORE: by hand")

    def judge(self, method, path, body):
        if not self.rough:
            return None
        with self.lock:
            chance = self.random.random()
        if path.endswith(f"{INFRA}.git/git-receive-pack"):
            table = [(0.10, Fault(before=self.lose_race)), (0.04, Fault("status", 503)), (0.03, Fault("cut")),
                     (0.04, Fault("cut_after")), (0.01, Fault("hang", seconds=8)), (0.01, Fault("hang_after", seconds=8))]
        else:
            table = [(0.02, Fault("status", 502)), (0.02, Fault("cut")), (0.005, Fault("hang", seconds=8))]
        for share, fault in table:
            if chance < share:
                self.counts["race" if fault.before else fault.kind] += 1
                return fault
            chance -= share
        return None


class Chaos:
    def __init__(self, settings, say=print):
        self.settings, self.say = settings, say
        self.random = random.Random(settings.seed)
        self.world = World()
        self.builder = self.world.root / "builder.py"
        shutil.copy(pathlib.Path(__file__).with_name("fast_builder.py"), self.builder)
        self.builder.chmod(0o755)
        self.network = Network(self.world, random.Random(settings.seed + 1))
        self.proxy = Proxy(self.world.git.port, self.network.judge)
        self.team = Team(self.world, settings.templates)
        self.answers = collections.Counter()
        self.senders = []
        self._configure()

    def _configure(self):
        base = f"http://127.0.0.1:{self.proxy.port}/git"
        configuration = self.world.configuration
        configuration["git"].update(base_url=base, timeout="3s")
        configuration["handoff"].update(repository=f"{base}/{INFRA}.git", timeout="3s", attempts=10)
        configuration["queue"].update(reconcile_every="3s", max_concurrent=4, retry_base="1s", retry_limit="2s", keep_last=100)
        configuration["builder"] = {"program": str(self.builder), "cache": "none"}

    # The three parties.

    def write(self, writer):
        """One writer: commits to a repository, as pushes of one to eight commits, and lets the sender tell of each."""
        numbers = random.Random(self.settings.seed * 1000 + writer)
        share = self.settings.pushes // self.settings.writers
        for count in range(share):
            repository = numbers.choice(sorted(self.team.locks))
            with self.team.locks[repository]:
                source = self.world.source(repository)
                before = source.head() or ZEROS
                for step in range(numbers.choice([1, 1, 1, 2, 3, 8])):
                    after = source.commit(self.team.change(numbers, repository, f"{writer}.{count}.{step}"))
                delivery = push_of(source, repository, before, after).signed()
            sender = threading.Thread(target=self.tell, args=(delivery, numbers.uniform(0, 1.5)), daemon=True)
            sender.start()
            self.senders.append(sender)
            time.sleep(numbers.expovariate(1 / self.pace))

    def tell(self, delivery, delay):
        """As Gitea: late, at once with others, five seconds, and never again."""
        time.sleep(delay)
        try:
            status, _, answer = delivery.send(self.world.daemon.hook, SENDER_PATIENCE)
            self.answers[status] += 1
            if status >= 500 or status in (400, 401):
                self.say(f"answer {status}: {answer}")
        except OSError:
            self.answers["lost"] += 1

    def kill(self):
        """SIGKILL at random, while anything is being written, received, built or handed off."""
        for count in range(self.settings.kills):
            time.sleep(self.random.expovariate(1 / self.mean_life))
            self.world.daemon.kill()
            time.sleep(self.random.choice([0, 0, 0.05, 0.3]))
            self.world.daemon.start(30)
            if (count + 1) % 20 == 0:
                self.say(f"killed {count + 1} times, answers {dict(self.answers)}, network {dict(self.network.counts)}")

    mean_life = 0.7

    @property
    def pace(self):
        """Seconds between two pushes of one writer, so that writers and killer end together."""
        duration = max(5.0, self.settings.kills * (self.mean_life + 0.3))
        return duration * self.settings.writers / self.settings.pushes

    def run(self):
        """Everything; returns what was violated, as sentences."""
        self.world.git.start()
        self.world.registry.start()
        self.world.daemon.start()
        writers = [threading.Thread(target=self.write, args=(number,), daemon=True) for number in range(self.settings.writers)]
        for writer in writers:
            writer.start()
        self.kill()
        for thread in writers + self.senders:
            thread.join()
        self.say(f"all pushed: answers {dict(self.answers)}, network {dict(self.network.counts)}; waiting")
        violations = self.settle()
        violations += self.pushed_twice() + self.committed_twice() + self.moved_backwards() + self.left_behind()
        return violations

    def close(self):
        self.world.close()
        self.proxy.close()

    # The guarantees.

    def settle(self):
        """Waits until every values file is right; what is still wrong when patience ends."""
        end = time.monotonic() + self.settings.patience
        while True:
            late = self.not_deployed()
            idle = not late and not self.unfinished()
            if idle or time.monotonic() > end:
                return late + [f"run still {run['state']}: {run}" for run in self.unfinished()]
            time.sleep(1)

    def unfinished(self):
        return [run for state in ("queued", "running") for run in self.world.daemon.runs(f"?state={state}&limit=1000")]

    def not_deployed(self):
        """Values files that do not name a commit of main which contains the newest commit matching their template."""
        found = []
        for service, repository in self.team.services.items():
            source = self.world.source(repository)
            newest = source.git("rev-list", "-1", "refs/heads/main", "--", f"services/{service}", "libs/common").decode().strip()
            tag = self.world.tag_in(f"applications/{service}/common-values.yaml")
            deployed = source.git("rev-parse", "-q", "--verify", f"{tag}^{{commit}}", check=False).decode().strip()
            if not self.touched(source, service):
                continue
            if not deployed or not self.contains(source, deployed, newest):
                found.append(f"{service}: {tag} does not contain {newest[:8]}")
            elif not self.contains(source, "refs/heads/main", deployed):
                found.append(f"{service}: {tag} is not on main")
        return found

    @staticmethod
    def touched(source, service):
        """True when anything after the first commit matches the service."""
        return len(source.git("rev-list", "-2", "refs/heads/main", "--", f"services/{service}", "libs/common").split()) > 1

    @staticmethod
    def contains(source, commit, ancestor):
        return source.git("rev-list", "-1", ancestor, f"^{commit}", check=False).strip() == b""

    def pushed_twice(self):
        """By the registry's log, which knows of the last push of a builder that was killed too, and by the builder's own."""
        lines = self.world.registry.pushed()
        counts = collections.Counter(f"{name}:{tag}" for name, tag in lines if tag != "latest")
        notes = [line.split() for line in self.builder.with_suffix(".log").read_text().splitlines()]
        noted = collections.Counter(words[2] for words in notes if words[1] == "pushed")
        self.say(f"{sum(counts.values())} images pushed, {sum(noted.values())} noted, {sum(words[1] == 'built' for words in notes)} built")
        return ([f"{image} was pushed {count} times" for image, count in counts.items() if count > 1] +
                [f"{image} was noted {count} times" for image, count in noted.items() if count > 1])

    def committed_twice(self):
        subjects = self.world.infra.git("log", "--format=%s", "refs/heads/main").decode().splitlines()
        counts = collections.Counter(subject for subject in subjects if subject.startswith("CHORE(app): update"))
        self.say(f"{sum(counts.values())} hand-offs")
        return [f"'{subject}' is there {count} times" for subject, count in counts.items() if count > 1]

    def moved_backwards(self):
        found = []
        for service, repository in self.team.services.items():
            source, last = self.world.source(repository), None
            file = f"applications/{service}/common-values.yaml"
            for commit in self.world.infra.git("log", "--reverse", "--format=%H", "refs/heads/main", "--", file).decode().split():
                tag = self.world.tag_in(file, commit)
                if last not in (None, "latest", tag) and self.contains(source, last, tag):
                    found.append(f"{service} moved from {last} back to {tag}")
                last = tag
        return found

    def left_behind(self):
        daemon, root = self.world.daemon, self.world.root
        end = time.monotonic() + 5  # a run's folder is removed behind its end
        while any(daemon.state.glob("work*/*")) and time.monotonic() < end:
            time.sleep(0.1)
        folders = list(daemon.state.glob("work*/*"))
        return ([f"workspace left: {folder}" for folder in folders] + [f"mount left: {mount}" for mount in mounts_below(root)] +
                [f"process left: {line}" for line in processes_below(root, daemon.pid)])
