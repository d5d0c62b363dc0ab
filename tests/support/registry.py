"""An OCI registry with htpasswd (Debian's docker-registry), a client for the tests, and a tiny base image without any builder."""
import base64
import gzip
import hashlib
import http.client
import io
import json
import pathlib
import re
import subprocess
import tarfile

from .processes import free_port, start_server

USER, PASSWORD = "ci", "s3cret-registry"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
ACCEPT = ", ".join([MANIFEST, "application/vnd.oci.image.index.v1+json",
                    "application/vnd.docker.distribution.manifest.v2+json",
                    "application/vnd.docker.distribution.manifest.list.v2+json"])

_CONFIG = """version: 0.1
log: {{level: warn}}
storage:
  filesystem: {{rootdirectory: {root}/data}}
  delete: {{enabled: true}}
http: {{addr: "127.0.0.1:{port}"}}
auth:
  htpasswd: {{realm: registry, path: {root}/htpasswd}}
"""


class Registry:
    def __init__(self, root, user=USER, password=PASSWORD):
        self.root = pathlib.Path(root)
        self.root.mkdir(parents=True, exist_ok=True)
        self.user, self.password = user, password
        self.port = free_port()
        self.host = f"127.0.0.1:{self.port}"
        self.child = None

    def start(self):
        made = subprocess.run(["htpasswd", "-Bbn", self.user, self.password], check=True, capture_output=True, text=True)
        (self.root / "htpasswd").write_text(made.stdout.strip() + "\n")
        config = self.root / "registry.yml"
        config.write_text(_CONFIG.format(root=self.root, port=self.port))
        self.child = start_server(["docker-registry", "serve", config], self.port, self.root / "registry.log")
        return self

    def stop(self):
        if self.child:
            self.child.kill()
            self.child = None

    def write_auth(self, file, user=None, password=None):
        """A Docker config with this registry's credentials, as `.dockerconfigjson` holds it."""
        word = base64.b64encode(f"{user or self.user}:{password or self.password}".encode()).decode()
        pathlib.Path(file).write_text(json.dumps({"auths": {self.host: {"auth": word}}}))
        return file

    def request(self, method, path, body=None, headers=None):
        """(status, headers, body) of one authenticated request."""
        word = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, {"Authorization": f"Basic {word}", **(headers or {})})
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def digest(self, name, tag):
        """The digest that the registry serves for a tag, or None."""
        status, headers, _ = self.request("HEAD", f"/v2/{name}/manifests/{tag}", headers={"Accept": ACCEPT})
        return headers.get("docker-content-digest") if status == 200 else None

    def manifest(self, name, reference):
        status, _, body = self.request("GET", f"/v2/{name}/manifests/{reference}", headers={"Accept": ACCEPT})
        return json.loads(body) if status == 200 else None

    def config(self, name, reference):
        """The image's configuration: labels, command, history."""
        digest = self.manifest(name, reference)["config"]["digest"]
        return json.loads(self.request("GET", f"/v2/{name}/blobs/{digest}")[2])

    def pushed(self):
        """(name, tag) of every manifest that was taken, in order, by the log of its requests."""
        found = re.findall(r'"PUT /v2/(\S+)/manifests/(\S+) HTTP/1.1" 201 ', (self.root / "registry.log").read_text(errors="replace"))
        return [(name, tag) for name, tag in found]

    def tags(self, name):
        status, _, body = self.request("GET", f"/v2/{name}/tags/list")
        return sorted(json.loads(body).get("tags") or []) if status == 200 else []

    def files(self, name, reference):
        """path → bytes of everything in the image, later layers over earlier ones."""
        found = {}
        for layer in self.manifest(name, reference)["layers"]:
            blob = self.request("GET", f"/v2/{name}/blobs/{layer['digest']}")[2]
            with tarfile.open(fileobj=io.BytesIO(blob)) as archive:
                found.update({member.name.lstrip("./"): archive.extractfile(member).read()
                              for member in archive if member.isfile()})
        return found

    def push_blob(self, name, data):
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        _, headers, _ = self.request("POST", f"/v2/{name}/blobs/uploads/", headers={"Content-Length": "0"})
        location = headers["location"].split(self.host, 1)[-1]
        joint = "&" if "?" in location else "?"
        status, _, body = self.request("PUT", f"{location}{joint}digest={digest}", data,
                                       {"Content-Type": "application/octet-stream"})
        if status != 201:
            raise RuntimeError(f"push of a blob: {status} {body[:200]!r}")
        return {"digest": digest, "size": len(data)}

    def push_image(self, name, tag, files, labels=None):
        """An image of one layer; `files`: path → (bytes, mode), or path → text that is the target of a link."""
        layer = _layer(files)
        config = {"architecture": "amd64", "os": "linux", "config": {"Labels": labels or {}},
                  "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]},
                  "history": [{"created_by": "test"}]}
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST,
                    "config": {"mediaType": "application/vnd.oci.image.config.v1+json",
                               **self.push_blob(name, json.dumps(config).encode())},
                    "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
                                **self.push_blob(name, gzip.compress(layer, 1, mtime=0))}]}
        status, headers, body = self.request("PUT", f"/v2/{name}/manifests/{tag}", json.dumps(manifest).encode(),
                                             {"Content-Type": MANIFEST})
        if status != 201:
            raise RuntimeError(f"push of {name}:{tag}: {status} {body[:200]!r}")
        return headers["docker-content-digest"]

    def push_busybox(self, name="base/busybox", tag="1"):
        """The base that test images begin FROM: a static busybox, `sh` and its other names linked to it."""
        program = pathlib.Path("/bin/busybox").read_bytes()
        names = subprocess.run(["/bin/busybox", "--list"], check=True, capture_output=True, text=True).stdout.split()
        files = {"bin/busybox": (program, 0o755), "etc/passwd": (b"root:x:0:0:root:/:/bin/sh\n", 0o644)}
        files.update({f"bin/{applet}": "busybox" for applet in names if applet != "busybox"})
        self.push_image(name, tag, files)
        return f"{self.host}/{name}:{tag}"


def _layer(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for folder in sorted({str(parent) for path in files for parent in pathlib.PurePath(path).parents} - {"."}):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(entry)
        for path, content in files.items():
            entry = tarfile.TarInfo(path)
            if isinstance(content, str):
                entry.type, entry.linkname = tarfile.SYMTYPE, content
                archive.addfile(entry)
            else:
                entry.size, entry.mode = len(content[0]), content[1]
                archive.addfile(entry, io.BytesIO(content[0]))
    return out.getvalue()
