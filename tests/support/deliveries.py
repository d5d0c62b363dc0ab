"""Captured deliveries: read, put onto a real repository of the same shape, signed anew, sent as Gitea sends them."""
import hashlib
import hmac
import http.client
import json
import pathlib
import urllib.parse
import uuid

SOURCE = pathlib.Path(__file__).resolve().parents[2]
FOLDER = SOURCE / "tests" / "data" / "deliveries"
if not FOLDER.is_dir():
    FOLDER = SOURCE.parent / "shared" / "deliveries"
SECRET = b"s3cr3t-webhook"
ZEROS = "0" * 40

_SIGNATURES = {"x-gitea-signature", "x-gogs-signature", "x-hub-signature", "x-hub-signature-256"}
_IDS = {"x-gitea-delivery", "x-gogs-delivery", "x-github-delivery"}


class Delivery:
    """One request: header lines in order but for Host and Content-Length, and the exact bytes of the body."""

    def __init__(self, headers, body, name=""):
        self.headers, self.body, self.name = list(headers), body, name

    @classmethod
    def load(cls, name):
        lines = (FOLDER / f"{name}.headers").read_text().splitlines()[1:]
        headers = [tuple(part.strip() for part in line.split(":", 1)) for line in lines if line]
        headers = [(name, value) for name, value in headers if name.lower() not in ("host", "content-length")]
        return cls(headers, (FOLDER / f"{name}.body").read_bytes(), name)

    def header(self, name):
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def with_header(self, name, value):
        """A copy with one header set, or taken out with None."""
        kept = [(key, old) for key, old in self.headers if key.lower() != name.lower()]
        return Delivery(kept + ([(name, value)] if value is not None else []), self.body, self.name)

    @property
    def event(self):
        return self.header("X-Gitea-Event")

    @property
    def id(self):
        return self.header("X-Gitea-Delivery")

    @property
    def is_form(self):
        return (self.header("Content-Type") or "").startswith("application/x-www-form-urlencoded")

    @property
    def text(self):
        """The JSON text, which for a hook of type `form` is in the field `payload`."""
        if not self.is_form:
            return self.body
        return urllib.parse.parse_qs(self.body.decode(), strict_parsing=True)["payload"][0].encode()

    @property
    def json(self):
        return json.loads(self.text)

    def with_text(self, text):
        body = urllib.parse.urlencode({"payload": text.decode()}).encode() if self.is_form else text
        return Delivery(self.headers, body, self.name)

    def replaced(self, changes):
        """The same delivery with texts put in place of others, e.g. real commit ids; all else byte for byte."""
        text = self.text
        for old, new in changes.items():
            text = text.replace(old.encode(), new.encode())
        return self.with_text(text)

    def signed(self, secret=SECRET, delivery_id=None):
        """With signatures of this body and, unless one is given, a fresh delivery id."""
        delivery_id = delivery_id or str(uuid.uuid4())
        sha256 = hmac.new(secret, self.text, hashlib.sha256).hexdigest()
        values = {"x-gitea-signature": sha256, "x-gogs-signature": sha256, "x-hub-signature-256": f"sha256={sha256}",
                  "x-hub-signature": "sha1=" + hmac.new(secret, self.text, hashlib.sha1).hexdigest(),
                  **{name: delivery_id for name in _IDS}}
        headers = [(name, values.get(name.lower(), value)) for name, value in self.headers]
        return Delivery(headers, self.body, self.name)

    def send(self, url, timeout=10.0):
        """POSTs it. Returns (status, headers, answer), the answer as JSON where it is that."""
        return post(url, self.headers, self.body, timeout)


def names():
    """Every captured delivery's name."""
    return sorted(file.stem for file in FOLDER.glob("*.headers"))


