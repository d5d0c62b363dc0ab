"""The chaos test: a short one in scripts/test, the long one as scripts/chaos."""
import argparse
import pathlib
import random
import sys
import unittest

if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support.case import FULL  # noqa: E402
from support.chaos import Chaos, Settings  # noqa: E402


class ShortChaos(unittest.TestCase):
    weight = 9

    def test_nothing_is_lost_doubled_or_turned_back(self):
        seed = random.SystemRandom().randrange(1_000_000) if FULL else 20261127
        settings = Settings(seed, pushes=400, kills=40) if FULL else Settings(seed, pushes=120, templates=10, kills=12)
        chaos = Chaos(settings, say=lambda text: print(text, flush=True))
        self.addCleanup(chaos.close)
        print(f"seed {seed}")
        self.assertEqual([], chaos.run(), f"again with: scripts/chaos --seed {seed} --pushes {settings.pushes} "
                                          f"--templates {settings.templates} --kills {settings.kills}")


def main():
    parser = argparse.ArgumentParser(prog="scripts/chaos", description="pushes, kills and a failing network; then the guarantees")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--pushes", type=int, default=2000)
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument("--templates", type=int, default=20)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--patience", type=float, default=300.0, help="seconds to settle after the last kill")
    parser.add_argument("--keep-log", help="where to copy the daemon's log")
    given = vars(parser.parse_args())
    log = given.pop("keep_log")
    settings = Settings(**given)
    print(f"seed {settings.seed}", flush=True)
    chaos = Chaos(settings, say=lambda text: print(text, flush=True))
    try:
        violations = chaos.run()
    finally:
        if log:
            pathlib.Path(log).write_text(chaos.world.daemon.all_output())
        chaos.close()
    for violation in violations:
        print(f"VIOLATED: {violation}")
    print(f"seed {settings.seed}: {len(violations)} violations after {settings.pushes} pushes and {settings.kills} kills")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
