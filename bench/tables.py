#!/usr/bin/env python3
"""The tables of bench/README.md, from what the benchmarks wrote.

    tables.py RESULTS.json|resources.csv|floors.json|scaling.json|inherited.json ...
"""
import argparse
import csv
import json
import math
import pathlib

from inputs import reading

PEERS = {"onnxruntime": "ONNX Runtime", "openvino": "OpenVINO"}


def table(header, rows):
    print("| " + " | ".join(header) + " |\n|" + " --- |" + " ---: |" * (len(header) - 1))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


def of_runs(results):
    """bench/run.py's times: a row a model, columns for each number of threads."""
    threads = sorted({row["threads"] for row in results["rows"]})
    by_model = {}
    for row in results["rows"]:
        by_model.setdefault(row["model"], {})[row["threads"]] = row
    header, rows = ["model"], []
    for count in threads:
        peers = [peer for peer in PEERS if peer in results["rows"][0]["median_ms"]]
        header += [f"{PEERS[peer]}, {count} thread{'s'[:count - 1]}" for peer in peers] + ["vitc", "ratio"]
    cosines = any("cosine" in row and min(row["cosine"].values()) < 0.999999 for row in results["rows"])
    header += ["cosine of vitc", "of OpenVINO"] if cosines else []
    for model, found in by_model.items():
        cells = [model]
        for count in threads:
            medians = found[count]["median_ms"]
            cells += [f"{medians[peer]:.1f}" for peer in PEERS if peer in medians]
            cells += [f"**{medians['vitc']:.1f}**" if found[count]["ratio"] < 1 else f"{medians['vitc']:.1f}", f"{found[count]['ratio']:.2f}"]
        if cosines:
            cells += [f"{found[threads[0]]['cosine'][engine]:.5f}" for engine in ("vitc", "openvino")]
        rows.append(cells)
    table(header, rows)
    for count in threads:
        ratios = [row["ratio"] for row in results["rows"] if row["threads"] == count]
        mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
        print(f"{count} thread{'s'[:count - 1]}: {mean:.3f} in the geometric mean of {len(ratios)}, {max(ratios):.2f} at most.")
    print(f"\n{results['machine']['cpu']}, {results['machine']['cores']} cores; {results['machine']['versions']}; {results['settings']}\n")


def of_resources(rows):
    header = ["model", "engine", "adds MB", "may add", "load ms", "first run / later ones", "compile s"]
    def cell(value, digits):
        return f"{float(value):.{digits}f}" if value else ""

    table(header, [[row["model"], row["engine"], cell(row["memory_mb"], 0), cell(row["allowed_mb"], 0), cell(row["load_ms"], 1),
                    cell(row["first_by_steady"], 2), cell(row["compile_s"], 1)] for row in rows])


def of_inherited(results):
    table(["size", "ms", "all vanilla", "ratio of times", "of multiplications"],
          [[r["size"], f"{r['ms']:.2f}", f"{r['vanilla_ms']:.2f}", f"{r['time_ratio']:.3f}", f"{r['mac_ratio']:.3f}"] for r in results])
    table(["size, stage", "MMACs", "all vanilla", "ms", "all vanilla", "ratio of times", "of multiplications"],
          [[f"{r['size']}, {s['stage']}", f"{s['mmacs']:.1f}", f"{s['vanilla_mmacs']:.1f}", f"{s['ms']:.2f}", f"{s['vanilla_ms']:.2f}",
            f"{s['ms'] / s['vanilla_ms']:.3f}", f"{s['mmacs'] / s['vanilla_mmacs']:.3f}" if s["vanilla_mmacs"] else ""]
           for r in results for s in r["stages"]])


def of_floors(rows):
    table(["model", "GMAC done", "floor ms", "vitc ms", "faster peer ms", "floor / peer", "vitc / peer"],
          [[r["model"], f"{r['gmacs']:.2f}", f"{r['floor_ms']:.1f}", f"{r['vitc_ms']:.1f}", f"{r['peer_ms']:.1f}",
            f"{r['floor_ratio']:.2f}", f"{r['ratio']:.2f}"] for r in rows])
    means = [math.exp(sum(math.log(r[key]) for r in rows) / len(rows)) for key in ("floor_ratio", "ratio")]
    print("Geometric means: the floor is at {:.3f} of the faster peer, vitc at {:.3f}.\n".format(*means))


def of_scaling(rows):
    threads = f"{rows[0]['threads']} threads"
    table(["model", "1 thread, ms", f"{threads}, ms", "gain", "memory allows"],
          [[r["model"], f"{r['one_ms']:.1f}", f"{r['all_ms']:.1f}", f"{r['gain']:.2f}", f"{r['allowed']:.2f}"] for r in rows])


def print_tables(path):
    print(f"{path.stem}:\n")
    if path.suffix == ".csv":
        with open(path, newline="") as file:
            of_resources(list(csv.DictReader(file)))
        return
    results = json.loads(path.read_text())
    if "floors" in results:
        of_floors(results["floors"])
    elif "scaling" in results:
        of_scaling(results["scaling"])
    else:
        of_runs(results) if "rows" in results else of_inherited(results)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=pathlib.Path, nargs="+")
    for path in parser.parse_args().results:
        with reading(parser, path, "none of the files that these tables are made of; of bench/run.py's take the .json"):
            print_tables(path)


if __name__ == "__main__":
    main()
