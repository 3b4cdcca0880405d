"""Code for several CPU levels in one library, and which of it runs."""
import json

import numpy as np
import pytest
import vitc

from harness import Reference, assert_agrees, compile_model, draw

LEVELS = ["x86-64-v4", "x86-64-v3"]  # from the best to the least
FLAGS = open("/proc/cpuinfo").read().split("\n\n")[0].split()
RUNS = [level for level in LEVELS if {"x86-64-v3": "avx2", "x86-64-v4": "avx512bw"}[level] in FLAGS]


@pytest.fixture(scope="module")
def both(small_model, run_tool, tmp_path_factory):
    library = tmp_path_factory.mktemp("levels") / "both.so"
    return compile_model(run_tool, small_model("deit_batch"), library, "--mcpu=x86-64-v3,x86-64-v4")


def info_of(run_tool, library):
    return json.loads(run_tool("vitc", "--info", library).stdout)


@pytest.mark.parametrize("level", RUNS)
def test_every_level_computes_the_model(both, level, monkeypatch):
    monkeypatch.setenv("VITC_ISA", level)
    for threads in (1, 2):
        model = vitc.load(both.library, threads=threads)
        for batch in (1, 3):
            inputs = draw(model, batch)
            assert_agrees(model.run(inputs), Reference.open(both.model).run(inputs))


@pytest.mark.skipif(len(RUNS) < 2, reason="this processor runs one of the levels only")
def test_levels_are_different_code(both, monkeypatch):
    """Registers of another width add in another order; without VITC_ISA the best level runs."""
    results = {}
    for level in [*LEVELS, ""]:
        monkeypatch.setenv("VITC_ISA", level)
        model = vitc.load(both.library, threads=1)
        results[level] = next(iter(model.run(draw(model, 1)).values()))
    assert not np.array_equal(results["x86-64-v3"], results["x86-64-v4"])
    np.testing.assert_array_equal(results[""], results["x86-64-v4"])


def test_environment_asks_for_a_level_that_is_not_held(both, monkeypatch):
    monkeypatch.setenv("VITC_ISA", "x86-64-v2")
    with pytest.raises(vitc.Error, match="VITC_ISA asks for 'x86-64-v2'; the library holds x86-64-v4, x86-64-v3"):
        vitc.load(both.library, threads=1)


@pytest.fixture(scope="module")
def all_levels(small_model, run_tool, tmp_path_factory):
    library = tmp_path_factory.mktemp("levels") / "all.so"
    return compile_model(run_tool, small_model("deit_batch"), library, "--mcpu=sapphirerapids,x86-64-v4,x86-64-v3,znver4")


def test_levels_stand_from_the_best_to_the_least(all_levels, run_tool):
    """The levels of AVX-512 read the same packed weights."""
    info = info_of(run_tool, all_levels.library)
    assert info["targets"] == ["sapphirerapids", "znver4", "x86-64-v4", "x86-64-v3"]
    read = info["weights"]["bytes_of_target"]
    assert read["x86-64-v4"] == read["znver4"] == read["sapphirerapids"]
    assert info["weights"]["bytes"] < read["x86-64-v4"] + read["x86-64-v3"]


@pytest.mark.parametrize("level, instructions", [("znver4", "avx512_bf16"), ("sapphirerapids", "amx_tile")])
def test_levels_run_or_say_what_is_missing(all_levels, level, instructions, monkeypatch):
    inputs = draw(vitc.load(all_levels.library, threads=1), 2)
    monkeypatch.setenv("VITC_ISA", level)
    if instructions in FLAGS:
        assert_agrees(vitc.load(all_levels.library, threads=1).run(inputs), Reference.open(all_levels.model).run(inputs))
    else:
        with pytest.raises(vitc.Error, match=f"its code for {level} needs .*(BF16|AMX)"):
            vitc.load(all_levels.library, threads=1)


def test_info_lists_levels_and_what_they_share(both, run_tool, small_model, tmp_path):
    info = info_of(run_tool, both.library)
    assert info["targets"] == LEVELS and info["options"] == {"precision": "fp32"}
    weights = info["weights"]
    assert list(weights["bytes_of_target"]) == sorted(LEVELS)
    alone = {}
    for level in LEVELS:
        library = compile_model(run_tool, small_model("deit_batch"), tmp_path / f"{level}.so", f"--mcpu={level}").library
        single = info_of(run_tool, library)
        assert single["targets"] == [level] and single["weights"]["shared_bytes"] == 0
        alone[level] = single["weights"]["bytes"]
        assert single["weights"]["bytes_of_target"] == {level: weights["bytes_of_target"][level]}
    assert 0 < weights["shared_bytes"] < min(weights["bytes_of_target"].values())
    assert max(alone.values()) < weights["bytes"] < sum(alone.values())


@pytest.mark.parametrize("flags", [["--target=cpu:x86-64-v3,cpu:x86-64-v4"], ["--mcpu=x86-64-v4", "--mcpu=x86-64-v3"],
                                   ["--mcpu=x86-64-v3,x86-64-v3,x86-64-v4"]], ids=" ".join)
def test_order_and_repetition_do_not_matter(both, flags, run_tool, tmp_path):
    library = compile_model(run_tool, both.model, tmp_path / "both.so", *flags).library
    assert library.read_bytes() == both.library.read_bytes()


def test_stages_print_one_module_a_level(both, run_tool):
    fused = run_tool("vitc", both.model, "--compile-to=fused", "--mcpu=x86-64-v3,x86-64-v4")
    assert fused.stdout.count("func.func @main") == 1
    tiled = run_tool("vitc", both.model, "--compile-to=tiled", "--mcpu=x86-64-v3,x86-64-v4")
    parts = tiled.stdout.split("// -----\n")
    assert [part.splitlines()[0] for part in parts] == [f"// {level}" for level in LEVELS]
    assert "lanes = 16" in parts[0] and "lanes = 8" in parts[1]


def test_external_weights_serve_all_levels(both, run_tool, tmp_path, monkeypatch):
    library = compile_model(run_tool, both.model, tmp_path / "m.so", "--mcpu=x86-64-v3,x86-64-v4", "--weights=external").library
    for level in RUNS:
        monkeypatch.setenv("VITC_ISA", level)
        model = vitc.load(library, threads=1)
        inputs = draw(model, 2)
        assert_agrees(model.run(inputs), Reference.open(both.model).run(inputs))
