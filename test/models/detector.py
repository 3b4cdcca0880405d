#!/usr/bin/env python3
"""Exports torchvision's RetinaNet with its post-processing, on a narrow backbone and on ResNet-50, and strips its weights.

    pip install -r requirements.txt     # torch, torchvision; the tests need none of them
    detector.py [NAME…]

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
from torchvision.models.detection import RetinaNet, retinanet_resnet50_fpn
from torchvision.models.detection.backbone_utils import _resnet_fpn_extractor
from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet
from torchvision.ops.feature_pyramid_network import LastLevelP6P7

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parents[1] / "zoo"))
import zoo  # noqa: E402

KEPT_ELEMENTS = 64  # anchors are constants too


def draw_head(model, bias):
    with torch.no_grad():
        for tensor in model.head.parameters():
            if tensor.ndim > 1:
                tensor.normal_(0, (2 / tensor[0].numel()) ** 0.5)
        model.head.classification_head.cls_logits.bias.fill_(bias)


def make_narrow(size):
    """RetinaNet on a ResNet of one basic block a stage; the weights are drawn, the scores spread around the threshold."""
    backbone = _resnet_fpn_extractor(ResNet(BasicBlock, [1, 1, 1, 1]), 5, returned_layers=[2, 3, 4],
                                     extra_blocks=LastLevelP6P7(256, 256))
    model = RetinaNet(backbone, 7, min_size=size, max_size=size, score_thresh=0.93, topk_candidates=100, detections_per_img=40)
    draw_head(model, 0.5)
    return model


def make_r50(size):
    """RetinaNet-R50-FPN with torchvision's own thresholds and counts but the scores' threshold; what blocks add is small, so
    that features keep their size."""
    model = retinanet_resnet50_fpn(weights=None, weights_backbone=None, min_size=size, max_size=size, score_thresh=0.75)
    with torch.no_grad():
        for block in model.backbone.modules():
            if isinstance(block, Bottleneck):
                block.bn3.weight.fill_(0.25)
    draw_head(model, 0)
    return model


MODELS = {"retinanet": (make_narrow, 96), "retinanet_r50": (make_r50, 320)}


def write(name):
    make, size = MODELS[name]
    torch.manual_seed(0)
    model, picture = make(size).eval(), torch.rand(3, size, size)
    with tempfile.TemporaryDirectory() as temporary:
        path = f"{temporary}/{name}.onnx"
        torch.onnx.export(model, ([picture],), path, dynamo=False, opset_version=17, input_names=["picture"],
                          output_names=["boxes", "scores", "labels"])
        found = onnxruntime.InferenceSession(path).run(None, {"picture": picture.numpy()})
        expected = model([picture])[0]
        for got, port in zip(found, ("boxes", "scores", "labels"), strict=True):
            np.testing.assert_allclose(got, expected[port].detach().numpy(), rtol=1e-4, atol=1e-3)
        kept = zoo.strip(path, FOLDER / "detection", KEPT_ELEMENTS)
    print(f"detection/{name}: {kept.stat().st_size} bytes, {len(found[0])} boxes")


def main():
    warnings.simplefilter("ignore")
    for name in sys.argv[1:] or MODELS:
        write(name)


if __name__ == "__main__":
    main()
