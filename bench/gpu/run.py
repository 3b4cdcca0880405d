#!/usr/bin/env python3
"""Checks vitc's kernels and models on a GPU and times them beside their peers, in one run.

    bench/gpu/prepare.py                                       # before, on a machine with the build: makes build/gpu
    python3 bench/gpu/run.py --folder build/gpu --output OUT   # on the GPU's machine

It needs Python, NumPy and the CUDA driver. Whatever else is there is used: PyTorch and timm, TensorRT, cuBLAS,
compute-sanitizer, ptxas, matplotlib; what is not is named in the report. It writes results.csv and summary.md into OUT, after
each case anew, so that a run that is cut off leaves what it had, and at the end results.png. A case is checked in a process of
its own: a kernel that fails takes the GPU's context with it, and one that hangs the process. Engines take turns whose order
rotates; times are medians.
"""
from __future__ import annotations

import argparse
import functools
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator

import numpy as np

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(SOURCE / "python"), str(pathlib.Path(__file__).resolve().parent)]
import cases  # noqa: E402
import machine  # noqa: E402
import peers  # noqa: E402
import report  # noqa: E402
import toolkit  # noqa: E402
import vitc  # noqa: E402
from machine import Missing  # noqa: E402
from report import Row  # noqa: E402

PARTS = ("ceilings", "kernels", "models", "sanitizer")
WORST = {"bf16": 1e-2, "fp16": 2e-3, "tf32": 2e-3}  # relative errors of kernels in the norm: of eight and eleven bits
LEAST_COSINE = {"bf16": 0.9995, "fp16": 0.9999, "tf32": 0.9999}
SEEDS = 3  # draws that a kernel is checked on, and runs of a model: the second makes a graph, the third replays it
CHECK_SECONDS = 120  # that a check may take
TURN = 0.05  # seconds of runs one after another
TERAFLOP = 1e12


class Bench:
    """One run of this program: its options, and the rows so far."""

    def __init__(self, options: argparse.Namespace, work: pathlib.Path) -> None:
        self.options, self.work, self.rows = options, work, []
        self.models: dict[str, vitc.Model] = {}
        self.mock, self.started = machine.is_mock(), time.monotonic()
        self.machine = machine.describe()

    def add(self, *fields: object) -> None:
        self.take(Row(*fields))

    def take(self, row: Row) -> None:
        self.rows.append(row)
        value = "missing" if row.value is None else f"{row.value:.6g}"
        print(f"{row.case:28} batch {row.batch:<4} {row.engine:28} {value:>12} {row.metric:16} {row.note}", flush=True)

    def write(self) -> None:
        report.write_csv(self.options.output / "results.csv", self.rows, self.mock)
        report.write_summary(self.options.output / "summary.md", self.rows, self.machine, self.mock)

    def draw(self) -> None:
        reason = report.draw(self.options.output / "results.png", self.rows, self.machine, self.mock)
        if reason is not None:
            self.add("report", "results.png", 1, "matplotlib", "picture", None, reason)

    def left(self) -> float:
        return self.options.seconds - (time.monotonic() - self.started)

    @functools.cached_property
    def compiler(self) -> pathlib.Path:
        """vitc of --vitc, of the wheel in the folder, or of the build."""
        wheel = next(self.options.folder.glob("vitc-*.whl"), None)
        if self.options.vitc or not wheel:
            path = self.options.vitc or SOURCE / "build" / "release" / "bin" / "vitc"
            if not path.exists():
                raise Missing(f"there is neither a library nor a compiler: no wheel in {self.options.folder}, no {path}")
            return path
        with zipfile.ZipFile(wheel) as archive:
            name = next(name for name in archive.namelist() if name.endswith("/scripts/vitc"))
            path = pathlib.Path(archive.extract(name, self.work))
        path.chmod(0o755)
        return path

    def graph(self, case: cases.Case) -> pathlib.Path:
        """The graph, with its weights beside it."""
        path = self.work / f"{case.name}.onnx"
        if not path.exists():
            case.write_weights(self.work)
            path.write_bytes((self.options.folder / path.name).read_bytes())
        return path

    def library(self, case: cases.Case) -> pathlib.Path:
        """The one in the folder, which is of bf16, or one that is compiled here, with code for each batch."""
        library = self.options.folder / f"{case.name}.so"
        if library.exists() and self.options.precision == "bf16":
            return library
        library = self.work / library.name
        if not library.exists():
            shapes = [",".join(f"{name}={'x'.join(map(str, shape))}" for name, shape in case.shapes(batch).items())
                      for batch in self.batches(case)]
            command = [self.compiler, self.graph(case), "-o", library, "--target=cuda-sm_90",
                       f"--precision={self.options.precision}", "--shapes", ";".join(shapes), *([f"--tuning={self.options.tuning}"] if self.options.tuning else [])]
            start = time.monotonic()
            run = subprocess.run(list(map(str, command)), env=toolkit.environment(), capture_output=True, text=True)
            if run.returncode:
                raise Missing(f"vitc does not compile it: {run.stderr.strip()}")
            self.add(case.part, case.name, max(self.batches(case)), "vitc", "compile s", time.monotonic() - start)
        return library

    def batches(self, case: cases.Case) -> list[int]:
        wanted = case.batches if case.part == "kernels" else self.options.batches or case.batches
        return [batch for batch in case.batches if batch in wanted]

    def take_turns(self, calls: dict[str, Callable[[], object]]) -> dict[str, tuple[float, float]]:
        """Of each engine the medians of a run among many and of a run alone, in seconds."""
        times = {name: ([], []) for name in calls}
        repeat = dict.fromkeys(calls, 1)
        for name, call in () if self.mock else calls.items():
            repeat[name] = max(1, min(1000, int(TURN / machine.seconds_of(call, 1, 3))))
        names = list(calls)
        for turn in range(self.options.rounds):
            for index in range(len(names)):
                name = names[(turn + index) % len(names)]
                many, alone = times[name]
                many.append(machine.seconds_of(calls[name], 1, repeat[name]))
                alone.append(machine.seconds_of(calls[name], 1, 1))
        return {name: (float(np.median(many)), float(np.median(alone))) for name, (many, alone) in times.items()}

    def made(self, case: cases.Case, batch: int, makers: dict[str, Callable[[], Callable[[], object]]]) -> dict[str, Callable]:
        """The calls of engines that can be had, each called once; rows about the others."""
        calls: dict[str, Callable[[], object]] = {}

        def lacks(name: str, reason: str) -> None:
            self.add(case.part, case.name, batch, name, "ms", None, reason)

        for name, make in makers.items():
            try:
                if name != "vitc" and self.options.engines and name not in self.options.engines:
                    raise Missing("it was left out by --engines")
                if self.left() < 0:
                    raise Missing("the time of --seconds was spent")
                call = make()
                call()
                machine.synchronize()
                calls[name] = call
            except Missing as reason:
                lacks(name, str(reason))
            except Exception as error:  # of somebody else's: named, and the others go on
                lacks(name, " ".join([type(error).__name__, *str(error).splitlines()[:1]]))
        return calls


