"""Options of sessions and runs. Those that only say how ONNX Runtime is to work are kept and have no effect."""
from __future__ import annotations

import enum
from typing import Any

from vitc import Error


class GraphOptimizationLevel(enum.IntEnum):
    ORT_DISABLE_ALL = 0
    ORT_ENABLE_BASIC = 1
    ORT_ENABLE_EXTENDED = 2
    ORT_ENABLE_LAYOUT = 3
    ORT_ENABLE_ALL = 99


class ExecutionMode(enum.IntEnum):
    ORT_SEQUENTIAL = 0
    ORT_PARALLEL = 1


class ExecutionOrder(enum.IntEnum):
    DEFAULT = 0
    PRIORITY_BASED = 1
    MEMORY_EFFICIENT = 2


class _Options:
    """Attributes with defaults; another name is an AttributeError, as in ONNX Runtime."""

    _defaults: dict[str, Any] = {}

    def __init__(self) -> None:
        self.__dict__.update(self._defaults, _entries={})

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self._defaults:
            raise AttributeError(f"{type(self).__name__} has no option '{name}'; it has {', '.join(self._defaults)}", name=name)
        self.__dict__[name] = value


class SessionOptions(_Options):
    """`intra_op_num_threads` is how many threads a run uses; 0: one a core. What else there is has no effect."""

    _defaults = {
        "enable_cpu_mem_arena": True, "enable_mem_pattern": True, "enable_mem_reuse": True, "enable_profiling": False,
        "execution_mode": ExecutionMode.ORT_SEQUENTIAL, "execution_order": ExecutionOrder.DEFAULT,
        "graph_optimization_level": GraphOptimizationLevel.ORT_ENABLE_ALL, "inter_op_num_threads": 0, "intra_op_num_threads": 0,
        "log_severity_level": -1, "log_verbosity_level": 0, "logid": "", "optimized_model_filepath": "",
        "profile_file_prefix": "onnxruntime_profile_", "use_deterministic_compute": False, "use_per_session_threads": True,
    }

    def add_session_config_entry(self, key: str, value: str) -> None:
        self._entries[key] = value

    def get_session_config_entry(self, key: str) -> str:
        if key not in self._entries:
            raise Error(f"the session options have no entry '{key}'")
        return self._entries[key]

    def add_free_dimension_override_by_name(self, name: str, extent: int) -> None:
        """Has no effect: a library runs any extent of a named dimension."""

    add_free_dimension_override_by_denotation = add_free_dimension_override_by_name

    def add_initializer(self, name: str, value: Any) -> None:
        raise Error(f"the initializer '{name}' cannot be replaced; vitc compiles a model with the weights of its file")

    def add_external_initializers(self, names: Any, values: Any) -> None:
        raise Error("initializers cannot be replaced; vitc compiles a model with the weights of its file")

    add_external_initializers_from_files_in_memory = add_external_initializers

    def register_custom_ops_library(self, path: str) -> None:
        raise Error(f"{path} cannot be used; vitc has no operators of other libraries")


class RunOptions(_Options):
    """Kept, without effect."""

    _defaults = {"log_severity_level": -1, "log_verbosity_level": 0, "logid": "", "only_execute_path_to_fetches": False,
                 "terminate": False}

    def add_run_config_entry(self, key: str, value: str) -> None:
        self._entries[key] = value

    def get_run_config_entry(self, key: str) -> str:
        if key not in self._entries:
            raise Error(f"the run options have no entry '{key}'")
        return self._entries[key]
