"""What the Python tests share: the tools of the build and a compile-to-temporary-folder helper's folder."""
import pathlib
import subprocess
import sys

import pytest

SOURCE = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(SOURCE / "python"), str(SOURCE / "zoo")]


def pytest_addoption(parser):
    parser.addoption("--build-dir", default=str(SOURCE / "build" / "release"), help="the build whose tools are tested")
    parser.addoption("--all", action="store_true", help="run the tests marked `long` as well")


def pytest_configure(config):
    config.addinivalue_line("markers", "long: takes long; run by tools/check --all only")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--all"):
        return
    for item in items:
        if item.get_closest_marker("long"):
            item.add_marker(pytest.mark.skip(reason="long: needs --all"))


@pytest.fixture(scope="session")
def source_dir():
    return SOURCE


@pytest.fixture(scope="session")
def build_dir(request):
    return pathlib.Path(request.config.getoption("--build-dir")).resolve()


@pytest.fixture(scope="session")
def run_tool(build_dir):
    """run_tool("vitc", args..., timeout=600) -> CompletedProcess with text stdout and stderr; never raises on failure."""

    def run(tool, *args, timeout=600, **kwargs):
        command = [str(build_dir / "bin" / tool), *map(str, args)]
        return subprocess.run(command, capture_output=True, text=True, timeout=timeout, **kwargs)

    return run
