"""torchvision's RetinaNet with its post-processing (test/models/detector.py), against ONNX Runtime."""
import numpy as np
import onnxruntime
import vitc
import zoo
from harness import SMALL, assert_agrees


def test_retinanet(tmp_path):
    path = tmp_path / "retinanet.onnx"
    zoo.make("retinanet", path, folder=SMALL.parent / "detection")
    reference = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    model = vitc.compile(path, tmp_path / "retinanet.so")
    names = [spec.name for spec in model.outputs]
    for seed in range(3):
        picture = np.random.default_rng(seed).random((3, 96, 96), dtype=np.float32)
        expected = reference.run(names, {"picture": picture})
        assert 0 < len(expected[0]) <= 40
        assert_agrees(model.run({"picture": picture}), dict(zip(names, expected)))
