"""Whole models for GPUs, run without one: the library's own PTX by the simulator behind a mock of the CUDA driver."""
import collections
import ctypes
import os
import re
import subprocess
import sys
import textwrap

import numpy as np
import onnx
import onnx.helper
import onnx.numpy_helper
import pytest
import vitc
from vitc import _abi

from harness import SMALL, Reference, accepted, assert_agrees, compile_model, draw
from test_precision import cosine

TARGET = "--target=cuda-sm_90"
SELECTED = ["deit", "dinov2_reg4", "lavit", "swin"]


@pytest.fixture(scope="module", autouse=True)
def mock(build_dir):
    """The mock in place of libcuda.so.1, for this process and for those that tests start."""
    path = build_dir / "lib" / "libvitc-libcuda-mock.so"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VITC_LIBCUDA", str(path))
        yield ctypes.CDLL(path)


@pytest.fixture(scope="module")
def deit(small_model, run_tool, tmp_path_factory):
    """A library with a named batch."""
    folder = tmp_path_factory.mktemp("gpu")
    return compile_model(run_tool, small_model("deit_batch"), folder / "deit.so", TARGET)


def agrees(made, batches=(1,)):
    reference, model = Reference.open(made.model), vitc.load(made.library, device="cuda")
    for batch in batches:
        inputs = draw(model, batch, seed=batch)
        assert_agrees(model.run(inputs), reference.run(inputs))


@pytest.mark.parametrize("name", [pytest.param("swin", marks=pytest.mark.long) if name == "swin" else name for name in SELECTED])
def test_agrees(name, small_model, run_tool, tmp_path):
    """The second run with the same sizes makes a graph, the third runs it again."""
    agrees(compile_model(run_tool, small_model(name), tmp_path / "model.so", TARGET), batches=(1, 1, 1))


@pytest.mark.long
@pytest.mark.parametrize("name", [name for name in accepted(SMALL) if name not in SELECTED])
def test_all_agree(name, small_model, run_tool, tmp_path):
    batch = 2 if "_b" in name.removesuffix(".dyn") else 1
    agrees(compile_model(run_tool, small_model(name), tmp_path / "model.so", TARGET), batches=(batch,))


def keeps_direction(made, batches=(1,)):
    """In bf16: within what its eight bits are known to do to models of random weights (see test_precision.py)."""
    reference, model = Reference.open(made.model), vitc.load(made.library, device="cuda")
    for batch in batches:
        inputs = draw(model, batch, seed=batch)
        found, expected = model.run(inputs), reference.run(inputs)
        for name, value in expected.items():
            assert found[name].dtype == np.float32 and cosine(found[name], value) >= 0.9995, name


@pytest.mark.parametrize("name", [*SELECTED, "levit", "dino_attention"])
def test_bf16(name, small_model, run_tool, tmp_path):
    """Products, attention and norms by the kernels for Hopper: wgmma, TMA, persistent blocks."""
    keeps_direction(compile_model(run_tool, small_model(name), tmp_path / "model.so", TARGET, "--precision=bf16"))


def test_bf16_batches(small_model, run_tool, tmp_path):
    made = compile_model(run_tool, small_model("deit_batch"), tmp_path / "model.so", TARGET, "--precision=bf16")
    keeps_direction(made, batches=(1, 3, 3, 3, 2))


def test_kernels_for_tensor_cores(small_model, run_tool, tmp_path):
    """A DeiT's products, attentions and norms, none of which is left to loops."""
    run = run_tool("vitc", small_model("deit"), TARGET, "--precision=bf16", "--compile-to=tiled")
    counts = {op: run.stdout.count(f"= vgpu.{op} ") for op in ("attention", "gemm", "layer_norm")}
    # The last block computes one query row, apart from the keys and values.
    assert counts == {"attention": 2, "gemm": 2 * 4 + 1 + 2, "layer_norm": 2 * 2 + 1}
    assert "linalg.contract" not in run.stdout and "linalg.softmax" not in run.stdout


# The driver is loaded once a process: another capability than that of the tests' own takes another process.
RUN_ON_CUDA = textwrap.dedent("""
    import sys
    import numpy as np
    import vitc
    model = vitc.load(sys.argv[1], device="cuda")
    np.savez(sys.argv[3], **model.run(dict(np.load(sys.argv[2]))))
""")


def run_on(capability, library, inputs, folder):
    """The outputs of a library on a device of that capability, in a process of its own."""
    np.savez(folder / "inputs.npz", **inputs)
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "VITC_MOCK_CAPABILITY": str(capability)}
    command = [sys.executable, "-c", RUN_ON_CUDA, library, folder / "inputs.npz", folder / "outputs.npz"]
    run = subprocess.run(command, capture_output=True, text=True, env=variables)
    assert run.returncode == 0, run.stderr
    return np.load(folder / "outputs.npz")


