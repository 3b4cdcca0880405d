#!/usr/bin/env python3
"""Exports the models of bench/gpu/run.py with an open batch, and strips them of their weights, into bench/gpu/graphs.

    pip install -r test/models/requirements.txt    # torch, timm, …; nothing else here needs them
    bench/gpu/export.py

By the TorchScript exporter. ONNX Runtime runs each with timm's untrained weights, at another batch than it was exported with,
and must agree with PyTorch to 2e-5 of the largest value.
"""
import pathlib
import sys
import tempfile

import numpy as np
import onnxruntime
import timm
import torch

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parents[1] / "zoo"))
import zoo  # noqa: E402

from peers import TIMM  # noqa: E402

TOLERANCE = 2e-5


def export(name: str, arguments: tuple[str, dict[str, object]]) -> pathlib.Path:
    torch.manual_seed(0)
    module = timm.create_model(arguments[0], pretrained=False, **arguments[1]).eval()
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        path = f"{folder}/{name}.onnx"
        torch.onnx.export(module, (torch.randn(2, 3, 224, 224),), path, dynamo=False, opset_version=17, input_names=["x"],
                          output_names=["y"], dynamic_axes={"x": {0: "batch"}, "y": {0: "batch"}})
        x = torch.randn(3, 3, 224, 224)
        expected = module(x).numpy()
        found, = onnxruntime.InferenceSession(path).run(None, {"x": x.numpy()})
        assert np.abs(found - expected).max() <= TOLERANCE * np.abs(expected).max(), name
        return zoo.strip(path, FOLDER / "graphs")


if __name__ == "__main__":
    (FOLDER / "graphs").mkdir(exist_ok=True)
    for model, made_by in TIMM.items():
        print(export(model, made_by))
