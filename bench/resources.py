#!/usr/bin/env python3
"""Memory, load time, first run and compile time of vitc and its peers, each engine in a process of its own.

    build/venv/bin/python bench/resources.py --models deit_s,swin_t

Columns: how much a loaded model and its runs add to the peak of the resident set (MB, numpy and the engine itself are loaded
before), the milliseconds from a file to a model that can run, the first run by the median of later ones, all with one thread.
vitc's file lies in the page cache, as a model's weights do for the others. For vitc also: what it may add at most (packed
weights + arena + 6 MB), and the seconds of the compiler.
"""
import argparse
import csv
import multiprocessing
import pathlib
import statistics
import time

import engines
import run


def resident(field):
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) / 1024  # MB


def observe(engine, path, library, rounds, connection):
    feeds = run.draw_inputs(path)
    if engine == "vitc":
        import vitc  # noqa: F401
    else:
        __import__(engine)
    pathlib.Path("/proc/self/clear_refs").write_text("5")  # the peak begins here
    before, start = resident("VmRSS"), time.perf_counter()
    made = engines.ENGINES[engine](path, library, 1)
    loaded = time.perf_counter()
    times = []
    for _ in range(rounds + 1):
        begin = time.perf_counter()
        made.run(feeds)
        times.append(time.perf_counter() - begin)
    steady = statistics.median(times[1:])
    connection.send({"memory_mb": resident("VmHWM") - before, "load_ms": 1e3 * (loaded - start), "first_by_steady": times[0] / steady})


def in_own_process(*arguments):
    """observe(*arguments) where nothing else was loaded before."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=observe, args=(*arguments, sender))
    process.start()
    sender.close()
    found = receiver.recv()
    process.join()
    return found


def allowed_memory(library):
    """Packed weights + arena + 6 MB, in MB."""
    import ctypes

    import vitc
    from vitc import _abi

    with vitc.load(library, threads=1) as model:
        arena = ctypes.c_size_t()
        options = _abi.SessionOptions(size=ctypes.sizeof(_abi.SessionOptions), threads=1)
        model._api.check(model._api.workspace_bytes(model._handle, ctypes.byref(options), ctypes.byref(arena)))
        return (model.info["weights"]["bytes"] + arena.value) / 2**20 + 6


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=run.list_of((*run.MODELS, *run.BATCHES)),
                        default=["deit_s", "swin_t", "vit_b16", "dinov2_s14_reg4", "resnet50"])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--vitc", type=pathlib.Path, default=run.SOURCE / "build" / "release" / "bin" / "vitc")
    parser.add_argument("--folder", type=pathlib.Path, default=run.SOURCE / "build" / "bench", help="for models and libraries")
    parser.add_argument("--results", type=pathlib.Path, help="a .csv file; default: resources.csv in the folder")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    print(f"{engines.cpu_name()}, {engines.versions(list(engines.ENGINES))}")
    rows = []
    for name in arguments.models:
        path = run.model_file(name, arguments.folder)
        library, seconds = run.compile_model(arguments.vitc, path, name, arguments.folder, ["--mcpu=host"])
        for engine in engines.ENGINES:
            row = {"model": name, "engine": engine, **in_own_process(engine, path, library, arguments.rounds)}
            if engine == "vitc":
                row |= {"allowed_mb": allowed_memory(library), "compile_s": seconds}
            rows.append(row)
            print("  ".join(f"{key} {value:.2f}" if isinstance(value, float) else f"{value:15}" for key, value in row.items()), flush=True)
    with open(arguments.results or arguments.folder / "resources.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, ["model", "engine", "memory_mb", "allowed_mb", "load_ms", "first_by_steady", "compile_s"])
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