@pytest.mark.parametrize("name", ["deit", "dinov2_reg4", *(pytest.param(name, marks=pytest.mark.long)
                                                          for name in ("swin", "lavit", "levit"))])
@pytest.mark.parametrize("capability", [80, 89])
def test_bf16_before_hopper(capability, name, small_model, run_tool, tmp_path):
    """Products and attention by mma.sync; the kernels' own PTX runs on a device of that capability."""
    made = compile_model(run_tool, small_model(name), tmp_path / "model.so", f"--target=cpu,cuda-sm_{capability}",
                         "--precision=bf16")
    assert b"ldmatrix.sync.aligned.m8n8.x4.trans" in made.library.read_bytes(), "values of an attention"
    inputs = draw(vitc.load(made.library), 1)
    found = run_on(capability, made.library, inputs, tmp_path)
    for output, value in Reference.open(made.model).run(inputs).items():
        assert found[output].dtype == np.float32 and cosine(found[output], value) >= 0.9995, output


@pytest.mark.parametrize("name, capability", [("dinov2_reg4", 90), ("lavit", 90), ("deit", 80)])
def test_fp16(name, capability, small_model, run_tool, tmp_path):
    """Eleven bits instead of eight: nearer to float32 than bf16 is."""
    flags = f"--target=cuda-sm_{capability}", "--precision=fp16"
    made = compile_model(run_tool, small_model(name), tmp_path / "model.so", *flags)
    reference = Reference.open(made.model)
    image, = reference.session.get_inputs()
    inputs = {image.name: np.random.default_rng(3).standard_normal(image.shape, dtype=np.float32)}
    found = run_on(capability, made.library, inputs, tmp_path)
    for output, value in reference.run(inputs).items():
        assert found[output].dtype == np.float32 and cosine(found[output], value) >= 0.99999, output
    code = run_tool("vitc", small_model(name), *flags, "--compile-to=tiled").stdout
    assert "bf16" not in code and re.search(r"vgpu\.gemm ins\(%\S+, %\S+ : tensor<\w+xf16>", code)


def test_kernels_before_hopper(small_model, run_tool):
    """Products, attentions and norms, none of which is left to loops."""
    run = run_tool("vitc", small_model("deit"), "--target=cuda-sm_80", "--precision=bf16", "--compile-to=tiled")
    products = [line for line in run.stdout.splitlines() if "= vgpu.gemm " in line]
    assert len(products) == 2 * 4 + 1 + 2 and all("mma_sync" in line for line in products)
    attentions = [line for line in run.stdout.splitlines() if re.search(r"= vgpu.attention\b", line)]
    assert len(attentions) == 2 and all("mma_sync" in line for line in attentions)
    assert run.stdout.count("= vgpu.layer_norm ") == 2 * 2 + 1
    assert "linalg.contract" not in run.stdout and "linalg.softmax" not in run.stdout


def count_ops(run_tool, model, target=TARGET, precision="bf16"):
    """The `vgpu` ops of a model, by name, and its code."""
    run = run_tool("vitc", model, target, f"--precision={precision}", "--compile-to=tiled")
    return collections.Counter(re.findall(r"= vgpu\.(\w+) ", run.stdout)), run.stdout


@pytest.mark.parametrize("name, biases", [
    ("swin", ["1x2x49x64", "16x2x49x64", "1x4x49x64", "4x4x49x64"]),
    ("swin_batch", ["1x2x49x64", "16x2x49x64", "1x4x49x64", "4x4x49x64"]),
    ("levit", ["1x2x16x16", "1x2x4x16", "1x3x4x16", "1x3x1x16", "1x4x1x16"]),
    ("nest", []),
    ("pvt", []),
])
def test_kernels_of_attention(name, biases, small_model, run_tool):
    """No attention is left to loops; relative positions and masks of windows are constants as the kernel reads them."""
    counts, code = count_ops(run_tool, small_model(name))
    assert counts["attention"] == (len(biases) or 4)
    assert re.findall(r"bias\(%cst\w* : tensor<([x0-9]+)xf32>\) outs\(%\w+ : \S+xbf16>\) {scale", code) == biases
    assert not re.search(r"math\.exp|linalg\.softmax", code)


LAVITS = {"lavit": {"attention": 5, "attend": 2, "batch_gemm": 6}, "lavit_residual": {"attention": 6, "attend": 1, "batch_gemm": 5},
          "lavit_post": {"attention": 3, "attend": 4, "batch_gemm": 4},
          "lavit_reduced": {"attention": 5, "attend": 3, "batch_gemm": 7}}


