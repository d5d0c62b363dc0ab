"""What the project forbids itself. Each rule is a function from a file's text to its findings, and shows here that it can fail."""
import ast
import pathlib
import re
import unittest

from .coawait import findings as coawait_findings
from .source import ROOT, blanked, cpp_files, files, line_of, read, text_files


def modules():
    """The modules in the order of server/README.md's table."""
    return re.findall(r"^\| *\d+ *\| *`(\w+)/`", read("server/README.md"), re.M)


def include_findings(module, text, order):
    """Includes of a module further down the table."""
    allowed = order[:order.index(module) + 1]
    found = []
    for match in re.finditer(r'^\s*#\s*include\s+"([^"/]+)/', text, re.M):
        if match[1] not in allowed:
            found.append((line_of(text, match.start(1)), f"{module} may not include {match[1]}"))
    return found


_EXEC = r"\bexec[lv]p?e?\s*\("
_SLEEP = r"\bsleep(?:_for|_until)?\s*\(\s*(?:\d|std::chrono)"
BANNED = {
    r"\bdetached\b": "a task nobody waits for: spawn it in a TaskGroup",
    r"(?<![\w.:>])(?:std::)?system\s*\(": "a shell",
    r"\bpopen\s*\(": "a shell",
    _EXEC: "start children with io::Processes",
    r"\blocaltime(?:_r)?\s*\(": "the machine's time zone: times are UTC",
    r"\bstd::regex\b": "recursive and slow: RE2",
    _SLEEP: "ask the TimeSource",
    r"\busing namespace std\b": "names from std are written out",
}
BANNED_TEXT = {r'"(?:/bin/)?(?:ba|da)?sh"\s*,\s*"-c"': "a shell", r"\bsh -c\b": "a shell"}
# Where it is right: the one place that starts programs, and commands that poll a daemon from outside.
ALLOWED = {"server/io/": {_EXEC}, "server/app/": {_SLEEP}}


def banned_findings(text, allowed=()):
    code, with_strings = blanked(text), blanked(text, keep_strings=True)
    found = [(line_of(code, match.start()), f"{match[0].strip()}: {why}")
             for pattern, why in BANNED.items() if pattern not in allowed for match in re.finditer(pattern, code)]
    return found + [(line_of(with_strings, match.start()), f"{match[0]}: {why}")
                    for pattern, why in BANNED_TEXT.items() for match in re.finditer(pattern, with_strings)]


_LATER = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]) + r")\b(?!\s*\(?#\d+)")


def later_findings(text):
    """Work left for later that names no issue."""
    return [(line_of(text, match.start()), f"{match[1]} without an issue number") for match in _LATER.finditer(text)]


# Put together from parts, so that this file does not name them either.
_HOSTS = [".".join(parts) for parts in [
    ("registry", "npmjs", "org"), ("registry", "yarnpkg", "com"), ("pypi", "org"), ("files", "pythonhosted", "org"),
    ("repo1", "maven", "org"), ("repo", "maven", "apache", "org"), ("plugins", "gradle", "org"), ("services", "gradle", "org"),
    ("static", "crates", "io"), ("crates", "io"), ("proxy", "golang", "org"), ("rubygems", "org"), ("deb", "debian", "org"),
    ("security", "debian", "org"), ("archive", "ubuntu", "com"), ("ghcr", "io"), ("quay", "io"), ("gcr", "io"), ("docker", "io")]]
_HOST = re.compile(r"(?<![\w.-])(?:[\w-]+\.)*(?:" + "|".join(re.escape(host) for host in _HOSTS) + r")(?![\w-])", re.I)
_MACHINE = re.compile(r"(?:^|[^A-Za-z0-9_.$}>-])/(?:" + "|".join(["wor" + "k", "far" + "m", "roo" + "t", "tmp/" + "h"]) + r")/", re.M)


def place_findings(text):
    """Hosts of package registries and paths of one machine."""
    return ([(line_of(text, match.start()), f"the package registry {match[0]}") for match in _HOST.finditer(text)] +
            [(line_of(text, match.end() - 1), f"the machine path {match[0].strip()}") for match in _MACHINE.finditer(text)])


def size_findings(text, limit=500):
    lines = text.count("\n")
    return [(lines, f"{lines} lines; {limit} is the limit")] if lines > limit else []


def link_findings(text, exists):
    """Relative links of a Markdown file that lead nowhere."""
    outside_code = re.sub(r"```.*?```|`[^`\n]*`", lambda match: re.sub(r"[^\n]", " ", match[0]), text, flags=re.S)
    return [(line_of(text, match.start()), f"no file {match[1]}")
            for match in re.finditer(r"\]\((?!https?:|mailto:|#)([^)#\s]+)[^)]*\)", outside_code) if not exists(match[1])]


TOP = {"CMakeLists.txt", "README.md", "LICENSE", "server", "pipelines", "config", "tests", "container", "scripts",
       "CMakePresets.json"}  # presets have to lie beside CMakeLists.txt


