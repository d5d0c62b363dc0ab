"""What a push decides, seen on real repositories: the whole push, trying filters on the history, and running beside another system.

Everything here runs in shadow, where decisions are recorded and nothing is built."""
import json

from support.case import FaultyCase, WorldCase
from support.deliveries import push_of
from support.processes import temporary_folder, wait_until
from support.proxy import Fault

SLICES = ("grading", "report", "analysis")


def add_slices(world):
    """Three slices of any repository of the team."""
    world.configuration["shadow"] = True
    for one in SLICES:
        world.template("Lumie-Edu/*", app=f"{one}-svc", paths=[f"services/{one}/", "libs/common/"])


class _Deciding(WorldCase):
    """Each test has a repository of its own, with one commit that nobody was told of."""

    @classmethod
    def furnish(cls, world):
        add_slices(world)

    def setUp(self):
        self.name = f"Lumie-Edu/worker-{len(self.world.sources)}"
        self.source = self.world.source(self.name)
        self.source.git("config", "uploadpack.allowAnySHA1InWant", "true")  # as Gitea has it
        self.base = self.source.commit({"README.md": "start\n"})

    def pushed(self, before, after):
        """The answer to the delivery that Gitea would send."""
        return self.send(push_of(self.source, self.name, before, after))

    def send(self, delivery):
        status, _, answer = self.world.send(delivery.signed())
        self.assertIn(status, (200, 202), answer)
        return answer

    def delivery(self, answer):
        return self.daemon.api(f"/deliveries/{answer['delivery']}")

    def decided(self, answer, what="the push to be completed"):
        """{slice: whether the payload alone would have missed it} of a delivery, once nothing of it is pending."""
        wait_until(lambda: not self.delivery(answer).get("pending"), what=what)
        runs = [run for run in self.daemon.runs() if run["delivery"] == answer["delivery"]]
        return {run["template"].removesuffix("-svc-build-template"): run["only_when_completed"] for run in runs}


class TheWholePush(_Deciding):
    def test_of_a_long_push_the_commits_that_gitea_leaves_out_count(self):
        for number in (6, 40, 134):
            with self.subTest(commits=number):
                before = self.source.head()
                self.source.commit({"services/report/a.py": f"{number}\n"})
                for one in range(number - 2):
                    self.source.commit({f"docs/{one}.md": f"{number}\n"})
                after = self.source.commit({"services/grading/a.py": f"{number}\n"})
                answer = self.pushed(before, after)
                self.assertTrue(answer["pending"], answer)
                self.assertEqual(["grading-svc-build-template"], [run["template"] for run in answer["runs"]])
                self.assertEqual({"grading": False, "report": True}, self.decided(answer))
        self.assert_logged("the payload alone would have missed this")
        self.assertLessEqual(3, self.daemon.metric("slipway_runs_missed_by_payload"))

    def test_a_forced_push_counts_with_what_it_took_away_although_its_payload_looks_complete(self):
        first = self.source.commit({"services/report/a.py": "1\n"})
        self.pushed(self.base, first)
        instead = self.source.commit({"services/grading/a.py": "1\n"}, parents=[self.base])
        answer = self.pushed(first, instead)
        self.assertFalse(answer.get("pending"), answer)
        wait_until(lambda: self.delivery(answer).get("completed_verdict"), what="Git to be asked about the push")
        self.assertEqual({"grading": False, "report": True}, self.decided(answer))

    def test_a_push_that_is_complete_is_left_as_it_was_judged(self):
        before = self.base
        after = self.source.commit({"services/grading/a.py": "1\n"})
        answer = self.pushed(before, after)
        # A later push has been compared, so this one has as well.
        later = self.source.commit({"services/report/a.py": "1\n"}, parents=[before])
        forced = self.pushed(after, later)
        wait_until(lambda: self.delivery(forced).get("completed_verdict"), what="the later push to be compared")
        self.assertNotIn("completed_verdict", self.delivery(answer))
        self.assertEqual({"grading": False}, self.decided(answer))

    def test_a_branch_that_was_wound_back_is_compared_by_its_trees(self):
        gone = self.source.commit({"services/analysis/a.py": "1\n"})
        self.pushed(self.base, gone)
        self.source.git("update-ref", "refs/heads/main", self.base)
        answer = self.pushed(gone, self.base)
        self.assertTrue(answer["pending"], answer)
        self.assertEqual({"analysis": True}, self.decided(answer))


