"""Models that attack: each is refused with a sentence, in bounded time and memory, and leaves nothing behind.

`refuses` checks status, sentence and folder, the fixture `bounded` the rest.
"""
import os
import resource

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from harness import listing
from nodes import run_model

FLOAT = TensorProto.FLOAT
node = helper.make_node


@pytest.fixture(autouse=True)
def bounded(build_dir):
    """Every process that a test starts has bounded time and, but for AddressSanitizer's terabytes of shadow, memory."""
    limits = {resource.RLIMIT_CPU: 60, resource.RLIMIT_CORE: 0}
    if build_dir.name not in ("asan", "fuzz"):
        limits[resource.RLIMIT_DATA] = 4 << 30
    former = {kind: resource.getrlimit(kind) for kind in limits}
    limits[resource.RLIMIT_CPU] += int(sum(resource.getrusage(resource.RUSAGE_SELF)[:2]))
    for kind, limit in limits.items():
        resource.setrlimit(kind, (limit, former[kind][1]))
    yield
    for kind, limit in former.items():
        resource.setrlimit(kind, limit)


def model(nodes, constants=(), shape=(1, 4), inputs=None, outputs=("y",), opset=18, functions=()):
    inputs = inputs or [helper.make_tensor_value_info("x", FLOAT, shape)]
    results = [helper.make_tensor_value_info(name, FLOAT, None) for name in outputs]
    opsets = [helper.make_opsetid("", opset)] + ([helper.make_opsetid("local", 1)] if functions else [])
    graph = helper.make_graph(nodes, "graph", inputs, results, list(constants))
    return helper.make_model(graph, opset_imports=opsets, ir_version=9, functions=list(functions))


def ints(name, *values):
    return numpy_helper.from_array(np.array(values, np.int64), name)


def tensor(name, dims, data=None, data_type=FLOAT):
    made = TensorProto(name=name, dims=dims, data_type=data_type)
    if data is not None:
        made.raw_data = data
    return made


@pytest.fixture
def refused(refuses, tmp_path):
    """refused(model, says): the model, or its bytes, are refused with these words."""

    def check(content, says, *arguments):
        content = content if isinstance(content, bytes) else content.SerializeToString()
        (tmp_path / "m.onnx").write_bytes(content)
        return refuses("m.onnx", "-o", "m.so", *arguments, says=says)

    return check


# Files


@pytest.mark.parametrize("place", ["pipe", "zero", "."])
def test_what_is_no_file_beside_the_model(refused, tmp_path, place):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    weight = tensor("w", [4])
    weight.data_location = TensorProto.EXTERNAL
    weight.external_data.add(key="location", value=place)
    refused(model([node("Add", ["x", "w"], ["y"])], [weight]), "there is no file")


def test_a_device_as_the_model(refuses):
    refuses("/dev/zero", "-o", "m.so", says="it is a device")


def test_more_than_protobuf_can_hold(run_tool, tmp_path):
    with open(tmp_path / "m.onnx", "wb") as file:
        file.truncate(3 << 30)  # takes no space
    run = run_tool("vitc", "m.onnx", "-o", "m.so", cwd=tmp_path)
    assert run.returncode == 1 and "larger than 2 GiB; save the model with external data" in run.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["m.onnx"]


# Sizes

HUGE = [[2**40], [1, 2**33], [2**62, 8], [2**32, 2**32], [0, 2**62, 2**62]]


@pytest.mark.parametrize("dims", [*HUGE, [-1], [-(2**63)], [1] * 33], ids=lambda dims: str(dims[:3]))
def test_constants_without_their_bytes(refused, dims):
    for data in (b"", bytes(16)):
        refused(model([node("Add", ["x", "w"], ["y"])], [tensor("w", dims, data)]), "tensor 'w'")