def layout_findings(paths):
    tops = {path.parts[0] for path in paths}
    return [(0, f"{top} does not belong at the top") for top in sorted(tops - TOP) if not top.startswith(".")]


class Rules(unittest.TestCase):
    """Each test first shows its rule a text that breaks it, then the project."""

    def check(self, rule, paths, bad, good=""):
        self.assertTrue(rule(bad), "the rule does not see what it forbids")
        self.assertEqual([], rule(good), "the rule forbids what is allowed")
        found = [f"{path}:{line}: {what}" for path in paths for line, what in rule(read(path))]
        self.assertEqual([], found, "\n" + "\n".join(found))

    def test_a_module_includes_only_itself_and_modules_above_it(self):
        order = modules()
        self.assertGreater(len(order), 10)
        self.assertTrue(include_findings("cel", '#include "model/run.hpp"\n', order))
        self.assertEqual([], include_findings("cel", '#include "cel/value.hpp"\n#include "base/id.hpp"\n#include <git2.h>\n', order))
        found = [f"{path}:{line}: {what}" for path in cpp_files("server") if len(path.parts) > 2
                 for line, what in include_findings(path.parts[1], read(path), order)]
        self.assertEqual([], found, "\n" + "\n".join(found))

    def test_every_module_of_the_table_is_a_folder_and_every_folder_in_the_table(self):
        folders = {path.parts[1] for path in cpp_files("server") if len(path.parts) > 2}
        self.assertEqual(set(), folders - set(modules()), "folders that the table of server/README.md does not name")
        self.assertEqual(set(), set(modules()) - folders, "modules of the table that are not there")

    def test_no_temporary_that_gcc_12_destroys_twice(self):
        paths = [path for path in cpp_files("server", "tests") if path.name != "gcc12_coawait_matrix.cpp"]
        self.check(coawait_findings, paths, "Task<> f() {\n  co_await g(Pair{a, b});\n}\n",
                   "Task<> f() {\n  Pair p{a, b};\n  if (co_await g(std::move(p))) {\n    use([&] { return p; });\n  }\n}\n")

    def test_no_banned_call_and_no_shell(self):
        self.assertTrue(banned_findings("int x() { return std::system(line); }\n"))
        self.assertTrue(banned_findings('run({"sh", "-c", text});\n'))
        self.assertEqual([], banned_findings("// not system(x), but\nthrow boost::system::system_error(code); file_system(a);\n"))
        found = []
        for path in cpp_files("server"):
            allowed = {pattern for start, patterns in ALLOWED.items() if str(path).startswith(start) for pattern in patterns}
            found += [f"{path}:{line}: {what}" for line, what in banned_findings(read(path), allowed)]
        self.assertEqual([], found, "\n" + "\n".join(found))

    def test_nothing_is_left_for_later_without_an_issue(self):
        word = "TO" + "DO"
        self.check(later_findings, text_files(), f"// {word}: finish\n", f"// {word}(#12): finish\n")

    def test_no_registry_host_and_no_machine_path(self):
        self.check(place_findings, text_files(), "curl https://" + _HOSTS[0] + "/x\n", "$HOME/work/x http://127.0.0.1:8080/\n")
        self.assertTrue(place_findings("cd /wor" + "k/main\n"))

    def test_no_file_has_grown_too_long(self):
        code = [path for path in text_files() if path.suffix in (".cpp", ".hpp", ".py") or path.parts[0] in ("scripts", ".ci")]
        self.check(size_findings, code, "x\n" * 501, "x\n" * 500)

    def test_links_between_documents_lead_somewhere(self):
        self.assertTrue(link_findings("see [that](nowhere.md)\n", lambda target: False))
        found = []
        for path in text_files():
            if path.suffix == ".md":
                beside = ROOT / path.parent
                found += [f"{path}:{line}: {what}" for line, what in link_findings(read(path), lambda to: (beside / to).exists())]
        self.assertEqual([], found)

    def test_the_top_level_is_as_agreed(self):
        self.assertTrue(layout_findings([pathlib.PurePosixPath("docs/x.md")]))
        self.assertEqual([], layout_findings(files()))

    def test_test_data_of_others_was_not_copied(self):
        names = {path.name for path in files()}
        self.assertEqual(set(), names & {"tekton_vectors.jsonl", "spec.jsonl"})

    def test_python_uses_the_standard_library_alone(self):
        import sys
        own = {path.stem for path in files() if path.suffix == ".py"} | {"support", "tidy", "end_to_end", "chaos", "yaml"}
        found = []
        for path in text_files():
            if path.suffix != ".py" or path.parts[:2] == ("tests", "projects"):
                continue
            for node in ast.walk(ast.parse(read(path))):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom) and not node.level:
                    names = [node.module]
                found += [f"{path}:{node.lineno}: {name}" for name in names
                          if name.split(".")[0] not in sys.stdlib_module_names | own]
        self.assertEqual([], found)
