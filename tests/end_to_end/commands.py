"""The command line: what it prints, and its exit codes: 0 done, 1 the answer is no, 2 wrong usage or configuration, 3 not reached."""
import json
import os
import subprocess

from support.case import BACKEND, BUILDABLE, WorldCase
from support.daemon import BINARY, slipway
from support.deliveries import FOLDER, SOURCE
from support.processes import temporary_folder

PUSH = FOLDER / "push-single-backend-05.body"


class Commands(WorldCase):
    @classmethod
    def furnish(cls, world):
        world.template(BACKEND)
        world.template("Lumie-Edu/failing")

    def ok(self, done, code=0):
        self.assertEqual(code, done.returncode, done.stdout + done.stderr)
        return done.stdout

    def test_version_and_help(self):
        self.assertRegex(self.ok(slipway("--version")), r"^slipway \d+\.\d+")
        for command in ("", "serve", "check", "doctor", "explain", "eval", "replay", "get", "runs", "run", "logs", "cancel", "retry",
                        "release", "why", "edit-values", "import-tekton"):
            with self.subTest(command=command):
                self.assertIn("--help", self.ok(slipway(*([command] if command else []), "--help")))

    def test_wrong_usage_is_2(self):
        for words in ((), ("no-such-command",), ("runs", "--state", "no-such-state"), ("run",), ("run", "x"), ("edit-values",),
                      ("edit-values", "no-such-file", "--set", "a=b"), ("edit-values", str(PUSH), "--set", "no-equals-sign"),
                      ("get", "nothing"), ("get", "templates", "no-such-template"), ("explain", "no-such-file"), ("eval",)):
            with self.subTest(words=words):
                done = self.daemon.command(*words)
                self.assertEqual(2, done.returncode, done.stdout + done.stderr)
                self.assertTrue(done.stderr.strip())

    def test_a_misspelt_command_is_told_the_nearest(self):
        done = slipway("serv")
        self.ok(done, 2)
        self.assertIn("slipway: there is no command 'serv' (did you mean \"serve\"?)", done.stderr)
        self.assertIn("slipway run --help", slipway("run", "x").stderr)

    def test_what_can_not_be_read_is_said_with_the_reason(self):
        folder = temporary_folder()
        for words in (("eval", "true", "--body", folder), ("eval", "true", "--headers", folder), ("eval", "--batch", folder),
                      ("edit-values", folder, "--set", "b=q")):
            with self.subTest(words=words):
                done = slipway(*words)
                self.ok(done, 2)
                self.assertIn(f"slipway: {folder}: cannot be read: Is a directory", done.stderr)
        for words in (("eval", "--batch", folder / "nope"), ("eval", "true", "--body", folder / "nope")):
            with self.subTest(words=words):
                done = slipway(*words)
                self.ok(done, 2)
                self.assertIn(f"slipway: {folder}/nope: cannot be read: No such file or directory", done.stderr)

    def test_a_number_that_is_no_runs_id_is_repeated_as_it_was_given(self):
        for command in ("run", "logs", "cancel", "retry"):
            for word in ("99999999999999999999", "0", "-1", "7x", "1.5", "0x10", ""):
                with self.subTest(command=command, word=word):
                    done = self.daemon.command(command, "--", word)
                    self.ok(done, 2)
                    self.assertIn(f"'{word}' is no run's id, which is a number from 1 to 9223372036854775807", done.stderr)

    def test_output_that_can_not_be_written_is_no_success(self):
        with open("/dev/full", "wb") as full:
            for words in (("get", "triggers"), ("check",), ("eval", "1 + 1")):
                with self.subTest(words=words):
                    done = subprocess.run([BINARY, "--config", self.daemon.file, *words], stdout=full, stderr=subprocess.PIPE, text=True)
                    self.assertEqual(1, done.returncode)
                    self.assertIn("output", done.stderr)

    def test_check(self):
        self.ok(self.daemon.command("check"))
        self.assertEqual([], json.loads(self.ok(self.daemon.command("check", json_output=True)))["errors"])

    def test_check_names_every_error_with_its_place(self):
        file = temporary_folder() / "bad.yaml"
        file.write_text("webhok: {}\ngit:\n  base_url: 5\ntriggers:\n  - name: a\n    template: nothing\n    filter: body.ref ==\n")
        for command in ("check", "serve"):
            done = slipway("--config", file, command)
            self.assertEqual(2, done.returncode)
            self.assertIn(f"{file}:1:1", done.stderr)
            self.assertIn("webhook", done.stderr, "the nearest known name")
            self.assertRegex(done.stderr, rf"{file}:7:\d+")

    def test_check_finds_the_files_that_serve_could_not_use(self):
        folder = temporary_folder()
        (folder / "empty").write_text("\n")
        (folder / "key").write_text("key\n")
        configuration = dict(self.daemon.configuration, state=str(folder / "state"),
                             webhook={"listen": "127.0.0.1:0", "secret_files": [str(folder / "key"), str(folder / "empty"), str(folder)]})
        (folder / "c.yaml").write_text(json.dumps(configuration))
        for command in ("check", "serve"):
            done = slipway("--config", folder / "c.yaml", command)
            self.ok(done, 2)
            self.assertRegex(done.stderr, rf"c.yaml:1:\d+: .*{folder}/empty: is empty")
            self.assertRegex(done.stderr, rf"c.yaml:1:\d+: {folder} is no plain file")
            self.assertNotIn("key", done.stderr)

    def test_a_state_directory_that_can_not_be_made_is_2(self):
        file = temporary_folder() / "c.yaml"
        file.write_text(json.dumps(dict(self.daemon.configuration, state=str(file))))
        done = slipway("--config", file, "serve")
        self.ok(done, 2)
        self.assertIn(str(file), done.stderr)

    def test_a_configuration_that_names_a_missing_file_or_is_missing_is_2(self):
        folder = temporary_folder()
        configuration = dict(self.daemon.configuration, webhook={"listen": "127.0.0.1:0", "secret_files": [str(folder / "gone")]})
        (folder / "c.yaml").write_text(json.dumps(configuration))
        for file, name in ((folder / "c.yaml", "gone"), (folder / "no.yaml", "no.yaml")):
            done = slipway("--config", file, "serve")
            self.assertEqual(2, done.returncode, done.stderr)
            self.assertIn(name, done.stderr)

    def test_without_a_daemon_the_api_commands_end_with_3(self):
        configuration = dict(self.daemon.configuration, state=str(temporary_folder()))
        file = temporary_folder() / "c.yaml"
        file.write_text(json.dumps(configuration))
        self.ok(slipway("--config", file, "runs"), 3)
        configuration["operator"] = {"listen": "127.0.0.1:9"}
        configuration["state"] = self.daemon.configuration["state"]
        file.write_text(json.dumps(configuration))
        for words in (("runs",), ("run", "1"), ("logs", "1"), ("cancel", "1")):
            with self.subTest(words=words):
                self.ok(slipway("--config", file, *words), 3)

    def test_a_delivery_that_is_no_file_is_said_to_be_none_also_where_no_daemon_can_be_asked(self):
        file = temporary_folder() / "c.yaml"
        file.write_text(json.dumps(dict(self.daemon.configuration, state=str(temporary_folder()))))
        for command in ("explain", "replay"):
            done = slipway("--config", file, command, "nope")
            self.ok(done, 3)
            self.assertIn("slipway: nope is no file, and whether it is a recorded delivery's id cannot be asked: no daemon has run", done.stderr)
            done = self.daemon.command(command, "nope")
            self.ok(done, 2)
            self.assertIn("nope is neither a file nor the id of a delivery that the daemon recorded; what it ignores", done.stderr)
            self.ok(self.daemon.command(command, "n" * 300), 2)

    def test_an_unsigned_capture_is_explained_with_a_word_of_its_401(self):
        folder = temporary_folder()
        file = folder / "push.body"
        file.write_bytes(PUSH.read_bytes())
        warning = "slipway: as it is the daemon would answer this delivery 401"
        headers = "POST /hooks HTTP/1.1\nContent-Type: application/json\nX-Gitea-Event: push\n"
        for signatures, unsigned in (("", True), ("X-Gitea-Signature:\nX-Hub-Signature-256:\n", True), ("X-Gitea-Signature: 00\n", False)):
            with self.subTest(signatures=signatures):
                (folder / "push.headers").write_text(headers + signatures)
                done = self.daemon.command("explain", file, json_output=True)
                self.assertIn("triggers", json.loads(self.ok(done)))
                self.assertEqual(unsigned, warning in done.stderr, done.stderr)
        (folder / "push.headers").unlink()
        self.assertEqual("", self.daemon.command("explain", file).stderr, "a body alone says nothing of how it was signed")

    def test_another_user_is_told_whose_token_it_is(self):
        folder = temporary_folder()
        state = folder / "state"
        state.mkdir()
        (state / "token").write_text("x\n")
        file = folder / "c.yaml"
        file.write_text(json.dumps(dict(self.daemon.configuration, state=str(state))))
        folder.chmod(0o755)
        state.chmod(0)
        other = {"user": 65534} if os.getuid() == 0 else {}
        try:
            for words in (("runs",), ("run", "1"), ("why", "1234567"), ("explain", "nope"), ("release", "x")):
                with self.subTest(words=words):
                    done = subprocess.run([BINARY, "--config", file, *words], capture_output=True, text=True, cwd="/", **other)
                    self.ok(done, 2)
                    self.assertIn(f"{state}/token can be read only by the user that the daemon runs as", done.stderr)
                    self.assertIn("Permission denied", done.stderr)
        finally:
            state.chmod(0o700)

    def test_a_configuration_of_credentials_serves_commands_of_a_shell(self):
        """As container/README.md has it; who only talks to the daemon needs none of the files."""
        file = temporary_folder() / "c.yaml"
        for named, environment in (("${CREDENTIALS_DIRECTORY:-/run/credentials/slipway.service}", {"CREDENTIALS_DIRECTORY": ""}),
                                   ("${CREDENTIALS_DIRECTORY}", {"CREDENTIALS_DIRECTORY": "/run/credentials/slipway.service"})):
            with self.subTest(named=named):
                self.assertIn(named, (SOURCE / "container" / "README.md").read_text())
                webhook = dict(self.daemon.configuration["webhook"], secret_files=[f"{named}/webhook-secret"])
                file.write_text(json.dumps(dict(self.daemon.configuration, webhook=webhook)))
                self.ok(slipway("--config", file, "runs", environment=environment))
                self.ok(slipway("--config", file, "explain", PUSH, environment=environment))

    def test_runs_run_and_logs(self):
        commit, run = self.push_and_finish(BACKEND, BUILDABLE)
        self.assertIn(commit[:8], self.ok(self.daemon.command("runs")))
        listed = json.loads(self.ok(self.daemon.command("runs", "--state", "succeeded", json_output=True)))
        self.assertIn(run["id"], [one["id"] for one in listed["runs"]])
        self.assertIn("IMAGE_DIGEST", self.ok(self.daemon.command("run", run["id"])))
        self.assertEqual("succeeded", json.loads(self.ok(self.daemon.command("run", run["id"], json_output=True)))["state"])
        self.assertIn("COPY app.txt", self.ok(self.daemon.command("logs", run["id"])))
        self.assertIn("COPY app.txt", self.ok(self.daemon.command("logs", run["id"], "--follow")))
        for command in ("run", "logs", "cancel", "retry"):
            done = self.daemon.command(command, 999999)
            self.ok(done, 1)
            self.assertIn("no run 999999", done.stderr)
        self.ok(self.daemon.command("cancel", run["id"]), 1)
        self.ok(self.daemon.command("retry", run["id"]), 1)
        why = self.ok(self.daemon.command("why", commit))
        self.assertIn(run["handoff_commit"][:7], why)

    def test_json_is_for_every_command_that_prints(self):
        commit, run = self.push_and_finish(BACKEND, {**BUILDABLE, "json.txt": "1\n"})
        delivery = run["delivery"]
        values = temporary_folder() / "values.yaml"
        values.write_text("a: {tag: x} # 주석\n")

        def printed(*words, code=0):
            done = self.daemon.command(*words, json_output=True)
            return json.loads(self.ok(done, code))

        for kind in ("listener", "triggers", "templates", "pipelines"):
            self.assertTrue(printed("get", kind))
        self.assertEqual([], printed("check")["errors"])
        self.assertTrue(json.loads(self.daemon.command("doctor", json_output=True).stdout))
        self.assertIn("triggers", printed("explain", delivery))
        self.assertEqual("bool", printed("eval", "1 == 1")["kind"])
        self.assertTrue(printed("runs")["runs"])
        self.assertEqual(run["id"], printed("run", run["id"])["id"])
        log = printed("logs", run["id"])
        self.assertEqual(run["id"], log["run"])
        self.assertEqual(self.daemon.log_of(run["id"]).splitlines(), log["lines"])
        followed = self.ok(self.daemon.command("logs", run["id"], "--follow", json_output=True)).splitlines()
        self.assertEqual(log["lines"], [line for part in followed for line in json.loads(part)["lines"]])
        self.assertIn("sentence", printed("why", commit))
        self.assertTrue(printed("replay", delivery)["duplicate"])
        edited = printed("edit-values", values, "--set", "a.tag=y")
        self.assertEqual({"file": str(values), "changed": True, "content": 'a: {tag: "y"} # 주석\n'}, edited)
        self.assertEqual({"file": str(values), "changed": True}, printed("edit-values", values, "--in-place", "--set", "a.tag=y"))
        self.assertEqual('a: {tag: "y"} # 주석\n', values.read_text())

    def test_json_of_what_a_person_decides(self):
        failing = {"Dockerfile": "FROM scratch\nCOPY no-such-file /\n"}
        _, run = self.push_and_finish("Lumie-Edu/failing", failing)
        self.assertEqual("failed", run["state"], run)
        self.ok(self.daemon.command("run", run["id"]), 1)
        done = self.daemon.command("retry", run["id"], json_output=True)
        self.assertEqual({"run": run["id"]}, json.loads(self.ok(done)))
        self.daemon.finished(run["id"])

    def test_get(self):
        self.assertIn("push-lumie-backend", self.ok(self.daemon.command("get", "triggers")))
        self.assertIn("lumie-backend-build-template", self.ok(self.daemon.command("get", "templates")))
        self.assertIn("common.image.tag", self.ok(self.daemon.command("get", "templates", "lumie-backend-build-template", "-o", "yaml")))
        self.assertIn("test-build-deploy", self.ok(self.daemon.command("get", "pipelines")))
        self.ok(self.daemon.command("get", "listener", "-o", "yaml"))
        json.loads(self.ok(self.daemon.command("get", "templates", json_output=True)))

    def test_edit_values_writes_only_the_value(self):
        file = temporary_folder() / "values.yaml"
        text = "a:\r\n  tag: 1 # 주석\r\n\r\nlist: [{name: web, tag: x}]\r\n"
        file.write_bytes(text.encode())
        done = subprocess.run([BINARY, "edit-values", file, "--set", "a.tag=04758206", "--set", "list[name=web].tag=y"], capture_output=True)
        expected = text.replace("tag: 1 ", 'tag: "04758206" ').replace("tag: x", 'tag: "y"').encode()
        self.assertEqual((0, expected), (done.returncode, done.stdout), done.stderr)
        self.assertEqual(text.encode(), file.read_bytes())
        self.ok(slipway("edit-values", file, "--in-place", "--set", "a.tag=z"))
        self.assertIn(b'"z" # ', file.read_bytes())
        done = slipway("edit-values", "-", "--in-place", "--set", "a.tag=z")
        self.assertEqual(2, done.returncode)
        self.assertIn("--in-place needs a file", done.stderr)
        done = slipway("edit-values", file, "--set", "a.tga=z")
        self.assertEqual(1, done.returncode)
        self.assertIn("tag", done.stderr)

    def test_eval(self):
        def evaluated(*words):
            return slipway("eval", *words)

        self.ok(evaluated("1 + 1 == 2"))
        self.ok(evaluated("1 == 2"), 1)
        self.assertIn("3", self.ok(evaluated("1 + 2")))
        self.ok(evaluated("nothing.at.all"), 2)
        self.ok(evaluated("1 +"), 2)
        self.ok(evaluated("body.ref == 'refs/heads/main' && header.match('X-Gitea-Event', 'push')", "--body", PUSH,
                          "--headers", PUSH.with_suffix(".headers")))
        lines = '{"id":"a","expr":"1 + 1"}\n{"id":"b","expr":"body.x == \'y\'","body":{"x":"y"}}\n{"id":"c","expr":"1 / 0"}\n'
        done = slipway("eval", "--batch", "-", input=lines)
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([("a", "value"), ("b", "bool"), ("c", "error")], [(one["id"], one["kind"]) for one in answers])

    def test_explain_says_what_decided(self):
        text = self.ok(self.daemon.command("explain", PUSH))
        self.assertIn("push-lumie-backend", text)
        other = FOLDER / "joossam-fp-1.body"
        done = self.daemon.command("explain", other)
        self.assertEqual(1, done.returncode, "nothing matched")
        self.assertIn("Lumie-Edu/joossam", done.stdout)

    def test_replay_sends_a_fresh_id_unless_told_otherwise(self):
        repository = self.world.source(BACKEND)
        delivery = self.world.push(BACKEND, {**BUILDABLE, "replayed.txt": "1\n"})[1]
        self.assertTrue(repository.head())
        payload = temporary_folder() / "payload"
        payload.with_suffix(".body").write_bytes(delivery.body)
        headers = "\n".join(["POST /hooks HTTP/1.1"] + [f"{name}: {value}" for name, value in delivery.headers])
        payload.with_suffix(".headers").write_text(headers + "\n")
        first = self.ok(self.daemon.command("replay", payload.with_suffix(".body")))
        self.assertIn("lumie-backend-build-template", first)
        script = [str(SOURCE / "scripts" / "replay")]
        for words in (script + [str(payload), self.daemon.hook], script + ["--same-id", str(payload), self.daemon.hook]):
            done = subprocess.run(words, capture_output=True, text=True)
            self.ok(done)
            self.assertIn('"duplicate":true', done.stdout.replace(" ", ""))
        self.assertIn("duplicate", self.ok(self.daemon.command("replay", payload.with_suffix(".body"), "--same-id")))
        wrong = temporary_folder() / "secret"
        wrong.write_text("wrong")
        done = subprocess.run(script + [str(payload), self.daemon.hook], capture_output=True, text=True,
                              env={"PATH": "/usr/bin:/bin", "SLIPWAY_WEBHOOK_SECRET_FILE": str(wrong)})
        self.ok(done, 1)
        self.assertIn("401", done.stdout)
        self.ok(self.daemon.command("replay", payload.with_suffix(".body"), "--url", "http://127.0.0.1:9/hooks"), 3)
        for command in ("replay", "explain"):
            done = self.daemon.command(command, payload.with_name("misspelt.body"))
            self.ok(done, 2)
            self.assertIn("there is no such file", done.stderr)

    def test_doctor(self):
        for name in (BACKEND, "Lumie-Edu/failing"):
            self.world.source(name).head() or self.world.push(name, BUILDABLE)
        done = self.daemon.command("doctor")
        self.ok(done)
        for word in ("values", "registry", "drift"):
            self.assertIn(word, done.stdout.lower())
        password = self.world.secrets / "password"
        password.write_text("wrong")
        try:
            self.ok(self.daemon.command("doctor"), 1)
        finally:
            password.write_text(self.world.git.password)


