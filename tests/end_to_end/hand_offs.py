"""What a hand-off may be beside a push to one branch: into the sources' own repository, signed, to mirrors, as a pull request."""
import re
import subprocess
import unittest

from support.case import BACKEND, BUILDABLE, WorldCase
from support.daemon import BINARY
from support.deliveries import SOURCE, push_of
from support.git_server import GitServer
from support.gitea import Gitea
from support.processes import wait_until
from support.world import INFRA

from .queueing import fast_builder

MONO = "Lumie-Edu/mono"


class OwnCommits(WorldCase):
    """Sources and values in one repository: slipway's own commits come back to it as pushes."""

    weight = 3

    @classmethod
    def furnish(cls, world):
        world.configuration["handoff"]["repository"] = f"{world.git.base_url}/{MONO}.git"
        world.infra = world.source(MONO)
        world.template(MONO, files=["deploy/values.yaml"])

    def test_a_hand_off_does_not_build_what_it_has_deployed_and_a_copied_trailer_hides_no_push(self):
        mono = self.world.infra
        commit, run = self.push_and_finish(MONO, BUILDABLE)
        self.assertEqual("succeeded", run["state"], run)
        handoff = mono.head()
        self.assertEqual([handoff, commit], mono.log()[:2])

        delivery = push_of(mono, MONO, commit, handoff).signed()
        status, _, answer = self.world.send(delivery)
        self.assertEqual((200, []), (status, answer["runs"]), answer)
        self.assertIn("consists only of slipway's own hand-off commit", answer["skipped"][0]["reason"])
        explain = wait_until(lambda: self._explained(answer["delivery"]), what="the delivery to be recorded")
        self.assertIn("consists only of slipway's own hand-off commit", explain)
        self.assertEqual(1, len(self.daemon.runs()))

        # The same message, from somebody else: a push as any other.
        copied = mono.commit({"deploy/values.yaml": mono.read("deploy/values.yaml") + b"# by hand\n"}, mono.message(handoff))
        self.assertEqual(1, len(self.accept(push_of(mono, MONO, handoff, copied).signed())))

    def _explained(self, delivery):
        done = self.daemon.command("explain", delivery)
        return done.stdout if done.returncode == 1 else None


