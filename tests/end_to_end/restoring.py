"""What container/README.md says of the daemon's life: backup and restore by its own commands, the switch from another system, the end."""
import os
import shutil
import signal
import sqlite3

from support.case import BACKEND, BUILDABLE, FaultyCase, LoggedCase, WorldCase
from support.daemon import FINISHED
from support.processes import wait_until
from support.proxy import Fault

from .container import CONTAINER
from .failures import VALUES
from .guide import Shell, block_with


class Restoring(LoggedCase):
    """Each test has the state as the one before it left it."""

    weight = 4

    def deploy(self, text):
        commit, run = self.push_and_finish(BACKEND, {**BUILDABLE, "app.txt": text})
        self.assertEqual(("succeeded", commit[:8]), (run["state"], self.world.tag_in(VALUES)), run)
        return commit, run

    def restore(self, shell):
        """The guide's block, whose `systemctl` lines are about the test's daemon."""
        block = block_with("queue.before")
        stop, start = block.index("systemctl stop slipway"), block.index("systemctl start slipway")
        self.assertEqual(0, stop)
        self.assertEqual(0, self.daemon.stop())
        shell.run(block[1:start])
        self.daemon.start()
        return shell.run(block[start + 1:])

    def reconciled(self, commit):
        """The run that the comparison of the branches made of a commit, once it has ended."""
        def found():
            return next((run for run in self.daemon.runs() if (run["commit"], run["source"]) == (commit, "reconcile") and run["state"] in FINISHED), None)

        return wait_until(found, 60, 0.2, "the branch to be compared")

    def test_1_an_older_backup_taken_live_is_restored_and_nothing_is_done_twice(self):
        first, before = self.deploy("one\n")
        shell = Shell(self.daemon)
        self.assertTrue(shell.run(block_with("PRAGMA integrity_check")).endswith("ok\n"))
        self.deploy("two\n")
        newest, lost = self.deploy("three\n")
        builds, commits = len(self.builds()), self.world.infra.log()
        self.assertIn(first[:8], self.restore(shell))
        self.assertEqual([before["id"]], [run["id"] for run in self.daemon.runs()])
        run = self.reconciled(newest)
        self.assertEqual(("succeeded", before["id"] + 1), (run["state"], run["id"]), run)
        self.assertIn("is deployed already: nothing to change", run["reason"])
        self.assertEqual(lost["results"]["IMAGE_DIGEST"], run["results"]["IMAGE_DIGEST"])
        self.assertEqual((builds, commits, newest[:8]), (len(self.builds()), self.world.infra.log(), self.world.tag_in(VALUES)))
        self.deploy("four\n")
        self.assertEqual((builds + 1, len(commits) + 1), (len(self.builds()), len(self.world.infra.log())))

    def test_2_what_was_queued_in_the_backup_runs(self):
        shell = Shell(self.daemon)
        self.world.registry.stop()
        commit, delivery = self.world.push(BACKEND, {**BUILDABLE, "app.txt": "queued\n"})
        number = self.accept(delivery)[0]["id"]
        shell.run(block_with("PRAGMA integrity_check"))
        self.daemon.stop()
        self.world.registry.start()
        self.restore(shell)
        self.assertEqual("succeeded", self.daemon.finished(number)["state"])
        self.assertEqual(commit[:8], self.world.tag_in(VALUES))

    def test_3_without_the_bodies_runs_go_on_and_old_deliveries_show_no_others_bytes(self):
        delivery = self.daemon.api("/deliveries")["deliveries"][-1]["id"]
        self.assertEqual(200, self.daemon.request("GET", f"/api/v1/deliveries/{delivery}?body=true")[0])
        self.daemon.stop()
        queue = self.daemon.state / "queue"
        for file in queue.glob("bodies-*.seg"):
            file.unlink()
        self.daemon.start()
        self.deploy("five\n")
        self.assertNotEqual(0, self.daemon.command("explain", delivery).returncode)

    def test_4_without_the_database_branches_are_noted_and_not_built(self):
        builds = len(self.builds())
        self.daemon.stop()
        shutil.rmtree(self.daemon.state / "queue")
        self.daemon.start()
        self.assertEqual([], self.daemon.runs())
        self.deploy("six\n")
        self.assertEqual(builds + 1, len(self.builds()))

    def test_5_a_newer_schema_is_refused_and_left_alone(self):
        self.daemon.stop()
        database = sqlite3.connect(self.daemon.state / "queue" / "queue.db")
        database.execute("PRAGMA user_version = 1000")
        done = self.daemon.command("serve")
        self.assertEqual((2, True), (done.returncode, "was written by a newer slipway" in done.stderr), done.stderr)
        self.assertIn('exit code 2 and "was written by a newer slipway"', " ".join(self.guide().split()))
        database.execute("PRAGMA user_version = 1")
        database.close()
        self.daemon.start()
        self.assertTrue(self.daemon.runs())

    def guide(self):
        return (CONTAINER / "README.md").read_text()


