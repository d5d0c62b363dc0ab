"""All that a real Gitea sent is replayed: as it came, and put onto repositories of the same shape."""
from support.case import BACKEND, BUILDABLE, WorldCase
from support.deliveries import Delivery, names

REPOSITORIES = ["Lumie-Edu/lumie-document", "Lumie-Edu/lumie-frontend", BACKEND, "Lumie-Edu/lumie-worker", "Lumie-Edu/joossam"]


class Captured(WorldCase):
    weight = 5

    @classmethod
    def furnish(cls, world):
        for repository in REPOSITORIES:
            world.template(repository)

    def deliveries(self):
        return [Delivery.load(name) for name in names()]

    def test_there_are_all(self):
        self.assertGreater(len(names()), 90)

    def test_each_is_answered_as_it_was_signed_and_never_redirected(self):
        for delivery in self.deliveries():
            with self.subTest(name=delivery.name):
                unsigned = not delivery.header("X-Gitea-Signature")
                # Their commits are in no repository here, so a run may only end by itself; what counts here is the answer.
                status, _, answer = self.world.send(delivery if unsigned else delivery.signed(delivery_id=delivery.id))
                self.assertEqual(401 if unsigned else None, status if unsigned else None)
                if unsigned:
                    continue
                event, body = delivery.event, delivery.json
                builds = (event == "push" and body["ref"] == "refs/heads/main" and body["before"] != body["after"] and
                          body["repository"]["full_name"] in REPOSITORIES)
                self.assertIn(status, (200, 202), answer)
                if not builds:
                    self.assertEqual((200, []), (status, answer["runs"]), answer)
                    self.assertTrue(answer["skipped"], "the reason why nothing is built")
                elif status == 200:
                    self.assertTrue(answer.get("duplicate"), answer)
                else:
                    self.assertTrue(answer["runs"] or answer.get("pending"), answer)

    def test_the_test_delivery_is_told_that_the_hook_is_right(self):
        status, _, answer = self.world.send(Delivery.load("test-delivery--2-push").signed())
        self.assertEqual((200, []), (status, answer["runs"]))
        self.assertIn("test", str(answer["skipped"]).lower())


class CapturedOntoRepositories(WorldCase):
    """Each captured push to main becomes a run of its own repository's head."""

    weight = 7

    @classmethod
    def furnish(cls, world):
        cls.pushes = [delivery for delivery in map(Delivery.load, names())
                      if delivery.event == "push" and delivery.header("X-Gitea-Signature") and delivery.json["ref"] == "refs/heads/main"
                      and delivery.json["before"] != delivery.json["after"] and delivery.json["commits"]]
        for number, delivery in enumerate(cls.pushes):
            world.template(f"Captured/case-{number}", app=f"case-{number}")
        world.configuration["queue"]["max_concurrent"] = 4

    def test_each_becomes_a_hand_off(self):
        sent = {}
        for number, delivery in enumerate(self.pushes):
            name = f"Captured/case-{number}"
            full_name = delivery.json["repository"]["full_name"]
            renamed = delivery.replaced({f'"{full_name}"': f'"{name}"', f'"name": "{full_name.split("/")[1]}"': f'"name": "case-{number}"'})
            real = self.world.captured(renamed, BUILDABLE)
            self.assertEqual(name, real.json["repository"]["full_name"])
            status, _, answer = self.world.send(real)
            with self.subTest(name=delivery.name):
                self.assertEqual(202, status, answer)
                self.assertTrue(answer["runs"] or answer.get("pending"), answer)
                sent[number] = real
        for number, real in sent.items():
            with self.subTest(name=self.pushes[number].name):
                runs = self.daemon.runs(f"?template=case-{number}-build-template")
                self.assertEqual(1, len(runs), runs)
                run = self.daemon.finished(runs[0]["id"], 300)
                self.assertEqual("succeeded", run["state"], run)
                self.assertEqual(real.json["after"][:8], self.world.tag_in(f"applications/case-{number}/common-values.yaml"))
