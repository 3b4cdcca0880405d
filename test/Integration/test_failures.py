"""What cannot be compiled or run: exit code 1 and a sentence (usage: 2), nothing left behind, never a crash."""
import os
import subprocess

import numpy as np
import onnx
import pytest
import vitc
from onnx import TensorProto, helper

from harness import listing, save


@pytest.fixture(scope="module")
def tiny():
    """y = relu(x): (1, 4) -> (1, 4)."""
    return one_op("Relu", ["x"])


def one_op(op, inputs, opset=17, shape=(1, 4), domain="", **attributes):
    return graph([helper.make_node(op, inputs, ["y"], name=f"the_{op}", domain=domain, **attributes)], opset, shape, domain)


def graph(nodes, opset=17, shape=(1, 4), domain=""):
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    opsets = [helper.make_opsetid("", opset)] + ([helper.make_opsetid(domain, 1)] if domain else [])
    return helper.make_model(helper.make_graph(nodes, "graph", [x], [y]), opset_imports=opsets, ir_version=8)


# Files that are no models.


def test_missing(refuses):
    refuses("nothere.onnx", "-o", "m.so", says=["nothere.onnx", "no such file"])


def test_directory(refuses, tmp_path):
    (tmp_path / "folder.onnx").mkdir()
    refuses("folder.onnx", "-o", "m.so", says=["folder.onnx", "directory"])


@pytest.mark.parametrize("content", [b"", b"\0" * 64, b"\x7fELF" + b"\0" * 60, b"{}", b"PK\x03\x04", bytes(range(256)) * 16],
                         ids=["empty", "zeros", "elf", "json", "zip", "all bytes"])
def test_not_onnx(refuses, tmp_path, content):
    (tmp_path / "m.onnx").write_bytes(content)
    refuses("m.onnx", "-o", "m.so", says="m.onnx")


@pytest.mark.parametrize("kept", [0.01, 0.3, 0.6, 0.9, 0.999])
def test_truncated(refuses, tmp_path, small_model, kept):
    whole = small_model("deit").read_bytes()
    (tmp_path / "m.onnx").write_bytes(whole[: int(kept * len(whole))])
    refuses("m.onnx", "-o", "m.so", says="m.onnx")


def test_flipped_bytes_never_crash(run_tool, tmp_path, small_model):
    """What still is a model may compile; what is not is refused. No signal, no other exit code."""
    stripped = onnx.load(small_model("deit"))
    for tensor in stripped.graph.initializer:
        if len(tensor.raw_data) > 64:
            tensor.ClearField("raw_data")
    content = stripped.SerializeToString()
    rng = np.random.default_rng(7)
    for trial in range(12):
        damaged = np.frombuffer(content, np.uint8).copy()
        damaged[rng.integers(0, len(damaged), 4)] = rng.integers(0, 256, 4)
        (tmp_path / "m.onnx").write_bytes(damaged.tobytes())
        run = run_tool("vitc", tmp_path / "m.onnx", "--compile-to=onnx", timeout=60, errors="replace")
        assert run.returncode in (0, 1), (trial, run.returncode, run.stderr[-2000:])


