"""A signed push becomes an image and a hand-off commit."""
from support.case import BACKEND, BUILDABLE, WorldCase
from support.deliveries import Delivery, push_of
from support.processes import wait_until

VALUES = "applications/lumie-backend/common-values.yaml"


class MainJob(WorldCase):
    weight = 8

    @classmethod
    def furnish(cls, world):
        world.template(BACKEND)
        world.template("Lumie-Edu/lumie-frontend", files=["apps/frontend/dev.yaml", "apps/frontend/prod.yaml"])
        world.template("Lumie-Edu/lumie-worker", "grading-svc", paths=["services/grading/", "libs/common/"],
                       params={"context-dir": "./services/grading"})
        world.template("Lumie-Edu/lumie-worker", "report-svc", paths=["services/report/", "libs/common/"],
                       params={"context-dir": "./services/report"})

    def test_a_captured_push_becomes_an_image_and_a_commit_that_changes_one_line(self):
        delivery = self.world.captured(Delivery.load("push-single-backend-05"), BUILDABLE)
        commit = delivery.json["after"]
        before = self.world.infra.head()
        run = self.daemon.finished(self.accept(delivery)[0]["id"])

        self.assertEqual("succeeded", run["state"], run)
        self.assertEqual(commit[:8], run["results"]["IMAGE_TAG"])
        self.assertEqual(commit, run["results"]["COMMIT_SHA"])
        digest = self.world.registry.digest("applications/lumie-backend", commit[:8])
        self.assertEqual(digest, run["results"]["IMAGE_DIGEST"])
        self.assertEqual(digest, self.world.registry.digest("applications/lumie-backend", "latest"))
        self.assertEqual(b"one\n", self.world.registry.files("applications/lumie-backend", digest)["app.txt"])
        labels = self.world.registry.config("applications/lumie-backend", digest)["config"]["Labels"]
        self.assertEqual(commit, labels["org.opencontainers.image.revision"])

        handoff = self.world.infra.head()
        self.assertEqual([handoff, before], self.world.infra.log()[:2])
        self.assertEqual(handoff, run["handoff_commit"])
        message = self.world.infra.message(handoff)
        self.assertEqual(f"CHORE(app): update lumie-backend image to {commit[:8]}", message.splitlines()[0])
        for trailer in (commit, digest, "Lumie-Edu/lumie-backend"):
            self.assertIn(trailer, message)
        author = self.world.infra.git("show", "-s", "--format=%an <%ae>", handoff).decode().strip()
        self.assertEqual("slipway <slipway@localhost>", author)
        old, new = self.world.infra.read(VALUES, before), self.world.infra.read(VALUES, handoff)
        self.assertEqual(old.replace(b'"latest"', f'"{commit[:8]}"'.encode()), new)

    def test_two_files_are_changed_by_one_commit(self):
        before = self.world.infra.head()
        commit, run = self.push_and_finish("Lumie-Edu/lumie-frontend", BUILDABLE)
        self.assertEqual("succeeded", run["state"], run)
        added, removed, modified = self.world.infra.changes(run["handoff_commit"])
        self.assertEqual(([], [], ["apps/frontend/dev.yaml", "apps/frontend/prod.yaml"]), (added, removed, sorted(modified)))
        for file in modified:
            self.assertEqual(commit[:8], self.world.tag_in(file))
        self.assertIn(before, self.world.infra.log())

    def test_a_push_to_a_shared_library_builds_each_service_once_from_one_fetch(self):
        files = {"libs/common/util.py": "x = 1\n"}
        for service in ("grading", "report"):
            files.update({f"services/{service}/{name}": text for name, text in BUILDABLE.items()})
        commit, delivery = self.world.push("Lumie-Edu/lumie-worker", files)
        runs = self.accept(delivery)
        self.assertEqual(["grading-svc-build-template", "report-svc-build-template"], sorted(run["template"] for run in runs))
        for run in runs:
            self.assertEqual("succeeded", self.daemon.finished(run["id"])["state"])
        for service in ("grading-svc", "report-svc"):
            self.assertEqual(commit[:8], self.world.tag_in(f"applications/{service}/common-values.yaml"))
        commit, delivery = self.world.push("Lumie-Edu/lumie-worker", {"services/report/app.txt": "two\n"})
        self.assertEqual(["report-svc-build-template"], [run["template"] for run in self.accept(delivery)])

    def test_the_image_is_of_the_pushed_commit_and_not_of_the_branchs_tip(self):
        repository = self.world.source("Lumie-Edu/lumie-frontend")
        first, delivery = self.world.push("Lumie-Edu/lumie-frontend", {**BUILDABLE, "app.txt": "first\n"})
        repository.commit({"app.txt": "second\n"})  # pushed meanwhile; its delivery comes later
        run = self.daemon.finished(self.accept(delivery)[0]["id"])
        self.assertEqual("succeeded", run["state"], run)
        image = self.world.registry.files("applications/lumie-frontend", first[:8])
        self.assertEqual(b"first\n", image["app.txt"])

    def test_the_same_delivery_again_is_a_duplicate_with_the_first_runs(self):
        _, delivery = self.world.push(BACKEND, {**BUILDABLE, "again.txt": "1\n"})
        runs = self.accept(delivery)
        for again in (delivery, delivery.signed()):  # the same id, and Gitea's redelivery under a fresh one
            status, _, answer = self.world.send(again)
            self.assertEqual(200, status, answer)
            self.assertIs(True, answer["duplicate"])
            self.assertEqual([run["id"] for run in runs], [run["id"] for run in answer["runs"]])
            self.assertTrue(answer["runs"][0]["state"])
        self.daemon.finished(runs[0]["id"])

    def test_an_unmatched_repository_is_answered_with_the_reasons(self):
        _, delivery = self.world.push("Lumie-Edu/lumie-Backend", BUILDABLE)
        status, _, answer = self.world.send(delivery)
        self.assertEqual((200, []), (status, answer["runs"]))
        reasons = {skip["trigger"]: skip["reason"] for skip in answer["skipped"]}
        self.assertIn("lumie-Backend", reasons["push-lumie-backend"])

    def test_only_main_builds(self):
        repository = self.world.source(BACKEND)
        before = repository.head() or repository.commit(BUILDABLE)
        for ref in ("refs/heads/maintenance", "refs/heads/main-2", "refs/heads/Main", "refs/tags/main", "refs/heads/feature/main"):
            with self.subTest(ref=ref):
                after = repository.commit({"x.txt": ref}, ref=ref, parents=[before])
                status, _, answer = self.world.send(push_of(repository, BACKEND, before, after, ref).signed())
                self.assertEqual((200, []), (status, answer["runs"]), answer)
                self.assertTrue(answer["skipped"], answer)

    def test_a_wrong_signature_learns_nothing_and_makes_nothing(self):
        _, delivery = self.world.push(BACKEND, {**BUILDABLE, "wrong.txt": "1\n"})
        count = len(self.daemon.runs())
        wrong = delivery.header("X-Gitea-Signature").translate(str.maketrans("0123456789abcdef", "123456789abcdef0"))
        answers = set()
        for bad in (delivery.with_header("X-Gitea-Signature", wrong),
                    delivery.with_header("X-Hub-Signature-256", f"sha256={wrong}"),
                    delivery.with_header("X-Gitea-Signature", wrong).with_header("X-Hub-Signature-256", f"sha256={wrong}"),
                    delivery.with_header("X-Gitea-Signature", "").with_header("X-Hub-Signature-256", "sha256="),
                    delivery.with_header("X-Gitea-Signature", None).with_header("X-Hub-Signature-256", None),
                    delivery.with_header("X-Gitea-Signature", "zz"),
                    delivery.signed(b"another secret"),
                    delivery.with_text(delivery.body + b" ")):
            status, _, answer = self.world.send(bad)
            self.assertEqual(401, status, answer)
            answers.add(str(answer))
        self.assertEqual(1, len(answers), "one answer for every wrong signature")
        self.assertEqual(count, len(self.daemon.runs()))

    def test_one_good_signature_suffices(self):
        for name in ("X-Gitea-Signature", "X-Hub-Signature-256"):
            with self.subTest(without=name):
                _, delivery = self.world.push(BACKEND, {**BUILDABLE, f"{name}.txt": "1\n"})
                self.accept(delivery.with_header(name, None))

    def test_a_rotated_webhook_secret_is_read_anew(self):
        secret = self.world.secrets / "webhook-secret"
        old = secret.read_bytes()
        try:
            new = secret.with_suffix(".new")
            new.write_bytes(b"a new secret\n")
            new.rename(secret)
            _, delivery = self.world.push(BACKEND, {**BUILDABLE, "rotated.txt": "1\n"})
            wait_until(lambda: self.world.send(delivery.signed(b"a new secret"))[0] in (200, 202), what="the new secret to count")
            self.assertEqual(401, self.world.send(delivery)[0])
        finally:
            secret.write_bytes(old)
            wait_until(lambda: self.world.send(self.world.push(BACKEND, {"back.txt": "1"})[1])[0] == 202, what="the old secret")

    def test_a_hook_of_type_form_works(self):
        repository = self.world.source(BACKEND)
        before = repository.head() or repository.commit(BUILDABLE)
        after = repository.commit({**BUILDABLE, "form.txt": "1\n"})
        form = Delivery.load("form-push")
        form = form.with_text(push_of(repository, BACKEND, before, after).body).signed()
        self.assertEqual(1, len(self.accept(form)))

    def test_nothing_of_a_finished_run_is_left_behind(self):
        _, run = self.push_and_finish(BACKEND, {**BUILDABLE, "left.txt": "1\n"})
        self.assertIn(run["state"], ("succeeded", "superseded"))
        for other in self.daemon.runs():
            self.daemon.finished(other["id"])
        self.assert_nothing_is_left()

    def test_no_secret_is_in_the_log_of_the_daemon_or_of_a_run(self):
        _, run = self.push_and_finish(BACKEND, {**BUILDABLE, "secret.txt": "1\n"})
        text = self.daemon.all_output() + self.daemon.log_of(run["id"])
        for secret in (self.world.git.password, self.world.registry.password, "s3cr3t-webhook"):
            self.assertNotIn(secret, text)
