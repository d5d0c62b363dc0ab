"""What the queue decides: which runs go, which wait and for what, which give way, and how long things are kept."""
import json
import pathlib
import random
import shutil
import time

from support.case import DOCKERFILE, FaultyCase, INFRA, WorldCase
from support.daemon import slipway
from support.deliveries import push_of
from support.processes import wait_until
from support.proxy import Fault


def fast_builder(world):
    """Lets the daemon build with the fast builder; the notes that it makes of each build and push."""
    program = world.root / "builder.py"
    shutil.copy(pathlib.Path(__file__).parents[1] / "support" / "fast_builder.py", program)
    program.chmod(0o755)
    world.configuration["builder"] = {"program": str(program), "cache": "none"}
    return program.with_suffix(".log")


class QueueCase(WorldCase):
    """Applications of the names in `apps`, each with what its template has beside the usual."""

    apps = {}

    @classmethod
    def furnish(cls, world):
        cls.notes = fast_builder(world)
        for app, more in cls.apps.items():
            world.template(f"Queue/{app}", **more)

    def push(self, app, gate=None):
        """(commit, the run that its delivery made); the build ends when there is a file of the gate's name."""
        files = {"Dockerfile": DOCKERFILE, "app.txt": f"{time.time()}\n", "gate.txt": str(gate) if gate else None}
        commit, delivery = self.world.push(f"Queue/{app}", {name: text for name, text in files.items() if text or self.has_gate(app)})
        return commit, self.accept(delivery)[0]["id"]

    def has_gate(self, app):
        return bool(self.world.source(f"Queue/{app}").git("ls-tree", "refs/heads/main", "gate.txt", check=False))

    @property
    def never(self):
        return self.world.root / "never"

    def state(self, number):
        return self.daemon.run(number)["state"]

    def wait_for(self, number, state, limit=60):
        return wait_until(lambda: (run := self.daemon.run(number))["state"] == state and run, limit, what=f"run {number} to be {state}")

    def builds(self, commits):
        lines = self.notes.read_text().splitlines() if self.notes.exists() else []
        return [line for line in lines if line.split()[1] == "built" and line.split()[2] in commits]

    def tag(self, app):
        return self.world.tag_in(f"applications/{app}/common-values.yaml")


