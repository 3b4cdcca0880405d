"""The models of python/vitc/models: narrow copies, whose numbers are compared, and the full sizes, for recognition."""
from __future__ import annotations

import dataclasses

from vitc.models import cait, clip, deepvit, dino, fpn, lavit, linear_heads, pooling, pvt, resnet, vit, vt_fpn, vt_resnet

from drawing import Architecture

REGISTERS = (0, 1, 2, 4, 8, 16)
# So that a chain of them keeps the size of scores, at the narrow models' gain and at the full ones'.
INHERITED, CHAINED = {"theta": 0.6, "psi": 0.6}, {"theta": 0.9, "psi": 0.9}
# VT has no norm and no 1/√d: scores would grow from module to module.
UNSCALED = {"resnet": 0.55, "query": 0.4, "key": 0.4, "guide": 0.3, "fc": 0.5}
DEEPER = {"vt.1": 0.5, "vt.2": 0.25}
TOWERS = {"tower": 0.5}  # so that class probabilities are not all 0 or 1


def _narrow_pyramid(config: type, size: int, depths: tuple[int, ...], **options: object) -> pvt.PyramidConfig:
    return config(depths, size=size, widths=(16, 32, 40, 64), heads=(1, 2, 5, 8), expansions=(2, 2, 2, 2), classes=10,
                  **options)


# Two blocks, 96 wide, three heads, 25 patches.
NARROW = vit.ViTConfig(size=70, width=96, depth=2, heads=3)
NARROW_DINO = dataclasses.replace(NARROW, size=64, patch=16, scaled=False, scale_on="scores")
NARROW_PVT = _narrow_pyramid(pvt.PyramidConfig, 64, (1, 1, 1, 1))
NARROW_LAVIT = _narrow_pyramid(lavit.LaViTConfig, 128, (1, 1, 3, 2), vanilla=(1, 1, 1, 0))
NARROW_RESNET = resnet.ResNetConfig(resnet.BasicBlock, (1, 1, 1), width=16)
NARROW_VT = vt_resnet.VTConfig(NARROW_RESNET, 2, size=128, tokens=16, width=64, map_width=48, groups=4, classes=10)


def _dino(size: int) -> Architecture:
    """Trained at 64 pixels."""
    return Architecture(lambda: dino.DinoViT(dataclasses.replace(NARROW_DINO, size=size), trained=64), size)


def _narrow_lavit(**options: object) -> Architecture:
    config = dataclasses.replace(NARROW_LAVIT, **options)
    return Architecture(lambda: lavit.LaViT(config), config.size, gains=INHERITED)


def _narrow_vt(form: type = vt_resnet.VTResNet, **options: object) -> Architecture:
    config = dataclasses.replace(NARROW_VT, **options)
    return Architecture(lambda: form(config), config.size, gains=UNSCALED | DEEPER)


