"""Programs start fast and parts know only the parts below them.

cli ─▶ predict ─▶ engine, labels ─▶ network, tracks ─▶ data ─▶ formats ─▶ output, progress ─▶ errors
"""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parent.parent
PACKAGE = "deepgrn_tool"
LAYERS = (  # lowest first; parts side by side do not know each other
    {"errors", "metrics"},
    {"output", "progress", "same_run"},
    {"formats", "plots"},
    {"data"},
    {"kept_scores", "network", "tracks"},
    {"engine", "labels", "pairing"},
    {"scoring"},
    {"evaluation", "hub", "merge", "predict", "training"},
    {"attention", "importance"},
    {"motifs", "report"},
    {"cli"},
)
LEVEL = {part: level for level, parts in enumerate(LAYERS) for part in parts}
PROGRAMS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
NETWORK_LIBRARIES = ("jax", "keras", "tensorflow", "torch")
HEAVY_LIBRARIES = (*NETWORK_LIBRARIES, "h5py", "isal", "jinja2", "matplotlib", "numpy", "pyBigWig", "pysam", "scipy")
MISSING_FILES = {
    "deepgrn-attention": ["absent.h5", "absent.model.h5", "--cell", "a", "-o", "out.bw"],
    "deepgrn-evaluate": ["absent.bw", "--labels", "absent.tsv.gz", "-o", "out.tsv"],
    "deepgrn-features": ["--genome", "absent.fa", "-o", "out.h5"],
    "deepgrn-hub": ["--scores", "a:b=absent.bw", "--assembly", "hg19", "--email", "a@b.c", "-o", "hub"],
    "deepgrn-import": ["absent.h5", "-o", "model.h5"],
    "deepgrn-importance": ["absent.h5", "absent.model.h5", "--labels", "absent.tsv.gz", "-o", "out.tsv"],
    "deepgrn-info": ["absent.h5"],
    "deepgrn-labels": ["--sizes", "absent.sizes", "--peaks", "a=absent.bed", "-o", "out.tsv.gz"],
    "deepgrn-merge": ["absent.bw", "-o", "out.bw"],
    "deepgrn-motifs": ["absent.h5", "absent.model.h5", "--cell", "a", "--above", "0.5", "-o", "out.fa"],
    "deepgrn-predict": ["absent.h5", "absent.model.h5", "--cell", "a", "-o", "out.bw"],
    "deepgrn-report": ["--scores", "absent.bw", "-o", "out.html"],
    "deepgrn-train": ["absent.h5", "absent.tsv.gz", "-o", "model.h5"],
}


