"""Runs build/tests/bench_* and tests/bench/*.py and prints one table: see scripts/bench. Each program prints, with --json, a list of objects
{name, value, unit, peer, ratio, goal, ok}."""
import json
import pathlib
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[2]


def programs(wanted):
    found = sorted(file for file in (SOURCE / "build" / "tests").glob("bench_*") if file.is_file() and file.stat().st_mode & 0o100)
    found += sorted(file for file in (SOURCE / "tests" / "bench").glob("*.py") if file.stat().st_mode & 0o100)
    return [file for file in found if not wanted or any(word in file.name for word in wanted)]


def figures(program):
    """What one program measured; one that ends badly, or prints something else, is itself a figure that is not good."""
    done = subprocess.run([str(program), "--json"], cwd=SOURCE, stdout=subprocess.PIPE, timeout=1800)
    try:
        measured = json.loads(done.stdout)
    except ValueError:
        measured = []
    if done.returncode not in (0, 1) or not measured:
        measured.append({"name": program.name, "value": f"ended with {done.returncode}", "unit": "", "peer": "", "ratio": "",
                         "goal": "runs", "ok": False})
    return [{"program": program.name, **figure} for figure in measured]


def shown(value):
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return "" if value is None else str(value)


def table(rows):
    names = ["program", "name", "value", "unit", "peer", "ratio", "goal", "ok"]
    cells = [names] + [["yes" if row.get(name) is True else "NO" if row.get(name) is False else shown(row.get(name)) for name in names]
                       for row in rows]
    widths = [max(len(line[column]) for line in cells) for column in range(len(names))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in cells)


def main(arguments):
    as_json = "--json" in arguments
    rows = []
    for program in programs([word for word in arguments if word != "--json"]):
        print(f"running {program.name}", file=sys.stderr, flush=True)
        rows += figures(program)
    print(json.dumps(rows, indent=1) if as_json else table(rows))
    return 0 if rows and all(row.get("ok") is not False for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
