"""What bench/gpu/run.py found: a CSV, a summary in Markdown, and a picture."""
from __future__ import annotations

import csv
import pathlib
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np


class Row(NamedTuple):
    """value: None where it could not be had; `note` says why."""

    part: str
    case: str
    batch: int
    engine: str
    metric: str
    value: float | None
    note: str = ""


def write_csv(path: pathlib.Path, rows: Iterable[Row], mock: bool) -> None:
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*Row._fields, "machine"])
        for row in rows:
            value = "" if row.value is None else f"{row.value:.6g}"
            writer.writerow([*row._replace(value=value), "mock: no time of a GPU" if mock else "GPU"])


def read_csv(path: pathlib.Path) -> list[Row]:
    """What `write_csv` wrote; nothing where it did not."""
    if not path.exists():
        return []
    with open(path, newline="") as file:
        return [Row(row["part"], row["case"], int(row["batch"]), row["engine"], row["metric"],
                    float(row["value"]) if row["value"] else None, row["note"]) for row in csv.DictReader(file)]


def table(header: list[str], rows: Iterable[Iterable[str]]) -> str:
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" + " ---: |" * (len(header) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def _times(rows: list[Row], part: str, metric: str) -> dict[tuple[str, int], dict[str, Row]]:
    """By case and batch, then by engine."""
    found: dict[tuple[str, int], dict[str, Row]] = {}
    for row in rows:
        if row.part == part and row.metric == metric:
            found.setdefault((row.case, row.batch), {})[row.engine] = row
    cases = list(dict.fromkeys(case for case, _ in found))
    return dict(sorted(found.items(), key=lambda item: (cases.index(item[0][0]), item[0][1])))


def _cell(row: Row | None) -> str:
    return "–" if row is None else "missing" if row.value is None else f"{row.value:.3f}"


def _times_table(rows: list[Row], part: str, metric: str) -> str:
    times = _times(rows, part, metric)
    engines = list(dict.fromkeys(engine for found in times.values() for engine in found))
    body = []
    for (case, batch), found in times.items():
        peers = [row.value for engine, row in found.items() if engine != "vitc" and row.value]
        own = found.get("vitc")
        ratio = f"{own.value / min(peers):.2f}" if own and own.value and peers else "–"
        body.append([case, str(batch), *(_cell(found.get(engine)) for engine in engines), ratio])
    return table(["case", "batch", *engines, "vitc / fastest peer"], body)


def goals(rows: list[Row]) -> list[tuple[str, float | None, float]]:
    """What the kernels are made for: what is measured, and its least value. None where a figure lacks."""
    def value(case: str, batch: int, engine: str, metric: str) -> float | None:
        wanted = case, batch, engine, metric
        return next((row.value for row in rows if (row.case, row.batch, row.engine, row.metric) == wanted), None)

    def ratio(above: float | None, below: float | None) -> float | None:
        return above / below if above and below else None

    def speedup(case: str, batch: int, peer: str, metric: str = "ms") -> float | None:
        return ratio(value(case, batch, peer, metric), value(case, batch, "vitc", metric))

    ceiling = max((row.value for row in rows if row.part == "ceilings" and row.metric == "TFLOP/s" and row.value), default=None)
    compiler, long = "torch.compile max-autotune", "attention_32x1370x12x64"
    found = [("vit_b16, batch 256: share of the GEMM ceiling", ratio(value("vit_b16", 256, "vitc", "TFLOP/s"), ceiling), 0.6)]
    found += [(f"{case}, batch 256: speedup over {compiler}", speedup(case, 256, compiler), 1.15)
              for case in ("vit_b16", "dinov2_s14_reg4", "swin_t")]
    found += [(f"vit_b16, batch 1: speedup of latency over {compiler}", speedup("vit_b16", 1, compiler, "latency ms"), 1 / 0.6),
              ("attention, 1370 tokens, heads of 64: speed by cuDNN's", speedup(long, 1, "cuDNN SDPA"), 0.9)]
    return found


def write_summary(path: pathlib.Path, rows: list[Row], machine: Mapping[str, str], mock: bool) -> None:
    parts = ["# vitc on a GPU"]
    if mock:
        parts.append("**Run behind the mock of the driver: its times are not those of a GPU and say nothing.**")
    parts.append(table(["machine", ""], machine.items()))
    ceilings = [row for row in rows if row.part == "ceilings"]
    parts.append("## Ceilings\n\n" + table(["what", "engine", "value", ""], (
        [row.case, row.engine, _cell(row), row.metric] for row in ceilings)))
    errors = [row for row in rows if row.metric in ("relative error", "least cosine")]
    parts.append("## Right results\n\n" + table(["case", "batch", "what", "value", ""], (
        [row.case, str(row.batch), row.metric, f"{row.value:.6f}", row.note] for row in errors)))
    sanitizer = [row for row in rows if row.part == "sanitizer"]
    parts.append("## compute-sanitizer\n\n" + table(["tool", "errors", ""], ([r.case, _cell(r), r.note] for r in sanitizer)))
    parts.append("## Kernels, ms\n\n" + _times_table(rows, "kernels", "ms"))
    parts.append("## Models, ms a run of many\n\n" + _times_table(rows, "models", "ms"))
    parts.append("## Models, ms of one run alone\n\n" + _times_table(rows, "models", "latency ms"))
    if not mock:
        parts.append("## Goals\n\n" + table(["what", "found", "wanted", "reached"], (
            [what, "missing", f"{least:.2f}", "?"] if found is None else
            [what, f"{found:.2f}", f"{least:.2f}", "yes" if found >= least else "no"] for what, found, least in goals(rows))))
    missing = dict.fromkeys(f"- {row.engine}, {row.case}: {row.note}" for row in rows if row.value is None)
    parts.append("## Missing\n\n" + ("\n".join(missing) or "Nothing."))
    path.write_text("\n\n".join(parts) + "\n")


def draw(path: pathlib.Path, rows: list[Row], machine: Mapping[str, str], mock: bool) -> str | None:
    """Bars of each model's pictures a second, by batch; the reason where it cannot be drawn."""
    try:
        import matplotlib
        matplotlib.use("Agg")
        from matplotlib import pyplot
    except ImportError:
        return "matplotlib is not installed"
    times = _times(rows, "models", "ms")
    cases = list(dict.fromkeys(case for case, _ in times))
    if not cases:
        return "no model was measured"
    engines = list(dict.fromkeys(engine for found in times.values() for engine, row in found.items() if row.value))
    figure, axes = pyplot.subplots(1, len(cases), figsize=(5 * len(cases), 4), squeeze=False, layout="constrained")
    for axis, case in zip(axes[0], cases):
        batches, width = [batch for name, batch in times if name == case], 0.8 / max(len(engines), 1)
        for index, engine in enumerate(engines):
            found = [times[case, batch].get(engine) for batch in batches]
            rates = [1e3 * batch / row.value if row and row.value else np.nan for batch, row in zip(batches, found)]
            axis.bar(np.arange(len(batches)) + (index - len(engines) / 2 + 0.5) * width, rates, width, label=engine)
        axis.set(title=case, xlabel="batch", ylabel="pictures a second", yscale="log")
        axis.set_xticks(range(len(batches)), batches)
    axes[0][0].legend(fontsize="small", loc="lower right")
    figure.suptitle("mock of the driver: no times of a GPU" if mock else machine["GPU"])
    figure.savefig(path, dpi=120)
    pyplot.close(figure)
    return None
