"""Base images for the real projects, made on the spot from Debian packages, and an image started from its unpacked root."""
import fcntl
import gzip
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import tarfile
import tempfile
import unittest

from .deliveries import SOURCE
from .processes import Child
from .registry import MANIFEST

# name → Debian packages beside the minimal system
PACKAGES = {
    "python": ["ca-certificates", "python3", "python3-pip", "python3-setuptools", "python3-wheel"],
    "node": ["ca-certificates", "nodejs", "npm"],
    "java": ["ca-certificates", "openjdk-17-jdk-headless", "maven"],
}
# Debian's pip asks for the second before it installs beside Debian's own packages, which in an image is what one wants; Node
# brings a list of authorities of its own and is told of the system's.
ENVIRONMENT = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "PIP_BREAK_SYSTEM_PACKAGES=1", "LANG=C.UTF-8",
               "NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt"]
CACHE = SOURCE / "build" / "bases"
CERTIFICATES = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")
# What a base's client of a package registry is asked by hand, when a build through it has failed: any package will do.
QUESTIONS = {
    "python": ["python3", "-m", "pip", "download", "--no-deps", "--dest", "/tmp/asked", "pytest"],
    "node": ["npm", "view", "react", "version"],
    "java": ["mvn", "--batch-mode", "dependency:get", "-Dartifact=junit:junit:4.13.2"],
}
# How Debian's apt says that it reaches no mirror.
OUT_OF_REACH = ("Temporary failure resolving", "Could not connect", "Could not resolve", "Unable to connect", "Failed to fetch")


def layer(name):
    """(gzipped tar, digest of the tar) of a base, made once for a build tree: it takes a minute."""
    CACHE.mkdir(parents=True, exist_ok=True)
    words = ",".join(PACKAGES[name])
    key = hashlib.sha256(words.encode()).hexdigest()[:12]
    packed, note = CACHE / f"{name}-{key}.tar.gz", CACHE / f"{name}-{key}.json"
    with open(CACHE / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not note.exists():
            plain = CACHE / f"{name}.tar"
            exclude = ["--dpkgopt=force-unsafe-io"]  # nothing to be kept over a power loss
            exclude += [f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in ("doc", "man", "locale")]
            exclude += ["--setup-hook=mkdir -p $1/usr/share/man/man1"]  # where Java's packages want to make links
            done = subprocess.run(["mmdebstrap", "--quiet", "--variant=minbase", f"--include={words}", *exclude, "bookworm", plain],
                                  capture_output=True, text=True)
            if done.returncode != 0 and any(sign in done.stderr for sign in OUT_OF_REACH):
                raise unittest.SkipTest(f"Debian's packages cannot be reached from this machine: {done.stderr[-300:]}")
            if done.returncode != 0:
                raise AssertionError(f"mmdebstrap: {done.stderr[-2000:]}")
            with open(plain, "rb") as tar, gzip.open(packed, "wb", compresslevel=1) as out:
                digest = hashlib.sha256()
                while chunk := tar.read(1 << 20):
                    digest.update(chunk)
                    out.write(chunk)
            plain.unlink()
            note.write_text(json.dumps({"diff_id": "sha256:" + digest.hexdigest()}))
    return packed.read_bytes(), json.loads(note.read_text())["diff_id"]


def push_base(registry, name):
    """Pushes `base/<name>:1` and returns its full name."""
    if name == "busybox":
        return registry.push_busybox()
    packed, diff_id = layer(name)
    image = f"base/{name}"
    config = {"architecture": "amd64", "os": "linux", "config": {"Env": ENVIRONMENT},
              "rootfs": {"type": "layers", "diff_ids": [diff_id]}, "history": [{"created_by": "mmdebstrap"}]}
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST,
                "config": {"mediaType": "application/vnd.oci.image.config.v1+json",
                           **registry.push_blob(image, json.dumps(config).encode())},
                "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", **registry.push_blob(image, packed)}]}
    status, _, body = registry.request("PUT", f"/v2/{image}/manifests/1", json.dumps(manifest).encode(), {"Content-Type": MANIFEST})
    if status != 201:
        raise AssertionError(f"push of {image}: {status} {body[:200]!r}")
    return f"{registry.host}/{image}:1"


