"""deepgrn-train from options to outputs; the training step is a stand-in, but for the networks at the end."""

import gzip
import json

import numpy as np
import pytest
from training_toys import CHOICE, NETWORK, SIGNALS, PlainStep, Toy, grid, is_banned, letter, network_options, run

from deepgrn_tool.cli.info import main as info
from deepgrn_tool.cli.predict import main as predict
from deepgrn_tool.network.files import Model, load_model, save_model
from deepgrn_tool.training.validation import Quality


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    return Toy(tmp_path_factory.mktemp("toy"))


@pytest.fixture
def plain(monkeypatch):
    monkeypatch.setattr("deepgrn_tool.training.train.make_step", PlainStep)
    monkeypatch.setattr(PlainStep, "on_batch", None)


@pytest.fixture
def train(toy, tmp_path):
    """Run on the toy; gives the model."""

    def train(*options, network=True, quiet=True):
        more = network_options() if network else []
        argv = [toy.features, toy.labels, "-o", tmp_path / "model.h5", *more, *CHOICE, *(["--quiet"] if quiet else [])]
        assert run(*argv, *options) == 0
        return load_model(tmp_path / "model.h5")

    return train


@pytest.fixture
def qualities(monkeypatch):
    """Let validation say what a list says, epoch by epoch."""

    def let_be(values):
        left = iter(values)
        monkeypatch.setattr(
            "deepgrn_tool.training.validation.Validator.assess",
            lambda self, weights, on_progress: Quality("mean", next(left), 0.5),
        )

    return let_be


def test_the_record_tells_how_the_model_came_about(plain, train, toy):
    model = train("--epochs", "2", "--learning-rate", "0.01", "--negatives", "3")
    assert (model.factor, model.assembly) == ("TOY", "toy1")
    record = model.record
    assert record["cells"] == ["liver", "K562"]
    assert record["training_chromosomes"] == ["chr9", "chr2"]
    assert (record["validation_chromosomes"], record["test_chromosomes"]) == (["chrV"], ["chrT"])
    assert (record["epochs_done"], record["made_by"].split()[0]) == (2, "deepgrn-train")
    assert record["labels"]["file"] == "TOY.labels.tsv.gz"
    assert len(record["features"]["sha256"]) == 64
    settings = record["settings"]
    assert (settings["learning_rate"], settings["negatives"], settings["seed"]) == (0.01, 3.0, 1)
    assert str(toy.folder) not in json.dumps(record)


def test_info_shows_the_record(plain, train, tmp_path, capsys):
    train("--epochs", "1", "--factor", "ABC", "--transform", "accessibility=log1p")
    assert info([str(tmp_path / "model.h5")]) == 0
    rows = dict(line.split(None, 1) for line in capsys.readouterr().out.splitlines())
    assert rows["factor"] == "ABC"
    assert rows["cells"] == "liver, K562"
    assert rows["transforms"] == "accessibility log1p"


def test_the_best_epoch_is_kept_and_patience_ends_the_run(plain, train, qualities, tmp_path):
    qualities([0.1, 0.4, 0.3, 0.4, 0.2])
    model = train("--patience", "3", "--history", tmp_path / "h.tsv")
    assert (model.record["best_epoch"], model.record["epochs_done"]) == (2, 5)  # 4 is as good, but later
    rows = [line.split("\t") for line in (tmp_path / "h.tsv").read_text().splitlines()]
    assert rows[0] == [
        *("epoch", "loss", "validation_auprc", "validation_auroc", "merge", "positives", "negatives"),
        *("learning_rate", "kept"),
    ]
    assert [row[0] for row in rows[1:]] == list("12345")
    assert [row[2] for row in rows[1:]] == ["0.1", "0.4", "0.3", "0.4", "0.2"]
    assert [row[5:7] for row in rows[1:]] == [["29", "29"]] * 5
    assert [row[8] for row in rows[1:]] == ["no", "yes", "no", "no", "no"]


def test_the_weights_are_those_of_the_best_epoch(plain, train, qualities):
    qualities([0.1, 0.4, 0.3])
    three = train("--epochs", "3")
    qualities([0.1, 0.4])
    two = train("--epochs", "2")
    assert all(np.array_equal(three.weights[name], two.weights[name]) for name in two.weights)


def test_curves(plain, train, tmp_path):
    train("--epochs", "2", "--curves", tmp_path / "c.png", "--curves", tmp_path / "c.pdf")
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "c.pdf").read_bytes().startswith(b"%PDF")


def test_messages(plain, train, tmp_path, capfd):
    train("--epochs", "1", quiet=False)
    said = capfd.readouterr().err.splitlines()
    for cell, line in zip(("liver", "K562"), said, strict=False):
        letters = [letter(cell, c, s) for c in ("chr9", "chr2") for s in grid(c) if not is_banned(c, s)]
        bound, unbound = letters.count("B"), letters.count("U")
        assert line == f"{cell}: {bound} positives and {unbound} unbound bins to learn from"
    assert said[2].startswith("Epoch 1: loss ") and "(best); at most 0:00 left" in said[2]
    letters = [letter(cell, "chrV", s) for cell in ("liver", "K562") for s in grid("chrV") if not is_banned("chrV", s)]
    rate = letters.count("B") / (letters.count("B") + letters.count("U"))
    assert said[3].startswith(f"{tmp_path / 'model.h5'}: epoch 1 of 1, validation auPRC 0.")
    assert said[3].endswith(f" (base rate {rate:.4f})")
    assert len(said) == 4


