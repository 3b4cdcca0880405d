"""Damaged copies of models: `damage.py MODEL.onnx FOLDER [--copies 24] [--seed 0]`

Copy k is damaged in the k-th of four ways, in turns: bits are flipped, the end is cut off, attributes are changed, types and
extents are changed. What is drawn depends on the seed and the model's bytes alone.
"""
from __future__ import annotations

import argparse
import hashlib
import pathlib
import random

import onnx
from onnx import AttributeProto, TensorProto

EDGES = [0, 1, -1, 2, 3, 7, 2**31 - 1, 2**31, -(2**31), 2**40, 2**63 - 1, -(2**63)]
WHOLE_MODEL = 1 << 20  # bytes of graph that bits are flipped in: flips in weights only change numbers


def flip_bits(model: onnx.ModelProto, draw: random.Random) -> bytes:
    content = bytearray(model.SerializeToString())
    for _ in range(draw.choice([1, 1, 2, 8, 64])):
        content[draw.randrange(min(len(content), WHOLE_MODEL))] ^= 1 << draw.randrange(8)
    return bytes(content)


def cut(model: onnx.ModelProto, draw: random.Random) -> bytes:
    content = model.SerializeToString()
    return content[: draw.choice([draw.randrange(len(content)), len(content) - draw.randint(1, 64)])]


def change_attributes(model: onnx.ModelProto, draw: random.Random) -> bytes:
    nodes = [node for node in model.graph.node if node.attribute]
    for _ in range(draw.choice([1, 1, 2, 5]) if nodes else 0):
        node = draw.choice(nodes)
        attribute = draw.choice(node.attribute)
        way = draw.randrange(5)
        if way == 0:
            node.attribute.remove(attribute)
            nodes = [node for node in model.graph.node if node.attribute] or nodes
            if not node.attribute:
                break
        elif way == 1:
            attribute.type = draw.choice([AttributeProto.INT, AttributeProto.INTS, AttributeProto.FLOAT, AttributeProto.STRING,
                                          AttributeProto.TENSOR, AttributeProto.GRAPH])
        elif way == 2:
            attribute.name = draw.choice(["axis", "perm", "pads", "value", "to", "nothing"])
        elif attribute.ints:
            attribute.ints[draw.randrange(len(attribute.ints))] = draw.choice(EDGES)
        else:
            attribute.i = draw.choice(EDGES)
            attribute.f = draw.choice([float("nan"), float("inf"), 0.0, -1.0])
    return model.SerializeToString()


def change_types(model: onnx.ModelProto, draw: random.Random) -> bytes:
    graph = model.graph
    for _ in range(draw.choice([1, 1, 2, 5])):
        way = draw.randrange(4)
        tensor = draw.choice(graph.initializer) if graph.initializer else TensorProto()
        value = draw.choice([*graph.input, *graph.output]).type.tensor_type
        if way == 0:
            tensor.data_type = draw.randrange(24)
        elif way == 1 and tensor.dims:
            tensor.dims[draw.randrange(len(tensor.dims))] = draw.choice(EDGES)
        elif way == 2:
            value.elem_type = draw.randrange(24)
        elif value.shape.dim:
            draw.choice(value.shape.dim).dim_value = draw.choice(EDGES)
    return model.SerializeToString()


WAYS = (flip_bits, cut, change_attributes, change_types)


def damaged(model: onnx.ModelProto, copies: int = 24, seed: int = 0):
    """Yields the bytes of each copy."""
    digest = hashlib.sha256(model.SerializeToString(deterministic=True)).hexdigest()
    for number in range(copies):
        copy = onnx.ModelProto()
        copy.CopyFrom(model)
        yield WAYS[number % len(WAYS)](copy, random.Random(f"{digest} {seed} {number}"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--copies", type=int, default=24)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for number, content in enumerate(damaged(onnx.load(arguments.model), arguments.copies, arguments.seed)):
        (arguments.folder / f"{arguments.model.stem}.{number}.onnx").write_bytes(content)


if __name__ == "__main__":
    main()
