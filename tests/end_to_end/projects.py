"""The five stacks: a small but true application of each goes through its shipped pipeline, and its image is started and asked."""
import json
import pathlib
import re
import urllib.error
import urllib.request

from support.bases import CERTIFICATES, push_base, skip_when_out_of_reach, start
from support.case import WorldCase, full
from support.deliveries import SOURCE
from support.processes import free_port, wait_until

PROJECTS = SOURCE / "tests" / "projects"
JAVA_CERTIFICATES = pathlib.Path("/etc/ssl/certs/java/cacerts")
LIMIT = 20 * 60


def files_of(project):
    """Path → text of a project's files."""
    folder = PROJECTS / project
    return {str(file.relative_to(folder)): file.read_text() for file in sorted(folder.rglob("*"))
            if file.is_file() and not {"node_modules", "__pycache__", ".pytest_cache", "target"} & set(file.parts)}


class TenLines(WorldCase):
    """The pipeline that pipelines/README.md begins with, as it stands there; only its check runs in another image."""

    @classmethod
    def furnish(cls, world):
        page = (SOURCE / "pipelines" / "README.md").read_text()
        cls.pipeline = re.search(r"```yaml\n(.*?)```", page, re.S)[1]
        folder = world.root / "pipelines"
        folder.mkdir()
        (folder / "go-build-deploy.yaml").write_text(cls.pipeline)
        world.configuration["pipelines_dir"] = str(folder)
        world.registry.start()
        check = {"image": world.registry.push_busybox(), "command": ["grep", "module", "go.mod"]}
        world.registry.stop()
        values = "applications/go/values.yaml"
        template = world.template("Lumie-Edu/go", files=[values], pipeline="go-build-deploy", params={"values-file": values}, check=check)
        del template["handoff"]  # that of the pipeline

    def test_it_is_a_pipeline_in_ten_lines(self):
        self.assertLessEqual(len(self.pipeline.splitlines()), 10)
        self.assertEqual(0, self.daemon.command("check").returncode)
        shown = self.daemon.command("get", "pipelines", "go-build-deploy", "-o", "yaml").stdout
        self.assertIn("command: [go, test, ./...]", shown)
        commit, run = self.push_and_finish("Lumie-Edu/go", {"Dockerfile": "FROM scratch\nCOPY go.mod /\n", "go.mod": "module app\n"})
        self.assertEqual("succeeded", run["state"], run)
        self.assertEqual(["checkout", "check", "build", "handoff"], [stage["stage"] for stage in run["stages"]])
        self.assertIn("check out module app", self.daemon.log_of(run["id"]))
        self.assertEqual(commit[:8], self.world.tag_in("applications/go/values.yaml"))
        self.assertEqual(b"module app\n", self.world.registry.files("applications/go", commit[:8])["go.mod"])


class _Project(WorldCase):
    """One project through one pipeline. Builds reach package registries; they trust whom this machine trusts."""

    weight = 60
    project = pipeline = base = None
    more_bases = {}

    @classmethod
    def furnish(cls, world):
        if cls.project is None:
            return
        mounts = [f"{file}:{file}:ro" for file in (CERTIFICATES, JAVA_CERTIFICATES) if file.exists()]
        world.configuration["builder"] = {"check_mounts": mounts}
        world.registry.start()
        image = push_base(world.registry, cls.base)
        arguments = [f"BASE_IMAGE={image}"]
        arguments += [f"{name}={push_base(world.registry, base)}" for name, base in cls.more_bases.items()]
        values = f"applications/{cls.project}/common-values.yaml"
        world.template(f"Lumie-Edu/{cls.project}", files=[values], pipeline=cls.pipeline,
                       params={"values-file": values, "image-prefix": "applications/", "check-image": image},
                       build={"arguments": arguments})
        world.registry.stop()

    def build(self, changed=None):
        """Pushes the project, waits for its run; the run."""
        files = {**files_of(self.project), **(changed or {})}
        _, run = self.push_and_finish(f"Lumie-Edu/{self.project}", files, LIMIT)
        if run["state"] != "succeeded":
            skip_when_out_of_reach(self.base)
            self.assertEqual(0, self.daemon.command("retry", run["id"]).returncode)  # its registry may have failed for a moment
            run = self.daemon.finished(run["id"], LIMIT)
        if run["state"] != "succeeded":
            self.fail(f"{run}\n{self.daemon.log_of(run['id'])[-6000:]}")
        return run

    def check_of(self, run):
        return next(stage for stage in run["stages"] if stage["stage"] == "check")

    def started(self, run):
        """The image of a run, started from its unpacked root; returns its address once it answers."""
        port = free_port()
        root = self.world.root / f"root-{run['id']}"
        child = start(self.world.registry, f"applications/{self.project}", run["results"]["IMAGE_DIGEST"], root, port,
                      self.world.root / f"image-{run['id']}.log")
        self.addCleanup(child.kill)
        address = f"http://127.0.0.1:{port}"

        def healthy():
            self.assertTrue(child.running, child.output())
            try:
                return urllib.request.urlopen(f"{address}/healthz", timeout=5).status == 200
            except OSError:
                return False

        wait_until(healthy, 120, 0.1, "the image to answer")
        return address

    def get(self, address):
        return urllib.request.urlopen(address, timeout=30).read().decode()


