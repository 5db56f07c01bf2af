"""Each Galaxy tool offers what its program can do, with the same defaults, and its tests see all of it."""

import argparse
import re
import sys
from pathlib import Path

import pytest
from galaxy_tools import (
    GALAXY,
    ROOT,
    TOOLS,
    files_of_tests,
    input_paths,
    load_tool,
    name_of,
    parameters,
    values_of_test,
)
from test_documents import parser_of

from deepgrn_tool import __version__
from deepgrn_tool.training.presets import read_presets

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PROGRAMS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
TOOL_OF = {program: program.replace("-", "_") for program in PROGRAMS}
# Options that a form deliberately leaves out, and why. Options that all programs have come first.
EVERYWHERE = {
    "--help": "the help of the form",
    "--version": "the version of the tool",
    "--quiet": "logs of jobs are kept apart from results, and short: without a terminal there is no progress display",
    "--debug": "for those who develop",
    "--threads": "as many as the server gives to the job",
}
LEFT_OUT = {
    "deepgrn-import": {"--output": "the output of the tool"},
    "deepgrn-info": {"--tsv": "always: Galaxy shows tables"},
    "deepgrn-train": {
        "--output": "the output of the tool",
        "--history": "always: an output of the tool",
        "--memory": "from the memory that the server gives to the job",
        "--resume": "a job of Galaxy begins in an empty folder: there is never a run to go on from",
        "--checkpoint-minutes": "as --resume",
    },
    "deepgrn-features": {"--output": "the output of the tool"},
    "deepgrn-evaluate": {"--output": "the output of the tool"},
    "deepgrn-hub": {
        "--link": "the hub is to leave the folder of the job",
        "--overwrite": "a job of Galaxy begins in an empty folder",
    },
    "deepgrn-importance": {
        "--output": "the output of the tool",
        "--tests": "an output of the tool where there are comparisons",
    },
    "deepgrn-report": {"--output": "the output of the tool"},
    "deepgrn-motifs": {
        name: "one of the outputs to choose from"
        for name in ("--output", "--bed", "--control", "--background", "--accessibility", "--enrichment", "--summary")
    },
    "deepgrn-attention": {"--forward": "one of the tracks to choose from", "--reverse": "the same"},
    "deepgrn-predict": {
        "--summary": "one of the outputs to choose from",
        "--resume": "a job of Galaxy begins in an empty folder: there is never a run to go on from",
    },
}
EXTRA_CHOICES = {"none"}  # no figure


@pytest.fixture(scope="module", params=sorted(TOOLS), name="tool")
def one_tool(request):
    return load_tool(TOOLS[request.param])


def program_of(tool):
    return tool.get("id").replace("_", "-")


def options_of(program):
    """Options and positional arguments of a program, by their last spelling."""
    actions = parser_of(program)._actions
    return {(action.option_strings or [action.dest])[-1]: action for action in actions}


def action_of(param, options):
    """Find the option that a parameter stands for, `--no-` spellings included."""
    argument = param.get("argument")
    return options.get(argument) or next(
        action for action in options.values() if argument in action.option_strings or argument == action.dest
    )


def test_every_program_has_a_tool():
    assert sorted(TOOL_OF.values()) == sorted(TOOLS)


def test_tools_say_who_they_are(tool):
    program = program_of(tool)
    assert tool.get("version") == f"{__version__}+galaxy0"
    assert float(tool.get("profile")) >= 24
    assert [(each.text, each.get("version")) for each in tool.iter("requirement")] == [("deepgrn-tool", __version__)]
    assert tool.findtext("version_command") == f"{program} --version"
    assert tool.find("command").get("detect_errors") == "exit_code"
    assert [each.text for each in tool.iter("citation")] == ["10.1186/s12859-020-03952-1"]
    assert [each.text for each in tool.iter("xref")] == ["deepgrn"]
    assert all(re.fullmatch(r"topic_\d{4}", each.text) for each in tool.iter("edam_topic"))
    assert [each.text for each in tool.iter("edam_operation")]
    assert "**What it does**" in tool.findtext("help")
    assert "**Example**" in tool.findtext("help")


