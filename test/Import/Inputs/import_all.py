"""Imports each file named (or each model of a folder): `import_all.py TRANSLATE PATH...` prints name, status and what came out."""
import pathlib
import subprocess
import sys

translate, *paths = sys.argv[1:]
for path in map(pathlib.Path, paths):
    for file in sorted(path.glob("*.onnx")) if path.is_dir() else [path]:
        run = subprocess.run([translate, "--import-onnx", str(file)], capture_output=True, text=True)
        print(f"{file.stem} {run.returncode}: {run.stdout}{run.stderr}")