class Explaining(_Deciding):
    def test_what_a_payload_leaves_out_is_pending_and_the_record_says_what_became_of_it(self):
        self.source.commit({"services/report/a.py": "1\n"})
        for one in range(6):
            after = self.source.commit({f"docs/{one}.md": "1\n"})
        delivery = push_of(self.source, self.name, self.base, after).signed()
        file = temporary_folder() / "push.body"
        file.write_bytes(delivery.body)
        done = self.daemon.command("explain", file)
        self.assertEqual(1, done.returncode, done.stderr)
        self.assertIn("pending  push-report-svc\n         undecided, since 2 of 7 commits are not listed in the payload", done.stdout)
        self.assertNotIn("recorded", json.loads(self.daemon.command("explain", file, json_output=True).stdout))
        answer = self.send(delivery)
        self.assertEqual({"report": True}, self.decided(answer))
        text = self.daemon.command("explain", answer["delivery"]).stdout
        self.assertRegex(text, r"\nrecorded by the daemon at \S+Z, and judged by the configuration of then:\n"
                               r"  on the payload: nothing matched\n  completed from Git: report-svc-build-template by push-report-svc\n"
                               r"  run \d+ of report-svc-build-template: ")
        recorded = json.loads(self.daemon.command("explain", answer["delivery"], json_output=True).stdout)["recorded"]
        self.assertEqual((False, []), (recorded["pending"], recorded["verdict"]["runs"]))
        self.assertEqual("push-report-svc", recorded["completed_verdict"]["runs"][0]["trigger"])
        self.assertEqual(["report-svc-build-template"], [run["template"] for run in recorded["runs"]])


class WhileGitIsAway(FaultyCase, _Deciding):
    @classmethod
    def furnish(cls, world):
        super().furnish(world)
        add_slices(world)

    def test_a_push_waits_visibly_until_git_can_be_asked(self):
        before = self.base
        self.source.commit({"services/report/a.py": "1\n"})
        for one in range(6):
            after = self.source.commit({f"docs/{one}.md": "1\n"})
        self.proxy.judge = lambda *_: Fault("cut")
        answer = self.pushed(before, after)
        self.assertTrue(answer["pending"], answer)
        self.assert_logged("cannot be completed yet")
        self.assertTrue(self.delivery(answer)["pending"])
        explained = self.daemon.command("explain", answer["delivery"])
        self.assertIn("  it waits for its commits from Git, and is judged again then\n", explained.stdout)
        self.assertIn("waits for its commits from Git, and is judged then\n", self.daemon.command("why", after[:7]).stdout)
        self.proxy.judge = lambda *_: None
        self.assertEqual({"report": True}, self.decided(answer))