@pytest.mark.parametrize("target, precision", [(TARGET, "bf16"), ("--target=cuda-sm_80", "fp16"), (TARGET, "tf32")])
@pytest.mark.parametrize("name", LAVITS)
def test_kernels_of_inherited_attention(name, target, precision, small_model, run_tool):
    """Vanilla layers write their scores or probabilities, matrices map those, or queries and keys, and what comes of it is
    given to others; none is left to loops."""
    counts, code = count_ops(run_tool, small_model(name), target, precision)
    assert {op: counts[op] for op in LAVITS[name]} == LAVITS[name]
    assert not re.search(r"math\.exp|linalg\.softmax|linalg\.contract", code)


def test_loops_are_explained(small_model, run_tool):
    """A line for all ops of one kind and reason: a depthwise convolution; products with probabilities that heads mix."""
    def explain(name):
        run = run_tool("vitc", small_model(name), "--explain", "--target=cuda-sm_90,cuda-sm_80", "--precision=bf16")
        assert run.returncode == 0
        return re.findall(r"^missed: (cuda-\S+) kernel at (\S+) \((\S+)\): (.+)$", run.stdout, re.M)

    reasons = [("cuda-sm_90", "not probabilities", 4), ("cuda-sm_90", "not of a softmax over keys", 2),
               ("cuda-sm_80", "not probabilities", 4), ("cuda-sm_80", "not of a softmax over keys", 2)]
    for (target, _, op, reason), (wanted, begin, count) in zip(explain("deepvit"), reasons, strict=True):
        assert (target, op) == (wanted, "linalg.contract") and reason.startswith(begin)
        assert reason.endswith(f"; and {count - 1} more")
    found = explain("lavit_post")
    assert [(target, op) for target, _, op, _ in found] == [("cuda-sm_90", "vit.conv"), ("cuda-sm_80", "vit.conv")]
    assert all("pixels are multiples of 16 bytes" in reason and node.endswith("/depthwise/Conv") for _, node, _, reason in found)


@pytest.mark.parametrize("name", ["lavit_post", pytest.param("lavit_residual", marks=pytest.mark.long),
                                  pytest.param("lavit_reduced", marks=pytest.mark.long)])
def test_bf16_inherited_before_hopper(name, small_model, run_tool, tmp_path):
    made = compile_model(run_tool, small_model(name), tmp_path / "model.so", "--target=cpu,cuda-sm_80", "--precision=bf16")
    inputs = draw(vitc.load(made.library), 1)
    found = run_on(80, made.library, inputs, tmp_path)
    for output, value in Reference.open(made.model).run(inputs).items():
        assert cosine(found[output], value) >= 0.9995, output


@pytest.mark.parametrize("name", ["lavit_post", pytest.param("lavit_residual", marks=pytest.mark.long),
                                  pytest.param("lavit_reduced", marks=pytest.mark.long)])
def test_bf16_inherited(name, small_model, run_tool, tmp_path):
    keeps_direction(compile_model(run_tool, small_model(name), tmp_path / "model.so", TARGET, "--precision=bf16"))


@pytest.mark.parametrize("tokens", [17, pytest.param(197, marks=pytest.mark.long), pytest.param(261, marks=pytest.mark.long)])
def test_bf16_inherited_odd(tokens, run_tool, tmp_path):
    """Rows of scores begin anywhere. A layer with Q and K, and one that inherits its scores."""
    tensor = lambda name, shape: onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)
    node = onnx.helper.make_node
    weights = {"theta": (tokens, tokens), "theta_bias": (tokens,), "psi": (tokens, tokens)}
    constants = {name: np.random.default_rng(len(name)).standard_normal(shape).astype(np.float32) / tokens ** 0.5
                 for name, shape in weights.items()} | {"heads": np.array([2, tokens, 3, 32]), "scale": np.float32(0.25)}
    nodes = []
    for name in "qkvw":
        nodes += [node("Reshape", [name, "heads"], [f"{name}4"]),
                  node("Transpose", [f"{name}4"], [f"{name}t"], perm=[0, 2, 1, 3])]
    nodes += [node("Transpose", ["kt"], ["kd"], perm=[0, 1, 3, 2]), node("MatMul", ["qt", "kd"], ["qk"]),
              node("Mul", ["qk", "scale"], ["s"]), node("Softmax", ["s"], ["p"], axis=-1), node("MatMul", ["p", "vt"], ["o"]),
              node("MatMul", ["s", "theta"], ["a"]), node("Add", ["a", "theta_bias"], ["c"]),
              node("Transpose", ["c"], ["d"], perm=[0, 1, 3, 2]), node("MatMul", ["d", "psi"], ["e"]),
              node("Transpose", ["e"], ["f"], perm=[0, 1, 3, 2]), node("Softmax", ["f"], ["g"], axis=-1),
              node("MatMul", ["g", "wt"], ["h"])]
    for name in "oh":
        nodes += [node("Transpose", [name], [f"{name}_y"], perm=[0, 2, 1, 3])]
    graph = onnx.helper.make_graph(nodes, "g", [tensor(name, [2, tokens, 96]) for name in "qkvw"],
                                   [tensor(f"{name}_y", [2, tokens, 3, 32]) for name in "oh"],
                                   [onnx.numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()])
    file = tmp_path / "model.onnx"
    onnx.save(onnx.helper.make_model(graph, ir_version=8, opset_imports=[onnx.helper.make_opsetid("", 17)]), file)
    # Θ and Ψ map scores, or, where that is less, keys and queries: of fewer features than there are tokens.
    expected = {"attention": 1, "gemm": 1, "batch_gemm": 1, "attend": 1} if tokens < 32 else {"attention": 2, "batch_gemm": 2}
    assert count_ops(run_tool, file)[0] == expected
    keeps_direction(compile_model(run_tool, file, tmp_path / "model.so", TARGET, "--precision=bf16"))


