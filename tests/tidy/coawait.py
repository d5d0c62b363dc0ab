"""The house rule for GCC 12 (server/README.md): in a statement with `co_await` no braces that build an object, no lambda that
captures by value, no `?:`."""
import re

from .source import blanked, line_of

_BLOCK_WORD = re.compile(r"(?:\b(?:else|do|try|const|noexcept|mutable|override|final)|[){};:\]]|^)\s*$")
_TRAILING_RETURN = re.compile(r"->[\w\s:<>,&*]+$")
_DECLARES = re.compile(r"\b(?:struct|class|union|enum|namespace)\b[^;{}()]*$")
_CAPTURES = re.compile(r"(?<![\w)\]])\[([^\[\]]*)\]\s*(?:[({<\x01]|mutable)")
_PAIRS = {")": "(", "]": "[", "}": "{"}


def opens_block(text, brace):
    """True where the brace at this position begins a block or a body, false where it builds an object."""
    before = text[max(0, brace - 300):brace].rstrip()
    return bool(_BLOCK_WORD.search(before) or _TRAILING_RETURN.search(before) or _DECLARES.search(before))


def _begin(text, position):
    depth = 0
    for at in range(position - 1, -1, -1):
        character = text[at]
        if character in ")]" or (character == "}" and depth):
            depth += 1
        elif character == "}":
            if _matching_is_block(text, at):
                return at + 1
            depth += 1
        elif character == "{" and not depth:
            if opens_block(text, at):
                return at + 1
        elif character in "([{":
            depth = max(0, depth - 1)
        elif character == ";" and not depth:
            return at + 1
    return 0


def _matching_is_block(text, closing):
    depth = 0
    for at in range(closing, -1, -1):
        if text[at] == "}":
            depth += 1
        elif text[at] == "{":
            depth -= 1
            if not depth:
                return opens_block(text, at)
    return True


def _end(text, position):
    depth = 0
    for at in range(position, len(text)):
        character = text[at]
        if character in "([" or (character == "{" and (depth > 0 or not opens_block(text, at))):
            depth += 1
        elif character == "{" and depth <= 0:
            return at
        elif character in ")]}":
            depth -= 1
        elif character == ";" and depth <= 0:
            return at
    return len(text)


def _without_bodies(statement):
    """The statement with a mark in place of each lambda body: what is inside are statements of their own."""
    out, stack, skipping = [], [], 0
    for at, character in enumerate(statement):
        if character == "{":
            is_block = opens_block(statement, at)
            stack.append(is_block)
            if is_block:
                out.append("" if skipping else "\x01")
                skipping += 1
                continue
        if character == "}" and stack:
            if stack.pop():
                skipping -= 1
                continue
        if not skipping:
            out.append(character)
    return "".join(out)


def _by_value(captures):
    words = [word.strip() for word in captures.split(",") if word.strip()]
    return any(not word.startswith("&") and word != "this" for word in words)


def findings(code):
    """(line, what is wrong) for every statement that breaks the rule."""
    text = blanked(code)
    found = {}
    for match in re.finditer(r"\bco_await\b", text):
        begin = _begin(text, match.start())
        statement = text[begin:_end(text, match.start())]
        own = _without_bodies(statement)
        if "co_await" not in own:
            own = statement
        line = line_of(text, match.start())
        if "?" in own:
            found[line] = "`?:` beside co_await"
        elif any(_by_value(captures) for captures in _CAPTURES.findall(own)):
            found[line] = "a lambda that captures by value beside co_await"
        elif "{" in own:
            found[line] = "braces that build an object beside co_await"
    return sorted(found.items())
