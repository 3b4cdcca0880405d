"""vitc.vision's linear probe: its optimum, the choice of the penalty, what it saves, and every error."""
import numpy as np
import pytest
import vitc
from features_files import drawn as planted
from features_files import write_features, write_images
from vitc.vision import Backbone, Preprocess, cli
from vitc.vision.backbone import Tokens
from vitc.vision.frozen import BlocksPicker
from vitc.vision.linear import LinearProbe, fit_linear
from vitc.vision.probe import layer_normed


def drawn(seed, count, classes=3, width=8, noise=1.0):
    random = np.random.default_rng(seed)
    centres = np.random.default_rng(11).normal(size=(classes, width))
    labels = np.arange(count) % classes
    return centres[labels] + noise * random.normal(size=(count, width)), labels


def gradient(probe, features, labels):
    """Of C · Σ cross-entropy + ½ |W|² with respect to the weights and the bias, in the probe's own words."""
    logits = features @ probe.weights.T + probe.bias
    probabilities = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    error = probabilities - (np.asarray(labels)[:, None] == probe.classes)
    return probe.penalty * error.T @ features + probe.weights, probe.penalty * error.sum(axis=0)


@pytest.mark.parametrize("penalty", [0.01, 1.0])
def test_the_fit_is_the_minimum(penalty):
    features, labels = drawn(0, 200)
    probe = fit_linear(features, labels, penalty)
    assert probe.converged and probe.scores == {}
    for part in gradient(probe, features, labels):
        assert np.abs(part).max() < 0.02 * penalty


def test_two_classes_have_the_logits_of_the_binary_minimum():
    features, labels = drawn(0, 100, classes=2)
    probe = fit_linear(features, labels, 0.5)
    assert probe.weights.shape == (2, 8)
    difference, bias = probe.weights[1] - probe.weights[0], probe.bias[1] - probe.bias[0]
    error = 1 / (1 + np.exp(-(features @ difference + bias))) - labels
    assert np.abs(0.5 * error @ features + difference).max() < 0.01
    assert abs(error.sum()) < 0.02


def test_the_penalty_is_chosen_by_cross_validation():
    random = np.random.default_rng(1)
    features, labels = drawn(0, 90, noise=1.5)
    features = np.concatenate([features, 3 * random.normal(size=(90, 60))], axis=1)  # more directions of noise than images
    probe = fit_linear(features, labels, (1e-3, 1e3), folds=3)
    assert set(probe.scores) == {1e-3, 1e3}
    assert probe.penalty == max(probe.scores, key=probe.scores.get) == 1e-3
    assert probe.scores[1e-3] > probe.scores[1e3]
    again = fit_linear(features, labels, 1e-3)
    np.testing.assert_array_equal(probe.weights, again.weights)


def test_accuracy_counts():
    features, labels = drawn(0, 200)
    others, targets = drawn(1, 150)
    probe = fit_linear(features, np.array(["a", "b", "c"])[labels], (0.01, 1.0))
    names = np.array(["a", "b", "c"])[targets]
    predicted = probe.predict(others)
    assert probe.accuracy(others, names) == (predicted == names).mean() > 0.8
    assert probe.accuracy(others, names, top=3) == 1
    assert probe.accuracy(others, ["unknown"] * 150, top=3) == 0


def test_saved_and_loaded(tmp_path):
    features, labels = drawn(0, 60)
    probe = fit_linear(features, np.array(["a", "b", "c"])[labels], 1.0)
    probe.save(tmp_path / "probe.npz")
    loaded = LinearProbe.load(tmp_path / "probe.npz")
    assert loaded.penalty == 1.0
    np.testing.assert_array_equal(loaded.predict(features), probe.predict(features))
    assert [path.name for path in tmp_path.iterdir()] == ["probe.npz"]


def test_what_is_no_probe_is_refused(tmp_path):
    (tmp_path / "text.npz").write_text("text")
    np.savez(tmp_path / "other.npz", weights=np.zeros((2, 3)), bias=np.zeros(3), classes=np.zeros(2), penalty=1)
    np.savez(tmp_path / "less.npz", weights=np.zeros((2, 3)))
    for name in ("text", "other", "less"):
        with pytest.raises(vitc.Error, match=f"{name}.npz is no linear probe that vitc.vision saved"):
            LinearProbe.load(tmp_path / f"{name}.npz")
    with pytest.raises(vitc.Error, match="none.npz: no such file"):
        LinearProbe.load(tmp_path / "none.npz")


def test_too_few_iterations_are_told():
    features, labels = drawn(0, 100)
    assert not fit_linear(features, labels, 1e3, max_iterations=2).converged


@pytest.mark.parametrize("change, message", [
    ({"labels": [1] * 30}, "all labels are 1; expected at least two classes"),
    ({"labels": [0] * 27 + [1] * 3}, "class 1 has 3 features for 5 folds"),
    ({"folds": 1}, "for 1 folds; expected at least two folds"),
    ({"C": 0.0}, "C is 0.0; expected positive numbers"),
    ({"C": ()}, r"C is (); expected positive numbers"),
    ({"labels": [0, 1]}, "expected one label for each of 30 features"),
    ({"labels": np.linspace(0, 1, 30)}, "expected whole numbers or strings"),
    ({"features": np.full((30, 2), np.inf)}, "some numbers are not finite"),
])
def test_errors(change, message):
    features, labels = drawn(0, 30)
    with pytest.raises(vitc.Error) as error:
        fit_linear(**{"features": features, "labels": labels, **change})
    assert message in str(error.value)