@pytest.mark.parametrize("extent, data_type", [(2**63 - 1, TensorProto.INT4), (2**62, TensorProto.UINT8), (2**60, FLOAT)])
def test_more_bits_than_can_be_counted(refused, extent, data_type):
    refused(model([node("Cast", ["w"], ["y"], to=FLOAT)], [tensor("w", [extent], bytes(4), data_type)], opset=21), "bytes of data, got")


@pytest.mark.parametrize("data", [15, 17, 0])
@pytest.mark.parametrize("data_type", [FLOAT, TensorProto.INT64, TensorProto.BOOL, TensorProto.FLOAT16], ids=str)
def test_a_wrong_number_of_bytes(refused, data, data_type):
    refused(model([node("Add", ["x", "w"], ["y"])], [tensor("w", [5], bytes(data), data_type)]), "bytes of data, got")


@pytest.mark.parametrize("shape", [[2**62, 8], [2**48, 2], [-3], [1] * 33], ids=lambda shape: str(shape[:3]))
def test_shapes_stated_by_constants(refused, shape):
    stated = ints("s", *shape)
    for bomb in (node("ConstantOfShape", ["s"], ["e"], name="bomb"), node("Expand", ["x", "s"], ["e"], name="bomb")):
        refused(model([bomb, node("Add", ["x", "e"], ["y"])], [stated]), "bomb")


def test_tiles_and_ranges(refused):
    refused(model([node("Tile", ["x", "s"], ["y"], name="bomb")], [ints("s", 2**40, 2**40)]), "bomb")
    refused(model([node("Pad", ["x", "p"], ["y"], name="bomb")], [ints("p", 0, 0, 0, 2**50)]), "bomb")


@pytest.mark.parametrize("mode", ["nearest", "linear"])
def test_tables_of_the_compiled_model(run_tool, tmp_path, mode):
    """Tables of a resize are constants where axes are short, and computed in each run otherwise."""
    scales = numpy_helper.from_array(np.array([1, 1, 1, 1e8], np.float32), "s")
    onnx.save(model([node("Resize", ["x", "", "s"], ["y"], mode=mode)], [scales], shape=(1, 1, 4, 4)), tmp_path / "m.onnx")
    run = run_tool("vitc", "m.onnx", "--compile-to=linalg", cwd=tmp_path)
    assert run.returncode == 0, run.stderr


def test_windows_of_the_compiled_model(run_tool, tmp_path):
    """So are the counts of a mean's windows."""
    pool = node("AveragePool", ["x"], ["y"], kernel_shape=[2, 2], pads=[2**20] * 4)
    onnx.save(model([pool], shape=(1, 1, 4, 4)), tmp_path / "m.onnx")
    run = run_tool("vitc", "m.onnx", "--compile-to=linalg", cwd=tmp_path)
    assert run.returncode == 0, run.stderr


def test_regions_that_are_nowhere(run_tool, tmp_path):
    for corner in (np.nan, np.inf, -1e30):
        region = numpy_helper.from_array(np.array([0, 0, 0, corner, 1, 1, 1, 1], np.float32), "r")
        resize = node("Resize", ["x", "r", "", "s"], ["y"], mode="linear", coordinate_transformation_mode="tf_crop_and_resize")
        onnx.save(model([resize], [region, ints("s", 1, 1, 8, 8)], shape=(1, 1, 4, 4)), tmp_path / "m.onnx")
        run = run_tool("vitc", "m.onnx", "--compile-to=linalg", cwd=tmp_path)
        assert run.returncode == 0, run.stderr


def test_a_limit_holds_for_what_the_model_asks_for(refuses, tmp_path):
    """A gigabyte of zeros that compress to nothing."""
    nodes = [node("ConstantOfShape", ["s"], ["c"], name="bomb"), node("Exp", ["c"], ["e"]), node("Add", ["x", "e"], ["y"])]
    made = model(nodes, [ints("s", 30000, 4)])
    (tmp_path / "m.onnx").write_bytes(made.SerializeToString())
    refuses("m.onnx", "-o", "m.so", "--max-memory=16M", says="out of memory")


