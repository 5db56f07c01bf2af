"""Reads what deepgrn-motifs writes."""


def bed(path):
    """Rows of a BED file: chromosome, start, end, name, score, strand, value, probability, bin."""
    rows = [line.split("\t") for line in path.read_text().splitlines()]
    kinds = (str, int, int, str, int, str, float, float, int)
    return [tuple(kind(field) for kind, field in zip(kinds, row, strict=True)) for row in rows]


def fasta(path):
    lines = path.read_text().splitlines()
    assert all(line.startswith(">") for line in lines[::2])
    return dict(zip([line[1:] for line in lines[::2]], lines[1::2], strict=True))
