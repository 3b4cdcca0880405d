"""torchvision's RetinaNet with its post-processing (test/models/detector.py), against ONNX Runtime."""
import numpy as np
import pytest
import vitc
import zoo
from harness import SMALL, Reference, assert_agrees


@pytest.mark.parametrize("name, size, most", [("retinanet", 96, 40), pytest.param("retinanet_r50", 320, 300, marks=pytest.mark.long)])
def test_retinanet(name, size, most, tmp_path):
    path = tmp_path / "model.onnx"
    zoo.make(name, path, folder=SMALL.parent / "detection")
    reference = Reference.open(path)
    model = vitc.compile(path, tmp_path / "model.so")
    for seed in range(3):
        picture = np.random.default_rng(seed).random((3, size, size), dtype=np.float32)
        expected = reference.run({"picture": picture})
        assert 0 < len(expected["boxes"]) <= most
        assert_agrees(model.run({"picture": picture}), expected)
