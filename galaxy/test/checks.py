#!/usr/bin/env python3
"""Ask a running Galaxy what its users would see, beyond what tests of tools and workflows tell.

Tracks must have their datatype and database, and links to UCSC and IGV. Workflows must open for a run: where a step
leaves a parameter of its tool out, Galaxy asks everybody to edit the workflow first, while tests pass.

Called by run.py with the Python of planemo, which has bioblend: checks.py URL USER_KEY TEST_DATA WORKFLOW … Prints a
line of JSON per check: {"name": …, "problem": …}, the problem empty where all is well.
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


def check_tracks(galaxy: GalaxyInstance, folder: Path) -> Iterator[tuple[str, str]]:
    """Run tools on the bundled genome and look at their tracks; gives a name and what is wrong."""
    history = galaxy.histories.create_history(name="Tracks in genome browsers")["id"]
    uploads = {}
    for name, file in (("features", "galaxy/features.h5"), ("model", "model.h5")):
        sent = galaxy.tools.upload_file(str(folder / file), history, file_type="h5", dbkey=DATABASE)
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
        yield f"{tool}, track in genome browsers", "; ".join(found)


def check_workflow(galaxy: GalaxyInstance, path: Path) -> str:
    """Import a workflow and open it as its editor does; tells what Galaxy would ask."""
    source = {"yaml_content": path.read_text(), "class": "GalaxyWorkflow"}
    workflow = galaxy.make_post_request(f"{galaxy.url}/workflows", payload={"workflow": source})["id"]
    opened = galaxy.make_get_request(f"{galaxy.url}/workflows/{workflow}/download", params={"style": "editor"}).json()
    labels = {number: step["label"] for number, step in opened["steps"].items()}
    return "; ".join(f"{labels[number]}: {sorted(text)}" for number, text in opened["upgrade_messages"].items() if text)


def main() -> int:
    """Do all checks."""
    url, key, folder, *workflows = sys.argv[1:]
    galaxy = GalaxyInstance(url, key=key)
    results = list(check_tracks(galaxy, Path(folder)))
    for path in map(Path, workflows):
        results.append((f"{path.name.partition('.')[0]}, opened for a run", check_workflow(galaxy, path)))
    for name, problem in results:
        sys.stdout.write(json.dumps({"name": name, "problem": problem}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
