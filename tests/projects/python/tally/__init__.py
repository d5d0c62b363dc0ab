"""Counts words."""
import collections
import re


def count(text: str) -> dict[str, int]:
    return dict(collections.Counter(re.findall(r"\w+", text.lower())))
