"""Every command explains itself, a misspelt one is answered with the nearest, and shells complete them."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from reconciler.cli.app import app, run
from reconciler.state.outcomes import Outcome


def walk(group: click.Group, *before: str) -> Iterator[tuple[str, ...]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, f"{name} is listed and cannot be loaded"
        yield (*before, name)
        if isinstance(command, click.Group):
            yield from walk(command, *before, name)


COMMANDS = sorted(walk(app))


def find(path: tuple[str, ...]) -> click.Command:
    command: click.Command = app
    for name in path:
        assert isinstance(command, click.Group)
        found = command.get_command(click.Context(command), name)
        assert found is not None
        command = found
    return command


def test_all_commands_are_there() -> None:
    top = {path[0] for path in COMMANDS}
    assert top >= {"init", "add", "validate", "pin", "render", "plan", "sync", "status", "policies", "doctor"}
    assert ("add", "model") in COMMANDS


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_ends_with_0_and_shows_an_example_of_that_command(path: tuple[str, ...], option: str) -> None:
    shown = CliRunner().invoke(app, [*path, option], prog_name="modelsync")
    assert shown.exit_code == 0
    assert shown.stdout.startswith(f"Usage: modelsync {' '.join(path)}")
    _, heading, examples = shown.stdout.partition("  Example")
    assert heading, shown.stdout
    assert f"modelsync {' '.join(path)}" in examples.partition("Options:")[0]


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_option_is_explained(path: tuple[str, ...]) -> None:
    options = [item for item in find(path).params if isinstance(item, click.Option)]
    assert [option.name for option in options if not option.help] == []


def read_examples(path: tuple[str, ...]) -> list[str]:
    text = (find(path).help or "").replace("\\\n", " ")
    return [line.strip() for line in text.splitlines() if line.startswith("  modelsync ")]


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_example_is_a_command_line_that_parses(path: tuple[str, ...]) -> None:
    for example in read_examples(path):
        words = shlex.split(example.partition("&&")[0].partition(">")[0])
        assert tuple(words[1 : 1 + len(path)]) == path
        if not isinstance(find(path), click.Group):
            find(path).make_context(path[-1], words[1 + len(path) :])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["vaildate"], 'No such command "vaildate". Did you mean "validate"?'),
        (["add", "modle"], "No such command 'modle'. Did you mean 'model'?"),
        (["validate", "--stritc"], "No such option '--stritc'. Did you mean '--strict'?"),
        (["plan", "--bsae", "main"], "No such option '--bsae'. Did you mean '--base'?"),
        (["policies", "traffic-sums-to-10"], 'Did you mean "traffic-sums-to-100"?'),
        (["validate", "-o", "xml"], "'xml' is not one of 'text', 'json', 'sarif', 'junit', 'github'"),
        (["completion", "tcsh"], "'tcsh' is not one of 'bash', 'zsh', 'fish'"),
        (["render"], "Missing argument 'ENV'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_command_line_is_a_usage_error(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) is Outcome.CONFIGURATION
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert "Try 'modelsync" in err


def test_a_command_like_no_other_gets_no_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["qqqq"]) is Outcome.CONFIGURATION
    assert "Did you mean" not in capsys.readouterr().err


def test_policies_lists_each_rule_once_and_explains_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["policies"]) is Outcome.DONE
    rules = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert len(rules) == len(set(rules)) > 20

    assert run(["policies", "traffic-sums-to-100"]) is Outcome.DONE
    explained = capsys.readouterr().out
    assert explained.startswith("traffic-sums-to-100 (")
    assert len(explained.splitlines()) > 3


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_prints_a_completion_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["completion", shell]) is Outcome.DONE
    out, err = capsys.readouterr()
    assert f"_MODELSYNC_COMPLETE={shell}_complete" in out
    assert err == ""


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        (["modelsync", "va"], ["validate"]),
        (["modelsync", "add", ""], ["environment", "model"]),
        (["modelsync", "plan", "--detailed"], ["--detailed-exitcode"]),
        (["modelsync", "validate", "-o", ""], ["github", "json", "junit", "sarif", "text"]),
    ],
    ids=lambda words: " ".join(words),
)
def test_bash_completes_with_it(typed: list[str], offered: list[str], tmp_path: Path) -> None:
    program = tmp_path / "modelsync"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m reconciler "$@"\n')
    program.chmod(0o755)
    script = f"""
        eval "$(modelsync completion bash)"
        COMP_WORDS=({" ".join(shlex.quote(word) for word in typed)})
        COMP_CWORD={len(typed) - 1}
        _modelsync_completion modelsync
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(
        ["bash", "--norc", "-c", script],
        env={**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert sorted(done.stdout.split()) == offered, done.stderr
