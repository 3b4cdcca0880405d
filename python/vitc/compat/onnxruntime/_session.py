"""`InferenceSession`: a model compiled by vitc, run as ONNX Runtime runs it."""
from __future__ import annotations

import dataclasses
import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from vitc import Error, Tensor

from ._load import open_model
from ._metadata import ModelMetadata
from ._options import RunOptions, SessionOptions

VITC_PROVIDER = "VitcExecutionProvider"
_PROVIDERS = (VITC_PROVIDER, "CPUExecutionProvider")
_ONNX_TYPES = {"float32": "float", "float64": "double", "float8_e4m3fn": "float8e4m3fn", "float8_e4m3fnuz": "float8e4m3fnuz",
               "float8_e5m2": "float8e5m2", "float8_e5m2fnuz": "float8e5m2fnuz", "float8_e8m0fnu": "float8e8m0",
               "float4_e2m1fn": "float4e2m1"}  # others are called alike


def get_available_providers() -> list[str]:
    return list(_PROVIDERS)


get_all_providers = get_available_providers


@dataclasses.dataclass(frozen=True)
class NodeArg:
    """An input or output: a dimension is a number, or a text where it is open."""

    name: str
    type: str
    shape: list[int | str]

    @staticmethod
    def _of(spec: Tensor) -> NodeArg:
        return NodeArg(spec.name, f"tensor({_ONNX_TYPES.get(spec.type, spec.type)})", list(spec.shape))


class InferenceSession:
    """Compiles a model, or finds the library that an earlier session compiled, and runs it.

    path_or_bytes: an ONNX file, its bytes, or a library that vitc made.
    sess_options: `intra_op_num_threads` is honoured.
    providers: names, or pairs of a name and options. The options of VitcExecutionProvider are those of `vitc.compile`, such as
        {"precision": "bf16"}; others are ignored, and so are, with a warning, providers that are neither it nor
        CPUExecutionProvider.
    provider_options: a dict for each of `providers`, in place of pairs.

    Raises vitc.Error where the file cannot be read or compiled.
    """

    def __init__(
        self,
        path_or_bytes: str | bytes | os.PathLike[str],
        sess_options: SessionOptions | None = None,
        providers: Sequence[str | tuple[str, dict[Any, Any]]] | None = None,
        provider_options: Sequence[dict[Any, Any]] | None = None,
        **ignored: Any,
    ) -> None:
        self._options = sess_options if sess_options is not None else SessionOptions()
        self._vitc_options = _options_of(providers or (), provider_options)
        threads = getattr(self._options, "intra_op_num_threads", None)
        if threads is None:
            raise Error(f"sess_options is of type {type(sess_options).__name__}; expected SessionOptions")
        if not isinstance(threads, int) or threads < 0:
            raise Error(f"intra_op_num_threads is {threads!r}; expected an integer that is not negative")
        self._model, self._metadata = open_model(path_or_bytes, threads, self._vitc_options)

    def run(self, output_names: Sequence[str] | None, input_feed: Mapping[str, Any],
            run_options: RunOptions | None = None) -> list[np.ndarray]:
        """Runs the model on arrays by the names of its inputs.

        Returns the outputs named, in that order; None or an empty list: all. Raises vitc.Error where a name is unknown, an
        input is missing, or an array has another type or shape than its input.
        """
        if isinstance(output_names, str) or not isinstance(output_names, (Iterable, type(None))):
            raise Error(f"output_names is {output_names!r}; expected a list of names, or None for all")
        known = [spec.name for spec in self._model.outputs]
        names = list(output_names or known)
        unknown = [name for name in names if name not in known]
        if unknown:
            raise Error(f"the model has no output {_quoted(unknown)}; it has {_quoted(known)}")
        if not isinstance(input_feed, Mapping):
            raise Error(f"inputs are a dict of arrays by name; got {type(input_feed).__name__}")
        wanted = [spec.name for spec in self._model.inputs]
        if extra := [name for name in input_feed if name not in wanted]:
            raise Error(f"the model has no input {_quoted(extra)}; it has {_quoted(wanted)}")
        if missing := [name for name in wanted if name not in input_feed]:
            raise Error(f"no array was given for {_quoted(missing)}")
        results = self._model.run(input_feed)
        return [results[name] for name in names]

    def get_inputs(self) -> list[NodeArg]:
        return [NodeArg._of(spec) for spec in self._model.inputs]

    def get_outputs(self) -> list[NodeArg]:
        return [NodeArg._of(spec) for spec in self._model.outputs]

    def get_overridable_initializers(self) -> list[NodeArg]:
        """None: initializers are compiled in."""
        return []

    def get_modelmeta(self) -> ModelMetadata:
        return self._metadata

    def get_session_options(self) -> SessionOptions:
        return self._options

    def get_providers(self) -> list[str]:
        return list(_PROVIDERS)

    def get_provider_options(self) -> dict[str, dict[str, str]]:
        given = {name: str(value) for name, value in self._vitc_options.items()}
        return {name: given if name == VITC_PROVIDER else {} for name in _PROVIDERS}

    def set_providers(self, providers: Sequence[Any] | None = None, provider_options: Sequence[Any] | None = None) -> None:
        """Only checks them: a session keeps the library that it was made with."""
        if _options_of(providers or (), provider_options) not in ({}, self._vitc_options):
            raise Error(f"the options of {VITC_PROVIDER} cannot change; make another InferenceSession")

    def enable_fallback(self) -> None:
        """Has no effect: there is one provider."""

    disable_fallback = enable_fallback

    def _refuse(self, *arguments: Any, **named: Any) -> Any:
        raise Error("vitc has no such call of ONNX Runtime's (values bound to devices, asynchronous runs, profiles in its "
                    "format); use InferenceSession.run, and vitc.Model.profile for times")

    io_binding = run_with_iobinding = run_with_ort_values = run_with_ortvaluevector = run_async = end_profiling = _refuse


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names))


def _options_of(providers: Sequence[Any], provider_options: Sequence[Any] | None) -> dict[str, Any]:
    """The options of vitc's own provider."""
    providers = [providers] if isinstance(providers, str) else providers
    if not isinstance(providers, Sequence) or not isinstance(provider_options, (Sequence, type(None))):
        raise Error("providers and their options are lists; "
                    f"got {type(providers).__name__} and {type(provider_options).__name__}")
    if provider_options is not None and len(provider_options) != len(providers):
        raise Error(f"{len(provider_options)} provider options were given for {len(providers)} providers")
    pairs = [(provider, {}) if isinstance(provider, str) else provider for provider in providers]
    if provider_options is not None:
        pairs = [(pair[0], options) if isinstance(pair, (tuple, list)) else pair for pair, options in zip(pairs, provider_options)]
    if not all(isinstance(pair, (tuple, list)) and len(pair) == 2 and isinstance(pair[1], Mapping) for pair in pairs):
        raise Error("a provider is a name, or a pair of a name and a dict of options")
    unknown = [str(name) for name, _ in pairs if name not in _PROVIDERS]
    if unknown:
        warnings.warn(f"vitc runs models on the CPU, not by {_quoted(unknown)}; it has {_quoted(_PROVIDERS)}", stacklevel=3)
    return next((dict(options) for name, options in pairs if name == VITC_PROVIDER), {})
