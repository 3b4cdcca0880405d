"""--precision=tf32: floats in memory, of which tensor cores read the upper 19 bits. Run by the simulator, as test_gpu.py."""
import re

import numpy as np
import onnx
import onnx.helper
import onnx.numpy_helper
import pytest
import vitc

from harness import Reference, compile_model, draw
from test_gpu import mock, run_on  # noqa: F401 (a fixture of all tests of a module)
from test_precision import cosine

TOLERANCE = 4e-3  # of the largest value: two blocks of products, each within 1.5 · 2⁻¹⁰ of its terms


def drift(found, expected):
    assert found.dtype == np.float32 and found.shape == expected.shape
    return np.abs(found - expected).max() / np.abs(expected).max()


def long(*names):
    return [pytest.param(name, marks=pytest.mark.long) for name in names]


@pytest.mark.parametrize("name", ["dinov2_reg4", "lavit", *long(
    "deit", "deit3", "dino", "swin", "vit_swiglu", "convnext", "pvt_v2", "resnet", "lavit_residual", "lavit_post")])
def test_agrees(name, small_model, run_tool, tmp_path):
    made = compile_model(run_tool, small_model(name), tmp_path / "model.so", "--target=cuda-sm_90", "--precision=tf32")
    model = vitc.load(made.library, device="cuda")
    inputs = draw(model, 1)
    found = model.run(inputs)
    for output, value in Reference.open(made.model).run(inputs).items():
        assert 0 < drift(found[output], value) <= TOLERANCE, output


@pytest.mark.parametrize("name", ["deit", *long("swin")])
def test_agrees_before_hopper(name, small_model, run_tool, tmp_path):
    made = compile_model(run_tool, small_model(name), tmp_path / "model.so", "--target=cuda-sm_89", "--precision=tf32")
    reference = Reference.open(made.model)
    image, = reference.session.get_inputs()
    inputs = {image.name: np.random.default_rng(3).standard_normal(image.shape, dtype=np.float32)}
    found = run_on(89, made.library, inputs, tmp_path)
    for output, value in reference.run(inputs).items():
        assert 0 < drift(found[output], value) <= TOLERANCE, output


@pytest.mark.long
def test_keeps_direction(small_model, run_tool, tmp_path):
    """A LeViT of random weights has scores of hundreds: its softmax makes much of the last bits. Its first windows are padded."""
    made = compile_model(run_tool, small_model("levit"), tmp_path / "model.so", "--target=cuda-sm_90", "--precision=tf32")
    model = vitc.load(made.library, device="cuda")
    inputs = draw(model, 1)
    found = model.run(inputs)
    for output, value in Reference.open(made.model).run(inputs).items():
        assert cosine(found[output], value) >= 0.9995, output


def test_products_are_kernels(small_model, run_tool):
    run = run_tool("vitc", small_model("deit"), "--target=cuda-sm_90", "--precision=tf32", "--compile-to=tiled")
    assert run.stdout.count("= vgpu.gemm ") == 2 * 4 + 1 + 2 and run.stdout.count("= vgpu.attention ") == 2
    assert "f16" not in run.stdout and "linalg.contract" not in run.stdout and "linalg.softmax" not in run.stdout
    assert re.search(r"vgpu\.gemm ins\(%\S+, %\S+ : tensor<\w+xf32>, tensor<\w+xf32>\)", run.stdout)


def tf32(values):
    """To the nearest, as cvt.rna.tf32 has it; too large ones are cut off."""
    bits = values.view(np.uint32)
    rounded = np.where((bits & 0x7FFFFFFF) < 0x7F7FF000, bits + np.uint32(0x1000), bits)
    return (rounded & np.uint32(0xFFFFE000)).view(np.float32)


@pytest.mark.parametrize("capability", [80, 90])
def test_weights_are_rounded_to_the_nearest(capability, run_tool, tmp_path):
    """One row of a matrix is what the weight is multiplied as."""
    weight = np.random.default_rng(5).standard_normal((64, 48), dtype=np.float32)
    weight[0, :6] = 1 + 2**-11, -1 - 2**-11, 1 + 2**-11 - 2**-20, 3.4028235e38, -3.4e38, 2**-140
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("MatMul", ["x", "w"], ["y"])], "product",
        [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [64, 64])],
        [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [64, 48])],
        [onnx.numpy_helper.from_array(weight, "w")])
    path = tmp_path / "product.onnx"
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8), path)
    made = compile_model(run_tool, path, tmp_path / "model.so", f"--target=cuda-sm_{capability}", "--precision=tf32")
    found = run_on(capability, made.library, {"x": np.eye(64, dtype=np.float32)}, tmp_path)["y"]
    np.testing.assert_array_equal(found, tf32(weight))
    assert (found != weight).mean() > 0.9
