"""vitc.vision.similarity: DeepViT's cosine between attention maps."""
import json
import pathlib

import numpy as np
import onnxruntime
import pytest
import vitc
from PIL import Image
from vitc.vision import Preprocess, cli
from vitc.vision.similarity import collapsed_layers, cosine_similarity, head_similarity, layer_similarity


def attention(seed, shape=(2, 3, 5, 5)):
    values = np.exp(np.random.default_rng(seed).standard_normal(shape))
    return (values / values.sum(axis=-1, keepdims=True)).astype(np.float32)


def cosine(a, b):
    return float(np.dot(a, b) / np.linalg.norm(a) / np.linalg.norm(b))


def test_cosine_is_deepvits():
    """LAVIT-i: of column t of head h in layer p and in layer q."""
    p, q = attention(0).astype(float), attention(1).astype(float)
    assert cosine_similarity(p, q)[1, 2, 3] == pytest.approx(cosine(p[1, 2, :, 3], q[1, 2, :, 3]))
    assert cosine_similarity(p, q, "queries")[1, 2, 3] == pytest.approx(cosine(p[1, 2, 3], q[1, 2, 3]))
    assert cosine_similarity(p, q, "maps")[1, 2] == pytest.approx(cosine(p[1, 2].ravel(), q[1, 2].ravel()))


@pytest.mark.parametrize("by", ["tokens", "queries", "maps"])
def test_matrices_are_means_of_cosines(by):
    layers = [attention(seed) for seed in range(4)]
    found = layer_similarity(layers, by)
    expected = [[cosine_similarity(a, b, by).mean() for b in layers] for a in layers]
    np.testing.assert_allclose(found, expected, atol=1e-12)
    heads = head_similarity(layers[0], by)
    expected = [[cosine_similarity(layers[0][:, a], layers[0][:, b], by).mean() for b in range(3)] for a in range(3)]
    np.testing.assert_allclose(heads, expected, atol=1e-12)
    np.testing.assert_allclose(np.diagonal(heads), 1)


def test_collapse_is_seen():
    """Layers 3 to 6 repeat the map of layer 2 but for little; the heads of one layer are copies, those of another are
    disjoint.
    """
    base, noise = attention(0), np.random.default_rng(1)
    layers = [np.eye(5) + np.zeros((2, 3, 5, 5)), np.roll(np.eye(5), 1, 0) + np.zeros((2, 3, 5, 5)), base]
    layers += [base + 1e-3 * noise.random(base.shape) for _ in range(3)]
    similarity = layer_similarity(layers)
    assert similarity[0, 1] == 0 and similarity[2:, 2:].min() > 0.99
    assert collapsed_layers(similarity, 0.99) == 3 / 6
    copies = np.repeat(base[:, :1], 3, axis=1)
    np.testing.assert_allclose(head_similarity(copies), 1)
    disjoint = np.stack([np.roll(np.eye(5), head, 0) for head in range(3)])[None]
    np.testing.assert_allclose(head_similarity(disjoint), np.eye(3), atol=1e-12)


def test_tokens_that_get_nothing():
    """A column of zeros, as of a masked key, has no direction: its cosine is 0, not a NaN."""
    masked = attention(0)
    masked[..., 4] = 0
    assert (cosine_similarity(masked, masked)[..., 4] == 0).all()
    assert layer_similarity([masked])[0, 0] == pytest.approx(0.8)


@pytest.mark.parametrize("call, says", [
    (lambda: cosine_similarity(np.ones((2, 2)), np.ones((3, 3))), "shapes \\(2, 2\\) and \\(3, 3\\); expected the same"),
    (lambda: cosine_similarity(np.eye(2), np.eye(2), "rows"), "by is 'rows'; expected one of tokens, queries, maps"),
    (lambda: cosine_similarity(np.full((2, 2), np.nan), np.ones((2, 2))), "not finite"),
    (lambda: layer_similarity([attention(0), attention(0, (2, 3, 4, 4))]), "expected one shape"),
    (lambda: layer_similarity([]), "layers of shapes none"),
    (lambda: head_similarity(np.ones((3, 3))), "expected \\(batch, heads, queries, keys\\)"),
    (lambda: collapsed_layers(np.ones((2, 3))), "expected \\(layers, layers\\)"),
    (lambda: collapsed_layers(np.eye(2), np.nan), "the threshold is nan; expected a cosine"),
])
def test_refuses(call, says):
    with pytest.raises(vitc.Error, match=says):
        call()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    random = np.random.default_rng(0)
    for number in range(3):
        Image.fromarray(random.integers(0, 256, (70, 70, 3), np.uint8)).save(tmp_path / f"{number}.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_command(folder, tapped_model, vision_cache, capsys):
    """Over batches of two and one, the means of what ONNX Runtime's maps give."""
    model, path = tapped_model("batched/vit_meta_reg4_batch.dyn")
    assert cli.main(["similarity", str(model), ".", "--batch", "2", "--threshold", "0.1"]) == 0
    images = np.stack([Preprocess(70)(Image.open(f"{number}.png")) for number in range(3)])
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    maps = session.run(["tap.attention.0", "tap.attention.1"], {session.get_inputs()[0].name: images})
    found = json.loads(pathlib.Path("similarity/summary.json").read_text())
    np.testing.assert_allclose(found["layers"], layer_similarity(maps), atol=1e-5)
    np.testing.assert_allclose(found["heads"]["1"], head_similarity(maps[1]), atol=1e-5)
    assert found["images"] == 3 and found["layer_numbers"] == [0, 1]
    assert found["collapsed"] == (0.5 if found["layers"][1][0] > 0.1 else 0)
    between = np.mean([found["heads"]["1"][a][b] for a in range(3) for b in range(3) if a != b])
    assert f"layer 1: between heads {between:.3f}, to the layer before {found['layers'][1][0]:.3f}\n" in capsys.readouterr().out
    assert all(Image.open(f"similarity/{name}.png").width > 300 for name in ("layers", "heads.layer0", "heads.layer1"))
