"""Models in float16 and bfloat16: stored so, computed in float32, rounded where the model says it."""
import re

import ml_dtypes
import numpy as np
import onnx
import pytest
import vitc
from onnx import TensorProto, helper, numpy_helper

from harness import Reference, compile_model, found, save

STORAGE = {"float16": np.float16, "bfloat16": ml_dtypes.bfloat16}


def data_type(name):
    return getattr(TensorProto, name.upper())


def converted(model, name):
    """The model with weights, inputs and outputs of a storage type; and itself, with the same rounded weights."""
    stored, rounded = onnx.ModelProto(), onnx.ModelProto()
    stored.CopyFrom(model)
    rounded.CopyFrom(model)

    def convert(tensor, twin):
        array = numpy_helper.to_array(tensor)
        if array.dtype == np.float32:
            narrow = array.astype(STORAGE[name])
            tensor.CopyFrom(numpy_helper.from_array(narrow, tensor.name))
            twin.CopyFrom(numpy_helper.from_array(narrow.astype(np.float32), tensor.name))

    for tensor, twin in zip(stored.graph.initializer, rounded.graph.initializer):
        convert(tensor, twin)
    for node, twin in zip(stored.graph.node, rounded.graph.node):
        for attribute, other in zip(node.attribute, twin.attribute):
            if attribute.type == onnx.AttributeProto.TENSOR:
                convert(attribute.t, other.t)
            elif node.op_type == "Cast" and attribute.i == TensorProto.FLOAT:
                attribute.i = data_type(name)
    for value in (*stored.graph.input, *stored.graph.output):
        if value.type.tensor_type.elem_type == TensorProto.FLOAT:
            value.type.tensor_type.elem_type = data_type(name)
    del stored.graph.value_info[:]
    return stored, rounded


@pytest.mark.parametrize("name, bound", [("float16", 2e-3), ("bfloat16", 1.6e-2)])
@pytest.mark.parametrize("architecture", ["deit", "swin", "convnext.dyn"])
def test_vision_transformers(small_model, run_tool, tmp_path, architecture, name, bound):
    """Recognised as in float32; agrees to the last place of the storage type with the same weights in float32."""
    original = small_model(architecture)
    stored, rounded = converted(onnx.load(original), name)
    compiled = compile_model(run_tool, save(stored, tmp_path / "stored.onnx"), tmp_path / "stored.so")
    assert found(compiled.report) == found(compile_model(run_tool, original, None).report)
    model = vitc.load(compiled.library, threads=2)
    assert {spec.type for spec in (*model.inputs, *model.outputs)} == {name}
    rng = np.random.default_rng(0)
    inputs = {spec.name: rng.standard_normal(spec.shape, dtype=np.float32).astype(spec.dtype) for spec in model.inputs}
    reference = Reference.open(save(rounded, tmp_path / "rounded.onnx"))
    for key, wanted in reference.run({key: value.astype(np.float32) for key, value in inputs.items()}).items():
        got = model.run(inputs)[key]
        assert got.dtype == STORAGE[name] and got.shape == wanted.shape
        assert np.abs(got.astype(np.float32) - wanted).max() <= bound * np.abs(wanted).max() > 0


def one_cast(path, source, target, shape, value=None):
    """y = Cast(x); of a constant, where `value` is given."""
    node = helper.make_node("Cast", ["x"], ["y"], name="the_cast", to=target)
    x = [helper.make_tensor_value_info("x", source, shape)] if value is None else []
    constants = [] if value is None else [numpy_helper.from_array(value, "x")]
    y = helper.make_tensor_value_info("y", target, shape)
    graph = helper.make_graph([node], "g", x, [y], constants)
    return save(helper.make_model(graph, ir_version=10, opset_imports=[helper.make_opsetid("", 21)]), path)


def interesting_floats(name):
    """Every value of the storage type, the numbers halfway between neighbours, and those just beside them."""
    values = np.arange(1 << 16, dtype=np.uint16).view(STORAGE[name]).astype(np.float32)
    finite = np.sort(values[np.isfinite(values)])
    middle = ((finite[1:].astype(np.float64) + finite[:-1]) / 2).astype(np.float32)
    beside = [np.nextafter(middle, np.float32(to)) for to in (-np.inf, np.inf)]
    huge = np.float32([np.finfo(np.float32).max, 1e30, np.inf, np.nan])
    all_values = np.concatenate([values, middle, *beside, huge, -huge])
    return all_values[(all_values == 0) | (np.abs(all_values) >= np.finfo(np.float32).tiny) | np.isnan(all_values)]


def same_bits(got, wanted):
    """Equal to the sign of zero, and NaN where NaN is."""
    nan = np.isnan(wanted.astype(np.float32))
    assert (np.isnan(got.astype(np.float32)) == nan).all()
    np.testing.assert_array_equal(got.view(np.uint16)[~nan], wanted.view(np.uint16)[~nan])


@pytest.mark.parametrize("level", ["x86-64-v3", "x86-64-v4"])
@pytest.mark.parametrize("name", STORAGE)
def test_rounding_is_to_nearest_even(run_tool, tmp_path, name, level):
    """Overflow is infinite, NaN stays NaN; by instructions of the processor alone."""
    values = interesting_floats(name)
    path = one_cast(tmp_path / "m.onnx", TensorProto.FLOAT, data_type(name), [len(values)])
    run = run_tool("vitc", path, "-o", tmp_path / "m.so", f"--mcpu={level}", "--emit=so,asm")
    assert run.returncode == 0, run.stderr
    assert not re.findall(r"call\S*\s+\S*__\w+", (tmp_path / "m.s").read_text())
    with np.errstate(over="ignore", invalid="ignore"):
        wanted = values.astype(STORAGE[name])
    try:
        model = vitc.load(tmp_path / "m.so")
    except vitc.Error:
        pytest.skip(f"this processor does not run {level}")
    same_bits(model(values), wanted)