class Switching(WorldCase):
    """Shadow beside Tekton, the switch, and the way back, as the guide has them."""

    weight = 3

    @classmethod
    def furnish(cls, world):
        world.configuration["shadow"] = True
        world.template(BACKEND)
        world.push(BACKEND, BUILDABLE)

    def restart(self, shadow):
        self.daemon.stop()
        self.daemon.configuration["shadow"] = shadow
        self.daemon.start()

    def test_switch_and_back(self):
        commit, run = self.push_and_finish(BACKEND, {**BUILDABLE, "app.txt": "in shadow\n"})
        self.assertEqual(("cancelled", "shadow mode: it would have been built"), (run["state"], run["reason"]))
        self.restart(shadow=False)
        self.assertEqual(0, self.daemon.command("retry", run["id"]).returncode)
        self.assertEqual("succeeded", self.daemon.finished(run["id"])["state"])
        self.assertEqual(commit[:8], self.world.tag_in(VALUES))
        self.daemon.stop()
        missed, _ = self.world.push(BACKEND, {**BUILDABLE, "app.txt": "Tekton builds this\n"})
        self.restart(shadow=True)
        made = wait_until(lambda: next((one for one in self.daemon.runs() if one["commit"] == missed and one["state"] == "cancelled"), None), 60)
        self.assertEqual("reconcile", made["source"])
        self.restart(shadow=False)
        commit, run = self.push_and_finish(BACKEND, {**BUILDABLE, "app.txt": "slipway again\n"})
        self.assertEqual(("succeeded", commit[:8]), (run["state"], self.world.tag_in(VALUES)))
        self.assertEqual({"cancelled", "succeeded"}, {one["state"] for one in self.daemon.runs()})


class Stopping(FaultyCase):
    """With a Git server that hangs in the middle of a hand-off."""

    def setUp(self):
        self.proxy.judge = lambda method, path, body: Fault("hang") if "lumie-infra" in path else None
        self.commit, delivery = self.world.push(BACKEND, {**BUILDABLE, "test.txt": self.id()})
        self.number = self.accept(delivery)[0]["id"]
        wait_until(lambda: self.daemon.run(self.number).get("results"), 60, what="the image to be pushed")
        os.kill(self.daemon.pid, signal.SIGTERM)
        wait_until(lambda: self.daemon.request("GET", "/readyz", token=None)[0] == 503, what="the drain to begin")

    def deployed_by_the_next_start(self):
        self.proxy.judge = lambda *_: None
        self.proxy.release()
        self.daemon.start()
        self.assertEqual("succeeded", self.daemon.finished(self.number)["state"])
        self.assertEqual(self.commit[:8], self.world.tag_in(VALUES))

    def test_a_drain_ends_when_the_git_operation_runs_out_of_time(self):
        self.assertEqual(0, self.daemon.child.process.wait(60))
        self.deployed_by_the_next_start()

    def test_a_second_sigterm_ends_it_at_once_and_nothing_is_lost(self):
        os.kill(self.daemon.pid, signal.SIGTERM)
        self.assertEqual(-signal.SIGTERM, self.daemon.child.process.wait(60))
        self.deployed_by_the_next_start()
