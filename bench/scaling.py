#!/usr/bin/env python3
"""What threads gain: one thread and more of them run the same library in one process, in turns.

    build/venv/bin/python bench/scaling.py -o scaling.json

prints, a line a model, both medians, the gain (the median over the turns of one thread's time by that of all: the clock of
a machine changes from minute to minute, that of a turn hardly), and what memory allows: the gain if each step took one
thread's time divided by the threads, or its weights came from memory as fast as vitc-run measures on as many threads,
whichever is longer. Models of less than 20 ms are left out.
"""
import argparse
import json
import pathlib
import statistics

import engines
from floors import profile
from roofline import read_steps
from run import BATCHES, MODELS, SOURCE, compile_model, draw_inputs, list_of, model_file


def allowed_by_memory(library, vitc_run, threads):
    """The greatest gain of `threads` threads that bytes of weights allow, and the bytes that come from memory in a second."""
    alone = read_steps(profile(library, vitc_run, 1))
    bandwidth = profile(library, vitc_run, threads)["otherData"]["memory_bytes_per_second"]
    times = [step["median_seconds"] for step in alone]
    shared = [max(seconds / threads, step["weight_bytes"] / bandwidth) for seconds, step in zip(times, alone)]
    return sum(times) / sum(shared), bandwidth


def measure(name, arguments):
    """A row of the table, or None where one thread is faster than `--least`."""
    path = model_file(name, arguments.folder)
    library, _ = compile_model(arguments.tools / "vitc", path, name, arguments.folder, [])
    feeds = draw_inputs(path)
    made = [engines.Vitc(path, library, threads) for threads in (1, arguments.threads)]
    for engine, name_of_engine in zip(made, ("one", "all")):
        engine.name = name_of_engine
    times = engines.time_in_turns(made, feeds, arguments.rounds, arguments.seconds)
    medians = {engine: 1e3 * seconds for engine, seconds in engines.medians(times).items()}
    if medians["one"] < arguments.least:
        return None
    allowed, bandwidth = allowed_by_memory(library, arguments.tools / "vitc-run", arguments.threads)
    gain = statistics.median(one / shared for one, shared in zip(times["one"], times["all"]))
    return {"model": name, "threads": arguments.threads, "one_ms": medians["one"], "all_ms": medians["all"], "gain": gain,
            "allowed": allowed, "memory_gb_per_second": bandwidth * 1e-9,
            "times_ms": {engine: [1e3 * s for s in values] for engine, values in times.items()}}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=list_of((*MODELS, *BATCHES)), default=list(MODELS))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--least", type=float, default=20, help="milliseconds that one thread takes")
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=15, help="at most, a model")
    parser.add_argument("--folder", type=pathlib.Path, default=SOURCE / "build" / "bench", help="for models and libraries")
    parser.add_argument("--tools", type=pathlib.Path, default=SOURCE / "build" / "release" / "bin")
    parser.add_argument("-o", "--output", type=pathlib.Path)
    arguments = parser.parse_args()
    if arguments.threads < 2:
        parser.error(f"--threads {arguments.threads}: at least two")
    arguments.folder.mkdir(parents=True, exist_ok=True)
    print(engines.cpu_name())
    rows = []
    for name in arguments.models:
        if row := measure(name, arguments):
            rows.append(row)
            print("{model:24} 1 thread {one_ms:8.2f} ms  {threads} threads {all_ms:8.2f} ms  gain {gain:.3f}  memory "
                  "({memory_gb_per_second:.0f} GB/s) allows {allowed:.3f}".format(**row), flush=True)
    if arguments.output:
        arguments.output.write_text(json.dumps({"scaling": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
