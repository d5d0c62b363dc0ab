"""What goes wrong outside, and what becomes of the run."""
from support.case import BACKEND, BUILDABLE, FaultyCase, WorldCase
from support.processes import wait_until
from support.proxy import Fault

VALUES = "applications/lumie-backend/common-values.yaml"


class Failures(FaultyCase):
    weight = 8

    @classmethod
    def furnish(cls, world):
        super().furnish(world)
        missing = world.template("Lumie-Edu/missing-file")
        missing["handoff"]["values"] = [{"file": "applications/nowhere/values.yaml", "path": "image.tag"}]
        key = world.template("Lumie-Edu/missing-key")
        key["handoff"]["values"][0]["path"] = "common.imag.tag"
        wrong = world.template("Lumie-Edu/wrong-file")
        wrong["handoff"]["values"] = [{"file": VALUES, "path": "common.image.tag"}]

    def test_a_dockerfile_that_fails_fails_the_run_and_commits_nothing(self):
        before = self.world.infra.head()
        broken = {"Dockerfile": "FROM scratch\nCOPY not-there.txt /x\n", "app.txt": "x"}
        _, run = self.push_and_finish(BACKEND, broken)
        self.assertEqual("failed", run["state"], run)
        self.assertEqual("build", [stage["stage"] for stage in run["stages"] if stage["outcome"] == "failed"][0])
        self.assertIn("not-there.txt", self.daemon.log_of(run["id"]))
        self.assertEqual(before, self.world.infra.head())

    def test_a_missing_values_file_is_named(self):
        _, run = self.push_and_finish("Lumie-Edu/missing-file", BUILDABLE)
        self.assertEqual("failed", run["state"], run)
        self.assertIn("applications/nowhere/values.yaml", run["reason"])

    def test_a_missing_key_is_named_with_the_nearest_one(self):
        _, run = self.push_and_finish("Lumie-Edu/missing-key", BUILDABLE)
        self.assertEqual("failed", run["state"], run)
        self.assertIn("imag", run["reason"])
        self.assertIn("image", run["reason"])

    def test_a_values_file_of_another_image_is_not_touched(self):
        before = self.world.infra.read(VALUES)
        _, run = self.push_and_finish("Lumie-Edu/wrong-file", BUILDABLE)
        self.assertEqual("failed", run["state"], run)
        self.assertIn("lumie-backend", run["reason"])
        self.assertEqual(before, self.world.infra.read(VALUES))

    def test_a_push_to_the_infra_repository_between_fetch_and_push_is_kept_and_built_upon(self):
        other = []

        def lose_a_race(method, path, body):
            if path.endswith("/git-receive-pack") and method == "POST" and not other:
                return Fault(before=lambda: other.append(self.world.infra.commit({"other.txt": "by hand\n"}, "CHORE: by hand")))
            return None

        self.proxy.judge = lose_a_race
        commit, run = self.push_and_finish(BACKEND, {**BUILDABLE, "race.txt": "1\n"})
        self.assertEqual("succeeded", run["state"], run)
        self.assertEqual([run["handoff_commit"], other[0]], self.world.infra.log()[:2])
        self.assertEqual(commit[:8], self.world.tag_in(VALUES))
        self.assertEqual(b"by hand\n", self.world.infra.read("other.txt"))

    def test_five_lost_races_fail_the_run_and_a_retry_goes_on_at_the_hand_off(self):
        lost = []

        def always(method, path, body):
            if path.endswith("lumie-infra.git/git-receive-pack") and method == "POST":
                return Fault(before=lambda: lost.append(self.world.infra.commit({"other.txt": f"{len(lost)}\n"}, "CHORE: by hand")))
            return None

        self.proxy.judge = always
        commit, run = self.push_and_finish(BACKEND, {**BUILDABLE, "races.txt": "1\n"})
        self.assertEqual(("failed", 5), (run["state"], len(lost)), run)
        builds = len(self.builds())
        self.proxy.judge = lambda *_: None
        self.assertEqual(0, self.daemon.command("retry", run["id"]).returncode)
        run = self.daemon.finished(run["id"])
        self.assertEqual("succeeded", run["state"], run)
        self.assertEqual(builds, len(self.builds()), "the image was built again")
        self.assertEqual(commit[:8], self.world.tag_in(VALUES))

    def test_a_declining_hook_is_final_and_its_words_reach_the_run(self):
        self.world.infra.hook("pre-receive", "#!/bin/sh\necho 'main is protected by policy 7' >&2\nexit 1\n")
        try:
            _, run = self.push_and_finish(BACKEND, {**BUILDABLE, "declined.txt": "1\n"})
        finally:
            (self.world.infra.path / "hooks" / "pre-receive").unlink()
        self.assertEqual("failed", run["state"], run)
        self.assertIn("main is protected by policy 7", run["reason"])

    def test_an_unreachable_git_server_is_waited_for(self):
        commit, delivery = self.world.push(BACKEND, {**BUILDABLE, "later.txt": "1\n"})
        self.proxy.judge = lambda *_: Fault("status", 503)
        number = self.accept(delivery)[0]["id"]

        def waits():
            run = self.daemon.run(number)
            return run if run["state"] == "queued" and run.get("waiting_for") else None

        run = wait_until(waits, 30, what="the run to wait for Git")
        self.assertTrue(run["reason"])
        self.proxy.judge = lambda *_: None
        self.assertEqual("succeeded", self.daemon.finished(number)["state"])
        self.assertEqual(commit[:8], self.world.tag_in(VALUES))

    def test_a_push_whose_answer_is_lost_is_not_committed_twice(self):
        cut = []

        def lose_the_answer(method, path, body):
            if path.endswith("lumie-infra.git/git-receive-pack") and method == "POST" and not cut:
                cut.append(path)
                return Fault("cut_after")
            return None

        self.proxy.judge = lose_the_answer
        commit, run = self.push_and_finish(BACKEND, {**BUILDABLE, "lost-answer.txt": "1\n"})
        self.assertEqual("succeeded", run["state"], run)
        subjects = [self.world.infra.message(one).splitlines()[0] for one in self.world.infra.log()]
        self.assertEqual(1, subjects.count(f"CHORE(app): update lumie-backend image to {commit[:8]}"))

    def test_a_commit_that_main_no_longer_contains_is_superseded(self):
        repository = self.world.source(BACKEND)
        before = repository.head() or repository.commit(BUILDABLE)
        gone, delivery = self.world.push(BACKEND, {**BUILDABLE, "gone.txt": "1\n"})
        repository.git("update-ref", "refs/heads/main", before)
        repository.git("-c", "gc.reflogExpire=now", "prune", "--expire=now")
        run = self.daemon.finished(self.accept(delivery)[0]["id"])
        self.assertEqual("superseded", run["state"], run)
        self.assertIn("is no longer on main", run["reason"])
        self.assertIn(gone[:7], run["reason"])


