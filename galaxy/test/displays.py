#!/usr/bin/env python3
"""Ask a running Galaxy whether tracks have their datatype and database, and can be shown at UCSC and in IGV.

Called by run.py with the Python of planemo, which has bioblend: displays.py URL USER_KEY TEST_DATA. Prints a line of
JSON per check: {"name": …, "problem": …}, the problem empty where all is well.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bioblend.galaxy import GalaxyInstance

DATABASE = "hg19"
SECONDS = 300
# As Galaxy names the links.
BROWSERS = ("display at UCSC", "display with IGV")
INPUTS: Mapping[str, Mapping[str, Any]] = {
    "deepgrn_predict": {"cell": "gamma", "what|choice": "all", "track_format": "bw"},
    "deepgrn_attention": {"cell": "gamma", "what|choice": "all", "tracks": ["both"], "track_format": "bw"},
}


def problems(galaxy: GalaxyInstance, dataset: Mapping[str, Any]) -> Iterator[str]:
    """Tell what is wrong with a track."""
    shown = galaxy.datasets.show_dataset(dataset["id"])
    if (shown["state"], shown["file_ext"], shown["genome_build"]) != ("ok", "bigwig", DATABASE):
        yield f"state {shown['state']}, datatype {shown['file_ext']}, database {shown['genome_build']}"
    links = {one["label"]: one["links"] for one in shown["display_apps"]}
    for browser in BROWSERS:
        if not links.get(browser):
            yield f"no link '{browser}' among {sorted(links)}"


def main() -> int:
    """Run the tools on the bundled genome, and look at their tracks."""
    url, key, folder = sys.argv[1:]
    galaxy = GalaxyInstance(url, key=key)
    history = galaxy.histories.create_history(name="Tracks in genome browsers")["id"]
    uploads = {}
    for name, file in (("features", "galaxy/features.h5"), ("model", "model.h5")):
        path = Path(folder) / file
        sent = galaxy.tools.upload_file(str(path), history, file_type="h5", dbkey=DATABASE)
        uploads[name] = {"src": "hda", "id": sent["outputs"][0]["id"]}
        galaxy.datasets.wait_for_dataset(uploads[name]["id"], maxwait=SECONDS)
    for tool, inputs in INPUTS.items():
        done = galaxy.tools.run_tool(history, tool, {**uploads, **inputs})
        tracks = [one for one in done["outputs"] if one["file_ext"] == "bigwig"]
        for track in tracks:
            galaxy.datasets.wait_for_dataset(track["id"], maxwait=SECONDS, check=False)
        found = [text for track in tracks for text in problems(galaxy, track)]
        if not tracks:
            found = [f"no bigWig among the outputs: {[one['file_ext'] for one in done['outputs']]}"]
        sys.stdout.write(json.dumps({"name": f"{tool}, track in genome browsers", "problem": "; ".join(found)}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
