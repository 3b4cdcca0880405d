"""vitc.vision.backbone: a compiled model, its taps, and what its tokens are."""
import shutil

import numpy as np
import onnx
import pytest
import vitc
from vitc.vision import Backbone
from vitc.vision.backbone import Tokens

pytestmark = pytest.mark.usefixtures("vision_cache")
RANDOM = np.random.default_rng(0)


def last_norm(path):
    """The tensor that a model's last layer norm makes."""
    return [node.output[0] for node in onnx.load(path).graph.node if node.op_type == "LayerNormalization"][-1]


def images(count, height=64, width=64):
    return RANDOM.standard_normal((count, 3, height, width)).astype(np.float32)


@pytest.mark.parametrize("name, tokens, patch, size", [
    ("batched/dino_batch", Tokens(1, 0, 16), 16, (64, 64)),
    ("sized/dinov2_reg4_sizes.dyn", Tokens(1, 4, 256), 14, None),
])
def test_tokens(name, tokens, patch, size, drawn_model):
    backbone = Backbone(drawn_model(name), threads=1)
    assert (backbone.tokens, backbone.patch, backbone.size) == (tokens, patch, size)
    height, width = backbone.size or (28, 42)
    assert backbone.grid(height, width) == (height // patch, width // patch)
    with pytest.raises(vitc.Error, match="smaller than a patch"):
        backbone.grid(patch - 1, 64)


def test_named_taps(drawn_model):
    path = drawn_model("batched/dino_batch")
    tap = last_norm(path)
    backbone = Backbone(path, [tap], threads=1)
    x = images(3)
    found = backbone.run(x)
    assert list(found) == [tap] and found[tap].shape == (3, 17, 96)
    both = Backbone(path, [tap], threads=1, own_outputs=True).run(x)
    assert list(both) == ["y", tap]
    np.testing.assert_array_equal(both[tap], found[tap])


def test_kinds(drawn_model):
    """Taps by what they are, in the last layer or in all."""
    backbone = Backbone(drawn_model("batched/dino_batch"), ["tokens:-1", "attention", "norms:-1", "cls_attention:1"], threads=1)
    results = backbone.run(images(2))
    assert backbone.outputs_of("attention") == {0: "tap.attention.0", 1: "tap.attention.1"}
    assert backbone.outputs_of("tokens") == {1: "tap.tokens.1"}
    tokens, attention = results["tap.tokens.1"], results["tap.attention.1"]
    assert tokens.shape == (2, 17, 96) and attention.shape == (2, 3, 17, 17)
    np.testing.assert_allclose(attention.sum(axis=-1), 1, atol=1e-5)
    np.testing.assert_allclose(results["tap.cls_attention.1"], attention[:, :, :1], atol=1e-5)
    np.testing.assert_allclose(results["tap.norms.1"], np.linalg.norm(tokens, axis=-1), rtol=1e-4)
    assert backbone.tokens == Tokens(1, 0, 16), "of the model, whatever is tapped"
    library = Backbone(backbone.model.path, ["attention:0", "tokens"], threads=1)
    np.testing.assert_array_equal(library.run(images(2)[:1])["tap.tokens.1"].shape, (1, 17, 96))
    with pytest.raises(vitc.Error, match="has no output 'tap.tokens.0', only tap.tokens.1, .*compile the .onnx file with --tap=tokens:0"):
        Backbone(backbone.model.path, ["tokens:0"])
    with pytest.raises(vitc.Error, match="has no output 'tap.keys'"):
        backbone.outputs_of("keys")


def test_tokens_of_a_library_of_open_sizes(drawn_model):
    """It does not know them: none are guessed."""
    source = Backbone(drawn_model("sized/dinov2_reg4_sizes.dyn"), threads=1)
    library = Backbone(source.model.path, threads=1)
    assert library.patch is None
    with pytest.raises(vitc.Error, match="was not recognised; give the .onnx file in place of the library"):
        library.tokens


def test_a_fixed_batch(drawn_model):
    """A model of two images at once runs on any number."""
    open_batch = Backbone(drawn_model("batched/dino_batch"), threads=1)
    fixed = Backbone(drawn_model("batched/dino_batch"), threads=1, shape={open_batch.input.name: (2, 3, 64, 64)})
    assert fixed.input.shape[0] == 2
    x = images(5)
    (expected,), (found,) = open_batch.run(x).values(), fixed.run(x).values()
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, atol=1e-4 * np.abs(expected).max())


def test_libraries_and_models(drawn_model, tmp_path):
    shutil.copy(Backbone(drawn_model("batched/dino_batch")).model.path, tmp_path / "m.so")
    model = vitc.load(tmp_path / "m.so", threads=1)
    x = images(2)
    for backbone in Backbone(tmp_path / "m.so", threads=1), Backbone(model):
        np.testing.assert_array_equal(backbone.run(x)["y"], model(x))
    says = "m.so has no output 'tap.attention.11', only y; compile the .onnx file with --tap=attention:11, or give that file"
    with pytest.raises(vitc.Error, match=says):
        Backbone(tmp_path / "m.so", ["attention:11"])
    with pytest.raises(vitc.Error, match="has no output 'blocks.0', only y; compile the .onnx file with --tap=blocks.0, or"):
        Backbone(model, ["blocks.0"])


def test_refuses(drawn_model, add_so, tmp_path):
    with pytest.raises(vitc.Error, match="expected images, float32 \\(batch, 3, height, width\\)"):
        Backbone(add_so)
    with pytest.raises(vitc.Error, match="^model is of type NoneType; expected a path$"):
        Backbone(None)
    with pytest.raises(vitc.Error, match="m.pt: expected an .onnx file or a library that vitc made"):
        Backbone(tmp_path / "m.pt")
    with pytest.raises(vitc.Error, match="cannot read the model .*nothere.onnx: No such file"):
        Backbone(tmp_path / "nothere.onnx")
    with pytest.raises(vitc.Error, match="the model has no tensor 'nothere'"):
        Backbone(drawn_model("batched/dino_batch"), ["nothere"])
    backbone = Backbone(drawn_model("batched/dino_batch"), threads=1)
    with pytest.raises(vitc.Error, match="images of 32 × 64; .* takes 64 × 64"):
        backbone.run(images(1, 32, 64))
    for wrong in images(1)[0], images(1)[:, :2], images(1)[:0]:
        with pytest.raises(vitc.Error, match="a batch of shape"):
            backbone.run(wrong)


def test_no_tokens(drawn_model):
    backbone = Backbone(drawn_model("batched/resnet_batch"), threads=1)
    assert backbone.patch is None
    with pytest.raises(vitc.Error, match="how its tokens are divided .* was not recognised"):
        backbone.tokens
    with pytest.raises(vitc.Error, match="its patches are not a grid"):
        backbone.grid(64, 64)
