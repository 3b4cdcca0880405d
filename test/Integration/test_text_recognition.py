"""PP-OCRv4: trained models that find, turn and read text, for any number, height and width of pictures."""
import numpy as np
import onnx
import pytest
import vitc

from harness import Reference, assert_agrees

RAPIDOCR = "rapidocr-onnxruntime==1.4.4"
# Runs (batch, height, width) of each; some sizes are no multiple of anything.
RUNS = {
    "ch_PP-OCRv4_rec_infer": [(1, 48, 320), (2, 48, 97), (6, 48, 640), (3, 33, 100), (1, 80, 64)],
    "ch_ppocr_mobile_v2.0_cls_infer": [(1, 48, 192), (3, 33, 77)],
    "ch_PP-OCRv4_det_infer": [(1, 64, 96), (2, 128, 160), (1, 63, 96)],
}

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def ocr(packaged, tmp_path_factory):
    """ocr(name): the ONNX file and its library. Where the last op is a Sigmoid, which makes nearly all numbers 0, its operand
    is an output too."""
    folder, made = tmp_path_factory.mktemp("ocr"), {}

    def get(name):
        if name not in made:
            model = onnx.load(packaged(RAPIDOCR, "rapidocr_onnxruntime", f"models/{name}.onnx"))
            last = model.graph.node[-1]
            if last.op_type == "Sigmoid":
                model.graph.output.append(onnx.helper.make_tensor_value_info(last.input[0], onnx.TensorProto.FLOAT, None))
                model.graph.output.pop(0)
            onnx.save(model, folder / f"{name}.onnx")
            made[name] = folder / f"{name}.onnx", vitc.compile(folder / f"{name}.onnx", folder / f"{name}.so")
        return made[name]

    return get


@pytest.mark.parametrize("name, shape", [(name, shape) for name, shapes in RUNS.items() for shape in shapes], ids=str)
def test_agrees(ocr, name, shape):
    path, model = ocr(name)
    batch, height, width = shape
    x = np.random.default_rng(width).standard_normal((batch, 3, height, width), dtype=np.float32)
    assert_agrees(model.run({"x": x}), Reference.open(path).run({"x": x}))


def test_one_row_of_characters(ocr):
    """The recogniser flattens its last map to one row, which the picture's height has to give."""
    model = ocr("ch_PP-OCRv4_rec_infer")[1]
    needs = model.info["functions"][0]["requires"]
    assert any("x_dim2 to be from 33 to 80, for the Reshape" in need for need in needs), needs
    with pytest.raises(vitc.Error, match="x_dim2 = 96; expected x_dim2 to be from 33 to 80"):
        model(np.zeros((1, 3, 96, 320), np.float32))


def test_fixed_shape(packaged, run_tool, tmp_path):
    path = packaged(RAPIDOCR, "rapidocr_onnxruntime", "models/ch_PP-OCRv4_rec_infer.onnx")
    run = run_tool("vitc", path, "-o", tmp_path / "m.so", "--shape=x=1x3x48x320")
    assert run.returncode == 0, run.stderr
    x = np.random.default_rng(0).standard_normal((1, 3, 48, 320), dtype=np.float32)
    assert_agrees(vitc.load(tmp_path / "m.so", threads=2).run({"x": x}), Reference.open(path).run({"x": x}))