class Trying(_Deciding):
    @classmethod
    def furnish(cls, world):
        add_slices(world)
        world.template("Lumie-Edu/lumie-wroker", app="misspelt")
        world.template("Lumie-Edu/*", app="gone", paths=["services/gone/"])
        world.template("Lumie-Edu/*", app="fails", paths=["services/fails/"])
        world.configuration["triggers"][-1]["filter"] = "body.not_there.at_all == 1"

    def test_the_history_shows_what_would_have_been_built(self):
        report = self.source.commit({"services/report/a.py": "1\n", "tools/x.sh": "1\n"})
        both = self.source.commit({"libs/common/a.py": "1\n"})
        done = self.daemon.command("explain", "--history", self.name, "--last", "2", json_output=True)
        self.assertEqual(0, done.returncode, done.stderr)
        history = json.loads(done.stdout)
        self.assertEqual([both, report], [push["after"] for push in history["pushes"]])
        self.assertEqual([[f"{one}-svc-build-template" for one in SLICES], ["report-svc-build-template"]],
                         [push["templates"] for push in history["pushes"]])
        self.assertEqual({"push-misspelt", "push-gone", "push-fails"}, set(history["never_matched"]))
        self.assertIn("Lumie-Edu/lumie-wroker", history["never_matched"]["push-misspelt"])
        self.assertEqual(["tools/x.sh"], list(history["uncovered"]))
        text = self.daemon.command("explain", "--history", self.name).stdout
        self.assertIn(f"{report[:8]}  report-svc-build-template", text)

    def test_the_history_tells_a_filter_that_fails_from_one_that_did_not_match(self):
        self.source.commit({"services/fails/a.py": "1\n"})
        fails = self.source.commit({"services/fails/a.py": "2\n"})
        docs = self.source.commit({"docs/a.md": "1\n"})
        history = json.loads(self.daemon.command("explain", "--history", self.name, "--last", "3", json_output=True).stdout)
        self.assertNotIn("push-fails", history["never_matched"])
        self.assertEqual({"push-fails"}, set(history["errors"]))
        error = history["errors"]["push-fails"]
        self.assertEqual((2, fails), (error["pushes"], error["after"]))
        self.assertIn("not_there", error["reason"])
        self.assertEqual([(docs, []), (fails, ["push-fails"])], [(push["after"], push["errors"]) for push in history["pushes"][:2]])
        text = self.daemon.command("explain", "--history", self.name, "--last", "3").stdout
        self.assertIn(f"{docs[:8]}  nothing\n{fails[:8]}  nothing; ERROR push-fails\n", text)
        self.assertIn(f"\nTriggers that could not be evaluated:\n  push-fails: in 2 of 3 pushes, the last {fails[:8]}: ", text)
        never, errors = text.index("\nTriggers that matched none"), text.index("\nTriggers that could not")
        self.assertNotIn("push-fails", text[never:] if never > errors else text[never:errors])

    def test_a_repository_that_is_not_there_is_an_error(self):
        done = self.daemon.command("explain", "--history", "Lumie-Edu/nothing")
        self.assertEqual((1, ""), (done.returncode, done.stdout))
        self.assertIn("Lumie-Edu/nothing", done.stderr)


class AskingWhy(_Deciding):
    """What `why` says of commits that made a run for some templates, for none, or were never seen."""

    @classmethod
    def furnish(cls, world):
        add_slices(world)
        world.template("Lumie-Edu/*", app="fails", paths=["services/fails/"])
        world.configuration["triggers"][-1]["filter"] = "body.not_there.at_all == 1"

    def why(self, *words, code=1):
        done = self.daemon.command("why", *words)
        self.assertEqual(code, done.returncode, done.stdout + done.stderr)
        return done.stdout if code < 2 else done.stderr

    def test_a_commit_without_a_run_is_found_by_its_first_digits_too(self):
        after = self.source.commit({"docs/a.md": "1\n"})
        answer = self.pushed(self.base, after)
        for one in range(3):  # later ones
            before, later = self.source.head(), self.source.commit({"docs/a.md": f"later {one}\n"})
            self.pushed(before, later)
        for sha in (after, after[:7], after[:8].upper(), after.upper()):
            with self.subTest(sha=sha):
                text = self.why(sha)
                self.assertIn(f"delivery {answer['delivery']} brought {after[:8]}, and no trigger matched\n", text)
                self.assertIn("push-grading-svc: no changed file is in its paths", text)
        self.assertIn("no trigger of grading-svc-build-template matched", self.why(after[:7], "grading-svc-build-template"))
        self.assertIn("no delivery that is kept had 0123456 as its newest commit", self.why("0123456"))

    def test_of_a_commit_that_built_others_a_template_gets_its_own_reason(self):
        after = self.source.commit({"services/report/a.py": "1\n", "services/fails/a.py": "1\n"})
        answer = self.pushed(self.base, after)
        self.daemon.finished(answer["runs"][0]["id"])
        for sha in (after, after[:7]):
            with self.subTest(sha=sha):
                text = self.why(sha, "grading-svc-build-template")
                self.assertIn(f"delivery {answer['delivery']} brought {after[:8]}, and no trigger of grading-svc-build-template matched; "
                              "others did: report-svc-build-template\n", text)
                self.assertIn("  push-grading-svc: no changed file is in its paths", text)
                self.assertNotIn("push-analysis-svc", text)
                text = self.why(sha, "fails-build-template")
                self.assertIn("no trigger of fails-build-template matched: one could not be evaluated; others did", text)
                self.assertIn("  push-fails: error: ", text)
        self.assertIn("was cancelled", self.why(after, "report-svc-build-template"))

    def test_of_a_completed_push_the_last_word_is_told(self):
        self.source.commit({"docs/a.md": "1\n"})
        for one in range(6):
            after = self.source.commit({f"docs/{one}.md": "1\n"})
        answer = self.pushed(self.base, after)
        self.assertEqual({}, self.decided(answer))
        self.assertIn("no trigger matched", self.why(after[:9]))

    def test_no_commit_and_no_template_are_said_to_be_none(self):
        for word in ("123", "xyzxyzx", "1" * 41, "HEAD~12", ""):
            with self.subTest(word=word):
                self.assertIn("4 to 40 hex digits", self.why(word, code=2))
        for words in (("why", "1234567", "grading-svc-build-templat"), ("runs", "--template", "grading-svc-build-templat")):
            with self.subTest(words=words):
                done = self.daemon.command(*words)
                self.assertEqual((1, ""), (done.returncode, done.stdout))
                self.assertIn('there is no template "grading-svc-build-templat" (did you mean "grading-svc-build-template"?)', done.stderr)
        done = self.daemon.command("runs", "--template", "analysis-svc-build-template", "--state", "running")
        self.assertEqual(0, done.returncode, done.stderr)