def run_program(program, arguments, folder):
    """Run a program in a new interpreter; returns the exit code, the modules it imported, stdout and stderr."""
    module, function = PROGRAMS[program].split(":")
    code = (
        "import atexit, sys\n"
        "atexit.register(lambda: open('modules.txt', 'w').write('\\n'.join(sys.modules)))\n"
        f"from {module} import {function} as main\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], cwd=folder, capture_output=True, text=True)
    modules = (folder / "modules.txt").read_text().split()
    (folder / "modules.txt").unlink()
    return done.returncode, {module.partition(".")[0] for module in modules}, done.stdout, done.stderr


@pytest.mark.parametrize("program", PROGRAMS)
def test_help_loads_nothing_heavy(program, tmp_path):
    code, modules, shown, said = run_program(program, ["--help"], tmp_path)
    assert (code, said) == (0, "")
    assert shown.startswith(f"usage: {program} ")
    assert "deepgrn_tool" in modules
    assert sorted(modules & set(HEAVY_LIBRARIES)) == []


@pytest.mark.parametrize("program", PROGRAMS)
def test_bad_options_load_nothing_heavy(program, tmp_path):
    code, modules, shown, said = run_program(program, ["--no-such-option"], tmp_path)
    assert (code, shown) == (2, "")
    assert said.splitlines()[-1].startswith(f"{program}: error: ")
    assert sorted(modules & set(HEAVY_LIBRARIES)) == []


@pytest.mark.parametrize("program", PROGRAMS)
def test_missing_files_are_found_before_a_network_library_loads(program, tmp_path):
    code, modules, shown, said = run_program(program, MISSING_FILES[program], tmp_path)
    assert (code, shown) == (1, "")
    assert len(said.splitlines()) == 1
    assert said.startswith(f"{program}: error: absent.")
    assert sorted(modules & set(NETWORK_LIBRARIES)) == []
    assert list(tmp_path.iterdir()) == []


def module_name(path, root=ROOT):
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def is_module(name):
    return (ROOT / name.replace(".", "/")).is_dir() or (ROOT / (name.replace(".", "/") + ".py")).is_file()


def imported_modules(source):
    """Modules of the package that a source text imports, anywhere in it: at the top, for types, in functions."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide where they point"
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if is_module(name) else node.module for name in inner}
    return {name for name in found if name.split(".")[0] == PACKAGE}


def part_of(module):
    """First name below the package; the package itself holds the version only and has no part."""
    return module.split(".")[1] if "." in module else None


def wrong_imports(module, source):
    part = part_of(module)
    others = {name: part_of(name) for name in imported_modules(source)} if part else {}
    return sorted(name for name, other in others.items() if other not in (None, part) and LEVEL[other] >= LEVEL[part])


MODULES = {module_name(path): path for path in sorted((ROOT / PACKAGE).rglob("*.py"))}


def test_every_part_has_its_place():
    assert {part_of(name) for name in MODULES} - {None} == set(LEVEL)


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_downwards(module):
    assert wrong_imports(module, MODULES[module].read_text()) == []


def test_modules_do_not_import_in_a_circle():
    graph = {name: imported_modules(path.read_text()) - {PACKAGE} for name, path in MODULES.items()}
    assert len(list(TopologicalSorter(graph).static_order())) >= len(MODULES) - 1  # raises CycleError otherwise


@pytest.mark.parametrize(
    ("module", "source", "wrong"),
    [
        ("deepgrn_tool.formats.bed", "from deepgrn_tool.data.bins import tile", ["deepgrn_tool.data.bins"]),
        ("deepgrn_tool.formats.bed", "from deepgrn_tool.data import bins", ["deepgrn_tool.data.bins"]),
        ("deepgrn_tool.network.build", "import deepgrn_tool.tracks.writer", ["deepgrn_tool.tracks.writer"]),
        ("deepgrn_tool.data.bins", "def f():\n    from deepgrn_tool.cli import info", ["deepgrn_tool.cli.info"]),
        ("deepgrn_tool.data.bins", "if TYPE_CHECKING:\n    import deepgrn_tool.engine", ["deepgrn_tool.engine"]),
        ("deepgrn_tool.data.bins", "from deepgrn_tool.data.intervals import merge", []),
        ("deepgrn_tool.data.bins", "import numpy\nfrom deepgrn_tool.errors import InputError", []),
        ("deepgrn_tool.cli.info", "from deepgrn_tool import __version__", []),
    ],
)
def test_the_check_itself(module, source, wrong):
    assert wrong_imports(module, source) == wrong


def modules_that_import(libraries):
    users = set()
    for name, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            if {imported.split(".")[0] for imported in names} & libraries:
                users.add(name)
    return users


def test_few_modules_know_keras():
    """Predicting needs the engine and the network; derivatives, as training does, the network itself."""
    users = {name for name in modules_that_import({"keras"}) if part_of(name) not in ("engine", "network", "training")}
    assert users == {"deepgrn_tool.attention.gradient"}


def test_few_modules_know_the_backends():
    """Predicting is written for any backend; derivatives, as training does, need TensorFlow."""
    users = modules_that_import({"jax", "tensorflow", "torch"})
    users = {name for name in users if part_of(name) != "training"}
    assert users == {"deepgrn_tool.attention.gradient", "deepgrn_tool.engine.keras_backend"}
