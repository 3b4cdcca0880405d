"""vitc and its peers behind one call, and timing that is fair to all of them.

Every engine gets the same model, inputs and number of threads, computes in the same precision, and lives in the same process
(ONNX Runtime has no bf16 on CPUs and computes in float32). They are
timed in turns, in an order that rotates: what disturbs the machine disturbs all of them. Between turns all are idle for a
moment, so that threads of one that still spin do not take the core of the next.
"""
import pathlib
import platform
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "python"))

PAUSE = 0.05  # seconds between turns: ONNX Runtime's threads spin for more than 10 ms after a run


class Vitc:
    name = "vitc"

    def __init__(self, model, library, threads, precision="fp32"):
        import vitc

        self.model = vitc.load(library, threads=threads)

    def run(self, feeds):
        return self.model.run(feeds)


class OnnxRuntime:
    name = "onnxruntime"

    def __init__(self, model, library, threads, precision="fp32"):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self.outputs = [output.name for output in self.session.get_outputs()]

    def run(self, feeds):
        return dict(zip(self.outputs, self.session.run(None, feeds)))


class OpenVino:
    name = "openvino"

    def __init__(self, model, library, threads, precision="fp32"):
        import openvino

        settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": {"fp32": "f32"}.get(precision, precision), "INFERENCE_NUM_THREADS": threads,
                    "NUM_STREAMS": 1}
        core = openvino.Core()
        compiled = core.compile_model(core.read_model(str(model)), "CPU", settings)
        self.request = compiled.create_infer_request()
        self.outputs = compiled.outputs

    def run(self, feeds):
        results = self.request.infer(feeds, share_inputs=True)
        return {output.get_any_name(): results[output] for output in self.outputs}


ENGINES = {engine.name: engine for engine in (Vitc, OnnxRuntime, OpenVino)}


def versions(names):
    """The versions of the engines named."""
    import importlib.metadata

    return {name: importlib.metadata.version(name) for name in names if name != "vitc"}


def cpu_name():
    lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def time_in_turns(engines, feeds, rounds, seconds, warmup=3):
    """{name: [seconds of a run]}: `rounds` runs each, fewer where the whole would take longer than `seconds`."""
    for engine in engines:
        for _ in range(warmup):
            engine.run(feeds)
    times = {engine.name: [] for engine in engines}
    end = time.perf_counter() + seconds
    for turn in range(rounds):
        first = turn % len(engines)
        for engine in engines[first:] + engines[:first]:
            time.sleep(PAUSE)
            start = time.perf_counter()
            engine.run(feeds)
            times[engine.name].append(time.perf_counter() - start)
        if time.perf_counter() > end and turn >= 4:
            break
    return times


def medians(times):
    return {name: statistics.median(values) for name, values in times.items()}
