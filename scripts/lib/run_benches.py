"""Runs build/tests/bench_*, tests/bench/*.py and the scheduler's simulation and prints one table: see scripts/bench. Each program prints,
with --json, a list of objects {name, value, unit, peer, ratio, goal, ok}, or one object of figures that only inform."""
import json
import pathlib
import subprocess
import sys
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]
LONGER = {"bench_receiver"}  # with --full


def programs(wanted):
    found = sorted(file for file in (SOURCE / "build" / "tests").glob("bench_*") if file.is_file() and file.stat().st_mode & 0o100)
    found += sorted(file for file in (SOURCE / "tests" / "bench").glob("*.py") if file.stat().st_mode & 0o100)
    return [file for file in found if not wanted or any(word in file.name for word in wanted)]


def figures(program, more):
    """What one program measured; one that ends badly, or prints something else, is itself a figure that is not good."""
    done = subprocess.run([str(program), "--json", *more], cwd=SOURCE, stdout=subprocess.PIPE, timeout=3600)
    try:
        measured = json.loads(done.stdout)
    except ValueError:
        measured = []
    if isinstance(measured, dict):
        measured = [{"name": name, "value": value} for name, value in measured.items()]
    if done.returncode not in (0, 1) or not measured:
        measured.append({"name": program.name, "value": f"ended with {done.returncode}", "unit": "", "peer": "", "ratio": "",
                         "goal": "runs", "ok": False})
    return [{"program": program.name, **figure} for figure in measured]


def simulation():
    """How long 100,000 schedules take, each of 20 templates, 50 events and 3 faults at least (tests/simulate)."""
    began = time.monotonic()
    done = subprocess.run([SOURCE / "build" / "tests" / "simulate", "--schedules", "100000"], cwd=SOURCE, stdout=subprocess.DEVNULL)
    took = time.monotonic() - began
    return {"program": "simulate", "name": "100,000 schedules, every invariant on each", "value": took, "unit": "s", "peer": "a minute",
            "ratio": took / 60, "goal": "about 1", "ok": done.returncode == 0 and took < 75}


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
    wanted = [word for word in arguments if not word.startswith("--")]
    as_json, rows = "--json" in arguments, []
    for program in programs(wanted):
        print(f"running {program.name}", file=sys.stderr, flush=True)
        rows += figures(program, ["--full"] if "--full" in arguments and program.name in LONGER else [])
    if not wanted or "simulate" in wanted:
        print("running simulate", file=sys.stderr, flush=True)
        rows.append(simulation())
    print(json.dumps(rows, indent=1) if as_json else table(rows))
    return 0 if rows and all(row.get("ok") is not False for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
