"""What vitc does not do yet for the models of test/models. Tests hold that each entry is still true: a fix removes it."""
from __future__ import annotations

Gaps = dict[str, str]  # kind of op: why its count is not the expected one

_SPATIAL_REDUCTION: Gaps = {"sr_attention": "spatial reduction is not recognised", "attention": "counts what is reduced"}
_WINDOWS: Gaps = {"window_attention": "windows are not recognised", "attention": "counts window attention"}
_TOKENIZER: Gaps = {"tokenize": "a softmax over positions is not recognised", "attention": "counts tokenizers and projectors"}
_PROJECTOR: Gaps = {"project": "a projector is not recognised", "attention": "counts projectors"}
_QUICK_GELU: Gaps = {"silu": "x * sigmoid(1.702 x) is not recognised", "mlp": "its activation is not recognised"}
_SILU: Gaps = {"silu": "x * sigmoid(x) is not recognised"}
_VT = _PROJECTOR | _TOKENIZER

# family: kinds with another count than expected.py says.
GAPS: dict[str, Gaps] = {
    **dict.fromkeys(["swin", "nest"], _WINDOWS),
    **dict.fromkeys(["pvt_v2", "pvt", "pvt_t", "pvt_s", "semantic_fpn", "pvt_t_semantic_fpn", "retinanet", "pvt_t_retinanet"],
                    _SPATIAL_REDUCTION),
    **dict.fromkeys(["lavit", "lavit_vanilla", "lavit_residual", "lavit_reduced", "lavit_post", "lavit_semantic_fpn"],
                    _SPATIAL_REDUCTION),
    **dict.fromkeys(["lavit_t", "lavit_s", "lavit_b", "lavit_t_vanilla", "lavit_s_vanilla", "lavit_b_vanilla",
                     "lavit_t_semantic_fpn"], _SPATIAL_REDUCTION),
    **dict.fromkeys(["vt", "vt_static", "vt_no_transformer", "vt_v1", "vt_fpn", "vt_fpn_wide"], _VT),
    **dict.fromkeys(["vt_r18", "vt_r34", "vt_r50", "vt_r18_v1", "vt_r34_v1", "vt_r50_v1", "vt_fpn_224", "vt_fpn_320"], _VT),
    **dict.fromkeys(["vt_pooling", "vt_clustering"], _PROJECTOR),
    **dict.fromkeys(["clip_picture", "clip_text", "clip_b32_picture", "clip_b32_text"], _QUICK_GELU),
    "vit_swiglu": _SILU,
}

# name: of the sentence it is refused with.
REFUSED: dict[str, str] = {
    "clip_text_batch.dyn": "'onnx.Shape' op expected no symbolic shapes as values",  # of Range(0, batch)
}
