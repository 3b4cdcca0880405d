"""vitc.vision's weighted k-NN against the loop that its definition is."""
import json
import pathlib

import numpy as np
import onnx
import pytest
import vitc
from features_files import drawn, write_features, write_images
from vitc.vision import cli
from vitc.vision.confusion import confusion, draw_confusion
from vitc.vision.knn import knn_accuracy, knn_classify, knn_votes, nearest


def blobs(seed, per_class, classes=7, width=24, spread=1.6):
    random = np.random.default_rng(seed)
    centres = np.random.default_rng(5).normal(size=(classes, width))
    labels = np.repeat(np.arange(classes), per_class)
    order = random.permutation(len(labels))
    return (centres[labels] + spread * random.normal(size=(len(labels), width))).astype(np.float32)[order], labels[order]


def reference(train, labels, queries, k, temperature, classes):
    """DINO's vote, one query and one neighbour at a time, in float64."""
    unit = [row / np.sqrt(row @ row) for row in train.astype(np.float64)]
    result = np.zeros((len(queries), classes))
    for votes, query in zip(result, queries.astype(np.float64)):
        similarity = [row @ query / np.sqrt(query @ query) for row in unit]
        for neighbour in sorted(range(len(unit)), key=lambda i: -similarity[i])[:k]:
            votes[labels[neighbour]] += np.exp(similarity[neighbour] / temperature)
    return result


