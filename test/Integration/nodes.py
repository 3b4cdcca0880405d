"""Models of a few nodes, compared with ONNX Runtime on drawn inputs."""
from __future__ import annotations

import numpy as np
import onnx
import vitc
from onnx import helper, numpy_helper

from harness import Reference, compile_model


def node(op, inputs, output, **attributes):
    """A node; `output` is its output, or a list of them."""
    return helper.make_node(op, list(inputs), output if isinstance(output, list) else [output], **attributes)


def make_model(nodes, inputs, initializers=None, opset=21, symbolic=()):
    """A model whose outputs are those of all nodes. `symbolic` are the inputs whose first dimension is named, or names of
    dimensions by input: {"x": {2: "height", 3: "width"}}."""
    dims = symbolic if isinstance(symbolic, dict) else dict.fromkeys(symbolic, {0: "batch"})

    def value(name, array):
        shape = list(array.shape)
        for dim, symbol in dims.get(name, {}).items():
            shape[dim] = symbol
        return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), shape)

    outputs = [helper.make_empty_tensor_value_info(name) for n in nodes for name in n.output]
    graph = helper.make_graph(nodes, "g", [value(*item) for item in inputs.items()], outputs,
                              [numpy_helper.from_array(array, name) for name, array in (initializers or {}).items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    return onnx.shape_inference.infer_shapes(model)


def run_model(model, inputs, run_tool, folder, threads=1):
    onnx.save(model, folder / "m.onnx")
    library = compile_model(run_tool, folder / "m.onnx", folder / "m.so").library
    return vitc.load(library, threads=threads).run(inputs)


def assert_close(found, expected, name="", off_by_one=False):
    """Floats to 1e-5 of the largest value, integers exactly (or to one with `off_by_one`)."""
    assert found.shape == expected.shape and found.dtype == expected.dtype, f"{name}: {found.shape} {found.dtype}, expected {expected.shape} {expected.dtype}"
    if not expected.size:
        return
    if expected.dtype.kind == "f":
        limit = 1e-5 * max(np.abs(expected[np.isfinite(expected)]).max(initial=0), 1)
    else:
        limit = 1 if off_by_one else 0
    np.testing.assert_allclose(found.astype(np.float64), expected.astype(np.float64), rtol=0, atol=limit, err_msg=name)


def compare_nodes(nodes, inputs, run_tool, folder, initializers=None, opset=21, symbolic=(), off_by_one=False):
    """Compiles the nodes as one model; every output is ONNX Runtime's on one thread and on three."""
    model = make_model(nodes, inputs, initializers, opset, symbolic)
    onnx.save(model, folder / "m.onnx")
    expected = Reference.open(folder / "m.onnx").run(inputs)
    library = compile_model(run_tool, folder / "m.onnx", folder / "m.so").library
    for threads in (1, 3):
        found = vitc.load(library, threads=threads).run(inputs)
        assert list(found) == list(expected)
        for name in expected:
            assert_close(found[name], expected[name], name, off_by_one)
