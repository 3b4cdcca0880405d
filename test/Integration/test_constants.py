"""`--constant`: inputs that a library is compiled for; and `VitcBackend`, which uses it."""
import numpy as np
import onnx
import pytest
import vitc
from onnx import TensorProto, helper
from vitc.onnx_backend import VitcBackend

X = np.arange(24, dtype=np.float32).reshape(2, 3, 4)


@pytest.fixture(autouse=True)
def driver(build_dir, monkeypatch):
    monkeypatch.setenv("VITC", str(build_dir / "bin" / "vitc"))


@pytest.fixture
def reshape(tmp_path):
    """y = reshape(x, shape) + offset, whose shape depends on an input."""
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, (2, 3, 4)),
              helper.make_tensor_value_info("shape", TensorProto.INT64, ("rank",)),
              helper.make_tensor_value_info("offset", TensorProto.FLOAT, ())]
    nodes = [helper.make_node("Reshape", ["x", "shape"], ["r"], name="reshape"),
             helper.make_node("Add", ["r", "offset"], ["y"], name="add")]
    graph = helper.make_graph(nodes, "graph", inputs, [onnx.ValueInfoProto(name="y")])
    path = tmp_path / "m.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9), path)
    return path


def test_input_becomes_a_constant(reshape, tmp_path):
    model = vitc.compile(reshape, tmp_path / "m.so", constant={"shape": np.array([6, 4])})
    assert [spec.name for spec in model.inputs] == ["x", "offset"] and model.outputs[0].shape == (6, 4)
    np.testing.assert_array_equal(model(x=X, offset=np.float32(1)), X.reshape(6, 4) + 1)


def test_several_in_one_file(reshape, run_tool, tmp_path):
    np.savez(tmp_path / "c.npz", shape=np.array([-1]), offset=np.float32(2))
    run = run_tool("vitc", reshape, "-o", tmp_path / "m.so", "--constant", tmp_path / "c.npz")
    assert run.returncode == 0, run.stderr
    np.testing.assert_array_equal(vitc.load(tmp_path / "m.so")(X), X.reshape(-1) + 2)


@pytest.mark.parametrize("name, value, says", [
    ("size", np.array([24]), "the model has no input 'size'; its inputs are 'x', 'shape', 'offset'"),
    ("shape", np.array([24.0]), "input 'shape' has elements of type 'i64' in the model, the given constant of type 'f64'"),
    ("shape", np.array([[24]]), "input 'shape' has rank 1 in the model, the given shape has rank 2"),
    ("x", np.zeros((2, 3, 5), np.float32), "dimension 2 of input 'x' is 4 in the model, it cannot be 5"),
    ("shape", np.array([5, 5]), "reshape"),
])
def test_value_does_not_fit(reshape, tmp_path, name, value, says):
    with pytest.raises(vitc.Error, match="vitc: error") as error:
        vitc.compile(reshape, tmp_path / "m.so", constant={name: value})
    assert says in str(error.value) and not (tmp_path / "m.so").exists()


def test_file_that_is_none(reshape, run_tool, tmp_path):
    (tmp_path / "c.npy").write_bytes(b"no array")
    for argument in "shape=nowhere.npy", f"shape={tmp_path / 'c.npy'}", str(tmp_path / "c.npy"):
        run = run_tool("vitc", reshape, "-o", tmp_path / "m.so", "--constant", argument)
        assert run.returncode == 1 and run.stderr.startswith("vitc: error: --constant: ")
        assert run.stderr.count("\n") == 1 and not (tmp_path / "m.so").exists()


def test_backend_compiles_for_each_value(reshape):
    backend = VitcBackend.prepare(onnx.load(reshape), threads=1)
    for shape in (24,), (6, 4), (24,), (-1, 8):
        result, = backend.run([X, np.array(shape), np.float32(1)])
        np.testing.assert_array_equal(result, X.reshape(shape) + 1)
    assert len(backend._libraries) == 3
    with pytest.raises(vitc.Error, match="reshape"):
        backend.run({"x": X, "shape": np.array([5]), "offset": np.float32(1)})


def test_backend_keeps_the_inputs_it_can():
    """A batch that the file names is no reason to compile again."""
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, ("batch", 4))
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "graph", [value], [onnx.ValueInfoProto(name="y")])
    backend = VitcBackend.prepare(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9))
    for batch in 1, 3:
        assert backend.run(np.full((batch, 4), -1, np.float32))[0].shape == (batch, 4)
    assert len(backend._libraries) == 1


def test_backend_takes_inputs_without_elements():
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, (2, "n"))
    nodes = [helper.make_node("ReduceSum", ["x"], ["y"], keepdims=0), helper.make_node("Relu", ["x"], ["z"])]
    graph = helper.make_graph(nodes, "graph", [value], [onnx.ValueInfoProto(name="y"), onnx.ValueInfoProto(name="z")])
    backend = VitcBackend.prepare(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9))
    for extent in 0, 3, 0:
        total, rectified = backend.run(np.ones((2, extent), np.float32))
        assert total == 2 * extent and rectified.shape == (2, extent)
    assert len(backend._libraries) == 2


def test_backend_runs_nodes_and_refuses_what_is_no_tensor():
    node = helper.make_node("Clip", ["x", "", "most"], ["y"])
    result, = VitcBackend.run_node(node, [np.array([1.0, 5.0], np.float32), np.float32(2)])
    np.testing.assert_array_equal(result, [1, 2])
    sequence = helper.make_tensor_sequence_value_info("s", TensorProto.FLOAT, None)
    graph = helper.make_graph([helper.make_node("SequenceLength", ["s"], ["n"])], "graph", [sequence], [onnx.ValueInfoProto(name="n")])
    model = helper.make_model(graph)
    assert not VitcBackend.is_compatible(model) and not VitcBackend.supports_device("CUDA")
    with pytest.raises(vitc.Error, match="no sequences"):
        VitcBackend.run_model(model, [[X]])
    with pytest.raises(vitc.Error, match="not for 'CUDA'"):
        VitcBackend.prepare(model, "CUDA")
