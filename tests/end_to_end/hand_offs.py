"""What a hand-off may be beside a push to one branch: into the sources' own repository, signed, to mirrors, as a pull request."""
import subprocess

from support.case import BUILDABLE, WorldCase
from support.deliveries import push_of
from support.processes import wait_until

MONO = "Lumie-Edu/mono"


class OwnCommits(WorldCase):
    """Sources and values in one repository: slipway's own commits come back to it as pushes."""

    weight = 3

    @classmethod
    def furnish(cls, world):
        world.configuration["handoff"]["repository"] = f"{world.git.base_url}/{MONO}.git"
        world.infra = world.source(MONO)
        world.template(MONO, files=["deploy/values.yaml"])

    def test_a_hand_off_does_not_build_what_it_has_deployed_and_a_copied_trailer_hides_no_push(self):
        mono = self.world.infra
        commit, run = self.push_and_finish(MONO, BUILDABLE)
        self.assertEqual("succeeded", run["state"], run)
        handoff = mono.head()
        self.assertEqual([handoff, commit], mono.log()[:2])

        delivery = push_of(mono, MONO, commit, handoff).signed()
        status, _, answer = self.world.send(delivery)
        self.assertEqual((200, []), (status, answer["runs"]), answer)
        self.assertIn("consists only of slipway's own hand-off commit", answer["skipped"][0]["reason"])
        explain = wait_until(lambda: self._explained(answer["delivery"]), what="the delivery to be recorded")
        self.assertIn("consists only of slipway's own hand-off commit", explain)
        self.assertEqual(1, len(self.daemon.runs()))

        # The same message, from somebody else: a push as any other.
        copied = mono.commit({"deploy/values.yaml": mono.read("deploy/values.yaml") + b"# by hand\n"}, mono.message(handoff))
        self.assertEqual(1, len(self.accept(push_of(mono, MONO, handoff, copied).signed())))

    def _explained(self, delivery):
        done = self.daemon.command("explain", delivery)
        return done.stdout if done.returncode == 1 else None
