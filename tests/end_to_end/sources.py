"""What of a source comes from elsewhere: submodules, and files in Git LFS."""
from support.case import WorldCase
from support.lfs_server import LfsServer, pointer
from support.world import INFRA

DOCKERFILE = "FROM scratch\nCOPY . /src\n"
PLAIN, MODULES, LARGE = "Lumie-Edu/plain", "Lumie-Edu/modules", "Lumie-Edu/large"


class Sources(WorldCase):
    weight = 4

    @classmethod
    def furnish(cls, world):
        cls.lfs = LfsServer(world.git.port, world.git.user, world.git.password)
        cls.addClassCleanup(cls.lfs.close)
        base = f"http://127.0.0.1:{cls.lfs.port}/git"
        world.configuration["git"]["base_url"] = base
        world.configuration["handoff"]["repository"] = f"{base}/{INFRA}.git"
        world.template(PLAIN)
        world.template(MODULES, checkout={"submodules": True})
        world.template(LARGE, checkout={"lfs": True})

    def finished(self, full_name, files, **more):
        """(commit, run) of a push."""
        commit, delivery = self.world.push(full_name, {"Dockerfile": DOCKERFILE, **files}, **more)
        return commit, self.daemon.finished(self.accept(delivery)[0]["id"])

    def image(self, full_name, files, **more):
        """The files of the image that a push becomes."""
        commit, run = self.finished(full_name, files, **more)
        self.assertEqual("succeeded", run["state"], run)
        return self.world.registry.files(f"applications/{full_name.split('/')[1]}", commit[:8])

    def refused(self, full_name, files, **more):
        """Why a push fails in its checkout."""
        _, run = self.finished(full_name, files, **more)
        self.assertEqual("failed", run["state"], run)
        self.assertEqual(["checkout"], [stage["stage"] for stage in run["stages"]])
        return run["reason"]

    def test_a_submodule_is_checked_out_at_its_commit_where_the_template_says_so(self):
        library = self.world.source("Lumie-Edu/library")
        wanted = library.commit({"lib.txt": "wanted\n"})
        library.commit({"lib.txt": "newer\n"})
        files = {".gitmodules": '[submodule "library"]\n\tpath = vendor/library\n\turl = ../library.git\n',
                 "vendor/library": wanted}
        modes = {"vendor/library": "160000"}
        self.assertEqual(b"wanted\n", self.image(MODULES, files, modes=modes)["src/vendor/library/lib.txt"])
        self.assertNotIn("src/vendor/library/lib.txt", self.image(PLAIN, files, modes=modes))

        with self.subTest("one on another server is refused, and its login is not told"):
            files[".gitmodules"] = files[".gitmodules"].replace("../library.git", "https://me:s3cret@git.example/Org/library.git")
            reason = self.refused(MODULES, files, modes=modes)
            self.assertIn("https://git.example/Org/library.git is on another server", reason)
            self.assertNotIn("s3cret", reason)

    def test_files_in_git_lfs_are_fetched_where_the_template_says_so(self):
        content = b"a large model\n" * 1000
        self.assertEqual(content, self.image(LARGE, {"model.bin": self.lfs.keep(content)})["src/model.bin"])
        self.assertIn("model.bin is a Git LFS pointer, and not the file", self.refused(PLAIN, {"model.bin": pointer(content)}))
        self.assertIn("Object does not exist on the server", self.refused(LARGE, {"model.bin": pointer(b"nobody has this")}))
