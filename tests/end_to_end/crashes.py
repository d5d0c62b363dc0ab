"""SIGKILL, restart, and a second daemon."""
import json

from support.case import BACKEND, BUILDABLE, FaultyCase
from support.daemon import Daemon
from support.processes import free_port, wait_until
from support.proxy import Fault

from .failures import VALUES


class Crashes(FaultyCase):
    weight = 6

    def test_killed_between_build_and_hand_off_it_goes_on_without_building_again(self):
        self.proxy.judge = lambda method, path, body: Fault("hang") if "lumie-infra" in path else None
        commit, delivery = self.world.push(BACKEND, {**BUILDABLE, "killed.txt": "1\n"})
        number = self.accept(delivery)[0]["id"]

        def built():
            return self.daemon.run(number).get("results")

        results = wait_until(built, 60, what="the image to be pushed")
        builds = len(self.builds())
        self.daemon.kill()
        self.proxy.judge = lambda *_: None
        self.proxy.release()
        self.daemon.start()
        run = self.daemon.finished(number)
        self.assertEqual("succeeded", run["state"], run)
        self.assertEqual(results["IMAGE_DIGEST"], run["results"]["IMAGE_DIGEST"])
        self.assertEqual(builds, len(self.builds()), "the image was built again")
        self.assertEqual(commit[:8], self.world.tag_in(VALUES))
        self.assertEqual(1, sum(commit[:8] in self.world.infra.message(one).splitlines()[0] for one in self.world.infra.log()))

    def test_killed_while_it_builds_it_clears_what_was_left_and_builds(self):
        slow = {"Dockerfile": "FROM scratch\nCOPY bin/busybox /bin/busybox\nCOPY app.txt /app.txt\n"
                              'RUN ["/bin/busybox", "sleep", "4"]\n',
                "bin/busybox": open("/bin/busybox", "rb").read(), "app.txt": "slow\n"}
        commit, delivery = self.world.push(BACKEND, slow)
        number = self.accept(delivery)[0]["id"]
        wait_until(lambda: "sleep" in self.daemon.log_of(number), 60, what="the build to be under way")
        self.daemon.kill()
        self.daemon.start()
        run = self.daemon.finished(number)
        self.assertEqual("succeeded", run["state"], run)
        self.assertEqual(commit[:8], self.world.tag_in(VALUES))
        self.assert_nothing_is_left()

    def test_what_was_accepted_right_before_a_kill_is_built(self):
        accepted = []
        for number in range(5):
            _, delivery = self.world.push(BACKEND, {**BUILDABLE, "burst.txt": f"{number}\n"})
            accepted += self.accept(delivery)
        self.daemon.kill()
        self.daemon.start()
        runs = [self.daemon.finished(run["id"]) for run in accepted]
        self.assertEqual("succeeded", runs[-1]["state"], runs[-1])
        self.assertTrue({run["state"] for run in runs} <= {"succeeded", "superseded"}, runs)
        self.assertEqual(runs[-1]["results"]["IMAGE_TAG"], self.world.tag_in(VALUES))

    def test_sigterm_lets_a_running_build_finish_or_puts_it_back(self):
        commit, delivery = self.world.push(BACKEND, {**BUILDABLE, "drain.txt": "1\n"})
        number = self.accept(delivery)[0]["id"]
        self.assertEqual(0, self.daemon.stop())
        self.daemon.start()
        self.assertEqual("succeeded", self.daemon.finished(number)["state"])
        self.assertEqual(commit[:8], self.world.tag_in(VALUES))

    def test_a_second_daemon_on_the_same_state_ends_with_3_and_names_the_holder(self):
        configuration = json.loads(json.dumps(self.daemon.configuration))
        configuration["webhook"]["listen"] = f"127.0.0.1:{free_port()}"
        configuration["operator"]["listen"] = f"127.0.0.1:{free_port()}"
        second = Daemon(self.world.root / "second", configuration).launch()
        wait_until(lambda: not second.child.running, what="the second daemon to give up")
        self.assertEqual(3, second.child.process.returncode, second.output())
        self.assertIn(str(self.daemon.pid), second.output())
        self.assertEqual(200, self.daemon.request("GET", "/readyz", token=None)[0])
