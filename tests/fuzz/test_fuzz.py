"""A short run of the fuzz targets, without a fuzzer: good files, what was found before, and the same changes each time.

benchmarks/fuzz.py looks further. HDF5 files changed byte by byte are left to it, because what happens then depends on
the version of the HDF5 library; here they are changed by way of the library.
"""

from pathlib import Path

import pytest
from fuzz_mutations import mutations
from fuzz_seeds import seeds
from fuzz_targets import TARGETS, run_target

FINDINGS = Path(__file__).parent / "findings"
RAW_HDF5 = {"features", "model", "published"}
COUNTS = {"features-edits": 80, "model-edits": 120, "published-edits": 100, "config": 250, "fasta": 250, "bigwig": 500}
USUAL_COUNT = 1000
SEED = 7


@pytest.mark.parametrize("target", TARGETS)
def test_good_files_are_read(target, tmp_path):
    """Else nothing behind the first check would be fuzzed."""
    refusals = run_target(target, seeds()[target][0], tmp_path)
    assert len(refusals) < len(TARGETS[target].readers), refusals


@pytest.mark.parametrize("target", sorted(TARGETS.keys() - RAW_HDF5))
def test_changed_files_meet_the_projects_own_errors_only(target, tmp_path):
    refused = 0
    files = seeds()[target]
    for data in [*files, *mutations(files, COUNTS.get(target, USUAL_COUNT), SEED)]:
        refused += bool(run_target(target, data, tmp_path))
    assert refused > 0


@pytest.mark.parametrize("path", sorted(FINDINGS.glob("*/*")), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_was_found_stays_mended(path, tmp_path):
    run_target(path.parent.name, path.read_bytes(), tmp_path)