def test_bf16_windows_of_batches(small_model, run_tool, tmp_path):
    """Masks of shifted windows are those of the window, whatever its image is."""
    made = compile_model(run_tool, small_model("swin_batch"), tmp_path / "model.so", TARGET, "--precision=bf16")
    keeps_direction(made, batches=(1, 3))


def test_gates(small_model, run_tool, tmp_path):
    """The kernel multiplies what SwiGLU gates: nothing of it is left to loops."""
    counts, code = count_ops(run_tool, small_model("vit_swiglu"))
    assert code.count(" gated,") == 2 and "math.exp" not in code
    keeps_direction(compile_model(run_tool, small_model("vit_swiglu"), tmp_path / "model.so", TARGET, "--precision=bf16"))


@pytest.mark.parametrize("name", ["resnet", "pvt_v2", "convnext"])
def test_kernels_of_convolutions(name, small_model, run_tool, tmp_path):
    """Convolutions of one group are products of their windows; those of channels for themselves have a kernel of their own."""
    counts, code = count_ops(run_tool, small_model(name))
    groups = [node for node in onnx.load(small_model(name)).graph.node if node.op_type == "Conv"
              and any(attribute.name == "group" and attribute.i > 1 for attribute in node.attribute)]
    assert counts["gemm"] + counts["conv"] > 8 and counts["depthwise_conv"] == len(groups)
    assert '"reduction", "reduction", "reduction"]' not in code  # over channels, and both ways over the taps
    keeps_direction(compile_model(run_tool, small_model(name), tmp_path / "model.so", TARGET, "--precision=bf16"))


def save_graph(path, nodes, inputs, outputs, weights):
    """A model of opset 17; inputs and outputs are name → shape."""
    info = lambda shapes: [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape) for name, shape in shapes.items()]
    tensors = [onnx.numpy_helper.from_array(value, name) for name, value in weights.items()]
    graph = onnx.helper.make_graph(nodes, "g", info(inputs), info(outputs), tensors)
    onnx.save(onnx.helper.make_model(graph, ir_version=8, opset_imports=[onnx.helper.make_opsetid("", 17)]), path)
    return path


def test_clusters_share_the_depth(run_tool, tmp_path):
    """Few rows of many elements: the blocks of a cluster send their sums to the first."""
    weights = np.random.default_rng(0).standard_normal((1024, 96)).astype(np.float32)
    model = save_graph(tmp_path / "model.onnx", [onnx.helper.make_node("MatMul", ["x", "w"], ["y"])], {"x": [1, 70, 1024]},
                       {"y": [1, 70, 96]}, {"w": weights})
    assert "splits = " in count_ops(run_tool, model)[1]
    keeps_direction(compile_model(run_tool, model, tmp_path / "model.so", TARGET, "--precision=bf16"), batches=(1, 1, 1))


