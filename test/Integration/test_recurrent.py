"""LSTM, GRU and RNN in all forms: as ONNX Runtime says."""
import numpy as np
import pytest
from onnx import TensorProto, helper

from single_nodes import Graph, agrees, node, weights

STEPS, BATCH, INPUT, HIDDEN = 5, 3, 4, 6
GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}


def make(op, direction="forward", given=(), outputs=("y", "y_h"), lengths=None, **attributes):
    directions = 2 if direction == "bidirectional" else 1
    rows = GATES[op] * HIDDEN
    shapes = {"w": (directions, rows, INPUT), "r": (directions, rows, HIDDEN), "b": (directions, 2 * rows),
              "h": (directions, BATCH, HIDDEN), "c": (directions, BATCH, HIDDEN), "p": (directions, 3 * HIDDEN)}
    constants = weights(11, **{name: shape for name, shape in shapes.items() if name in ("w", "r", *given)})
    inputs = ["x", "w", "r", "b" if "b" in given else "", "", "h" if "h" in given else ""]
    if lengths is not None:
        inputs[4] = "lengths"
        constants["lengths"] = np.int32(lengths)
    if op == "LSTM":
        inputs += ["c" if "c" in given else "", "p" if "p" in given else ""]
    built = node(op, inputs, outputs, direction=direction, hidden_size=HIDDEN, **attributes)
    return Graph([built], {"x": (STEPS, BATCH, INPUT)}, constants, [name for name in outputs if name])


CASES = {
    "lstm": make("LSTM", outputs=("y", "y_h", "y_c")),
    "lstm_all": make("LSTM", "bidirectional", "bhcp", ("y", "y_h", "y_c")),
    "lstm_reverse": make("LSTM", "reverse", "b", ("", "y_h", "y_c")),
    "lstm_lengths": make("LSTM", "bidirectional", "bhc", ("y", "y_h", "y_c"), lengths=(5, 2, 3)),
    "lstm_clip": make("LSTM", given="b", clip=0.3),
    "lstm_coupled": make("LSTM", given="b", input_forget=1),
    "lstm_activations": make("LSTM", given="b", activations=["HardSigmoid", "Softsign", "Affine"],
                             activation_alpha=[0.3, 0.7], activation_beta=[0.4, 0.1]),
    "gru": make("GRU"),
    "gru_all": make("GRU", "bidirectional", "bh"),
    "gru_linear": make("GRU", "bidirectional", "bh", linear_before_reset=1),
    "gru_lengths": make("GRU", "reverse", "bh", lengths=(1, 5, 4)),
    "gru_activations": make("GRU", given="b", activations=["HardSigmoid", "LeakyRelu"], activation_alpha=[0.3, 0.2],
                            activation_beta=[0.4]),
    "rnn": make("RNN"),
    "rnn_all": make("RNN", "bidirectional", "bh", activations=["Relu", "Elu"], activation_alpha=[0.5]),
    "rnn_lengths": make("RNN", "bidirectional", "bh", lengths=(4, 5, 2), clip=0.5),
}


@pytest.mark.parametrize("name", CASES)
def test_agrees(name, run_tool, tmp_path):
    agrees(CASES[name], run_tool, tmp_path)


@pytest.mark.parametrize("op", GATES)
def test_batch_first(op, run_tool, tmp_path):
    """ONNX Runtime has no `layout`; transposed around the node, it says the same."""
    direct = make(op, "bidirectional", "b")
    compared = make(op, "bidirectional", "b", outputs=("u", "v"), layout=1)
    swap = [helper.make_node("Transpose", ["x"], ["t"], perm=[1, 0, 2]), compared.nodes[0],
            helper.make_node("Transpose", ["u"], ["y"], perm=[1, 2, 0, 3]), helper.make_node("Transpose", ["v"], ["y_h"], perm=[1, 0, 2])]
    compared.nodes[0].input[0] = "t"
    batched = Graph(swap, direct.inputs, direct.constants, ("y", "y_h"))
    from harness import Reference, assert_agrees, compile_model, draw
    import vitc
    made = compile_model(run_tool, batched.save(tmp_path / "batched.onnx"), tmp_path / "batched.so")
    reference = Reference.open(direct.save(tmp_path / "direct.onnx"))
    model = vitc.load(made.library, threads=1)
    inputs = draw(model, 1)
    assert_agrees(model.run(inputs), reference.run(inputs))
