"""The files the lint tests read: those git knows (or would add), by folder and kind."""
import functools
import pathlib
import subprocess

SOURCE = pathlib.Path(__file__).resolve().parents[2]


@functools.cache
def files():
    listing = subprocess.run(
        ["git", "-c", f"safe.directory={SOURCE}", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=SOURCE, capture_output=True, text=True, check=True,
    ).stdout.splitlines()
    return sorted(path for path in set(listing) if (SOURCE / path).is_file())


def with_suffix(suffixes, *folders):
    return [p for p in files() if p.endswith(suffixes) and (not folders or p.startswith(tuple(f + "/" for f in folders)))]


def cpp_sources(*folders):
    return with_suffix((".h", ".c", ".cpp"), *folders)


def read(path):
    return (SOURCE / path).read_text()


def parts_of_lib():
    return {p.split("/")[1] for p in files() if p.startswith("lib/") and p.count("/") > 1}