def test_citation_is_that_of_the_project():
    assert "doi: 10.1186/s12859-020-03952-1" in (ROOT / "CITATION.cff").read_text()


@pytest.mark.parametrize("name", sorted(TOOLS))
def test_macros_are_one_file(name):
    """Packages for the Tool Shed hold what lies in a tool's folder; they follow this link, but not ../ in an import."""
    assert (TOOLS[name].parent / "macros.xml").readlink() == Path("../macros.xml")


def test_every_argument_is_an_option(tool):
    options = options_of(program_of(tool))
    spellings = {name for action in options.values() for name in (*action.option_strings, action.dest)}
    given = {param.get("argument") for param in parameters(tool)} - {None}
    assert given <= spellings


def test_every_option_is_offered_or_left_out_with_a_reason(tool):
    program = program_of(tool)
    options = options_of(program)
    offered = {action_of(param, options).dest for param in parameters(tool) if param.get("argument")}
    left_out = {**EVERYWHERE, **LEFT_OUT.get(program, {})}
    missing = {name for name, action in options.items() if action.dest not in offered and name not in left_out}
    assert missing == set(), "not in the form, and no reason given"
    stale = {name for name in LEFT_OUT.get(program, {}) if name not in options or options[name].dest in offered}
    assert stale == set()


def told_default(help_text):
    """Read the number that a help text gives as default: "(default: 0.5)" of programs, "Empty: 0.5." of forms."""
    found = re.search(r"(?:default: |Empty: )([\d.]*\d)(?![\w])", help_text or "")
    return found and float(found.group(1))


def told_choice(help_text):
    """Read the choice that a help text gives as default: "center (default): …"."""
    found = re.search(r"\b(\w+)'? \(default\)", help_text)
    return found and found.group(1)


def test_defaults_are_those_of_the_program(tool):
    options = options_of(program_of(tool))
    for param in parameters(tool):
        if not param.get("argument"):
            continue
        action = action_of(param, options)
        if param.get("type") in ("integer", "float"):
            default = told_default(action.help) if action.default is None else action.default
            offered = float(param.get("value")) if param.get("value") else told_default(param.get("help"))
            assert offered == default, param.attrib
        if param.get("type") == "boolean" and action.default in (False, None):
            wanted = param.get("argument") in ("--summary", "--output")  # files; made unless they are declined
            assert (param.get("checked") == "true") == wanted, param.attrib


def test_choices_are_those_of_the_program(tool):
    options = options_of(program_of(tool))
    for param in parameters(tool):
        action = action_of(param, options) if param.get("argument") else None
        if action is None or param.get("type") != "select":
            continue
        values = [option.get("value") for option in param.findall("option")]
        if isinstance(action, argparse.BooleanOptionalAction):
            assert values == action.option_strings
        elif action.choices:
            assert set(values) - {"default"} == set(action.choices), param.attrib
            chosen = [option.get("value") for option in param.findall("option") if option.get("selected")]
            assert chosen in ([], ["default"], [action.default or told_choice(action.help)]), param.attrib
            assert chosen or param.get("optional") or action.default is None


def test_presets_of_training_are_those_of_the_program():
    tool = load_tool(TOOLS["deepgrn_train"])
    (preset,) = [param for param in parameters(tool) if param.get("argument") == "--preset"]
    assert [option.get("value") for option in preset] == list(read_presets())


def test_threads_are_those_of_the_job(tool):
    command = tool.findtext("command")
    uses = "--threads" in options_of(program_of(tool))
    assert ('--threads "\\${GALAXY_SLOTS:-1}"' in command) == uses
    assert "\\${GALAXY_MEMORY_MB:-8192}" in command or program_of(tool) != "deepgrn-train"


