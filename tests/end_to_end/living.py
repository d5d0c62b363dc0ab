"""A running daemon: a configuration that changes, a disk that fills."""
import json
import os
import signal
import subprocess

from support.case import BACKEND, BUILDABLE, WorldCase
from support.processes import wait_until


class Reload(WorldCase):
    @classmethod
    def furnish(cls, world):
        world.template(BACKEND)

    def reload(self, word):
        before = self.daemon.output().count(word)
        os.kill(self.daemon.pid, signal.SIGHUP)
        wait_until(lambda: self.daemon.output().count(word) > before, what=f"'{word}' in the log")

    def test_sighup_takes_a_new_template_and_keeps_the_old_configuration_where_the_new_one_is_wrong(self):
        self.world.template("Lumie-Edu/lumie-frontend")
        self.daemon.write()
        self.reload("reload")
        commit, run = self.push_and_finish("Lumie-Edu/lumie-frontend", BUILDABLE)
        self.assertEqual("succeeded", run["state"], run)
        self.assertEqual(commit[:8], self.world.tag_in("applications/lumie-frontend/common-values.yaml"))
        self.daemon.file.write_text("webhok: {}\n")
        self.reload("webhok")
        self.assertEqual("succeeded", self.push_and_finish(BACKEND, BUILDABLE)[1]["state"])

    def test_a_push_that_matched_nothing_is_built_once_when_it_is_sent_again_under_a_mended_configuration(self):
        _, delivery = self.world.push("Lumie-Edu/lumie-document", BUILDABLE)
        status, _, answer = self.world.send(delivery)
        self.assertEqual((200, []), (status, answer["runs"]))
        self.world.template("Lumie-Edu/lumie-document")
        self.daemon.write()
        self.reload("reload")
        replayed = json.loads(self.daemon.command("replay", delivery.id, json_output=True).stdout)
        self.assertEqual(["lumie-document-build-template"], [run["template"] for run in replayed["runs"]])
        self.assertEqual("succeeded", self.daemon.finished(replayed["runs"][0]["id"])["state"])
        self.assertIs(True, self.world.send(delivery)[2]["duplicate"])

    def test_what_counts_from_the_next_start_only_is_said(self):
        webhook = self.daemon.configuration["webhook"]
        self.daemon.configuration["webhook"] = {**webhook, "max_body": "1Mi"}
        try:
            self.daemon.write()
            self.reload("counts from the next start only")
        finally:
            self.daemon.configuration["webhook"] = webhook
            self.daemon.write()
        self.assert_logged("sections=webhook\n")


class FullDisk(WorldCase):
    @classmethod
    def furnish(cls, world):
        world.template(BACKEND)
        world.daemon.state.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=192m", "tmpfs", world.daemon.state], capture_output=True)
        if done.returncode:
            cls.skipTest(cls, "this machine does not let mount a small disk")
        cls.addClassCleanup(lambda: subprocess.run(["umount", "-l", world.daemon.state]))

    def test_a_full_disk_is_503_and_room_mends_it(self):
        self.push_and_finish(BACKEND, BUILDABLE)
        filler = self.daemon.state / "filler"
        with open(filler, "wb", buffering=0) as file:
            try:
                while file.write(b"\0" * 65536):
                    pass
            except OSError:
                pass
        refused = []
        for number in range(40):  # what is preallocated may hold a few more
            _, delivery = self.world.push(BACKEND, {"app.txt": f"{number}\n" * 2000})
            status, headers, answer = self.world.send(delivery)
            self.assertIn(status, (202, 503), answer)
            if status == 503:
                self.assertTrue(headers.get("retry-after"))
                refused.append(delivery)
                break
        self.assertTrue(refused, "a full disk was never noticed")
        filler.unlink()
        status, _, answer = self.world.send(refused[0])
        self.assertEqual(202, status, answer)
        self.assertEqual("succeeded", self.daemon.finished(answer["runs"][0]["id"])["state"])
