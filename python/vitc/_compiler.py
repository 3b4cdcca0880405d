"""`vitc.compile` and `vitc.explain`: the driver, called as a program."""
from __future__ import annotations

import difflib
import inspect
import json
import os
import pathlib
import re
import shutil
import subprocess
import sysconfig
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ._abi import device_named
from ._errors import Error, path_of
from ._explain import Report
from ._model import Model, load
from ._sources import as_file, name_of
from ._torch_export import Examples, check_open

_HERE = pathlib.Path(__file__).resolve()
# Of a checkout, whose package is python/vitc, and of an installation, whose package is lib/vitc/python/vitc.
_DRIVERS = _HERE.parents[2] / "build" / "release" / "bin" / "vitc", *(up / "bin" / "vitc" for up in _HERE.parents[4:5])
# One tensor's name may hold a comma: these are repeated.
_REPEATED = {"tap": "--tap", "taps": "--tap"}
_SPELLINGS = {"taps_only": "--tap-only"}
# What the driver does not do together with a report in JSON, and what a report does not need.
_NOT_WITH_REPORT = ("explain", "report", "verify")
_MAKES_NO_LIBRARY = {"help", "version", "info", "batch", "compile_to"}
_NOT_FOR_REPORT = (*_NOT_WITH_REPORT, "tune", "emit", "prefix", "weights", "require_fused")


def _drivers_of_wheel() -> Iterator[pathlib.Path]:
    """Where pip put the program, if it installed this package: the PATH need not name that folder."""
    for scheme in (sysconfig.get_default_scheme(), sysconfig.get_preferred_scheme("user")):
        paths = sysconfig.get_paths(scheme)
        if any(_HERE.is_relative_to(paths[key]) for key in ("purelib", "platlib")):
            yield pathlib.Path(paths["scripts"], "vitc")


def find_driver() -> str:
    """The program `vitc`: $VITC, else what came in the wheel, else on the PATH, else the one built or installed with this package."""
    def first(paths: Iterable[pathlib.Path]) -> str | None:
        return next((str(path) for path in paths if path.exists()), None)

    driver = os.environ.get("VITC") or first(_drivers_of_wheel()) or shutil.which("vitc") or first(_DRIVERS)
    if not driver:
        raise Error("the compiler `vitc` was not found: set VITC to its path, or add its folder to PATH")
    return driver


def _extents(shape: Any) -> str:
    """1x3x224x224, with ? for a dimension that stays open: None, or a name."""
    if isinstance(shape, str):
        return shape
    shape = shape if isinstance(shape, Sequence) else (shape,)
    return "x".join("?" if extent is None or isinstance(extent, str) else str(extent) for extent in shape)


def _shape_sets(sets: Any) -> str:
    """x=1x3x224x224;x=?x3x384x384 of a dict by input, or a list of them."""
    if isinstance(sets, str):
        return sets
    sets = [sets] if isinstance(sets, Mapping) else sets
    if not isinstance(sets, Iterable) or not all(isinstance(shapes, (Mapping, str)) for shapes in sets):
        raise Error(f"shapes is {sets!r}; expected a list with a dict for each set of shapes, [{{'x': (1, 3, 224, 224)}}]")
    return ";".join(shapes if isinstance(shapes, str) else
                    ",".join(f"{name}={_extents(shape)}" for name, shape in shapes.items()) for shapes in sets)


def flags_of(options: Mapping[str, Any]) -> Iterator[str]:
    """Keyword arguments as flags of the driver: shape={"x": (1, 3, 8, 8)} is --shape=x=1x3x8x8."""
    for key, value in options.items():
        flag = _SPELLINGS.get(key, "--" + key.replace("_", "-"))
        if value is None or value is False:
            continue
        if value is True:
            yield flag
        elif key in _REPEATED:
            if not isinstance(value, Iterable):
                raise Error(f"{key} is {value!r}; expected a kind or a tensor's name, or a list of them")
            yield from (f"{_REPEATED[key]}={name}" for name in ([value] if isinstance(value, str) else value))
        elif key == "shapes":
            yield f"{flag}={_shape_sets(value)}"
        elif isinstance(value, Mapping):
            yield from (f"{flag}={name}={_extents(shape)}" for name, shape in value.items())
        elif isinstance(value, (list, tuple)):
            yield f"{flag}={','.join(map(str, value))}"
        else:
            yield f"{flag}={value}"