class Queueing(QueueCase):
    weight = 5
    apps = {"burst": {}, "late": {}, "rollback": {}, "cancel": {}, "newer": {"on_newer": "cancel"}, "slow": {"timeout": "5s"},
            "failing": {}, "ids": {}}

    def test_two_hundred_pushes_during_one_build_cost_two_builds(self):
        gate = self.world.root / "burst"
        first, number = self.push("burst", gate)
        wait_until(lambda: self.builds({first}), what="the first build")
        source, deliveries, commits, before = self.world.source("Queue/burst"), [], {first}, first
        for count in range(200):
            after = source.commit({"app.txt": f"{count}\n"})
            deliveries.append(push_of(source, "Queue/burst", before, after).signed())
            commits.add(after)
            before = after
        random.Random(5).shuffle(deliveries)
        numbers = [run["id"] for delivery in deliveries for run in self.accept(delivery)]
        self.assertEqual("running", self.state(number))
        gate.touch()
        states = [self.daemon.finished(one)["state"] for one in numbers]
        self.assertEqual((1, 199), (states.count("succeeded"), states.count("superseded")))
        self.assertEqual(before[:8], self.tag("burst"))
        self.assertLessEqual(len(self.builds(commits)), 2)

    def test_an_older_push_that_arrives_late_is_superseded_without_a_build(self):
        first, number = self.push("late")
        self.daemon.finished(number)
        source = self.world.source("Queue/late")
        second, third = source.commit({"app.txt": "2\n"}), source.commit({"app.txt": "3\n"})
        self.daemon.finished(self.accept(push_of(source, "Queue/late", second, third).signed())[0]["id"])
        run = self.daemon.finished(self.accept(push_of(source, "Queue/late", first, second).signed())[0]["id"])
        self.assertEqual("superseded", run["state"], run)
        self.assertIn(third, run["reason"])
        self.assertEqual([], self.builds({second}))
        self.assertEqual(third[:8], self.tag("late"))

    def test_what_was_deployed_once_is_deployed_again_when_a_person_asks_for_it(self):
        first, old = self.push("rollback")
        self.daemon.finished(old)
        second, new = self.push("rollback")
        self.daemon.finished(new)
        refused = self.daemon.command("retry", old)
        self.assertEqual(1, refused.returncode, refused)
        self.assertEqual(second[:8], self.tag("rollback"))
        self.assertEqual(0, self.daemon.command("retry", old, "--allow-rollback").returncode)
        self.assertEqual("succeeded", self.daemon.finished(old)["state"])
        self.assertEqual(first[:8], self.tag("rollback"))
        message = self.world.infra.message(self.world.infra.head())
        self.assertIn(second[:8], message)
        self.assertIn("--allow-rollback", message)
        self.assertIn("--allow-rollback", self.daemon.log_of(old))
        self.assertEqual(1, len(self.builds({first})))

    def test_cancel_ends_a_running_build_and_makes_room(self):
        first, number = self.push("cancel", self.never)
        wait_until(lambda: self.builds({first}), what="the build")
        self.assertEqual(0, self.daemon.command("cancel", number).returncode)
        self.assertEqual("cancelled", self.daemon.finished(number)["state"])
        self.assert_nothing_of_it_is_left(number)
        _, number = self.push("cancel")
        self.assertEqual("succeeded", self.daemon.finished(number)["state"])

    def assert_nothing_of_it_is_left(self, number):
        wait_until(lambda: not any((self.daemon.state / "work").glob(f"{number}*")), 10, what="the workspace to go")
        for line in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            try:
                self.assertNotIn(f"{self.world.root}/builder.py".encode(), line.read_bytes())
            except OSError:
                pass

    def test_a_running_build_gives_way_to_a_newer_push_where_the_configuration_says_so(self):
        first, old = self.push("newer", self.never)
        wait_until(lambda: self.builds({first}), what="the build")
        second, new = self.push("newer")
        self.assertEqual("succeeded", self.daemon.finished(new)["state"])
        run = self.daemon.finished(old)
        self.assertEqual("superseded", run["state"], run)
        self.assertIn(str(new), run["reason"])
        self.assertEqual(second[:8], self.tag("newer"))

    def test_a_build_beyond_its_time_fails_and_is_not_tried_again(self):
        commit, number = self.push("slow", self.never)
        run = self.daemon.finished(number)
        self.assertEqual("failed", run["state"], run)
        self.assertIn("5", run["reason"])
        self.assertEqual(1, len(self.builds({commit})))

    def test_a_failing_build_is_not_tried_again_by_itself(self):
        commit, delivery = self.world.push("Queue/failing", {"Dockerfile": DOCKERFILE, "no-app.txt": "x"})
        run = self.daemon.finished(self.accept(delivery)[0]["id"])
        self.assertEqual(("failed", 1), (run["state"], run["attempts"]), run)
        status, _, answer = self.world.send(delivery)
        self.assertEqual((200, True), (status, answer["duplicate"]))
        self.assertEqual(f"slipway retry {run['id']}", answer["runs"][0]["retry"])
        self.assertEqual("failed", answer["runs"][0]["state"])
        self.assertTrue(commit)

    def test_ids_count_only_with_their_bodies(self):
        first, delivery = self.world.push("Queue/ids", {"Dockerfile": DOCKERFILE, "app.txt": "1\n"})
        mine = "11111111-2222-3333-4444-555555555555"
        made = self.accept(delivery.signed(delivery_id=mine))[0]["id"]
        source = self.world.source("Queue/ids")
        second = source.commit({"app.txt": "2\n"})
        other = push_of(source, "Queue/ids", first, second)
        status, _, answer = self.world.send(other.signed(delivery_id=mine))
        self.assertEqual(202, status, answer)
        self.assertNotEqual(made, answer["runs"][0]["id"])
        for again, run in ((delivery, made), (other, answer["runs"][0]["id"])):
            status, _, told = self.world.send(again.signed(delivery_id=mine))
            self.assertEqual((200, True, run), (status, told["duplicate"], told["runs"][0]["id"]))
        self.assertEqual(2, len(self.daemon.runs("?template=ids-build-template")))


class Admission(QueueCase):
    apps = {"large": {"resources": {"memory": "10Gi"}}, "second": {"resources": {"memory_limit": "10Gi"}},
            "equal": {"resources": {"memory": "6Gi"}}, "small": {"resources": {"cpu": "1"}}, "free": {}}

    @classmethod
    def furnish(cls, world):
        super().furnish(world)
        world.configuration["queue"].update(memory_budget="16Gi", max_concurrent=10)

    def test_the_budget_may_be_used_up_and_what_does_not_fit_waits_and_is_not_passed_by(self):
        _, large = self.push("large", self.never)
        self.wait_for(large, "running")
        _, equal = self.push("equal", self.never)
        self.wait_for(equal, "running")
        _, second = self.push("second")
        wait_until(lambda: self.daemon.run(second).get("waiting_for") == "memory", 10, what="the run to wait for memory")
        _, small = self.push("small")
        _, free = self.push("free")
        self.assertEqual("succeeded", self.daemon.finished(free)["state"])
        self.assertEqual("queued", self.state(small), "a small job passed by the large one that waits")
        self.assertEqual(0, self.daemon.command("cancel", equal).returncode)
        self.daemon.finished(equal)
        self.daemon.finished(self.push("free")[1])
        self.assertEqual(("queued", "queued"), (self.state(second), self.state(small)))
        self.assertEqual(0, self.daemon.command("cancel", large).returncode)
        self.assertEqual("succeeded", self.daemon.finished(second)["state"])
        self.assertEqual("succeeded", self.daemon.finished(small)["state"])

    def test_a_job_that_could_never_run_is_refused_with_the_configuration(self):
        configuration = json.loads(json.dumps(self.daemon.configuration))
        configuration["templates"][0]["resources"] = {"memory": "17Gi"}
        file = self.world.root / "too-large.yaml"
        file.write_text(json.dumps(configuration))
        for command in ("check", "serve"):
            refused = slipway("--config", file, command)
            self.assertEqual(2, refused.returncode, refused)
            self.assertIn("could never run", refused.stderr + refused.stdout)


