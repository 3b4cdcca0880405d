"""Schedules measured by --tune, and builds that read them."""
import json

import pytest

from harness import compare

MODEL = "deit"


@pytest.fixture(scope="module")
def tuned(small_model, run_tool, tmp_path_factory):
    """The folder of a library `m.so` that was tuned, and what vitc said."""
    folder = tmp_path_factory.mktemp("tuned")
    run = run_tool("vitc", small_model(MODEL), "-o", folder / "m.so", "--tune=1")
    assert run.returncode == 0, run.stderr
    return folder, run.stdout


def test_what_was_measured_is_kept(tuned):
    folder, said = tuned
    kept = json.loads((folder / "m.tuning.json").read_text())
    assert kept["vitc_tuning"] == 1 and kept["schedules"]
    assert all(" gemm " in key or " conv3x3 " in key for key in kept["schedules"])
    assert said.startswith(f"tuning: {len(kept['schedules'])} of ") and str(folder / "m.tuning.json") in said


def test_a_table_decides_what_is_built(tuned, small_model, run_tool, tmp_path):
    """Same model and table, same bytes; and the right numbers, whatever was the fastest."""
    folder, _ = tuned
    run = run_tool("vitc", small_model(MODEL), "-o", tmp_path / "m.so", "--tuning", folder / "m.tuning.json")
    assert run.returncode == 0, run.stderr
    assert (tmp_path / "m.so").read_bytes() == (folder / "m.so").read_bytes()
    assert not (tmp_path / "m.tuning.json").exists()
    compare(tmp_path / "m.so", small_model(MODEL))


def test_schedules_that_are_never_chosen_are_right(tuned, small_model, run_tool, tmp_path):
    folder, _ = tuned
    table = json.loads((folder / "m.tuning.json").read_text())
    for key in table["schedules"]:
        table["schedules"][key] = {"mc": 14, "pack_a": 1, "unroll": 3}
    (tmp_path / "other.json").write_text(json.dumps(table))
    run = run_tool("vitc", small_model(MODEL), "-o", tmp_path / "m.so", "--tuning", tmp_path / "other.json")
    assert run.returncode == 0, run.stderr
    compare(tmp_path / "m.so", small_model(MODEL))


def test_other_files_are_refused(small_model, refuses, tmp_path):
    model, file = small_model(MODEL), tmp_path / "t.json"
    refuses(model, "-o", "m.so", "--tuning=t.json", says="--tuning: cannot read 't.json': No such file or directory")
    file.write_text("{}")
    refuses(model, "-o", "m.so", "--tuning=t.json", says="--tuning: 't.json' is not a tuning file: it has no")
    file.write_text('{"vitc_tuning": 1, "cpu": "i8086", "schedules": {}}')
    refuses(model, "-o", "m.so", "--tuning=t.json", "--tune=1", says="--tune: 't.json' was measured on i8086, and this machine is ")
    refuses(model, "-o", "m.so", "--tune=1", "--mcpu=aarch64", says="--tune: it measures on this machine, whose CPU has no level")


def test_flags(small_model, refuses):
    model = small_model(MODEL)
    refuses(model, "-o", "m.so", "--tune=soon", status=2, says="expected a number of seconds in --tune, got 'soon'")
    refuses(model, "-o", "m.so", "--tune=0", status=2, says="expected a number of seconds in --tune, got '0'")
    refuses(model, "--report", "--tune=1", status=2, says="expected --tuning with the file to write, or -o, with --tune")
