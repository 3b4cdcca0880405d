"""A sample of random graphs, the same in every run; `fuzz.py` looks at as many as one likes."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from blocks import draw_block  # noqa: E402
from differential import check  # noqa: E402
from programs import draw_program  # noqa: E402

KINDS = {"blocks": draw_block, "programs": draw_program}
SAMPLE, LONG = 12, 200


def agree(kind, seeds, build_dir, folder):
    verdicts = {seed: check(KINDS[kind](seed), build_dir / "bin" / "vitc", folder) for seed in seeds}
    defects = [f"seed {seed}: {verdict.kind}: {verdict.detail}" for seed, verdict in verdicts.items() if verdict.is_defect]
    assert not defects, "\n".join(defects) + f"\nlook at one: test/Fuzz/fuzz.py --kind={kind} --seeds SEED SEED+1"
    agreeing = sum(verdict.kind == "agrees" for verdict in verdicts.values())
    assert agreeing >= 0.9 * len(verdicts), "most graphs must be ones that ONNX Runtime accepts"


@pytest.mark.parametrize("kind", KINDS)
def test_sample(kind, build_dir, tmp_path):
    agree(kind, range(SAMPLE), build_dir, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_many(kind, build_dir, tmp_path):
    agree(kind, range(SAMPLE, SAMPLE + LONG), build_dir, tmp_path)
