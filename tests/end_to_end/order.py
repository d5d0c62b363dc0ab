"""Never backwards, newest wins, a person's decision stands, and nothing is missed while the daemon was away."""
from support.case import BACKEND, BUILDABLE, WorldCase
from support.deliveries import push_of
from support.processes import wait_until

VALUES = "applications/lumie-backend/common-values.yaml"


class OrderCase(WorldCase):
    """Each test has a source repository and a values file of its own."""

    count = 12

    @classmethod
    def furnish(cls, world):
        for number in range(cls.count):
            world.template(f"Order/app-{number}")
        cls.unused = iter(range(cls.count))

    def setUp(self):
        number = next(type(self).unused)
        self.name, self.values = f"Order/app-{number}", f"applications/app-{number}/common-values.yaml"
        self.template = f"app-{number}-build-template"
        self.source = self.world.source(self.name)

    def deliver(self, before, after):
        return push_of(self.source, self.name, before, after).signed()

    def deploy(self, text="first\n"):
        """Pushes and waits for the hand-off; the commit."""
        commit, run = self.push_and_finish(self.name, {**BUILDABLE, "app.txt": text})
        self.assertEqual("succeeded", run["state"], run)
        return commit

    def ended(self, delivery):
        return self.daemon.finished(self.accept(delivery)[0]["id"])


class Order(OrderCase):
    weight = 6

    def test_an_older_push_that_arrives_late_is_superseded(self):
        first = self.deploy()
        second = self.source.commit({"app.txt": "second\n"})
        third = self.source.commit({"app.txt": "third\n"})
        late = self.deliver(first, second)
        self.assertEqual("succeeded", self.ended(self.deliver(second, third))["state"])
        run = self.ended(late)
        self.assertEqual("superseded", run["state"], run)
        self.assertEqual(third[:8], self.world.tag_in(self.values))

    def test_a_burst_during_one_build_costs_few_builds_and_ends_with_the_newest(self):
        self.deploy()
        numbers = []
        for number in range(20):
            commit, delivery = self.world.push(self.name, {"app.txt": f"burst {number}\n"})
            numbers += [run["id"] for run in self.accept(delivery)]
        runs = [self.daemon.finished(number) for number in numbers]
        self.assertEqual("succeeded", runs[-1]["state"], runs[-1])
        self.assertEqual(commit[:8], self.world.tag_in(self.values))
        self.assertGreater([run["state"] for run in runs].count("superseded"), 10)

    def test_after_a_forced_push_the_new_history_is_deployed_although_it_is_older(self):
        first = self.deploy()
        self.deploy("second\n")
        second = self.source.head()
        self.source.git("update-ref", "refs/heads/main", first)
        third = self.source.commit({"app.txt": "another third\n"})
        run = self.ended(self.deliver(second, third))
        self.assertEqual("succeeded", run["state"], run)
        self.assertEqual(third[:8], self.world.tag_in(self.values))

    def test_what_a_forced_push_kept_in_another_commit_is_built_from_the_head(self):
        first = self.deploy()
        gone = self.source.commit({"app.txt": "kept in another commit\n"})
        delivery = self.deliver(first, gone)
        self.source.git("update-ref", "refs/heads/main", first)
        head = self.source.commit({"app.txt": "kept in another commit\n", "more.txt": "amended\n"})  # its delivery is lost
        run = self.ended(delivery)
        self.assertEqual("superseded", run["state"], run)
        self.assertIn("is no longer on main", run["reason"])
        wait_until(lambda: self.world.tag_in(self.values) == head[:8], what="the hand-off of the head")

    def test_a_rewound_main_is_rolled_back_and_the_commit_says_so(self):
        first = self.deploy()
        second = self.deploy("second\n")
        self.source.git("update-ref", "refs/heads/main", first)
        status, _, answer = self.world.send(self.deliver(second, first))
        self.assertIn(status, (200, 202), answer)

        def rolled_back():
            return self.world.tag_in(self.values) == first[:8]

        wait_until(rolled_back, 60, what="the deployment of what main holds now")
        self.assertIn(second[:8], self.world.infra.message(self.world.infra.head()))

    def test_a_revert_by_hand_holds_the_template_until_a_person_releases_it(self):
        first = self.deploy()
        self.deploy("second\n")
        before = self.world.infra.read(self.values).decode()
        self.world.infra.commit({self.values: before.replace(self.source.head()[:8], first[:8])}, "REVERT: by hand")
        third, delivery = self.world.push(self.name, {"app.txt": "third\n"})
        number = self.accept(delivery)[0]["id"]
        run = wait_until(lambda: (run := self.daemon.run(number)).get("waiting_for") == "hold" and run, 60, what="the hold")
        self.assertEqual("queued", run["state"])
        self.assertIn("release", run["reason"])
        fourth, delivery = self.world.push(self.name, {"app.txt": "fourth\n"})
        newest = self.accept(delivery)[0]["id"]
        wait_until(lambda: self.daemon.run(newest).get("waiting_for") == "hold", 60, what="the newer run to be held too")
        self.assertEqual(first[:8], self.world.tag_in(self.values))
        self.assertEqual(0, self.daemon.command("release", self.template).returncode)
        self.assertEqual("succeeded", self.daemon.finished(newest)["state"])
        self.assertEqual("superseded", self.daemon.finished(number)["state"])
        self.assertEqual(fourth[:8], self.world.tag_in(self.values))
        self.assertTrue(third)

    def test_a_rollback_on_purpose_is_allowed_when_asked_for(self):
        commit, old = self.push_and_finish(self.name, {**BUILDABLE, "app.txt": "old\n"})
        held = self.source.commit({"app.txt": "middle\n"})
        newest = self.source.commit({"app.txt": "new\n"})
        self.assertEqual("succeeded", self.ended(self.deliver(held, newest))["state"])
        late = self.ended(self.deliver(commit, held))
        self.assertEqual("superseded", late["state"])
        self.assertEqual(0, self.daemon.command("retry", late["id"], "--allow-rollback").returncode)
        self.assertEqual("succeeded", self.daemon.finished(late["id"])["state"])
        self.assertEqual(held[:8], self.world.tag_in(self.values))
        self.assertEqual("succeeded", old["state"])

    def test_a_lost_delivery_does_not_hide_its_paths(self):
        first = self.deploy()
        self.source.commit({"app.txt": "lost\n"})  # its delivery never comes
        lost = self.source.head()
        after = self.source.commit({"app.txt": "after\n"})
        run = self.ended(self.deliver(lost, after))
        self.assertEqual("succeeded", run["state"], run)
        self.assertEqual(after[:8], self.world.tag_in(self.values))
        self.assertTrue(first)

    def test_three_pushes_there_and_back_are_three_pushes(self):
        first = self.deploy()
        second = self.source.commit({"app.txt": "second\n"})
        there = self.deliver(first, second)
        self.assertEqual(202, self.world.send(there)[0])
        self.source.git("update-ref", "refs/heads/main", first)
        self.assertIn(self.world.send(self.deliver(second, first))[0], (200, 202))
        self.source.git("update-ref", "refs/heads/main", second)
        status, _, answer = self.world.send(there.signed())
        self.assertEqual(202, status, answer)


