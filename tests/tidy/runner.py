"""scripts/test counts rightly: a test that fails, crashes or never ran is not a pass."""
import sys
import unittest

from .source import ROOT

sys.path.insert(0, str(ROOT / "scripts" / "lib"))
import run_tests  # noqa: E402


class Runner(unittest.TestCase):
    def test_what_catch2_prints_is_counted(self):
        for code, output, expected in (
                (0, "All tests passed (12 assertions in 3 test cases)\n", (3, 0)),
                (0, "All tests passed (1 assertion in 1 test case)\n", (1, 0)),
                (2, "===\ntest cases: 5 | 3 passed | 2 failed\nassertions: 9 | 7 passed | 2 failed\n", (3, 2)),
                (1, "test cases: 1 | 1 failed\nassertions: - none -\n", (0, 1)),
                (0, "test cases: 4 | 3 passed | 1 failed as expected\n", (3, 1)),
                (-11, "something, and then it crashed", (0, 1)),
                (-6, "All tests passed (12 assertions in 3 test cases)\n", (3, 1)),
                (0, "No test ran\n", (0, 1))):
            with self.subTest(output=output):
                self.assertEqual(expected, run_tests.catch2_counts(code, output))

    def test_a_program_that_is_no_catch2_test_counts_once(self):
        self.assertEqual((1, 0), self.counts(run_tests.run_program("replay_x", ["/bin/true"])))
        self.assertEqual((0, 1), self.counts(run_tests.run_program("replay_x", ["/bin/false"])))

    def test_a_class_that_can_not_be_imported_is_a_failure(self):
        self.assertEqual((0, 1), self.counts(run_tests.run_class("tidy", "no_such_module", "Nothing", False)))

    @staticmethod
    def counts(outcome):
        return outcome.passed, outcome.failed