@pytest.mark.parametrize("channels, filters, size, kernel, strides, pads, dilations, kind", [
    (16, 24, (9, 7), (1, 1), (1, 1), (0, 0, 0, 0), (1, 1), "gemm"),   # the pixels themselves are the rows
    (12, 24, (9, 7), (1, 1), (1, 1), (0, 0, 0, 0), (1, 1), "gemm"),   # rows of no multiple of 16 bytes
    (16, 24, (9, 7), (1, 1), (2, 2), (0, 0, 0, 0), (1, 1), "conv"),
    (8, 16, (9, 7), (3, 3), (1, 1), (1, 1, 1, 1), (1, 1), "conv"),
    (8, 17, (10, 11), (3, 5), (2, 1), (0, 2, 1, 3), (1, 2), "gemm"),  # nothing alike in height and width
    (8, 24, (10, 11), (3, 5), (2, 1), (0, 2, 1, 3), (1, 2), "conv"),
    (3, 40, (28, 42), (14, 14), (14, 14), (0, 0, 0, 0), (1, 1), "gemm"),
    (3, 72, (33, 64), (16, 16), (16, 16), (0, 0, 0, 0), (1, 1), "gemm"),
    (5, 8, (4, 4), (7, 7), (1, 1), (3, 3, 3, 3), (1, 1), "gemm"),     # windows larger than the image
    (16, 8, (4, 4), (7, 7), (1, 1), (3, 3, 3, 3), (1, 1), "conv"),
])
def test_windows_of_convolutions(channels, filters, size, kernel, strides, pads, dilations, kind, run_tool, tmp_path):
    """A residual before the ReLU is left to loops after the kernel; the second convolution reads the first's rows."""
    draw = np.random.default_rng(1).standard_normal
    f32 = lambda *shape: draw(shape).astype(np.float32)
    weights = {"w": f32(filters, channels, *kernel), "b": f32(filters), "v": f32(filters, filters, 1, 1)}
    attributes = dict(kernel_shape=kernel, strides=strides, pads=pads, dilations=dilations)
    make = onnx.helper.make_node
    nodes = [make("Conv", ["x", "w", "b"], ["c"], **attributes), make("Relu", ["c"], ["r"]), make("Conv", ["r", "v"], ["d"]),
             make("Add", ["d", "r"], ["s"]), make("Relu", ["s"], ["y"])]
    model = save_graph(tmp_path / "model.onnx", nodes, {"x": [2, channels, *size]}, {"y": None}, weights)
    counts, _ = count_ops(run_tool, model)
    assert (counts["gemm"], counts["conv"]) == {"gemm": (2, 0), "conv": (1, 1)}[kind]
    keeps_direction(compile_model(run_tool, model, tmp_path / "model.so", TARGET, "--precision=bf16"), batches=(2,))


