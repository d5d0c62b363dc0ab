"""A smart-HTTP Git server with basic auth (lighttpd and git-http-backend), and repositories made straight on its disk."""
import os
import pathlib
import subprocess

from .processes import free_port, start_server

USER, PASSWORD = "ci", "s3cret-git"

_CONFIG = """
server.document-root = "{root}"
server.bind = "127.0.0.1"
server.port = {port}
server.errorlog = "{root}/error.log"
server.upload-dirs = ( "{root}" )
server.modules = ( "mod_auth", "mod_authn_file", "mod_setenv", "mod_alias", "mod_cgi", "mod_accesslog" )
accesslog.filename = "{root}/access.log"
auth.backend = "plain"
auth.backend.plain.userfile = "{root}/users"
alias.url = ( "/git/" => "{backend}/" )
$HTTP["url"] =~ "^/git/" {{
  auth.require = ( "" => ( "method" => "basic", "realm" => "git", "require" => "valid-user" ) )
  setenv.set-environment = ( "GIT_PROJECT_ROOT" => "{repositories}", "GIT_HTTP_EXPORT_ALL" => "1" )
  cgi.assign = ( "" => "" )
}}
"""

_IDENTITY = {"GIT_AUTHOR_NAME": "Developer", "GIT_AUTHOR_EMAIL": "developer@lumie.example",
             "GIT_COMMITTER_NAME": "Developer", "GIT_COMMITTER_EMAIL": "developer@lumie.example",
             "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null"}


class GitServer:
    """`base_url` is what a configuration names: a repository is `<base_url>/<org>/<name>.git`."""

    def __init__(self, root, user=USER, password=PASSWORD):
        self.root = pathlib.Path(root)
        self.repositories = self.root / "repositories"
        self.repositories.mkdir(parents=True, exist_ok=True)
        self.user, self.password = user, password
        self.port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}/git"
        self.child = None

    def start(self):
        (self.root / "users").write_text(f"{self.user}:{self.password}\n")
        exec_path = subprocess.run(["git", "--exec-path"], check=True, capture_output=True, text=True).stdout.strip()
        config = self.root / "lighttpd.conf"
        config.write_text(_CONFIG.format(root=self.root, port=self.port, repositories=self.repositories,
                                         backend=f"{exec_path}/git-http-backend"))
        self.child = start_server(["/usr/sbin/lighttpd", "-D", "-f", config], self.port, self.root / "lighttpd.log")
        return self

    def stop(self):
        if self.child:
            self.child.kill()
            self.child = None

    def create(self, full_name):
        """An empty bare repository that may be pushed to."""
        return Repository.create(self.repositories / f"{full_name}.git")

    def requests(self):
        """The access log's lines so far: what the daemon asked of this server."""
        log = self.root / "access.log"
        return log.read_text(errors="replace").splitlines() if log.exists() else []


class Repository:
    """A bare repository on the server's disk; commits are written without a work tree and without the network."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self._moment = 1_770_000_000

    @classmethod
    def create(cls, path):
        path = pathlib.Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(path)], check=True)
        repository = cls(path)
        repository.git("config", "http.receivepack", "true")
        repository.git("config", "gc.auto", "0")
        return repository

    def git(self, *arguments, input=None, check=True):
        """Runs git here and gives its standard output as bytes."""
        done = subprocess.run(["git", "-C", str(self.path), *arguments], input=input, capture_output=True,
                              env={**os.environ, **_IDENTITY})
        if check and done.returncode:
            raise RuntimeError(f"git {' '.join(arguments)}: {done.stderr.decode(errors='replace')}")
        return done.stdout

    def head(self, ref="refs/heads/main"):
        """The commit that a ref names, or None."""
        return self.git("rev-parse", "-q", "--verify", f"{ref}^{{commit}}", check=False).decode().strip() or None

    def commit(self, files, message="FEAT(app): change", ref="refs/heads/main", parents=None, modes=None):
        """Commits onto `ref` and returns the id. `files`: path → bytes or text, None removes. `parents` replaces the ref's own
        head (an empty list begins an unrelated history). `modes`: path → 100755, 120000, …, 160000 for the commit of a
        submodule; what is in bin/ can be run."""
        if parents is None:
            parents = [head] if (head := self.head(ref)) else []
        self._moment += 60
        text = message.encode()
        who = f"Developer <developer@lumie.example> {self._moment} +0900".encode()
        stream = [b"reset " + ref.encode() + b"\n\n" if not parents else b"",
                  b"commit " + ref.encode() + b"\nauthor " + who + b"\ncommitter " + who + b"\n",
                  b"data %d\n%s\n" % (len(text), text)]
        for number, parent in enumerate(parents):
            stream.append((b"merge " if number else b"from ") + parent.encode() + b"\n")
        for path, content in files.items():
            stream.append(_change(path, content, (modes or {}).get(path, _usual_mode(path))))
        self.git("fast-import", "--quiet", "--force", input=b"".join(stream) + b"\n")
        return self.head(ref)

    def read(self, path, at="refs/heads/main"):
        """A file's bytes at a commit."""
        return self.git("show", f"{at}:{path}")

    def log(self, ref="refs/heads/main"):
        """Commit ids, newest first."""
        return self.git("rev-list", ref).decode().split()

    def message(self, commit):
        return self.git("show", "-s", "--format=%B", commit).decode().rstrip("\n")

    def diff(self, commit):
        """The change of a commit against its first parent, without context."""
        return self.git("show", "--format=", "-U0", commit).decode()

    def changes(self, commit):
        """(added, removed, modified) paths of a commit against its first parent, as Gitea lists them."""
        first = self.git("rev-list", "--parents", "-1", commit).decode().split()[1:2]
        fields = self.git("diff-tree", "--root", "-r", "-z", "--no-commit-id", "--no-renames", "--name-status", *first,
                          commit).decode(errors="replace").split("\0")
        lists = {"A": [], "D": [], "M": []}
        for status, path in zip(fields[0::2], fields[1::2]):
            if status in lists:
                lists[status].append(path)
        return lists["A"], lists["D"], lists["M"]

    def hook(self, name, script):
        """Installs a hook, e.g. one that declines every push."""
        hook = self.path / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(script)
        hook.chmod(0o755)


def _usual_mode(path):
    return "100755" if str(path).startswith("bin/") else "100644"


def _change(path, content, mode):
    name = path if isinstance(path, bytes) else path.encode()
    quoted = b'"' + name.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n") + b'"'
    if content is None:
        return b"D " + quoted + b"\n"
    if mode == "160000":
        return b"M 160000 " + content.encode() + b" " + quoted + b"\n"
    data = content if isinstance(content, bytes) else content.encode()
    return b"M " + mode.encode() + b" inline " + quoted + b"\ndata %d\n" % len(data) + data + b"\n"
