"""vitc.compat.onnxruntime beside ONNX Runtime: the same program, the same answers."""
import os
import subprocess
import sys

import numpy as np
import onnx
import onnxruntime
import pytest
import vitc
import vitc.compat.onnxruntime as compat
from onnx import TensorProto, helper, numpy_helper
from vitc.compat.onnxruntime._metadata import read_metadata


@pytest.fixture(autouse=True)
def environment(build_dir, tmp_path, monkeypatch):
    monkeypatch.setenv("VITC", str(build_dir / "bin" / "vitc"))
    monkeypatch.setenv("VITC_CACHE", str(tmp_path / "cache"))


def make_model(factor=2.0):
    """y = x · w, count = the rows of i + 1, for any batch; with metadata."""
    rng = np.random.default_rng(1)
    nodes = [helper.make_node("MatMul", ["x", "w"], ["product"]), helper.make_node("Mul", ["product", "factor"], ["y"]),
             helper.make_node("Add", ["i", "one"], ["next"])]
    weights = [numpy_helper.from_array(rng.standard_normal((8, 4), dtype=np.float32), "w"),
               numpy_helper.from_array(np.float32(factor), "factor"), numpy_helper.from_array(np.int64(1), "one")]
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 8]),
              helper.make_tensor_value_info("i", TensorProto.INT64, ["batch", 2])]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 4]),
               helper.make_tensor_value_info("next", TensorProto.INT64, ["batch", 2])]
    graph = helper.make_graph(nodes, "a graph", inputs, outputs, weights, doc_string="of two results")
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="a test",
                              domain="org.example", model_version=7, doc_string="a model")
    helper.set_model_props(model, {"names": "{0: 'cat', 1: 'dog'}", "stride": "32", "größe": "groß"})
    return model


@pytest.fixture
def path(tmp_path):
    onnx.save(make_model(), tmp_path / "model.onnx")
    return tmp_path / "model.onnx"


@pytest.fixture
def sessions(path):
    """Ours and ONNX Runtime's."""
    return compat.InferenceSession(path), onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


def feed(batch=3):
    rng = np.random.default_rng(batch)
    return {"x": rng.standard_normal((batch, 8), dtype=np.float32), "i": rng.integers(0, 9, (batch, 2))}


def describe(arguments):
    return [(argument.name, argument.type, argument.shape) for argument in arguments]


def test_describes(sessions):
    ours, theirs = sessions
    assert describe(ours.get_inputs()) == describe(theirs.get_inputs())
    assert describe(ours.get_outputs()) == describe(theirs.get_outputs())
    assert ours.get_overridable_initializers() == theirs.get_overridable_initializers() == []


def test_metadata(sessions):
    ours, theirs = (session.get_modelmeta() for session in sessions)
    names = ["producer_name", "graph_name", "domain", "description", "graph_description", "version", "custom_metadata_map"]
    assert [getattr(ours, name) for name in names] == [getattr(theirs, name) for name in names]


@pytest.mark.parametrize("names", [None, [], ["next"], ["next", "y"]], ids=str)
@pytest.mark.parametrize("batch", [1, 5])
def test_runs(sessions, names, batch):
    ours, theirs = (session.run(names, feed(batch)) for session in sessions)
    assert isinstance(ours, list) and len(ours) == len(theirs)
    for found, expected in zip(ours, theirs):
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_bytes_and_libraries(path, tmp_path):
    library = tmp_path / "model.so"
    vitc.compile(path, library)
    expected = compat.InferenceSession(path).run(None, feed())
    for source in (str(path), path.read_bytes(), library):
        for found, wanted in zip(compat.InferenceSession(source).run(None, feed()), expected):
            np.testing.assert_array_equal(found, wanted)


def test_compiles_once(path, tmp_path, monkeypatch):
    first = compat.InferenceSession(path).run(["y"], feed())[0]
    compiler = tmp_path / "vitc"  # its bytes are the same, so that libraries of the other are found
    compiler.write_bytes(open(os.environ["VITC"], "rb").read())
    monkeypatch.setenv("VITC", str(compiler))  # not executable
    np.testing.assert_array_equal(compat.InferenceSession(path).run(["y"], feed())[0], first)
    onnx.save(make_model(factor=3.0), path)
    with pytest.raises(vitc.Error, match="cannot run"):
        compat.InferenceSession(path)


