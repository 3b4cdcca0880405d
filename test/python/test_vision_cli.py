"""python -m vitc.vision: exit codes, sentences instead of tracebacks, and the commands' pictures."""
import os
import re
import signal
import subprocess
import sys
import types
import warnings

import numpy as np
import pytest
from PIL import Image
from vitc.vision import cli, options, sheets

pytestmark = pytest.mark.usefixtures("vision_cache")


@pytest.fixture
def command(tmp_path, monkeypatch, capfd):
    """command("preview", …): runs it in the test's folder, and in this process, which is quicker."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("PIL.Image.MAX_IMAGE_PIXELS", 89478485)

    def run(*arguments):
        with warnings.catch_warnings():
            try:
                status = cli.main([str(argument) for argument in arguments])
            except SystemExit as usage:
                status = usage.code
        out, err = capfd.readouterr()
        return types.SimpleNamespace(returncode=status, stdout=out, stderr=err)

    return run


@pytest.fixture
def folder(tmp_path):
    """Two good images, and one that is none."""
    random = np.random.default_rng(0)
    (tmp_path / "in").mkdir()
    for name in "ac":
        Image.fromarray(random.integers(0, 256, (50, 70, 3), np.uint8)).save(tmp_path / "in" / f"{name}.png")
    (tmp_path / "in" / "b.png").write_text("no image")
    return tmp_path / "in"


def test_help(command, source_dir):
    environment = {**os.environ, "PYTHONPATH": str(source_dir / "python")}
    run = subprocess.run([sys.executable, "-m", "vitc.vision", "--help"], env=environment, capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")
    for name in cli.COMMANDS:
        assert re.search(rf"^    {name}\s", run.stdout, re.M)
        assert "\n  -h, --help " in command(name, "--help").stdout


@pytest.mark.parametrize("arguments, says", [
    ([], "required: COMMAND"),
    (["draw"], "invalid choice: 'draw'"),
    (["preview"], "required: IMAGES"),
    (["preview", "in", "--size", "0"], "'0'; expected a whole number of at least 1"),
    (["preview", "in", "--mean", "a"], "'a'; expected imagenet, 0.5, clip, a number, or three with commas"),
    (["preview", "in", "-o", "a.txt"], "'a.txt'; expected a picture: .png"),
    (["preview", "in", "-o", "nothere/a.png"], "'nothere/a.png'; there is no folder 'nothere'"),
    (["features", "m.onnx", "in", "-o", "f.npy", "--picture", "a.txt"], "'a.txt'; expected a picture: .png"),
    (["preview", "in", "--max-megapixels", "nan"], "'nan'; expected a positive number of megapixels"),
])
def test_usage(arguments, says, command):
    run = command(*arguments)
    assert run.returncode == 2 and says in run.stderr and run.stdout == ""


@pytest.mark.parametrize("arguments, says", [
    (["preview", "nothere"], "nothere: no such file or folder"),
    (["preview", "empty"], "empty has no images"),
    (["preview", "bad"], "no image could be used"),
    (["features", "m.onnx", "in", "-o", "f.npy", "--picture", "in/a.png"], "in/a.png is one of the images"),
    (["features", "m.pt", "in", "-o", "f.npy"], "m.pt: expected an .onnx file or a library"),
    (["features", "m.onnx", "in", "-o", "f.npy"], "cannot read the model m.onnx: No such file"),
])
def test_failures(arguments, says, command, folder, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "a.png").write_text("no image")
    run = command(*arguments)
    assert run.returncode == 1 and run.stdout == ""
    assert says in run.stderr.splitlines()[-1] and run.stderr.splitlines()[-1].startswith(f"vitc.vision {arguments[0]}: ")
    assert "Traceback" not in run.stderr
    assert sorted(os.listdir(tmp_path)) == ["bad", "empty", "in"]


def test_preview(command, folder, tmp_path):
    run = command("preview", "in", "--size", 32, "--tile", 32)
    assert (run.returncode, run.stdout) == (0, "preview.png: 3 of 3 images; 1 cannot be used\n")
    assert run.stderr == "cannot be used: b.png: not an image of a format that Pillow reads\n"
    picture = np.asarray(Image.open(tmp_path / "preview.png"))
    assert picture.shape == (76, 76, 3)
    assert (picture[4, 40:72] == (200, 40, 40)).all(), "the second is crossed out"
    from vitc.vision import Preprocess
    np.testing.assert_array_equal(picture[4:36, 4:36], np.asarray(Preprocess(32).fitted(Image.open(folder / "a.png"))))


def test_preview_spares_its_images(command, folder, tmp_path):
    before = (folder / "a.png").read_bytes()
    (tmp_path / "link.png").symlink_to("in/a.png")
    for output in "in/a.png", "in/../in/a.png", "link.png":
        run = command("preview", "in", "-o", output)
        assert (run.returncode, run.stderr) == (
            1, f"vitc.vision preview: {output} is one of the images; expected another file to write to\n")
    assert (folder / "a.png").read_bytes() == before


def test_closed_stdout(folder, source_dir, tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(source_dir / "python")}
    shell = f"exec {sys.executable} -m vitc.vision preview in/a.png --size 8 --tile 8 >&-"
    run = subprocess.run(["bash", "-c", shell], cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True)
    assert (run.returncode, run.stderr) == (0, "") and (tmp_path / "preview.png").exists()


def test_limit_is_raised(command, tmp_path):
    Image.new("1", (20000, 10000)).save(tmp_path / "large.png")  # more than twice what Pillow allows
    (tmp_path / "large.png").write_bytes((tmp_path / "large.png").read_bytes()[:100])
    run = command("preview", "large.png", "--size", 8, "--tile", 8)
    assert "large.png: more pixels than Pillow may read, which --max-megapixels" in run.stderr
    run = command("preview", "large.png", "--size", 8, "--tile", 8, "--max-megapixels", 201)
    assert "large.png: damaged, or of a kind that Pillow does not read (image file is truncated)" in run.stderr


def take_interrupts():
    """In a child: SIGINT ends it, also where these tests run in the background of a shell, which ignores that signal."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_interrupt(tmp_path, source_dir):
    """Ctrl-C while images are read."""
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    (tmp_path / "many.txt").write_text("b.png\n" + "a.png\n" * 100000)
    process = subprocess.Popen([sys.executable, "-m", "vitc.vision", "preview", "many.txt"], cwd=tmp_path, text=True,
                               stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(source_dir / "python")},
                               preexec_fn=take_interrupts)
    assert process.stderr.readline() == "cannot be used: b.png: No such file or directory\n"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, "interrupted\n")


