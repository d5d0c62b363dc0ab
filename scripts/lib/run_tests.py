"""Runs every test program and every Python test class side by side, and adds up what passed: see scripts/test."""
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = SOURCE / "build"
LIMIT = 40 * 60  # seconds for one program
THREADED = ("unit_io", "unit_http", "unit_queue", "unit_run", "unit_build", "contract_queue_")


class Outcome:
    def __init__(self, name, passed, failed, skipped, seconds, output):
        self.name, self.passed, self.failed, self.skipped = name, passed, failed, skipped
        self.seconds, self.output = seconds, output

    def line(self):
        mark = "FAILED" if self.failed else "ok"
        more = f", {self.failed} failed" * bool(self.failed) + f", {self.skipped} skipped" * bool(self.skipped)
        return f"{mark:6} {self.name}: {self.passed} passed{more} ({self.seconds:.1f} s)"


def run(argv, environment=None):
    """(exit code, output, seconds) of one program in a process group of its own, killed when it takes too long."""
    begin = time.monotonic()
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=SOURCE,
                               start_new_session=True, env={**os.environ, **(environment or {})})
    try:
        output, _ = process.communicate(timeout=LIMIT)
        code = process.returncode
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        output, code = process.communicate()[0] + b"\nended: it took too long", 124
    return code, output.decode(errors="replace"), time.monotonic() - begin


def catch2_counts(code, output):
    """(passed, failed) test cases from the last line of a Catch2 program; a crash is a failure whatever was printed."""
    good = re.search(r"All tests passed \(.* in (\d+) test cases?\)", output)
    if good:
        return (int(good[1]), 0) if code == 0 else (int(good[1]), 1)
    summary = re.search(r"^test cases: *(\d+)(.*)$", output, re.M)
    if not summary:
        return 0, 1
    passed = re.search(r"(\d+) passed", summary[2])
    failed = re.search(r"(\d+) failed", summary[2])
    return int(passed[1]) if passed else 0, max(int(failed[1]) if failed else 0, 1 if code else 0)


def run_program(name, argv, label=None):
    code, output, seconds = run(argv)
    passed, failed = catch2_counts(code, output) if name.startswith(("unit_", "contract_")) else (int(code == 0), int(code != 0))
    return Outcome(label or name, passed, failed, 0, seconds, output)


def run_class(folder, module, name, full):
    argv = [sys.executable, str(SOURCE / "scripts/lib/run_class.py"), folder, module, name]
    code, output, seconds = run(argv, {"SLIPWAY_TEST_FULL": "1"} if full else {})
    label = f"{folder}/{module}.{name}"
    lines = output.rstrip().splitlines()
    try:
        counts = json.loads(lines[-1])
        return Outcome(label, counts["passed"], counts["failed"], counts["skipped"], seconds, "\n".join(lines[:-1]))
    except (IndexError, ValueError, KeyError, TypeError):
        return Outcome(label, 0, 1, 0, seconds, output + f"\nended with {code}")


def programs(tree=BUILD):
    """name → argv of everything that ctest knows in a build tree."""
    listed = subprocess.run(["ctest", "--show-only=json-v1"], cwd=tree, check=True, capture_output=True, text=True)
    return {test["name"]: test["command"] for test in json.loads(listed.stdout)["tests"]}


def classes(folder):
    """(folder, module, class) of every test class below tests/<folder>, slow ones first as their `weight` says."""
    listed = subprocess.run([sys.executable, str(SOURCE / "scripts/lib/run_class.py"), folder, "--list"], check=True,
                            capture_output=True, text=True)
    found = sorted(json.loads(listed.stdout), key=lambda entry: -entry["weight"])
    return [(folder, entry["module"], entry["class"]) for entry in found]


def sanitized():
    """(label, function) of the programs under sanitizers. libgit2 is not instrumented, so ThreadSanitizer leaves Git out."""
    made = []
    for preset, names in (("asan", ("unit_", "contract_queue_", "contract_git_")), ("tsan", THREADED)):
        for name, argv in programs(BUILD / preset).items():
            if name.startswith(names):
                label = f"{preset}/{name}"
                made.append((label, lambda name=name, argv=argv, label=label: run_program(name, argv, label)))
    return made


def jobs(kind):
    """(label, function) for everything that this kind of run has."""
    if kind == "sanitize":
        return sanitized()
    found = [(name, lambda name=name, argv=argv: run_program(name, argv)) for name, argv in programs().items()]
    folders = ["tidy"] if kind == "unit" else ["end_to_end", "tidy"]
    python = [entry for folder in folders for entry in classes(folder)]
    made = [("{}/{}.{}".format(*entry), lambda entry=entry: run_class(*entry, kind == "full")) for entry in python]
    if kind == "unit":
        found = [job for job in found if not job[0].startswith("contract_")]
    return made + found


def main(kind, wanted):
    chosen = [job for job in jobs(kind) if not wanted or any(word in job[0] for word in wanted)]
    width = max(2, os.cpu_count() or 2)
    outcomes = []
    with concurrent.futures.ThreadPoolExecutor(width) as pool:
        for done in concurrent.futures.as_completed([pool.submit(job) for _, job in chosen]):
            outcome = done.result()
            outcomes.append(outcome)
            print(outcome.line(), flush=True)
            if outcome.failed:
                print("    " + outcome.output.strip().replace("\n", "\n    "), flush=True)
    passed, failed, skipped = (sum(getattr(outcome, what) for outcome in outcomes) for what in ("passed", "failed", "skipped"))
    failures = [outcome.name for outcome in outcomes if outcome.failed]
    if failures:
        print("failed: " + ", ".join(failures))
    if not passed and not failed:
        print("nothing was run")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