def test_features_of_another_width_are_refused():
    features, labels = drawn(0, 30)
    with pytest.raises(vitc.Error, match="features of 5 numbers; expected 8"):
        fit_linear(features, labels, 1.0).predict(np.zeros((2, 5)))


def test_the_command(tmp_path, capsys):
    train, val = (write_features(tmp_path / f"{name}.npy", *planted(seed)) for seed, name in enumerate(("train", "val")))
    saved = tmp_path / "probe.npz"
    assert cli.main(["linear", str(train), str(val), "--C", "0.01", "1", "--folds", "4", "-o", str(saved),
                     "--confusion", str(tmp_path / "c.png")]) == 0
    assert (tmp_path / "c.png").stat().st_size > 1000
    labels = np.repeat(["ant", "bee", "cat"], 8)
    probe = fit_linear(planted(0)[0], labels, (0.01, 1), folds=4)
    output = capsys.readouterr().out
    for penalty, score in probe.scores.items():
        assert f"C = {penalty:<8g} {score:7.2%} by cross-validation" in output
    assert f"fitted to 24 images of 3 classes with C = {probe.penalty:g}" in output
    assert f"24 images: top-1 {probe.accuracy(planted(1)[0], labels):.2%}, top-5 100.00%" in output
    np.testing.assert_array_equal(LinearProbe.load(saved).weights, probe.weights)


@pytest.mark.parametrize("arguments, status, message", [
    (["f.npy", "-o", "probe.npy"], 2, "probe.npy: expected a file .npz for the probe"),
    (["f.npy", "--folds", "9"], 1, "class ant has 8 features for 9 folds"),
    (["f.npy", "--C", "0"], 1, "C is 0.0; expected positive numbers"),
    (["f.npy", "--val-labels", "l.csv"], 2, "--val-labels is given, but no VAL"),
    (["f.npy", "--last-blocks", "2", "--of", "x"], 2, "--last-blocks and --of exclude each other"),
    (["f.npy", "narrow.npy", "--C", "1"], 1, "features of 2 numbers; expected 6"),
])
def test_errors_of_the_command(arguments, status, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    features, names = planted(0)
    write_features(tmp_path / "f.npy", features, names)
    write_features(tmp_path / "narrow.npy", features[:, :2], names)
    assert cli.main(["linear", *arguments, "--quiet"]) == status
    assert message in capsys.readouterr().err


def test_a_fit_that_did_not_converge_is_told(tmp_path, capsys):
    train = write_features(tmp_path / "f.npy", *planted(0))
    assert cli.main(["linear", str(train), "--C", "1000", "--max-iterations", "2"]) == 0
    assert "L-BFGS did not converge in 2 iterations" in capsys.readouterr().err


class Blocks:
    """Stands for a model of three blocks whose tokens are outputs: a class token, two registers, four patches."""

    name, tokens = "stand-in", Tokens(1, 2, 4)

    def outputs_of(self, kind):
        assert kind == "tokens"
        return {layer: f"tap.tokens.{layer}" for layer in range(3)}


def test_class_tokens_of_the_last_blocks():
    random = np.random.default_rng(0)
    results = {f"tap.tokens.{layer}": 3 + random.normal(size=(2, 7, 5)) for layer in range(3)}
    found = BlocksPicker(2)(Blocks(), results)
    assert found.shape == (2, 10) and found.dtype == np.float32
    for layer, part in zip((1, 2), np.split(found, 2, axis=1)):
        cls = results[f"tap.tokens.{layer}"][:, 0]
        cls = cls - cls.mean(axis=1, keepdims=True)
        np.testing.assert_allclose(part, cls / np.sqrt(np.square(cls).mean(axis=1, keepdims=True) + 1e-6), rtol=1e-5)
    with pytest.raises(vitc.Error, match="stand-in has tokens of 3 blocks alone; expected 4"):
        BlocksPicker(4)(Blocks(), results)


@pytest.mark.usefixtures("vision_cache")
def test_the_command_on_the_last_blocks_of_a_model(tmp_path, drawn_model, monkeypatch):
    monkeypatch.chdir(tmp_path)
    images, model = write_images(tmp_path / "images"), drawn_model("batched/dino_batch")
    assert cli.main(["linear", "images", "--model", str(model), "--last-blocks", "2", "--C", "1", "-o", "probe.npz"]) == 0
    names = sorted(images.rglob("*.png"))
    tokens = Backbone(model, ["tokens:-2", "tokens:-1"]).run(np.stack([Preprocess(64)(name) for name in names]))
    features = np.concatenate([layer_normed(tokens[f"tap.tokens.{block}"][:, 0]) for block in (0, 1)], axis=1)
    expected = fit_linear(features.astype(np.float32), [name.parent.name for name in names], 1.0)
    found = LinearProbe.load("probe.npz")
    np.testing.assert_allclose(found.weights, expected.weights, atol=1e-3 * np.abs(expected.weights).max())