@pytest.mark.parametrize("rank", [33, 5000])
def test_more_dimensions_than_any_tensor_has(refused, rank):
    refused(model([node("Relu", ["x"], ["y"])], shape=[1] * rank), f"{rank} dimensions, expected at most 32")
    refused(model([node("Reshape", ["x", "s"], ["y"], name="bomb")], [ints("s", *[1] * rank)], shape=[1]), ["bomb", "at most 32 dimensions"])


@pytest.mark.parametrize("last", ["Mul", "Div"])
def test_sizes_that_grow_as_expressions(refused, last):
    """Each step squares a polynomial of the dimensions, or divides by one what was divided before."""
    nodes = [node("Shape", ["x"], ["all"]), node("Gather", ["all", "first"], ["s0"]), node("Gather", ["all", "second"], ["t"])]
    for i in range(100):
        nodes += [node("Add", [f"s{i}", "t"], [f"a{i}"]), node("Mul", [f"a{i}", f"s{i}"], [f"m{i}"]), node(last, [f"m{i}", "three"], [f"s{i + 1}"])]
    nodes += [node("Concat", ["s100", "ones"], ["shape"], axis=0), node("Expand", ["x", "shape"], ["y"], name="bomb")]
    constants = [ints("first", 0), ints("second", 1), ints("three", 3), ints("ones", 1, 1)]
    refused(model(nodes, constants, shape=("batch", "height", 4)), "bomb")


def test_a_product_of_large_expressions(refused):
    nodes = [node("Shape", ["x"], ["all"]), node("Gather", ["all", "first"], ["b"]), node("Gather", ["all", "second"], ["h"]),
             node("Add", ["b", "h"], ["s0"]), *(node("Mul", [f"s{i}", f"s{i}"], [f"s{i + 1}"]) for i in range(3)),
             node("Concat", ["s3", "s3"], ["shape"], axis=0), node("Expand", ["one", "shape"], ["e"]),
             node("Reshape", ["e", "flat"], ["y"], name="bomb")]
    constants = [ints("first", 0), ints("second", 1), ints("flat", -1), numpy_helper.from_array(np.ones((1, 1), np.float32), "one")]
    refused(model(nodes, constants, shape=("batch", "height")), ["bomb", "an expression of more than 256 parts"])
    nodes[-1] = node("Flatten", ["e"], ["y"], name="bomb", axis=0)
    refused(model(nodes, constants, shape=("batch", "height")), ["bomb", "expected extents that few operations on named dimensions give"])


@pytest.mark.parametrize("axis", [2**63 - 1, -(2**63), 2**63 - 2])
def test_axes_at_the_ends_of_integers(refused, axis):
    """Also of a value whose rank is not known yet."""
    for source in ("x", "r"):
        made = model([node("Relu", ["x"], ["r"]), node("ReduceMean", [source], ["y"], axes=[axis, 0])], opset=13)
        refused(made, "expected axes from")


@pytest.mark.parametrize("op", ["Reshape", "Expand", "AffineGrid", "Range"])
def test_shapes_that_nothing_states(refused, op):
    inputs = ["x", "x"] if op == "Range" else ["x", ""]
    refused(model([node(op, inputs, ["y"])], shape=() if op == "Range" else (2, 2, 3), opset=20), op)


def test_outputs_that_no_version_of_an_operator_has(refused):
    norm = node("BatchNormalization", ["x", "s", "s", "s", "s"], ["n", "mean", "var", "extra"])
    refused(model([norm, node("Add", ["n", "extra"], ["y"])], [tensor("s", [4], bytes(16))], opset=10), "extra")


def test_unpooling_what_is_no_tensor(refused):
    split = node("SplitToSequence", ["x"], ["seq"], axis=1)
    refused(model([split, node("MaxUnpool", ["seq", "seq"], ["y"], kernel_shape=[2, 2])]), "expected an input of numbers")


