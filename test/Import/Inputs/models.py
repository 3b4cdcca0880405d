"""Small ONNX models, made from a table: `models.py FAMILY FOLDER` writes every model of a family as FOLDER/NAME.onnx."""
import importlib
import os
import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT, INT64, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL
node = helper.make_node


def value(name, shape=(2, 3), kind=FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def tensor(name, array):
    return numpy_helper.from_array(np.asarray(array), name)


def model(nodes, inputs=None, outputs=None, initializers=(), opset=21, ir_version=10, functions=(), imports=()):
    """A model of `nodes`; by default it reads `x` and writes what the last node writes."""
    inputs = [value("x")] if inputs is None else inputs
    outputs = [value(nodes[-1].output[0])] if outputs is None else outputs
    graph = helper.make_graph(list(nodes), "graph", list(inputs), list(outputs), list(initializers))
    opsets = [helper.make_opsetid("", opset), *(helper.make_opsetid(domain, 1) for domain in imports)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=ir_version, functions=list(functions))


def write(content, path):
    path.write_bytes(content if isinstance(content, bytes) else content.SerializeToString())


def main():
    family, folder = sys.argv[1:]
    os.makedirs(folder, exist_ok=True)
    for name, content in importlib.import_module(family).models().items():
        write(content, pathlib.Path(folder) / f"{name}.onnx")


if __name__ == "__main__":
    main()
