"""Models that do not import: nodes and tensors."""
import numpy as np
from onnx import TensorProto, helper

from models import FLOAT, INT64, model, node, tensor, value


def one(op, inputs=("x",), outputs=("y",), opset=21, initializers=(), given=None, **attributes):
    built = node(op, list(inputs), list(outputs), name="n", **attributes)
    return model([built], inputs=given, outputs=[value(outputs[0])], opset=opset, initializers=initializers)


def with_tensor(edit, kind=FLOAT, values=(1.0, 2.0)):
    weight = helper.make_tensor("w", kind, [2], list(values))
    edit(weight)
    return one("Identity", ["w"], initializers=[weight])


def with_attribute(op, opset=21, inputs=("x",), **fields):
    result = one(op, inputs, opset=opset)
    result.graph.node[0].attribute.add(**fields)
    return result


def attribute_twice():
    result = one("Softmax", axis=0)
    result.graph.node[0].attribute.add(name="axis", i=1, type=2)
    return result


def training_dropout():
    return one("Dropout", ["x", "", "t"], initializers=[tensor("t", np.array(True))])


def no_output_in_function():
    opsets = [helper.make_opsetid("", 17)]
    function = helper.make_function("local", "F", ["v"], ["missing"], [node("Relu", ["v"], ["u"])], opsets)
    return model([node("F", ["x"], ["y"], name="call", domain="local")], functions=[function], imports=["local"])


def many_inputs_of_function():
    opsets = [helper.make_opsetid("", 17)]
    function = helper.make_function("local", "F", ["v"], ["u"], [node("Relu", ["v"], ["u"])], opsets)
    return model([node("F", ["x", "x"], ["y"], name="call", domain="local")], functions=[function], imports=["local"])


def models():
    c = [tensor("c", np.float32([1, 2, 3]))]
    return {
        "attribute_kind": one("Softmax", axis=1.5),
        "attribute_subgraph": with_attribute("Relu", name="body", type=5),
        "attribute_twice": attribute_twice(),
        "attribute_unknown": one("Relu", alpha=1.0),
        "axes_kind": one("ReduceMean", opset=13, axes=1),
        "bool_value": one("ReduceMax", keepdims=2),
        "cast_type": one("Cast", to=TensorProto.COMPLEX64),
        "clip_kind": one("Clip", opset=10, min="low"),
        "clip_integers": one("Clip", opset=10, given=[value("x", (2,), INT64)], min=1.0),
        "constant_none": model([node("Constant", [], ["y"], name="n")]),
        "constant_string": model([node("Constant", [], ["y"], name="n", value_string="a")]),
        "castlike_inputs": one("CastLike"),
        "dropout_training": training_dropout(),
        "dropout_mode": one("Dropout", ["x", "", "t"], given=[value("x"), value("t", (), TensorProto.BOOL)]),
        "group_scales": one("GroupNormalization", ["x", "c", "c"], opset=20, initializers=c, num_groups=0),
        "identity_inputs": one("Identity", []),
        "input_absent": one("Add", ["", "x"]),
        "input_missing": one("Add"),
        "inputs_many": one("Clip", ["x", "", "", "x"]),
        "loss_reduction": one("NegativeLogLikelihoodLoss", ["x", "x"], reduction="max"),
        "loss_target": one("NegativeLogLikelihoodLoss", ["x", "x"]),
        "outputs_many": one("LayerNormalization", ["x", "c"], ["y", "a", "b", "d"], initializers=c),
        "outputs_relu": one("Relu", outputs=["y", "z"]),
        "function_inputs": many_inputs_of_function(),
        "function_output": no_output_in_function(),
        "resize_scales": one("Resize", ["x", "s"], opset=10, given=[value("x"), value("s", (2,))]),
        "resize_both": one("Resize", ["x", "s"], opset=10, initializers=[tensor("s", np.float32([2, 0.5]))]),
        "batch_training": one("BatchNormalization", ["x", "c", "c", "c", "c"], ["y", "m", "v"], opset=15, initializers=c),
        "batch_spatial": one("BatchNormalization", ["x", "c", "c", "c", "c"], opset=8, initializers=c, spatial=0),
        "max_unpool": one("MaxUnpool", ["x", "i"], initializers=[tensor("i", np.int64([[0]]))], kernel_shape=[2, 2], strides=[2]),
        "sum_nothing": one("Sum", []),
        "top_k": one("TopK", outputs=["y", "i"], opset=9),
        "upsample": one("Upsample", opset=7),
        "verifier": one("Transpose", perm=[0, 0]),
        "tensor_bytes": with_tensor(lambda t: t.float_data.pop()),
        "tensor_raw": with_tensor(lambda t: (t.ClearField("float_data"), setattr(t, "raw_data", bytes(7)))),
        "tensor_extent": with_tensor(lambda t: t.dims.extend([-1])),
        "tensor_huge": with_tensor(lambda t: t.dims.extend([1 << 62, 1 << 62])),
        "tensor_string": one("Identity", ["w"], initializers=[helper.make_tensor("w", TensorProto.STRING, [1], [b"a"])]),
        "tensor_complex": with_tensor(lambda t: setattr(t, "data_type", TensorProto.COMPLEX64)),
        "tensor_int4": with_tensor(lambda t: setattr(t, "data_type", TensorProto.INT4)),
        "tensor_kind": with_tensor(lambda t: setattr(t, "data_type", 999)),
    }
