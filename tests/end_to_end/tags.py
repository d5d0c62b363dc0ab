"""A tag is written once: what is there is taken as it is, or left alone, or stepped around by `slipway retry --rebuild`."""
import shutil

from support.case import BACKEND, BUILDABLE, LoggedCase

IMAGE = "applications/lumie-backend"
VALUES = "applications/lumie-backend/common-values.yaml"


class Tags(LoggedCase):
    weight = 4

    def test_a_tag_of_something_else_is_left_alone_and_a_rebuild_writes_the_next(self):
        commit, delivery = self.world.push(BACKEND, BUILDABLE)
        tag = commit[:8]
        old = self.world.registry.push_image(IMAGE, tag, {"app.txt": (b"of somebody else\n", 0o644)})
        before = self.world.infra.head()
        run = self.daemon.finished(self.accept(delivery)[0]["id"])
        self.assertEqual("failed", run["state"])
        self.assertIn(f"{tag} exists and was made from something else; it is not overwritten", run["reason"])
        self.assertIn(f"`slipway retry --rebuild {run['id']}` writes {tag}-2", run["reason"])
        self.assertEqual((old, before), (self.world.registry.digest(IMAGE, tag), self.world.infra.head()))
        self.assertEqual([], self.builds())

        with self.subTest("a plain retry comes to the same end"):
            self.assertEqual(0, self.daemon.command("retry", run["id"]).returncode)
            self.assertIn("it is not overwritten", self.daemon.finished(run["id"])["reason"])

        with self.subTest("a rebuild does what the reason said"):
            self.assertEqual(0, self.daemon.command("retry", run["id"], "--rebuild").returncode)
            again = self.daemon.finished(run["id"])
            self.assertEqual("succeeded", again["state"], again)
            self.assertEqual(f"{tag}-2", again["results"]["IMAGE_TAG"])
            self.assertEqual(f"{tag}-2", self.world.tag_in(VALUES))
            self.assertEqual(self.world.registry.digest(IMAGE, f"{tag}-2"), again["results"]["IMAGE_DIGEST"])
            self.assertEqual(b"one\n", self.world.registry.files(IMAGE, f"{tag}-2")["app.txt"])
            self.assertEqual(old, self.world.registry.digest(IMAGE, tag))

    def test_the_image_of_the_same_commit_and_inputs_is_taken_as_it_is(self):
        commit, delivery = self.world.push(BACKEND, {**BUILDABLE, "app.txt": "kept\n"})
        first = self.daemon.finished(self.accept(delivery)[0]["id"])
        self.assertEqual("succeeded", first["state"], first)
        count, head = len(self.builds()), self.world.infra.head()

        self.daemon.stop()
        shutil.rmtree(self.daemon.state)  # a new machine: nothing known, and the delivery comes again
        self.daemon.start()
        second = self.daemon.finished(self.accept(delivery)[0]["id"])
        self.assertEqual("succeeded", second["state"], second)
        self.assertEqual(first["results"]["IMAGE_DIGEST"], second["results"]["IMAGE_DIGEST"])
        self.assertIn("taken as it is", self.daemon.log_of(second["id"]))
        self.assertEqual(count, len(self.builds()))
        self.assertEqual(head, self.world.infra.head())
        self.assertEqual(commit[:8], self.world.tag_in(VALUES))
