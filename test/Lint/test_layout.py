"""Which part of vitc may include which: the arrows of the architecture, checked by reading every #include."""
import re

import pytest

from sources import SOURCE, cpp_sources, parts_of_lib

# Part -> the parts it may include besides itself; the closure of these arrows is allowed.
ARROWS = {
    "tools": {"Driver", "Run"},
    "Driver": {"Import", "Pipelines", "Run", "Target"},
    "Import": {"Dialect/ONNX"},
    "Pipelines": {"Recognition", "Transforms", "Conversion"},
    "Recognition": {"Dialect"},
    "Transforms": {"Dialect"},
    "Conversion": {"Dialect", "Dialect/ONNX"},
    "Dialect/ONNX": {"Dialect"},
    "Dialect": {"Support"},
    "Target": {"Support"},
    "Support": set(),
    "Run": {"vitc-c"},
    "Runtime": {"vitc-c"},
    "vitc-c": set(),
}
# A tool that is about one part alone may read that part's contract with users.
ALSO = {"tools": {"vitc-c"}, "Driver": {"vitc-c"}}


def closure(part):
    seen, todo = set(), [part]
    while todo:
        for target in ARROWS[todo.pop()] - seen:
            seen.add(target)
            todo.append(target)
    return seen | {part} | ALSO.get(part, set())


def part_of(path):
    """The part that a path below include/vitc, lib, include/vitc-c or tools belongs to."""
    if path.startswith(("tools/", "vitc-c/")):
        return path.split("/")[0]
    first, second = (path.split("/") + [""])[:2]
    if first == "Dialect" and second == "ONNX":
        return "Dialect/ONNX"
    return first


def path_in_part(path):
    for root in ("include/vitc/", "include/", "lib/"):
        if path.startswith(root):
            return path[len(root):]
    return path


def included(path):
    for number, line in enumerate((SOURCE / path).read_text().splitlines(), 1):
        match = re.match(r'\s*#\s*include\s+"(?:vitc/|\.\./)*((?:vitc-c/)?[\w.\-/]+)"', line)
        if match and (line.count("vitc") or "../" in line):
            yield number, match.group(1)


def violations(path):
    own = part_of(path_in_part(path))
    allowed = closure(own)
    for number, target in included(path):
        other = part_of(target)
        if other in ARROWS and other not in allowed:
            yield f"{path}:{number}: {own} may not include {other} ({target})"


def test_include_directions():
    found = [v for path in cpp_sources("include", "lib", "tools") for v in violations(path)]
    assert not found, "\n".join(found)


def test_every_part_is_known():
    assert parts_of_lib() <= {part.split("/")[0] for part in ARROWS}


@pytest.mark.parametrize(
    "part, other, allowed",
    [
        ("tools", "Support", True),
        ("Recognition", "Dialect", True),
        ("Recognition", "Dialect/ONNX", False),
        ("Transforms", "Dialect/ONNX", False),
        ("Target", "Dialect", False),
        ("Support", "Dialect", False),
        ("Runtime", "Support", False),
        ("Driver", "Runtime", False),
        ("Pipelines", "Import", False),
    ],
)
def test_arrows(part, other, allowed):
    assert (other in closure(part)) == allowed