def test_weights_beside_the_model_are_missing(refuses, tmp_path, small_model):
    model = onnx.load(small_model("deit"))
    onnx.save(model, tmp_path / "m.onnx", save_as_external_data=True, location="m.weights", size_threshold=1024)
    weights = tmp_path / "m.weights"
    data = weights.read_bytes()
    weights.unlink()
    refuses("m.onnx", "-o", "m.so", says="m.weights")
    weights.write_bytes(data[: len(data) // 2])
    refuses("m.onnx", "-o", "m.so", says="m.weights")


@pytest.mark.parametrize("location", ["../secret", "/etc/passwd", "link/secret"])
def test_weights_outside_the_folder(refuses, tmp_path, location):
    (tmp_path / "secret").write_bytes(b"\0" * 16)
    inside = tmp_path / "models"
    inside.mkdir()
    (inside / "link").symlink_to(tmp_path)
    weight = TensorProto(name="w", dims=[4], data_type=TensorProto.FLOAT, data_location=TensorProto.EXTERNAL)
    weight.external_data.add(key="location", value=location)
    model = one_op("Add", ["x", "w"])
    model.graph.initializer.append(weight)
    (inside / "m.onnx").write_bytes(model.SerializeToString())
    refuses("models/m.onnx", "-o", "m.so", says=location)


# Models that vitc cannot compile.


def test_all_unsupported_ops_in_one_message(refuses, tmp_path):
    model = graph([
        helper.make_node("Det", ["x"], ["a"], name="first"),
        helper.make_node("Relu", ["x"], ["b"], name="fine"),
        helper.make_node("Frobnicate", ["b"], ["c"], name="second", domain="example.org"),
        helper.make_node("StringNormalizer", ["a"], ["d"], name="third"),
        helper.make_node("Add", ["b", "c"], ["y"], name="last"),
    ], domain="example.org")
    save(model, tmp_path / "m.onnx")
    message = refuses("m.onnx", "-o", "m.so", says=["first", "Det", "second", "Frobnicate", "third", "StringNormalizer", "17"])
    assert "fine" not in message and "last" not in message


def test_element_types_to_come(refuses, tmp_path):
    """The nodes whose functions have no code in float64; others have."""
    x, y = (helper.make_tensor_value_info(value, TensorProto.DOUBLE, [3, 3]) for value in "xy")
    nodes = [helper.make_node("MatMul", ["x", "x"], ["z"], name="the_product"), helper.make_node("Erf", ["z"], ["e"], name="the_erf"),
             helper.make_node("Softmax", ["e"], ["s"], name="the_softmax"), helper.make_node("Gelu", ["s"], ["y"], name="the_gelu")]
    model = helper.make_model(helper.make_graph(nodes, "graph", [x], [y]), opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    says = ["the_erf", "the_gelu", "is computed in float64, which vitc does not support for it; cast its operands to float32"]
    refuses(save(model, tmp_path / "m.onnx"), "-o", "m.so", says=says)


def test_unknown_opset(refuses, tmp_path):
    save(one_op("Relu", ["x"], opset=999), tmp_path / "m.onnx")
    refuses("m.onnx", "-o", "m.so", says="999")


@pytest.mark.parametrize(
    "model, says",
    [
        (one_op("MatMul", ["x", "x"], shape=(2, 3)), "the_MatMul"),
        (one_op("Add", ["x", "nowhere"]), "nowhere"),
        (one_op("Transpose", ["x"], perm=[0, 0]), "the_Transpose"),
        (one_op("Softmax", ["x"], axis=5), "the_Softmax"),
        (one_op("Conv", ["x", "x"]), "the_Conv"),
        (one_op("Relu", ["y"]), "the_Relu"),
    ],
    ids=["shapes", "undefined", "permutation", "axis", "rank", "cycle"],
)
def test_wrong_graphs(refuses, tmp_path, model, says):
    save(model, tmp_path / "m.onnx")
    refuses("m.onnx", "-o", "m.so", says=says)


def test_output_with_a_quotient_of_two_dimensions(refuses, run_tool, tmp_path):
    """The node, the output and the size are named; with fixed sizes the model compiles."""
    nodes = [helper.make_node("Shape", ["x"], ["rows"], start=0, end=1), helper.make_node("Shape", ["x"], ["columns"], start=1),
             helper.make_node("Div", ["rows", "columns"], ["times"]), helper.make_node("ConstantOfShape", ["times"], ["zeros"]),
             helper.make_node("Relu", ["zeros"], ["y"], name="the_Relu")]
    save(graph(nodes, shape=("rows", "columns")), tmp_path / "m.onnx")
    refuses("m.onnx", "-o", "m.so", says=['the_Relu: dimension 0 of the output "y" is rows floordiv columns', "quotients by constants", "--shape"])
    assert run_tool("vitc", "m.onnx", "-o", "m.so", "--shape=x=7x2", cwd=tmp_path).returncode == 0


# Wrong options and folders.


@pytest.mark.parametrize(
    "shape, says",
    [
        ("--shape=nowhere=1x4", "nowhere"),
        ("--shape=x=1x4x4", "x"),
        ("--shape=x=1x5", "x"),
    ],
    ids=["name", "rank", "extent"],
)
def test_wrong_shape(refuses, tmp_path, tiny, shape, says):
    save(tiny, tmp_path / "m.onnx")
    refuses("m.onnx", "-o", "m.so", shape, says=says)


def test_shape_that_does_not_fit(refuses, tmp_path, small_model):
    """Another picture size than the position grid has."""
    model = onnx.load(small_model("deit_batch"))
    save(model, tmp_path / "m.onnx")
    refuses("m.onnx", "-o", "m.so", "--shape=x=1x3x80x80", says="x")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["m.onnx"],
        ["m.onnx", "-o"],
        ["m.onnx", "-o", "m.so", "--frobnicate"],
        ["m.onnx", "-o", "m.so", "--shape=x"],
        ["m.onnx", "-o", "m.so", "--shape=x=1xa"],
        ["m.onnx", "-o", "m.so", "--mcpu=pentium"],
        ["m.onnx", "-o", "m.so", "--target=toaster"],
        ["m.onnx", "-o", "m.so", "--mcpu=x86-64-v3,pentium"],
        ["m.onnx", "-o", "m.so", "--mcpu="],
        ["m.onnx", "-o", "m.so", "--require-fused=gelu,,silu"],
        ["--batch", "a", "--batch", "b"],
        ["m.onnx", "-o", "m.so", "--weights=nowhere"],
        ["m.onnx", "-o", "m.so", "--precision=fp8"],
        ["m.onnx", "-o", "m.so", "--tap="],
        ["m.onnx", "-o", "m.so", "--tap=keys:"],
        ["m.onnx", "-o", "m.so", "--tap=tokens:3-1"],
        ["m.onnx", "-o", "m.so", "--tap=cls_attention:last"],
        ["m.onnx", "-o", "m.so", "--tap-only"],
        ["m.onnx", "-o", "m.so", "--emit=exe"],
        ["m.onnx", "-o", "m.so", "--emit=ptx"],
        ["m.onnx", "-o", "m.so", "--compile-to=gold"],
        ["m.onnx", "-o", "m.so", "--compile-to=vit"],
        ["m.onnx", "--explain", "--compile-to=linalg"],
        ["m.onnx", "n.onnx", "-o", "m.so"],
    ],
    ids=lambda arguments: " ".join(arguments) or "nothing",
)
def test_usage(run_tool, tmp_path, tiny, arguments):
    save(tiny, tmp_path / "m.onnx")
    before = listing(tmp_path)
    run = run_tool("vitc", *arguments, cwd=tmp_path)
    assert run.returncode == 2, run.stderr
    assert run.stderr and run.stdout == ""
    assert listing(tmp_path) == before


@pytest.mark.parametrize("precision", ["fp16", "tf32"])
def test_precisions_for_gpus(refuses, tmp_path, tiny, precision):
    save(tiny, tmp_path / "m.onnx")
    refuses("m.onnx", "-o", "m.so", "--target=cuda-sm_90,cpu:x86-64-v4", f"--precision={precision}",
            says=f"--precision={precision} is for GPUs, and x86-64-v4 is none: expected fp32, bf16 or auto")


def test_no_such_output_folder(refuses, tmp_path, tiny):
    save(tiny, tmp_path / "m.onnx")
    refuses("m.onnx", "-o", "nowhere/m.so", says="nowhere")


def test_output_is_a_folder(refuses, tmp_path, tiny):
    save(tiny, tmp_path / "m.onnx")
    (tmp_path / "m.so").mkdir()
    refuses("m.onnx", "-o", "m.so", says="m.so")


def test_output_folder_is_a_file(refuses, tmp_path, tiny):
    save(tiny, tmp_path / "m.onnx")
    (tmp_path / "file").write_text("")
    refuses("m.onnx", "-o", "file/m.so", says="file/m.so")


def test_unwritable_output_folder(refuses, tmp_path, tiny):
    save(tiny, tmp_path / "m.onnx")
    if os.geteuid() == 0:  # who may write anywhere, but not into the kernel's folder
        refuses("m.onnx", "-o", "/proc/self/m.so", says="/proc/self/m.so")
        return
    (tmp_path / "locked").mkdir(mode=0o500)
    refuses("m.onnx", "-o", "locked/m.so", says="locked/m.so")


@pytest.mark.parametrize("blocked", ["m.h", "m.o", "m.s"])
def test_artefact_that_cannot_be_written(refuses, tmp_path, tiny, blocked):
    """Those that could be are not left, and what was there before stays."""
    save(tiny, tmp_path / "m.onnx")
    (tmp_path / "m.so").write_text("what was there")
    (tmp_path / blocked).mkdir()
    refuses("m.onnx", "-o", "m.so", "--emit=so,obj,header,asm", says=blocked)


@pytest.mark.parametrize("tap", ["scores", "attention:-1", "queries:0,3", "tokens", "norms"])
def test_taps_of_a_model_without_attention(refuses, tmp_path, tiny, tap):
    save(tiny, tmp_path / "m.onnx")
    refuses("m.onnx", "-o", "m.so", f"--tap={tap}", says=[f"tap '{tap}'", "no attention was recognised"])


def test_full_device(refuses, tmp_path, tiny):
    """Output that cannot be written whole is taken away again, and what was there before stays."""
    save(tiny, tmp_path / "m.onnx")
    (tmp_path / "m.so").write_text("what was there")
    script = 'ulimit -f 8; trap "" XFSZ; exec "$@"'
    before = listing(tmp_path)
    run = subprocess.run(["bash", "-c", script, "bash", os.environ["VITC"], "m.onnx", "-o", "m.so"], cwd=tmp_path,
                         capture_output=True, text=True)
    assert run.returncode == 1, run.stderr
    assert "m.so" in run.stderr
    assert listing(tmp_path) == before


# Wrong inputs at run time.


@pytest.fixture(scope="module")
def deit(compiled):
    return compiled("deit_batch").library


@pytest.mark.parametrize(
    "array, says",
    [
        (np.zeros((1, 3, 64, 63), np.float32), "x"),
        (np.zeros((3, 64, 64), np.float32), "x"),
        (np.zeros((1, 3, 64, 64), np.float64), "float64"),
        (np.zeros((1, 3, 64, 64), np.uint8), "uint8"),
        (np.zeros((0, 3, 64, 64), np.float32), "x"),
    ],
    ids=["extent", "rank", "float64", "uint8", "no pictures"],
)
def test_wrong_array(deit, run_tool, tmp_path, array, says):
    model = vitc.load(deit, threads=1)
    with pytest.raises(vitc.Error, match=says):
        model(array)
    good = np.zeros((1, 3, 64, 64), np.float32)
    assert np.isfinite(model(good)).all(), "the model works after an error"

    np.save(tmp_path / "x.npy", array)
    run = run_tool("vitc-run", deit, "--input", f"x={tmp_path}/x.npy", "--output", tmp_path / "y.npz")
    assert run.returncode == 1 and says in run.stderr, run.stderr
    assert not (tmp_path / "y.npz").exists()


def test_wrong_number_of_arrays(deit):
    model = vitc.load(deit, threads=1)
    pixels = np.zeros((1, 3, 64, 64), np.float32)
    with pytest.raises(vitc.Error, match="2 inputs were given; expected 1"):
        model(pixels, pixels)
    with pytest.raises(vitc.Error, match="no array was given for 'x'"):
        model()
    with pytest.raises(vitc.Error, match="no input 'z'"):
        model(z=pixels)


def test_python_says_what_the_driver_says(tmp_path):
    (tmp_path / "m.onnx").write_bytes(b"text")
    with pytest.raises(vitc.Error, match="m.onnx") as error:
        vitc.compile(tmp_path / "m.onnx", tmp_path / "m.so")
    assert error.value.status == 1
    assert not (tmp_path / "m.so").exists()
