"""The files of a small genome, and features made of them by deepgrn-features."""

from dataclasses import dataclass
from pathlib import Path

from features_inputs import write_bigwig, write_fasta

from deepgrn_tool.cli.features import main as make_features


def write_bed(path, rows):
    path.write_text("".join(f"{chrom}\t{start}\t{end}\n" for chrom, start, end in rows))
    return path


@dataclass(frozen=True)
class ToyGenome:
    """What there is to write: sequence by chromosome, values by track or cell and chromosome, intervals by class."""

    folder: Path
    sequences: dict
    lengths: dict
    annotation: dict
    expression: dict
    blacklist: list

    def write_features(self, path, signals, cells, skip=()):
        """Write features of some cells, without some options."""
        options = {"genome": write_fasta(self.folder / "genome.fa", self.sequences), "assembly": "toy1"}
        options["uniqueness"] = write_bigwig(self.folder / "u.bw", self.lengths, signals["uniqueness"])
        for name, rows in [*self.annotation.items(), ("blacklist", self.blacklist)]:
            options[name] = write_bed(self.folder / f"{name}.bed", rows)
        options["expression-scores"] = self.folder / "scores.csv"
        rows = [self.expression, *zip(*self.expression.values(), strict=True)]
        options["expression-scores"].write_text("".join(",".join(map(str, row)) + "\n" for row in rows))
        argv = [part for name, value in options.items() if name not in skip for part in (f"--{name}", str(value))]
        for cell in cells:
            bigwig = write_bigwig(self.folder / f"{cell}.bw", self.lengths, signals[cell])
            argv += ["--accessibility", f"{cell}={bigwig}"]
        if make_features([*argv, "-o", str(path), "--quiet"]):
            raise RuntimeError("the toy features could not be made")
        return path
