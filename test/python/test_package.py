"""What python/vitc imports: NumPy, ml_dtypes and the standard library; PyTorch only in vitc.models, and onnx only in
vitc.onnx_backend, and what reads and draws images only in vitc.vision, all of which `import vitc` leaves alone."""
import ast
import os
import pathlib
import subprocess
import sys
import tomllib

import pytest
import vitc

PACKAGE = pathlib.Path(vitc.__file__).parent
ALLOWED = set(sys.stdlib_module_names) | {"numpy", "ml_dtypes"}
# What `import vitc` leaves alone.
EXTRA = {"onnx_backend.py": {"onnx"}, "torch_backend.py": {"torch"}, "_torch_graph.py": {"torch"}}


def imported(path):
    """The first names of absolute imports, and of relative ones with a dot before."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level:
            yield from ("." + (node.module or alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module.split(".")[0]


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("*.py")), ids=lambda path: path.name)
def test_package(path):
    names = set(imported(path))
    allowed = ALLOWED | EXTRA.get(path.name, set())
    assert {name for name in names if not name.startswith(".")} <= allowed
    assert not any(name.startswith((".models", ".onnx_backend", ".vision")) for name in names)


@pytest.mark.parametrize("path", sorted((PACKAGE / "models").glob("*.py")), ids=lambda path: path.name)
def test_models(path):
    """They stand on PyTorch alone, and on each other."""
    names = set(imported(path))
    assert {name for name in names if not name.startswith(".")} <= ALLOWED | {"torch"}
    assert {name[1:] for name in names if name.startswith(".")} <= {file.stem for file in path.parent.glob("*.py")}


@pytest.mark.parametrize("path", sorted((PACKAGE / "compat").rglob("*.py")), ids=lambda path: path.stem)
def test_compat(path):
    """It stands in for ONNX Runtime, without it."""
    assert {name for name in imported(path) if not name.startswith(".")} <= ALLOWED | {"vitc"}


# Pillow and the others are asked for by `require`, which says how to install them; typing alone names them.
VISION = ALLOWED | {"PIL", "tqdm", "matplotlib", "pyarrow"}


@pytest.mark.parametrize("path", sorted((PACKAGE / "vision").rglob("*.py")), ids=lambda path: path.stem)
def test_vision(path):
    names = {name for name in imported(path) if not name.startswith(".")}
    assert names <= VISION
    if names - ALLOWED:
        assert "TYPE_CHECKING" in path.read_text() or "except ImportError" in path.read_text()


def test_vision_needs_no_extra_until_used(source_dir):
    """The command line's help, without any package that vitc.vision may need."""
    code = ("import sys\n"
            "for name in ('PIL', 'tqdm', 'matplotlib', 'pyarrow'): sys.modules[name] = None\n"
            "from vitc.vision import cli\n"
            "import vitc\n"
            "try: from vitc.vision import read_image\n"
            "except vitc.Error as error: print(error)\n"
            "cli.main(['--help'])")
    run = subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(source_dir / "python")},
                         capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("vitc.vision needs Pillow for this: pip install 'vitc[vision]', or pip install Pillow\nusage: ")


def test_ray_says_what_it_needs(source_dir):
    code = ("import sys\n"
            "sys.modules['pyarrow'] = type(sys)('pyarrow')\n"
            "sys.modules['ray'] = None\n"
            "import vitc, vitc.ray\n"
            "for name in 'extract', 'deployment':\n"
            "    try: getattr(vitc.ray, name)\n"
            "    except vitc.Error as error: print(error)")
    run = subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(source_dir / "python")},
                         capture_output=True, text=True)
    assert run.stdout == "".join(f"vitc.ray.{name} needs ray, which is not installed: pip install 'vitc[ray]'\n"
                                 for name in ("extract", "deployment")), run.stderr


def test_extras_are_those_of_the_package(source_dir):
    """`pip install 'vitc[NAME]'` of a message installs what is missing."""
    from vitc.vision._extras import _EXTRAS

    extras = tomllib.loads((source_dir / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for package, extra in _EXTRAS.values():
        assert any(requirement.split(">=")[0].lower() == package.lower() for requirement in extras[extra])
