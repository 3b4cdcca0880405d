#!/usr/bin/env python3
"""Brings the IR in Architecture.md up to date with what vitc prints for one encoder block.

    update_architecture.py            rewrites the excerpts
    update_architecture.py --check    only says which differ, with exit code 1 (a test runs this)

An excerpt is a fenced block below a comment `<!-- STAGE: /first/ .. /last/, /line/ -->`: the lines of that stage from one that
matches `first` to the next that matches `last`, then one that matches `line`, and so on, with `…` for what lies between.
`import` is the stage before all others. Lines are shortened without judgement: in a range, constants are left out; elements of
constants, and attributes of arguments that only the interface needs, as well; what is longer than WIDTH is wrapped.
"""
import argparse
import difflib
import itertools
import pathlib
import re
import subprocess
import sys
import tempfile

DOCS = pathlib.Path(__file__).resolve().parent
SOURCE = DOCS.parent
sys.path.insert(0, str(SOURCE / "test" / "models"))
import encoder_block  # noqa: E402

DOCUMENT = DOCS / "Architecture.md"
LEVEL = "x86-64-v4"  # fixed, so that schedules do not depend on the machine
WIDTH = 118
EXCERPT = re.compile(r"(<!-- (\w+): (.*?) -->\n```mlir\n)(.*?)(```\n)", re.S)
RANGE = re.compile(r"/([^/]+)/(?:\s*\.\.\s*/([^/]+)/)?")
KEPT = re.compile(r"(:|->|=|\binto|\bto|\battributes)\||\|=")  # no line ends so, or begins so, at |
CONSTANT = re.compile(r"= (arith\.constant|onnx\.Constant|llvm\.mlir\.constant)\b")


class Stages:
    """The IR of the block after each stage, by name; printed once each."""

    def __init__(self, tools, model):
        self.tools, self.model, self.printed = tools, model, {}

    def lines(self, stage):
        if stage not in self.printed:
            run = subprocess.run(self._command(stage), capture_output=True, text=True)
            if run.returncode:
                sys.exit(f"{stage}: {run.stderr}")
            self.printed[stage] = run.stdout.splitlines()
        return self.printed[stage]

    def _command(self, stage):
        if stage == "import":
            return [self.tools / "vitc-translate", "--import-onnx", self.model]
        return [self.tools / "vitc", self.model, f"--mcpu={LEVEL}", f"--compile-to={stage}"]


def find(lines, pattern, start):
    for position in range(start, len(lines)):
        if re.search(pattern, lines[position]):
            return position
    sys.exit(f"Architecture.md: no line after line {start} of the stage matches /{pattern}/")


def select(lines, ranges):
    """The lines of all ranges, which stand in the order of the IR."""
    selected, position = [], 0
    for first, last in RANGE.findall(ranges):
        begin = find(lines, first, position)
        end = find(lines, last, begin) + 1 if last else begin + 1
        if selected and begin > position:
            selected.append("    …")
        selected += [line for line in lines[begin:end] if not last or not CONSTANT.search(line)]
        position = end
    return selected


def shorten(line):
    line = re.sub(r" \{vit\.\w+ = [^{}]*\}", "", line.removeprefix("  ").rstrip())
    line = re.sub(r"dense<\[.*?\]>", "dense<…>", line)
    return wrap(line, " " * (len(line) - len(line.lstrip()) + 4))


def wrap(line, indent):
    """Breaks a line where it is nested least, in its second half, and there as late as possible."""
    parts = []
    while len(line) > WIDTH:
        depths, breaks = nesting(line), range(WIDTH // 2, WIDTH + 1)
        breaks = [i for i in breaks if line[i] == " " and not KEPT.search(f"{line[:i]}|{line[i + 1:]}")]
        if not breaks:
            break
        position = max(breaks, key=lambda i: (-depths[i], i))
        parts.append(line[:position])
        line = indent + line[position + 1 :]
    return parts + [line]


def nesting(line):
    """How many brackets are open at each character."""
    brackets = re.sub(r"->", "  ", line)
    steps = [(c in "([{<") - (c in ")]}>") for c in brackets]
    return list(itertools.accumulate(steps))


def update(document, stages):
    def excerpt(match):
        lines = select(stages.lines(match[2]), match[3])
        return match[1] + "".join(part + "\n" for line in lines for part in shorten(line)) + match[5]

    return EXCERPT.sub(excerpt, document)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--tools", type=pathlib.Path, default=SOURCE / "build" / "release" / "bin", help="folder of vitc")
    arguments = parser.parse_args()
    document = DOCUMENT.read_text()
    with tempfile.TemporaryDirectory() as folder:
        model = encoder_block.make(pathlib.Path(folder) / "encoder_block.onnx")
        updated = update(document, Stages(arguments.tools, model))
    if not arguments.check:
        DOCUMENT.write_text(updated)
    elif updated != document:
        difference = difflib.unified_diff(document.splitlines(True), updated.splitlines(True), "Architecture.md", "what vitc prints")
        sys.exit("".join(difference) + "\ndocs/update_architecture.py brings docs/Architecture.md up to date")


if __name__ == "__main__":
    main()
