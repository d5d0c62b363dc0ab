"""A whole team in one folder: sources and infra repository on a Git server, a registry, and a daemon that watches them."""
import pathlib

from .daemon import Daemon
from .deliveries import SECRET, ZEROS, push_of, put_onto
from .git_server import GitServer
from .processes import free_port, temporary_folder
from .registry import Registry

INFRA = "Lumie-Edu/lumie-infra"
DOCKERFILE = "FROM scratch\nCOPY app.txt /app.txt\n"

# A pipeline without a check, as small as one can be.
PIPELINE = {
    "name": "test-build-deploy",
    "params": [{"name": "context-dir", "default": "."}, {"name": "dockerfile", "default": "Dockerfile"},
               {"name": "image-prefix", "default": "applications/"}],
    "timeout": "5m",
    "stages": [{"checkout": {}},
               {"build": {"context": "$(params.context-dir)", "dockerfile": "$(params.dockerfile)",
                          "image": "$(params.image-prefix)$(APP)"}},
               {"handoff": {"values": []}}],
}


def values_text(image, tag="latest"):
    """A values file as the team writes them: comments, an empty line, and another image's tag that must never change."""
    return (f"# {image}: what Argo CD rolls out\ncommon:\n  replicas: 2\n\n  image:\n    repository: {image}\n"
            f'    tag: "{tag}" # set by slipway\n    pullPolicy: IfNotPresent\n\n  sidecar:\n    image:\n      repository: proxy\n'
            "      tag: v1.2.3 # by hand\n")


class World:
    """Everything a daemon needs, on free ports, below one folder. `start()` starts servers and daemon; `close()` ends them."""

    def __init__(self, root=None, environment=None):
        self.root = pathlib.Path(root) if root else temporary_folder()
        self.git = GitServer(self.root / "git")
        self.registry = Registry(self.root / "registry")
        self.infra = self.git.create(INFRA)
        self.secrets = self.root / "secrets"
        self.secrets.mkdir(mode=0o700)
        self.write_secrets()
        self.configuration = self._configuration()
        self.daemon = Daemon(self.root / "daemon", self.configuration, environment)
        self.sources = {}

    def write_secrets(self):
        (self.secrets / "username").write_text(self.git.user)
        (self.secrets / "password").write_text(self.git.password + "\n")
        (self.secrets / "webhook-secret").write_bytes(SECRET + b"\n")
        self.registry.write_auth(self.secrets / "registry.json")

    def _configuration(self):
        return {
            "webhook": {"listen": f"127.0.0.1:{free_port()}", "secret_files": [str(self.secrets / "webhook-secret")]},
            "operator": {"listen": f"127.0.0.1:{free_port()}"},
            "state": str(self.root / "state"),
            "git": {"base_url": self.git.base_url, "username_file": str(self.secrets / "username"),
                    "password_file": str(self.secrets / "password"), "insecure": True, "timeout": "10s"},
            "registry": {"host": self.registry.host, "auth_file": str(self.secrets / "registry.json"), "insecure": True,
                         "timeout": "10s"},
            "handoff": {"repository": f"{self.git.base_url}/{INFRA}.git", "insecure": True, "timeout": "10s"},
            "queue": {"reconcile_every": "1h", "retry_base": "1s", "retry_limit": "2s", "drain_limit": "20s"},
            "pipelines": [PIPELINE], "templates": [], "triggers": [],
        }

    def source(self, full_name):
        """The repository of a source, made when it is first asked for."""
        if full_name not in self.sources:
            self.sources[full_name] = self.git.create(full_name)
        return self.sources[full_name]

    def template(self, full_name, app=None, files=None, paths=None, name=None, values=None, **more):
        """Adds a template and its trigger, and the values file(s) to the infra repository. Returns the template's data."""
        app = app or full_name.split("/")[1]
        name = name or f"{app}-build-template"
        files = files or [f"applications/{app}/common-values.yaml"]
        image = f"{self.registry.host}/applications/{app}"
        self.infra.commit({file: values_text(image) for file in files}, f"FEAT({app}): values")
        template = {"name": name, "pipeline": PIPELINE["name"], "repository": full_name, "app": app,
                    "handoff": {"values": values or [{"file": file, "path": "common.image.tag"} for file in files]}, **more}
        trigger = {"name": f"push-{app}", "template": name, "repositories": [full_name]}
        if paths:
            trigger["paths"] = paths
        self.configuration["templates"].append(template)
        self.configuration["triggers"].append(trigger)
        return template

    def start(self):
        self.git.start()
        self.registry.start()
        self.daemon.start()
        return self

    def close(self):
        if self.daemon.child:
            self.daemon.stop(20)
        self.registry.stop()
        self.git.stop()

    def push(self, full_name, files, **more):
        """A commit onto main of a source. Returns (id, the delivery that Gitea would send for it, signed)."""
        repository = self.source(full_name)
        before = repository.head() or ZEROS
        after = repository.commit(files, **more)
        return after, push_of(repository, full_name, before, after).signed()

    def captured(self, delivery, files=None):
        """A captured push put onto its repository on this server, signed anew."""
        return put_onto(delivery, self.source(delivery.json["repository"]["full_name"]), files).signed()

    def send(self, delivery):
        return delivery.send(self.daemon.hook)

    def tag_in(self, file, at="refs/heads/main"):
        """The tag that a values file of `values_text`'s shape holds."""
        for line in self.infra.read(file, at).decode().splitlines():
            if line.strip().startswith("tag:"):
                return line.split('"')[1] if '"' in line else line.split()[1]
        return None
