#!/usr/bin/env python3
"""The graphs of real models, without their weights, and weights for them drawn from a seed.

    zoo.py list                         the names of the graphs
    zoo.py make NAME MODEL.onnx         a model with weights inside (--external: beside it, in MODEL.weights)
    zoo.py strip MODEL.onnx             adds a model's graph to the zoo

`graphs/NAME.onnx.xz` were exported from timm's models: by the TorchScript exporter (opset 17), and by the dynamo exporter
(opset 20) where the name ends in `.dyn`. In place of a large float tensor stands its mean and standard deviation, in
doc_string; a model made from it has normal values of that mean and deviation, the same on every machine. They are not
trained: they show that results agree and how long they take, never what a model sees. Needs numpy and onnx only.
"""
import argparse
import lzma
import pathlib

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

GRAPHS = pathlib.Path(__file__).resolve().parent / "graphs"
SUFFIX = ".onnx.xz"
KEPT_ELEMENTS = 256  # smaller tensors (shapes, scales, axes) are part of the graph


def names(folder=GRAPHS):
    return sorted(path.name.removesuffix(SUFFIX) for path in folder.glob("*" + SUFFIX))


def load_graph(name, folder=GRAPHS):
    """The graph alone: its large tensors have no data."""
    return onnx.load_from_string(lzma.decompress((folder / (name + SUFFIX)).read_bytes()))


def load(name, folder=GRAPHS):
    """The model with its drawn weights."""
    model = load_graph(name, folder)
    for index, tensor in enumerate(_tensors(model.graph)):
        if tensor.doc_string.startswith("normal "):
            _draw(tensor, index)
    return model


def make(name, path, external=False, folder=GRAPHS):
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    if not external:
        onnx.save(load(name, folder), path)
        return
    weights = path.with_suffix(".weights")
    weights.unlink(missing_ok=True)
    onnx.save(load(name, folder), path, save_as_external_data=True, all_tensors_to_one_file=True, location=weights.name,
              size_threshold=1024)


def strip(path, folder=GRAPHS, kept_elements=KEPT_ELEMENTS):
    """Writes the graph into the folder; returns its path there."""
    model = onnx.load(path)
    for tensor in _tensors(model.graph):
        if tensor.data_type == TensorProto.FLOAT and np.prod(tensor.dims) > kept_elements:
            _strip_tensor(tensor)
    model.ClearField("metadata_props")
    for node in model.graph.node:
        node.ClearField("metadata_props")
        node.ClearField("doc_string")
    name = pathlib.Path(path).name.removesuffix(".onnx")
    stripped = folder / (name + SUFFIX)
    stripped.write_bytes(lzma.compress(model.SerializeToString(), preset=9 | lzma.PRESET_EXTREME))
    return stripped


def _tensors(graph):
    """Initializers, then the tensors of nodes, in an order that numbers them."""
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            if attribute.HasField("g"):
                yield from _tensors(attribute.g)


def _strip_tensor(tensor):
    values = numpy_helper.to_array(tensor)
    # Masks and index tables have few distinct values: they are the graph's, not weights.
    if len(np.unique(values.ravel()[:4096])) < 16:
        return
    tensor.ClearField("raw_data")
    tensor.ClearField("float_data")
    sign = "positive" if values.min() > 0 else "any"
    # A token that an exporter repeated for each picture of a batch stays the same in all of them.
    repeated = " repeated" if len(values) > 1 and (values == values[:1]).all() else ""
    tensor.doc_string = f"normal {values.mean():.6g} {values.std():.6g} {sign}{repeated}"


def _draw(tensor, seed):
    _, mean, deviation, sign, *repeated = tensor.doc_string.split()
    shape = (1, *tensor.dims[1:]) if repeated else tuple(tensor.dims)
    values = np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)
    values = values * np.float32(deviation) + np.float32(mean)
    values = np.abs(values) + np.float32(1e-3) if sign == "positive" else values
    tensor.raw_data = np.broadcast_to(values, tuple(tensor.dims)).tobytes()
    tensor.ClearField("doc_string")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list")
    command = commands.add_parser("make")
    command.add_argument("name", choices=names())
    command.add_argument("path")
    command.add_argument("--external", action="store_true")
    commands.add_parser("strip").add_argument("path")
    arguments = parser.parse_args()
    if arguments.command == "list":
        print("\n".join(names()))
    elif arguments.command == "make":
        make(arguments.name, arguments.path, arguments.external)
    else:
        strip(arguments.path)


if __name__ == "__main__":
    main()
