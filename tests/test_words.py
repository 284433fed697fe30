"""Retired words stay out of what a user reads: messages, help, pages and documents. CONTRIBUTING lists them."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "pellucid"

RETIRED = {  # what we do not say: what we say, or why not
    r"told|said": "reported, printed, predicted",
    r"(?:goes|go|went) by": "depends on, uses; coordinate-wise for Adam",
    r"nudg\w+": "finite difference; change slightly",
    r"slips?": "common mistakes",
    r"(?:keep|keeps|kept|hold|holds|held) back": "held out, validation",
    r"likeness": "similarity",
    r"file facts": "metadata baseline",
    r"refus\w+": "rejects, raises, cannot",
    r"judg(?:e|es|ed|ing)": "scores, compares",
    r"veil\w*": "mask",
    r"bent to": "DNS rebinding",
    r"hangs? on": "depends on",
    r"stands? as": "is",
    r"(?:has|have|had) (?:a|no) say": "influences, was not used",
    r"anew": "again",
    r"speaks? (?:for|against)": "contributes to",
    r"of which": "archaic; begin a new sentence",
    r"at hand": "available",
    r"(?-i:is none)": "is missing, is invalid",  # not Python's None
}
# not in names: behind a hyphen, in an attribute, as a key or a variable
WORDS = re.compile(
    "|".join(rf"(?P<w{number}>(?<![-=\"'.\w])(?:{word})\b(?!\.\w| =))" for number, word in enumerate(RETIRED)), re.I
)
QUOTED = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`")
RECORDED = "<!-- made by: python -m benchmarks"  # below it, docs/performance.md is the output of earlier runs


def phrases_of_python(text):
    """Yield (line, text) of each string that may be shown, and of the docstrings of commands, which are their help.

    A string with a space is a phrase; other docstrings are for readers of the source.
    """
    tree = ast.parse(text)
    hidden = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.body:
            decorators = [ast.unparse(decorator) for decorator in getattr(node, "decorator_list", [])]
            first = node.body[0]
            if isinstance(first, ast.Expr) and not any(".command(" in name for name in decorators):
                hidden.add(first.value)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in hidden and " " in node.value:
            yield node.lineno, node.value


def phrases_of_page(text):
    """Yield (line, text) of each quoted text of a script that has a space, comments left out."""
    without = re.sub(r"/\*.*?\*/|(?<![:\"'])//[^\n]*", blank, text, flags=re.S)
    for found in QUOTED.finditer(without):
        shown = re.sub(r"\$\{[^{}]*\}", "${}", found[0][1:-1])
        if " " in shown:
            yield without.count("\n", 0, found.start()) + 1, shown


def lines(text):
    yield from enumerate(text.splitlines(), 1)


def hits(path, phrases, text):
    """Return a line for each retired word: where it is, the word, what to say instead, the text around it."""
    found = []
    for line, phrase in phrases(text):
        for match in WORDS.finditer(phrase):
            at = line + phrase.count("\n", 0, match.start())
            around = " ".join(phrase[max(0, match.start() - 40) : match.end() + 40].split())
            word = list(RETIRED.values())[int(match.lastgroup[1:])]
            found.append(f"{path}:{at}: {match[0]!r} ({word}): {around}")
    return found


def lines_of_document(text):
    """Yield the lines of a document, without CONTRIBUTING's vocabulary and without the output of programs."""
    left_out = r"(?<=## Vocabulary).*?(?=^## )|^```text.*?^```"
    yield from lines(re.sub(left_out, blank, text.partition(RECORDED)[0], flags=re.S | re.M))


def blank(found):
    return "\n" * found[0].count("\n")


def found_in(paths, phrases):
    return [hit for path in sorted(paths) for hit in hits(path.relative_to(ROOT), phrases, path.read_text("utf-8"))]


def test_documents():
    written = {*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")} - {ROOT / "docs" / "cli.md"}  # made from the help
    found = found_in(written, lines_of_document)
    assert not found, "\n" + "\n".join(found)


def found_in_source():
    scripts = [path for path in SOURCE.rglob("*.js") if path.parent.name != "uplot"]
    return [
        *found_in(SOURCE.rglob("*.py"), phrases_of_python),
        *found_in(scripts, phrases_of_page),
        *found_in(SOURCE.rglob("*.html"), lines),
    ]


def test_messages_help_and_pages():
    found = list(found_in_source())
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("phrases", "text", "line"),
    [
        (lines_of_document, "fine\n## Vocabulary\nslips\n\n## More\nThe doctor's verdict is told here.", 6),
        (phrases_of_python, 'def f():\n    raise InputError(f"{name} is told of it")', 2),
        (phrases_of_python, 'def f():\n    """It is told."""\n    say("one\\n"\n        "this is told")', 4),
        (phrases_of_python, '@commands.command()\ndef f():\n    """One.\n\n    What is told.\n    """', 5),
        (phrases_of_python, '@commands.command("x", epilog="it is told")\ndef f(): ...', 1),
        (phrases_of_page, '// it is told\nsay("it is told");', 2),
        (phrases_of_page, "`${refused.length} are\nrefused`", 2),
        (phrases_of_page, "/* is told */ say(`one\n it is told`);", 2),
    ],
)
def test_a_retired_word_would_be_found(phrases, text, line):
    assert [hit.split(":")[1] for hit in hits("file", phrases, text)] == [str(line)]


@pytest.mark.parametrize("text", ['"""It is told."""', 'x = "told"', "# it is told", 'def f():\n    """It is told."""'])
def test_what_no_user_reads_is_left_alone(text):
    assert hits("file", phrases_of_python, text) == []
