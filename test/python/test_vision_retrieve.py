"""vitc.vision's retrieval: GeM, whitening, ranks and average precision against their definitions; planted copies come first."""
import csv
import pathlib

import numpy as np
import onnx
import pytest
import vitc
from features_files import write_features, write_images
from PIL import Image
from vitc.vision import Backbone, Preprocess, cli
from vitc.vision.retrieve import Whitening, average_precision, copy_descriptor, gem, rank

IMAGES, PATCHES, WIDTH = 40, 30, 16


def planted(seed=0, images=IMAGES):
    """CLS and patches of images with a strong pattern in common, and of a copy of each: other light, the patches moved about
    and a fifth of them replaced."""
    random = np.random.default_rng(seed)
    common = 8 * np.abs(np.random.default_rng(100).normal(size=WIDTH))
    cls, patches = random.normal(size=(images, WIDTH)), random.normal(size=(images, PATCHES, WIDTH))
    moved = patches[:, random.permutation(PATCHES)]
    moved[:, :PATCHES // 5] = random.normal(size=(images, PATCHES // 5, WIDTH))
    result = []
    for c, p in ((cls, patches), (cls + 0.2 * random.normal(size=cls.shape), moved)):
        light = 1 + 0.4 * random.normal(size=(images, 1))
        result.append((c + common * light, p + (common * light)[:, None]))
    return result


def test_gem_and_whitening_rank_planted_copies_first():
    originals, copies = planted()
    others, _ = planted(seed=1, images=2000)
    database, queries = copy_descriptor(*originals), copy_descriptor(*copies)
    assert database.shape == (IMAGES, 2 * WIDTH)
    whiten = Whitening.fit(copy_descriptor(*others))

    def precisions(database, queries):
        return np.array([average_precision(order == query) for query, (order, _) in enumerate(rank(database, queries))])

    assert (precisions(whiten(database), whiten(queries)) == 1).all()
    assert (precisions(database, queries) < 1).mean() > 0.1  # unwhitened, what all have in common hides the copies


def test_gem_is_its_equation():
    tokens = np.random.default_rng(1).normal(size=(3, 7, 5))
    expected = [[(sum(max(x, 1e-6) ** 4 for x in image[:, channel]) / 7) ** 0.25 for channel in range(5)] for image in tokens]
    np.testing.assert_allclose(gem(tokens), expected, rtol=1e-12)
    np.testing.assert_allclose(gem(np.abs(tokens), p=1), np.abs(tokens).mean(axis=1), rtol=1e-5)
    np.testing.assert_allclose(gem(tokens, p=500)[0], tokens[0].max(axis=0), rtol=1e-2)
    assert np.isfinite(gem(np.full((1, 2, 3), 3e38, np.float32))).all()


def test_whitened_features_are_uncorrelated():
    random = np.random.default_rng(2)
    features = random.normal(size=(500, 6)) @ random.normal(size=(6, 6)) + 3
    whitened = Whitening.fit(features)(features)
    np.testing.assert_allclose(whitened.T @ whitened / 500, np.eye(6), atol=1e-9)
    np.testing.assert_allclose(whitened.mean(axis=0), 0, atol=1e-9)
    rotated = Whitening.fit(features, power=0)(features)
    variances = rotated.var(axis=0)
    assert (np.diff(variances) < 0).all() and np.isclose(variances.sum(), features.var(axis=0).sum())
    first = Whitening.fit(features, dims=2)(features)
    np.testing.assert_allclose(first, whitened[:, :2])


def test_whitening_as_in_the_published_code():
    """eval_copy_detection.py: the second moments are taken before the mean is subtracted, and have a floor."""
    random = np.random.default_rng(3)
    features = random.normal(size=(20, 30)) + 2  # fewer images than channels
    values, vectors = np.linalg.eigh(features.T @ features / 20)
    values = np.maximum(values, values.max() * 1e-5)
    expected = np.diag(values ** -0.5) @ vectors.T @ (features - features.mean(axis=0)).T
    got = Whitening.fit(features, centred=False)(features)
    np.testing.assert_allclose(got @ got.T, expected.T @ expected, rtol=1e-6, atol=1e-8)


def test_whitening_in_chunks_is_the_same(monkeypatch):
    features = np.random.default_rng(4).normal(size=(50, 6))
    whole = Whitening.fit(features)(features)
    monkeypatch.setattr("vitc.vision.retrieve._CHUNK", 40)
    chunked = Whitening.fit(features)(features)
    np.testing.assert_allclose(chunked @ chunked.T, whole @ whole.T, atol=1e-9)


def test_rank_leaves_the_query_out(monkeypatch):
    monkeypatch.setattr("vitc.vision.retrieve._CHUNK", 25)
    database = np.random.default_rng(5).normal(size=(10, 4)).astype(np.float32)
    whole = list(rank(database, database))
    assert [order[0] for order, _ in whole] == list(range(10))
    for query, ((order, similarities), (others, _)) in enumerate(zip(whole, rank(database, database, np.arange(10)))):
        assert (np.diff(similarities) <= 0).all() and query not in others
        np.testing.assert_array_equal(others, order[1:])
    assert len(next(rank(database, database[:1], [-1]))[0]) == 10


@pytest.mark.parametrize("relevant, expected", [
    ([True, False, False], 1.0),
    ([False, True], (0 / 1 + 1 / 2) / 2),
    ([True, False, True, False], (1 + (1 / 2 + 2 / 3) / 2) / 2),
])
def test_average_precision_by_hand(relevant, expected):
    assert average_precision(np.array(relevant)) == pytest.approx(expected, abs=1e-15)


def test_average_precision_of_nothing_is_no_number():
    assert np.isnan(average_precision(np.zeros(3, bool)))


@pytest.mark.parametrize("call, message", [
    (lambda: gem(np.zeros((2, 3))), "expected 3 dimensions"),
    (lambda: gem(np.zeros((1, 2, 3)), p=0), "expected positive numbers"),
    (lambda: copy_descriptor(np.zeros((1, 3)), np.zeros((2, 4, 3))), "CLS of 1 images and patches of 2"),
    (lambda: copy_descriptor(np.zeros((2, 5)), np.zeros((2, 4, 3))), "features of 5 numbers; expected 3"),
    (lambda: Whitening.fit(np.zeros((1, 3))), "at least two images; got 1"),
    (lambda: Whitening.fit(np.ones((4, 3))), "all are the same"),
    (lambda: Whitening.fit(np.eye(3), dims=4), "4 directions to keep; expected 1 to 3"),
    (lambda: Whitening.fit(np.eye(3), power=-1), "the power is -1; expected 0 to 1"),
    (lambda: Whitening.fit(np.eye(3))(np.zeros((2, 4))), "features of 4 numbers; expected 3"),
    (lambda: rank(np.eye(3), np.eye(3), [0, 1]), "expected an index from −1 to 2 for each of 3 queries"),
    (lambda: average_precision([1, 0]), "expected bools in one dimension"),
])
def test_errors(call, message):
    with pytest.raises(vitc.Error) as error:
        call()
    assert message in str(error.value)


def ranks(path):
    with open(path, newline="") as file:
        return [row for row in csv.DictReader(file)]


def test_the_command_on_files_of_features(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    originals, copies = planted()
    others, _ = planted(seed=1, images=500)
    names = [f"{image}.png" for image in range(IMAGES)]
    for name, parts in (("database", originals), ("queries", copies), ("others", others)):
        write_features(tmp_path / f"{name}.npy", copy_descriptor(*parts), names if name != "others" else map(str, range(500)))
    (tmp_path / "pairs.csv").write_text("query,name\n" + "".join(f"{name},{name}\n" for name in names[1:]))
    arguments = ["retrieve", "database.npy", "queries.npy", "--whiten", "others.npy", "--relevant", "pairs.csv", "--top", "3"]
    assert cli.main(arguments) == 0
    output = capsys.readouterr().out
    assert "ranks.csv: 40 queries in 40 images" in output
    assert "mean average precision: 1.0000 of 39 queries; the other 1 have nothing that should be found" in output
    rows = ranks("ranks.csv")
    assert len(rows) == 120 and [row["rank"] for row in rows[:4]] == ["1", "2", "3", "1"]
    assert all(row["query"] == row["name"] for row in rows[::3])
    assert cli.main([*arguments[:5], "--relevant", "name"]) == 0
    assert "mean average precision: 1.0000\n" in capsys.readouterr().out
    whiten = Whitening.fit(copy_descriptor(*others))
    order, similarities = next(rank(whiten(copy_descriptor(*originals)), whiten(copy_descriptor(*copies))))
    assert [row["name"] for row in rows[:3]] == [names[i] for i in order[:3]]
    assert [row["similarity"] for row in rows[:3]] == [f"{s:.6f}" for s in similarities[:3]]


@pytest.mark.usefixtures("vision_cache")
def test_the_command_on_images(tmp_path, drawn_model, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_images(tmp_path / "images")
    model = drawn_model("batched/dino_batch")
    tap = [node.output[0] for node in onnx.load(model).graph.node if node.op_type == "LayerNormalization"][-1]
    assert cli.main(["retrieve", "images", "--model", str(model), "--of", tap, "--top", "2", "--relevant", "folder", "--p", "3",
                     "--sheet", "sheet.png"]) == 0
    assert "mean average precision: 1.0000" in capsys.readouterr().out  # images of one class have one colour
    rows = ranks("ranks.csv")
    assert len(rows) == 18 and all(row["query"].split("/")[0] == row["name"].split("/")[0] != "" for row in rows)
    assert all(row["query"] != row["name"] for row in rows)
    backbone, pixels = Backbone(model, [tap]), []
    names = sorted(path.relative_to("images").as_posix() for path in pathlib.Path("images").rglob("*.png"))
    for name in names:
        pixels.append(Preprocess(64)(tmp_path / "images" / name))
    tokens = backbone.run(np.stack(pixels))[tap]
    descriptors = copy_descriptor(tokens[:, 0], tokens[:, 1:], p=3)
    order, similarities = next(rank(descriptors, descriptors))
    assert rows[0]["name"] == names[order[1]] and float(rows[0]["similarity"]) == pytest.approx(similarities[1], abs=2e-4)
    with Image.open("sheet.png") as sheet:  # a row for each of nine queries: it and two that were found, in 96 pixels
        assert sheet.size == (3 * 100 + 4, 9 * 100 + 4)
        assert sheet.getpixel((50, 50))[0] > 150 and sheet.getpixel((150, 50))[0] > 150  # red, the first class's colour


@pytest.mark.parametrize("arguments, status, message", [
    (["--relevant", "folder"], 1, "the image 0.png is in no folder"),
    (["--relevant", "pairs.csv"], 1, "pairs.csv: no image of f.npy is named 7.png"),
    (["--relevant", "wrong.csv"], 1, "wrong.csv has no column 'name'"),
    (["--relevant", "none.csv"], 1, "none.csv: No such file or directory"),
    (["--sheet", "s.png"], 2, "--sheet needs the images of f.npy: --images says where they are"),
    (["--sheet", "s.png", "--images", "empty"], 1, "empty has no images"),
    (["--whiten", "narrow.npy"], 1, "features of 6 numbers; expected 2"),
    (["--whiten", "f.npy", "--dims", "9"], 1, "9 directions to keep; expected 1 to 6"),
    (["narrow.npy"], 1, "the queries: features of 2 numbers; expected 6"),
])
def test_errors_of_the_command(arguments, status, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    features = np.random.default_rng(0).normal(size=(5, 6))
    write_features(tmp_path / "f.npy", features, [f"{i}.png" for i in range(5)])
    write_features(tmp_path / "narrow.npy", features[:, :2], [f"{i}.png" for i in range(5)])
    (tmp_path / "pairs.csv").write_text("query,name\n0.png,7.png\n")
    (tmp_path / "wrong.csv").write_text("query,image\n")
    assert cli.main(["retrieve", "f.npy", *arguments]) == status
    assert message in capsys.readouterr().err
    assert not (tmp_path / "ranks.csv").exists()
