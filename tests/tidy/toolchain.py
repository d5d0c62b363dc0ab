"""What this compiler does to temporaries beside co_await: the matrix of server/README.md's rule, kept so that the day on which
GCC no longer needs the rule is seen."""
import hashlib
import pathlib
import re
import subprocess
import unittest

from .coawait import findings
from .source import ROOT

MATRIX = pathlib.Path(__file__).with_name("gcc12_coawait_matrix.cpp")
BROKEN = {3, 4, 10, 15, 20, 22, 24, 25, 26, 32, 33, 34, 35, 39,
          40, 42, 44, 46, 49}  # from 40 on: a condition that awaits, in a coroutine without a local variable; 45, 47, 48, 50 have one
SCALAR = {21}  # fine as compiled, but the rule forbids it as well, because it cannot see types


def program():
    """The matrix, compiled with ASan; once for each compiler and text."""
    version = subprocess.run(["g++", "--version"], check=True, capture_output=True).stdout
    state = hashlib.sha256(version + MATRIX.read_bytes()).hexdigest()[:16]
    built = ROOT / "build" / "tidy" / f"coawait_matrix.{state}"
    if not built.exists():
        built.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["g++", "-std=c++20", "-O0", "-fsanitize=address", "-w", str(MATRIX), "-o", f"{built}.new"], check=True)
        pathlib.Path(f"{built}.new").rename(built)
    return built


class Matrix(unittest.TestCase):
    weight = 6

    def cases(self):
        return [int(number) for number in re.findall(r"^awaitable<size_t> c(\d+)\(", MATRIX.read_text(), re.M)]

    def test_the_rule_sees_every_broken_row_and_nothing_else(self):
        lines = MATRIX.read_text().splitlines()
        seen = {int(re.match(r"awaitable<size_t> c(\d+)", lines[line - 1])[1]) for line, _ in findings(MATRIX.read_text())}
        self.assertEqual(BROKEN | SCALAR, seen)

    def test_the_compiler_still_breaks_exactly_these_rows(self):
        broken = {case for case in self.cases()
                  if subprocess.run([str(program()), str(case)], capture_output=True).returncode}
        self.assertEqual(BROKEN, broken, "the compiler has changed: see the rule in server/README.md")
