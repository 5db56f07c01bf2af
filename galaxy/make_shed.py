#!/usr/bin/env python3
"""Write .shed.yml: what the Tool Shed shows of each tool, and which files its package holds.

Run it after a tool was added, or after its tests read other files; tests/test_galaxy_shed.py fails until then.
"""

from __future__ import annotations

import sys
from pathlib import Path

GALAXY = Path(__file__).resolve().parent
sys.path.insert(0, str(GALAXY.parent / "tests"))
from galaxy_tools import TOOLS, files_of_tests, load_tool  # noqa: E402

HEAD = """\
# Written by make_shed.py.
name: deepgrn
owner: deepgrn
description: Predicts where transcription factors bind, from sequence and open chromatin
homepage_url: https://doi.org/10.1186/s12859-020-03952-1
# To be set, with the owner, to where the project is published.
remote_repository_url: https://github.com/deepgrn/deepgrn-tool/tree/main/galaxy
type: unrestricted
categories:
  - ChIP-seq
  - Epigenetics
  - Machine Learning
suite:
  name: suite_deepgrn
  description: All tools of DeepGRN, which predicts where transcription factors bind
  long_description: |
    {text}
repositories:
"""
TEXT = (
    "DeepGRN predicts where a transcription factor binds in a cell type, for every 200 bp of a genome, from sequence, "
    "open chromatin, annotation and expression, and shows where the network finds its evidence."
)
DATA_TABLE = ("tool_data_table_conf.xml.sample", "tool-data/fasta_indexes.loc.sample")
BUILT_IN = ("galaxy/fasta_indexes.loc", "genome.fa.gz", "genome.fa.gz.fai", "genome.fa.gz.gzi")


def packed_files(tool_id: str) -> dict[str, str]:
    """Map the files of a tool's package, relative to this folder, to their names in it."""
    tool = load_tool(TOOLS[tool_id])
    files = {f"{tool_id}/{name}": name for name in (f"{tool_id}.xml", "macros.xml")}
    data = set(files_of_tests(tool))
    if tool.find(".//options[@from_data_table]") is not None:
        files.update({name: name for name in DATA_TABLE})
        data |= set(BUILT_IN)
    return {**files, **{f"../test-data/{name}": f"test-data/{name}" for name in sorted(data)}}


def shed_text() -> str:
    """Write .shed.yml of all tools and the suite."""
    lines = []
    for tool_id in TOOLS:
        description = load_tool(TOOLS[tool_id]).findtext("description")
        lines += [f"  {tool_id}:", f"    description: 'DeepGRN: {description}'", f"    long_description: '{TEXT}'"]
        lines += ["    include:"]
        for source, name in packed_files(tool_id).items():
            lines += [f"      - source: {source}", f"        destination: {name}"]
    return HEAD.format(text=TEXT) + "\n".join(lines) + "\n"


if __name__ == "__main__":
    (GALAXY / ".shed.yml").write_text(shed_text())
