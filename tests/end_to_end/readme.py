"""What README.md tells a reader to type is typed here."""
import re
import shlex
import subprocess
import unittest
import urllib.request

from support.case import BACKEND, BUILDABLE, WorldCase
from support.deliveries import SOURCE
from support.processes import temporary_folder

# Commands that cannot be run inside the tests, and what runs them all the same.
ELSEWHERE = {
    "scripts/test": "what is running now",
    "scripts/test unit": "a part of what is running now",
    "scripts/test full": "the same with SLIPWAY_TEST_FULL",
    "scripts/test sanitize": "the same programs, compiled otherwise",
    "scripts/bench": "scripts/lib/run_benches.py runs the same programs; their numbers mean nothing beside other tests",
    "scripts/chaos --seed 7": "tests/end_to_end/chaos.py is the same program",
    "scripts/fuzz": "tests/end_to_end/fuzzing.py, in full",
}


def commands():
    """Each line of the README's shell blocks, without its comment."""
    blocks = re.findall(r"```sh\n(.*?)```", (SOURCE / "README.md").read_text(), re.S)
    lines = [re.sub(r"\s+#.*$", "", line).strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line]


class Readme(WorldCase):
    weight = 6

    @classmethod
    def furnish(cls, world):
        world.template(BACKEND)

    def run_line(self, line):
        """Runs one line in the source tree."""
        words = shlex.split(line)
        done = subprocess.run(words, cwd=SOURCE, capture_output=True, text=True, timeout=600)
        self.assertEqual(0, done.returncode, f"{line}\n{done.stdout}{done.stderr}")
        return done.stdout

    def test_every_command_works(self):
        values = temporary_folder() / "values.yaml"
        values.write_text('common:\n  image:\n    tag: "latest" # by slipway\n')
        self.world.push(BACKEND, BUILDABLE)
        seen = []
        for line in commands():
            with self.subTest(line=line):
                if line in ELSEWHERE:
                    seen.append(line)
                elif line.startswith("scripts/replay"):
                    self.assertIn("202", self.run_line(line.replace("http://127.0.0.1:8080/hooks", self.daemon.hook)))
                elif " edit-values " in line:
                    self.assertIn('"04758206" # by slipway', self.run_line(line.replace("values.yaml", str(values))))
                else:
                    self.run_line(line)
        self.assertEqual(set(ELSEWHERE), set(seen), "no longer in the README")

    def test_the_two_commands_come_first(self):
        self.assertEqual(["scripts/run", "scripts/test"], commands()[:2])

    def test_the_demo_shows_commit_diff_and_digest(self):
        shown = self.run_line("scripts/run")
        self.assertRegex(shown, r"CHORE\(app\): update lumie-backend image to [0-9a-f]{8}")
        self.assertRegex(shown, r'\n-    tag: "latest" # set by slipway\n\+    tag: "[0-9a-f]{8}" # set by slipway\n')
        self.assertRegex(shown, r"lumie-backend:[0-9a-f]{8}@sha256:[0-9a-f]{64}")

    def test_a_kept_demo_stays_until_it_is_ended(self):
        shown = self.run_line("scripts/run --keep")
        address = re.search(r"operator address: (http://\S+)", shown)[1]
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=10) as answer:
                self.assertEqual(200, answer.status)
        finally:
            subprocess.run(["kill", re.search(r"it stays until: kill (\d+)", shown)[1]], check=True)


class Documents(unittest.TestCase):
    def test_every_command_of_the_program_is_in_the_readme(self):
        listed = subprocess.run([SOURCE / "build" / "slipway", "--help"], capture_output=True, text=True).stdout
        names = re.findall(r"^  ([a-z][a-z-]+) {2,}", listed.split("Subcommands:")[-1], re.M)
        text = (SOURCE / "README.md").read_text()
        self.assertTrue(names)
        self.assertEqual([], [name for name in names if f"`{name}" not in text and f"slipway {name}" not in text])
