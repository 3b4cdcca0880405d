#!/usr/bin/env python3
"""Exports torchvision's RetinaNet with its post-processing, on a narrow backbone, and strips its weights.

    pip install -r requirements.txt     # torch, torchvision; the tests need none of them
    detector.py

Thresholds, the best of each level, boxes from anchors, suppression of overlapping boxes by class: all of it is in the
graph, as the TorchScript exporter (opset 17) writes it. The dynamo exporter refuses the module: the suppression asks whether
there is any box.
"""
import pathlib
import sys
import tempfile
import warnings

import numpy as np
import onnxruntime
import torch
from torchvision.models.detection import RetinaNet
from torchvision.models.detection.backbone_utils import _resnet_fpn_extractor
from torchvision.models.resnet import BasicBlock, ResNet
from torchvision.ops.feature_pyramid_network import LastLevelP6P7

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parents[1] / "zoo"))
import zoo  # noqa: E402

SIZE, CLASSES = 96, 7
KEPT_ELEMENTS = 64  # anchors are constants too


def make():
    """RetinaNet on a ResNet of one basic block a stage; the weights are drawn, the scores spread around the threshold."""
    torch.manual_seed(0)
    backbone = _resnet_fpn_extractor(ResNet(BasicBlock, [1, 1, 1, 1]), 5, returned_layers=[2, 3, 4],
                                     extra_blocks=LastLevelP6P7(256, 256))
    model = RetinaNet(backbone, CLASSES, min_size=SIZE, max_size=SIZE, score_thresh=0.93, topk_candidates=100,
                      detections_per_img=40).eval()
    with torch.no_grad():
        for name, tensor in model.head.named_parameters():
            if tensor.ndim > 1:
                tensor.normal_(0, (2 / tensor[0].numel()) ** 0.5)
        model.head.classification_head.cls_logits.bias.fill_(0.5)
    return model


def main():
    warnings.simplefilter("ignore")
    model, picture = make(), torch.rand(3, SIZE, SIZE)
    with tempfile.TemporaryDirectory() as temporary:
        path = f"{temporary}/retinanet.onnx"
        torch.onnx.export(model, ([picture],), path, dynamo=False, opset_version=17, input_names=["picture"],
                          output_names=["boxes", "scores", "labels"])
        found = onnxruntime.InferenceSession(path).run(None, {"picture": picture.numpy()})
        expected = model([picture])[0]
        for got, name in zip(found, ("boxes", "scores", "labels"), strict=True):
            np.testing.assert_allclose(got, expected[name].detach().numpy(), rtol=1e-4, atol=1e-3)
        kept = zoo.strip(path, FOLDER / "detection", KEPT_ELEMENTS)
    print(f"detection/retinanet: {kept.stat().st_size} bytes, {len(found[0])} boxes")


if __name__ == "__main__":
    main()