def _constant_flags(constants: Mapping[str, ArrayLike], folder: pathlib.Path) -> Iterator[str]:
    """Writes the arrays into the folder; yields the flags that name the files."""
    if not isinstance(constants, Mapping):
        raise Error(f"constant is a {type(constants).__name__}; expected a dict of arrays by the names of inputs")
    for number, (name, value) in enumerate(constants.items()):
        path = folder / f"{number}.npy"
        try:
            array = np.asarray(value)
        except (TypeError, ValueError) as error:
            raise Error(f"the constant '{name}' cannot be made an array: {error}") from None
        if array.dtype.kind in "OSUMm":
            raise Error(f"the constant '{name}' has elements of type {array.dtype}; expected numbers")
        np.save(path, array)
        yield f"--constant={name}={path}"


def run_driver(arguments: list[str]) -> str:
    """What the driver prints, given these arguments; raises Error with its message where it fails."""
    driver = find_driver()
    try:
        done = subprocess.run([driver, *arguments], capture_output=True, text=True, errors="replace")
    except OSError as error:
        raise Error(f"cannot run {driver}: {error.strerror}") from None
    except ValueError:  # of a zero byte, which no argument of a program can hold
        wrong = next((argument for argument in arguments if "\0" in argument), driver)
        raise Error(f"{wrong!r} has a zero character, which neither a path nor an option can hold") from None
    if done.returncode:
        message = done.stderr.strip() or f"{driver} ended with status {done.returncode}"
        raise Error(message, done.returncode)
    return done.stdout


def _check_names(options: Mapping[str, Any]) -> None:
    """Raises Error with what may have been meant where an option is none of the driver's: before the model is exported."""
    taken = {parameter.name for parameter in inspect.signature(compile).parameters.values()
             if parameter.kind is parameter.KEYWORD_ONLY}
    for name in sorted(_MAKES_NO_LIBRARY & {key for key, value in options.items() if value not in (None, False)}):
        raise Error(f"the option '{name}' makes no library: run `vitc --{name.replace('_', '-')}` in place of vitc.compile")
    unknown = options.keys() - taken - _REPEATED.keys() - _SPELLINGS.keys()
    if not unknown:
        return
    listed = {name.replace("-", "_") for name in re.findall(r"^  --([a-z][a-z-]*)", run_driver(["--help"]), re.M)}
    for name in sorted(unknown - listed):
        close = difflib.get_close_matches(name, listed | taken | _REPEATED.keys() | _SPELLINGS.keys(), n=3)
        hint = f"; did you mean {' or '.join(map(repr, close))}?" if close else "; `vitc --help` lists them"
        raise Error(f"there is no option '{name}'{hint}")


def _check_emits(emit: Any) -> None:
    kinds = emit.split(",") if isinstance(emit, str) else emit
    if kinds is not None and "so" not in kinds:
        raise Error(f"emit is {emit!r}; expected so among it: vitc.compile loads the library that it makes")


def _default_device(target: str | Sequence[str] | None) -> str:
    targets = target.split(",") if isinstance(target, str) else target or ["cpu"]
    return "cuda" if all(str(name).startswith("cuda-") for name in targets) else "cpu"


def build_library(path: str | os.PathLike[str], output: str | os.PathLike[str],
                  constant: Mapping[str, ArrayLike] | None, options: Mapping[str, Any]) -> str:
    """Compiles an ONNX file to the library `output`; the arguments are those of `compile`. Returns what the driver prints."""
    return _drive([_as_argument(path), "-o", os.fspath(output)], constant, options)


def _as_argument(path: str | os.PathLike[str]) -> str:
    """A path that the driver takes for none of its options."""
    text = os.fspath(path)
    return os.path.join(".", text) if text.startswith("-") else text


def _drive(arguments: list[str], constant: Mapping[str, ArrayLike] | None, options: Mapping[str, Any]) -> str:
    with tempfile.TemporaryDirectory(prefix="vitc-") as constants:
        return run_driver([*arguments, *_constant_flags(constant or {}, pathlib.Path(constants)), *flags_of(options)])