def test_heavy_tails_are_warned_of(plain, toy, tmp_path, capfd):
    signals = SIGNALS | {"liver": {"chr9": [(0, 10, 66284.0)]}, "K562": {"chr9": [(0, 10, 900.0)]}}
    features = toy.write_features(tmp_path / "f.h5", signals=signals)
    argv = [features, toy.labels, "-o", tmp_path / "m.h5", *network_options(), *CHOICE, "--epochs", "1", "--quiet"]
    assert run(*argv) == 0
    assert capfd.readouterr().err == (
        "warning: accessibility of liver reaches 66284; networks learn better from --transform accessibility=log1p or "
        "a clipped signal\n"
    )
    assert run(*argv, "--transform", "accessibility=log1p") == 0
    assert capfd.readouterr().err == ""


def test_cells_and_chromosomes_of_choice(plain, train):
    record = train("--epochs", "1", "--cells", "K562", "--chromosomes", "chr2").record
    assert (record["cells"], record["training_chromosomes"]) == (["K562"], ["chr2"])


def test_peaks_imply_positives_from_peaks(plain, train, toy, tmp_path):
    bed = toy.bed("peaks.bed", [("chr9", 3000, 3400), ("chr2", 300, 400), ("chrV", 0, 500)])
    peaks = [part for cell in ("liver", "K562") for part in ("--peaks", f"{cell}={bed}")]
    record = train("--epochs", "1", *peaks, "--history", tmp_path / "h.tsv").record
    assert record["settings"]["positives"] == "peaks"
    assert record["peaks liver"]["file"] == "peaks.bed"
    assert (tmp_path / "h.tsv").read_text().splitlines()[1].split("\t")[5:7] == ["4", "4"]


def test_preset(plain, toy, tmp_path):
    argv = [toy.features, toy.labels, "-o", tmp_path / "m.h5", *CHOICE, "--preset", "EGR1", "--filters", "5", "--quiet"]
    assert run(*argv, "--epochs", "1", "--lstm-units", "3", "--dense-units", "2") == 0
    model = load_model(tmp_path / "m.h5")
    assert (model.factor, model.record["preset"]) == ("EGR1", "EGR1")
    config = model.config
    assert (config.attention, config.merge_attention, config.kernel_size) == ("before-lstm", True, 30)
    assert (config.filters, config.lstm_units, config.dropout) == (5, 3, 0.5)


def nan_in_epoch_3(monkeypatch):
    """Let the loss be no number from the third epoch on; the 58 windows of an epoch are one batch."""
    plain_run, steps = PlainStep.run, []

    def run_step(self, batch, rate):
        steps.append(batch)
        loss = plain_run(self, batch, rate)
        return loss if len(steps) < 3 else float("nan")

    monkeypatch.setattr(PlainStep, "run", run_step)


def weights_in_epoch_3(monkeypatch):
    """Let the weights be no numbers at the end of the third epoch."""
    plain_weights, epochs = PlainStep.weights, []

    def weights(self):
        epochs.append(1)
        return plain_weights(self) | ({"logit/bias": np.array([np.nan], np.float32)} if len(epochs) == 3 else {})

    monkeypatch.setattr(PlainStep, "weights", weights)


@pytest.mark.parametrize(
    ("go_astray", "what"),
    [
        (nan_in_epoch_3, "the loss is not a number in epoch 3: "),
        (weights_in_epoch_3, "scores of validation bins are not numbers: the network has become useless; "),
    ],
)
def test_training_that_goes_astray_keeps_the_best_epoch_before(
    plain, train, monkeypatch, capsys, tmp_path, go_astray, what
):
    good = train("--epochs", "2")
    go_astray(monkeypatch)
    model = train("--epochs", "5", "--history", tmp_path / "history.tsv")
    assert capsys.readouterr().err == (
        f"warning: {what}lower --learning-rate, or tame large signals with --transform TRACK=log1p; "
        f"training ends in epoch 3, and the network of epoch {good.record['best_epoch']}, the best one, is kept\n"
    )
    assert all(np.array_equal(model.weights[name], good.weights[name]) for name in good.weights)
    assert (model.record["epochs_done"], model.record["went_astray_in_epoch"]) == (2, 3)
    assert "went_astray_in_epoch" not in good.record
    assert len((tmp_path / "history.tsv").read_text().splitlines()) == 3
    assert not (tmp_path / "model.h5.training").exists()


