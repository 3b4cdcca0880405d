"""docs/Vision.md shows every command of vitc.vision, with its options and a picture that it made."""
import argparse
import re
import sys

import pytest
from sources import SOURCE

sys.path.insert(0, str(SOURCE / "python"))
from vitc.vision import cli  # noqa: E402

PAGE = (SOURCE / "docs/Vision.md").read_text()
SHARED, *SECTIONS = re.split(r"^## ", PAGE.split("\n## ", 1)[1], flags=re.M)
SECTIONS = {section.partition("\n")[0].strip(): section for section in SECTIONS}


def options(name):
    """The options of a command, in the longer of their spellings."""
    [commands] = [action for action in cli.make_parser()._actions if isinstance(action, argparse._SubParsersAction)]
    actions = commands.choices[name]._actions
    return [max(action.option_strings, key=len) for action in actions if action.option_strings and action.dest != "help"]


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_command(name):
    section = SECTIONS[name]
    assert f"python -m vitc.vision {name} " in section, "an example"
    assert re.search(r"!\[[^\]]{10,}\]\(vision/[\w-]+\.png\)", section), "a picture, with what it shows in words"
    missing = [option for option in options(name) if f"`{option}" not in section and f"`{option}" not in SHARED
               and option != "--output"]
    assert missing == []


def test_sections_are_commands():
    assert [name for name in SECTIONS if name not in cli.COMMANDS] == []


def test_pictures():
    shown = re.findall(r"\]\(vision/([^)]+)\)", PAGE)
    there = {path.name: path.stat().st_size for path in (SOURCE / "docs/vision").iterdir()}
    assert sorted(shown) == sorted(there)
    assert {name: size for name, size in there.items() if size > 100_000} == {}
