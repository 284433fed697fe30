"""The documents: every example runs and prints what is written, docs/cli.md is the real help, links lead somewhere."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = [path.relative_to(ROOT).as_posix() for path in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]]
TEXTS = {document: (ROOT / document).read_text("utf-8") for document in DOCUMENTS}
README = TEXTS["README.md"]
GUIDE = re.findall(r"```python\n(.*?)```", TEXTS["docs/guide.md"], re.S)
NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?")


def script(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def words_and_numbers(text):
    """Return an output as its words and its numbers, without the seconds that a run took."""
    text = re.sub(r"in [\d.]+ s;", "in ... s;", text)
    return " ".join(NUMBER.sub("#", text).split()), [float(found.replace(",", "")) for found in NUMBER.findall(text)]


@pytest.mark.parametrize(("kind", "source", "written"), script("make_examples").EXAMPLE.findall(README))
def test_readme_examples_print_what_is_written(kind, source, written):
    words, numbers = words_and_numbers(written)
    printed_words, printed_numbers = words_and_numbers(script("make_examples").output(kind, source))
    assert printed_words == words, "run: python docs/make_examples.py"
    assert printed_numbers == pytest.approx(numbers, rel=0.02, abs=0.02)  # machines round differently


def test_another_output_would_be_noticed():
    words, numbers = words_and_numbers("0.978 on 1,797 rows in 0.1 s; error 3e-12")
    assert (words, numbers) == ("# on # rows in ... s; error #", [0.978, 1797, 3e-12])
    assert words != words_and_numbers("0.978 of 1,797 rows in 0.1 s; error 3e-12")[0]


def test_every_python_block_of_the_readme_shows_its_output():
    kinds = [kind for kind, *_ in script("make_examples").EXAMPLE.findall(README)]
    assert kinds.count("python") == README.count("```python") == 1 and "sh" in kinds


@pytest.mark.parametrize("number", range(len(GUIDE)))
def test_guide_examples_run(number, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    exec(compile(GUIDE[number], f"guide block {number}", "exec"), {})
    assert capsys.readouterr().out


@pytest.mark.parametrize("document", ["README.md", "docs/guide.md"])
def test_commands_in_shell_blocks_exist_and_can_be_pasted(document):
    from pellucid.cli.main import COMMANDS

    lines = [
        line for block in re.findall(r"```sh\n(.*?)```", TEXTS[document], re.S) for line in block.splitlines() if line
    ]
    commands = [line for line in lines if line.startswith("pellucid ")]
    assert len(commands) > 5 and not [line for line in lines if line.startswith("$")]
    for line in commands:
        name, *options = line.partition("#")[0].split()[1:]
        assert name in COMMANDS, line
        known = {option for parameter in command_of(name).params for option in parameter.opts}
        assert {option for option in options if option.startswith("--")} <= known, line


def command_of(name):
    from pellucid.cli.main import commands

    return commands.get_command(None, name)


def test_the_readme_is_written_in_short_sentences():
    prose = re.sub(r"```.*?```|^\|.*?$|^#.*?$|!\[.*?\)|<!--.*?-->", "\n\n", README, flags=re.S | re.M)
    sentences = [words for part in re.split(r"[.:;?!](?:\*\*)?(?=\s)|\n\n", prose) if len(words := part.split()) > 2]
    assert len(sentences) > 25 and sum(map(len, sentences)) / len(sentences) <= 18


def test_cli_document_is_the_real_help():
    assert TEXTS["docs/cli.md"] == script("make_cli").cli_markdown(), "run: python docs/make_cli.py"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", TEXTS[document]):
        if not target.startswith("http"):
            assert ((ROOT / document).parent / target).exists(), target


@pytest.mark.parametrize("document", ["docs/architecture.md", "docs/decisions.md", "CONTRIBUTING.md", "README.md"])
def test_named_files_exist(document):
    for path in re.findall(r"`([a-z_]+(?:/[a-z_]+)*(?:\.(?:py|md|txt)|/))`", TEXTS[document]):
        assert (ROOT / path).exists() or (ROOT / "src" / "pellucid" / path).exists(), path


def test_the_architecture_lists_every_room():
    listed, parents = [], []
    for indent, name in re.findall(r"^( *)([a-z_]+)/  +\S", TEXTS["docs/architecture.md"], re.M):
        parents = [*parents[: len(indent) // 2], name]
        listed.append("/".join(parents))
    source = ROOT / "src" / "pellucid"
    rooms = {path.parent for path in source.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    rooms = {path.relative_to(source).as_posix() for path in rooms} - {"."}
    assert sorted(listed) == sorted(room for room in rooms if not room.startswith("web/static/"))


def test_the_comparison_names_tests_that_exist_and_parameters_that_are_missing():
    from sklearn.neural_network import MLPClassifier

    named = re.findall(r"(tests/[\w/]+\.py)(?:::(\w+))?", TEXTS["docs/comparison.md"])
    assert len(named) > 25
    for path, test in named:
        assert f"def {test or 'test_'}" in (ROOT / path).read_text("utf-8"), f"{path}::{test}"
    lacking = {"class_weight", "dropout", "validation_data", "clip_norm", "init", "restarts", "callbacks"}
    assert not lacking & set(MLPClassifier().get_params())
