"""The project's files, and C++ text with comments and strings blanked out."""
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
CODE = (".cpp", ".hpp", ".h")


def files():
    """Every file of the project as a path relative to its root: what git tracks, or everything in an exported tree."""
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            capture_output=True)
    if listed.returncode == 0:
        names = listed.stdout.decode(errors="surrogateescape").split("\0")
        return sorted(path for path in (pathlib.PurePosixPath(name) for name in names if name) if (ROOT / path).is_file())
    found = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
    return sorted(pathlib.PurePosixPath(path) for path in found if path.parts[0] not in ("build", ".git", ".cache"))


def text_files():
    """The files that are text written for this project: neither test data nor licence."""
    return [path for path in files() if path.parts[:2] != ("tests", "data") and path.name != "LICENSE" and _is_text(path)]


def cpp_files(*folders):
    return [path for path in files() if path.suffix in CODE and path.parts[0] in folders and path.parts[:2] != ("tests", "data")]


def read(path):
    return (ROOT / path).read_text(errors="replace")


def _is_text(path):
    with open(ROOT / path, "rb") as file:
        return b"\0" not in file.read(4096)


_TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|R"([^()\\ ]*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<![0-9A-Fa-f])\'(?:\\.|[^\'\\\n])+\'', re.S)


def blanked(text, keep_strings=False):
    """C++ text with comments, and strings unless they are kept, replaced by blanks; lines and columns stay."""
    def blank(match):
        found = match[0]
        if found.startswith(("//", "/*")):
            return re.sub(r"[^\n]", " ", found)
        if keep_strings:
            return found
        return '"' + re.sub(r"[^\n]", " ", found[1:-1]) + '"' if len(found) > 1 else found
    return _TOKEN.sub(blank, text)


def line_of(text, position):
    return text.count("\n", 0, position) + 1