def unpack(registry, name, reference, root):
    """An image's files below `root`, layer by layer, as a container engine would unpack them (OCI image-spec, layer.md)."""
    root = pathlib.Path(root)
    root.mkdir(parents=True)
    for number, entry in enumerate(registry.manifest(name, reference)["layers"]):
        packed = root.parent / f"layer-{number}.tar.gz"
        packed.write_bytes(registry.request("GET", f"/v2/{name}/blobs/{entry['digest']}")[2])
        with tarfile.open(packed) as archive:
            gone = [pathlib.PurePosixPath(path) for path in archive.getnames() if ".wh." in path]
        for path in gone:
            remove(root, path)
        subprocess.run(["tar", "--extract", "--gzip", "--file", packed, "--directory", root, "--exclude=.wh.*", "--numeric-owner"],
                       check=True)
        packed.unlink()


def remove(root, whiteout):
    folder = root / whiteout.parent
    if whiteout.name == ".wh..wh..opq":
        for entry in folder.iterdir() if folder.is_dir() else []:
            shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
        return
    victim = folder / whiteout.name.removeprefix(".wh.")
    if victim.is_dir() and not victim.is_symlink():
        shutil.rmtree(victim)
    elif victim.exists() or victim.is_symlink():
        victim.unlink()


def skip_when_out_of_reach(name):
    """After a failed build: skips the test where a base's own client, started by hand, does not reach its registry either."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder) / "root"
        root.mkdir()
        subprocess.run(["tar", "--extract", "--gzip", "--directory", root], input=layer(name)[0], check=True)
        for file in (CERTIFICATES, pathlib.Path("/etc/resolv.conf"), pathlib.Path("/etc/hosts")):
            if file.exists():
                shutil.copyfile(file, root / file.relative_to("/"))
        make_devices(root)
        environment = dict(pair.split("=", 1) for pair in ENVIRONMENT)
        try:
            asked = subprocess.run(["unshare", "--mount", f"--root={root}", *QUESTIONS[name]], env={**environment, "HOME": "/root"},
                                   capture_output=True, text=True, timeout=600)
        except subprocess.TimeoutExpired as hangs:
            raise unittest.SkipTest(f"{QUESTIONS[name][0]} gets no answer from its package registry on this machine") from hangs
    if asked.returncode != 0:
        words = (asked.stderr or asked.stdout).strip()[-300:]
        raise unittest.SkipTest(f"{QUESTIONS[name][0]} cannot reach its package registry from this machine: {words}")


def make_devices(root):
    for device, minor in (("null", 3), ("zero", 5), ("random", 8), ("urandom", 9)):
        node = root / "dev" / device
        if not node.exists():
            os.mknod(node, 0o020666, os.makedev(1, minor))


def start(registry, name, reference, root, port, log):
    """Starts an image's command in its unpacked root, in mount and PID namespaces of its own, with PORT set: the Child."""
    unpack(registry, name, reference, root)
    config = registry.config(name, reference)["config"]
    for folder in ("proc", "dev", "tmp"):
        (root / folder).mkdir(exist_ok=True)
    make_devices(root)
    environment = dict(pair.split("=", 1) for pair in config.get("Env") or [])
    environment.setdefault("PATH", "/usr/bin:/bin")
    environment["PORT"] = str(port)
    argv = (config.get("Entrypoint") or []) + (config.get("Cmd") or [])
    return Child(["unshare", "--mount", "--pid", "--fork", "--kill-child=KILL", f"--root={root}",
                  f"--wd={config.get('WorkingDir') or '/'}", f"--mount-proc=/proc", *argv], log, environment)
