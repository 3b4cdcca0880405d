"""Models that import."""
import numpy as np
from onnx import TensorProto, helper

from models import BOOL, FLOAT, INT64, model, node, tensor, value


def constants():
    """A Constant node of each form."""
    forms = [dict(value=tensor("t", np.float32([1, 2]))), dict(value_float=0.5), dict(value_floats=[1.0, 2.0]),
             dict(value_int=7), dict(value_ints=[1, 2, 3])]
    nodes = [node("Constant", [], [f"c{i}"], **form) for i, form in enumerate(forms)]
    return model(nodes, outputs=[value(f"c{i}") for i in range(len(forms))])


def typed_fields():
    """Initializers whose elements are in the typed fields, in every width."""
    kinds = ["FLOAT", "DOUBLE", "FLOAT16", "BFLOAT16", "INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32",
             "UINT64", "BOOL"]
    tensors = [helper.make_tensor(kind.lower(), getattr(TensorProto, kind), [2], [1, 0]) for kind in kinds]
    return model([node("Relu", ["x"], ["y"])], outputs=[value(t.name) for t in tensors], initializers=tensors)


def weights():
    """A large float tensor, a small one, a large one of integers."""
    tensors = [tensor("large", np.arange(256, dtype=np.float32)), tensor("small", np.float32([1])),
               tensor("table", np.arange(256, dtype=np.int64)), tensor("empty", np.zeros((0, 3), np.float32))]
    return model([node("Relu", ["x"], ["y"])], outputs=[value(t.name) for t in tensors], initializers=tensors)


def identities():
    nodes = [node("Identity", ["x"], ["a"]), node("Identity", ["a"], ["b"]), node("Dropout", ["b"], ["c", "mask"]),
             node("Relu", ["c"], ["y"])]
    return model(nodes, outputs=[value("y"), value("b"), value("mask", kind=BOOL)])


def unsorted():
    return model([node("Sqrt", ["b"], ["y"], name="third"), node("Exp", ["a"], ["b"], name="second"),
                  node("Log", ["x"], ["a"], name="first")], outputs=[value("y")])


def names():
    return model([node("Relu", ["x"], ["a"], name="encoder/relu"), node("Add", ["a", "w"], ["b"]),
                  node("Split", ["b"], ["", "y"], num_outputs=2)],
                 outputs=[value("y")], initializers=[tensor("w", np.float32([1]))])


def optional():
    nodes = [node("Clip", ["x", "", "high"], ["a"]), node("Conv", ["image", "w", ""], ["b"]),
             node("MaxPool", ["b"], ["c", ""], kernel_shape=[2, 2]),
             node("LayerNormalization", ["a", "scale"], ["d", "", "deviation"], axis=-1),
             node("Resize", ["c", "", "", "sizes"], ["e"], mode="linear")]
    inputs = [value("x"), value("image", (1, 2, 8, 8)), value("w", (4, 2, 3, 3)), value("scale", (3,)),
              value("high", ()), value("sizes", (4,), INT64)]
    return model(nodes, inputs, [value("e"), value("d"), value("deviation")])


def types():
    nodes = [node("Cast", ["x"], ["a"], to=TensorProto.FLOAT16), node("Less", ["x", "x"], ["b"]),
             node("Where", ["b", "x", "x"], ["c"]), node("Shape", ["c"], ["d"]),
             node("ConstantOfShape", ["d"], ["e"], value=tensor("v", np.int32([7]))), node("CastLike", ["e", "a"], ["f"]),
             node("Sum", ["x", "x", "x"], ["g"])]
    return model(nodes, outputs=[value("f"), value("g")])


def dynamic():
    """Named, unnamed and unknown dimensions."""
    inputs = [value("image", ("batch", 3, "height", "height")), value("mask", ("?", "batch", 0))]
    return model([node("Relu", ["image"], ["y"]), node("Neg", ["mask"], ["z"])], inputs, [value("y"), value("z")])


def old_inputs():
    """Before IR version 4, initializers were inputs as well."""
    return model([node("Add", ["x", "w"], ["y"])], [value("w", (3,)), value("x")], initializers=[tensor("w", np.float32([1, 2, 3]))],
                 opset=8, ir_version=3)


def functions():
    """A function with attribute parameters that calls another one."""
    opsets = [helper.make_opsetid("", 17)]
    inner_relu = node("LeakyRelu", ["v"], ["u"], name="leaky")
    inner_relu.attribute.add(name="alpha", ref_attr_name="slope", type=1)
    inner = helper.make_function("local", "Inner", ["v"], ["u"], [inner_relu], opsets, ["slope"])
    call = node("Inner", ["p"], ["q"], name="call", domain="local")
    call.attribute.add(name="slope", ref_attr_name="alpha", type=1)
    outer = helper.make_function("local", "Outer", ["p", "absent"], ["r"],
                                 [call, node("Clip", ["q", "absent"], ["r"], name="clip")], opsets, [],
                                 [helper.make_attribute("alpha", 0.5)])
    nodes = [node("Outer", ["x"], ["a"], name="first", domain="local", alpha=0.25),
             node("Outer", ["a"], ["y"], name="second", domain="local")]
    return model(nodes, functions=[inner, outer], imports=["local"])


def models():
    return {f.__name__: f() for f in (constants, typed_fields, weights, identities, unsorted, names, optional, types,
                                      dynamic, old_inputs, functions)}
