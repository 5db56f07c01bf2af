"""What the Tool Shed gets: every tool, and all that its tests need."""

import re
import sys

import pytest
from galaxy_tools import GALAXY, TOOLS

sys.path.insert(0, str(GALAXY))
from make_shed import packed_files, shed_text


def test_metadata_is_up_to_date():
    """Else run galaxy/make_shed.py."""
    assert (GALAXY / ".shed.yml").read_text() == shed_text()


@pytest.mark.parametrize("tool_id", sorted(TOOLS))
def test_packed_files_exist(tool_id):
    assert [source for source in packed_files(tool_id) if not (GALAXY / source).is_file()] == []


def test_tools_that_read_a_data_table_bring_its_description_along():
    users = {name for name, path in TOOLS.items() if re.search("builtin_genome|macro=.genome", path.read_text())}
    assert users >= {"deepgrn_features", "deepgrn_labels", "deepgrn_merge"}
    packed = {name for name in TOOLS if "tool_data_table_conf.xml.sample" in packed_files(name)}
    assert packed == users
