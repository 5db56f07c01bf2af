"""The recipe says what pyproject.toml says, the strict schema of rattler-build takes it, and it builds; offline.

For the build, a channel is made on the spot: Python, pip and setuptools of these tests as packages, and empty packages
of the lowest versions for what the programs need, which `--version` does not load.
"""

import json
import os
import re
import shutil
import sys
import sysconfig
from importlib.metadata import version
from pathlib import Path

import jinja2
import pytest
import yaml

from deepgrn_tool import __version__

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parent.parent
RECIPE = ROOT / "bioconda_recipe" / "meta.yaml"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
CONDA_NAMES = {"isal": "python-isal", "matplotlib": "matplotlib-base"}  # where they differ from those of PyPI
ABOUT_IN_VERSION_1 = {"home": "homepage", "license_family": None}  # None: dropped there


def split_requirement(text):
    """Split a requirement into its name, in lower case, and its bounds."""
    name, bounds = re.fullmatch(r"([A-Za-z0-9_-]+)\s*(.*)", text).groups()
    return name.lower(), bounds


@pytest.fixture(scope="module")
def recipe():
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)
    text = environment.from_string(RECIPE.read_text()).render(
        PYTHON="python", pin_subpackage=lambda name, max_pin: f"{name} {max_pin}"
    )
    return yaml.safe_load(text)


def test_package_is_the_project(recipe):
    assert recipe["package"] == {"name": PROJECT["project"]["name"], "version": __version__}
    assert recipe["build"]["noarch"] == "python"
    assert recipe["about"]["license"] == PROJECT["project"]["license"]
    assert (ROOT / recipe["about"]["license_file"]).is_file()
    assert recipe["about"]["summary"].rstrip(".") == PROJECT["project"]["description"]


def test_programs_are_those_of_the_project(recipe):
    programs = PROJECT["project"]["scripts"]
    assert recipe["build"]["entry_points"] == [f"{name} = {place}" for name, place in programs.items()]
    assert recipe["test"]["commands"] == [f"{name} --version" for name in programs]


def test_packages_it_needs_are_those_of_the_project(recipe):
    needed = dict(split_requirement(text) for text in PROJECT["project"]["dependencies"])
    wanted = {CONDA_NAMES.get(name, name): bounds for name, bounds in needed.items()}
    wanted["python"] = PROJECT["project"]["requires-python"]
    assert dict(map(split_requirement, recipe["requirements"]["run"])) == wanted
    host = dict(map(split_requirement, recipe["requirements"]["host"]))
    (build_system,) = PROJECT["build-system"]["requires"]
    assert host == {"python": wanted["python"], "pip": "", **dict([split_requirement(build_system)])}


def test_later_packages_can_rely_on_it(recipe):
    assert recipe["build"]["run_exports"] == ["deepgrn-tool x.x"]


def test_identifiers_are_those_of_the_citation(recipe):
    (doi,) = re.findall(r"doi: (\S+)", (ROOT / "CITATION.cff").read_text())
    assert recipe["extra"]["identifiers"] == [f"doi:{doi}", "biotools:deepgrn"]


def version_1(recipe):
    """Write the recipe in version 1 of the format, which rattler-build reads; fields that are unknown there fail."""
    build = dict(recipe["build"])
    entry_points, exports = build.pop("entry_points"), build.pop("run_exports")
    about = {ABOUT_IN_VERSION_1.get(name, name): value for name, value in recipe["about"].items()}
    return {
        "package": recipe["package"],
        "source": recipe["source"],
        "build": {**build, "python": {"entry_points": entry_points}},
        "requirements": {**recipe["requirements"], "run_exports": [export.split()[0] for export in exports]},
        "tests": [
            {"python": {"imports": recipe["test"]["imports"], "pip_check": False}},
            {"script": recipe["test"]["commands"]},
        ],
        "about": {name: value for name, value in about.items() if name},
        "extra": recipe["extra"],
    }