def test_channels():
    assert options.channels(0, "imagenet") == (0.485, 0.456, 0.406) and options.channels(1, "0.5") == (0.5, 0.5, 0.5)
    assert options.channels(0, "0.1,0.2,0.3") == (0.1, 0.2, 0.3) and options.channels(1, "1") == (1, 1, 1)


def test_progress(monkeypatch, capsys):
    """A bar on a terminal alone."""
    assert list(options.progress([1, 2], None)) == [1, 2] and capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert list(options.progress([1, 2], None)) == [1, 2]
    assert "2/2" in capsys.readouterr().err


def test_principal_components():
    random = np.random.default_rng(0)
    axes = np.linalg.qr(random.standard_normal((6, 6)))[0]
    values = (random.standard_normal((500, 6)) * (9, 4, 1, 0.1, 0.1, 0.1)) @ axes
    found = sheets.principal_components(values.astype(np.float32), 2)
    expected = (values - values.mean(0)) @ np.linalg.eigh(np.cov(values.T))[1][:, ::-1][:, :2]
    np.testing.assert_allclose(np.abs(found), np.abs(expected), rtol=1e-3, atol=1e-3)
    assert (np.take_along_axis(found, np.abs(found).argmax(axis=0)[None], axis=0) > 0).all()
    assert (sheets.principal_components(values[:1].astype(np.float32), 2) == 0).all()
