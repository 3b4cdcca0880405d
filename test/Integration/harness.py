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

from expected import ATTENTION, VISUAL_TOKENS, Counts
from gaps import REFUSED

SMALL = pathlib.Path(__file__).resolve().parents[1] / "models" / "graphs"
FULL = SMALL.parent / "full"
TOLERANCE = 1e-4  # of the largest value of the expected output
LIBRARIES = {"linux-vdso.so.1", "libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2"}  # what a compiled model may need


def draw(model: vitc.Model, batch: int, seed: int = 1) -> dict[str, np.ndarray]:
    """Values for each input of a model: normal floats, or integers from 0 that are all different. A named dimension is
    `batch` long."""
    rng = np.random.default_rng(seed)

    def values(spec: vitc.Tensor) -> np.ndarray:
        shape = [extent if isinstance(extent, int) else batch for extent in spec.shape]
        if np.issubdtype(spec.dtype, np.integer):
            return rng.permutation(np.prod(shape)).reshape(shape).astype(spec.dtype)
        return rng.standard_normal(shape, dtype=np.float32)

    return {spec.name: values(spec) for spec in model.inputs}


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


def listing(folder: pathlib.Path) -> dict[pathlib.Path, bytes | None]:
    """What a folder holds, and what its files do."""
    return {path.relative_to(folder): path.read_bytes() if path.is_file() else None for path in sorted(folder.rglob("*"))}


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


def found(report: dict[str, Any]) -> Counts:
    """The counts of a report by kind, 0 for kinds of attention that it lacks, and the CLS tokens and registers."""
    none = dict.fromkeys([*ATTENTION, *VISUAL_TOKENS], 0)
    return none | report["recognized"] | {"cls": report["tokens"]["cls"], "registers": report["tokens"]["registers"]}


def assert_recognized(report: dict[str, Any], expected: Counts, gaps: Iterable[str]) -> None:
    """Every kind but those in `gaps` has its expected count."""
    counts = found(report)
    wanted = dict.fromkeys([*ATTENTION, *VISUAL_TOKENS], 0) | expected
    kinds = [kind for kind in wanted if kind not in gaps]
    assert {kind: counts.get(kind, 0) for kind in kinds} == {kind: wanted[kind] for kind in kinds}


def family_of(name: str) -> str:
    """The architecture of a model of test/models: its name without exporter and batch."""
    return name.removesuffix(".dyn").removesuffix("_b2").removesuffix("_batch")


def accepted(folder: pathlib.Path) -> list[str]:
    """The models of a folder of graphs that vitc does not refuse."""
    return [name for name in zoo.names(folder) if name not in REFUSED]


def save(model: onnx.ModelProto, path: pathlib.Path) -> pathlib.Path:
    onnx.save(model, path)
    return path
