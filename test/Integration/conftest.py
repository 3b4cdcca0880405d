"""Small models made once a run, and the compiler of this build for python/vitc."""
import pathlib
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