def compile(
    model: Any,
    output: str | os.PathLike[str] | None = None,
    *,
    target: str | Sequence[str] | None = None,
    precision: str | None = None,
    shapes: Sequence[Mapping[str, Sequence[int | None]]] | Mapping[str, Sequence[int | None]] | str | None = None,
    taps: str | Sequence[str] | None = None,
    taps_only: bool = False,
    constant: Mapping[str, ArrayLike] | None = None,
    example_inputs: Any = None,
    dynamic_shapes: Mapping[str, Any] | Sequence[Any] | None = None,
    exporter: str | None = None,
    threads: int = 0,
    function: str = "main",
    device: str | None = None,
    **options: Any,
) -> Model:
    """Compiles a model and loads the result.

    model: the path of an .onnx file; an `onnx.ModelProto`, or its bytes; or a `torch.nn.Module`, with `example_inputs`, or a
        `torch.export.ExportedProgram`.
    output: where to write the library; None: a temporary folder that lives as long as the model.
    target: what to compile for, "cpu:x86-64-v3", "cuda-sm_90" or a list; None: this machine's CPU.
    precision: of products: "fp32" (the default), "bf16", on GPUs "tf32" or "fp16", or "auto".
    shapes: for which shapes there is code, as a list of dicts by input, the dimensions that stay open as None:
        [{"x": (1, 3, 224, 224)}, {"x": (None, 3, 384, 384)}]. The inputs choose.
    taps: tensors that become outputs, by their names in the model; taps_only: drop the other outputs.
    constant: values of inputs that the library is compiled for, by name; it has no such inputs any more.
    example_inputs: what PyTorch's exporter calls the module with, which it puts into evaluation mode meanwhile: a tensor, a
        tuple, or a dict by the names of the parameters of `forward`. The shapes are those of the library, but for those in
        dynamic_shapes: axis → name by input, {"x": {0: "batch"}}. exporter: "dynamo" or "torchscript"; None: the first of
        them that can.
    threads, function, device: as for `load`; without a device, "cuda" where all targets are GPUs, else "cpu".
    options: other flags of the driver, by name: mcpu=["x86-64-v3", "x86-64-v4"], weights="external",
        shape={"x": (1, 3, 224, 224)}, plain_products=True. None and False leave a flag out.

    Raises Error with the driver's message, or PyTorch's, where the model cannot be compiled.
    """
    options = {"target": target, "precision": precision, "shapes": shapes, "taps": taps, "taps_only": taps_only, **options}
    _check_names(options)
    _check_emits(options.get("emit"))
    device = _default_device(target) if device is None else device
    device_named(device)
    output = None if output is None else path_of(output, "output")
    folder = None
    with tempfile.TemporaryDirectory(prefix="vitc-") as sources:
        path = as_file(model, pathlib.Path(sources), Examples(example_inputs, dynamic_shapes, exporter))
        if output is None:
            folder = tempfile.TemporaryDirectory(prefix="vitc-")
            output = os.path.join(folder.name, name_of(model) + ".so")
        if any(options.get(name) for name in _NOT_WITH_REPORT):
            build_library(path, output, constant, {**options, "explain": None})
            report = _explain(path, constant, options)
        else:
            report = _read_report(build_library(path, output, constant, {**options, "explain": "json"}))
    compiled = load(output, threads=threads, function=function, device=device)
    if dynamic_shapes is not None and not shapes and not options.get("shape"):
        check_open(compiled.inputs, compiled.requirements, dynamic_shapes)
    compiled._folder = folder
    compiled._report = report
    return compiled


def _read_report(printed: str) -> Report:
    try:
        return Report(json.loads(printed))
    except json.JSONDecodeError:
        raise Error(f"{find_driver()} printed no report; it is of another version than this package") from None


def _explain(path: pathlib.Path, constant: Mapping[str, ArrayLike] | None, options: Mapping[str, Any]) -> Report:
    kept = {name: value for name, value in options.items() if name not in _NOT_FOR_REPORT}
    return _read_report(_drive([_as_argument(path)], constant, {**kept, "explain": "json"}))


def explain(model: Any, *, constant: Mapping[str, ArrayLike] | None = None, example_inputs: Any = None,
            dynamic_shapes: Mapping[str, Any] | Sequence[Any] | None = None, exporter: str | None = None,
            **options: Any) -> Report:
    """What the compiler recognises in a model, what it changes, and why it leaves the rest (docs/explain.schema.json): a dict
    that prints as text. The arguments are those of `compile`; nothing is written.

    >>> vitc.explain("vit.onnx").recognized
    {'attention': 12, 'layer_norm': 25, …}
    """
    _check_names(options)
    with tempfile.TemporaryDirectory(prefix="vitc-") as sources:
        path = as_file(model, pathlib.Path(sources), Examples(example_inputs, dynamic_shapes, exporter))
        return _explain(path, constant, options)
