"""The image of container/Containerfile, built by buildah from a base made on the spot, and the daemon in it."""
import re
import subprocess
import unittest

from support.case import full
from support.deliveries import SOURCE
from support.processes import temporary_folder


class Container(unittest.TestCase):
    weight = 10

    def buildah(self, *words):
        done = subprocess.run(["buildah", "--root", self.folder / "root", "--runroot", self.folder / "runroot", *words],
                              capture_output=True, text=True)
        self.assertEqual(0, done.returncode, f"buildah {words}\n{(done.stdout + done.stderr)[-4000:]}")
        return done.stdout.strip()

    @full
    def test_the_image_is_built_and_the_program_in_it_starts(self):
        self.folder = temporary_folder()
        base = self.folder / "base"
        base.mkdir()
        subprocess.run(["mmdebstrap", "--quiet", "--variant=minbase", "bookworm", base / "rootfs.tar"], check=True)
        (base / "Dockerfile").write_text("FROM scratch\nADD rootfs.tar /\n")
        self.buildah("bud", "--isolation", "chroot", "-t", "localhost/base", str(base))
        self.buildah("bud", "--isolation", "chroot", "--network", "host", "--format", "docker", "--build-arg", "BASE=localhost/base",
                     "-f", str(SOURCE / "container" / "Containerfile"), "-t", "localhost/slipway", str(SOURCE))
        container = self.buildah("from", "localhost/slipway")
        run = ["run", "--isolation", "chroot", container, "--"]
        self.assertRegex(self.buildah(*run, "/usr/bin/slipway", "--version"), r"^slipway \d")
        self.assertIn("fastapi-build-deploy", self.buildah(
            *run, "/usr/bin/slipway", "--config", "/usr/share/slipway/examples/lumie.yaml", "get", "pipelines"))
        self.assertRegex(self.buildah(*run, "buildah", "--version"), r"^buildah version")


class Unit(unittest.TestCase):
    def test_the_image_is_built_from_what_the_build_needs(self):
        """The slow test builds it; this one sees at once what was forgotten."""
        containerfile = (SOURCE / "container" / "Containerfile").read_text()
        needed = re.search(r'^build="(.*?)"', (SOURCE / "scripts" / "install").read_text(), re.S | re.M)[1].split()
        self.assertEqual([], [package for package in needed if package != "ccache" and f" {package} " not in containerfile.replace("\n", " ")])
        read = set(re.findall(r"CMAKE_SOURCE_DIR}/(\w+)", "".join(path.read_text() for path in SOURCE.glob("server/*/embed.cmake"))))
        self.assertEqual([], [folder for folder in read if f"COPY {folder} {folder}\n" not in containerfile])

    def test_systemd_understands_the_unit(self):
        """systemd-analyze where there is one; what it says about anything but the program that is not installed here counts."""
        try:
            done = subprocess.run(["systemd-analyze", "verify", "--man=no", SOURCE / "container" / "slipway.service"], capture_output=True, text=True)
        except FileNotFoundError:
            self.skipTest("no systemd-analyze on this machine")
        complaints = [line for line in done.stderr.splitlines() if "slipway.service" in line and "/usr/bin/slipway is not executable" not in line]
        self.assertEqual([], complaints)

    def test_the_deployment_mounts_the_secrets_where_the_configuration_looks_for_them(self):
        deployment = (SOURCE / "container" / "deployment.yaml").read_text()
        configuration = (SOURCE / "config" / "lumie.yaml").read_text()
        for secret in ("gitea-credentials", "github-webhook-secret", "zot-registry-credentials"):
            self.assertIn(f"secretName: {secret}", deployment)
            self.assertIn(f"mountPath: /etc/slipway/secrets/{secret},", deployment)
            self.assertIn(f"/etc/slipway/secrets/{secret}/", configuration)