@pytest.mark.parametrize("patch, size", [(14, (70, 98)), (16, (16, 16)), (16, (112, 112)), (32, (64, 96)), (8, (8, 56))])
def test_patch_embedding(patch, size, run_tool, tmp_path):
    """1 to 49 patches; rows of a patch of 14 pixels are no multiple of 16 bytes."""
    draw = np.random.default_rng(patch).standard_normal
    weights = {"w": draw((48, 3, patch, patch)).astype(np.float32), "b": draw(48).astype(np.float32),
               "positions": draw((1, size[0] // patch * (size[1] // patch), 48)).astype(np.float32),
               "shape": np.array([0, 48, -1])}
    make = onnx.helper.make_node
    nodes = [make("Conv", ["x", "w", "b"], ["c"], kernel_shape=(patch, patch), strides=(patch, patch)),
             make("Reshape", ["c", "shape"], ["f"]), make("Transpose", ["f"], ["t"], perm=(0, 2, 1)),
             make("Add", ["t", "positions"], ["y"])]
    model = save_graph(tmp_path / "model.onnx", nodes, {"x": [2, 3, *size]}, {"y": None}, weights)
    counts, _ = count_ops(run_tool, model)
    assert counts["gemm"] == 1
    keeps_direction(compile_model(run_tool, model, tmp_path / "model.so", TARGET, "--precision=bf16"), batches=(2,))


def test_batches_in_turn(deit):
    """More sizes than there are graphs of a session, each several times."""
    agrees(deit, batches=(2, 2, 1, 2, 3, 4, 5, 6, 2, 2, 2))


def test_profile(deit):
    profile = vitc.load(deit.library, device="cuda").profile(np.ones((2, 3, 64, 64), np.float32), repeat=2, warmup=1)
    assert len(profile) > 10 and profile.seconds > 0


def test_ptx(small_model, run_tool, tmp_path):
    """The text that a library holds: one file, or one for each target."""
    made = compile_model(run_tool, small_model("deit"), tmp_path / "model.so", TARGET, "--emit=so,ptx")
    text = (tmp_path / "model.ptx").read_bytes()
    assert b".target sm_90" in text and text in made.library.read_bytes()
    run = run_tool("vitc", small_model("deit"), "-o", tmp_path / "both.so", "--target=cpu,cuda-sm_90,cuda-sm_80", "--emit=ptx")
    assert run.returncode == 0, run.stderr
    files = {path.name: re.search(r"\.target (\w+)", path.read_text())[1] for path in tmp_path.glob("both.*")}
    assert files == {"both.cuda-sm_80.0.ptx": "sm_80", "both.cuda-sm_90.0.ptx": "sm_90a"}


def test_cpu_and_gpu_in_one_library(small_model, run_tool, tmp_path):
    made = compile_model(run_tool, small_model("deit"), tmp_path / "model.so", "--target=cpu,cuda-sm_90,cuda-sm_80")
    reference = Reference.open(made.model)
    for device in ("cpu", "cuda"):
        model = vitc.load(made.library, device=device)
        assert_agrees(model.run(draw(model, 1)), reference.run(draw(model, 1)))


def test_libraries_for_cpus_do_without_the_gpu_runtime(small_model, run_tool, tmp_path):
    on_cpu = compile_model(run_tool, small_model("deit"), tmp_path / "cpu.so").library
    on_gpu = compile_model(run_tool, small_model("deit"), tmp_path / "gpu.so", TARGET).library
    assert b"cuLaunchKernel" in on_gpu.read_bytes()
    symbols = subprocess.run(["nm", "-D", "--undefined-only", on_cpu], capture_output=True, text=True, check=True).stdout
    assert "dlopen" not in symbols


# What a library says on machines without such a GPU. The driver is loaded once a process: each has one of its own.
SCRIPT = textwrap.dedent("""
    import sys
    import numpy as np
    import vitc
    try:
        model = vitc.load(sys.argv[1], device=sys.argv[2])
        model(np.zeros((int(sys.argv[3]), 3, 64, 64), np.float32))
    except vitc.Error as error:
        print(error)
    else:
        print("ran")
""")


def run_apart(library, device="cuda", batch=1, **environment):
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment}
    run = subprocess.run([sys.executable, "-c", SCRIPT, library, device, str(batch)], capture_output=True, text=True,
                         env=variables)
    assert run.returncode == 0, run.stderr
    return run.stdout.strip(), run.stderr


@pytest.mark.parametrize("environment, says", [
    ({"VITC_LIBCUDA": "/nowhere/libcuda.so.1"}, "the CUDA driver cannot be loaded: /nowhere/libcuda.so.1"),
    ({"VITC_LIBCUDA": "libm.so.6"}, "the CUDA driver 'libm.so.6' is too old: it lacks cuInit"),
    ({"VITC_MOCK_DEVICES": "0"}, "the CUDA driver finds no GPU"),
    ({"VITC_MOCK_VERSION": "11080"}, "the CUDA driver is of CUDA 11.8; expected 12.0 or later"),
    ({"VITC_MOCK_CAPABILITY": "80"}, "device 0 has compute capability 8.0; the library holds code for cuda-sm_90"),
    ({"VITC_MOCK_CAPABILITY": "100"}, "device 0 has compute capability 10.0; the library holds code for cuda-sm_90"),
    ({"VITC_MOCK_REFUSE": "ptx"}, "the CUDA driver cannot load the code for cuda-sm_90: the provided PTX was compiled with"
                                  " an unsupported toolchain. (CUDA error 222); a newer driver can"),
    ({"VITC_MOCK_MEMORY": "100000"}, "out of memory on CUDA device 0: the weights need"),
    ({"VITC_MOCK_MEMORY": "1500000"}, "out of memory on CUDA device 0: a session for these dimensions needs"),
])
def test_what_is_missing(deit, environment, says):
    printed, complaints = run_apart(deit.library, batch=64, **environment)
    assert says in printed
    assert "leak" not in complaints


def test_devices_by_number(deit):
    assert run_apart(deit.library, "cuda:1", VITC_MOCK_DEVICES="2") == ("ran", "")
    assert run_apart(deit.library, "cuda:2", VITC_MOCK_DEVICES="2")[0] == "there is no CUDA device 2; the driver finds 2"
    assert "device is 'cuda:'; expected cpu, cuda, or cuda:1 and so on" in run_apart(deit.library, "cuda:")[0]


def test_nothing_is_left_behind(deit):
    """The mock tells of memory, modules, events, graphs and contexts that a process leaves, and of misuse."""
    assert run_apart(deit.library, batch=3) == ("ran", "")


def test_a_gpu_library_on_the_cpu(deit, compiled):
    assert run_apart(deit.library, "cpu")[0] == ("a session on device 0 of type 1 was asked for (1 is the CPU, 2 CUDA); the "
                                                 "library holds code for cuda-sm_90")
    said = run_apart(compiled("deit").library, "cuda")[0]
    assert said.startswith("a session on device 0 of type 2 was asked for (1 is the CPU, 2 CUDA); the library holds code for")


def test_described_without_a_driver(deit, run_tool):
    run = run_tool("vitc", "--info", deit.library, env={**os.environ, "VITC_LIBCUDA": "/nowhere"})
    assert run.returncode == 0 and '"cuda-sm_90"' in run.stdout


class Gpu:
    """A session of the C interface, and memory of the mock's device."""

    def __init__(self, library, mock, batch, profile=False):
        self.mock, self.uploaded = mock, []
        self.library, self.api = _abi.load_library(os.fspath(library))
        self.model, self.session = ctypes.c_void_p(), ctypes.c_void_p()
        self.check(self.api.open(None, ctypes.byref(self.model)))
        dims = (_abi.Dim * 1)((b"batch", batch))
        options = _abi.SessionOptions(size=ctypes.sizeof(_abi.SessionOptions), dims=dims, dim_count=1, profile=profile,
                                      device=_abi.Device(_abi.CUDA, 0))
        self.check(self.api.session_create(self.model, ctypes.byref(options), ctypes.byref(self.session)))
        context = ctypes.c_void_p()
        assert not mock.cuDevicePrimaryCtxRetain(ctypes.byref(context), 0)
        assert not mock.cuCtxPushCurrent_v2(context)

    def check(self, status):
        assert status == 0, self.api.last_error()

    def close(self):
        self.check(self.api.session_destroy(self.session))
        self.check(self.api.close(self.model))
        for address in self.uploaded:
            assert not self.mock.cuMemFree_v2(address)
        assert not self.mock.cuCtxPopCurrent_v2(ctypes.byref(ctypes.c_void_p()))
        assert not self.mock.cuDevicePrimaryCtxRelease_v2(0)

    def upload(self, array):
        address = ctypes.c_uint64()
        assert not self.mock.cuMemAlloc_v2(ctypes.byref(address), ctypes.c_size_t(array.nbytes))
        assert not self.mock.cuMemcpyHtoD_v2(address, array.ctypes.data_as(ctypes.c_void_p), ctypes.c_size_t(array.nbytes))
        self.uploaded.append(address)
        return address.value

    def download(self, address, shape):
        array = np.empty(shape, np.float32)
        assert not self.mock.cuMemcpyDtoH_v2(array.ctypes.data_as(ctypes.c_void_p), ctypes.c_uint64(address),
                                             ctypes.c_size_t(array.nbytes))
        return array

    def run(self, source, sink, stream=None):
        """Each is an address and a shape on the device, or an array; a sink of None is lent."""
        tensors = [describe(source), describe(sink) if sink is not None else _abi.DLTensor()]
        status = self.api.run(self.session, ctypes.byref(tensors[0]), 1, ctypes.byref(tensors[1]), 1, stream)
        return status, self.api.last_error().decode(), tensors[1]


def describe(value, device=0):
    on_device = isinstance(value, tuple)
    address, shape = value if on_device else (value.ctypes.data, value.shape)
    extents = (ctypes.c_int64 * len(shape))(*shape)
    tensor = _abi.DLTensor(data=address, device=_abi.Device(_abi.CUDA if on_device else _abi.CPU, device), ndim=len(shape),
                           dtype=_abi.DataType(2, 32, 1), shape=ctypes.cast(extents, ctypes.POINTER(ctypes.c_int64)))
    tensor.kept = extents
    return tensor


@pytest.fixture
def gpu(deit, mock):
    made = Gpu(deit.library, mock, batch=4)
    yield made
    made.close()


@pytest.fixture(scope="module")
def expected(deit):
    """Inputs and outputs of ONNX Runtime for batches of 2."""
    reference, model = Reference.open(deit.model), vitc.load(deit.library, device="cuda")
    inputs = [next(iter(draw(model, 2, seed=seed).values())) for seed in (1, 2)]
    return [(x, next(iter(reference.run({model.inputs[0].name: x}).values()))) for x in inputs]


def close_to(found, wanted):
    return np.abs(found - wanted).max() <= 1e-4 * np.abs(wanted).max()


def test_tensors_of_the_device(gpu, expected):
    """Inputs and outputs at changing addresses: the graph is pointed to them, and nothing is copied through the host."""
    for x, y in expected * 3:
        source, sink = gpu.upload(x), gpu.upload(np.full_like(y, np.nan))
        gpu.check(gpu.run((source, x.shape), (sink, y.shape))[0])
        assert close_to(gpu.download(sink, y.shape), y)


def test_kernels_of_a_graph_overlap(deit, mock, expected, monkeypatch):
    """Each may start before the one before it has ended, from the second run with the same sizes on, if not asked otherwise."""
    (x, y), _ = expected
    added = []
    for switch in ("", "0"):
        monkeypatch.setenv("VITC_GPU_OVERLAP", switch)
        made, before = Gpu(deit.library, mock, batch=2), mock.vitc_mock_overlaps()
        try:
            for _ in range(3):
                result = np.empty_like(y)
                made.check(made.run(x, result)[0])
                assert close_to(result, y)
                added.append(mock.vitc_mock_overlaps() - before)
        finally:
            made.close()
    assert added[0] == 0 and added[1] == added[2] > 10 and added[3:] == [0, 0, 0]


# The mock tells of a kernel that may run beside the one before and touches memory.
@pytest.mark.parametrize("kind", ["gemm", "attention", "layer_norm", "generic"])
def test_a_missing_wait_is_found(kind, small_model, run_tool, tmp_path):
    """Planted into one kind of kernels of a library."""
    made = compile_model(run_tool, small_model("deit"), tmp_path / "model.so", TARGET, "--precision=bf16")
    wait = b"griddepcontrol.wait;"
    before, *kernels = re.split(rb"(?=\.visible \.entry )", made.library.read_bytes())
    assert all(kernel.count(wait) == 1 for kernel in kernels)
    planted = [kernel.replace(wait, b" " * len(wait)) if kernel.startswith(b".visible .entry " + kind.encode()) else kernel
               for kernel in kernels]
    assert planted != kernels
    made.library.write_bytes(before + b"".join(planted))
    script = textwrap.dedent("""
        import sys
        import numpy as np
        import vitc
        model, x = vitc.load(sys.argv[1], device="cuda"), np.ones((1, 3, 64, 64), np.float32)
        model(x)
        try:
            model(x)
        except vitc.Error as error:
            print(error)
    """)

    def run(**variables):
        return subprocess.run([sys.executable, "-c", script, made.library], capture_output=True, text=True,
                              env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **variables})

    found = run()
    assert found.stdout and re.search(rf"overlap: kernel {kind}_\d+, .*has not waited for the kernels before", found.stderr)
    alone = run(VITC_GPU_OVERLAP="0")
    assert (alone.returncode, alone.stdout, alone.stderr) == (0, "", "")


