"""What the compiler recognised in a model: the report of `vitc --explain=json`."""
from __future__ import annotations


class Report(dict):
    """The report as docs/explain.schema.json describes it; its keys are attributes too (`report.recognized`). Printed, it says
    what was recognised, and what was not and why."""

    def __getattr__(self, key: str) -> object:
        try:
            return self[key]
        except KeyError:
            raise AttributeError(f"the report has no '{key}'; it has {', '.join(self)}") from None

    def __str__(self) -> str:
        kinds = ", ".join(f"{count} {kind}" for kind, count in self["recognized"].items()) or "nothing"
        tokens = ", ".join(f"{kind} {self['tokens'][kind]}" for kind in ("cls", "registers", "patches"))
        lines = [f"recognized: {kinds}", f"tokens: {tokens}"]
        lines += [f"rewritten: {each['name']} at {each['where']}, {each['macs_saved']:,} MACs saved"
                  for each in self["rewrites"]]
        lines += [f"missed: {each['node']}: no {each['candidate']}: {each['reason']}" for each in self["missed"]]
        return "\n".join([*lines, f"MACs: {self['macs']['imported']:,} imported, {self['macs']['final']:,} final"])
