"""What recognition should find in the models of test/models, which follows from how they are made, and where it does not yet.

A table maps a family to counts by kind (those of docs/explain.schema.json), CLS tokens and registers. Kinds of attention
that a family does not list are 0; other kinds it does not list are not checked: whether the convolution of a spatial
reduction counts as a patch_embed is nobody's business, and how many `linear` there are depends on what was merged.

A prefix row that an output reads on its own is a CLS token, one that none reads is a register; where an output reads every
row, the prefix has no known role.
"""
from __future__ import annotations

Counts = dict[str, int]

ATTENTION = ["attention", "inherited_attention", "window_attention", "sr_attention", "reattention", "class_attention",
             "linear_attention"]
VISUAL_TOKENS = ["tokenize", "project"]


def encoder(blocks: int, norms: int = 1, scaled: bool = False, cls: int = 1, registers: int = 0, **others: int) -> Counts:
    """Pre-norm blocks with GELU; norms: layer norms beside the blocks' two each; scaled: LayerScale."""
    return {"attention": blocks, "layer_norm": 2 * blocks + norms, "gelu": blocks, "mlp": blocks,
            "layer_scale": 2 * blocks if scaled else 0, "patch_embed": 1, "cls": cls, "registers": registers, **others}


def pyramid(depths: tuple[int, ...], vanilla: tuple[int, ...] | None = None, reductions: tuple[int, ...] = (8, 4, 2, 1),
            norms: int = 1, cls: int = 0) -> Counts:
    """PVT and LaViT: a norm in each patch embedding and in each spatial reduction. vanilla: blocks with scores of their own."""
    vanilla, blocks = vanilla or depths, sum(depths)
    reduced = sum(count for count, factor in zip(vanilla, reductions) if factor > 1)
    reductions_made = sum(depth for depth, factor in zip(depths, reductions) if factor > 1)
    return {"sr_attention": reduced, "attention": sum(vanilla) - reduced, "inherited_attention": blocks - sum(vanilla),
            "layer_norm": len(depths) + 2 * blocks + reductions_made + norms, "gelu": blocks, "mlp": blocks, "cls": cls,
            "registers": 0}


def visual_tokens(tokenizers: int, transformers: int, projectors: int) -> Counts:
    """VT: a transformer has one attention over the tokens, and no norm."""
    return {"tokenize": tokenizers, "attention": transformers, "project": projectors, "layer_norm": 0, "gelu": 0, "cls": 0,
            "registers": 0}


def vt_resnet(modules: int) -> Counts:
    """Logits come from the last tokens: nothing reads what the last module projects, so it is not in the graph."""
    return visual_tokens(modules, modules, modules - 1)


def convolutional(norms: int = 0) -> Counts:
    return {"layer_norm": norms, "cls": 0, "registers": 0}


LAVIT_REDUCTIONS = (8, 4, 1, 1)
REGISTERS = (0, 1, 2, 4, 8, 16)

