"""docs/Recognition.md says what is recognised and refused; what it quotes must be what the code says."""
import re
import xml.etree.ElementTree

from sources import SOURCE

PAGE = (SOURCE / "docs/Recognition.md").read_text()
CODE = "".join(path.read_text() for path in sorted((SOURCE / "lib/Recognition").glob("*.cpp")))
JOINED = re.sub(r'"\s*\n?\s*"', "", CODE)  # literals that are cut over lines


def test_refusals_are_those_of_the_code():
    quoted = [" ".join(text.split()) for text in re.findall(r'"([^"]+)"', PAGE)]
    assert len(quoted) > 10
    assert [reason for reason in quoted if reason not in JOINED] == []


def test_every_kind_is_explained():
    header = (SOURCE / "include/vitc/Recognition/Report.h").read_text()
    kinds = re.findall(r'"(\w+)"', header.split("kRecognizedKinds[]")[1].split(";")[0])
    assert len(kinds) > 15
    words = PAGE.lower().replace("-", "_").replace(" ", "_")
    assert [kind for kind in kinds if kind not in words and kind.replace("_", "") not in words.replace("_", "")] == []


def test_pictures_are_drawings():
    shown = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", PAGE)
    there = sorted(f"recognition/{path.name}" for path in (SOURCE / "docs/recognition").iterdir())
    assert sorted(shown) == there
    for name in there:
        root = xml.etree.ElementTree.parse(SOURCE / "docs" / name).getroot()
        assert root.tag.endswith("svg") and root.find("{http://www.w3.org/2000/svg}title").text
        width, height = (float(root.get(key)) for key in ("width", "height"))
        for rect in root.iter("{http://www.w3.org/2000/svg}rect"):
            x, y, w, h = (float(rect.get(key, 0)) for key in ("x", "y", "width", "height"))
            assert 0 <= x and x + w <= width and 0 <= y and y + h <= height, f"{name}: a box leaves the picture"
