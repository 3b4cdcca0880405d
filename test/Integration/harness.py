"""Makes models, compiles them, and compares them with ONNX Runtime."""
from __future__ import annotations

import dataclasses
import json
import pathlib
import subprocess
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import onnx
import onnxruntime
import vitc
import zoo

SMALL = pathlib.Path(__file__).resolve().parents[1] / "models" / "graphs"
TOLERANCE = 1e-4  # of the largest value of the expected output
LIBRARIES = {"linux-vdso.so.1", "libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2"}  # what a compiled model may need
ATTENTION = ["attention", "inherited_attention", "window_attention", "sr_attention", "reattention", "class_attention",
             "linear_attention"]


def draw(model: vitc.Model, batch: int, seed: int = 1) -> dict[str, np.ndarray]:
    """Normal values for each input of a model; a dimension with a name is `batch` long."""
    rng = np.random.default_rng(seed)
    return {spec.name: rng.standard_normal([d if isinstance(d, int) else batch for d in spec.shape], dtype=np.float32)
            for spec in model.inputs}


@dataclasses.dataclass
class Reference:
    """ONNX Runtime on the same file."""

    session: onnxruntime.InferenceSession

    @classmethod
    def open(cls, path: pathlib.Path) -> Reference:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        return cls(onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"]))

    def run(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        names = [output.name for output in self.session.get_outputs()]
        return dict(zip(names, self.session.run(names, inputs)))


def assert_agrees(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    assert list(found) == list(expected)
    for name, values in expected.items():
        assert found[name].shape == values.shape and found[name].dtype == values.dtype
        largest = np.abs(values).max()
        assert largest > 0 and np.isfinite(found[name]).all()
        drift = np.abs(found[name] - values).max() / largest
        assert drift <= TOLERANCE, f"output '{name}' differs by {drift:.3g} of its largest value"


def compare(library: pathlib.Path, model: pathlib.Path, threads: Iterable[int] = (1, 2), batches: Iterable[int] = (1,)) -> None:
    """The library's outputs at each batch, in this order, and thread count against ONNX Runtime's on the model."""
    reference = Reference.open(model)
    runs = [(draw(vitc.load(library, threads=1), batch, seed=batch), batch) for batch in batches]
    expected = [reference.run(inputs) for inputs, _ in runs]
    for count in threads:
        compiled = vitc.load(library, threads=count)
        for (inputs, _), wanted in zip(runs, expected):
            assert_agrees(compiled.run(inputs), wanted)


def needed_libraries(library: pathlib.Path) -> set[str]:
    """What `ldd` lists, without paths and addresses."""
    listing = subprocess.run(["ldd", library], capture_output=True, text=True, check=True).stdout
    return {line.split()[0].rsplit("/", 1)[-1] for line in listing.splitlines()}


def make_small(name: str, folder: pathlib.Path) -> pathlib.Path:
    path = folder / f"{name}.onnx"
    if not path.exists():
        zoo.make(name, path, folder=SMALL)
    return path


@dataclasses.dataclass
class Compiled:
    model: pathlib.Path
    library: pathlib.Path | None
    stdout: str

    @property
    def report(self) -> dict[str, Any]:
        return json.loads(self.stdout)


def compile_model(run_tool: Callable[..., Any], model: pathlib.Path, library: pathlib.Path | None, *flags: str) -> Compiled:
    """Compiles to a library, or only explains where there is none."""
    output = []
    if library:
        library.parent.mkdir(exist_ok=True)
        output = ["-o", library]
    run = run_tool("vitc", model, *output, "--explain=json", *flags)
    assert run.returncode == 0, run.stderr
    return Compiled(model, library, run.stdout)


def counts(report: dict[str, Any]) -> tuple[int, int, int, int]:
    """Attention of any kind, layer_norm, CLS tokens, registers."""
    recognized, tokens = report["recognized"], report["tokens"]
    attention = sum(recognized.get(kind, 0) for kind in ATTENTION)
    return attention, recognized.get("layer_norm", 0), tokens["cls"], tokens["registers"]


def save(model: onnx.ModelProto, path: pathlib.Path) -> pathlib.Path:
    onnx.save(model, path)
    return path
