"""Every header can be included alone. Where the .cpp beside it (or any other file) includes it before everything else, the
build has shown that already; the rest are compiled here, once for each state of their text."""
import concurrent.futures
import hashlib
import os
import re
import subprocess
import unittest

from .source import ROOT, blanked, cpp_files, read

STAMPS = ROOT / "build" / "tidy"
_FIRST = re.compile(r'^\s*#\s*include\s+["<]([^">]+)[">]', re.M)


def first_include(text):
    match = _FIRST.search(blanked(text, keep_strings=True))
    return match[1] if match else None


def closure(header, seen=None):
    """The header and every project header that it reaches."""
    seen = {} if seen is None else seen
    if header not in seen and (ROOT / "server" / header).is_file():
        seen[header] = read(f"server/{header}")
        for name in _FIRST.findall(seen[header]):
            closure(name, seen)
    return seen


def compile_alone(header):
    """The compiler's complaint about a header that stands alone, or an empty text."""
    state = hashlib.sha256("".join(text for _, text in sorted(closure(header).items())).encode()).hexdigest()
    stamp = STAMPS / f"{header.replace('/', '_')}.{state[:16]}"
    if stamp.exists():
        return ""
    done = subprocess.run(["g++", "-std=c++20", "-fsyntax-only", "-I", str(ROOT / "server"), "-DBOOST_ASIO_SEPARATE_COMPILATION",
                           "-DBOOST_BEAST_SEPARATE_COMPILATION", "-DRAPIDJSON_HAS_STDSTRING=1", '-DSLIPWAY_VERSION="0"', "-x", "c++", "-"],
                          input=f'#include "{header}"\n', capture_output=True, text=True)
    if done.returncode:
        return done.stderr[-2000:]
    STAMPS.mkdir(parents=True, exist_ok=True)
    for old in STAMPS.glob(f"{header.replace('/', '_')}.*"):
        old.unlink()
    stamp.touch()
    return ""


class Headers(unittest.TestCase):
    weight = 4

    def test_the_first_include_is_found(self):
        self.assertEqual("a/b.hpp", first_include('// #include "x.hpp"\n#include "a/b.hpp"\n#include <c>\n'))

    def test_a_source_includes_its_own_header_first(self):
        headers = {str(path.relative_to("server")) for path in cpp_files("server") if path.suffix == ".hpp"}
        wrong = []
        for path in cpp_files("server"):
            own = str(path.relative_to("server").with_suffix(".hpp"))
            if path.suffix == ".cpp" and own in headers and first_include(read(path)) != own:
                wrong.append(f"{path} does not include {own} first")
        self.assertEqual([], wrong)

    def test_every_header_compiles_alone(self):
        proven = {first_include(read(path)) for path in cpp_files("server", "tests") if path.suffix == ".cpp"}
        rest = [str(path.relative_to("server")) for path in cpp_files("server")
                if path.suffix == ".hpp" and (os.environ.get("SLIPWAY_TEST_FULL") or str(path.relative_to("server")) not in proven)]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            complaints = [f"{header}:\n{text}" for header, text in zip(rest, pool.map(compile_alone, rest)) if text]
        self.assertEqual([], complaints, "\n".join(complaints))
