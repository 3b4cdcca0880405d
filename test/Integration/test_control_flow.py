"""If, Loop, Scan and sequences: as ONNX Runtime says."""
import numpy as np
import pytest
from onnx import TensorProto, helper

from single_nodes import FLOAT, Graph, agrees, node

BOOL, INT64 = TensorProto.BOOL, TensorProto.INT64


def body(nodes, inputs, outputs, initializers=()):
    """A subgraph; inputs and outputs are names, or pairs of the name and the element type of a scalar."""
    def info(item):
        return helper.make_tensor_value_info(*item, []) if isinstance(item, tuple) else helper.make_tensor_value_info(item, FLOAT, None)

    infos = [[info(item) for item in items] for items in (inputs, outputs)]
    return helper.make_graph(nodes, "body", *infos, list(initializers))


def make_if(condition, shape=(2, 3), **more):
    then = body([helper.make_node("Mul", ["x", "two"], ["a"])], [], ["a"])
    otherwise = body([helper.make_node("Exp", ["x"], ["b"])], [], ["b"])
    nodes = [*condition, node("If", ["c"], then_branch=then, else_branch=otherwise)]
    return Graph(nodes, {"x": shape}, {"two": np.float32(2), "zero": np.float32(0), "three": np.int64(3)}, **more)


ON_DATA = [helper.make_node("ReduceSum", ["x"], ["s"], keepdims=0), helper.make_node("Greater", ["s", "zero"], ["c"])]
ON_SHAPE = [helper.make_node("Size", ["x"], ["n"]), helper.make_node("Greater", ["n", "three"], ["c"])]


@pytest.mark.parametrize("condition", (ON_DATA, ON_SHAPE), ids=("data", "shape"))
def test_if(condition, run_tool, tmp_path):
    agrees(make_if(condition), run_tool, tmp_path)


def make_loop(count, **more):
    """y = x · 2^n and all powers on the way, with a name of the outer graph used for something else inside."""
    step = body([helper.make_node("Add", ["carried", "carried"], ["next"]), helper.make_node("Identity", ["next"], ["out"]),
                 helper.make_node("Identity", ["going"], ["goes"])],
                [("i", INT64), ("going", BOOL), "carried"], [("goes", BOOL), "next", "out"])
    return Graph([node("Loop", ["m", "", "x"], ["y", "all"], body=step)], {"x": (2, 3)}, {"m": np.int64(count)}, ("y", "all"), **more)


def test_loop(run_tool, tmp_path):
    agrees(make_loop(4), run_tool, tmp_path)


def test_loop_until(run_tool, tmp_path):
    """At most 8 doublings, until the sum exceeds 50."""
    step = body([helper.make_node("Add", ["carried", "carried"], ["next"]),
                 helper.make_node("ReduceSum", ["next"], ["s"], keepdims=0), helper.make_node("Less", ["s", "fifty"], ["goes"])],
                [("i", INT64), ("going", BOOL), "carried"], [("goes", BOOL), "next"])
    nodes = [helper.make_node("Abs", ["x"], ["a"]), node("Loop", ["m", "", "a"], body=step)]
    agrees(Graph(nodes, {"x": (2, 3)}, {"m": np.int64(8), "fifty": np.float32(50)}), run_tool, tmp_path)


def test_nested_loops(run_tool, tmp_path):
    inner = body([helper.make_node("Add", ["b", "x"], ["b1"]), helper.make_node("Identity", ["d"], ["d1"])],
                 [("j", INT64), ("d", BOOL), "b"], [("d1", BOOL), "b1"])
    outer = body([helper.make_node("Loop", ["m", "", "a"], ["a0"], body=inner), helper.make_node("Neg", ["a0"], ["a1"]),
                  helper.make_node("Identity", ["c"], ["c1"])],
                 [("i", INT64), ("c", BOOL), "a"], [("c1", BOOL), "a1"])
    agrees(Graph([node("Loop", ["m", "", "x"], body=outer)], {"x": (2, 3)}, {"m": np.int64(3)}), run_tool, tmp_path)


@pytest.mark.parametrize("reverse", (0, 1))
def test_scan(reverse, run_tool, tmp_path):
    step = body([helper.make_node("Add", ["state", "slice"], ["next"]), helper.make_node("Mul", ["next", "next"], ["square"])],
                ["state", "slice"], ["next", "square"])
    built = node("Scan", ["h", "x"], ["last", "y"], body=step, num_scan_inputs=1, scan_input_axes=[1],
                 scan_input_directions=[reverse], scan_output_axes=[-1], scan_output_directions=[reverse])
    agrees(Graph([built], {"x": (2, 5, 3)}, {"h": np.float32(np.ones((2, 3)))}, ("last", "y")), run_tool, tmp_path)


@pytest.mark.parametrize("reverse", (0, 1))
def test_scan_of_a_batch(reverse, run_tool, tmp_path):
    """Before opset 9: states and slices of each element of the batch are its own."""
    step = body([helper.make_node("Add", ["state", "slice"], ["next"]), helper.make_node("Mul", ["next", "slice"], ["product"])],
                ["state", "slice"], ["next", "product"])
    built = node("Scan", ["", "h", "x"], outputs=("last", "y"), body=step, num_scan_inputs=1, directions=[reverse])
    agrees(Graph([built], {"x": (2, 5, 3)}, {"h": np.float32(np.arange(6).reshape(2, 3))}, ("last", "y"), opset=8), run_tool, tmp_path)


def test_sequences(run_tool, tmp_path):
    nodes = [node("SplitToSequence", ["x", "parts"], ["s"], axis=1), node("SequenceAt", ["s", "last"], ["a"]),
             node("SequenceInsert", ["s", "a", "first"], ["t"]), node("ConcatFromSequence", ["t"], ["y"], axis=1)]
    constants = {"parts": np.int64([2, 1, 4]), "last": np.int64(-1), "first": np.int64(0)}
    agrees(Graph(nodes, {"x": (2, 7, 3)}, constants), run_tool, tmp_path)


def test_collected_sequence(run_tool, tmp_path):
    """A loop that carries a sequence, as exporters write a list that grows."""
    step = helper.make_graph(
        [helper.make_node("Add", ["x", "one"], ["z"]), helper.make_node("SequenceInsert", ["s", "z"], ["s1"]), helper.make_node("Identity", ["c"], ["c1"])],
        "body", [helper.make_tensor_value_info("i", INT64, []), helper.make_tensor_value_info("c", BOOL, []),
                 helper.make_tensor_sequence_value_info("s", FLOAT, None)],
        [helper.make_tensor_value_info("c1", BOOL, []), helper.make_tensor_sequence_value_info("s1", FLOAT, None)])
    nodes = [node("SequenceEmpty", [], ["e"]), node("Loop", ["m", "", "e"], ["all"], body=step),
             node("ConcatFromSequence", ["all"], ["y"], axis=0, new_axis=1)]
    agrees(Graph(nodes, {"x": (2, 3)}, {"m": np.int64(3), "one": np.float32(1)}), run_tool, tmp_path)
