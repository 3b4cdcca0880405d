"""Models with subgraphs, sequences, and operators that are functions; those whose names begin with `bad` do not import."""
import numpy as np
from onnx import helper

from models import BOOL, FLOAT, INT64, model, node, tensor, value


def graph(nodes, inputs=(), outputs=(), initializers=()):
    return helper.make_graph(nodes, "g", list(inputs), list(outputs), list(initializers))


def branches():
    """Both read the outer graph, one of them a weight that nothing outside reads, and both call their output `b`."""
    then = graph([node("Add", ["x", "w"], ["b"])], outputs=[value("b")])
    otherwise = graph([node("Mul", ["x", "v"], ["b"])], outputs=[value("b")], initializers=[tensor("v", np.float32([2]))])
    return model([node("If", ["c"], ["y"], name="if", then_branch=then, else_branch=otherwise), node("Neg", ["w"], ["z"])],
                 [value("x"), value("c", (), BOOL)], [value("y"), value("z", (1,))], [tensor("w", np.float32([1]))])


def unsorted_reads():
    """A subgraph reads what a later node computes."""
    then, otherwise = (graph([node(op, ["late"], ["b"])], outputs=[value("b")]) for op in ("Exp", "Log"))
    return model([node("If", ["c"], ["y"], name="if", then_branch=then, else_branch=otherwise), node("Neg", ["x"], ["late"], name="neg")],
                 [value("x"), value("c", (), BOOL)], [value("y")])


def loop_body(inputs=3, outputs=3):
    given = [value("i", (), INT64), value("c", (), BOOL), value("a")][:inputs]
    return graph([node("Relu", ["x"], ["a1"])], given, [value("c", (), BOOL), value("a1"), value("a1")][:outputs])


def loop(**shape):
    return model([node("Loop", ["m", "", "x"], ["y", "all"], name="loop", body=loop_body(**shape))],
                 [value("x"), value("m", (), INT64)], [value("y"), value("all", (None, 2, 3))])


def scan(inputs=("h", "x"), scanned=1, opset=21):
    body = graph([node("Add", ["a", "b"], ["a1"])], [value("a", (3,)), value("b", (3,))], [value("a1", (3,)), value("a1", (3,))])
    return model([node("Scan", list(inputs), ["y", "all"], name="scan", body=body, num_scan_inputs=scanned, scan_input_directions=[1])],
                 [value("x"), value("h", (3,))], [value("y", (3,)), value("all")], opset=opset)


def sequence_output():
    return model([node("SequenceConstruct", ["x"], ["y"])], outputs=[helper.make_tensor_sequence_value_info("y", FLOAT, None)])


def models():
    empty = graph([], outputs=[value("x")])
    condition = [value("x"), value("c", (), BOOL)]
    return {
        "branches": branches(),
        "function": model([node("MeanVarianceNormalization", ["x"], ["y"], name="mvn", axes=[0])]),
        "function_default": model([node("MeanVarianceNormalization", ["x"], ["y"], name="mvn")], [value("x", (1, 2, 3, 4))]),
        "loop": loop(),
        "old_opset": model([node("Not", ["c"], ["y"])], [value("c", (2,), BOOL)], [value("y", (2,), BOOL)], opset=1),
        "scan": scan(),
        "unsorted_reads": unsorted_reads(),
        "bad_branch": model([node("If", ["c"], ["y"], name="if", then_branch=empty)], condition),
        "bad_branch_inputs": model([node("If", ["c"], ["y"], name="if", then_branch=loop_body(), else_branch=empty)], condition),
        "bad_body": loop(inputs=2),
        "bad_body_missing": model([node("Loop", ["m"], ["y"], name="loop")], [value("m", (), INT64)]),
        "bad_condition": model([node("If", [], ["y"], name="if", then_branch=empty, else_branch=empty)]),
        "bad_initial": model([node("Loop", ["", "", ""], ["y"], name="loop", body=loop_body())]),
        "bad_read": model([node("If", ["c"], ["y"], name="if", then_branch=graph([node("Neg", ["q"], ["b"])], outputs=[value("b")]),
                                else_branch=empty)], condition),
        "bad_scan": scan(scanned=3),
        "bad_scan_batch": scan([""], opset=8),
        "bad_scan_lengths": scan(["h", "h", "x"], opset=8),
        "batched_scan": scan(["", "h", "x"], opset=8),
        "bad_sequence": model([node("SequenceAt", ["x", "x"], ["y"], name="at")]),
        "bad_sequence_inputs": model([node("SequenceInsert", ["x"], ["y"], name="insert")]),
        "bad_sequence_output": sequence_output(),
        "bad_yield": model([node("Yield", ["x"], ["y"], name="yield")]),
    }
