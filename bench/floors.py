#!/usr/bin/env python3
"""How near each model is to its floor, and where the floor is beside the faster peer.

    build/venv/bin/python bench/run.py --threads 1 --results RESULTS    # or what bench/results holds
    build/venv/bin/python bench/floors.py RESULTS.json -o floors.json

The floor of a model is the sum over the steps of its program of the time that a step takes at this machine's measured roofs:
its multiplications at the peak of FMAs, or its weights from memory and its other operands from L2, whichever is longer. No
schedule of the same steps is faster; fewer multiplications (Winograd's and Strassen's algorithms count as what they multiply)
are a lower floor. Times of the peers, and of vitc, are those of RESULTS.json, measured in turns.
"""
import argparse
import json
import math
import pathlib
import subprocess
import tempfile

from inputs import reading
from roofline import read_steps
from run import SOURCE, compile_model, model_file


def profile(library, vitc_run, threads):
    """The trace that `vitc-run --profile` writes of five runs: times of the steps, and the roofs measured beside them."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "trace.json"
        subprocess.run([vitc_run, library, "--threads", str(threads), f"--profile={file}", "--repeat", "5"], check=True,
                       stdout=subprocess.DEVNULL)
        return json.loads(file.read_text(encoding="utf-8"))


def floor_of(library, vitc_run, threads):
    """Seconds of all steps at the roofs that vitc-run measures beside them, and GMAC."""
    trace = profile(library, vitc_run, threads)
    roofs, steps = trace["otherData"], read_steps(trace)

    def bound(step):
        memory = step["weight_bytes"] / roofs["memory_bytes_per_second"] + step["activation_bytes"] / roofs["cache_bytes_per_second"]
        return max(2 * step["macs"] / roofs["flops_per_second"], memory)

    return sum(map(bound, steps)), sum(step["macs"] for step in steps) * 1e-9, roofs["flops_per_second"] * 1e-9


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("results", type=pathlib.Path, help="what bench/run.py wrote")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--folder", type=pathlib.Path, default=SOURCE / "build" / "bench", help="for models and libraries")
    parser.add_argument("--tools", type=pathlib.Path, default=SOURCE / "build" / "release" / "bin")
    parser.add_argument("-o", "--output", type=pathlib.Path)
    arguments = parser.parse_args()
    with reading(parser, arguments.results, "not the .json file of bench/run.py"):
        results = json.loads(arguments.results.read_text())
        measured = [row for row in results["rows"] if row["threads"] == arguments.threads]
    if not measured:
        parser.error(f"{arguments.results} has no times of {arguments.threads} threads")
    arguments.folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for row in measured:
        name, medians = row["model"], row["median_ms"]
        library, _ = compile_model(arguments.tools / "vitc", model_file(name, arguments.folder), name, arguments.folder,
                                   [*results["settings"]["flags"], f"--precision={results['settings']['precision']}"])
        seconds, gmacs, peak = floor_of(library, arguments.tools / "vitc-run", arguments.threads)
        peer = min(ms for engine, ms in medians.items() if engine != "vitc")
        rows.append({"model": name, "gmacs": gmacs, "peak_gflops": peak, "floor_ms": 1e3 * seconds, "vitc_ms": medians["vitc"],
                     "peer_ms": peer, "floor_ratio": 1e3 * seconds / peer, "ratio": row["ratio"]})
        print("{model:18} {gmacs:6.2f} GMAC  peak {peak_gflops:5.0f} GFLOP/s  floor {floor_ms:7.2f} ms  vitc {vitc_ms:7.2f}  peer "
              "{peer_ms:7.2f}  floor/peer {floor_ratio:.3f}  vitc/peer {ratio:.3f}".format(**rows[-1]), flush=True)
    for key in ("floor_ratio", "ratio"):
        print(f"geometric mean of {key}: {math.exp(sum(math.log(row[key]) for row in rows) / len(rows)):.3f}")
    if arguments.output:
        arguments.output.write_text(json.dumps({"floors": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