class FastApi(_Project):
    project, pipeline, base = "fastapi", "fastapi-build-deploy", "python"

    def test_it_is_checked_built_started_and_asked(self):
        run = self.build()
        self.assertEqual("succeeded", self.check_of(run)["outcome"])
        self.assertEqual("5 tests, all passed", self.check_of(run)["detail"])
        address = self.started(run)
        question = urllib.request.Request(f"{address}/grade", json.dumps({"key": ["a", "b"], "answers": ["a", "c"]}).encode(),
                                          {"Content-Type": "application/json"})
        self.assertEqual({"right": 1, "of": 2}, json.loads(urllib.request.urlopen(question, timeout=30).read()))

        with self.subTest("a second build takes the dependencies from the cache"):
            main = files_of("fastapi")["app/main.py"]
            second = self.build({"app/main.py": main + "\n# changed\n"})
            self.assertIn("Using cache", self.daemon.log_of(second["id"]))
            self.assertNotEqual(run["results"]["IMAGE_DIGEST"], second["results"]["IMAGE_DIGEST"])

        with self.subTest("a failing test ends the run before the build, and is named"):
            broken = files_of("fastapi")["app/main.py"].replace("a == b", "a != b")
            _, failed = self.push_and_finish("Lumie-Edu/fastapi", {**files_of("fastapi"), "app/main.py": broken}, LIMIT)
            self.assertEqual("failed", failed["state"])
            self.assertIn("5 tests, 2 failed: test_grade[ab-2], test_grade[cc-0]", failed["reason"])
            self.assertNotIn("build", [stage["stage"] for stage in failed["stages"]])


@full
class React(_Project):
    project, pipeline, base = "react", "react-build-deploy", "node"
    more_bases = {"SERVER_IMAGE": "busybox"}

    def test_it_is_checked_built_started_and_asked(self):
        run = self.build()
        self.assertEqual("succeeded", self.check_of(run)["outcome"])
        address = self.started(run)
        page = self.get(address)
        self.assertIn("<title>Score board</title>", page)
        script = next(word for word in page.split('"') if word.endswith(".js"))
        self.assertIn("Score board: ", self.get(address + script))


@full
class Python(_Project):
    project, pipeline, base = "python", "python-build-deploy", "python"

    def test_it_is_checked_built_started_and_asked(self):
        run = self.build()
        self.assertEqual("2 tests, all passed", self.check_of(run)["detail"])
        self.assertEqual({"one": 2, "two": 1}, json.loads(self.get(self.started(run) + "/count?text=one+two+ONE")))


class NextJs(_Project):
    project, pipeline, base = "nextjs", "nextjs-build-deploy", "node"

    def test_it_is_checked_built_started_and_asked(self):
        run = self.build()
        self.assertEqual("succeeded", self.check_of(run)["outcome"])
        self.assertIn('href="/documents/lab-report-week-3"', self.get(self.started(run) + "/"))


@full
class SpringBoot(_Project):
    project, pipeline, base = "springboot", "springboot-build-deploy", "java"

    def test_it_is_checked_built_started_and_asked(self):
        run = self.build()
        self.assertEqual("2 tests, all passed", self.check_of(run)["detail"])
        self.assertEqual({"left": 15}, json.loads(self.get(self.started(run) + "/places?size=20&taken=5")))