def ceilings(bench: Bench) -> None:
    size, rounds = (1 << 20, 1) if bench.mock else (1 << 32, 5)
    try:
        rate = machine.copy_rate(size, rounds)
        bench.add("ceilings", "copy", 1, "driver", "GB/s", rate / 1e9)
    except (Missing, vitc.Error) as reason:
        bench.add("ceilings", "copy", 1, "driver", "GB/s", None, str(reason))
    side = 64 if bench.mock else 8192
    case = cases.Case(f"gemm_{side}x{side}x{side}", "ceilings", "gemm", {"x": [side, side]}, side**3)
    makers = {name: functools.partial(make, case) for name, make in peers.KERNEL_PEERS["gemm"].items()}
    calls = bench.made(case, 1, makers)
    for name, (seconds, _) in bench.take_turns(calls).items():
        bench.add("ceilings", case.name, 1, name, "TFLOP/s", 2 * case.macs / seconds / TERAFLOP)


def load(bench: Bench, case: cases.Case) -> vitc.Model:
    if case.name not in bench.models:
        bench.models[case.name] = vitc.load(bench.library(case), device="cuda")
        bench.machine["vitc"] = bench.models[case.name].info["vitc"]
    return bench.models[case.name]


def is_checked(bench: Bench, case: cases.Case, batch: int) -> bool:
    """Checks a case in a process of its own; false where vitc did not get to the end of it."""
    bench.library(case)
    with tempfile.TemporaryDirectory() as output:
        command = [sys.executable, __file__, "--folder", bench.options.folder, "--output", output, "--work", bench.work,
                   "--parts", case.part, "--cases", case.name, "--batches", batch, "--precision", bench.options.precision,
                   "--only-check"]
        try:
            run = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=CHECK_SECONDS)
        except subprocess.TimeoutExpired:
            bench.add(case.part, case.name, batch, "vitc", "ms", None, f"its check took longer than {CHECK_SECONDS} s")
            return False
        rows = report.read_csv(pathlib.Path(output, "results.csv"))
    for row in rows:
        bench.take(row)
    if run.returncode not in (0, 1):
        last = " ".join(run.stderr.strip().splitlines()[-1:])
        bench.add(case.part, case.name, batch, "vitc", "ms", None, f"its check ended with status {run.returncode}: {last}")
    return run.returncode in (0, 1) and all(row.value is not None for row in rows)


