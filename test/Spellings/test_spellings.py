"""Every spelling of attention is recognised and no near miss is; all compute what ONNX Runtime says."""
import random

import pytest

from grid import OTHERS, REFUSED, cases
from tools import Tools

CASES = cases()
KINDS = [None, *REFUSED, *OTHERS]
ATTENTION = ("attention", "window_attention")
DRAWS = 3
EQUAL, DIFFERENT = 1e-9, 1e-6  # of the largest value, in float64
SAMPLE, CHUNK = 200, 25
SHUFFLED = random.Random(1).sample(CASES, len(CASES))


def of_kind(kind):
    return [case for case in CASES if case.kind == kind]


@pytest.fixture(scope="module")
def tools(build_dir, tmp_path_factory):
    return Tools(build_dir, tmp_path_factory.mktemp("spellings"))


@pytest.fixture(scope="module")
def reports(tools):
    return tools.explain(CASES)


def test_size():
    assert len(CASES) >= 2000


@pytest.mark.parametrize("kind", KINDS)
def test_labels(kind):
    """In float64 a graph equals the formula on every draw, or differs from it on one."""
    for case in of_kind(kind):
        drifts = [case.build().drift(seed) for seed in range(DRAWS)]
        assert max(drifts) <= EQUAL if case.recognized else DIFFERENT <= max(drifts) < float("inf"), (drifts, case)


@pytest.mark.parametrize("kind", KINDS)
def test_recognition(kind, reports):
    wrong = []
    for case in of_kind(kind):
        report = reports[case.name]
        count = sum(report["recognized"].get(each, 0) for each in ATTENTION)
        reasons = [miss["reason"] for miss in report["missed"] if miss["candidate"] == "attention"]
        expected_reason = REFUSED[kind].reason if kind in REFUSED else ""
        if count != case.recognized or not any(expected_reason in reason for reason in reasons or [""]):
            wrong.append((case, count, reasons))
    assert not wrong, f"{len(wrong)} wrong, the first: {wrong[0]}"


@pytest.mark.parametrize("start", [pytest.param(start, marks=[pytest.mark.long] if start >= SAMPLE else [])
                                   for start in range(0, len(CASES), CHUNK)])
def test_agrees(start, tools):
    tools.compare(SHUFFLED[start:start + CHUNK], f"compiled{start}", seed=start)