class SeveralTogether(WorldCase):
    """What one hand-off does to the others of a push, to a person's decision, and what doctor says before."""

    weight = 3
    PINNED = "sha256:" + "a" * 64

    @classmethod
    def furnish(cls, world):
        fast_builder(world)
        world.configuration["handoff"]["gather"] = "3s"
        for app in ("one", "two"):
            world.template(f"Q/{app}")
        world.template("Q/bad", files=["applications/bad/link.yaml"])
        world.template("Q/digest", values=[{"file": "applications/digest/common-values.yaml", "path": "common.image.tag",
                                            "value": "$(IMAGE_DIGEST)"}])
        world.template("Q/kustomize", values=[{"file": "k/kustomization.yaml", "path": "images[name=applications/kustomize].newTag"}])
        world.template("Q/made", values=[{"file": "k/made.yaml", "path": "images[name=web].newTag", "create": True}])
        world.template("Q/chart", values=[{"file": "chart.yaml", "path": "image.tag"}])
        world.infra.commit({"k/kustomization.yaml": f"images:\n- name: applications/kustomize\n  newTag: x\n  digest: {cls.PINNED}\n",
                            "k/made.yaml": "resources: [a]\n",
                            "chart.yaml": f"image:\n  repository: applications/chart\n  tag: x\n  digest: {cls.PINNED}\n"}, "values")
        world.infra.commit({"applications/bad/link.yaml": "../one/common-values.yaml"}, "link", modes={"applications/bad/link.yaml": "120000"})

    def handed_off(self, full_name, text):
        """The run of a push once it has ended or is on hold."""
        _, delivery = self.world.push(full_name, {**BUILDABLE, "app.txt": text})
        number = self.accept(delivery)[0]["id"]

        def settled():
            run = self.daemon.run(number)
            return run if run["state"] in ("succeeded", "failed", "superseded") or run.get("waiting_for") == "hold" else None

        return wait_until(settled, 60, what=f"run {number} to be settled")

    def test_1_a_link_fails_its_own_hand_off_only(self):
        commits, runs = {}, {}
        for app in ("one", "bad", "two"):
            commits[app], delivery = self.world.push(f"Q/{app}", BUILDABLE)
            runs[app] = self.accept(delivery)[0]["id"]
        ended = {app: self.daemon.finished(number) for app, number in runs.items()}
        self.assertEqual({"one": "succeeded", "bad": "failed", "two": "succeeded"}, {app: run["state"] for app, run in ended.items()})
        self.assertIn("applications/bad/link.yaml is a symbolic link", ended["bad"]["reason"])
        for app in ("one", "two"):
            self.assertEqual(commits[app][:8], self.world.tag_in(f"applications/{app}/common-values.yaml"))

    def test_2_a_digest_that_a_person_went_back_to_stays(self):
        file = "applications/digest/common-values.yaml"
        self.assertEqual("succeeded", self.handed_off("Q/digest", "1\n")["state"])
        first = self.world.infra.read(file)
        self.assertEqual("succeeded", self.handed_off("Q/digest", "2\n")["state"])
        self.assertNotEqual(first, self.world.infra.read(file))
        self.world.infra.commit({file: first}, "revert by hand")
        run = self.handed_off("Q/digest", "3\n")
        self.assertEqual("hold", run.get("waiting_for"), run)
        self.assertEqual(first, self.world.infra.read(file))

    def test_3_doctor_says_what_the_hand_off_will(self):
        said = self.daemon.command("doctor").stdout
        for app, words in (("kustomize", f"pinned to {self.PINNED}, which Kustomize takes"), ("chart", f"pinned to {self.PINNED}, which a chart takes"),
                           ("made", "'web', but the image is 'applications/made'")):
            run = self.handed_off(f"Q/{app}", "1\n")
            self.assertEqual("failed", run["state"], run)
            self.assertIn(words, run["reason"])
            file = {"chart": "chart.yaml", "made": "k/made.yaml"}.get(app, "k/kustomization.yaml")
            self.assertRegex(said, rf"bad +values {re.escape(file)}: .*{re.escape(words)}")


class Signing(WorldCase):
    @classmethod
    def furnish(cls, world):
        world.template(BACKEND)
        cls.key = world.secrets / "signing-key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "slipway", "-f", str(cls.key)], check=True)
        world.configuration["handoff"].update(signing="ssh", signing_key=str(cls.key))

    def test_hand_off_commits_are_signed_as_git_verifies(self):
        _, run = self.push_and_finish(BACKEND, BUILDABLE)
        self.assertEqual("succeeded", run["state"], run)
        allowed = self.world.root / "allowed-signers"
        allowed.write_text("slipway@localhost " + self.key.with_suffix(".pub").read_text())
        self.world.infra.git("-c", "gpg.format=ssh", "-c", f"gpg.ssh.allowedSignersFile={allowed}", "verify-commit",
                             run["handoff_commit"])
        shown = self.world.infra.git("-c", "gpg.format=ssh", "-c", f"gpg.ssh.allowedSignersFile={allowed}", "show", "-s",
                                     "--format=%G? %GS", run["handoff_commit"]).decode().strip()
        self.assertEqual("G slipway@localhost", shown)

    def test_doctor_signs_too(self):
        done = self.daemon.command("doctor")
        self.assertRegex(done.stdout, r"good +signing: commits can be signed")
        key = self.key.rename(self.key.with_suffix(".gone"))
        try:
            done = self.daemon.command("doctor")
            self.assertRegex(done.stdout, r"bad +signing: ssh-keygen did not sign")
            self.assertEqual(1, done.returncode)
        finally:
            key.rename(self.key)