def check_kernel(bench: Bench, case: cases.Case) -> None:
    """On several draws of inputs, with results that were NaN before."""
    model, errors = load(bench, case), []
    for seed in range(1 if bench.mock else SEEDS):
        inputs = case.draw(1, seed)
        expected, where = cases.reference(case, inputs)
        result = vitc.to_device(np.full(model.outputs[0].shape, np.nan, np.float32))
        found = model(*(vitc.to_device(inputs[spec.name]) for spec in model.inputs), out=result).numpy()[where]
        errors.append(float(np.linalg.norm(found - expected) / np.linalg.norm(expected)))
    error = float(np.max(errors))
    worst = WORST[bench.options.precision]
    right = "" if error <= worst else f"WRONG: more than {worst}"
    bench.add("kernels", case.name, 1, "vitc", "relative error", error, right)


def kernel(bench: Bench, case: cases.Case, batch: int) -> None:
    """Checked, and the kernel timed alone: of vitc by the times that a session takes of each step."""
    if bench.options.only_check:
        return check_kernel(bench, case)
    works = is_checked(bench, case, batch)
    makers = {name: functools.partial(make, case) for name, make in peers.KERNEL_PEERS[case.kind].items()}
    for name, (seconds, _) in bench.take_turns(bench.made(case, batch, makers)).items():
        bench.add("kernels", case.name, batch, name, "ms", 1e3 * seconds)
    if not works:
        return
    model, inputs = load(bench, case), case.draw(batch)
    steps = model.profile(*(inputs[spec.name] for spec in model.inputs), repeat=bench.options.rounds, warmup=1)
    seconds = sum(step["seconds"] for step in steps if step["kind"] == case.kind)
    if not seconds:
        raise Missing(f"no step of it is a {case.kind}: it has {', '.join(sorted({step['kind'] for step in steps}))}")
    bench.add("kernels", case.name, batch, "vitc", "ms", 1e3 * seconds)
    if case.macs:
        bench.add("kernels", case.name, batch, "vitc", "TFLOP/s", 2 * case.macs / seconds / TERAFLOP)


def check_model(bench: Bench, case: cases.Case, batch: int) -> None:
    """Against ONNX Runtime in float32, on the first pictures and on their repetitions, with results that were NaN before."""
    model, inputs = load(bench, case), {name: vitc.to_device(value) for name, value in case.draw(batch).items()}
    with np.load(bench.options.folder / f"{case.name}.npz") as expected:
        shapes = {name: (batch, *expected[name].shape[1:]) for name in expected.files}
        for _ in range(SEEDS):
            poisoned = {name: vitc.to_device(np.full(shape, np.nan, np.float32)) for name, shape in shapes.items()}
            results = model.run(inputs, poisoned)
        found = {name: result.numpy() for name, result in results.items()}
        for name in expected.files:
            wanted = np.resize(expected[name], found[name].shape).reshape(batch, -1).astype(np.float64)
            got = found[name].reshape(batch, -1).astype(np.float64)
            norms = np.linalg.norm(got, axis=1) * np.linalg.norm(wanted, axis=1)
            cosine = float(np.min((got * wanted).sum(1) / np.maximum(norms, 1e-30)))
            least = LEAST_COSINE[bench.options.precision]
            right = "" if cosine >= least else f"WRONG: less than {least}"
            bench.add("models", case.name, batch, "vitc", "least cosine", cosine, right)


def run_of(model: vitc.Model, case: cases.Case, batch: int) -> Callable[[], object]:
    """A call with arrays on the GPU."""
    inputs = {name: vitc.to_device(value) for name, value in case.draw(batch).items()}
    out = model.run(inputs)
    return functools.partial(model.run, inputs, out)


def whole_model(bench: Bench, case: cases.Case, batch: int) -> None:
    if bench.options.only_check:
        return check_model(bench, case, batch)
    makers = {name: functools.partial(make, case, batch) for name, make in peers.MODEL_PEERS.items()}
    makers["TensorRT"] = lambda: peers.tensorrt(case, batch, bench.graph(case).parent)
    if is_checked(bench, case, batch):
        makers = {"vitc": lambda: run_of(load(bench, case), case, batch), **makers}
    calls = bench.made(case, batch, makers)
    for name, (many, alone) in bench.take_turns(calls).items():
        bench.add("models", case.name, batch, name, "ms", 1e3 * many)
        bench.add("models", case.name, batch, name, "latency ms", 1e3 * alone)
        bench.add("models", case.name, batch, name, "TFLOP/s", 2 * batch * case.macs / many / TERAFLOP)