class Away(WorldCase):
    @classmethod
    def furnish(cls, world):
        world.template(BACKEND)

    def test_what_was_pushed_while_the_daemon_was_down_is_built_when_it_is_back(self):
        self.push_and_finish(BACKEND, BUILDABLE)
        self.assertEqual(0, self.daemon.stop())
        commit, _ = self.world.push(BACKEND, {"app.txt": "while it was away\n"})
        self.daemon.start()
        run = wait_until(lambda: [one for one in self.daemon.runs() if one["commit"] == commit], 60, what="the missed push")[0]
        self.assertEqual("succeeded", self.daemon.finished(run["id"])["state"])
        self.assertEqual("reconcile", self.daemon.run(run["id"])["source"])
        self.assertEqual(commit[:8], self.world.tag_in(VALUES))

    def test_while_it_drains_new_deliveries_get_503(self):
        slow = {"Dockerfile": "FROM scratch\nCOPY bin/busybox /bin/busybox\nCOPY app.txt /app.txt\n"
                              'RUN ["/bin/busybox", "sleep", "15"]\n', "bin/busybox": open("/bin/busybox", "rb").read(), **{"app.txt": "x"}}
        _, delivery = self.world.push(BACKEND, slow)
        number = self.accept(delivery)[0]["id"]
        wait_until(lambda: "sleep" in self.daemon.log_of(number), 60, what="the build to be under way")
        self.daemon.child.process.terminate()
        wait_until(lambda: self.daemon.request("GET", "/readyz", token=None)[0] == 503, what="it to be no longer ready")
        _, late = self.world.push(BACKEND, {"late.txt": "x"})
        status, headers, _ = self.world.send(late)
        self.assertEqual(503, status)
        self.assertTrue(headers.get("retry-after"))
        self.assertEqual(0, self.daemon.child.process.wait(60))
        self.daemon.start()
        self.assertIn(self.daemon.finished(number)["state"], ("succeeded", "superseded"))


class ManualRevertOverwritten(OrderCase):
    count = 1

    @classmethod
    def furnish(cls, world):
        super().furnish(world)
        world.configuration["templates"][0]["on_manual_revert"] = "overwrite"

    def test_a_revert_by_hand_is_overwritten_where_the_configuration_says_so(self):
        first = self.deploy()
        second = self.deploy("second\n")
        text = self.world.infra.read(self.values).decode()
        self.world.infra.commit({self.values: text.replace(second[:8], first[:8])}, "REVERT: by hand")
        third = self.deploy("third\n")
        self.assertEqual(third[:8], self.world.tag_in(self.values))
