"""Galaxy tools as Galaxy sees them, macros expanded: enough of its rules for galaxy/, without Galaxy."""

import copy
import xml.etree.ElementTree as ElementTree
from pathlib import Path

ROOT = Path(__file__).parent.parent
GALAXY = ROOT / "galaxy"
TOOLS = {path.stem: path for path in sorted(GALAXY.glob("deepgrn_*/deepgrn_*.xml"))}


def _replace_tokens(element, tokens):
    for each in element.iter():
        for name, value in each.attrib.items():
            each.set(name, _replaced(value, tokens))
        each.text = each.text and _replaced(each.text, tokens)


def _replaced(text, tokens):
    for name, value in tokens.items():
        text = text.replace(name, value)
    return text


def _expand(element, macros):
    """Replace each `expand` below an element by its macro, until there is none."""
    children = []
    for child in list(element):
        if child.tag != "expand":
            _expand(child, macros)
            children.append(child)
            continue
        macro = copy.deepcopy(macros[child.get("macro")])
        tokens = {name: value for name, value in macro.attrib.items() if name.startswith("token_")}
        given = {f"token_{name}": value for name, value in child.attrib.items() if name != "macro"}
        assert set(given) <= set(tokens), f"{child.attrib} gives what the macro does not take"
        _replace_tokens(macro, {f"@{name[6:].upper()}@": value for name, value in {**tokens, **given}.items()})
        for parent in list(macro.iter()):
            for place, inner in enumerate(list(parent)):
                if inner.tag == "yield":
                    parent[place : place + 1] = list(child)
        _expand(macro, macros)
        children += list(macro)
    element[:] = children


def load_tool(path):
    """Read a tool; returns its root element with macros expanded and tokens replaced."""
    tool = ElementTree.parse(path).getroot()
    own = tool.find("macros")
    parts = [own] + [ElementTree.parse(path.parent / each.text).getroot() for each in own.findall("import")]
    macros = {each.get("name"): each for part in parts for each in part.findall("xml")}
    tokens = {each.get("name"): each.text for part in parts for each in part.findall("token")}
    tool.remove(own)
    _expand(tool, macros)
    _replace_tokens(tool, tokens)
    return tool


def parameters(tool):
    """List the parameters of a form."""
    return list(tool.find("inputs").iter("param"))


def name_of(param):
    """Name of a parameter: its own, or that of its option."""
    return param.get("name") or param.get("argument").lstrip("-").replace("-", "_")


def input_paths(tool):
    """Map each parameter of a form to the path that tests reach it by, such as task/genome/source."""
    paths = {}

    def walk(element, prefix):
        for child in element:
            if child.tag == "param":
                paths.setdefault(f"{prefix}{name_of(child)}", []).append(child)
            elif child.tag in ("conditional", "section", "repeat"):
                walk(child, f"{prefix}{child.get('name')}/")
            elif child.tag == "when":
                walk(child, prefix)

    walk(tool.find("inputs"), "")
    return paths


def values_of_test(test):
    """List what a test sets, as pairs of path and value."""
    values = []

    def walk(element, prefix):
        for child in element:
            if child.tag == "param":
                values.append((f"{prefix}{child.get('name')}", child.get("value", "")))
            elif child.tag in ("conditional", "section", "repeat"):
                walk(child, f"{prefix}{child.get('name')}/")

    walk(test, "")
    return values


def files_of_tests(tool):
    """Name the files below test-data/ that the tests of a tool read."""
    data = {path for path, params in input_paths(tool).items() if params[0].get("type") == "data"}
    files = [value for test in tool.find("tests") for path, value in values_of_test(test) if path in data]
    files += [each.get("value") for each in tool.iter("element") if each.get("value")]
    return sorted({name for value in files for name in value.split(",") if name})