def sanitizer(bench: Bench) -> None:
    """This program on the small kernels, under each tool of compute-sanitizer."""
    program = toolkit.find("compute-sanitizer")
    small = [case.name for case in cases.load(bench.options.folder) if case.sanitize]
    for tool in ("memcheck", "racecheck", "synccheck", "initcheck"):
        if not program or bench.left() < 0:
            reason = "the time of --seconds was spent" if program else "compute-sanitizer is not installed"
            bench.add("sanitizer", tool, 1, "compute-sanitizer", "errors", None, reason)
            continue
        with tempfile.TemporaryDirectory() as output:
            command = [program, "--tool", tool, sys.executable, __file__, "--folder", bench.options.folder, "--output", output,
                       "--work", bench.work, "--parts", "kernels", "--cases", ",".join(small), "--only-check"]
            try:
                limit = max(min(bench.left(), 120), 60)
                run = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=limit)
                count = re.search(r"(?:ERROR SUMMARY: |RACECHECK SUMMARY: )(\d+)", run.stdout)
                last = " ".join((run.stdout + run.stderr).strip().splitlines()[-1:])
                bench.add("sanitizer", tool, 1, "compute-sanitizer", "errors", float(count[1]) if count else None,
                          "" if count and not run.returncode else f"it ended with status {run.returncode}: {last}")
            except subprocess.TimeoutExpired:
                bench.add("sanitizer", tool, 1, "compute-sanitizer", "errors", None, "it took too long")


def steps(bench: Bench) -> Iterator[Callable[[], None]]:
    """What matters most comes first, since time is short on a machine that is lent: models at the largest batch, then at 1."""
    options, known = bench.options, cases.load(bench.options.folder)
    chosen = [case for case in known if case.part in options.parts and (not options.cases or case.name in options.cases)]
    if "ceilings" in options.parts:
        yield functools.partial(ceilings, bench)
    for case in chosen:
        if case.part == "kernels":
            yield functools.partial(attempt, kernel, bench, case, 1)
    if "sanitizer" in options.parts:
        yield functools.partial(sanitizer, bench)
    runs = [(case, batch) for case in chosen if case.part == "models" for batch in bench.batches(case)]
    for case, batch in sorted(runs, key=lambda run: (run[1] != max(run[0].batches), run[1])):
        yield functools.partial(attempt, whole_model, bench, case, batch)


def attempt(what: Callable[[Bench, cases.Case, int], None], bench: Bench, case: cases.Case, batch: int) -> None:
    try:
        what(bench, case, batch)
    except (Missing, vitc.Error) as reason:
        bench.add(case.part, case.name, batch, "vitc", "ms", None, str(reason))


def run(options: argparse.Namespace, work: pathlib.Path) -> int:
    machine.synchronize()  # there is a GPU
    bench = Bench(options, work)
    print("\n".join(f"{what}: {value}" for what, value in bench.machine.items()), flush=True)
    for step in steps(bench):
        step()
        bench.write()
    if not options.only_check:
        bench.draw()
    bench.write()
    wrong = [row for row in bench.rows if row.note.startswith("WRONG")]
    print(f"wrote {options.output}/results.csv, summary.md; {len(wrong)} results are wrong")
    return 1 if wrong else 0


def parse(arguments: list[str] | None) -> argparse.Namespace:
    def names(text: str) -> list[str]:
        return text.split(",")

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=pathlib.Path, default=SOURCE / "build" / "gpu", help="what prepare.py made")
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path(os.environ.get("OUT", "gpu-results")))
    parser.add_argument("--parts", type=names, default=list(PARTS), help=",".join(PARTS))
    parser.add_argument("--cases", type=names, help="default: all that the folder has")
    parser.add_argument("--batches", type=lambda text: [int(n) for n in text.split(",")])
    parser.add_argument("--engines", type=names, help="peers to run; default: all that are there")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=540, help="after so many, no other engine is started")
    parser.add_argument("--work", type=pathlib.Path, help="for libraries that are compiled; default: a temporary folder")
    parser.add_argument("--vitc", type=pathlib.Path, help="the compiler; default: that of the wheel in the folder")
    parser.add_argument("--tuning", type=pathlib.Path, help="a file of tune.py's, by which libraries are compiled here")
    parser.add_argument("--precision", choices=list(WORST), default="bf16", help="of vitc; peers compute in bf16")
    parser.add_argument("--only-check", action="store_true", help="take no times")
    options = parser.parse_args(arguments)
    options.folder = options.folder.resolve()
    if not (options.folder / cases.MANIFEST).exists():
        parser.error(f"{options.folder} has no {cases.MANIFEST}: prepare.py makes it")
    unknown = [part for part in options.parts if part not in PARTS]
    if unknown:
        parser.error(f"there is no part {', '.join(unknown)}; expected some of {', '.join(PARTS)}")
    options.output.mkdir(parents=True, exist_ok=True)
    return options


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    try:
        with tempfile.TemporaryDirectory() as work:
            return run(options, options.work or pathlib.Path(work))
    except vitc.Error as error:
        print(f"run.py: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