@pytest.mark.parametrize("name", STORAGE)
def test_rounding_at_compile_time(run_tool, tmp_path, name):
    values = interesting_floats(name)
    compile_model(run_tool, one_cast(tmp_path / "m.onnx", None, data_type(name), [len(values)], values), tmp_path / "m.so")
    with np.errstate(over="ignore", invalid="ignore"):
        same_bits(vitc.load(tmp_path / "m.so")(), values.astype(STORAGE[name]))


@pytest.mark.parametrize("name", STORAGE)
@pytest.mark.parametrize("constant", [False, True], ids=["input", "constant"])
def test_widening_is_exact(run_tool, tmp_path, name, constant):
    """All 65,536 values; subnormal numbers of bfloat16 are those of float32, which count as zero at run time."""
    values = np.arange(1 << 16, dtype=np.uint16).view(STORAGE[name])
    path = one_cast(tmp_path / "m.onnx", data_type(name), TensorProto.FLOAT, [1 << 16], values if constant else None)
    compile_model(run_tool, path, tmp_path / "m.so")
    model = vitc.load(tmp_path / "m.so")
    np.testing.assert_array_equal(model() if constant else model(values), values.astype(np.float32))


def test_casts_round_and_arithmetic_does_not(run_tool, tmp_path):
    """1 + 2^-12 is lost where the model casts it to float16, and kept where it is only said to be float16."""
    text = """<ir_version: 10, opset_import: ["" : 21]> g (float16[4] x) => (float16[4] kept, float16[4] lost) {
        tiny = Constant <value_float = 0.000244140625> ()
        big = Constant <value_float = 4096.0> ()
        one = Constant <value_float = 1.0> ()
        t = Cast <to = 10> (tiny)
        b = Cast <to = 10> (big)
        o = Cast <to = 10> (one)
        sum = Add(x, t)
        wide = Cast <to = 1> (sum)
        rounded = Cast <to = 10> (wide)
        k = Sub(sum, o)
        kept = Mul(k, b)
        l = Sub(rounded, o)
        lost = Mul(l, b) }"""
    path = save(onnx.parser.parse_model(text), tmp_path / "m.onnx")
    compile_model(run_tool, path, tmp_path / "m.so")
    kept, lost = vitc.load(tmp_path / "m.so").run({"x": np.ones(4, np.float16)}).values()
    assert (kept == 1).all() and (lost == 0).all()


@pytest.mark.parametrize("name", STORAGE)
def test_data_movement_keeps_bits(run_tool, tmp_path, name):
    """Transposed, returned as it came, and returned from a constant."""
    type_, rng = data_type(name), np.random.default_rng(0)
    constant = rng.standard_normal((3, 4)).astype(STORAGE[name])
    x, y, z, c = (helper.make_tensor_value_info(value, type_, shape)
                  for value, shape in [("x", [2, 3]), ("y", [3, 2]), ("z", [2, 3]), ("c", [3, 4])])
    nodes = [helper.make_node("Transpose", ["x"], ["y"]), helper.make_node("Identity", ["x"], ["z"]),
             helper.make_node("Identity", ["w"], ["c"])]
    graph = helper.make_graph(nodes, "g", [x], [y, z, c], [numpy_helper.from_array(constant, "w")])
    model = helper.make_model(graph, ir_version=10, opset_imports=[helper.make_opsetid("", 21)])
    compile_model(run_tool, save(model, tmp_path / "m.onnx"), tmp_path / "m.so")
    value = rng.standard_normal((2, 3)).astype(STORAGE[name])
    outputs = vitc.load(tmp_path / "m.so").run({"x": value})
    for got, wanted in zip(outputs.values(), [value.T, value, constant]):
        np.testing.assert_array_equal(got.view(np.uint16), np.ascontiguousarray(wanted).view(np.uint16))


def test_tools_know_the_types(small_model, run_tool, tmp_path):
    """--info, --verify and vitc-run with .npy files."""
    stored, _ = converted(onnx.load(small_model("deit")), "float16")
    path = save(stored, tmp_path / "m.onnx")
    verified = run_tool("vitc", path, "-o", tmp_path / "m.so", "--verify")
    assert verified.returncode == 0 and "verified" in verified.stdout, verified.stderr
    assert '"type": "float16"' in run_tool("vitc", "--info", tmp_path / "m.so").stdout
    model = vitc.load(tmp_path / "m.so")
    x = np.random.default_rng(0).standard_normal(model.inputs[0].shape).astype(np.float16)
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "y.npy", model(x))
    run = run_tool("vitc-run", tmp_path / "m.so", "--input", tmp_path / "x.npy", "--compare", tmp_path / "y.npy")
    assert run.returncode == 0, run.stderr


def test_bits_stand_for_bfloat16(run_tool, tmp_path):
    """Where a program has no other name for them."""
    path = one_cast(tmp_path / "m.onnx", TensorProto.BFLOAT16, TensorProto.FLOAT, [4])
    compile_model(run_tool, path, tmp_path / "m.so")
    bits = np.array([0x3F80, 0xBF80, 0x4000, 0x7F80], np.uint16)
    np.testing.assert_array_equal(vitc.load(tmp_path / "m.so")(bits), np.float32([1, -1, 2, np.inf]))
    with pytest.raises(vitc.Error, match="uint16; expected float32|type uint16"):
        compile_model(run_tool, one_cast(tmp_path / "n.onnx", TensorProto.FLOAT, TensorProto.BFLOAT16, [4]), tmp_path / "n.so")
        vitc.load(tmp_path / "n.so")(bits)