def test_mixed_tensors(gpu, expected):
    (x, y), _ = expected
    on_device, result = gpu.upload(x), np.empty_like(y)
    gpu.check(gpu.run((on_device, x.shape), result)[0])
    assert close_to(result, y)
    sink = gpu.upload(np.zeros_like(y))
    gpu.check(gpu.run(x, (sink, y.shape))[0])
    assert close_to(gpu.download(sink, y.shape), y)


def test_lent_outputs_are_where_the_inputs_come_from(gpu, expected):
    (x, y), _ = expected
    status, _, lent = gpu.run((gpu.upload(x), x.shape), None)
    assert status == 0 and lent.device.device_type == _abi.CUDA and close_to(gpu.download(lent.data, y.shape), y)
    status, _, lent = gpu.run(x, None)
    assert status == 0 and lent.device.device_type == _abi.CPU
    array = np.ctypeslib.as_array(ctypes.cast(lent.data, ctypes.POINTER(ctypes.c_float)), y.shape)
    assert close_to(array, y)


def test_wrong_pointers(gpu, expected):
    (x, y), _ = expected
    status, said, _ = gpu.run((x.ctypes.data, x.shape), y)
    assert status == 2 and said == ("input 'x' is said to be on CUDA device 0, but its address is not of a GPU's memory")
    status, said, _ = gpu.run(x, (y.ctypes.data, y.shape))
    assert status == 2 and "output 'y' is said to be on CUDA device 0, but its address is not" in said
    tensor = describe((gpu.upload(x), x.shape), device=1)
    result = describe(np.empty_like(y))
    assert gpu.api.run(gpu.session, ctypes.byref(tensor), 1, ctypes.byref(result), 1, None) == 2
    assert gpu.api.last_error() == b"input 'x' is on device 1 of type 2; expected device 0 of type 2, or the CPU (1)"