class Keeping(QueueCase):
    apps = {"kept": {}, "gone": {"on_success": "delete"}}

    @classmethod
    def furnish(cls, world):
        super().furnish(world)
        world.configuration["queue"].update(keep_finished="2s", clean_every="1s", delete_grace="1s", keep_last=1, keep_failed="1h")

    def is_there(self, number):
        return self.daemon.request("GET", f"/api/v1/runs/{number}")[0] == 200

    def test_finished_runs_go_with_their_logs_but_the_last_and_the_failed_stay(self):
        _, delivery = self.world.push("Queue/kept", {"Dockerfile": DOCKERFILE})
        failed = self.accept(delivery)[0]["id"]
        self.assertEqual("failed", self.daemon.finished(failed)["state"])
        _, first = self.push("kept")
        self.daemon.finished(first)
        _, last = self.push("kept")
        self.daemon.finished(last)
        _, deleted = self.push("gone")
        wait_until(lambda: not self.is_there(first) and not self.is_there(deleted), 30, what="the old runs to go")
        self.assertTrue(self.is_there(last))
        self.assertTrue(self.is_there(failed))
        names = {path.name.split(".")[0] for path in (self.daemon.state / "logs").iterdir()}
        self.assertEqual(set(), names & {str(first), str(deleted)})
        self.assertLessEqual({str(last), str(failed)}, names)

    def test_a_delivery_is_known_when_its_run_has_gone(self):
        _, delivery = self.world.push("Queue/gone", {"Dockerfile": DOCKERFILE, "app.txt": "again\n"})
        number = self.accept(delivery)[0]["id"]
        wait_until(lambda: not self.is_there(number), 30, what="the run to go")
        for again in (delivery, delivery.signed()):
            status, _, answer = self.world.send(again)
            self.assertEqual((200, True), (status, answer["duplicate"]))
            self.assertEqual([number], [run["id"] for run in answer["runs"]])


class Patience(FaultyCase):
    """A Git server that is away for longer than a hand-off waits."""

    @classmethod
    def furnish(cls, world):
        super().furnish(world)
        cls.notes = fast_builder(world)
        world.configuration["handoff"].update(infrastructure_patience="8s", timeout="2s")
        world.configuration["templates"][0]["timeout"] = "3s"

    def test_patience_ends_with_the_digest_kept_and_retry_goes_on_at_the_hand_off(self):
        self.proxy.judge = lambda method, path, body: Fault("status", 503) if INFRA in path else None
        commit, delivery = self.world.push("Lumie-Edu/lumie-backend", {"Dockerfile": DOCKERFILE, "app.txt": "1\n"})
        number = self.accept(delivery)[0]["id"]
        waits = wait_until(lambda: (run := self.daemon.run(number)).get("waiting_for") and run, 30, what="the run to wait")
        self.assertEqual(("queued", "git"), (waits["state"], waits["waiting_for"]))
        run = self.daemon.finished(number)
        self.assertEqual("failed", run["state"], run)
        digest = run["results"]["IMAGE_DIGEST"]
        self.proxy.judge = lambda *_: None
        self.assertEqual(0, self.daemon.command("retry", number).returncode)
        run = self.daemon.finished(number)
        self.assertEqual(("succeeded", digest), (run["state"], run["results"]["IMAGE_DIGEST"]))
        self.assertEqual(1, sum(commit in line for line in self.notes.read_text().splitlines() if " built " in line))
        self.assertEqual(commit[:8], self.world.tag_in("applications/lumie-backend/common-values.yaml"))

    def test_the_timeout_stands_still_while_a_run_waits(self):
        self.proxy.judge = lambda method, path, body: Fault("status", 503) if "lumie-backend" in path else None
        commit, delivery = self.world.push("Lumie-Edu/lumie-backend", {"Dockerfile": DOCKERFILE, "app.txt": "2\n"})
        number = self.accept(delivery)[0]["id"]
        wait_until(lambda: self.daemon.run(number)["attempts"] >= 3, 30, what="three tries, longer than the timeout")
        self.proxy.judge = lambda *_: None
        self.assertEqual("succeeded", self.daemon.finished(number)["state"])
        self.assertEqual(commit[:8], self.world.tag_in("applications/lumie-backend/common-values.yaml"))
