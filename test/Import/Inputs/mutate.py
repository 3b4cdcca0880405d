"""Breaks a model in many ways: `mutate.py TRANSLATE MODEL FOLDER` cuts it at every 50th byte and turns bytes over. The importer
may accept what comes out or refuse it with a sentence, and does nothing else."""
import pathlib
import random
import subprocess
import sys

translate, source, folder = sys.argv[1:]
whole = pathlib.Path(source).read_bytes()
draw = random.Random(0)


def flipped():
    content = bytearray(whole)
    for _ in range(draw.randint(1, 4)):
        content[draw.randrange(len(content))] = draw.randrange(256)
    return bytes(content)


cases = [whole[:end] for end in range(0, len(whole), 50)] + [flipped() for _ in range(10)]
pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
path = pathlib.Path(folder) / "mutated.onnx"
refused = 0
for i, content in enumerate(cases):
    path.write_bytes(content)
    run = subprocess.run([translate, "--import-onnx", str(path), "-o", "/dev/null"], capture_output=True, timeout=60)
    if run.returncode not in (0, 1) or (run.returncode == 1) != (b"error: " in run.stderr):
        (path.parent / f"case{i}.onnx").write_bytes(content)
        sys.exit(f"case {i} of {len(cases)}: status {run.returncode}\n{run.stderr.decode(errors='replace')[:2000]}")
    refused += run.returncode
print(f"{len(cases)} cases, {refused} refused")