def test_no_cache(path, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("VITC_CACHE", str(tmp_path / "file" / "cache"))
    assert compat.InferenceSession(path).run(["y"], feed())[0].shape == (3, 4)


def test_options(path):
    options = compat.SessionOptions()
    options.intra_op_num_threads = 1
    options.graph_optimization_level = compat.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.execution_mode = compat.ExecutionMode.ORT_PARALLEL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = compat.InferenceSession(str(path), options, providers=compat.get_available_providers())
    assert session._model.threads == 1
    assert session.get_session_options().get_session_config_entry("session.intra_op.allow_spinning") == "0"
    assert {name: int(level) for name, level in compat.GraphOptimizationLevel.__members__.items()} == {
        name: level.value for name, level in onnxruntime.GraphOptimizationLevel.__members__.items()}
    with pytest.raises(AttributeError, match="no option 'threads'"):
        options.threads = 2


def test_session_options_are_those_of_onnxruntime():
    theirs = onnxruntime.SessionOptions()
    for name, value in compat.SessionOptions._defaults.items():
        expected = getattr(theirs, name)
        assert getattr(expected, "value", expected) == value, name


def test_provider_options(path):
    session = compat.InferenceSession(path, providers=[("VitcExecutionProvider", {"precision": "bf16"})])
    assert session._model.info["options"]["precision"] == "bf16"
    assert session.get_provider_options()["VitcExecutionProvider"] == {"precision": "bf16"}
    again = compat.InferenceSession(path, providers=["VitcExecutionProvider"], provider_options=[{"precision": "bf16"}])
    assert again._model.path == session._model.path
    with pytest.raises(vitc.Error, match="unknown option '--colour=red'"):
        compat.InferenceSession(path, providers=[("VitcExecutionProvider", {"colour": "red"})])


def test_other_providers(path):
    with pytest.warns(UserWarning, match="not by 'CUDAExecutionProvider'"):
        session = compat.InferenceSession(path, providers=["CUDAExecutionProvider", "CPUExecutionProvider"])
    assert "CPUExecutionProvider" in session.get_providers()


@pytest.mark.parametrize("arrays, names, says", [
    ({"x": feed()["x"]}, None, "no array was given for 'i'"),
    ({**feed(), "z": feed()["x"]}, None, "no input 'z'; it has 'x', 'i'"),
    (feed(), ["z"], "no output 'z'; it has 'y', 'next'"),
    (feed(), "next", "output_names is 'next'; expected a list of names, or None for all"),
    (feed(), 3, "output_names is 3; expected a list of names, or None for all"),
    ([feed()["x"]], None, "a dict of arrays by name; got list"),
    ({**feed(), "x": feed()["x"].astype(np.float64)}, None, "float64"),
    ({**feed(), "x": feed()["x"][:, :5]}, None, "5"),
])
def test_wrong_runs(sessions, arrays, names, says):
    from onnxruntime.capi.onnxruntime_pybind11_state import InvalidArgument
    from vitc.compat.onnxruntime.capi import onnxruntime_pybind11_state

    ours, theirs = sessions
    with pytest.raises((InvalidArgument, ValueError, RuntimeError, AttributeError, TypeError)):
        theirs.run(names, arrays)
    with pytest.raises(onnxruntime_pybind11_state.InvalidArgument, match=says):
        ours.run(names, arrays)


@pytest.mark.parametrize("source, says", [
    ("missing.onnx", "cannot read the model missing.onnx: No such file or directory"),
    (".", "cannot read the model .: Is a directory"),
    ("a\0b", "cannot read the model 'a.x00b': embedded null byte"),
    (b"", "the file is empty"),
    (b"no model", "not an ONNX model"),
    (make_model(), "a model is a path or bytes; got ModelProto"),
], ids=["missing", "folder", "zero", "empty", "bytes", "proto"])
def test_wrong_models(source, says):
    with pytest.raises(vitc.Error, match=says) as raised:
        compat.InferenceSession(source)
    assert "Traceback" not in str(raised.value)


def test_what_there_is_not(sessions, path):
    session = sessions[0]
    for call in (session.io_binding, session.end_profiling, session.run_async):
        with pytest.raises(vitc.Error, match="use InferenceSession.run"):
            call()
    with pytest.raises(AttributeError, match="has no 'OrtValue'"):
        compat.OrtValue
    options = compat.SessionOptions()
    with pytest.raises(vitc.Error, match="no operators of other libraries"):
        options.register_custom_ops_library("custom.so")
    options.intra_op_num_threads = -1
    with pytest.raises(vitc.Error, match="intra_op_num_threads is -1"):
        compat.InferenceSession(path, options)
    with pytest.raises(vitc.Error, match="2 provider options were given for 1 providers"):
        compat.InferenceSession(path, providers=["CPUExecutionProvider"], provider_options=[{}, {}])
    with pytest.raises(vitc.Error, match="sess_options is of type dict; expected SessionOptions"):
        compat.InferenceSession(path, {})


@pytest.mark.parametrize("providers, options, says", [
    (3, None, "are lists; got int and NoneType"), (["VitcExecutionProvider"], 3, "are lists; got list and int"),
    ([3], None, "a provider is a name, or a pair"), ([("VitcExecutionProvider",)], None, "a provider is a name, or a pair"),
    (["VitcExecutionProvider"], [3], "a provider is a name, or a pair"),
], ids=str)
def test_wrong_providers(path, providers, options, says):
    with pytest.raises(vitc.Error, match=says):
        compat.InferenceSession(path, providers=providers, provider_options=options)


def test_metadata_of_broken_files():
    whole = make_model().SerializeToString()
    for length in range(0, len(whole), 7):
        assert read_metadata(whole[:length]).version in (0, 7)
    assert read_metadata(b"\xff" * 40) == read_metadata(b"\x3a\x05abc") == read_metadata(b"\x10\x01") == compat.ModelMetadata()


PROGRAM = """import sys
import onnxruntime as ort
from onnxruntime import InferenceSession, SessionOptions
from onnxruntime.capi.onnxruntime_pybind11_state import Fail, NoSuchFile
ort.set_default_logger_severity(3)
assert ort.get_device() == "CPU" and "CPUExecutionProvider" in ort.get_available_providers()
try:
    InferenceSession("missing.onnx")
except NoSuchFile as error:
    print(error)
print([value.name for value in InferenceSession(sys.argv[1], SessionOptions()).get_inputs()], __name__, sys.argv[2:])
"""


@pytest.mark.parametrize("how", ["program", "install", "modules"])
def test_in_place_of_onnxruntime(how, path, source_dir, tmp_path):
    """A program that imports onnxruntime runs over vitc."""
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    run = f"import runpy; sys.argv[0] = {str(program)!r}; runpy.run_path(sys.argv[0], run_name='__main__')"
    command = {
        "program": ["-m", "vitc.compat.onnxruntime", program],
        "install": ["-c", f"import sys; import vitc.compat.onnxruntime as o; o.install(); o.install(); {run}"],
        "modules": ["-c", f"import sys, vitc.compat.onnxruntime as o; sys.modules['onnxruntime'] = o; {run}"],
    }[how]
    done = subprocess.run([sys.executable, *command, path, "more"], capture_output=True, text=True, cwd=tmp_path,
                          env={**os.environ, "PYTHONPATH": str(source_dir / "python")})
    assert done.returncode == 0, done.stderr
    assert done.stdout == ("cannot read the model missing.onnx: No such file or directory\n"
                           "['x', 'i'] __main__ ['more']\n")


def test_too_late_to_install():
    assert sys.modules["onnxruntime"] is onnxruntime
    with pytest.raises(vitc.Error, match="was imported already"):
        compat.install()
