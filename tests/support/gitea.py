"""As much of Gitea's API as pull requests take, before a real repository: statuses and words of routers/api/v1/repo/pull.go (1.25)."""
import base64
import http.server
import json
import re
import threading
import urllib.parse

PAGE = 2  # so that who reads one page only is found out


class Gitea:
    """`api` is what `handoff.api_url` names. Pull requests are plain data in `pulls`; a head that is no branch is no head."""

    def __init__(self, full_name, repository, user, password):
        self.full_name, self.repository = full_name, repository
        self.login = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        self.pulls, self.requests, self.status = [], [], None
        gitea = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def _answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, answer = gitea.answer(self.command, self.path, self.headers, json.loads(body) if body else None)
                text = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = do_PATCH = _answer

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.api = f"http://127.0.0.1:{self.server.server_port}/api/v1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def answer(self, method, target, headers, body):
        self.requests.append((method, target))
        url = urllib.parse.urlsplit(target)
        query = dict(urllib.parse.parse_qsl(url.query))
        if self.status:
            return self.status, {"message": "the test says so"}
        if headers.get("Authorization") != self.login:
            return 401, {"message": "token is required"}
        root = f"/api/v1/repos/{self.full_name}"
        if (method, url.path) == ("GET", root):
            return 200, {"full_name": self.full_name, "has_pull_requests": True, "permissions": {"admin": False, "push": True, "pull": True}}
        if (method, url.path) == ("GET", f"{root}/pulls"):
            shown = [pull for pull in self.pulls if query.get("state") in (None, "all", pull["state"])]
            page = int(query.get("page", 1))
            return 200, shown[PAGE * (page - 1):PAGE * page]
        if (method, url.path) == ("POST", f"{root}/pulls"):
            return self._make(body)
        known = re.fullmatch(re.escape(root) + r"/pulls/(\d+)", url.path)
        if known and method == "PATCH" and 0 < int(known[1]) <= len(self.pulls):
            pull = self.pulls[int(known[1]) - 1]
            pull.update({key: body[key] for key in ("title", "body", "state") if body.get(key)})
            return 201, pull
        return 404, {"message": "The target couldn't be found."}

    def _make(self, body):
        for branch in (body["head"], body["base"]):
            if not self.repository.head(f"refs/heads/{branch}"):
                return 404, {"message": "The target couldn't be found."}
        for pull in self.pulls:
            if pull["state"] == "open" and (pull["head"]["ref"], pull["base"]["ref"]) == (body["head"], body["base"]):
                return 409, {"message": "pull request already exists for these targets"}
        number = len(self.pulls) + 1
        self.pulls.append({"number": number, "state": "open", "title": body["title"], "body": body.get("body", ""),
                           "html_url": f"http://gitea.example/{self.full_name}/pulls/{number}",
                           "head": {"label": body["head"], "ref": body["head"], "repo_id": 1},
                           "base": {"label": body["base"], "ref": body["base"], "repo_id": 1}})
        return 201, self.pulls[-1]

    def merge(self, number):
        """Fast-forwards the base to the head, and closes the pull request."""
        pull = self.pulls[number - 1]
        self.repository.git("update-ref", f"refs/heads/{pull['base']['ref']}", self.repository.head(f"refs/heads/{pull['head']['ref']}"))
        pull["state"] = "closed"
