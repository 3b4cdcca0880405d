#!/usr/bin/env python3
"""Exports the architectures of this folder to graphs/, each compared with PyTorch and then stripped of its weights.

    pip install -r requirements.txt     # torch, timm, transformers, …; the tests need none of them
    export.py [NAME…]                   # all of them by default

A name ends in `.dyn` where the dynamo exporter (opset 20) wrote the graph; else the TorchScript exporter did. The model
with its PyTorch weights is run by ONNX Runtime and must agree with PyTorch to 2e-5 of the largest value. What is kept is
the graph: zoo/zoo.py draws its weights again wherever it is needed.
"""
import argparse
import pathlib
import sys
import tempfile
import warnings

import numpy as np
import onnxruntime
import torch

from architectures import ARCHITECTURES, BATCHED, build

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parents[1] / "zoo"))
import zoo  # noqa: E402

GRAPHS = FOLDER / "graphs"
KEPT_ELEMENTS = 24  # narrow models have short vectors of weights
DYNAMO_OPSET = 20
TOLERANCE = 2e-5


def plan():
    """name -> (architecture, exporter, batch or None where symbolic)."""
    planned = {}
    for name, architecture in ARCHITECTURES.items():
        for exporter in architecture.exporters:
            planned[name + (".dyn" if exporter == "dynamo" else "")] = (name, exporter, 1)
    return planned | BATCHED


def export(module, path, exporter, opset, pixels, symbolic):
    names = {"input_names": ["x"], "output_names": ["y"]}
    if exporter == "torchscript":
        axes = {"x": {0: "batch"}, "y": {0: "batch"}} if symbolic else None
        torch.onnx.export(module, (pixels,), path, dynamo=False, opset_version=opset, dynamic_axes=axes, **names)
    else:
        dims = ({0: torch.export.Dim("batch")},) if symbolic else None
        torch.onnx.export(module, (pixels,), path, dynamo=True, opset_version=DYNAMO_OPSET, dynamic_shapes=dims,
                          external_data=False, verbose=False, **names)


def compare(module, path, size, batches):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for batch in batches:
        pixels = torch.randn(batch, 3, size, size, generator=torch.Generator().manual_seed(batch))
        expected = module(pixels).numpy()
        (found,) = session.run(None, {"x": pixels.numpy()})
        drift = np.abs(found - expected).max() / np.abs(expected).max()
        if not (drift <= TOLERANCE and expected.std() > 1e-3):
            raise SystemExit(f"{path}: ONNX Runtime and PyTorch differ by {drift} of the largest value at batch {batch}")


def write(name):
    of, exporter, batch = plan()[name]
    architecture = ARCHITECTURES[of]
    module = build(of, seed=sum(name.encode()))
    pixels = torch.randn(batch or 2, 3, architecture.size, architecture.size, generator=torch.Generator().manual_seed(0))
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/{name}.onnx"
        export(module, path, exporter, architecture.opset, pixels, symbolic=batch is None)
        compare(module, path, architecture.size, [batch] if batch else [1, 2, 3])
        kept = zoo.strip(path, GRAPHS, KEPT_ELEMENTS)
    print(f"{name}: {kept.stat().st_size} bytes", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    warnings.simplefilter("ignore")
    GRAPHS.mkdir(exist_ok=True)
    for name in parser.parse_args().names or plan():
        write(name)


if __name__ == "__main__":
    main()