def test_values_are_quoted(tool):
    """Text and files of users stand in single quotes, in which a shell reads nothing."""
    free = {name_of(param) for param in parameters(tool) if param.get("type") in ("text", "data")}
    lines = [line for line in tool.findtext("command").splitlines() if not line.strip().startswith("#")]
    for line in lines:
        outside = re.sub(r"'[^']*'", "", line)
        used = set(re.findall(r"\$\{?([A-Za-z_.]+)", outside))
        assert not {name for name in used if name.split(".")[-1] in free}, line


def test_labels_are_there(tool):
    for param in parameters(tool):
        assert param.get("label"), param.attrib
        assert param.get("type") != "data" or param.get("format"), param.attrib


def cases_of(tool):
    return tool.find("tests").findall("test")


def test_there_are_enough_tests(tool):
    failures = [test for test in cases_of(tool) if test.get("expect_failure") == "true"]
    assert len(cases_of(tool)) >= 3
    assert failures
    for test in failures:
        said = [each.get("text") or each.get("line") for each in test.find("assert_stderr")]
        assert said[0].startswith(f"{program_of(tool)}: error: ")


def test_every_output_is_tested(tool):
    outputs = {each.get("name") for each in tool.find("outputs")}
    seen = {each.get("name") for test in cases_of(tool) for each in test if each.tag in ("output", "output_collection")}
    assert seen == outputs
    for test in cases_of(tool):
        checked = [each for each in test if each.tag in ("output", "output_collection")]
        assert len(checked) == int(test.get("expect_num_outputs", 0)) or test.get("expect_failure")
        assert all(list(each.iter("assert_contents")) for each in checked), test.attrib


def test_every_choice_is_tested(tool):
    """Each branch of each conditional, and both sides of each check box, unless the other side is the default."""
    tried = {
        pair
        for test in cases_of(tool)
        for path, value in values_of_test(test)
        for pair in [(path, each) for each in value.split(",")]
    }
    for path, params in input_paths(tool).items():
        for param in params:
            if param.get("type") == "boolean":
                other = "false" if param.get("checked") == "true" else "true"
                assert (path, other) in tried, path
    for conditional in tool.iter("conditional"):
        if conditional.find("when") is None or conditional.find("param") is None:
            continue  # of an output
        selected = {option.get("value") for option in conditional.find("param") if option.get("selected")}
        name = name_of(conditional.find("param"))
        ends = {value for path, value in tried if path.endswith(f"{conditional.get('name')}/{name}")}
        assert {each.get("value") for each in conditional.findall("when")} <= ends | selected, conditional.attrib


def test_files_of_tests_are_there(tool):
    assert [name for name in files_of_tests(tool) if not (ROOT / "test-data" / name).is_file()] == []


def test_files_have_telling_names_on_the_page_of_the_report():
    """The page lists its inputs by their names, which in Galaxy are those of links to dataset_1234.dat."""
    preparation, call = load_tool(TOOLS["deepgrn_report"]).findtext("command").split("\ndeepgrn-report\n")
    given = dict(re.findall(r"--(features|model|history|regions|labels|attention) (\S+)", call))
    assert given == {
        "features": "features.h5",
        "model": "model.h5",
        "history": "history.tsv",
        "regions": "regions.bed",
        "labels": "'$label_file'",
        "attention": "'$attention_file'",
    }
    for name in given.values():
        assert re.search(rf"ln -s '\$\S+' {re.escape(name)} &&\n", preparation), name


def test_data_table_of_the_tests_names_the_bundled_genome():
    table = (ROOT / "test-data" / "galaxy" / "fasta_indexes.loc").read_text()
    assert table.splitlines()[1] == "demo\thg19\tDemo genome\t${__HERE__}/../genome.fa.gz"
    assert "test-data/galaxy/fasta_indexes.loc" in (GALAXY / "tool_data_table_conf.xml.test").read_text()
