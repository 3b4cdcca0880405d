"""What python/vitc imports: NumPy, ml_dtypes and the standard library; PyTorch only in vitc.models, and onnx only in
vitc.onnx_backend, both of which `import vitc` leaves alone."""
import ast
import pathlib
import sys

import pytest
import vitc

PACKAGE = pathlib.Path(vitc.__file__).parent
ALLOWED = set(sys.stdlib_module_names) | {"numpy", "ml_dtypes"}


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
    allowed = ALLOWED | ({"onnx"} if path.name == "onnx_backend.py" else set())
    assert {name for name in names if not name.startswith(".")} <= allowed
    assert not any(name.startswith((".models", ".onnx_backend")) for name in names)


@pytest.mark.parametrize("path", sorted((PACKAGE / "models").glob("*.py")), ids=lambda path: path.name)
def test_models(path):
    """They stand on PyTorch alone, and on each other."""
    names = set(imported(path))
    assert {name for name in names if not name.startswith(".")} <= ALLOWED | {"torch"}
    assert {name[1:] for name in names if name.startswith(".")} <= {file.stem for file in path.parent.glob("*.py")}
