"""One library for pictures of any size, as ONNX Runtime computes them; and one for several shapes."""
import json

import numpy as np
import onnx
import pytest
import vitc
import zoo
from onnx import TensorProto, helper

from harness import SMALL, Reference, assert_agrees, save

SIZED = SMALL.parent / "sized"
VIT = [(1, 224, 224), (1, 448, 336), (1, 98, 98), (3, 112, 70)]
# Pictures (batch, height, width) for each model; ViTs of other sizes than the one that their positions are for.
PICTURES = {
    "hf_dinov2_sizes": [*VIT, (2, 100, 71)],
    "dinov2_reg4_sizes.dyn": VIT,
    "dino_sizes.dyn": [(1, 224, 224), (2, 96, 64)],
    "resnet_sizes": [(1, 224, 224), (2, 64, 97), (1, 31, 31)],
    "resnet_sizes.dyn": [(1, 96, 160), (2, 64, 97)],
    "convnext_sizes": [(1, 96, 160), (2, 64, 97)],
    "convnext_sizes.dyn": [(1, 96, 160), (2, 64, 97)],
    "semantic_fpn_sizes": [(1, 64, 96), (2, 160, 96)],
    "semantic_fpn_sizes.dyn": [(1, 64, 96), (2, 160, 96)],
    "pvt_v2_sizes": [(1, 64, 64), (2, 96, 160), (1, 70, 70)],
}


def pictures(shape, seed=0):
    batch, height, width = shape
    return np.random.default_rng(seed).standard_normal((batch, 3, height, width), dtype=np.float32)


def compile_to(run_tool, model, library, *flags):
    run = run_tool("vitc", model, "-o", library, *flags)
    assert run.returncode == 0, run.stderr
    return vitc.load(library, threads=2)


@pytest.fixture(scope="module")
def sized(tmp_path_factory, run_tool):
    """sized(name): the ONNX file and the library of a model of any size, made once."""
    folder, made = tmp_path_factory.mktemp("sized"), {}

    def get(name):
        if name not in made:
            zoo.make(name, folder / f"{name}.onnx", folder=SIZED)
            made[name] = folder / f"{name}.onnx", compile_to(run_tool, folder / f"{name}.onnx", folder / f"{name}.so")
        return made[name]

    return get


def test_every_graph_is_run():
    assert sorted(PICTURES) == zoo.names(SIZED)


@pytest.mark.parametrize("name, shape", [(name, shape) for name, shapes in PICTURES.items() for shape in shapes], ids=str)
def test_agrees(sized, name, shape):
    path, model = sized(name)
    x = pictures(shape, seed=sum(shape))
    assert_agrees(model.run({"x": x}), Reference.open(path).run({"x": x}))


def test_info_tells_what_is_dynamic_and_what_it_needs(sized):
    function = sized("hf_dinov2_sizes")[1].info["functions"][0]
    assert function["symbols"] == ["batch", "height", "width"]
    assert function["outputs"][0]["shape"] == ["batch", "(height//14)*(width//14)", 96]
    conv = "for the Conv '/model/embeddings/patch_embeddings/projection/Conv'"
    assert function["requires"] == [f"height to be at least 14, {conv}", f"width to be at least 14, {conv}"]


def test_what_a_picture_lacks_is_said(sized):
    with pytest.raises(vitc.Error, match="the inputs have height = 13; expected height to be at least 14, for the Conv"):
        sized("hf_dinov2_sizes")[1](pictures((1, 13, 28)))


def graph(nodes, inputs, outputs, initializers=()):
    ports = [[helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in side.items()] for side in (inputs, outputs)]
    """nodes: (operator, inputs, outputs, attributes); `_` stands for an input that is left out."""
    nodes = [helper.make_node(op, [name.strip("_") for name in ins.split()], outs.split(), name=f"the_{op}_{outs}", **attributes)
             for op, ins, outs, attributes in nodes]
    made = helper.make_graph(nodes, "graph", *ports, [onnx.numpy_helper.from_array(np.asarray(v), k) for k, v in dict(initializers).items()])
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)