def test_starting_from_a_model(plain, train, tmp_path, monkeypatch):
    first = train("--epochs", "1", "--attention", "weighted-sum", "--merge", "max", "--dropout", "0.3")
    start = tmp_path / "first.h5"
    save_model(Model(first.config, first.weights, "OLD", "toy1"), start)
    given = []

    def make_step(config, weights, settings, threads, state=None):
        given.append(weights)
        return PlainStep(config, weights, settings, threads, state)

    monkeypatch.setattr("deepgrn_tool.training.train.make_step", make_step)
    second = train("--start-from", start, "--epochs", "1", "--recurrent-dropout", "0.2", network=False)
    assert all(np.array_equal(given[0][name], first.weights[name]) for name in first.weights)
    assert (second.config.attention, second.config.merge, second.config.dropout) == ("weighted-sum", "max", 0.3)
    assert second.config.recurrent_dropout == 0.2
    assert second.factor == "OLD"
    assert second.record["start-from"]["file"] == "first.h5"


def test_the_best_way_of_joining_strands_is_in_the_model(plain, train, monkeypatch):
    merges = iter(["max", "mean"])
    values = iter([0.5, 0.4])
    monkeypatch.setattr(
        "deepgrn_tool.training.validation.Validator.assess",
        lambda self, weights, on_progress: Quality(next(merges), next(values), 0.5),
    )
    model = train("--epochs", "2", "--merge", "best")
    assert (model.config.merge, model.record["merge"]) == ("max", "max")
    assert model.record["settings"]["merge_asked_for"] == "best"


def test_full_validation(plain, train):
    sampled, full = train("--epochs", "1"), train("--epochs", "1", "--full-validation")
    # So few bins are all in the sample.
    assert sampled.record["validation_bins"] == full.record["validation_bins"]
    assert full.record["settings"]["full_validation"] is True


def test_open_negatives(plain, train):
    assert train("--epochs", "1", "--open-negatives", "0.5").record["settings"]["open_negatives"] == 0.5


# --- with TensorFlow: what was learnt is what is saved


KINDS = [
    {"attention": "none"},
    {"attention": "after-lstm"},
    {"attention": "after-lstm", "merge_attention": True},
    {"attention": "before-lstm"},
    {"attention": "before-lstm", "merge_attention": True},
    {"attention": "weighted-sum"},
    {"attention": "pairwise"},
    {"attention": "pairwise", "position_encoding": "learned"},
    {"attention": "pairwise-before-lstm", "position_encoding": "trigonometric"},
]


@pytest.mark.parametrize("options", KINDS, ids=lambda options: "-".join(map(str, options.values())))
def test_every_kind_of_attention_trains_saves_and_predicts(toy, train, tmp_path, monkeypatch, options):
    """Weights as they were in training, in Keras' network, score as deepgrn-predict does with the file."""
    from deepgrn_tool.network.build import build_network, fresh_weights
    from deepgrn_tool.training.step import TrainingStep

    kept = []
    give_weights = TrainingStep.weights
    monkeypatch.setattr(TrainingStep, "weights", lambda self: kept.append(give_weights(self)) or kept[-1])
    argv = [
        part for name, value in options.items() for part in ("--" + name.replace("_", "-"), value) if part is not True
    ]
    model = train("--epochs", "2", "--learning-rate", "0.02", *argv)
    best = kept[model.record["best_epoch"] - 1]
    fresh = fresh_weights(model.config, seed=1)
    assert all(not np.array_equal(best[name], fresh[name]) for name in fresh)
    network = build_network(model.config)
    network.set_weights(best)
    starts = list(grid("chrV"))
    windows, meta = zip(*(keras_input(toy, start) for start in starts), strict=True)
    expected = np.array(network.model([np.array(windows), np.array(meta)]))[:, 0]
    expected[[is_banned("chrV", start) for start in starts]] = 0
    output = tmp_path / "scores.tab.gz"
    chosen = ["--cell", "liver", "--chromosomes", "chrV", "-o", str(output), "--quiet"]
    assert predict([str(toy.features), str(tmp_path / "model.h5"), *chosen]) == 0
    found = [float(line.split(b"\t")[3]) for line in gzip.decompress(output.read_bytes()).splitlines()]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


def test_a_run_that_starts_from_a_model_begins_where_that_one_ended(toy, train, tmp_path):
    """With TensorFlow, by steps too small to change anything; a fresh network validates otherwise."""
    first = train("--epochs", "3", "--learning-rate", "0.01", "--attention", "after-lstm")
    start = tmp_path / "first.h5"
    save_model(first, start)
    still = ["--epochs", "1", "--learning-rate", "1e-12"]
    second = train("--start-from", start, *still, network=False)
    fresh = train(*still, "--attention", "after-lstm")
    for name in ("validation_auprc", "validation_auroc"):
        assert second.record[name] == pytest.approx(first.record[name], abs=1e-5)
    assert abs(fresh.record["validation_auprc"] - first.record["validation_auprc"]) > 0.01
    for name, values in first.weights.items():
        np.testing.assert_allclose(second.weights[name], values, rtol=0, atol=1e-6)


def keras_input(toy, start):
    """One-hot bases and signals of a window, and its meta inputs, float32."""
    bases, signals = toy.window("liver", "chrV", start, NETWORK["flank"])
    one_hot = np.array([[base == one for one in "ACGT"] for base in bases])
    return np.hstack([one_hot, signals]).astype(np.float32), np.array(toy.meta("liver", "chrV", start), np.float32)