class Mirrors(WorldCase):
    """The infra repository and a declared mirror on another server, which Argo CD reads."""

    weight = 4

    @classmethod
    def furnish(cls, world):
        file = "applications/lumie-backend/common-values.yaml"
        world.template(BACKEND, values=[{"file": file, "path": "common.image.tag"},
                                        {"file": file, "path": "common.image.digest", "value": "$(IMAGE_DIGEST)", "create": True}])
        cls.other = GitServer(world.root / "other", "mirror", "another-secret")
        cls.mirror = cls.other.create(INFRA)
        cls.url = f"{cls.other.base_url}/{INFRA}.git"
        (world.secrets / "mirror-user").write_text("mirror")
        (world.secrets / "mirror-password").write_text("another-secret")
        world.infra.commit({"argocd/backend.yaml": "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: backend}\n"
                            f"spec: {{source: {{repoURL: '{cls.url}', path: applications, targetRevision: HEAD}}}}\n"}, "FEAT: argocd")
        cls.mirror.git("fetch", "-q", str(world.infra.path), "main:main")
        world.configuration["handoff"]["also_push"] = [{"url": cls.url, "username_file": str(world.secrets / "mirror-user"),
                                                        "password_file": str(world.secrets / "mirror-password")}]
        cls.other.start()
        cls.addClassCleanup(cls.other.stop)

    def push(self, text):
        _, run = self.push_and_finish(BACKEND, {**BUILDABLE, "app.txt": text})
        self.assertEqual("succeeded", run["state"], run)
        return run

    def drift(self):
        return self.daemon.api("/drift")

    def test_1_both_get_the_commit_and_the_mirror_counts_as_what_is_pushed(self):
        run = self.push("1\n")
        self.assertEqual(run["handoff_commit"], self.world.infra.head())
        self.assertEqual(run["handoff_commit"], self.mirror.head())
        self.assertIn(f"the mirror {self.url} has it too", run["reason"])
        drift = wait_until(lambda: self.drift() if self.drift()["state"] == "same" else None, what="the first comparison")
        self.assertEqual([("same", run["handoff_commit"])], [(one["state"], one["head"]) for one in drift["mirrors"]])
        self.assertEqual(0, self.daemon.metric("slipway_mirror_drift"))
        done = self.daemon.command("doctor")
        self.assertIn(f"mirror {self.url}: is where the repository is", done.stdout)

    def test_0_doctor_asks_for_the_right_to_push_to_both_and_takes_a_key_for_there_that_is_made(self):
        self.world.push(BACKEND, BUILDABLE)
        done = self.daemon.command("doctor")
        self.assertRegex(done.stdout, r"good +push: the credentials may push")
        self.assertRegex(done.stdout, r"good +values .*common.image.digest: is there, and reads nothing")
        file, wrong = "applications/lumie-backend/common-values.yaml", b"applications/another-app\n"
        right = self.world.infra.read(file)
        self.world.infra.commit({file: right.replace(b"applications/lumie-backend\n", wrong)}, "FIX: by mistake")
        self.assertRegex(self.daemon.command("doctor").stdout, r"bad +values .*common.image.tag: .*applications/another-app.*is this the right file")
        self.world.infra.commit({file: right}, "FIX: back")
        self.mirror.git("config", "http.receivepack", "false")
        try:
            done = self.daemon.command("doctor")
            self.assertRegex(done.stdout, f"bad +push: .*{self.url}.*403")
            self.assertEqual(1, done.returncode)
        finally:
            self.mirror.git("config", "http.receivepack", "true")

    def test_2_a_mirror_that_is_away_fails_nothing_is_told_everywhere_and_gets_the_commit_with_the_next(self):
        self.other.stop()
        try:
            missed = self.push("2\n")
        finally:
            self.other.start()
        self.assertIn("does not have it", missed["reason"])
        self.assertIn("the next hand-off tries again", self.daemon.log_of(missed["id"]))
        self.assert_logged("a copy did not get the hand-off")
        drift = self.drift()
        self.assertEqual(("differs", "behind"), (drift["state"], drift["mirrors"][0]["state"]))
        self.assertIn("the next hand-off brings it up to date", drift["findings"][0])
        self.assertEqual(1, self.daemon.metric("slipway_mirror_drift"))
        self.assertEqual(1, self.daemon.metric("slipway_contract_drift"))
        run = self.push("3\n")
        self.assertEqual([run["handoff_commit"], missed["handoff_commit"]], self.mirror.log()[:2])
        self.assertEqual(("same", []), (self.drift()["state"], self.drift()["findings"]))

    def test_3_a_mirror_that_has_diverged_is_never_forced(self):
        theirs = self.mirror.commit({"by-hand.txt": "x\n"}, "CHORE: by hand")
        run = self.push("4\n")
        self.assertEqual(run["handoff_commit"], self.world.infra.head())
        self.assertEqual(theirs, self.mirror.head())
        self.assertIn("it has diverged and is never forced", run["reason"])
        self.assertEqual("diverged", self.drift()["mirrors"][0]["state"])
        self.assertIn("has diverged", self.daemon.command("doctor").stdout)