def _maps(size: int, channels: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    """The shapes of a picture's maps at strides 4, 8, 16 and 32."""
    return tuple((width, size // (4 * 2**level), size // (4 * 2**level)) for level, width in enumerate(channels))


def _narrow_fpn(size: int) -> Architecture:
    channels = (16, 24, 32, 48)
    return Architecture(lambda: vt_fpn.VTFPN(channels, inner=32, tokens=8, width=64), shapes=_maps(size, channels),
                        gains=UNSCALED)


def _narrow_vit(registers: int, layout: str) -> Architecture:
    scale_on = "query" if layout == "meta" else "fused"
    config = dataclasses.replace(NARROW, registers=registers, layout=layout, scale_on=scale_on)
    return Architecture(lambda: vit.VisionTransformer(config), config.size)


SMALL: dict[str, Architecture] = {
    **{f"vit_{layout}_reg{n}": _narrow_vit(n, layout) for layout in vit.LAYOUTS for n in REGISTERS},
    "vit_dense_reg4": Architecture(lambda: vit.ClsAndPatches(dataclasses.replace(NARROW, registers=4)), 70),
    "vit_swiglu": Architecture(lambda: vit.VisionTransformer(dataclasses.replace(NARROW, registers=4, swiglu=64)), 70),
    "clip_picture": Architecture(lambda: clip.PictureTower(size=64, patch=16, width=96, depth=2, heads=3, embedding=40), 64),
    "clip_text": Architecture(lambda: clip.TextTower(context=12, vocabulary=64, width=96, depth=2, heads=3, embedding=40),
                              shapes=((12,),)),
    "dino_large": _dino(96),
    "dino_tiny": _dino(32),
    "dino_attention": Architecture(lambda: dino.LastAttention(dino.DinoViT(NARROW_DINO, trained=64)), 64),
    "dino_resnet": Architecture(
        lambda: dino.DinoResNet(dino.ResNet(resnet.ResNetConfig(resnet.Bottleneck, (1, 1, 1, 1), width=8)),
                                dino.DinoHead(256, prototypes=80, hidden=64, bottleneck=32)), 64),
    "cait": Architecture(lambda: cait.CaiT(NARROW), 70),
    "pooled": Architecture(lambda: pooling.PooledViT(dataclasses.replace(NARROW, scaled=False)), 70),
    "resampled": Architecture(lambda: pooling.PooledViT(dataclasses.replace(NARROW, scaled=False), queries=6), 70),
    "deepvit": Architecture(lambda: deepvit.DeepViT(depth=2, size=64, width=96, heads=3, classes=10), 64),
    "pvt": Architecture(lambda: pvt.PVT(NARROW_PVT), 64),
    "lavit": _narrow_lavit(),
    "lavit_vanilla": _narrow_lavit(vanilla=NARROW_LAVIT.depths),
    # A score residual: what crosses to the last stage is added to the scores of its first block.
    "lavit_residual": _narrow_lavit(vanilla=(1, 1, 1, 1)),
    # Less-attention on rectangular maps, and inherited after the softmax.
    "lavit_reduced": _narrow_lavit(depths=(1, 2, 3, 2), vanilla=(1, 1, 1, 0)),
    "lavit_post": _narrow_lavit(tap="post"),
    "vt": _narrow_vt(),
    "vt_static": _narrow_vt(tokenizer="static"),
    "vt_pooling": _narrow_vt(tokenizer="pooling"),
    "vt_clustering": _narrow_vt(tokenizer="clustering"),
    "vt_no_transformer": _narrow_vt(transformer=False),
    "vt_v1": _narrow_vt(vt_resnet.VTResNetV1, tokens=8),
    "vt_fpn": _narrow_fpn(64),
    "vt_fpn_wide": _narrow_fpn(96),
    "segmentation": Architecture(lambda: linear_heads.LinearSegmentation(dataclasses.replace(NARROW, depth=4), 10), 70),
    "depth": Architecture(lambda: linear_heads.LinearDepth(dataclasses.replace(NARROW, depth=2), layers=2, bins=32), 70),
    "semantic_fpn": Architecture(lambda: fpn.SemanticFPN(pvt.PVTFeatures(NARROW_PVT), NARROW_PVT.widths, 10, width=32, inner=16,
                                                         groups=4), 64),
    "retinanet": Architecture(
        lambda: fpn.RetinaNet(pvt.PVTFeatures(dataclasses.replace(NARROW_PVT, size=128)), NARROW_PVT.widths, 6, width=32,
                              anchors=3, depth=2), 128, gains=TOWERS),
    "lavit_semantic_fpn": Architecture(lambda: fpn.SemanticFPN(lavit.LaViTFeatures(NARROW_LAVIT, (3,)), NARROW_LAVIT.widths, 10,
                                                               width=32, inner=16, groups=4), 128, gains=INHERITED),
}

# Of some sizes of one architecture one is enough for what need not be asked of all.
VARIANTS = {f"vit_{layout}_reg{n}" for layout in vit.LAYOUTS for n in REGISTERS if n != 4} | {"dino_tiny", "dino_large"}

# As architectures.BATCHED.
SMALL_BATCHED: dict[str, tuple[str, str, int | None]] = {
    "vit_meta_reg4_batch": ("vit_meta_reg4", "torchscript", None),
    "clip_text_batch.dyn": ("clip_text", "dynamo", None),
    "pvt_batch": ("pvt", "torchscript", None),
    "lavit_batch.dyn": ("lavit", "dynamo", None),
    "cait_batch": ("cait", "torchscript", None),
    "pooled_batch.dyn": ("pooled", "dynamo", None),
    "resampled_batch": ("resampled", "torchscript", None),
    "deepvit_batch.dyn": ("deepvit", "dynamo", None),
    "vt_batch": ("vt", "torchscript", None),
}


def _full(make: object, size: int = 224, **options: object) -> Architecture:
    """Deep models need weights that do not let rounding grow."""
    return Architecture(make, size, gain=1.0, **options)


def _full_lavit(config: lavit.LaViTConfig) -> Architecture:
    return _full(lambda: lavit.LaViT(config), gains=CHAINED)


def _full_vit(registers: int, layout: str) -> Architecture:
    return _full(lambda: vit.VisionTransformer(vit.dinov2("s", registers, layout)))


def _full_dino(size: int, patch: int = 16) -> Architecture:
    return _full(lambda: dino.DinoViT(dataclasses.replace(dino.SMALL, size=size, patch=patch)), size)


def _full_vt(form: type, config: vt_resnet.VTConfig) -> Architecture:
    return _full(lambda: form(config), gains=UNSCALED | (DEEPER if form is vt_resnet.VTResNet else {}))


_LAVITS = {"t": lavit.LAVIT_TINY, "s": lavit.LAVIT_SMALL, "b": lavit.LAVIT_BASE}
_VTS = {"18": vt_resnet.VT_R18, "34": vt_resnet.VT_R34, "50": vt_resnet.VT_R50}

FULL: dict[str, Architecture] = {
    **{f"lavit_{size}": _full_lavit(config) for size, config in _LAVITS.items()},
    **{f"lavit_{size}_vanilla": _full_lavit(config.twin()) for size, config in _LAVITS.items()},
    "deepvit_16": _full(lambda: deepvit.DeepViT(16)),
    "deepvit_24": _full(lambda: deepvit.DeepViT(24)),
    "pvt_t": _full(lambda: pvt.PVT(pvt.PVT_TINY)),
    "pvt_s": _full(lambda: pvt.PVT(pvt.PVT_SMALL)),
    **{f"vt_r{size}": _full_vt(vt_resnet.VTResNet, config) for size, config in _VTS.items()},
    **{f"vt_r{size}_v1": _full_vt(vt_resnet.VTResNetV1, vt_resnet.v1_of(config)) for size, config in _VTS.items()},
    **{f"vt_fpn_{size}": _full(lambda: vt_fpn.VTFPN(resnet.RESNET50.channels), shapes=_maps(size, resnet.RESNET50.channels))
       for size in (224, 320)},
    **{f"vit_s14_{layout}_reg{n}": _full_vit(n, layout) for layout in vit.LAYOUTS for n in REGISTERS},
    "vit_s14_dense_reg4": _full(lambda: vit.ClsAndPatches(vit.dinov2("s"))),
    "clip_b32_picture": _full(clip.PictureTower),
    "clip_b32_text": _full(clip.TextTower, shapes=((77,),)),
    "dino_s16_480": _full_dino(480),
    "dino_s16_96": _full_dino(96),
    "dino_s8_96": _full_dino(96, patch=8),
    "dino_s16_attention": _full(lambda: dino.LastAttention(dino.DinoViT(dino.SMALL))),
    "dino_resnet50": _full(lambda: dino.DinoResNet(dino.ResNet(resnet.RESNET50), dino.DinoHead(2048))),
    "vit_s14_segmentation": _full(lambda: linear_heads.LinearSegmentation(vit.dinov2("s", 0), 150)),
    "vit_s14_depth": _full(lambda: linear_heads.LinearDepth(vit.dinov2("s", 0))),
    "pvt_t_semantic_fpn": _full(lambda: fpn.SemanticFPN(pvt.PVTFeatures(pvt.PVT_TINY), pvt.PVT_TINY.widths, 150)),
    "pvt_t_retinanet": _full(lambda: fpn.RetinaNet(pvt.PVTFeatures(pvt.PVT_TINY), pvt.PVT_TINY.widths, 80), gains=TOWERS),
    "lavit_t_semantic_fpn": _full(
        lambda: fpn.SemanticFPN(lavit.LaViTFeatures(lavit.LAVIT_TINY, (3,)), lavit.LAVIT_TINY.widths, 150), gains=CHAINED),
}
