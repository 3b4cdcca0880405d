"""Compiles a random graph, runs it beside ONNX Runtime in a process of its own, and says where they differ."""
from __future__ import annotations

import dataclasses
import multiprocessing
import pathlib
import subprocess
from collections.abc import Sequence

import numpy as np
import onnx
import vitc
from numpy.typing import NDArray

from graphs import Graph

TOLERANCE = 3e-4  # of the largest finite value of an output
SECONDS = 120  # for the compiler, and for the library
Results = dict[str, NDArray]


@dataclasses.dataclass(frozen=True)
class Verdict:
    """agrees; invalid (ONNX Runtime refuses the graph); refused, crashed (the compiler); died, wrong (the library)."""

    kind: str
    detail: str = ""

    @property
    def is_defect(self) -> bool:
        return self.kind not in ("agrees", "invalid")


class Reference:
    """ONNX Runtime on one thread, because the process forks, and without its fusions, which are not always right: it takes
    a norm with one epsilon a channel for one with the first of them."""

    def __init__(self, path: pathlib.Path) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.log_severity_level = 4
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def run(self, inputs: Results) -> Results:
        names = [output.name for output in self.session.get_outputs()]
        return dict(zip(names, self.session.run(names, inputs)))


def drift(found: NDArray, expected: NDArray) -> float:
    """The largest difference in units of the largest finite value; infinite where NaN and infinities differ."""
    finite = np.isfinite(expected)
    if not np.array_equal(found[~finite], expected[~finite], equal_nan=True) or not np.isfinite(found[finite]).all():
        return np.inf
    if not finite.any():
        return 0.0
    largest = max(np.abs(expected[finite]).max(), np.finfo(np.float32).tiny)
    return float(np.abs(found[finite].astype(np.float64) - expected[finite]).max() / largest)


def sensitivity(reference: Reference, inputs: Results, expected: Results) -> dict[str, float]:
    """How far each output moves where the inputs move by a rounding or so: no compiler can do better."""
    moved = reference.run({name: values * np.float32(1 + 2e-7) + np.float32(1e-7) for name, values in inputs.items()})
    return {name: drift(moved[name], values) for name, values in expected.items()}


def differences(library: pathlib.Path, path: pathlib.Path, feeds: Sequence[Results], threads: Sequence[int]) -> list[str]:
    reference = Reference(path)
    found = []
    for count in threads:
        model = vitc.load(library, threads=count)
        for number, inputs in enumerate(feeds):
            expected, outputs = reference.run(inputs), model.run(inputs)
            for name, values in expected.items():
                where = f"output {name}, feed {number}, {count} threads: "
                if outputs[name].shape != values.shape or outputs[name].dtype != values.dtype:
                    found.append(f"{where}{outputs[name].dtype}{outputs[name].shape}, not {values.dtype}{values.shape}")
                elif values.size and (error := drift(outputs[name], values)) > TOLERANCE:
                    if not error <= 10 * (moves := sensitivity(reference, inputs, expected)[name]) < np.inf:
                        found.append(f"{where}differs by {error:.3g} of its largest value (rounding: {moves:.1g})")
    return found


def run_apart(library: pathlib.Path, path: pathlib.Path, feeds: Sequence[Results], threads: Sequence[int]) -> Verdict:
    """In a child, for a library may crash or hang."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)

    def work() -> None:
        try:
            sender.send(differences(library, path, feeds, threads))
        except vitc.Error as error:
            sender.send([f"refused at run time: {error}"])

    child = context.Process(target=work)
    child.start()
    sender.close()
    try:
        found = receiver.recv() if receiver.poll(SECONDS) else None
    except EOFError:
        child.join()
        return Verdict("died", f"exit code {child.exitcode}")
    finally:
        child.kill()
        child.join()
    if found is None:
        return Verdict("died", f"no result after {SECONDS} s")
    return Verdict("wrong", "; ".join(found[:4])) if found else Verdict("agrees")


def check(graph: Graph, vitc_tool: pathlib.Path, folder: pathlib.Path, threads: Sequence[int] = (1, 3)) -> Verdict:
    """What becomes of a graph: as `folder`/m.onnx and m.so, which stay."""
    path, library = folder / "m.onnx", folder / "m.so"
    library.unlink(missing_ok=True)
    onnx.save(graph.model(), path)
    feeds = graph.feeds()
    try:
        reference = Reference(path)
        for inputs in feeds:
            reference.run(inputs)
    except Exception as error:  # whatever ONNX Runtime raises: the graph is not a program
        return Verdict("invalid", str(error)[:200])
    level = ["--mcpu=x86-64-v3"] if graph.chance(0.2) else []
    try:
        run = subprocess.run([vitc_tool, path, "-o", library, *level], capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return Verdict("crashed", f"the compiler took more than {SECONDS} s")
    if run.returncode == 1:
        return Verdict("refused", run.stderr.strip()[:400])
    if run.returncode:
        return Verdict("crashed", f"exit code {run.returncode}: {run.stderr.strip()[-400:]}")
    return run_apart(library, path, feeds, threads)
