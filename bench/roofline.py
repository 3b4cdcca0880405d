#!/usr/bin/env python3
"""Draws the roofline of a model: what each of its steps achieves, against what its operands allow.

    vitc-run model.so --threads 1 --profile=trace.json
    bench/roofline.py trace.json -o roofline.svg

A dot is a step with products: GFLOP/s (of the median time) over the operations for each byte that it reads and writes, its
area the step's part of the time, its colour the kind of its kernel (the mouse shows the ONNX node). The lines are what
vitc-run measured on the same threads: the peak of f32 products, and the bytes that come from memory and from L2 in a second.
Steps without products, which have no place in the picture, are summed up below it.
(Williams, Waterman, Patterson: Roofline, CACM 52.4, 2009.)
"""
import argparse
import html
import json
import math
import pathlib

from inputs import reading

WIDTH, HEIGHT = 960, 600
LEFT, RIGHT, TOP, BOTTOM = 70, 230, 50, 80
COLOURS = ["#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#8c564b", "#e377c2", "#17becf", "#bcbd22", "#7f7f7f"]


def read_steps(trace):
    """The steps of a trace, once each, in order."""
    steps = {event["args"]["step"]: {**event["args"], "name": event["name"]}
             for event in trace["traceEvents"] if event["ph"] == "X" and event["cat"] != "barrier"}
    return [steps[number] for number in sorted(steps)]


class Axes:
    """Logarithmic axes of a drawing: operations a byte, GFLOP/s."""

    def __init__(self, points, peak):
        def decades(values):
            return math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))

        self.x_decades = decades([x for x, _ in points] + [1, 100])
        self.y_decades = decades([y for _, y in points] + [1, 1.2 * peak])

    def x(self, value):
        low, high = self.x_decades
        return LEFT + (math.log10(value) - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    def y(self, value):
        low, high = self.y_decades
        return HEIGHT - BOTTOM - (math.log10(value) - low) / (high - low) * (HEIGHT - TOP - BOTTOM)

    def draw(self):
        for decade in range(self.x_decades[0], self.x_decades[1] + 1):
            at = self.x(10**decade)
            yield f'<path class="grid" d="M{at:.1f} {TOP}V{HEIGHT - BOTTOM}"/>'
            yield f'<text x="{at:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{10.0**decade:g}</text>'
        for decade in range(self.y_decades[0], self.y_decades[1] + 1):
            at = self.y(10**decade)
            yield f'<path class="grid" d="M{LEFT} {at:.1f}H{WIDTH - RIGHT}"/>'
            yield f'<text x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{10.0**decade:g}</text>'
        middle = (LEFT + WIDTH - RIGHT) / 2
        yield f'<text x="{middle}" y="{HEIGHT - BOTTOM + 38}" text-anchor="middle">operations / byte</text>'
        yield f'<text transform="translate(20 {(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">GFLOP/s</text>'

    def draw_roof(self, bandwidth, peak, label):
        """min(peak, bandwidth · intensity), in GFLOP/s; bandwidth in GB/s."""
        low, high = (10.0**decade for decade in self.x_decades)
        low = max(low, 10.0 ** self.y_decades[0] / bandwidth)
        ridge = min(max(peak / bandwidth, low), high)
        yield (f'<path class="roof" d="M{self.x(low):.1f} {self.y(bandwidth * low):.1f}'
               f'L{self.x(ridge):.1f} {self.y(min(peak, bandwidth * ridge)):.1f}H{self.x(high):.1f}"/>')
        yield f'<text class="small" x="{self.x(low) + 6:.1f}" y="{self.y(bandwidth * low) - 6:.1f}">{label}</text>'


def draw(trace):
    """The SVG's text."""
    measured, steps = trace["otherData"], read_steps(trace)
    total = sum(step["median_seconds"] for step in steps)
    peak = measured["flops_per_second"] * 1e-9
    dots = [(2 * step["macs"] / (step["weight_bytes"] + step["activation_bytes"]), step["gflops"], step)
            for step in steps if step["macs"] > 0 and step["median_seconds"] > 0 and step["gflops"] > 0]
    axes = Axes([dot[:2] for dot in dots], peak)
    kinds = sorted({step["kind"] for step in steps},
                   key=lambda kind: -sum(step["median_seconds"] for step in steps if step["kind"] == kind))
    colours = {kind: COLOURS[min(i, len(COLOURS) - 1)] for i, kind in enumerate(kinds)}
    yield (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
           'font-family="sans-serif" font-size="13">')
    yield ("<style>.grid{stroke:#ddd;fill:none}.roof{stroke:#333;stroke-width:1.5;fill:none}.small{font-size:11px}"
           "circle{fill-opacity:.55}</style>")
    yield f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>'
    threads = f"{measured['threads']} thread" + ("s" if measured["threads"] != 1 else "")
    title = f"{measured['model']}: {total * 1e3:.1f} ms, {threads}, {measured['level']}"
    yield f'<text x="{LEFT}" y="28" font-size="16">{html.escape(title)}</text>'
    yield from axes.draw()
    memory, cache = measured["memory_bytes_per_second"] * 1e-9, measured["cache_bytes_per_second"] * 1e-9
    yield from axes.draw_roof(memory, peak, f"{memory:.0f} GB/s from memory")
    yield from axes.draw_roof(cache, peak, f"{cache:.0f} GB/s from L2")
    yield (f'<text class="small" x="{WIDTH - RIGHT - 4}" y="{axes.y(peak) - 6:.1f}" text-anchor="end">'
           f'{peak:.0f} GFLOP/s, {measured["vectors"]}</text>')
    for intensity, gflops, step in sorted(dots, key=lambda dot: -dot[2]["median_seconds"]):
        radius = max(2.5, 40 * math.sqrt(step["median_seconds"] / total))
        text = f"{step['name']}: {step['kind']}, {step['median_seconds'] * 1e3:.3f} ms, {gflops:.1f} GFLOP/s"
        yield (f'<circle cx="{axes.x(intensity):.1f}" cy="{axes.y(gflops):.1f}" r="{radius:.1f}" '
               f'fill="{colours[step["kind"]]}"><title>{html.escape(text)}</title></circle>')
    for i, kind in enumerate(kinds):
        part = sum(step["median_seconds"] for step in steps if step["kind"] == kind) / total
        yield (f'<circle cx="{WIDTH - RIGHT + 22}" cy="{TOP + 12 + 20 * i}" r="6" fill="{colours[kind]}"/>'
               f'<text x="{WIDTH - RIGHT + 34}" y="{TOP + 16 + 20 * i}">{html.escape(kind)} {part:.1%}</text>')
    rest = sum(step["median_seconds"] for step in steps if step["macs"] == 0)
    yield (f'<text class="small" x="{LEFT}" y="{HEIGHT - 12}">steps without products: {rest * 1e3:.2f} ms, '
           f'{rest / total:.1%} of the time</text>')
    yield "</svg>"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("trace", type=pathlib.Path, help="what vitc-run --profile=TRACE wrote")
    parser.add_argument("-o", "--output", type=pathlib.Path, help="the SVG file (default: beside the trace)")
    arguments = parser.parse_args()
    output = arguments.output or arguments.trace.with_suffix(".svg")
    with reading(parser, arguments.trace, "not what vitc-run --profile=TRACE wrote"):
        picture = "\n".join(draw(json.loads(arguments.trace.read_text(encoding="utf-8")))) + "\n"
    output.write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()
