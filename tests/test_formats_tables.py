import logging

import numpy as np
import pytest

from deepgrn_tool.errors import InputError
from deepgrn_tool.formats.tables import principal_components, read_scores, read_tpm


def write(path, text):
    path.write_text(text)
    return path


@pytest.mark.parametrize("names", ["", "PC"])
@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_ready_scores(tmp_path, names, delimiter):
    rows = ["K562,liver"] + [(f"{names}{row}," if names else "") + f"{row}.5,-{row}" for row in range(8)]
    scores = read_scores(write(tmp_path / "s", "\n".join(rows).replace(",", delimiter) + "\n"), 8)
    assert list(scores) == ["K562", "liver"]
    assert scores["K562"].tolist() == [row + 0.5 for row in range(8)]
    assert scores["liver"].tolist() == [-float(row) for row in range(8)]


def test_two_columns_by_hand():
    """log2(TPM + 1) = (0, 2), (2, 0), (1, 1) centred is (-1, 1), (1, -1), (0, 0): one axis, (-1, 1) / sqrt 2."""
    tpm = np.array([[0.0, 3.0], [3.0, 0.0], [1.0, 1.0]])
    scores = principal_components(tpm, 8)
    np.testing.assert_allclose(np.abs(scores[0]), [np.sqrt(0.5)] * 2)
    assert scores[0].sum() == pytest.approx(0, abs=1e-12)
    assert not scores[1:].any()


def test_components_are_eigenvectors_of_the_covariance_with_definite_signs():
    draw = np.random.default_rng(0)
    tpm = np.exp(draw.normal(2, 1.5, (400, 1)) + draw.normal(0, 0.7, (400, 10)))
    scores = principal_components(tpm, 8)
    values, vectors = np.linalg.eigh(np.cov(np.log2(tpm + 1), rowvar=False))
    for number in range(8):
        expected = vectors[:, np.argsort(values)[::-1][number]]
        np.testing.assert_allclose(np.abs(scores[number]), np.abs(expected), atol=1e-9)
        assert scores[number].sum() < 0 if number == 0 else scores[number][np.abs(scores[number]).argmax()] > 0
    shuffled = principal_components(tpm[::-1], 8)
    np.testing.assert_allclose(shuffled, scores, atol=1e-9)


@pytest.mark.parametrize("corner", ["gene\t", ""])
def test_tpm_table_with_replicates_and_too_few_columns(tmp_path, caplog, corner):
    draw = np.random.default_rng(1)
    tpm = np.exp(draw.normal(1, 1, (50, 3))).round(3)
    lines = [corner + "K562\tK562\tliver"]
    lines += ["\t".join([f"g{row}", *map(str, tpm[row])]) for row in range(50)]
    with caplog.at_level(logging.WARNING):
        scores = read_tpm(write(tmp_path / "t.tsv", "\n".join(lines)), 8)
    plain = principal_components(tpm, 8)
    np.testing.assert_allclose(scores["K562"], plain[:, :2].mean(axis=1))
    np.testing.assert_allclose(scores["liver"], plain[:, 2])
    assert "3 columns give 3 components; the other 5 are 0" in caplog.text


@pytest.mark.parametrize(
    ("reader", "text", "message"),
    [
        (read_scores, "a,b\n" + "1,2\n" * 7, "has 7 rows of scores where 8 are expected"),
        (read_scores, "a,a\n" + "1,2\n" * 8, "names cell 'a' twice"),
        (read_scores, "a,b\n1,2\n1,x\n", "line 3: 'x' is not a number"),
        (read_scores, "a,b\n1,nan\n", "line 2: 'nan' is not a finite number"),
        (read_scores, "a,b\n1,2,3,4\n", "line 2: has 4 columns where the header names 2 cells"),
        (read_scores, "", "holds no table"),
        (read_tpm, "gene,a\ng1,5\ng2,-1\n", "line 3: TPM -1 is negative"),
        (read_tpm, "gene,a\ng1,5\ng2,5\n", "does not differ between genes"),
        (read_tpm, "gene,a,\ng1,5,6\n", "line 1: a column of the header has no cell name"),
        (read_tpm, "gene,a\ng1,5\ng2,6,7\n", "line 3: has 3 columns"),
    ],
)
def test_refused(tmp_path, reader, text, message):
    with pytest.raises(InputError, match=message):
        reader(write(tmp_path / "t", text), 8)