def post(url, headers, body, timeout=10.0):
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)
    try:
        given = {name.lower() for name, _ in headers}
        connection.putrequest("POST", parts.path or "/", skip_host="host" in given, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value.encode() if isinstance(value, str) else value)
        if "content-length" not in given and "transfer-encoding" not in given:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, _decoded(answer.read())
    finally:
        connection.close()


def _decoded(body):
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")


def put_onto(delivery, repository, files=None):
    """Makes in `repository` the history that a captured push to a branch tells of, and returns the delivery that names it.

    `files` (a Dockerfile, …) is in the first commit. Each listed commit adds, removes and modifies the paths that the payload
    says; commits that the payload leaves out change `unlisted/N.txt`; `before` is what the branch held.
    """
    push = delivery.json
    listed = list(reversed(push["commits"] or []))
    ref = push["ref"]
    start = {path: f"{path} at first\n" for commit in listed for path in (commit["removed"] or []) + (commit["modified"] or [])}
    for path in (path for commit in listed for path in commit["added"] or []):
        start.pop(path, None)
    start.update(files or {})
    base = repository.commit(start or {"README.md": "start\n"}, "CHORE: start", ref)
    changes = {} if push["before"] == ZEROS else {push["before"]: base}
    for number in range((push.get("total_commits") or 0) - len(listed)):
        repository.commit({f"unlisted/{number}.txt": f"{number}\n"}, f"FEAT: unlisted {number}", ref)
    for commit in listed:
        content = {path: None for path in commit["removed"] or []}
        for path in (commit["added"] or []) + (commit["modified"] or []):
            content[path] = (files or {}).get(path, f"{path}\n") + f"# at {commit['id']}\n"
        head = repository.head(ref)
        parents = [base, head] if commit["message"].lower().startswith("merge") and head != base else None
        changes[commit["id"]] = repository.commit(content, commit["message"] or "empty", ref, parents)
    changes.setdefault(push["after"], repository.head(ref))
    return delivery.replaced({old: new for old, new in changes.items() if old != new})


def push_delivery(full_name, before, after, commits=(), ref="refs/heads/main", total=None):
    """A push as Gitea words it, made from a captured one: `commits` are dicts with id, added, removed, modified, newest first."""
    captured = Delivery.load("push-single-backend-04")
    body = captured.json
    organisation, name = full_name.split("/")
    pattern = body["commits"][0]
    body.update(ref=ref, before=before, after=after, total_commits=len(commits) if total is None else total,
                commits=[{**pattern, "message": "FEAT: change\n", "added": [], "removed": [], "modified": [], **commit}
                         for commit in commits])
    body["head_commit"] = body["commits"][0] if body["commits"] else None
    body["compare_url"] = body["compare_url"].rsplit("/", 1)[0] + f"/{before}...{after}"
    body["repository"].update(name=name, full_name=full_name)
    body["repository"]["owner"].update(login=organisation, username=organisation)
    text = json.dumps(body, ensure_ascii=False, indent=2)
    for character, escaped in (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026")):
        text = text.replace(character, escaped)
    return captured.with_text(text.encode())


def push_of(repository, full_name, before, after, ref="refs/heads/main", most=5):
    """The delivery that Gitea would send for a real push in `repository`: its newest `most` commits, with their files."""
    shown = repository.git("rev-list", after, *([f"^{before}"] if before != ZEROS else [])).decode().split()
    commits = []
    for commit in shown[:most]:
        added, removed, modified = repository.changes(commit)
        name, email, committer, address, message = repository.git("show", "-s", "--format=%an%x00%ae%x00%cn%x00%ce%x00%B",
                                                                  commit).decode(errors="replace").split("\0")
        commits.append({"id": commit, "message": message.rstrip("\n") + "\n", "added": added, "removed": removed,
                        "modified": modified, "author": {"name": name, "email": email, "username": ""},
                        "committer": {"name": committer, "email": address, "username": ""}})
    total = min(len(shown), 10) if before == ZEROS else len(shown)
    return push_delivery(full_name, before, after, commits, ref, total)
