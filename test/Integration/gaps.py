"""What vitc does not do yet for the models of test/models. Tests hold that each entry is still true: a fix removes it."""
from __future__ import annotations

Gaps = dict[str, str]  # kind of op: why its count is not the expected one

_TOKENIZER: Gaps = {"tokenize": "a softmax over positions is not recognised", "attention": "counts tokenizers and projectors"}
_PROJECTOR: Gaps = {"project": "a projector is not recognised", "attention": "counts projectors"}
_VT = _PROJECTOR | _TOKENIZER

# family: kinds with another count than expected.py says.
GAPS: dict[str, Gaps] = {
    **dict.fromkeys(["vt", "vt_static", "vt_no_transformer", "vt_v1", "vt_fpn", "vt_fpn_wide"], _VT),
    **dict.fromkeys(["vt_r18", "vt_r34", "vt_r50", "vt_r18_v1", "vt_r34_v1", "vt_r50_v1", "vt_fpn_224", "vt_fpn_320"], _VT),
    **dict.fromkeys(["vt_pooling", "vt_clustering"], _PROJECTOR),
}

# name: of the sentence it is refused with.
REFUSED: dict[str, str] = {}