class ContractDrift(WorldCase):
    """Argo CD reads another repository than the one that hand-offs are pushed to: the surprise of the founding team."""

    weight = 2

    @classmethod
    def furnish(cls, world):
        world.template(BACKEND)
        world.infra.commit({"argocd/backend.yaml": "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: backend}\n"
                            "spec: {source: {repoURL: 'https://github.com/Lumie-Edu/lumie-infra', path: applications}}\n"}, "FEAT: argocd")

    def test_1_it_is_said_wherever_an_operator_looks_and_the_hand_off_goes_on(self):
        drift = wait_until(lambda: self.daemon.api("/drift") if self.daemon.api("/drift")["findings"] else None, what="a comparison")
        self.assertEqual("differs", drift["state"])
        self.assertIn("https://github.com/Lumie-Edu/lumie-infra", drift["findings"][0])
        self.assert_logged("contract drift")
        self.assertEqual(1, self.daemon.metric("slipway_contract_drift"))
        _, run = self.push_and_finish(BACKEND, BUILDABLE)
        self.assertEqual("succeeded", run["state"], run)
        self.assertEqual(run["handoff_commit"], self.world.infra.head())
        for place in (run["reason"], self.daemon.log_of(run["id"]), self.daemon.command("run", run["id"]).stdout):
            self.assertIn("what is pushed there is not deployed", place)
        self.assert_logged("hand-off in spite of contract drift")
        doctor = self.daemon.command("doctor")
        self.assertEqual(1, doctor.returncode)
        self.assertRegex(doctor.stdout, "bad +contract drift: .*github.com")

    def test_2_with_block_the_hand_off_does_not_happen(self):
        self.daemon.stop()
        self.daemon.configuration["handoff"]["drift"] = "block"
        self.daemon.start()
        before = self.world.infra.head()
        _, run = self.push_and_finish(BACKEND, {**BUILDABLE, "app.txt": "2\n"})
        self.assertEqual("failed", run["state"], run)
        self.assertIn("drift: block", run["reason"])
        self.assertEqual(before, self.world.infra.head())

    def test_3_addresses_that_are_declared_the_same_are(self):
        self.daemon.stop()
        self.daemon.configuration["handoff"]["drift"] = {"mode": "block", "same": [[self.daemon.configuration["handoff"]["repository"],
                                                                                    "git@github.com:Lumie-Edu/lumie-infra.git"]]}
        self.daemon.start()
        _, run = self.push_and_finish(BACKEND, {**BUILDABLE, "app.txt": "3\n"})
        self.assertEqual(("succeeded", ""), (run["state"], run.get("reason") or ""), run)
        self.assertEqual("same", self.daemon.api("/drift")["state"])