@pytest.mark.parametrize("name", ["kernel_shape", "strides", "pads"])
def test_windows_that_no_extent_holds(refused, name):
    windows = {"kernel_shape": [2, 2], "strides": [1, 1], "pads": [0, 0, 0, 0]}
    windows[name] = [2**63 - 1 - index for index in range(len(windows[name]))]
    indices = numpy_helper.from_array(np.zeros((1, 1, 2, 2), np.int64), "i")
    refused(model([node("MaxUnpool", ["x", "i"], ["y"], **windows)], [indices], shape=(1, 1, 2, 2)), "expected a kernel_shape")


def test_normalised_as_a_whole(run_tool, tmp_path):
    """The norm's statistics are one number, which is then a dimension of one element."""
    x = np.arange(12, dtype=np.float32).reshape(3, 4)
    ones = numpy_helper.from_array(np.ones((3, 4), np.float32), "w")
    nodes = [node("LayerNormalization", ["x", "w"], ["n", "", "d"], axis=0), node("Trilu", ["d"], ["t"]),
             node("Mul", ["t", "x"], ["y"])]
    expected = x / np.sqrt(x.var() + 1e-5)
    assert np.allclose(run_model(model(nodes, [ones], shape=(3, 4)), {"x": x}, run_tool, tmp_path)["y"], expected, rtol=1e-5)


def test_slices_along_no_axis(run_tool, tmp_path):
    x = np.arange(4, dtype=np.float32).reshape(1, 4)
    nothing = [ints(name) for name in ("starts", "ends", "axes", "steps")]
    made = model([node("Slice", ["x", "starts", "ends", "axes", "steps"], ["s"]), node("Relu", ["s"], ["y"])], nothing)
    assert np.array_equal(run_model(made, {"x": x}, run_tool, tmp_path)["y"], x)


@pytest.mark.parametrize("op, name", [("ConstantOfShape", "value"), ("Cast", "to"), ("EyeLike", "dtype")])
@pytest.mark.parametrize("value", [3.5, "float", [1, 2], tensor("t", [1], bytes(4))], ids=["float", "text", "list", "tensor"])
def test_types_stated_by_attributes_of_any_kind(run_tool, tmp_path, op, name, value):
    onnx.save(model([node("Shape", ["x"], ["s"]), node(op, ["s" if op == "ConstantOfShape" else "x"], ["y"], **{name: value})]), tmp_path / "m.onnx")
    run = run_tool("vitc", "m.onnx", "--compile-to=onnx", cwd=tmp_path)
    is_valid = op == "ConstantOfShape" and isinstance(value, TensorProto)
    assert run.returncode == (0 if is_valid else 1), run.stderr
    assert is_valid or run.stderr.startswith("vitc: error: "), run.stderr


# Graphs


def function(name, nodes):
    return helper.make_function("local", name, ["a"], ["b"], nodes, [helper.make_opsetid("", 18), helper.make_opsetid("local", 1)])


def call(name, source="a", result="b"):
    return node(name, [source], [result], domain="local")


def test_functions_that_call_each_other(refused):
    functions = [function("F", [call("G")]), function("G", [call("F")])]
    refused(model([call("F", "x", "y")], functions=functions), "calls itself")


def test_functions_of_functions(refused):
    """Deeper than a stack, and more calls than there is time for."""
    deep = [function(f"F{i}", [call(f"F{i + 1}")]) for i in range(20000)] + [function("F20000", [node("Relu", ["a"], ["b"])])]
    refused(model([call("F0", "x", "y")], functions=deep), "128 functions")
    wide = [function(f"F{i}", [call(f"F{i + 1}", "a", "c"), call(f"F{i + 1}", "c", "b")]) for i in range(60)]
    refused(model([call("F0", "x", "y")], functions=[*wide, function("F60", [node("Identity", ["a"], ["b"])])]), "more than 262144 nodes")