def check(run_tool, tmp_path, model, *runs):
    """Compiles and compares each run, a dict of shapes; returns the library."""
    path = save(model, tmp_path / "model.onnx")
    library = compile_to(run_tool, path, tmp_path / "model.so")
    reference = Reference.open(path)
    for shapes in runs:
        rng = np.random.default_rng(1)
        arrays = {name: rng.standard_normal(shape, dtype=np.float32) for name, shape in shapes.items()}
        assert_agrees(library.run(arrays), reference.run(arrays))
    return library


RESIZES = {
    "linear": {"mode": "linear"},
    "cubic": {"mode": "cubic"},
    "cubic_outside": {"mode": "cubic", "exclude_outside": 1, "cubic_coeff_a": -0.5},
    "corners": {"mode": "linear", "coordinate_transformation_mode": "align_corners"},
    "pytorch": {"mode": "cubic", "coordinate_transformation_mode": "pytorch_half_pixel"},
    "asymmetric": {"mode": "linear", "coordinate_transformation_mode": "asymmetric"},
    "antialias": {"mode": "linear", "antialias": 1},
    "antialias_cubic": {"mode": "cubic", "antialias": 1, "exclude_outside": 1},
    "nearest": {"mode": "nearest"},
    "nearest_floor": {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"},
    "nearest_ceil": {"mode": "nearest", "nearest_mode": "ceil"},
}


@pytest.mark.parametrize("attributes", RESIZES.values(), ids=RESIZES)
def test_resize_to_the_size_of_another_input(run_tool, tmp_path, attributes):
    """Both sizes are symbolic: larger, smaller, equal and 1."""
    model = graph([("Shape", "x", "front", {"end": 2}), ("Shape", "y", "back", {"start": 2}), ("Concat", "front back", "sizes", {"axis": 0}),
                   ("Resize", "x _ _ sizes", "z", attributes)],
                  {"x": ["n", 2, "h", "w"], "y": ["n", 1, "u", "v"]}, {"z": ["n", 2, "u", "v"]})
    runs = [{"x": (1, 2, 5, 7), "y": (1, 1, 9, 4)}, {"x": (2, 2, 8, 3), "y": (2, 1, 8, 3)}, {"x": (1, 2, 16, 4), "y": (1, 1, 6, 11)}]
    check(run_tool, tmp_path, model, *runs)


def test_upsampled_and_joined(run_tool, tmp_path):
    """A pyramid whose levels are doubled: odd heights would not fit."""
    model = graph([("MaxPool", "x", "low", {"kernel_shape": [2, 2], "strides": [2, 2]}), ("Resize", "low _ scales", "up", {"mode": "nearest"}),
                   ("Add", "up x", "y", {})],
                  {"x": [1, 2, "h", "w"]}, {"y": [1, 2, "h", "w"]}, {"scales": np.float32([1, 1, 2, 2])})
    library = check(run_tool, tmp_path, model, {"x": (1, 2, 8, 6)}, {"x": (1, 2, 4, 10)})
    needs = {f"{side} to be a multiple of 2, for the Add 'the_Add_y'" for side in "hw"}
    assert needs <= set(library.info["functions"][0]["requires"])
    with pytest.raises(vitc.Error, match="h = 7; expected h to be a multiple of 2"):
        library(np.zeros((1, 2, 7, 6), np.float32))


def test_a_batch_baked_in(run_tool, tmp_path):
    """A Reshape that only holds for one picture."""
    model = graph([("Reshape", "x shape", "y", {})], {"x": ["batch", 6]}, {"y": [2, 3]}, {"shape": np.int64([2, 3])})
    library = check(run_tool, tmp_path, model, {"x": (1, 6)})
    with pytest.raises(vitc.Error, match="batch = 2; expected batch to be 1, for the Reshape 'the_Reshape_y'"):
        library(np.zeros((2, 6), np.float32))


def test_halves(run_tool, tmp_path):
    """Slices at symbolic places, of odd and even lengths."""
    model = graph([("Shape", "x", "n", {"end": 1}), ("Div", "n two", "half", {}), ("Slice", "x zero half zero", "a", {}),
                   ("Slice", "x half n zero", "b", {})],
                  {"x": ["n", 3]}, {"a": [None, 3], "b": [None, 3]}, {"two": np.int64([2]), "zero": np.int64([0])})
    check(run_tool, tmp_path, model, {"x": (8, 3)}, {"x": (9, 3)}, {"x": (2, 3)})


def test_a_table_with_room_for_many(run_tool, tmp_path):
    """Positions for at most 5000 tokens."""
    model = graph([("Shape", "x", "n", {"start": 1, "end": 2}), ("Slice", "table zero n", "positions", {}), ("Add", "x positions", "y", {})],
                  {"x": ["b", "n", 2]}, {"y": ["b", "n", 2]},
                  {"table": np.random.default_rng(0).standard_normal((5000, 2), dtype=np.float32), "zero": np.int64([0])})
    library = check(run_tool, tmp_path, model, {"x": (1, 4999, 2)}, {"x": (2, 5000, 2)}, {"x": (2, 1, 2)})
    with pytest.raises(vitc.Error, match="n = 5001; expected n to be at most 5000, for the Slice"):
        library(np.zeros((1, 5001, 2), np.float32))


@pytest.mark.parametrize("pads", [[0, 0, 0, 0], [1, 1, 1, 1], [0, 0, 1, 1]], ids=str)
@pytest.mark.parametrize("attributes", [{}, {"count_include_pad": 1}], ids=["", "padded"])
def test_windows_rounded_up(run_tool, tmp_path, attributes, pads):
    same = {"kernel_shape": [3, 3], "strides": [2, 3], "pads": pads, "ceil_mode": 1}
    model = graph([("MaxPool", "x", "y", same), ("AveragePool", "x", "z", same | attributes)],
                  {"x": [1, 2, "h", "w"]}, {"y": [1, 2, None, None], "z": [1, 2, None, None]})
    check(run_tool, tmp_path, model, *[{"x": (1, 2, h, w)} for h, w in [(3, 3), (4, 5), (5, 6), (6, 7), (17, 8), (30, 31)]])


def test_blocks_have_to_divide(run_tool, tmp_path):
    model = graph([("SpaceToDepth", "x", "y", {"blocksize": 2})], {"x": [1, 1, "h", "w"]}, {"y": [1, 4, None, None]})
    library = check(run_tool, tmp_path, model, {"x": (1, 1, 4, 6)})
    with pytest.raises(vitc.Error, match="w = 5; expected w to be a multiple of 2, for the SpaceToDepth"):
        library(np.zeros((1, 1, 4, 5), np.float32))


@pytest.mark.parametrize("mode", ["constant", "edge", "reflect"])
def test_padded_to_whole_windows(run_tool, tmp_path, mode):
    """Swin's windows of 7, of a height and a width that need not divide; and back."""
    model = graph([("Shape", "x", "h", {"start": 1, "end": 2}), ("Mod", "h seven", "rest", {}), ("Sub", "seven rest", "more", {}),
                   ("Mod", "more seven", "after", {}), ("Concat", "zero zero zero zero after zero", "pads", {"axis": 0}),
                   ("Pad", "x pads", "padded", {"mode": mode}), ("Reshape", "padded windows", "parts", {}),
                   ("ReduceMax", "parts two", "y", {}), ("Slice", "padded zero h one", "z", {})],
                  {"x": ["b", "h", 3]}, {"y": [None] * 4, "z": ["b", "h", 3], "padded": [None] * 3},
                  {"seven": np.int64([7]), "zero": np.int64([0]), "one": np.int64([1]), "two": np.int64([2]), "windows": np.int64([0, -1, 7, 3])})
    check(run_tool, tmp_path, model, *[{"x": (b, h, 3)} for b, h in [(1, 14), (2, 13), (2, 8), (1, 23), (3, 7)]])


def test_repeated_and_stepped(run_tool, tmp_path):
    """A Tile as often as there are rows, and every second row of the upper half, backwards."""
    model = graph([("Shape", "x", "n", {"end": 1}), ("Concat", "n two", "repeats", {"axis": 0}), ("Tile", "x repeats", "y", {}),
                   ("Div", "n two", "half", {}), ("Slice", "x half zero zero back", "z", {})],
                  {"x": ["n", 3]}, {"y": [None, 6], "z": [None, 3]},
                  {"two": np.int64([2]), "zero": np.int64([0]), "back": np.int64([-2])})
    check(run_tool, tmp_path, model, {"x": (9, 3)}, {"x": (8, 3)}, {"x": (2, 3)})


def test_several_shapes_in_one_library(run_tool, tmp_path, small_model):
    path = small_model("deit_batch")
    one = compile_to(run_tool, path, tmp_path / "one.so", "--shape=x=1x3x64x64")
    model = compile_to(run_tool, path, tmp_path / "model.so", "--shapes", "x=1x3x64x64;x=3x3x64x64")
    reference = Reference.open(path)
    for batch in (1, 3, 1):
        x = pictures((batch, 64, 64), seed=batch)
        assert_agrees(model.run({"x": x}), reference.run({"x": x}))
    with pytest.raises(vitc.Error, match=r"no code for the shapes x \(2, 3, 64, 64\); it holds x \(1, 3, 64, 64\); x \(3, 3, 64, 64\)"):
        model(pictures((2, 64, 64)))
    assert [function["inputs"][0]["shape"][0] for function in model.info["functions"]] == [1, 3]
    assert model.info["options"]["shapes"] == "x=1x3x64x64;x=3x3x64x64" and one.info["options"]["shape"] == "x=1x3x64x64"
    # Weights that are packed alike are there once.
    assert model.info["weights"]["bytes"] < 1.2 * one.info["weights"]["bytes"]


def test_specialised_shapes_beside_an_open_one(run_tool, tmp_path, sized):
    path, _ = sized("hf_dinov2_sizes")
    model = compile_to(run_tool, path, tmp_path / "model.so", "--shapes=x=?x3x?x?;x=1x3x112x112", "--mcpu=x86-64-v3")
    assert [function["symbols"] for function in model.info["functions"]] == [["batch", "height", "width"], []]
    reference = Reference.open(path)
    for shape in [(1, 112, 112), (1, 98, 84), (2, 112, 112), (1, 112, 112)]:
        x = pictures(shape)
        assert_agrees(model.run({"x": x}), reference.run({"x": x}))


def test_vitc_run_chooses_by_the_given_input(run_tool, tmp_path, small_model):
    compile_to(run_tool, small_model("deit_batch"), tmp_path / "model.so", "--shapes=x=1x3x64x64;x=3x3x64x64")
    np.save(tmp_path / "x.npy", pictures((3, 64, 64)))
    run = run_tool("vitc-run", tmp_path / "model.so", f"--input=x={tmp_path}/x.npy", f"--output={tmp_path}/y.npy")
    assert run.returncode == 0, run.stderr
    assert np.load(tmp_path / "y.npy").shape == (3, 10)


@pytest.mark.parametrize("flags, reason", [
    (["--shapes=x=1x3"], "has rank 4 in the model"), (["--shapes=x"], "expected --shapes NAME=1x3x224x224;"),
    (["--shapes=x=1x3x64x64;"], "expected --shapes NAME=1x3x224x224;"), (["--shapes=x=1x3x64x64;x=2x3x64x64", "--report"], "expected one set in --shapes"),
], ids=str)
def test_refused_sets(run_tool, tmp_path, small_model, flags, reason):
    run = run_tool("vitc", small_model("deit_batch"), "-o", tmp_path / "model.so", *flags)
    assert run.returncode in (1, 2) and reason in run.stderr
    assert not list(tmp_path.iterdir())
