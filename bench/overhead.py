#!/usr/bin/env python3
"""What a call from Python costs: over the C interface, and when several threads call one model.

    build/venv/bin/python bench/overhead.py [--model deit_s]

The first part calls a model that adds four floats, so that nearly all of the time is the call's: `model(a, b)` beside the
library's `run` with tensors that were prepared before. The second part loads a model of the zoo with threads=1 and counts
calls by one, two and four threads of Python. Times are the best of several rounds, in µs.
"""
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
import timeit

import numpy as np
import onnx

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "python"), str(ROOT / "zoo")]
os.environ.setdefault("VITC", str(ROOT / "build" / "release" / "bin" / "vitc"))
import vitc  # noqa: E402


def best(call, number=20000, rounds=7):
    """µs a call."""
    return min(timeit.repeat(call, number=number, repeat=rounds)) / number * 1e6


def adding_model():
    values = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [4]) for name in "aby"]
    graph = onnx.helper.make_graph([onnx.helper.make_node("Add", ["a", "b"], ["y"])], "add", values[:2], values[2:])
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)


def measure_calls():
    model = vitc.compile(adding_model(), threads=1)
    a, out = np.ones(4, np.float32), np.empty(4, np.float32)
    calls = {"NumPy arrays": lambda: model(a, a), "NumPy arrays, out=": lambda: model(a, a, out=out)}
    try:
        import torch

        tensor = torch.ones(4)
        calls["PyTorch tensors"] = lambda: model(tensor, tensor)
    except ImportError:
        print("(without PyTorch, its tensors are not measured)")
    run, arguments = prepared_run(model, a)
    floor = best(lambda: run(*arguments))
    print(f"C interface, prepared tensors: {floor:.1f} µs")
    for name, call in calls.items():
        took = best(call)
        print(f"{name}: {took:.1f} µs, {took - floor:.1f} over the C interface")


def prepared_run(model, array):
    """The library's `run`, and arguments that add the array to itself."""
    model(array, array)
    session = model._idle[-1]
    for tensor in session._call.tensors:
        tensor.data = array.ctypes.data
    result = np.empty(4, np.float32)
    prepared_run.kept = result  # the tensor refers to it
    session._call.place(0, result.ctypes.data)
    return model._api.run, session._call.arguments


def count_calls(model, x, threads, seconds):
    """Calls a second that so many threads make together."""
    counts, start = [0] * threads, threading.Barrier(threads + 1)
    end = time.perf_counter() + 3600

    def work(index):
        model(x)  # its session
        start.wait()
        while time.perf_counter() < end:
            model(x)
            counts[index] += 1

    workers = [threading.Thread(target=work, args=(index,)) for index in range(threads)]
    for worker in workers:
        worker.start()
    start.wait()
    began = time.perf_counter()
    end = began + seconds
    for worker in workers:
        worker.join()
    return sum(counts) / (time.perf_counter() - began)


def measure_threads(name, seconds, rounds):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / f"{name}.onnx"
        subprocess.run([sys.executable, ROOT / "zoo" / "zoo.py", "make", name, path], check=True)
        model = vitc.compile(path, threads=1)
    shape = [extent if isinstance(extent, int) else 1 for extent in model.inputs[0].shape]
    x = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    rates = {threads: [] for threads in (1, 2, 4)}
    for _ in range(rounds):  # in turns: what disturbs the machine disturbs all
        for threads, rate in rates.items():
            rate.append(count_calls(model, x, threads, seconds))
    alone = float(np.median(rates[1]))
    print(f"{name}, loaded with threads=1, on {len(os.sched_getaffinity(0))} CPUs:")
    for threads, rate in rates.items():
        print(f"  {threads} calling: {np.median(rate):.1f} calls/s, {np.median(rate) / alone:.2f} ×")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="deit_s", help="of the zoo, for the threads")
    parser.add_argument("--seconds", type=float, default=1.0, help="of each count of calls")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    measure_calls()
    measure_threads(options.model, options.seconds, options.rounds)


if __name__ == "__main__":
    main()