class PullRequests(WorldCase):
    weight = 4

    @classmethod
    def furnish(cls, world):
        world.template(BACKEND)
        world.template("Lumie-Edu/lumie-frontend")
        cls.gitea = Gitea(INFRA, world.infra, world.git.user, world.git.password)
        cls.addClassCleanup(cls.gitea.close)
        world.configuration["handoff"].update(mode="pull_request", api_url=cls.gitea.api)
        world.configuration["queue"]["retries"] = 3

    def setUp(self):
        self.gitea.status = None

    def push(self, text, full_name=BACKEND):
        commit, run = self.push_and_finish(full_name, {**BUILDABLE, "app.txt": text})
        self.assertEqual("succeeded", run["state"], run)
        return commit, run

    def tag(self, ref):
        return self.world.tag_in("applications/lumie-backend/common-values.yaml", ref)

    def test_1_one_branch_and_one_pull_request_an_application_updated_in_place_and_merged_by_a_person(self):
        main, branch = self.world.infra.head(), "refs/heads/slipway/lumie-backend"
        first, run = self.push("1\n")
        self.assertEqual(main, self.world.infra.head(), "nothing is deployed before it is merged")
        self.assertEqual(first[:8], self.tag(branch))
        self.assertEqual([run["handoff_commit"], main], self.world.infra.log(branch)[:2])
        self.assertEqual("pull request #1 proposes it: " + self.gitea.pulls[0]["html_url"], run["reason"])
        self.assertEqual(f"CHORE(app): update lumie-backend image to {first[:8]}", self.gitea.pulls[0]["title"])
        self.assertIn(f"Source-Commit: {first}", self.gitea.pulls[0]["body"])

        main = self.world.infra.commit({"other.txt": "by hand\n"}, "CHORE: by hand")
        second, run = self.push("2\n")
        self.assertEqual([run["handoff_commit"], main], self.world.infra.log(branch)[:2], "rebuilt on the target's head")
        self.assertEqual([f"CHORE(app): update lumie-backend image to {second[:8]}"], [pull["title"] for pull in self.gitea.pulls])

        self.push("1\n", "Lumie-Edu/lumie-frontend")
        self.assertEqual(["slipway/lumie-backend", "slipway/lumie-frontend"], [pull["head"]["ref"] for pull in self.gitea.pulls])

        self.gitea.merge(1)
        self.assertEqual(second[:8], self.tag("refs/heads/main"))
        third, run = self.push("3\n")
        self.assertEqual("pull request #3 proposes it: " + self.gitea.pulls[2]["html_url"], run["reason"])
        self.assertEqual((third[:8], second[:8]), (self.tag(branch), self.tag("refs/heads/main")))

    def test_2_an_api_that_is_away_is_waited_for(self):
        _, delivery = self.world.push(BACKEND, {**BUILDABLE, "app.txt": "4\n"})
        self.gitea.status = 503
        number = self.accept(delivery)[0]["id"]
        asked = len(self.gitea.requests)
        wait_until(lambda: len(self.gitea.requests) > asked, what="the API to be asked")
        pushed = wait_until(lambda: self.world.infra.head("refs/heads/slipway/lumie-backend"), what="the branch")
        self.gitea.status = None
        run = self.daemon.finished(number)
        self.assertEqual(("succeeded", pushed), (run["state"], run["handoff_commit"]), run)

    def test_3_somebody_elses_commit_on_the_branch_is_never_lost(self):
        self.push("5\n")
        branch = "refs/heads/slipway/lumie-backend"
        theirs = self.world.infra.commit({"x.txt": "x\n"}, "FIX: by hand", branch)
        _, run = self.push_and_finish(BACKEND, {**BUILDABLE, "app.txt": "6\n"})
        self.assertEqual("failed", run["state"], run)
        self.assertIn("FIX: by hand", run["reason"])
        self.assertEqual(theirs, self.world.infra.head(branch))
        self.world.infra.git("update-ref", "-d", branch)

    def test_4_doctor_asks_the_api(self):
        self.assertRegex(self.daemon.command("doctor").stdout, r"good +pull requests: pull requests can be made in Lumie-Edu/lumie-infra")
        self.gitea.status = 403
        self.assertRegex(self.daemon.command("doctor").stdout, r"bad +pull requests: .* 403: the test says so")


class Comparison(unittest.TestCase):
    def test_the_table_of_sed_yq_and_slipway_is_what_the_three_do(self):
        done = subprocess.run([str(SOURCE / "scripts/compare-edits"), str(BINARY)], capture_output=True, text=True)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        page = (SOURCE / "pipelines/README.md").read_text()
        self.assertEqual(page.split("<!-- scripts/compare-edits -->\n")[1].split("<!-- end -->")[0], done.stdout)
