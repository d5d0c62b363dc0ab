"""A minute of libFuzzer for each target, in scripts/test full."""
import os
import subprocess
import unittest

from support.case import full
from support.deliveries import SOURCE


class Fuzzing(unittest.TestCase):
    weight = 10

    @full
    def test_a_minute_each_finds_nothing(self):
        seconds = os.environ.get("SLIPWAY_FUZZ_SECONDS", "60")
        done = subprocess.run([str(SOURCE / "scripts" / "fuzz"), "--seconds", seconds], capture_output=True, text=True)
        print(done.stdout)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        self.assertIn("nothing found", done.stdout)
