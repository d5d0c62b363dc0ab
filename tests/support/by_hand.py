"""The commands that slipway starts for a build, started by a shell: what a run is measured against."""
import subprocess
import time

# What slipway starts for a build; held equal by tests/unit/build/builders.cpp.
BUILD = ["bud", "--isolation", "chroot", "--network", "host", "--cap-drop", "CAP_MKNOD", "--cap-drop", "CAP_SYS_CHROOT", "--format",
         "oci", "--force-rm", "--layers", "--timestamp", "1700000000", "--label", "org.opencontainers.image.revision=0",
         "--label", "org.opencontainers.image.source=x", "--label", "org.opencontainers.image.created=y", "--label"]


class ByHand:
    """The same two commands, in a store of their own."""

    def __init__(self, world, name="by-hand"):
        self.world, self.folder, self.name = world, world.root / name, name
        self.context = self.folder / "context"
        self.context.mkdir(parents=True)
        self.script = self.folder / "build.sh"
        (self.folder / "registries.conf").write_text(f'[[registry]]\nlocation = "{world.registry.host}"\ninsecure = true\n')
        store = ["buildah", "--root", self.folder / "root", "--runroot", self.folder / "runroot", "--storage-driver", "overlay"]
        auth = ["--authfile", world.secrets / "registry.json"]
        unshare = ["unshare", "--mount", "--pid", "--fork", "--kill-child=KILL", "--mount-proc", "--"]
        build = [*unshare, *store, *BUILD, "slipway.inputs=$1", *auth, "--iidfile", self.folder / "id", "$2"]
        push = [*unshare, *store, "push", "--quiet", "--format", "oci", *auth, "--tls-verify=false", f"$(cat {self.folder}/id)",
                f"docker://{world.registry.host}/applications/{name}:$1"]
        lines = [" ".join(f'"{word}"' for word in command) for command in (build, push)]
        self.script.write_text("#!/bin/sh -e\n" + "\n".join(lines) + "\n")
        self.script.chmod(0o755)

    def write(self, files):
        for name, text in files.items():
            file = self.context / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)

    def run(self, tag, folder="."):
        """Builds a folder of the context and pushes it; the seconds it took."""
        begin = time.perf_counter()
        subprocess.run([self.script, tag, self.context / folder], check=True, capture_output=True,
                       env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(self.folder),
                            "CONTAINERS_REGISTRIES_CONF": str(self.folder / "registries.conf")})
        return time.perf_counter() - begin