class BesideAnotherSystem(_Deciding):
    def test_the_report_compares_push_by_push(self):
        before = self.base
        pushes = []
        for files in ({"services/grading/a.py": "1\n"}, {"services/report/a.py": "1\n"}):
            after = self.source.commit(files)
            pushes.append((after, self.pushed(before, after)))
            before = after
        for _, answer in pushes:
            run = self.daemon.finished(answer["runs"][0]["id"])
            self.assertEqual(("cancelled", True), (run["state"], "shadow" in run["reason"]))
        first, second = (after for after, _ in pushes)
        # Of commits made before anybody watched, as the clock of the test's repositories has it, nothing is said.
        self.world.infra.commit({"old": "1\n"}, "CHORE(app): update report-svc image to 11111111")
        self.old_system(f"CHORE(app): update grading-svc image to {first[:12]}")
        self.old_system("FIX: by hand")
        done = self.daemon.command("shadow-report", json_output=True)
        self.assertEqual(0, done.returncode, done.stderr)
        self.old_system(f"CHORE(app): update analysis-svc image to {second[:8]}")
        done = self.daemon.command("shadow-report", json_output=True)
        self.assertEqual(1, done.returncode, done.stderr)
        report = json.loads(done.stdout)
        self.assertEqual([(second[:8], [], ["analysis-svc"], ["report-svc"]), (first[:8], ["grading-svc"], [], [])],
                         [(push["tag"], push["agreed"], push["only_old_system"], push["only_slipway"]) for push in report["pushes"]])
        self.assertEqual([{"app": "grading-svc", "tag": first[:8]}], report["agreed"])
        self.assertIn("\n  both decided to build: grading-svc\n", self.daemon.command("shadow-report").stdout)
        self.assertEqual(self.world.infra.head(), self.hand_offs[-1], "the daemon committed nothing")

    hand_offs = []

    def old_system(self, message):
        """A commit of now, as the old system makes it."""
        tree = self.world.infra.git("rev-parse", "main^{tree}").decode().strip()
        commit = self.world.infra.git("commit-tree", tree, "-p", "main", "-m", message).decode().strip()
        self.world.infra.git("update-ref", "refs/heads/main", commit)
        self.hand_offs.append(commit)
