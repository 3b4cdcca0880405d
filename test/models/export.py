#!/usr/bin/env python3
"""Exports the architectures of this folder, each compared with PyTorch and then stripped of its weights.

    pip install -r requirements.txt     # torch, timm, transformers, …; the tests need none of them
    export.py [NAME…]                   # all of them by default

Narrow models go to graphs/, with a symbolic batch to batched/ (some of them to graphs/), with symbolic height and width to
sized/; those of full size to full/. A name ends in `.dyn` where the dynamo exporter (opset 20) wrote the graph; else the
TorchScript exporter did. The model with its PyTorch weights is run by ONNX Runtime and must agree with PyTorch to 2e-5 of the
largest value. What is kept is the graph: zoo/zoo.py draws its weights again wherever it is needed.
"""
import argparse
import inspect
import pathlib
import sys
import tempfile
import warnings

import numpy as np
import onnxruntime
import torch

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(FOLDER.parents[1] / "zoo"), str(FOLDER.parents[1] / "python")]
import zoo  # noqa: E402

import own  # noqa: E402
from any_size import SIZED  # noqa: E402
from architectures import ARCHITECTURES, BATCHED  # noqa: E402
from comparators import COMPARATORS, FULL_COMPARATORS  # noqa: E402

SMALL, FULL = ARCHITECTURES | COMPARATORS | own.SMALL, FULL_COMPARATORS | own.FULL
KEPT_ELEMENTS = 24  # narrow models have short vectors of weights
DYNAMO_OPSET = 20
TOLERANCE = 2e-5


def plan():
    """name -> (architecture, exporter, batch or None where symbolic, folder)."""
    planned = {}
    for folder, architectures in (("graphs", SMALL), ("full", FULL)):
        for name, architecture in architectures.items():
            for exporter in architecture.exporters:
                planned[name + (".dyn" if exporter == "dynamo" else "")] = (architecture, exporter, 1, folder)
    for name, (of, exporter, batch) in (BATCHED | own.SMALL_BATCHED).items():
        planned[name] = (SMALL[of], exporter, batch, "graphs")
    for name, architecture in SMALL.items():
        for exporter in architecture.exporters:
            batched = f"{name}_batch" + (".dyn" if exporter == "dynamo" else "")
            if name not in own.VARIANTS:
                planned.setdefault(batched, (architecture, exporter, None, "batched"))
    return planned


def write_sized(name):
    """A graph of symbolic batch, height and width."""
    architecture, exporter, multiple = SIZED[name]
    module = architecture.build(seed=sum(name.encode()))
    unit = 28 if multiple == 14 else 32
    shapes = [(2, 3, 3 * unit, 4 * unit), (1, 3, 2 * unit, 6 * unit), (3, 3, 5 * unit, 3 * unit)]
    inputs = (torch.randn(shapes[0], generator=torch.Generator().manual_seed(0)),)
    with tempfile.TemporaryDirectory() as temporary:
        path = f"{temporary}/{name}.onnx"
        if exporter == "torchscript":
            axes = {"x": {0: "batch", 2: "height", 3: "width"}, "y": {0: "batch"}}
            torch.onnx.export(module, inputs, path, dynamo=False, opset_version=architecture.opset, dynamic_axes=axes,
                              input_names=["x"], output_names=["y"])
        else:
            sides = [multiple * torch.export.Dim(side, min=2, max=256) if multiple > 1 else
                     torch.export.Dim(side, min=32, max=4096) for side in ("height", "width")]
            torch.onnx.export(module, inputs, path, dynamo=True, opset_version=DYNAMO_OPSET, external_data=False,
                              dynamic_shapes=({0: torch.export.Dim("batch"), 2: sides[0], 3: sides[1]},),
                              input_names=["x"], output_names=["y"], verbose=False)
        compare(module, path, [(torch.randn(shape, generator=torch.Generator().manual_seed(1)),) for shape in shapes])
        kept = zoo.strip(path, FOLDER / "sized", KEPT_ELEMENTS)
    print(f"sized/{name}: {kept.stat().st_size} bytes", flush=True)


def names(letter, values):
    return [letter] if len(values) == 1 else [f"{letter}{index}" for index in range(len(values))]


def run(module, inputs):
    outputs = module(*inputs)
    return outputs if isinstance(outputs, (tuple, list)) else (outputs,)


def export(module, path, exporter, opset, inputs, symbolic):
    ports = {"input_names": names("x", inputs), "output_names": names("y", run(module, inputs))}
    if exporter == "torchscript":
        axes = {name: {0: "batch"} for port in ports.values() for name in port} if symbolic else None
        torch.onnx.export(module, inputs, path, dynamo=False, opset_version=opset, dynamic_axes=axes, **ports)
    else:
        dims = tuple({0: torch.export.Dim("batch")} for _ in inputs) if symbolic else None
        if symbolic and any(p.kind is p.VAR_POSITIONAL for p in inspect.signature(module.forward).parameters.values()):
            dims = (dims,)
        torch.onnx.export(module, inputs, path, dynamo=True, opset_version=DYNAMO_OPSET, dynamic_shapes=dims,
                          external_data=False, verbose=False, **ports)


def compare(module, path, drawn):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for inputs in drawn:
        found = session.run(None, {name: x.numpy() for name, x in zip(names("x", inputs), inputs)})
        for got, expected in zip(found, (y.numpy() for y in run(module, inputs)), strict=True):
            drift = np.abs(got - expected).max() / np.abs(expected).max()
            if not (drift <= TOLERANCE and expected.std() > 1e-3 * np.abs(expected).max()):
                raise SystemExit(f"{path}: ONNX Runtime and PyTorch differ by {drift} of the largest value of {len(inputs[0])} pictures")


def write(name):
    architecture, exporter, batch, folder = plan()[name]
    module = architecture.build(seed=sum(name.encode()))
    inputs = architecture.inputs(batch or 2, seed=0)
    with tempfile.TemporaryDirectory() as temporary:
        path = f"{temporary}/{name}.onnx"
        export(module, path, exporter, architecture.opset, inputs, symbolic=batch is None)
        compare(module, path, [architecture.inputs(count, seed=count) for count in ([batch] if batch else [1, 2, 3])])
        kept = zoo.strip(path, FOLDER / folder, KEPT_ELEMENTS)
    print(f"{folder}/{name}: {kept.stat().st_size} bytes", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    warnings.simplefilter("ignore")
    for name in parser.parse_args().names or [*plan(), *SIZED]:
        (write_sized if name in SIZED else write)(name)


if __name__ == "__main__":
    main()
