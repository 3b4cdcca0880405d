"""Operands of GPU kernels that are parts of larger tensors, or whose rows are no multiples of 16 bytes: small models of whole
numbers, which bf16 computes exactly, so that a wrong place shows."""
import numpy as np
import onnx
import onnx.helper as helper
import onnx.numpy_helper
import pytest
import vitc

from harness import Reference, compile_model

random = np.random.default_rng(7)


def whole(*shape):
    return random.integers(-2, 3, shape).astype(np.float32)


def node(kind, inputs, output, **attributes):
    return helper.make_node(kind, inputs.split(), output.split(), **attributes)


SLICE = {"first": np.array([0]), "last": np.array([7]), "axis": np.array([1])}
NORM = {"scale": whole(64), "shift": whole(64)}
W = {"w": whole(64, 7)}

# name: nodes, inputs (a letter is an open extent), initializers
MODELS = {
    "norm of a token": ([node("Gather", "x zero", "token", axis=1), node("LayerNormalization", "token scale shift", "y")],
                        {"x": ["B", 5, 64]}, {"zero": np.array(0), **NORM}),
    "norm of columns": ([node("Split", "x", "left right", axis=1, num_outputs=2),
                         node("LayerNormalization", "right scale shift", "y")], {"x": [6, 128]}, NORM),
    "norms side by side": ([node("LayerNormalization", "x scale shift", "n"), node("LayerNormalization", "z scale shift", "m"),
                            node("Concat", "n m", "y", axis=1)], {"x": [6, 64], "z": [6, 64]}, NORM),
    "odd product of a token": ([node("Gather", "x zero", "token", axis=1), node("MatMul", "token w", "y")],
                               {"x": ["B", 5, 64]}, {"zero": np.array(0), **W}),
    "odd product and columns": ([node("Slice", "r first last axis", "part"), node("MatMul", "x w", "h"),
                                 node("Add", "h part", "y")], {"x": [6, 64], "r": [6, 32]}, {**SLICE, **W}),
    "odd products side by side": ([node("MatMul", "x w", "h"), node("MatMul", "x v", "g"), node("Concat", "h g", "y", axis=1)],
                                  {"x": [6, 64]}, {**W, "v": whole(64, 25)}),
    "table of columns": ([node("Split", "t", "left right", axis=1, num_outputs=2), node("MatMul", "x v", "h"),
                          node("Add", "h right", "y")], {"x": [2, 6, 64], "t": [6, 24]}, {"v": whole(64, 12)}),
    "odd bias at the end of the weights": ([node("Gemm", "x w bias", "y")], {"x": [3, 64]}, {**W, "bias": whole(7)}),
    "convolution of twelve channels": ([node("Conv", "x k", "h"), node("Relu", "h", "g"), node("Conv", "g l", "y")],
                                       {"x": ["B", 64, 6, 6]}, {"k": whole(12, 64, 3, 3), "l": whole(16, 12, 3, 3)}),
    "convolution of an open image": ([node("Conv", "x k", "y", strides=[2, 1], pads=[1, 1, 1, 1])],
                                     {"x": [1, 3, "H", "W"]}, {"k": whole(4, 3, 3, 3)}),
}
EXTENTS = [{"B": 1, "H": 9, "W": 8}, {"B": 3, "H": 4, "W": 11}]


def save(name, path):
    nodes, inputs, constants = MODELS[name]
    float32 = onnx.TensorProto.FLOAT
    rank = 4 if "convolution" in name else 3 if "table" in name else 2
    graph = helper.make_graph(nodes, "model", [helper.make_tensor_value_info(x, float32, shape) for x, shape in inputs.items()],
                              [helper.make_tensor_value_info("y", float32, [None] * rank)],
                              [onnx.numpy_helper.from_array(value, x) for x, value in constants.items()])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9), path)
    return path


@pytest.fixture(scope="module", autouse=True)
def mock(build_dir):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VITC_LIBCUDA", str(build_dir / "lib" / "libvitc-libcuda-mock.so"))
        yield


@pytest.mark.parametrize("name", MODELS)
def test_agrees(name, run_tool, tmp_path):
    made = compile_model(run_tool, save(name, tmp_path / "model.onnx"), tmp_path / "model.so", "--target=cuda-sm_90",
                         "--precision=bf16")
    reference, shapes = Reference.open(made.model), MODELS[name][1]
    with vitc.load(made.library, device="cuda") as model:
        for extents in EXTENTS:
            inputs = {x: whole(*(extents.get(extent, extent) for extent in shape)) for x, shape in shapes.items()}
            expected, = reference.run(inputs).values()
            found, = model.run(inputs).values()
            tolerance = 1e-5 if "norm" in name else 0  # statistics are no whole numbers
            np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * np.abs(expected).max())


def test_relu_passes_nan_on(run_tool, tmp_path):
    """As arith.maximumf does, which the fused activation stands for."""
    MODELS["relu"] = ([node("Gemm", "x w bias", "h"), node("Relu", "h", "y")], {"x": [3, 64]}, {**W, "bias": whole(7)})
    made = compile_model(run_tool, save("relu", tmp_path / "model.onnx"), tmp_path / "model.so", "--target=cuda-sm_90",
                         "--precision=bf16")
    x = whole(3, 64)
    x[1, 5] = np.nan
    with vitc.load(made.library, device="cuda") as model:
        found = model(x)
    assert np.isnan(found[1]).all() and np.isfinite(found[[0, 2]]).all() and (found[[0, 2]] >= 0).all()