@pytest.mark.parametrize("k, temperature", [(20, 0.07), (1, 0.07), (50, 0.01), (140, 1.0)])
def test_votes_equal_the_reference_on_blobs(k, temperature):
    (train, labels), (queries, _) = blobs(0, 20), blobs(1, 9)
    expected = reference(train, labels, queries, k, temperature, 7)
    classes, votes = knn_classify(train, labels, queries, k, temperature)
    np.testing.assert_array_equal(classes, np.arange(7))
    np.testing.assert_allclose(votes, expected / expected.sum(axis=1, keepdims=True), rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(votes.argmax(axis=1), expected.argmax(axis=1))


def test_accuracy_equals_the_reference_for_several_k():
    (train, labels), (queries, targets) = blobs(0, 20), blobs(1, 9)
    results = knn_accuracy(train, labels, queries, targets, (3, 10, 20))
    for result, k in zip(results, (3, 10, 20)):
        order = np.argsort(-reference(train, labels, queries, k, 0.07, 7), axis=1, kind="stable")
        hits = order == targets[:, None]
        assert (result.k, result.top1) == (k, hits[:, 0].mean())
        assert result.top5 == hits[:, :min(5, k)].sum() / len(targets)
    assert 0.5 < results[2].top1 < results[2].top5 <= 1


def test_accuracy_in_chunks_is_the_same(monkeypatch):
    (train, labels), (queries, targets) = blobs(0, 20), blobs(1, 9)
    whole = knn_accuracy(train, labels, queries, targets, (20,))
    monkeypatch.setattr("vitc.vision.knn._CHUNK", 30)
    assert knn_accuracy(train, labels, queries, targets, (20,)) == whole


def test_nearest_is_sorted_and_exact():
    random = np.random.default_rng(2)
    database, queries = random.normal(size=(300, 16)), random.normal(size=(5, 16))
    similarities, indices = nearest(database, queries, 300)
    cosine = (queries / np.linalg.norm(queries, axis=1)[:, None]) @ (database / np.linalg.norm(database, axis=1)[:, None]).T
    np.testing.assert_allclose(similarities, -np.sort(-cosine, axis=1), atol=1e-12)
    np.testing.assert_array_equal(indices, np.argsort(-cosine, axis=1))


def test_leaving_one_out():
    features, labels = blobs(0, 3)
    result, = knn_accuracy(features, labels, features, labels, (5,), leave_one_out=True)
    right = 0
    for i in range(len(labels)):
        others = np.arange(len(labels)) != i
        classes, votes = knn_classify(features[others], labels[others], features[i:i + 1], 5)
        right += classes[votes.argmax()] == labels[i]
    assert result.top1 == right / len(labels)
    duplicates, = knn_accuracy(np.ones((8, 3)), [0] * 4 + [1] * 4, np.ones((8, 3)), [0] * 4 + [1] * 4, (7,), leave_one_out=True)
    assert duplicates.top1 == 0  # of the seven others, four are of the other class


def test_labels_may_be_strings_and_unknown_ones_are_wrong():
    (train, labels), (queries, targets) = blobs(0, 20), blobs(1, 9)
    names = np.array(list("abcdefg"))
    known, = knn_accuracy(train, names[labels], queries, names[targets], (20,))
    assert known == knn_accuracy(train, labels, queries, targets, (20,))[0]
    seen = labels < 6
    result, = knn_accuracy(train[seen], names[labels[seen]], queries[targets == 6], names[targets[targets == 6]], (20,))
    assert result.top5 == 0


@pytest.mark.parametrize("change, message", [
    ({"ks": (141,)}, "k is 141; expected 1 to 140"),
    ({"ks": (0,)}, "k is 0; expected 1 to 140"),
    ({"ks": ()}, "no k was given"),
    ({"temperature": 0.0}, "the temperature is 0.0; expected a positive number"),
    ({"train_labels": [1, 2]}, "expected one label for each of 140 features"),
    ({"query_labels": ["a"] * 63}, "numbers on one side and strings on the other"),
    ({"queries": np.zeros((63, 5))}, "features of 5 numbers; expected 24"),
    ({"train": np.zeros(140)}, "an array of shape (140,); expected 2 dimensions"),
    ({"train": np.full((140, 24), np.nan)}, "some numbers are not finite"),
    ({"leave_one_out": True}, "63 queries and 140 training features"),
])
def test_errors(change, message):
    (train, train_labels), (queries, query_labels) = blobs(0, 20), blobs(1, 9)
    arguments = {"train": train, "train_labels": train_labels, "queries": queries, "query_labels": query_labels, "ks": (20,)}
    with pytest.raises(vitc.Error) as error:
        knn_accuracy(**{**arguments, **change})
    assert message in str(error.value)


def test_errors_of_votes():
    with pytest.raises(vitc.Error, match="expected classes from 0 to 1"):
        knn_votes([[0.5]], [[2]], 2)
    with pytest.raises(vitc.Error, match=r"similarities of shape \(1, 2\)"):
        knn_votes([[0.5, 0.1]], [[0]], 2)


def test_the_command_on_files_of_features(tmp_path, capsys):
    train, val = (write_features(tmp_path / f"{name}.npy", *drawn(seed)) for seed, name in enumerate(("train", "val")))
    assert cli.main(["knn", str(train), str(val), "--k", "20", "3", "-o", str(tmp_path / "r.json"),
                     "--confusion", str(tmp_path / "c.png")]) == 0
    assert (tmp_path / "c.png").stat().st_size > 1000
    labels = np.repeat(["ant", "bee", "cat"], 8)
    expected = knn_accuracy(drawn(0)[0], labels, drawn(1)[0], labels, (3, 20))
    found = json.loads((tmp_path / "r.json").read_text())
    assert found["accuracy"] == [{"k": r.k, "top1": r.top1, "top5": r.top5} for r in expected]
    assert (found["train"], found["val"], found["classes"]) == (24, 24, 3)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "24 images by 24 of 3 classes" and lines[2].split() == ["3", f"{expected[0].top1:.2%}", "100.00%"]
    assert cli.main(["knn", str(train), "--k", "5"]) == 0
    alone, = knn_accuracy(drawn(0)[0], labels, drawn(0)[0], labels, (5,), leave_one_out=True)
    assert f"    5  {alone.top1:6.2%}" in capsys.readouterr().out


def test_labels_of_files(tmp_path, capsys):
    features, names = drawn(0)
    absolute = write_features(tmp_path / "a.npy", features, ["/data/" + name for name in names])
    assert cli.main(["knn", str(absolute)]) == 1
    assert "the image /data/ant/0.png is in no folder that would be its label, and 23 others" in capsys.readouterr().err
    flat = write_features(tmp_path / "f.npy", features, [name.replace("/", "_") for name in names])
    assert cli.main(["knn", str(flat)]) == 1
    assert "the image ant_0.png is in no folder that would be its label, and 23 others" in capsys.readouterr().err
    table = tmp_path / "l.csv"
    table.write_text("label,name\n" + "".join(f'{name.split("/")[0]},{name.replace("/", "_")}\n' for name in names))
    np.save(tmp_path / "l.npy", np.repeat([7, 8, 9], 8))
    plain = write_features(tmp_path / "g.npy", features, names)
    outputs = []
    array = str(tmp_path / "l.npy")
    for arguments in ([str(flat), "--train-labels", str(table)], [str(flat), "--train-labels", array], [str(plain)]):
        assert cli.main(["knn", *arguments, "--k", "5"]) == 0
        outputs.append(capsys.readouterr().out)
    assert outputs[0] == outputs[1] == outputs[2]
    (tmp_path / "g.json").unlink()  # features of other programs have no names, and labels in their order
    assert cli.main(["knn", str(plain), "--train-labels", str(tmp_path / "l.npy"), "--k", "5"]) == 0
    assert capsys.readouterr().out == outputs[0]


def test_confusion():
    classes, counts = confusion(["a", "b", "b", "c"], ["a", "a", "b", "d"])
    assert classes.tolist() == list("abcd")
    np.testing.assert_array_equal(counts, [[1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0]])
    with pytest.raises(vitc.Error, match="61 classes are too many to draw"):
        draw_confusion(range(61), range(61), "c.png", "")


@pytest.mark.usefixtures("vision_cache")
def test_the_command_on_images(tmp_path, drawn_model, capsys):
    model = drawn_model("batched/dino_batch")
    tap = [node.output[0] for node in onnx.load(model).graph.node if node.op_type == "LayerNormalization"][-1]
    train, val = write_images(tmp_path / "train"), write_images(tmp_path / "val", seed=1)
    (val / "bee" / "9.png").write_text("no image")
    options = ["--model", str(model), "--of", tap, "--threads", "1", "--k", "3"]
    assert cli.main(["knn", str(train), str(val), *options]) == 0
    output = capsys.readouterr()
    assert "skipped bee/9.png: not an image" in output.err and "9 images by 9 of 3 classes" in output.out
    for file in (str(tmp_path / "train.npy"), str(tmp_path / "val.parquet")):
        name = pathlib.Path(file).stem
        assert cli.main(["features", str(model), str(tmp_path / name), "-o", file, "--of", tap, "--quiet"]) == 0
    capsys.readouterr()
    assert cli.main(["knn", str(tmp_path / "train.npy"), str(tmp_path / "val.parquet"), "--k", "3"]) == 0
    assert capsys.readouterr().out == output.out
    assert cli.main(["knn", str(train), str(val)]) == 1
    assert "train: images need --model, which is run on them; or give features (.npy or .parquet)" in capsys.readouterr().err
    image = next((val / "bee").iterdir())
    assert cli.main(["knn", str(train), str(val), *options, "--confusion", str(image)]) == 1
    assert f"{image} is one of the images" in capsys.readouterr().err


def test_an_output_that_cannot_be_is_refused_first(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for arguments in (["knn", "f.npy", "-o", "none/r.json"], ["linear", "f.npy", "-o", "none/p.npz"],
                      ["retrieve", "f.npy", "-o", "none/r.csv"]):
        with pytest.raises(SystemExit) as exit:
            cli.main(arguments)
        assert exit.value.code == 2 and "there is no such folder to write" in capsys.readouterr().err


@pytest.mark.parametrize("arguments, status, message", [
    (["none.npy"], 1, "none.npy: no such file"),
    (["none"], 1, "none: no such file or folder"),
    (["f.npy", "--k", "30"], 1, "k is 30; expected 1 to 23"),
    (["f.npy", "--val-labels", "l.csv"], 2, "--val-labels are given, but no VAL"),
    (["f.npy", "--train-labels", "none.csv"], 1, "none.csv: No such file or directory"),
    (["f.npy", "--train-labels", "short.csv"], 1, "short.csv has no label for 23 of the 24 images of f.npy, ant/1.png among"),
    (["f.npy", "--train-labels", "wrong.csv"], 1, "wrong.csv has no column 'label'; expected a first line with name,label"),
    (["f.npy", "--train-labels", "ragged.csv"], 1, "ragged.csv, line 2: expected 2 values"),
    (["f.npy", "--train-labels", "tokens.npy"], 1, "expected a label for each of the 24 features"),
    (["tokens.npy"], 1, "tokens.npy holds an array of shape (2, 3, 4); expected a vector for each image"),
    (["text.npy"], 1, "text.npy: not an array file that NumPy reads"),
    (["text.parquet"], 1, "text.parquet holds no features that vitc.vision wrote"),
    (["named.npy"], 1, "named.json has no names of images"),
    (["few.npy"], 1, "few.npy has 24 features, and names of 1 images"),
])
def test_errors_of_the_command(arguments, status, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    features, names = drawn(0)
    write_features(tmp_path / "f.npy", features, names)
    write_features(tmp_path / "few.npy", features, names[:1])
    write_features(tmp_path / "named.npy", features, names)
    (tmp_path / "named.json").write_text("[]")
    np.save("tokens.npy", np.zeros((2, 3, 4)))
    for file, text in (("text.npy", "text"), ("text.parquet", "text"), ("short.csv", "name,label\nant/0.png,ant\n"),
                       ("wrong.csv", "name,class\n"), ("ragged.csv", "name,label\nant/0.png\n")):
        (tmp_path / file).write_text(text)
    assert cli.main(["knn", *arguments, *([] if "--k" in arguments else ["--k", "1"])]) == status
    output = capsys.readouterr()
    assert message in output.err and output.out == ""
