"""Operators that ONNX Runtime's optimizer writes, as ONNX Runtime computes them."""
import dataclasses

import numpy as np
import onnx
import onnxruntime
import pytest
import vitc
from onnx import TensorProto, helper, numpy_helper

from harness import Reference, assert_agrees, compile_model

FLOAT, INT32 = np.float32, np.int32
LOWEST = float(np.finfo(FLOAT).min)


@dataclasses.dataclass
class Case:
    """A graph of one node; an extent may be the batch, `b`. `ints` are the largest values of
    integer inputs and one."""

    op: str
    inputs: dict
    outputs: tuple = ("y",)
    weights: dict = dataclasses.field(default_factory=dict)
    operands: tuple = ()  # names by position, "" where absent; the inputs, then the weights, if not given
    ints: dict = dataclasses.field(default_factory=dict)
    attributes: dict = dataclasses.field(default_factory=dict)
    kinds: dict = dataclasses.field(default_factory=dict)
    domain: str = "com.microsoft"

    def save(self, path, rng):
        operands = self.operands or (*self.inputs, *self.weights)
        node = helper.make_node(self.op, operands, self.outputs, name="n", domain=self.domain, **self.attributes)
        inputs = [helper.make_tensor_value_info(name, TensorProto.INT32 if name in self.ints else TensorProto.FLOAT, shape)
                  for name, shape in self.inputs.items()]
        outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in self.outputs if name]
        weights = [numpy_helper.from_array(rng.standard_normal(shape, dtype=FLOAT), name) for name, shape in self.weights.items()]
        graph = helper.make_graph([node], "g", inputs, outputs, weights)
        opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
        onnx.save(helper.make_model(graph, ir_version=8, opset_imports=opsets), path)

    def draw(self, batch, rng):
        values = {}
        for name, shape in self.inputs.items():
            extents = [batch if extent == "b" else extent for extent in shape]
            if name not in self.ints:
                values[name] = rng.standard_normal(extents, dtype=FLOAT)
            elif shape == (4,):  # ends, then beginnings
                values[name] = np.concatenate([rng.integers(4, self.ints[name], 2), rng.integers(0, 3, 2)]).astype(INT32)
            else:
                values[name] = rng.integers(len(extents) == 1, self.ints[name], extents).astype(INT32)
                if len(extents) > 1:  # a query without a key where others may be masked behind it, else none
                    values[name][..., 0] = 0 if "unidirectional" in self.attributes else 1
        return values


X = {"x": ("b", 5, 24)}
NORM = {"x": ("b", 5, 24), "s": ("b", 5, 24)}
ATTENTION = {"attention": 1}
PACKED = {"w": (24, 72), "c": (72,)}
QKV = {"q": ("b", 5, 24), "k": ("b", 7, 24), "v": ("b", 7, 18)}
SAME = {"q": ("b", 5, 24), "k": ("b", 5, 24), "v": ("b", 5, 24)}


def attention(inputs=X, operands=(), ints=None, outputs=("y",), weights=PACKED, **attributes):
    return Case("Attention", inputs, outputs, weights, operands, ints or {}, {"num_heads": 3, **attributes}, ATTENTION)


def multi_head(inputs=QKV, operands=(), ints=None, outputs=("y",), weights=None, **attributes):
    return Case("MultiHeadAttention", inputs, outputs, weights or {}, operands, ints or {}, {"num_heads": 3, **attributes}, ATTENTION)


