"""The image of container/Containerfile, built by buildah from a base made on the spot, and the daemon in it; the unit, the Deployment."""
import json
import os
import re
import shutil
import subprocess
import unittest

import yaml

from support.case import full
from support.deliveries import SOURCE
from support.processes import temporary_folder

CONTAINER = SOURCE / "container"


def unit():
    """{key: [values]} of slipway.service."""
    found = {}
    for key, value in re.findall(r"^(\w+)=(.*)$", (CONTAINER / "slipway.service").read_text(), re.M):
        found.setdefault(key, []).append(value)
    return found


def deployment():
    """{kind: document} of deployment.yaml."""
    return {one["kind"]: one for one in yaml.safe_load_all((CONTAINER / "deployment.yaml").read_text())}


def seconds(text):
    return sum(int(number) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[unit] for number, unit in re.findall(r"(\d+)([smhd])", text))


def defaults(section):
    """{key: default} of a section of the generated reference in config/README.md."""
    reference = (SOURCE / "config" / "README.md").read_text().split(f"### `{section}`\n")[1].split("\n### ")[0]
    return dict(re.findall(r"^\| `(\w+)` \|[^|]*\| `([^`]*)` \|", reference, re.M))


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
        started = json.loads(self.buildah("inspect", "--type", "image", "localhost/slipway"))["Docker"]["config"]
        self.assertEqual(["serve"], started["Cmd"])
        self.assertRegex(self.buildah(*run, *started["Entrypoint"], "--version"), r"^slipway \d")


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
        pod = deployment()["Deployment"]["spec"]["template"]["spec"]
        container, = pod["containers"]
        mounted = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
        secrets = {volume["secret"]["secretName"]: mounted[volume["name"]] for volume in pod["volumes"] if "secret" in volume}
        self.assertEqual({"gitea-credentials", "github-webhook-secret", "zot-registry-credentials"}, set(secrets))
        named = self.secret_files()
        self.assertEqual(set(secrets.values()), {file.rsplit("/", 1)[0] for file in named})
        guide = (CONTAINER / "README.md").read_text()
        for secret, folder in secrets.items():
            keys = [file.rsplit("/", 1)[1] for file in named if file.startswith(f"{folder}/")]
            made, = re.findall(rf"^kubectl create secret (.*? {secret} .*)$", guide, re.M)
            for key in keys:
                self.assertIn("docker-registry" if key == ".dockerconfigjson" else f"--from-literal={key}=", made)
        volumes = {volume["name"]: volume for volume in pod["volumes"]}
        self.assertEqual(set(volumes), set(mounted))
        self.assertEqual(f"{mounted['config']}/slipway.yaml", container["args"][1])
        self.assertIn(f"kubectl create configmap {volumes['config']['configMap']['name']} --from-file=slipway.yaml\n", guide)
        self.assertEqual(mounted["state"], self.configuration()["state"])
        self.assertEqual(deployment()["PersistentVolumeClaim"]["metadata"]["name"], volumes["state"]["persistentVolumeClaim"]["claimName"])
        self.assertIn(container["image"], guide)

    def configuration(self):
        return yaml.safe_load((SOURCE / "config" / "lumie.yaml").read_text())

    def secret_files(self):
        lumie = self.configuration()
        return [*lumie["webhook"]["secret_files"], lumie["git"]["username_file"], lumie["git"]["password_file"], lumie["registry"]["auth_file"]]

    def test_the_deployment_serves_what_the_service_and_the_probes_ask_for(self):
        found = deployment()
        container, = found["Deployment"]["spec"]["template"]["spec"]["containers"]
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        lumie = self.configuration()
        self.assertEqual({"hooks": lumie["webhook"]["listen"], "operator": lumie["operator"]["listen"]},
                         {"hooks": f"0.0.0.0:{ports['hooks']}", "operator": f"127.0.0.1:{ports['operator']}"})
        self.assertEqual(set(ports), {port["targetPort"] for port in found["Service"]["spec"]["ports"]})
        self.assertTrue(found["Service"]["spec"]["selector"].items() <=
                        found["Deployment"]["spec"]["template"]["metadata"]["labels"].items())
        for probe in ("livenessProbe", "readinessProbe"):
            self.assertEqual("operator", container[probe]["httpGet"]["port"])

    def test_the_guides_manifests_fit_the_deployment(self):
        guide = (CONTAINER / "README.md").read_text()
        more = {one["kind"]: one["spec"] for one in map(yaml.safe_load, re.findall(r"^```yaml\n(.*?)^```", guide, re.S | re.M))}
        self.assertEqual({"Ingress", "NetworkPolicy"}, set(more))
        pod, service = deployment()["Deployment"]["spec"]["template"], deployment()["Service"]
        self.assertTrue(more["NetworkPolicy"]["podSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items())
        ports = [port["port"] for rule in more["NetworkPolicy"]["ingress"] for port in rule["ports"]]
        self.assertEqual([port["name"] for port in pod["spec"]["containers"][0]["ports"]], ports)
        path, = more["Ingress"]["rules"][0]["http"]["paths"]
        self.assertEqual(self.configuration()["webhook"]["path"], path["path"])
        self.assertEqual(service["metadata"]["name"], path["backend"]["service"]["name"])
        self.assertIn(path["backend"]["service"]["port"]["name"], [port["name"] for port in service["spec"]["ports"]])

    def test_kubectl_makes_the_secrets_that_the_configuration_reads(self):
        """kubectl where there is one, without a cluster."""
        if not shutil.which("kubectl"):
            self.skipTest("no kubectl on this machine")
        made = {}
        for line in re.findall(r"^kubectl create secret .*$", (CONTAINER / "README.md").read_text(), re.M):
            done = subprocess.run(["sh", "-c", f"{line} --dry-run=client -o yaml"], capture_output=True, text=True,
                                  env={**os.environ, "GITEA_TOKEN": "a", "REGISTRY_PASSWORD": "b"})
            self.assertEqual(0, done.returncode, done.stderr)
            secret = yaml.safe_load(done.stdout)
            made.update({f"{secret['metadata']['name']}/{key}": value for key, value in secret["data"].items()})
        self.assertEqual({file.removeprefix("/etc/slipway/secrets/") for file in self.secret_files()}, set(made))
        self.assertTrue(all(made.values()))

    def test_unit_and_deployment_leave_a_drain_its_time(self):
        """As container/README.md counts it: the drain, a hand-off that waits for Git, the two listeners."""
        needed = seconds(defaults("queue")["drain_limit"]) + max(seconds(defaults("git")["timeout"]), seconds(defaults("handoff")["timeout"])) + 10
        left = [int(unit()["TimeoutStopSec"][0]), deployment()["Deployment"]["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]]
        self.assertEqual(left[0], left[1])
        self.assertLess(needed, left[0])
        self.assertIn(f"allow {left[0]} s", " ".join((CONTAINER / "README.md").read_text().split()))

    def test_the_units_credentials_are_the_configurations_secret_files(self):
        self.assertEqual(set(self.secret_files()), {value.split(":", 1)[1] for value in unit()["LoadCredential"]})
        guide = (CONTAINER / "README.md").read_text()
        for value in unit()["LoadCredential"]:
            self.assertRegex(guide, rf"[/`]{re.escape(value.split(':')[0])}`")

    def test_process_1_of_the_image_is_tini(self):
        containerfile = (CONTAINER / "Containerfile").read_text()
        entry = json.loads(re.search(r"^ENTRYPOINT (.*)$", containerfile, re.M)[1])
        self.assertEqual(["/usr/bin/tini", "--", "/usr/bin/slipway"], entry)
        self.assertRegex(containerfile.split("\nFROM ")[2], r" tini[ \n]")

    def test_the_guide_installs_the_images_packages(self):
        final = (CONTAINER / "Containerfile").read_text().split("\nFROM ")[2]
        image = set(re.search(r"--no-install-recommends \\\n(.*?)\$\(dpkg", final, re.S)[1].replace("\\", " ").split())
        guide = set(re.search(r"^apt-get install -y --no-install-recommends (.*)$", (CONTAINER / "README.md").read_text(), re.M)[1].split())
        self.assertEqual(image - {"tini"}, guide)
