"""The cases of the ONNX package's node suite, and which of them vitc is held to.

Held are the cases of one node, of an operator that vision models use, on tensors of float32, integers or booleans.
`python onnx_suite.py` prints their names.
"""
from __future__ import annotations

import functools
import pathlib
import warnings

import numpy as np
import onnx
from onnx import TensorProto
from onnx.backend.test.loader import load_model_tests

FAILURES = pathlib.Path(__file__).with_name("onnx_suite_failures.txt")

VISION_OPS = set("""
Attention RotaryEmbedding LayerNormalization RMSNormalization GroupNormalization InstanceNormalization BatchNormalization LRN
LpNormalization Softmax LogSoftmax Gelu Erf Tanh Sigmoid HardSigmoid HardSwish Swish Mish Relu LeakyRelu PRelu Elu Selu Softplus
Clip MatMul Gemm Einsum Conv ConvTranspose Resize GridSample AveragePool MaxPool LpPool GlobalAveragePool GlobalMaxPool Add Sub
Mul Div Pow Sqrt Exp Log Abs Neg Reciprocal Floor Ceil Round Sign Min Max Mean Sum Mod Not And Or Xor Equal Greater
GreaterOrEqual Less LessOrEqual IsNaN IsInf Where ReduceMean ReduceSum ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2
ReduceSumSquare ReduceLogSumExp ArgMax ArgMin TopK CumSum Reshape Transpose Slice Split Concat Gather GatherElements GatherND
ScatterElements ScatterND Pad Expand Squeeze Unsqueeze Flatten Tile Trilu OneHot NonZero NonMaxSuppression RoiAlign Cast CastLike
Shape Size Constant ConstantOfShape Range EyeLike Identity DepthToSpace SpaceToDepth QuantizeLinear DequantizeLinear
DynamicQuantizeLinear QLinearMatMul QLinearConv MatMulInteger ConvInteger
""".split())
TYPES = {TensorProto.FLOAT, TensorProto.INT8, TensorProto.UINT8, TensorProto.INT32, TensorProto.INT64, TensorProto.BOOL}


@functools.cache
def load():
    """Name -> case of the whole suite; its inputs and outputs are in `case.data_sets`."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return {case.name: case for case in load_model_tests(kind="node")}


def is_held(case) -> bool:
    graph = case.model.graph
    if len(graph.node) != 1 or graph.node[0].op_type not in VISION_OPS or graph.node[0].domain:
        return False
    values = list(graph.input) + list(graph.output)
    return all(value.type.HasField("tensor_type") and value.type.tensor_type.elem_type in TYPES for value in values)


def read_failures() -> dict[str, str]:
    """Name -> reason of each case that is expected to fail: lines of `name: reason`."""
    lines = [line for line in FAILURES.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split(": ", 1) for line in lines)


def assert_passes(case, found, expected) -> None:
    """As the suite's own runner compares."""
    assert len(found) == len(expected)
    for value, reference in zip(found, expected):
        assert value.shape == reference.shape and value.dtype == reference.dtype
        if value.dtype.kind == "V" or value.dtype.name.startswith(("bfloat", "float8")):
            value, reference = value.astype(np.float32), reference.astype(np.float32)
        np.testing.assert_allclose(value, reference, rtol=case.rtol, atol=case.atol)


if __name__ == "__main__":
    print("\n".join(sorted(name for name, case in load().items() if is_held(case))))