class ShippedConfigurations(WorldCase):
    """config/lumie.yaml and config/demo.yaml are right, and decide captured pushes as they should."""

    autostart = False

    def show(self, *words):
        done = slipway("--config", SOURCE / "config" / "lumie.yaml", *words)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        return done

    def test_the_catalogue_is_complete(self):
        templates = self.show("get", "templates").stdout
        for name in ("document", "frontend", "backend", "grading-svc", "report-svc", "analysis-svc", "chatbot-svc", "temp-omr-grading"):
            self.assertIn(f"lumie-{name}-build-template", templates)
        for name in ("nextjs-build-template", "fastapi-build-template"):
            self.assertIn(name, templates)
        triggers = self.show("get", "triggers").stdout
        for name in ("github-push-nextjs", "github-push-fastapi"):
            self.assertIn(name, triggers)
        pipelines = self.show("get", "pipelines").stdout
        for name in ("lumie-springboot", "springboot", "nextjs", "fastapi", "python", "react"):
            self.assertIn(f"{name}-build-deploy", pipelines)

    def test_captured_pushes_are_decided_as_the_catalogue_says(self):
        for name, template in {"push-single-backend-05": "lumie-backend-build-template",
                               "push-multi-05-commits": "lumie-frontend-build-template",
                               "joossam-fp-1": "fastapi-build-template"}.items():
            with self.subTest(name=name):
                done = self.show("explain", FOLDER / f"{name}.body")
                self.assertEqual(0, done.returncode, done.stdout)
                self.assertIn(template, done.stdout)
        for name in ("push-branch-maintenance", "push-branch-Main", "push-branch-feature_main", "tag-lightweight--1-push", "test-delivery--2-push"):
            with self.subTest(name=name):
                self.assertEqual(1, self.show("explain", FOLDER / f"{name}.body").returncode)