def test_captured_streams(gpu, expected):
    """A stream that the caller captures takes the launches; a tensor of the host cannot be part of that."""
    (x, y), _ = expected
    stream, graph, executable = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_void_p()
    assert not gpu.mock.cuStreamCreate(ctypes.byref(stream), 0)
    source, sink = gpu.upload(x), gpu.upload(np.zeros_like(y))
    assert not gpu.mock.cuStreamBeginCapture_v2(stream, 0)
    status, said, _ = gpu.run(x, (sink, y.shape), stream)
    assert status == 1 and "the stream is being captured: tensors have to be on the GPU" in said
    gpu.check(gpu.run((source, x.shape), (sink, y.shape), stream)[0])
    assert not gpu.mock.cuStreamEndCapture(stream, ctypes.byref(graph))
    assert not gpu.download(sink, y.shape).any()
    assert not gpu.mock.cuGraphInstantiateWithFlags(ctypes.byref(executable), graph, ctypes.c_uint64(0))
    assert not gpu.mock.cuGraphLaunch(executable, stream)
    assert close_to(gpu.download(sink, y.shape), y)
    for destroy, made in ((gpu.mock.cuGraphExecDestroy, executable), (gpu.mock.cuGraphDestroy, graph),
                          (gpu.mock.cuStreamDestroy_v2, stream)):
        assert not destroy(made)


def test_forked(deit):
    """CUDA does not survive a fork: the child is told, the parent goes on."""
    script = textwrap.dedent("""
        import os, sys
        import numpy as np
        import vitc
        model, x = vitc.load(sys.argv[1], device="cuda"), np.ones((1, 3, 64, 64), np.float32)
        y = model(x)
        if not os.fork():
            try:
                model(x)
            except vitc.Error as error:
                print(error, flush=True)
            os._exit(0)
        os.wait()
        assert (model(x) == y).all()
    """)
    run = subprocess.run([sys.executable, "-c", script, deit.library], capture_output=True, text=True,
                         env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    assert run.returncode == 0, run.stderr
    assert "the process has been forked, and CUDA does not work in the child" in run.stdout