def test_schema_of_rattler_build_takes_it(recipe):
    rattler_build = pytest.importorskip("rattler_build", reason="py-rattler-build has no build for this platform")
    rendered = [output.recipe.to_dict() for output in rattler_build.Stage0Recipe.from_dict(version_1(recipe)).render()]
    (package,) = [each["package"] for each in rendered]
    assert package == {"name": "deepgrn-tool", "version": __version__}


def test_schema_of_rattler_build_refuses_what_it_does_not_know(recipe):
    rattler_build = pytest.importorskip("rattler_build", reason="py-rattler-build has no build for this platform")
    wrong = {**version_1(recipe), "requirement": {"run": ["python"]}}
    with pytest.raises(rattler_build.RattlerBuildError):
        rattler_build.Stage0Recipe.from_dict(wrong)


class Channel:
    """A channel in a folder, with packages that are built into it."""

    def __init__(self, rattler_build, folder):
        self.rattler_build, self.folder = rattler_build, folder
        for platform in ("noarch", "linux-64"):
            (folder / platform).mkdir(parents=True)
            empty = {"info": {"subdir": platform}, "packages": {}, "packages.conda": {}, "repodata_version": 1}
            (folder / platform / "repodata.json").write_text(json.dumps(empty))

    def build(self, recipe):
        """Build a recipe; give its package."""
        path = self.folder.parent / "recipe.yaml"
        path.write_text(yaml.safe_dump(recipe))
        (variant,) = self.rattler_build.Stage0Recipe.from_file(str(path)).render()
        built = variant.run_build(output_dir=str(self.folder), channels=[self.folder.as_uri()])
        (package,) = built.packages
        return Path(package)

    def test(self, package):
        """Install a package and run its tests; give what they say."""
        opened = self.rattler_build.Package.from_file(str(package))
        return opened.run_tests(channel=[self.folder.as_uri()])

    def stand_in(self, name, number, script):
        """Build a package that holds what the script puts into its prefix."""
        build = {"number": 0, "script": script, "dynamic_linking": {"binary_relocation": False}}
        about = {"license": "MIT", "summary": "Stands in."}
        self.build({"package": {"name": name, "version": number}, "build": build, "about": about})


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the channel is made for Linux")
def test_it_builds_and_its_tests_pass(recipe, tmp_path):
    rattler_build = pytest.importorskip("rattler_build", reason="py-rattler-build has no build for this platform")
    channel = Channel(rattler_build, tmp_path / "channel")
    interpreter, site = os.path.realpath(sys.executable), sysconfig.get_paths()["purelib"]
    target = f"$PREFIX/lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
    channel.stand_in(
        "python",
        ".".join(map(str, sys.version_info[:3])),
        f"{interpreter} -m venv --without-pip $PREFIX && rm -f $PREFIX/bin/[aA]ctivate* $PREFIX/.gitignore",
    )
    for name, parts in {"pip": "pip pip-*", "setuptools": "setuptools setuptools-* _distutils_hack"}.items():
        files = " ".join(f"{site}/{part}" for part in parts.split())
        channel.stand_in(name, version(name), f"mkdir -p {target} && cp -r {files} {target}/")
    for requirement in recipe["requirements"]["run"]:
        name, bounds = split_requirement(requirement)
        if name != "python":
            channel.stand_in(name, bounds.split(",")[0].removeprefix(">="), "true")
    source = tmp_path / "source"
    shutil.copytree(ROOT / "deepgrn_tool", source / "deepgrn_tool", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    package = channel.build({**version_1(recipe), "source": {"path": str(source)}})
    assert package.parent == channel.folder / "noarch"
    assert package.name.startswith(f"deepgrn-tool-{__version__}-")
    results = channel.test(package)
    assert len(results) == 2  # imports, commands
    assert all(result.success for result in results), "\n".join(line for result in results for line in result.output)
