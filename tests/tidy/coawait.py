"""The house rule for GCC 12 (server/README.md): in a statement with `co_await` no braces that build an object, no lambda that
captures by value, no `?:`; and no `co_await` in a condition (`if`, `while`, `for`, `switch`) of a coroutine without a local variable."""
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


_CONDITION = re.compile(r"\b(?:(?:if|while|switch)\s*\((?=[^;{}]*\bco_await\b)|for\s*\((?=[^{}]*\bco_await\b))")
_LOCAL = re.compile(r"(?:^|[;{}(])\s*(?:const\s+|static\s+)*(?!return|co_return|co_await|delete|throw|else|case|using|goto)"
                    r"[A-Za-z_][\w:]*(?:<[^;{}]*>)?(?:\s*[&*]+\s*|\s+)(?:\w+|\[[^\]]*\])\s*(?:=|\{|\(|;|:(?!:))")
_CONTROL = re.compile(r"\b(?:if|while|for|switch|catch)\s*\($")


def _closing(text, opening):
    """The position of the bracket that closes the one at `opening`."""
    depth = 0
    for at in range(opening, len(text)):
        depth += (text[at] in "([{") - (text[at] in ")]}")
        if not depth:
            return at
    return len(text)


def _function_body(text, position):
    """The text of the innermost function or lambda around a position."""
    depth = 0
    for at in range(position - 1, -1, -1):
        depth += (text[at] in ")]}") - (text[at] in "([{")
        if depth < 0:
            depth = 0
            if text[at] == "{" and _begins_function(text, at):
                return text[at:_closing(text, at)]
    return ""


def _begins_function(text, brace):
    head = re.sub(r"(?:\b(?:const|noexcept|override|final|mutable)|->[\w\s:<>,&*]+|\s)+$", "", text[max(0, brace - 400):brace])
    if not head.endswith(")"):
        return head.endswith("]")
    depth = 0
    for at in range(len(head) - 1, -1, -1):
        depth += (head[at] == ")") - (head[at] == "(")
        if not depth:
            return not _CONTROL.search(head[:at + 1])
    return True


def _conditions(text):
    for match in _CONDITION.finditer(text):
        condition = text[match.end() - 1:_closing(text, match.end() - 1)]
        if "co_await" in condition and not re.match(r"\(\s*(?:const\s+)?[A-Za-z_][\w:<>]*[\s&*]+\w+\s*=[^=]", condition):
            if not _LOCAL.search(_function_body(text, match.start())):
                yield match.start()


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
    found.update({line_of(text, at): "co_await in a condition of a coroutine without a local variable" for at in _conditions(text)})
    return sorted(found.items())
