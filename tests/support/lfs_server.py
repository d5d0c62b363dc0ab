"""Git LFS before the Git server: a proxy that answers the batch API (git-lfs docs/api/batch.md) and passes everything else on."""
import base64
import hashlib
import json

from .proxy import Proxy


def pointer(content):
    """What a tree holds instead of `content`."""
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{hashlib.sha256(content).hexdigest()}\nsize {len(content)}\n"


class LfsServer(Proxy):
    def __init__(self, upstream_port, user, password):
        super().__init__(upstream_port)
        self.login = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        self.objects = {}

    def keep(self, content):
        """Has an object to give; returns its pointer."""
        self.objects[hashlib.sha256(content).hexdigest()] = content
        return pointer(content)

    def _forward(self, handler, body):
        if "/info/lfs/" not in handler.path:
            return super()._forward(handler, body)
        if handler.headers.get("Authorization") != self.login:
            return 401, [("LFS-Authenticate", 'Basic realm="git"')], b'{"message": "login"}'
        if handler.path.endswith("/objects/batch"):
            answer = {"transfer": "basic", "objects": [self._answer(handler, wanted) for wanted in json.loads(body)["objects"]]}
            return 200, [("Content-Type", "application/vnd.git-lfs+json")], json.dumps(answer).encode()
        return 200, [("Content-Type", "application/octet-stream")], self.objects[handler.path.rsplit("/", 1)[1]]

    def _answer(self, handler, wanted):
        if wanted["oid"] not in self.objects:
            return {**wanted, "error": {"code": 404, "message": "Object does not exist on the server"}}
        folder = handler.path.rsplit("/", 1)[0]
        return {**wanted, "actions": {"download": {"href": f"http://127.0.0.1:{self.port}{folder}/{wanted['oid']}"}}}