# Narrow copies; timm's and Hugging Face's first.
SMALL: dict[str, Counts] = {
    "deit": encoder(2),
    "deit3": encoder(2, scaled=True),
    "dino": encoder(2),
    "dino8": encoder(2),
    "dinov2_reg4": encoder(2, scaled=True, registers=4),
    "dinov2_reg4_gap": encoder(2, scaled=True, cls=0, registers=4),
    "vit_odd": encoder(2),
    "hf_vit": encoder(2),
    "hf_vit_sdpa": encoder(2, cls=0),
    "hf_dinov2": encoder(2, scaled=True, cls=0, registers=1),
    "hf_dinov2_reg": encoder(2, scaled=True, registers=4),
    "hf_dinov2_reg_sdpa": encoder(2, scaled=True, registers=4),
    "swin": {"window_attention": 4, "layer_norm": 11, "gelu": 4, "mlp": 4, "cls": 0, "registers": 0},
    "pvt_v2": {"sr_attention": 3, "attention": 1, "layer_norm": 19, "gelu": 4, "cls": 0, "registers": 0},
    # Its last level is one block: a window as large as the image.
    "nest": {"window_attention": 2, "attention": 2, "layer_norm": 10, "gelu": 4, "mlp": 4, "cls": 0, "registers": 0},
    "pit": {"attention": 3, "layer_norm": 7, "gelu": 3, "mlp": 3, "cls": 1, "registers": 0},
    "levit": {"attention": 5, "layer_norm": 0, "gelu": 0, "cls": 0, "registers": 0},
    "convnext": convolutional(norms=9),
    "resnet": convolutional(),
    # What they are compared with. A group norm is a layer norm of each group; a halo that spans the picture is no window.
    "vgg": convolutional(),
    "resnet_c": convolutional(),
    "resnet_c2": convolutional(),
    "resnet_d": convolutional(),
    "resnet_se": convolutional(),
    "resnet_cbam": convolutional(),
    "augmented": convolutional() | {"attention": 1},
    "botnet": convolutional() | {"attention": 2},
    "halonet": convolutional() | {"window_attention": 1, "attention": 1},
    "convnext_bn": convolutional(),
    "convnext_gn": convolutional(norms=9),
    "convnext_k3": convolutional(norms=9),
    "swin_bn": {"window_attention": 4, "layer_norm": 0, "gelu": 4, "mlp": 4, "cls": 0, "registers": 0},
    "swin_gn": {"window_attention": 4, "layer_norm": 11, "gelu": 4, "mlp": 4, "cls": 0, "registers": 0},
    "deit_distilled": encoder(2, cls=2),
    "pit_distilled": {"attention": 3, "layer_norm": 7, "gelu": 3, "mlp": 3, "cls": 2, "registers": 0},
    **{f"vit_{layout}_reg{n}": encoder(2, scaled=True, registers=n) for layout in ("meta", "timm") for n in REGISTERS},
    "vit_dense_reg4": encoder(2, scaled=True, registers=4),
    "vit_swiglu": encoder(2, scaled=True, registers=4, gelu=0, mlp=2, silu=2),
    "clip_picture": encoder(2, norms=2, gelu=0, silu=2),  # QuickGELU is a silu with a factor of 1.702
    "clip_text": encoder(2, gelu=0, silu=2, patch_embed=0, cls=0),
    "dino_large": encoder(2),
    "dino_tiny": encoder(2),
    # A block, and the next one's norm and attention map without values.
    "dino_attention": encoder(1, cls=0),
    "dino_resnet": {"layer_norm": 0, "gelu": 2, "cls": 0, "registers": 0},
    # What the first class block adds to is the CLS token itself, a constant: its factor could be a norm's as well.
    "cait": encoder(2, norms=5, scaled=True, class_attention=2, gelu=4, mlp=4, layer_scale=7),
    "pooled": encoder(2, norms=2, cls=0, attention=3, gelu=3, mlp=3),
    "resampled": encoder(2, norms=2, cls=0, attention=3, gelu=3, mlp=3),
    "deepvit": encoder(2, attention=0, reattention=2),
    "pvt": pyramid((1, 1, 1, 1), cls=1),
    "lavit": pyramid((1, 1, 3, 2), (1, 1, 1, 0), LAVIT_REDUCTIONS),
    "lavit_vanilla": pyramid((1, 1, 3, 2), None, LAVIT_REDUCTIONS),
    "lavit_residual": pyramid((1, 1, 3, 2), (1, 1, 1, 1), LAVIT_REDUCTIONS),
    "lavit_reduced": pyramid((1, 2, 3, 2), (1, 1, 1, 0), LAVIT_REDUCTIONS),
    "lavit_post": pyramid((1, 1, 3, 2), (1, 1, 1, 0), LAVIT_REDUCTIONS),
    "vt": vt_resnet(2),
    "vt_static": vt_resnet(2),
    "vt_pooling": visual_tokens(0, 2, 1),
    "vt_clustering": visual_tokens(0, 2, 1),
    "vt_no_transformer": visual_tokens(2, 0, 1),
    "vt_v1": vt_resnet(2),
    "vt_fpn": visual_tokens(4, 1, 4),
    "vt_fpn_wide": visual_tokens(4, 1, 4),
    # Every layer's tokens are normed; CLS is not read.
    "segmentation": encoder(4, norms=4, scaled=True, cls=0, registers=1),
    "depth": encoder(2, norms=2, scaled=True),
    # A group norm of one of Semantic FPN's seven convolutions is a layer norm of a group's elements.
    "semantic_fpn": pyramid((1, 1, 1, 1), norms=7),
    "retinanet": pyramid((1, 1, 1, 1), norms=0),
    "lavit_semantic_fpn": pyramid((1, 1, 3, 2), (1, 1, 1, 0), LAVIT_REDUCTIONS, norms=7),
}