CASES = {
    "gelu": Case("Gelu", X, kinds={"gelu": 1}),
    "bias_gelu": Case("BiasGelu", X, weights={"c": (24,)}, kinds={"gelu": 1}),
    "fast_gelu": Case("FastGelu", X, kinds={"gelu": 1}),
    "fast_gelu_bias": Case("FastGelu", X, weights={"c": (24,)}, kinds={"gelu": 1}),
    "quick_gelu": Case("QuickGelu", X, attributes={"alpha": 1.702}, kinds={"silu": 1}),
    "quick_gelu_default": Case("QuickGelu", X, kinds={"silu": 1}),
    "skip_layer_norm": Case("SkipLayerNormalization", NORM, weights={"g": (24,), "beta": (24,), "c": (24,)},
                            outputs=("y", "", "", "sum"), attributes={"epsilon": 1e-6}, kinds={"layer_norm": 1}),
    "skip_layer_norm_plain": Case("SkipLayerNormalization", NORM, weights={"g": (24,)}, kinds={"layer_norm": 1}),
    "skip_simplified": Case("SkipSimplifiedLayerNormalization", NORM, weights={"g": (24,), "c": (24,)},
                            outputs=("y", "", "", "sum"), attributes={"epsilon": 1e-5}, kinds={"rms_norm": 1}),
    "simplified": Case("SimplifiedLayerNormalization", X, weights={"g": (24,)}, attributes={"axis": -1, "epsilon": 1e-5},
                       kinds={"rms_norm": 1}, domain=""),
    "matmul": Case("FusedMatMul", {"x": ("b", 3, 5, 7)}, weights={"w": (7, 11)}, attributes={"alpha": 0.3}),
    "matmul_trans_b": Case("FusedMatMul", {"x": ("b", 3, 5, 7), "z": ("b", 3, 4, 7)}, attributes={"transB": 1, "alpha": 0.125}),
    "matmul_trans_a": Case("FusedMatMul", {"x": ("b", 3, 7, 5), "z": ("b", 3, 7, 4)}, attributes={"transA": 1}),
    "matmul_trans_both": Case("FusedMatMul", {"x": ("b", 7, 5)}, weights={"w": (4, 7)}, attributes={"transA": 1, "transB": 1}),
    "matmul_trans_batch": Case("FusedMatMul", {"x": (5, "b", 3, 7), "z": (7, "b", 3, 4)},
                               attributes={"transBatchA": 1, "transBatchB": 1}),
    "matmul_trans_batch_and_a": Case("FusedMatMul", {"x": (7, "b", 3, 5), "z": ("b", 3, 7, 4)},
                                     attributes={"transBatchA": 1, "transA": 1}),
    "conv": Case("FusedConv", {"x": ("b", 3, 8, 9)}, weights={"w": (4, 3, 3, 3), "c": (4,)},
                 attributes={"activation": "Relu", "kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}),
    "conv_sum": Case("FusedConv", {"x": ("b", 3, 8, 9), "z": ("b", 4, 6, 7)}, weights={"w": (4, 3, 3, 3), "c": (4,)},
                     operands=("x", "w", "c", "z"), attributes={"activation": "Relu", "kernel_shape": [3, 3]}),
    "conv_leaky": Case("FusedConv", {"x": ("b", 3, 8, 9)}, weights={"w": (4, 3, 3, 3)},
                       attributes={"activation": "LeakyRelu", "activation_params": [0.2], "kernel_shape": [3, 3]}),
    "conv_clip": Case("FusedConv", {"x": ("b", 3, 8, 9)}, weights={"w": (4, 3, 3, 3)},
                      attributes={"activation": "Clip", "activation_params": [-1.0, 2.0], "kernel_shape": [3, 3]}),
    "conv_hard_sigmoid": Case("FusedConv", {"x": ("b", 3, 8, 9)}, weights={"w": (4, 3, 3, 3)},
                              attributes={"activation": "HardSigmoid", "activation_params": [0.1, 0.4], "kernel_shape": [3, 3]}),
    "gemm": Case("FusedGemm", {"x": ("b", 7)}, weights={"w": (5, 7), "c": (5,)},
                 attributes={"activation": "LeakyRelu", "activation_alpha": 0.2, "transB": 1, "alpha": 0.5, "beta": 2.0}),
    "gemm_relu": Case("FusedGemm", {"x": ("b", 7)}, weights={"w": (7, 5), "c": (5,)}, attributes={"activation": "Relu"}),
    "attention": attention(),
    "attention_scale": attention(scale=0.3),
    "attention_causal": attention(unidirectional=1),
    "attention_sizes": attention(weights={"w": (24, 48 + 21), "c": (48 + 21,)}, qkv_hidden_sizes=[24, 24, 21]),
    "attention_keys": attention({**X, "m": ("b", 5)}, ("x", "w", "c", "m"), {"m": 2}),
    "attention_lengths": attention({**X, "m": ("b",)}, ("x", "w", "c", "m"), {"m": 6}),
    "attention_bounds": attention({"x": (2, 5, 24), "m": (4,)}, ("x", "w", "c", "m"), {"m": 6}),
    "attention_pairs": attention({**X, "m": ("b", 5, 5)}, ("x", "w", "c", "m"), {"m": 2}),
    "attention_filter": attention({**X, "m": ("b", 5)}, ("x", "w", "c", "m"), {"m": 2}, mask_filter_value=-2.0),
    "attention_bias": attention({**X, "r": (1, 3, 5, 5)}, ("x", "w", "c", "", "", "r")),
    "attention_past": attention({**X, "past": (2, "b", 3, 4, 8)}, ("x", "w", "c", "", "past"), outputs=("y", "present")),
    "attention_past_causal": attention({**X, "past": (2, "b", 3, 4, 8)}, ("x", "w", "c", "", "past"), outputs=("y", "present"), unidirectional=1),
    "attention_causal_keys": attention({**X, "m": ("b", 5)}, ("x", "w", "c", "m"), {"m": 2}, unidirectional=1),
    "attention_causal_lowest": attention({**X, "m": ("b", 5)}, ("x", "w", "c", "m"), {"m": 2}, unidirectional=1, mask_filter_value=LOWEST),
    "attention_causal_bounds": attention({"x": (2, 5, 24), "m": (4,)}, ("x", "w", "c", "m"), {"m": 6}, unidirectional=1, mask_filter_value=LOWEST),
    "attention_past_causal_keys": attention({**X, "m": ("b", 9), "past": (2, "b", 3, 4, 8)}, ("x", "w", "c", "m", "past"), {"m": 2},
                                            ("y", "present"), unidirectional=1, mask_filter_value=LOWEST),
    "attention_past_keys": attention({**X, "m": ("b", 9), "past": (2, "b", 3, 4, 8)}, ("x", "w", "c", "m", "past"), {"m": 2},
                                     ("y", "present")),
    "multi_head": multi_head(),
    "multi_head_bias": multi_head(weights={"c": (24 + 24 + 18,)}),
    "multi_head_causal": multi_head(SAME, unidirectional=1),
    "multi_head_scale": multi_head(scale=0.2),
    "multi_head_keys": multi_head({**QKV, "m": ("b", 7)}, ("q", "k", "v", "", "m"), {"m": 2}),
    "multi_head_lengths": multi_head({**QKV, "m": ("b",)}, ("q", "k", "v", "", "m"), {"m": 8}),
    "multi_head_pairs": multi_head({**QKV, "m": ("b", 5, 7)}, ("q", "k", "v", "", "m"), {"m": 2}),
    "multi_head_attention_bias": multi_head({**QKV, "r": ("b", 3, 5, 7)}, ("q", "k", "v", "", "", "r")),
    "multi_head_past": multi_head({**SAME, "pk": ("b", 3, 4, 8), "pv": ("b", 3, 4, 8)}, ("q", "k", "v", "", "", "", "pk", "pv"),
                                  outputs=("y", "present_key", "present_value")),
    "multi_head_kept": multi_head({"q": ("b", 5, 24), "k": ("b", 3, 7, 8), "v": ("b", 3, 7, 8)}),
    "multi_head_scores": multi_head(outputs=("y", "", "", "qk")),
    "multi_head_causal_scores": multi_head(SAME, outputs=("y", "", "", "qk"), unidirectional=1),
    "multi_head_causal_keys": multi_head({**SAME, "m": ("b", 5)}, ("q", "k", "v", "", "m"), {"m": 2}, ("y", "", "", "qk"), unidirectional=1),
    "multi_head_causal_lowest": multi_head({**SAME, "m": ("b", 5)}, ("q", "k", "v", "", "m"), {"m": 2}, unidirectional=1,
                                           mask_filter_value=LOWEST),
}


@pytest.mark.parametrize("name", CASES)
def test_operator(name, run_tool, tmp_path):
    rng = np.random.default_rng(11)
    case = CASES[name]
    case.save(tmp_path / "m.onnx", rng)
    made = compile_model(run_tool, tmp_path / "m.onnx", tmp_path / "m.so")
    assert {kind: made.report["recognized"].get(kind) for kind in case.kinds} == case.kinds
    library, reference = vitc.load(made.library, threads=2), Reference.open(tmp_path / "m.onnx")
    for batch in (1, 3):
        inputs = case.draw(batch, rng)
        assert_agrees(library.run(inputs), reference.run(inputs))


def test_attention_without_bias(run_tool, tmp_path):
    """As with one of zeros: ONNX Runtime 1.31 reads a bias that is not there."""
    attention(weights={"w": (24, 72)}).save(tmp_path / "m.onnx", np.random.default_rng(19))
    attention().save(tmp_path / "zeros.onnx", np.random.default_rng(19))
    zeros = onnx.load(tmp_path / "zeros.onnx")
    zeros.graph.initializer[1].CopyFrom(numpy_helper.from_array(np.zeros(72, FLOAT), "c"))
    onnx.save(zeros, tmp_path / "zeros.onnx")
    made = compile_model(run_tool, tmp_path / "m.onnx", tmp_path / "m.so")
    inputs = {"x": np.random.default_rng(23).standard_normal((3, 5, 24), dtype=FLOAT)}
    assert_agrees(vitc.load(made.library, threads=2).run(inputs), Reference.open(tmp_path / "zeros.onnx").run(inputs))


# What ONNX Runtime has on GPUs alone: name -> shape of the packed operand, how many queries share it.
PACKED_FORMS = {"packed_keys_and_values": ("b", 7, 3, 2, 8), "packed": ("b", 5, 3, 3, 8)}


@pytest.mark.parametrize("name", PACKED_FORMS)
@pytest.mark.parametrize("biased", [False, True])
def test_packed_operands(name, biased, run_tool, tmp_path):
    """The same numbers as with operands apart."""
    rng = np.random.default_rng(13)
    shape = PACKED_FORMS[name]
    parts = shape[3]
    weights = {"c": (72,)} if biased else {}
    inputs = {"p": shape} if parts == 3 else {"q": ("b", 5, 24), "p": shape}
    operands = tuple(inputs) + (("",) * (3 - len(inputs)) + ("c",) if biased else ())
    multi_head(inputs, operands, weights=weights).save(tmp_path / "packed.onnx", np.random.default_rng(17))
    apart = {"q": ("b", 5, 24), "k": ("b", shape[1], 24), "v": ("b", shape[1], 24)}
    multi_head(apart, weights=weights).save(tmp_path / "apart.onnx", np.random.default_rng(17))
    made = compile_model(run_tool, tmp_path / "packed.onnx", tmp_path / "m.so")
    assert made.report["recognized"]["attention"] == 1
    for batch in (1, 3):
        packed = rng.standard_normal((batch, *shape[1:]), dtype=FLOAT)
        split = [packed[:, :, :, part].reshape(batch, shape[1], 24) for part in range(parts)]
        queries = {} if parts == 3 else {"q": rng.standard_normal((batch, 5, 24), dtype=FLOAT)}
        unpacked = dict(zip("qkv", ([] if parts == 3 else [queries["q"]]) + split))
        found = vitc.load(made.library, threads=2).run({**queries, "p": packed})
        assert_agrees(found, Reference.open(tmp_path / "apart.onnx").run(unpacked))


# name -> (case, what the refusal says of it)
REFUSED = {
    "rotary": (attention(do_rotary=1), "has do_rotary, which vitc does not support"),
    "shared_buffer": (attention(past_present_share_buffer=1), "shares a buffer between past and present, which vitc does not support"),
    "mask_of_rank_4": (attention({**X, "m": ("b", 1, 5, 5)}, ("x", "w", "c", "m"), {"m": 2}), "its padding mask has a shape that is not supported"),
    "mask_of_other_keys": (multi_head({**QKV, "m": ("b", 6)}, ("q", "k", "v", "", "m"), {"m": 2}), "its padding mask has a shape that is not supported"),
    "causal_across": (multi_head(QKV, unidirectional=1), "it is unidirectional, but its queries and keys cannot be shown to be as many"),
    "bias_that_differs": (multi_head({**QKV, "r": ("b", 2, 5, 7)}, ("q", "k", "v", "", "", "r")), "the extents of its attention_bias cannot be shown to broadcast"),
    "bias_of_kept_keys": (multi_head({"q": ("b", 5, 24), "k": ("b", 3, 7, 8), "v": ("b", 3, 7, 8)}, weights={"c": (72,)}), "a bias of keys that come head by head is not supported"),
    "past_length": (multi_head({**SAME, "n": (1,)}, ("q", "k", "v", "", "", "", "", "", "n"), {"n": 2}), "past_sequence_length and cache_indirection are not supported: expected past and present apart"),
    "activation": (Case("FusedConv", {"x": ("b", 3, 8, 9)}, weights={"w": (4, 3, 3, 3)}, attributes={"activation": "Elu"}), "has the activation 'Elu', expected Relu"),
    "unknown_attribute": (Case("BiasGelu", X, weights={"c": (24,)}, attributes={"exact": 1}), "has an unknown attribute, 'exact'"),
    "attribute_kind": (Case("QuickGelu", X, attributes={"alpha": 2}), "has an attribute 'alpha' of a wrong kind"),
    "statistics": (Case("SkipLayerNormalization", NORM, weights={"g": (24,)}, outputs=("y", "mean")), "has an output 'mean' that vitc does not compute"),
    "one_input": (Case("BiasGelu", X), "lacks input 1"),
    "many_inputs": (Case("Gelu", NORM), "expected at most 1 inputs, got 2"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusal(name, run_tool, tmp_path):
    case, reason = REFUSED[name]
    case.save(tmp_path / "m.onnx", np.random.default_rng(1))
    run = run_tool("vitc", tmp_path / "m.onnx", "-o", tmp_path / "m.so")
    assert run.returncode == 1 and reason in run.stderr, run.stderr
    assert not (tmp_path / "m.so").exists()


@pytest.mark.parametrize("name", ["deit", "deit_batch", "dinov2_reg4.dyn", "clip_picture", "vit_swiglu.dyn"])
def test_optimized_by_onnx_runtime(name, small_model, compiled, run_tool, tmp_path):
    """The file that ONNX Runtime's optimizer saves is the same model: the same counts and numbers."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(tmp_path / "m.onnx")
    options.log_severity_level = 3
    onnxruntime.InferenceSession(small_model(name), options, providers=["CPUExecutionProvider"])
    contrib = {node.op_type for node in onnx.load(tmp_path / "m.onnx").graph.node if node.domain == "com.microsoft"}
    assert contrib  # the optimizer did something
    made, original = compile_model(run_tool, tmp_path / "m.onnx", tmp_path / "m.so"), compiled(name).report
    kinds = ["attention", "window_attention", "layer_norm", "gelu", "silu", "mlp", "layer_scale", "patch_embed"]
    assert {kind: made.report["recognized"].get(kind) for kind in kinds} == {kind: original["recognized"].get(kind) for kind in kinds}
    assert made.report["tokens"] == original["tokens"]
    rng = np.random.default_rng(5)
    library, reference = vitc.load(made.library, threads=2), Reference.open(small_model(name))
    for batch in (1, 3):
        inputs = {spec.name: rng.standard_normal([batch if isinstance(extent, str) else extent for extent in spec.shape], dtype=FLOAT)
                  for spec in library.inputs}
        assert_agrees(library.run(inputs), reference.run(inputs))