def field(number, content):
    """A field of bytes in protobuf's encoding."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def varint(value):
    return bytes([value]) if value < 128 else bytes([value & 127 | 128]) + varint(value >> 7)


@pytest.mark.parametrize("depth", [20, 200, 10_000])
def test_nested_subgraphs(refused, depth):
    """`If` in `If`, written by hand: no library of ONNX writes ten thousand."""
    result = field(12, field(1, b"y"))
    body = field(1, field(1, b"x") + field(2, b"y") + field(4, b"Relu")) + result
    for _ in range(depth):
        branch = field(1, b"then_branch") + varint(20 << 3) + varint(5) + field(6, body)
        body = field(1, field(1, b"x") + field(2, b"y") + field(4, b"If") + field(5, branch)) + result
    body += field(11, helper.make_tensor_value_info("x", FLOAT, (1, 4)).SerializeToString())
    refused(varint(1 << 3) + varint(9) + field(7, body) + field(8, varint(2 << 3) + varint(18)), "m.onnx" if depth > 90 else "If")


def test_nodes_in_any_order(run_tool, tmp_path):
    """3,000 nodes, the last first."""
    nodes = [node("Relu", [f"v{i}" if i else "x"], [f"v{i + 1}" if i < 2999 else "y"]) for i in range(3000)]
    onnx.save(model(nodes[::-1]), tmp_path / "m.onnx")
    run = run_tool("vitc", "m.onnx", "--compile-to=onnx", cwd=tmp_path, timeout=300)
    assert run.returncode == 0, run.stderr
    assert run.stdout.count("onnx.Relu") >= 1


# Names

NAMES = {
    "escape": "\x1b[31m\a\b",
    "lines": "a\nvitc: error: b\r",
    "direction": "\u202eevil\u2066",
    "quotes": "a\"b'c\\d",
    "format": "%s%n{0}",
    "long": "n" * 100_000,
}


def is_printable(text):
    return all(character == "\n" or (character.isprintable() or character == " ") for character in text)


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_names_in_messages(refused, name):
    for made in (model([node("Softmax", ["x"], ["y"], name=name, axis=9)]), model([node("Add", ["x", name], ["y"])]),
                 model([node(name, ["x"], ["y"])])):
        said = refused(made, "vitc: error: ")
        assert is_printable(said) and len(said) < 20_000
        assert said.count("\n") == 1, "one sentence is one line, whatever its names are"


def test_names_that_are_no_text(run_tool, tmp_path):
    made = model([node("Softmax", ["x"], ["y"], name="QQQQ", axis=9)]).SerializeToString()
    (tmp_path / "m.onnx").write_bytes(made.replace(b"QQQQ", b"\xff\xc0\x80\xfe"))
    run = run_tool("vitc", "m.onnx", "-o", "m.so", cwd=tmp_path)  # whose output has to decode
    assert run.returncode == 1 and "\\xff\\xc0\\x80\\xfe" in run.stderr


# Depth and length: nothing takes exponential time, and no walk overflows the stack.


def roll(value, number):
    """The two halves of a value, exchanged."""
    return [node("Slice", [value, "four", "eight", "one"], [f"tail{number}"]), node("Slice", [value, "zero", "four", "one"], [f"head{number}"]),
            node("Concat", [f"tail{number}", f"head{number}"], [f"v{number}"], axis=1)]


STEPS = {
    "rolls": roll,
    "sums with itself": lambda value, number: [node("Add", [value, value], [f"v{number}"])],
    "diamonds": lambda value, number: [node("Relu", [value], [f"a{number}"]), node("Neg", [value], [f"b{number}"]),
                                       node("Add", [f"a{number}", f"b{number}"], [f"v{number}"])],
    "sums with constants": lambda value, number: [node("Add", [value, "table"], [f"v{number}"])],
    "splits": lambda value, number: [node("Split", [value, "halves"], [f"a{number}", f"b{number}"], axis=1),
                                     node("Concat", [f"b{number}", f"a{number}"], [f"v{number}"], axis=1)],
    "views": lambda value, number: [node("Transpose", [value], [f"t{number}"], perm=[0, 2, 1]), node("Reshape", [f"t{number}", "shape"], [f"v{number}"])],
}


def chain(step, length):
    """From x to y by so many steps."""
    nodes, value = [], "x"
    for number in range(length):
        nodes += step(value, number)
        value = f"v{number}"
    return [*nodes, node("Identity", [value], ["y"])]


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_deep_graphs(run_tool, tmp_path, step):
    nodes = chain(step, 150)
    constants = [ints("zero", 0), ints("one", 1), ints("four", 4), ints("eight", 8), ints("halves", 4, 4), ints("shape", 1, 8, 16),
                 numpy_helper.from_array(np.ones((8, 16), np.float32), "table")]
    onnx.save(model(nodes, constants, shape=(1, 8, 16)), tmp_path / "m.onnx")
    before = listing(tmp_path)
    run = run_tool("vitc", "m.onnx", "--explain", cwd=tmp_path, timeout=600)
    assert run.returncode == 0, run.stderr
    assert listing(tmp_path) == before


LONG = {
    "elementwise": lambda value, number: [node("Add", [value, "scalar"], [f"a{number}"]), node("Relu", [f"a{number}"], [f"v{number}"])],
    "products": lambda value, number: [node("MatMul", [value, "square"], [f"v{number}"])],
    "views": STEPS["views"],
    "diamonds": STEPS["diamonds"],
}


@pytest.mark.parametrize("step", LONG.values(), ids=LONG)
def test_long_graphs(run_tool, tmp_path, step):
    """Compiled as far as buffers are planned: no step takes time that is cubic in the length."""
    nodes = chain(step, 1000)
    constants = [ints("shape", 1, 8, 8), numpy_helper.from_array(np.float32(0.5), "scalar"),
                 numpy_helper.from_array(np.eye(8, dtype=np.float32), "square")]
    onnx.save(model(nodes, constants, shape=(1, 8, 8)), tmp_path / "m.onnx")
    run = run_tool("vitc", "m.onnx", "--compile-to=vector", cwd=tmp_path, timeout=600)
    assert run.returncode == 0, run.stderr


def test_long_lists(run_tool, tmp_path):
    """A Concat of 400 tensors and a Sum of as many, and a CumSum along 100,000 elements, which takes one pass."""
    names = [f"p{i}" for i in range(400)]
    nodes = [*(node("Mul", ["x", f"c{i}"], [name]) for i, name in enumerate(names)), node("Concat", names, ["y"], axis=0), node("Sum", names, ["z"])]
    scales = [numpy_helper.from_array(np.float32(i), f"c{i}") for i in range(400)]
    x = np.arange(1, 5, dtype=np.float32).reshape(1, 4)
    result = run_model(model(nodes, scales, outputs=("y", "z")), {"x": x}, run_tool, tmp_path)
    np.testing.assert_array_equal(result["y"], np.arange(400, dtype=np.float32)[:, None] * x)
    np.testing.assert_array_equal(result["z"], 79800 * x)
    sums = model([node("CumSum", ["x", "axis"], ["y"])], [numpy_helper.from_array(np.int64(1), "axis")], shape=(4, 100_000))
    ones = np.ones((4, 100_000), np.float32)
    np.testing.assert_array_equal(run_model(sums, {"x": ones}, run_tool, tmp_path)["y"], np.cumsum(ones, axis=1))


@pytest.mark.parametrize("name", [b"\xff\xfe\xff\xfe", b"a\0bc"], ids=["no UTF-8", "zero byte"])
def test_names_that_a_library_cannot_hold(refused, name):
    for made in (model([node("Relu", ["QQQQ"], ["y"])], inputs=[helper.make_tensor_value_info("QQQQ", FLOAT, (1, 4))]),
                 model([node("Relu", ["x"], ["QQQQ"])], outputs=["QQQQ"]), model([node("Relu", ["x"], ["y"])], shape=("QQQQ", 4))):
        refused(made.SerializeToString().replace(b"QQQQ", name), "in UTF-8 without zero bytes")
