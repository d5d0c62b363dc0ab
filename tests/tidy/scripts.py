"""The scripts are readable by their shells and can be started."""
import os
import subprocess
import unittest

from .source import ROOT, files


class Scripts(unittest.TestCase):
    def scripts(self):
        return [path for path in files() if path.parts[0] in ("scripts", ".ci") and len(path.parts) == 2 and not path.suffix]

    def test_each_shell_reads_its_script(self):
        for path in self.scripts():
            with self.subTest(path=str(path)):
                first = (ROOT / path).read_bytes().split(b"\n", 1)[0].decode()
                self.assertTrue(first.startswith("#!"), first)
                shell = first[2:].split()[-1]
                if shell.endswith("sh"):
                    subprocess.run([shell, "-n", str(ROOT / path)], check=True)

    def test_each_script_can_be_started(self):
        for path in self.scripts():
            with self.subTest(path=str(path)):
                self.assertTrue(os.access(ROOT / path, os.X_OK))

    def test_a_wrong_option_is_wrong_usage(self):
        for name in ("run", "test", "bench", "replay", "fuzz", "install"):
            with self.subTest(name=name):
                done = subprocess.run([str(ROOT / "scripts" / name), "--no-such-option"], capture_output=True, text=True)
                self.assertEqual(2, done.returncode)
                self.assertIn("usage:", done.stderr)

    def test_continuous_integration_runs_the_tests(self):
        self.assertIn("scripts/test", (ROOT / ".ci" / "run").read_text())