# Full sizes.
FULL: dict[str, Counts] = {
    "resnet50_c": convolutional(),
    "resnet50_d": convolutional(),
    "resnet50_se": convolutional(),
    "resnet50_cbam": convolutional(),
    "botnet26": convolutional() | {"attention": 3},
    "halonet26": convolutional() | {"window_attention": 2, "attention": 1},
    "convnext_t_bn": convolutional(),
    "convnext_t_gn_k5": convolutional(norms=23),
    "swin_t_bn": {"window_attention": 10, "attention": 2, "layer_norm": 0, "gelu": 12, "mlp": 12, "cls": 0, "registers": 0},
    "swin_t_gn_w8": {"window_attention": 10, "attention": 2, "layer_norm": 29, "gelu": 12, "mlp": 12, "cls": 0, "registers": 0},
    "deit_s_distilled": encoder(12, cls=2),
    "pit_s_distilled": {"attention": 12, "layer_norm": 25, "gelu": 12, "mlp": 12, "cls": 2, "registers": 0},
    "lavit_t": pyramid((2, 2, 2, 2), (2, 2, 1, 0), LAVIT_REDUCTIONS),
    "lavit_s": pyramid((3, 4, 6, 3), (3, 4, 4, 0), LAVIT_REDUCTIONS),
    "lavit_b": pyramid((3, 4, 18, 3), (3, 4, 14, 0), LAVIT_REDUCTIONS),
    "lavit_t_vanilla": pyramid((2, 2, 2, 2), None, LAVIT_REDUCTIONS),
    "lavit_s_vanilla": pyramid((3, 4, 6, 3), None, LAVIT_REDUCTIONS),
    "lavit_b_vanilla": pyramid((3, 4, 18, 3), None, LAVIT_REDUCTIONS),
    "deepvit_16": encoder(16, attention=0, reattention=16),
    "deepvit_24": encoder(24, attention=0, reattention=24),
    "pvt_t": pyramid((2, 2, 2, 2), cls=1),
    "pvt_s": pyramid((3, 4, 6, 3), cls=1),
    **{f"vt_r{size}{form}": vt_resnet(modules) for size, modules in ((18, 2), (34, 3), (50, 3)) for form in ("", "_v1")},
    "vt_fpn_224": visual_tokens(4, 1, 4),
    "vt_fpn_320": visual_tokens(4, 1, 4),
    **{f"vit_s14_{layout}_reg{n}": encoder(12, scaled=True, registers=n) for layout in ("meta", "timm") for n in REGISTERS},
    "vit_s14_dense_reg4": encoder(12, scaled=True, registers=4),
    "clip_b32_picture": encoder(12, norms=2, gelu=0, silu=12),
    "clip_b32_text": encoder(12, gelu=0, silu=12, patch_embed=0, cls=0),
    "dino_s16_480": encoder(12),
    "dino_s16_96": encoder(12),
    "dino_s8_96": encoder(12),
    "dino_s16_attention": encoder(11, cls=0),
    "dino_resnet50": {"layer_norm": 0, "gelu": 2, "cls": 0, "registers": 0},
    "vit_s14_segmentation": encoder(12, norms=4, scaled=True, cls=0, registers=1),
    "vit_s14_depth": encoder(12, norms=4, scaled=True),
    "pvt_t_semantic_fpn": pyramid((2, 2, 2, 2), norms=7),
    "pvt_t_retinanet": pyramid((2, 2, 2, 2), norms=0),
    "lavit_t_semantic_fpn": pyramid((2, 2, 2, 2), (2, 2, 1, 0), LAVIT_REDUCTIONS, norms=7),
}

# Multiply-adds of a picture before any rewrite, in billions, as the equations say.
MACS: dict[str, float] = {
    "lavit_t": 1.956, "lavit_s": 3.948, "lavit_b": 7.179, "lavit_t_vanilla": 1.983, "lavit_s_vanilla": 3.977,
    "lavit_b_vanilla": 7.162, "vit_s14_meta_reg4": 6.23,
}
