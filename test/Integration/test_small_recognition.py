"""What is recognised in the small models, in each exporter's form and at any batch."""
import pytest

from expected import SMALL as EXPECTED
from gaps import GAPS
from harness import SMALL, accepted, assert_recognized, family_of, found

NAMES = accepted(SMALL)
FAMILIES = sorted({family_of(name) for name in NAMES})
PLAIN = [family for family in FAMILIES if family.startswith(("dei", "dino", "hf", "vit"))]
OF_BOTH = [family for family in FAMILIES if {family, family + ".dyn"} <= set(NAMES)]


def test_every_family_is_expected():
    assert FAMILIES == sorted(EXPECTED)


@pytest.mark.parametrize("name", NAMES)
def test_counts(name, compiled):
    assert_recognized(compiled(name).report, EXPECTED[family_of(name)], GAPS.get(family_of(name), {}))


@pytest.mark.parametrize("family, kind", [(family, kind) for family in GAPS if family in EXPECTED for kind in GAPS[family]])
def test_gaps(family, kind, compiled, request):
    """What is not recognised yet: once it is, its entry in gaps.py must go."""
    request.applymarker(pytest.mark.xfail(strict=True, reason=GAPS[family][kind]))
    assert found(compiled(family).report).get(kind, 0) == EXPECTED[family][kind]


@pytest.mark.parametrize("name", [name for name in NAMES if family_of(name) in PLAIN])
def test_blocks(name, compiled):
    """Each attention of a plain model is listed as a block."""
    report = compiled(name).report
    assert [block["kind"] for block in report["blocks"]].count("attention") == report["recognized"].get("attention", 0)


@pytest.mark.parametrize("family", OF_BOTH)
def test_both_exporters_alike(family, compiled):
    """A family's two exports are recognised as the same things."""
    assert compiled(family).report["recognized"] == compiled(family + ".dyn").report["recognized"]
