"""Rules of style that a program can check: formatting, sizes, names, and what must not appear."""
import re
import subprocess

import pytest

from sources import SOURCE, cpp_sources, files, read, with_suffix

# What nine files of ten keep; a file twice that size is two things.
LIMITS = {(".cpp", ".c"): 400, (".h",): 150, (".mlir",): 200}


def test_clang_format():
    sources = cpp_sources()
    run = subprocess.run(
        ["clang-format-22", "--dry-run", "-Werror", *sources], cwd=SOURCE, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr[:4000] + "\nrun clang-format-22 -i on the files named above"


@pytest.mark.parametrize("suffixes, limit", LIMITS.items())
def test_file_sizes(suffixes, limit):
    lines = {path: read(path).count("\n") for path in with_suffix(suffixes)}
    huge = {path: n for path, n in lines.items() if n > 2 * limit}
    assert not huge, f"more than {2 * limit} lines, find the seam: {huge}"
    large = {path: n for path, n in lines.items() if n > limit}
    assert len(large) <= max(1, len(lines) // 10), f"more than a tenth of {suffixes} exceeds {limit} lines: {large}"


def test_names():
    wrong = [p for p in cpp_sources("lib", "include/vitc", "test/Unit") if not re.fullmatch(r"[A-Z]\w*\.\w+", p.split("/")[-1])]
    wrong += [p for p in with_suffix((".mlir", ".test"), "test") if not re.fullmatch(r"[a-z0-9][a-z0-9\-]*\.\w+", p.split("/")[-1])]
    assert not wrong, f"C++ files are CamelCase, lit tests kebab-case: {wrong}"


def test_header_guards():
    wrong = []
    for path in with_suffix((".h",), "include", "lib"):
        stem = re.sub(r"^(include/vitc/|include/vitc-c/|lib/)", "", path)
        prefix = "VITC_C_" if path.startswith("include/vitc-c/") else "VITC_"
        guard = prefix + re.sub(r"\W", "_", stem.removesuffix(".h")).upper() + "_H"
        if path.endswith("PrecompiledHeader.h"):
            continue
        text = read(path)
        if f"#ifndef {guard}\n#define {guard}\n" not in text:
            wrong.append(f"{path}: expected the guard {guard}")
    assert not wrong, "\n".join(wrong)


# (folders, pattern, why): none of these lines may appear in C++ sources.
FORBIDDEN = [
    (("lib", "include"), r"\bcl::opt\b", "options live in ODS or in an options struct"),
    (("lib", "include"), r"\breport_fatal_error\b", "a user's input never aborts"),
    (("lib", "include"), r"mlir/InitAll", "it costs minutes of build time; name the dialects"),
    (("lib", "include"), r"\bthrow\b\s|\bstd::pair<bool", "return FailureOr of a named result"),
    (("lib", "include", "tools", "test"), r"\b(TODO|FIXME|XXX)\b(?!\(.+\):)", "a TODO names its reason: TODO(reason): …"),
    (("lib", "include", "tools"), r"^//===-.*\.(h|cpp|c|td)\b", "no banners with file names"),
]


@pytest.mark.parametrize("folders, pattern, why", FORBIDDEN)
def test_forbidden(folders, pattern, why):
    found = [
        f"{path}:{number}: {line.strip()}"
        for path in cpp_sources(*folders)
        for number, line in enumerate(read(path).splitlines(), 1)
        if re.search(pattern, line)
    ]
    assert not found, why + "\n" + "\n".join(found)


def test_whitespace():
    wrong = []
    for path in with_suffix((".h", ".c", ".cpp", ".td", ".mlir", ".py", ".txt", ".md", ".cmake", ".S", ".sh")):
        text = read(path)
        if "\t" in text and not path.endswith(".S") or re.search(r"[ \t]+$", text, re.M) or text and not text.endswith("\n"):
            wrong.append(path)
    assert not wrong, f"tabs, trailing blanks or no newline at the end: {wrong}"


def test_no_conflict_markers():
    wrong = [p for p in files() if not p.endswith(".xz") and re.search(rb"^(<{7}|>{7}) ", (SOURCE / p).read_bytes(), re.M)]
    assert not wrong, f"conflict markers: {wrong}"


def passes():
    """(flag, file of the definition) of every pass that ODS declares."""
    for path in with_suffix(("Passes.td",), "include"):
        for flag in re.findall(r'def \w+\s*:\s*(?:Interface)?Pass<\s*"([\w\-]+)"', read(path)):
            yield flag, path


def test_every_pass_is_tested():
    tests = "\n".join(read(path) for path in with_suffix((".mlir",), "test"))
    missing = [f"{path}: --{flag}" for flag, path in passes() if not re.search(rf"-{flag}\b", tests)]
    assert not missing, "no lit test runs\n" + "\n".join(missing)


def test_no_generated_or_large_files():
    large = {p: (SOURCE / p).stat().st_size for p in files() if (SOURCE / p).stat().st_size > 2 << 20}
    assert not large, f"files over 2 MB do not belong into git: {large}"
