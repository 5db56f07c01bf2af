"""A small genome with tracks of two cells, drawn so that every position can be told by hand.

chrA (30,000 bp)         4500  5000      5500      6000  6500               20000
K562 CTCF scores               |  1.0    |                                  0.25 over [20000, 20050)
liver CTCF scores                        |  0.5    |
K562 CTCF called               |---------|
K562 CTCF attention      |  3.0                          |
K562 accessibility             |  2.0              |
liver accessibility                      |4.0 over [5500, 5600)
shown with --regions     |<-------------- 2,000 bp ------>|    (chrA:5000-6000 and 500 bp on both sides)

chrB (12,000 bp): liver CTCF scores 0.75 over [100, 150), which lies less than a flank from the begin
"""

from features_inputs import sequences, write_bigwig, write_fasta

from deepgrn_tool.cli.features import main as make_features
from deepgrn_tool.cli.hub import main

LENGTHS = {"chrA": 30_000, "chrB": 12_000}
TRACKS = {
    "K562.CTCF.bw": {"chrA": [(5000, 5500, 1.0), (20_000, 20_050, 0.25)]},
    "liver.CTCF.bw": {"chrA": [(5500, 6000, 0.5)], "chrB": [(100, 150, 0.75)]},
    "K562.CTCF.attention.bw": {"chrA": [(4500, 6500, 3.0)]},
    "K562.bw": {"chrA": [(5000, 6000, 2.0)]},
    "liver.bw": {"chrA": [(5500, 5600, 4.0)]},
}
CALLED = "chrA\t5000\t5500\tregion_1\t1000\t.\t1.0\t5250\t7\n"
REGIONS = "chrA\t5000\t6000\tmy gene\n"
EMAIL = ("--email", "me@lab.org")


class HubToy:
    """The files, in a folder of their own; the test's working directory is that folder."""

    def __init__(self, folder):
        self.folder = folder
        self.sequences = sequences(seed=5, lengths=LENGTHS)
        write_fasta(folder / "genome.fa", self.sequences)
        for name, track in TRACKS.items():
            write_bigwig(folder / name, LENGTHS, track)
        (folder / "K562.CTCF.bed").write_text(CALLED)
        (folder / "regions.bed").write_text(REGIONS)

    def options(self):
        """Options that use every track, and the FASTA."""
        return [
            *("--scores", "K562.CTCF.bw", "--scores", "liver:CTCF=liver.CTCF.bw", "--called", "K562.CTCF.bed"),
            *("--attention", "K562.CTCF.attention.bw"),
            *("--accessibility", "K562=K562.bw", "--accessibility", "liver=liver.bw"),
            *("--genome", "genome.fa", "--assembly", "toy1", "--regions", "regions.bed", "--flank", "500", *EMAIL),
        ]

    def make(self, *options, output="hub"):
        """Make a hub with all tracks and further options; give its folder."""
        assert main([*self.options(), "-o", output, "--quiet", *options]) == 0
        return self.folder / output

    def write_features(self, cells=("K562", "liver"), assembly="toy1"):
        """Write features.h5 with the accessibility of some cells."""
        tracks = [part for cell in cells for part in ("--accessibility", f"{cell}={self.folder / cell}.bw")]
        genome = ["--genome", str(self.folder / "genome.fa"), "--assembly", assembly]
        assert make_features([*genome, *tracks, "-o", str(self.folder / "features.h5"), "--quiet"]) == 0
        return "features.h5"
