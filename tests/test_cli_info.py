import re

import pytest
from features_inputs import Inputs

from deepgrn_tool.cli.features import main as features_main
from deepgrn_tool.cli.info import main


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    made = Inputs(tmp_path_factory.mktemp("toy"))
    assert features_main([*made.everything(), "--quiet"]) == 0
    return made


def test_table(inputs, capsys):
    assert main([str(inputs.output)]) == 0
    out = capsys.readouterr().out
    # liver: 10 + 1 + 10 + 1200 of 4200 bases; sum 15 + 3 + 2.5 + 2400 = 2420.5, divided by 4200.
    assert re.search(r"liver:accessibility +29.07 % of bases with a value, mean 0.5763, minimum 0, maximum 3\n", out)
    assert str(inputs.folder) not in out


def test_tsv(inputs, capsys):
    assert main([str(inputs.output), "--tsv"]) == 0
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert rows[0] == ["section", "name", "value"]
    assert {len(row) for row in rows} == {3}
    for row in [
        ["file", "format", "deepgrn-features 1.0"],
        ["file", "assembly", "toy1"],
        ["file", "bases", "4200 on 2 chromosomes, 4195 of them A, C, G or T"],
        ["chromosome", "chrA", "3000"],
        ["genome track", "conservation", "0.26 % of bases with a value, mean -0.00131, minimum -1.25, maximum 7"],
        ["expression", "K562", "0.5 1.5 2.5 3.5 4.5 5.5 6.5 7.5"],
        ["intervals", "cds", "1 intervals, 160 bases"],
        ["intervals", "blacklist", "1 intervals, 100 bases"],
    ]:
        assert row in rows
    sources = {row[1]: row[2] for row in rows if row[0] == "source"}
    assert sources["sequence"].startswith("genome.fa, ")
    assert len(sources) == 1 + 2 + 3 + 2 + 6 + 1
