"""Recognises many graphs by few processes, and compiles and runs them beside ONNX Runtime."""
from __future__ import annotations

import json
import pathlib
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnx
import onnxruntime
import vitc

from examples import Example
from grid import Case

PROCESSES = 2
TOLERANCE = 1e-4  # of the largest value
MASKED = -1e8  # at most: a score that is a mask's


class Tools:
    def __init__(self, build_dir: pathlib.Path, folder: pathlib.Path):
        self.bin, self.folder = build_dir / "bin", folder

    def batch(self, lines: list[str], name: str, *flags: str) -> str:
        """What `vitc --batch` prints."""
        (self.folder / name).write_text("".join(line + "\n" for line in lines))
        run = subprocess.run([self.bin / "vitc", "--batch", self.folder / name, *flags], capture_output=True, text=True)
        assert run.returncode == 0, "\n".join(line for line in run.stderr.splitlines() if "error" in line)
        return run.stdout

    def save(self, cases: list[Case]) -> dict[str, Example]:
        """Models as files named after their cases."""
        examples = {case.name: case.build() for case in cases}
        for name, example in examples.items():
            onnx.save(example.model, self.folder / f"{name}.onnx")
        return examples

    def explain(self, cases: list[Case]) -> dict[str, dict]:
        """name -> the report of recognition. vitc-opt recognises what vitc imports and converts. Text lacks the elements of
        constants, so that vitc itself recognises the spellings that depend on them."""
        by_value = [case for case in cases if case.spelling.depends_on_values]
        by_form = [case for case in cases if not case.spelling.depends_on_values]
        parts = [by_value] + [by_form[index::PROCESSES] for index in range(PROCESSES)]

        def explain_part(index: int) -> dict[str, dict]:
            part = parts[index]
            self.save(part)
            models = [str(self.folder / f"{case.name}.onnx") for case in part]
            if part is by_value:
                text = self.batch(models, f"list{index}", "--explain=json")
            else:
                text = self.recognize(self.batch(models, f"list{index}", "--compile-to=linalg"))
            reports = parse_documents(text)
            assert len(reports) == len(part)
            return dict(zip((case.name for case in part), reports))

        with ThreadPoolExecutor(PROCESSES) as pool:
            return {name: report for part in pool.map(explain_part, range(len(parts))) for name, report in part.items()}

    def recognize(self, modules: str) -> str:
        """What vitc-opt reports on modules of the linalg stage."""
        separated = "// -----\n".join(re.split("^(?=module)", modules, flags=re.MULTILINE)[1:])
        run = subprocess.run([self.bin / "vitc-opt", "--split-input-file", "--vit-recognize=explain=json", "-o", "/dev/null"],
                             input=separated, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        return run.stdout

    def compare(self, cases: list[Case], name: str, seed: int) -> None:
        """Compiled models against ONNX Runtime."""
        examples = self.save(cases)
        self.batch([f"{self.folder}/{case.name}.onnx -o {self.folder}/{case.name}.so" for case in cases], name)
        for case in cases:
            inputs = examples[case.name].graph.draw(seed)
            assert_agrees(run_compiled(self.folder / f"{case.name}.so", inputs),
                          run_reference(self.folder / f"{case.name}.onnx", inputs), case)


def parse_documents(text: str) -> list[dict]:
    """JSON documents, one after the other."""
    decoder, documents, position = json.JSONDecoder(), [], 0
    while position < len(text.rstrip()):
        position = re.compile(r"\s*").match(text, position).end()
        document, position = decoder.raw_decode(text, position)
        documents.append(document)
    return documents


def run_compiled(library: pathlib.Path, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
    return list(vitc.load(library, threads=1).run(inputs).values())


def run_reference(model: pathlib.Path, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"]).run(None, inputs)


def assert_agrees(found: list[np.ndarray], expected: list[np.ndarray], case: Case) -> None:
    assert len(found) == len(expected)
    for values, wanted in zip(found, expected):
        assert values.shape == wanted.shape, case
        masked = wanted <= MASKED
        assert (values[masked] <= MASKED).all(), case
        assert np.abs(values[~masked] - wanted[~masked]).max() <= TOLERANCE * np.abs(wanted[~masked]).max(), case
