#!/usr/bin/env python3
"""What inherited attention saves: LaViT-REF beside the same model with vanilla attention in every block, stage by stage.

    build/venv/bin/python bench/inherited.py

For each size (T, S, B) the two models run in one process in turns, with one thread; the ratio of their median times stands
beside that of their multiplications, and the table tells it for each stage (times of a stage: the sum of the medians of its
steps, `Model.profile`). Graphs: test/models/full; the weights are drawn.
"""
import argparse
import json
import pathlib
import re

import engines
import run

FULL = run.SOURCE / "test" / "models" / "full"
STAGE = re.compile(r"stages\.(\d)")


def stage_of(step):
    """The stage of the first node that names one; what crosses stages and the head are "other"."""
    for node in step["nodes"]:
        if found := STAGE.search(node):
            return f"stage {int(found.group(1)) + 1}"
    return "other"


def by_stage(steps):
    """{stage: (multiplications, seconds)}, of all stages together as "sum"."""
    sums = {}
    for step in steps:
        for key in (stage_of(step), "sum"):
            macs, seconds = sums.get(key, (0, 0.0))
            sums[key] = macs + step["macs"], seconds + step["seconds"]
    return sums


def make(name, arguments):
    path = arguments.folder / f"{name}.onnx"
    if not path.exists():
        run.zoo.make(name, path, folder=FULL)
    library, _ = run.compile_model(arguments.vitc, path, name, arguments.folder, [f"--mcpu={arguments.mcpu}"])
    return path, engines.Vitc(path, library, 1)


def compare(size, arguments):
    made, stages = {}, {}
    for kind, suffix in (("inherited", ""), ("vanilla", "_vanilla")):
        path, made[kind] = make(f"lavit_{size}{suffix}", arguments)
        made[kind].name = kind
        feeds = run.draw_inputs(path)
    for kind, engine in made.items():
        stages[kind] = by_stage(engine.model.profile(feeds, repeat=arguments.rounds))
    medians = engines.medians(engines.time_in_turns(list(made.values()), feeds, arguments.rounds, arguments.seconds))
    rows = []
    for stage in sorted(stages["vanilla"], key=lambda name: (name == "sum", name == "other", name)):
        (macs, seconds), (twin_macs, twin_seconds) = stages["inherited"][stage], stages["vanilla"][stage]
        rows.append({"stage": stage, "mmacs": macs / 1e6, "vanilla_mmacs": twin_macs / 1e6, "ms": 1e3 * seconds,
                     "vanilla_ms": 1e3 * twin_seconds})
    macs, twin_macs = (stages[kind]["sum"][0] for kind in ("inherited", "vanilla"))
    return {"size": size.upper(), "ms": 1e3 * medians["inherited"], "vanilla_ms": 1e3 * medians["vanilla"],
            "time_ratio": medians["inherited"] / medians["vanilla"], "mac_ratio": macs / twin_macs, "stages": rows}


def show(result):
    print(f"\nLaViT-REF-{result['size']}: {result['ms']:.2f} ms, all vanilla {result['vanilla_ms']:.2f} ms; ratio of times "
          f"{result['time_ratio']:.3f}, of multiplications {result['mac_ratio']:.3f}\n")
    print("| stage | MMACs | all vanilla | ratio | ms | all vanilla | ratio |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for row in result["stages"]:
        macs = row["mmacs"] / row["vanilla_mmacs"] if row["vanilla_mmacs"] else 1
        print(f"| {row['stage']} | {row['mmacs']:.1f} | {row['vanilla_mmacs']:.1f} | {macs:.3f} | {row['ms']:.2f} | "
              f"{row['vanilla_ms']:.2f} | {row['ms'] / row['vanilla_ms']:.3f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=run.list_of(("t", "s", "b")), default=["t", "s", "b"])
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=30, help="at most, a size")
    parser.add_argument("--mcpu", default="host")
    parser.add_argument("--vitc", type=pathlib.Path, default=run.SOURCE / "build" / "release" / "bin" / "vitc")
    parser.add_argument("--folder", type=pathlib.Path, default=run.SOURCE / "build" / "bench", help="for models and libraries")
    parser.add_argument("--results", type=pathlib.Path, help="a .json file; default: inherited.json in the folder")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    print(engines.cpu_name())
    results = [compare(size, arguments) for size in arguments.sizes]
    for result in results:
        show(result)
    (arguments.results or arguments.folder / "inherited.json").write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
