"""What is recognised in the small models, in each exporter's form and at any batch."""
import pytest
import zoo

from harness import SMALL, counts

# A prefix row that an output reads on its own is a CLS token, one that none reads is a register; where an output reads
# every row, the prefix has no known role.
# family: attention of any kind, layer_norm, CLS tokens, registers
EXPECTED = {
    "deit": (2, 5, 1, 0),
    "deit3": (2, 5, 1, 0),
    "dino": (2, 5, 1, 0),
    "dino8": (2, 5, 1, 0),
    "dinov2_reg4": (2, 5, 1, 4),
    "dinov2_reg4_gap": (2, 5, 0, 4),
    "vit_odd": (2, 5, 1, 0),
    "hf_vit": (2, 5, 1, 0),
    "hf_vit_sdpa": (2, 5, 0, 0),
    "hf_dinov2": (2, 5, 0, 1),
    "hf_dinov2_reg": (2, 5, 1, 4),
    "hf_dinov2_reg_sdpa": (2, 5, 1, 4),
    "swin": (4, 11, 0, 0),
    "pvt_v2": (4, 19, 0, 0),
    "nest": (4, 10, 0, 0),
    "pit": (3, 7, 1, 0),
    "levit": (5, 0, 0, 0),
    "convnext": (0, 9, 0, 0),
    "resnet": (0, 0, 0, 0),
}
PLAIN = [family for family in EXPECTED if family.startswith(("d", "vit", "hf"))]


def family_of(name):
    return name.removesuffix(".dyn").removesuffix("_b2").removesuffix("_batch")


def plain_models():
    return [name for name in zoo.names(SMALL) if family_of(name) in PLAIN]


@pytest.mark.parametrize("name", zoo.names(SMALL))
def test_counts(name, compiled):
    assert counts(compiled(name).report) == EXPECTED[family_of(name)]


@pytest.mark.parametrize("name", plain_models())
def test_whole_blocks(name, compiled):
    """The rest of a plain block: a linear for each product with weights, an MLP and a GELU a block, the patch embedding."""
    report = compiled(name).report
    recognized = report["recognized"]
    assert recognized["mlp"] == 2 and recognized["gelu"] == 2 and recognized["patch_embed"] == 1
    scaled = "deit3" in name or "dinov2" in name
    assert recognized.get("layer_scale", 0) == (4 if scaled else 0)
    assert [block["kind"] for block in report["blocks"]].count("attention") == 2


def test_both_exporters_alike(compiled):
    """A family's two exports are recognised as the same things."""
    names = set(zoo.names(SMALL))
    for name in plain_models():
        if name + ".dyn" in names:
            assert compiled(name).report["recognized"] == compiled(name + ".dyn").report["recognized"], name
