"""Nodes in the form of older opsets."""
import numpy as np

from models import INT64, model, node, tensor, value


def one(opset, op, inputs=("x",), outputs=("y",), initializers=(), **attributes):
    return model([node(op, list(inputs), list(outputs), **attributes)], opset=opset, initializers=initializers,
                 outputs=[value(name) for name in outputs])


def models():
    scales = tensor("s", np.float32([1, 2]))
    empty = tensor("e", np.float32([]))
    sizes = tensor("z", np.int64([4, 6]))
    maps = [tensor("m", np.ones((1, 1, 2, 2), np.float32)), tensor("g", np.zeros((1, 1, 1, 2), np.float32)),
            tensor("r", np.zeros((1, 4), np.float32)), tensor("i", np.int64([0]))]
    channels = [tensor("c", np.float32([1, 2, 3]))]
    return {
        "batch_normalization": one(7, "BatchNormalization", ["x", "c", "c", "c", "c"], initializers=channels, momentum=0.5, spatial=1),
        "clip": one(6 + 1, "Clip", min=-1.0, max=2.0),
        "clip_min": one(10, "Clip", min=-1.0),
        "dropout": one(7, "Dropout", ratio=0.25),
        "grid_sample": one(16, "GridSample", ["m", "g"], initializers=maps, mode="bicubic", align_corners=1),
        "log_softmax": one(12, "LogSoftmax", axis=-1),
        "pad": one(10, "Pad", pads=[0, 1, 0, 1], value=0.5, mode="constant"),
        "reduce_mean": one(17, "ReduceMean", axes=[-1], keepdims=0),
        "reduce_sum": one(12, "ReduceSum", axes=[1]),
        "resize_10": one(10, "Resize", ["x", "s"], initializers=[scales], mode="nearest"),
        "resize_11": one(11, "Resize", ["x", "e", "e", "z"], initializers=[empty, sizes], mode="cubic"),
        "roi_align": one(10, "RoiAlign", ["m", "r", "i"], initializers=maps),
        "scatter": one(9, "Scatter", ["x", "i", "x"], initializers=[tensor("i", np.zeros((2, 3), np.int64))], axis=1),
        "slice": one(9, "Slice", starts=[1], ends=[3], axes=[1]),
        "softmax": one(12, "Softmax", axis=1),
        "split": one(12, "Split", outputs=["y", "z"], split=[1, 2], axis=1),
        "split_equal": one(13, "Split", outputs=["y", "z", "w"], axis=1),
        "squeeze": one(11, "Squeeze", axes=[0]),
        "top_k": one(9, "TopK", outputs=["y", "z"], k=2),
        "unsqueeze": one(12, "Unsqueeze", axes=[0, 2]),
        "upsample_7": one(7, "Upsample", scales=[1.0, 2.0], mode="linear"),
        "upsample_9": one(9, "Upsample", ["x", "s"], initializers=[tensor("s", np.float32([1, 0.5]))]),
    }
