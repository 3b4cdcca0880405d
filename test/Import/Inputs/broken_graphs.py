"""Models that do not import: files, and graphs."""
from onnx import ModelProto, TensorProto, helper

import numpy as np

from models import BOOL, FLOAT, INT64, model, node, tensor, value


def relu(**options):
    return model([node("Relu", ["x"], ["y"], name="relu")], **options)


def edited(edit, **options):
    result = relu(**options)
    edit(result)
    return result


def recursive():
    opsets = [helper.make_opsetid("", 17)]
    function = helper.make_function("local", "F", ["v"], ["u"], [node("F", ["v"], ["u"], name="again", domain="local")], opsets)
    return model([node("F", ["x"], ["y"], name="call", domain="local")], functions=[function], imports=["local"])


def bomb():
    """Thirty functions, each of which calls the next one four times."""
    opsets = [helper.make_opsetid("", 17)]
    functions = []
    for i in range(30):
        callee = {"op_type": f"F{i + 1}", "domain": "local"} if i < 29 else {"op_type": "Relu"}
        calls = [node(inputs=[f"v{j}"], outputs=[f"v{j + 1}"], **callee) for j in range(4)]
        functions.append(helper.make_function("local", f"F{i}", ["v0"], ["v4"], calls, opsets))
    return model([node("F0", ["x"], ["y"], domain="local")], functions=functions, imports=["local"])


def unsupported():
    branch = helper.make_graph([node("StringNormalizer", ["x"], ["b"], name="inner")], "branch", [], [value("b")])
    opsets = [helper.make_opsetid("", 99)]
    function = helper.make_function("local", "F", ["v"], ["u"], [node("Neg", ["v"], ["u"], name="new")], opsets)
    nodes = [node("MatMulNBits", ["x", "x"], ["a"], name="f1", domain="com.microsoft"),
             node("If", ["c"], ["b"], name="if", then_branch=branch, else_branch=branch),
             node("MatMulNBits", ["a", "x"], ["d"], name="f2", domain="com.microsoft"),
             node("F", ["d"], ["e"], name="call", domain="local"), node("Upsample", ["e", "e"], ["y"], domain="ai.onnx"),
             node("Other", ["y"], ["z"], domain="unknown")]
    return model(nodes, [value("x"), value("c", (), BOOL)], functions=[function], imports=["com.microsoft", "local"])


def models():
    whole = relu().SerializeToString()
    no_graph = ModelProto(ir_version=8, opset_import=[helper.make_opsetid("", 17)])
    w = tensor("w", np.float32([1]))
    sequence = helper.make_tensor_sequence_value_info("x", FLOAT, None)
    return {
        "empty_file": b"",
        "text": b"this is not a model\n",
        "truncated": whole[: len(whole) // 2],
        "zeros": bytes(100),
        "no_graph": no_graph,
        "no_ir_version": edited(lambda m: m.ClearField("ir_version")),
        "no_opset": edited(lambda m: m.ClearField("opset_import")),
        "old_opset": model([node("Add", ["x", "x"], ["y"], name="add")], opset=6),
        "new_opset": relu(opset=29),
        "no_outputs": edited(lambda m: m.graph.ClearField("output")),
        "undefined_output": relu(outputs=[value("z")]),
        "undefined_input": model([node("Add", ["x", "missing"], ["y"], name="add")]),
        "defined_twice": model([node("Relu", ["x"], ["y"], name="one"), node("Neg", ["x"], ["y"], name="two")]),
        "shadows_input": model([node("Relu", ["x"], ["x"], name="one")]),
        "cycle": model([node("Add", ["x", "b"], ["a"], name="one"), node("Neg", ["a"], ["b"], name="two"),
                        node("Exp", ["b"], ["y"], name="three")]),
        "two_initializers": relu(initializers=[w, w]),
        "sparse": edited(lambda m: m.graph.sparse_initializer.add()),
        "two_inputs": relu(inputs=[value("x"), value("x")]),
        "sequence_input": relu(inputs=[sequence]),
        "string_input": relu(inputs=[value("x", (2,), TensorProto.STRING)]),
        "no_shape": relu(inputs=[value("x", None)]),
        "recursive": recursive(),
        "bomb": bomb(),
        "unsupported": unsupported(),
    }