class WrongGitPassword(WorldCase):
    @classmethod
    def furnish(cls, world):
        world.template(BACKEND)
        (world.secrets / "password").write_text("wrong")

    def test_the_run_says_that_the_credentials_are_refused_and_the_right_ones_are_read_anew(self):
        commit, delivery = self.world.push(BACKEND, BUILDABLE)
        number = self.accept(delivery)[0]["id"]

        def told():
            run = self.daemon.run(number)
            return run if run["state"] != "running" and run.get("reason") else None

        run = wait_until(told, 60, what="the run to say what is wrong")
        self.assertRegex(run["reason"].lower(), "credential|password|authenti|401")
        self.assertNotIn("wrong", run["reason"].lower().split("credential")[0].split())
        (self.world.secrets / "password").write_text(self.world.git.password)
        if run["state"] == "failed":
            self.assertEqual(0, self.daemon.command("retry", number).returncode)
        self.assertEqual("succeeded", self.daemon.finished(number)["state"])
        self.assertEqual(commit[:8], self.world.tag_in(VALUES))


class RefusingRegistry(WorldCase):
    @classmethod
    def furnish(cls, world):
        world.template(BACKEND)
        world.registry.write_auth(world.secrets / "registry.json", password="wrong")

    def test_a_registry_that_refuses_fails_the_run_with_its_words_and_commits_nothing(self):
        before = self.world.infra.head()
        _, run = self.push_and_finish(BACKEND, BUILDABLE)
        self.assertEqual("failed", run["state"], run)
        self.assertRegex((run["reason"] + self.daemon.log_of(run["id"])).lower(), "unauthorized|401|authentication required")
        self.assertEqual(before, self.world.infra.head())
        self.assertEqual([], self.world.registry.tags("applications/lumie-backend"))


class UnreachableRegistry(WorldCase):
    @classmethod
    def furnish(cls, world):
        world.template(BACKEND)

    def test_a_registry_that_is_down_is_waited_for(self):
        self.world.registry.stop()
        commit, delivery = self.world.push(BACKEND, BUILDABLE)
        number = self.accept(delivery)[0]["id"]
        wait_until(lambda: self.daemon.run(number).get("waiting_for"), 60, what="the run to wait for the registry")
        self.world.registry.start()
        self.assertEqual("succeeded", self.daemon.finished(number)["state"])
        self.assertEqual(commit[:8], self.world.tag_in(VALUES))
