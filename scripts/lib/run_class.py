"""Runs one unittest class of tests/<folder>: run_class.py FOLDER MODULE CLASS; the last line is JSON with the counts.
`run_class.py FOLDER --list` prints the classes there are."""
import importlib
import inspect
import json
import pathlib
import sys
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[2] / "tests"
sys.path.insert(0, str(TESTS))
sys.dont_write_bytecode = True


def listed(folder):
    found = []
    for file in sorted((TESTS / folder).glob("*.py")):
        if file.stem.startswith("_"):
            continue
        module = importlib.import_module(f"{folder}.{file.stem}")
        for name, member in inspect.getmembers(module, inspect.isclass):
            if issubclass(member, unittest.TestCase) and member.__module__ == module.__name__ and not name.startswith("_"):
                found.append({"module": file.stem, "class": name, "weight": getattr(member, "weight", 1)})
    return found


def main(folder, module, name):
    test_class = getattr(importlib.import_module(f"{folder}.{module}"), name)
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(test_class)
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(suite)
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    skipped = len(result.skipped)
    print(json.dumps({"passed": max(0, result.testsRun - failed - skipped), "failed": failed, "skipped": skipped}))
    return 1 if failed else 0


if __name__ == "__main__":
    if sys.argv[2:] == ["--list"]:
        print(json.dumps(listed(sys.argv[1])))
    else:
        sys.exit(main(*sys.argv[1:4]))
