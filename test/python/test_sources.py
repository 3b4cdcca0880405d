"""vitc.compile of what is no path: an onnx.ModelProto, its bytes, and modules of a PyTorch that is not there."""
import pathlib

import numpy as np
import pytest
import vitc
from vitc import _sources
from vitc._torch_export import Examples

onnx = pytest.importorskip("onnx", reason="tools/build installs it")


@pytest.fixture(autouse=True)
def driver(build_dir, monkeypatch):
    monkeypatch.setenv("VITC", str(build_dir / "bin" / "vitc"))


def model(rows=4):
    """y = x · w + 1, of a w with 1024 elements."""
    x = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["batch", 32])
    y = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, ["batch", 32])
    w = np.random.default_rng(0).standard_normal((32, 32)).astype(np.float32)
    nodes = [onnx.helper.make_node("MatMul", ["x", "w"], ["p"]), onnx.helper.make_node("Add", ["p", "one"], ["y"])]
    weights = [onnx.numpy_helper.from_array(w, "w"), onnx.numpy_helper.from_array(np.ones(1, np.float32), "one")]
    graph = onnx.helper.make_graph(nodes, "a graph", [x], [y], weights)
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8), w


@pytest.mark.parametrize("form", ["proto", "bytes"])
def test_compiles(form):
    proto, w = model()
    before = proto.SerializeToString()
    compiled = vitc.compile(proto if form == "proto" else before, threads=1)
    x = np.random.default_rng(1).standard_normal((3, 32)).astype(np.float32)
    np.testing.assert_allclose(compiled(x), x @ w + 1, atol=1e-4)
    assert pathlib.Path(compiled.path).name == {"proto": "a_graph.so", "bytes": "model.so"}[form]
    assert compiled.explain().recognized == {"linear": 1} == vitc.explain(proto).recognized
    assert proto.SerializeToString() == before


def test_large_weights_go_into_a_file(tmp_path, monkeypatch):
    """As they must where the whole has more than the 2 GB of a message."""
    monkeypatch.setattr(_sources, "_LARGEST", 100)
    proto, w = model()
    proto.metadata_props.add(key="k", value="v")
    before = proto.SerializeToString()
    path = _sources.as_file(proto, tmp_path, Examples())
    assert path.stat().st_size < 1000 and (tmp_path / "model.weights").stat().st_size == 4096
    read = onnx.load(path)
    assert read.graph.node == proto.graph.node
    assert [onnx.numpy_helper.to_array(t).tolist() for t in read.graph.initializer] == [w.tolist(), [1.0]]
    assert (read.metadata_props, read.opset_import, read.ir_version) == (proto.metadata_props, proto.opset_import, 8)
    assert (read.graph.name, read.graph.input, read.graph.output) == (proto.graph.name, proto.graph.input, proto.graph.output)
    x = np.ones((1, 32), np.float32)
    np.testing.assert_allclose(vitc.compile(proto, threads=1)(x), x @ w + 1, atol=1e-4)
    assert proto.SerializeToString() == before


def test_weights_that_a_proto_does_not_hold(tmp_path):
    proto, _ = model()
    onnx.save(proto, tmp_path / "m.onnx", save_as_external_data=True, location="w.bin", size_threshold=0)
    without = onnx.load(tmp_path / "m.onnx", load_external_data=False)
    with pytest.raises(vitc.Error, match=r"the values of 2 weights \('w', …\) are in a file beside the model"):
        vitc.compile(without)
    assert vitc.compile(tmp_path / "m.onnx").inputs[0].shape == ("batch", 32)


@pytest.mark.parametrize("wrong, message", [
    (7, "cannot compile an object of type int; expected the path of an ONNX file, an onnx.ModelProto"),
    (b"no model", "not an ONNX model, or a truncated one"),
    (onnx.ModelProto(), "not an ONNX model: the file is empty"),
])
def test_what_is_no_model(wrong, message):
    with pytest.raises(vitc.Error) as error:
        vitc.compile(wrong)
    assert message in str(error.value) and error.value.status in (0, 1)


def test_options_for_modules():
    with pytest.raises(vitc.Error, match="^example_inputs is for a torch.nn.Module; the model is of type ModelProto$"):
        vitc.compile(model()[0], example_inputs=np.ones(3))
    with pytest.raises(vitc.Error, match="^dynamic_shapes is for a torch.nn.Module; the model is of type str$"):
        vitc.explain("m.onnx", dynamic_shapes={"x": {0: "batch"}})
