"""One encoder block, as the TorchScript exporter spells it: 4 tokens of width 8, 2 heads, weights drawn from a seed.

docs/Architecture.md follows it through the stages.
"""
import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

TOKENS, WIDTH, HEADS, HIDDEN = 4, 8, 2, 16
HEAD = WIDTH // HEADS


class _Block:
    """Nodes and weights of the block under construction; a method returns the name of what it adds."""

    def __init__(self):
        self.nodes, self.weights = [], []
        self.random = np.random.default_rng(0)

    def node(self, op, path, *inputs, outputs=1, **attributes):
        names = [f"/{path}_output_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(op, inputs, names, name=f"/{path}", **attributes))
        return names[0] if outputs == 1 else names

    def constant(self, path, values, dtype=np.float32):
        return self.node("Constant", path, value=numpy_helper.from_array(np.array(values, dtype)))

    def weight(self, name, *shape):
        values = self.random.standard_normal(shape, dtype=np.float32)
        self.weights.append(numpy_helper.from_array(values, name))
        return name

    def layer_norm(self, path, x):
        scale, bias = self.weight(f"{path}.weight", WIDTH), self.weight(f"{path}.bias", WIDTH)
        return self.node("LayerNormalization", f"{path}/LayerNormalization", x, scale, bias, axis=-1, epsilon=1e-6)

    def linear(self, path, x, inner, outer):
        weight, bias = self.weight(f"{path}.weight", inner, outer), self.weight(f"{path}.bias", outer)
        product = self.node("MatMul", f"{path}/MatMul", x, weight)
        return self.node("Add", f"{path}/Add", bias, product)

    def heads(self, x):
        """Queries, keys and values of (1, TOKENS, 3 · WIDTH), with the shape arithmetic that tracing leaves behind."""
        shape = self.node("Shape", "attn/Shape", x)
        index = self.constant("attn/Constant", 1, np.int64)
        tokens = self.node("Gather", "attn/Gather", shape, index, axis=0)
        axes = self.constant("attn/Constant_1", [0], np.int64)
        extents = [self.constant(f"attn/Constant_{2 + i}", [e], np.int64) for i, e in enumerate([1, 3, HEADS, HEAD])]
        extents.insert(1, self.node("Unsqueeze", "attn/Unsqueeze", tokens, axes))
        target = self.node("Concat", "attn/Concat", *extents, axis=0)
        parts = self.node("Reshape", "attn/Reshape", x, target)
        parts = self.node("Transpose", "attn/Transpose", parts, perm=[2, 0, 3, 1, 4])
        indices = [self.constant(f"attn/Constant_{6 + i}", i, np.int64) for i in range(3)]
        return [self.node("Gather", f"attn/Gather_{1 + i}", parts, index, axis=0) for i, index in enumerate(indices)]

    def attention(self, x):
        q, k, v = self.heads(self.linear("attn/qkv", x, WIDTH, 3 * WIDTH))
        q = self.node("Mul", "attn/Mul", q, self.constant("attn/Constant_9", HEAD**-0.5))
        k = self.node("Transpose", "attn/Transpose_1", k, perm=[0, 1, 3, 2])
        probabilities = self.node("Softmax", "attn/Softmax", self.node("MatMul", "attn/MatMul", q, k), axis=-1)
        out = self.node("MatMul", "attn/MatMul_1", probabilities, v)
        out = self.node("Transpose", "attn/Transpose_2", out, perm=[0, 2, 1, 3])
        joined = self.constant("attn/Constant_10", [1, TOKENS, WIDTH], np.int64)
        return self.linear("attn/proj", self.node("Reshape", "attn/Reshape_1", out, joined), WIDTH, WIDTH)

    def gelu(self, x):
        """x · (1 + erf(x / √2)) · 0.5."""
        erf = self.node("Erf", "mlp/act/Erf", self.node("Div", "mlp/act/Div", x, self.constant("mlp/act/Constant", 2**0.5)))
        sum = self.node("Add", "mlp/act/Add", erf, self.constant("mlp/act/Constant_1", 1))
        product = self.node("Mul", "mlp/act/Mul", x, sum)
        return self.node("Mul", "mlp/act/Mul_1", product, self.constant("mlp/act/Constant_2", 0.5))

    def mlp(self, x):
        return self.linear("mlp/fc2", self.gelu(self.linear("mlp/fc1", x, WIDTH, HIDDEN)), HIDDEN, WIDTH)


def make_model():
    block = _Block()
    x = block.node("Add", "Add", "x", block.attention(block.layer_norm("norm1", "x")))
    y = block.node("Add", "Add_1", x, block.mlp(block.layer_norm("norm2", x)))
    block.nodes[-1].output[0] = "y"
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, TOKENS, WIDTH]) for name in "xy")
    graph = helper.make_graph(block.nodes, "encoder_block", [x], [y], block.weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return model


def make(path: pathlib.Path) -> pathlib.Path:
    onnx.save(make_model(), path)
    return path
