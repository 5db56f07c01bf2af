"""Settings of Keras that a user has for other networks do not reach this program's."""

import json
import subprocess
import sys

import pytest

CODE = """
import numpy as np
from deepgrn_tool.engine.keras_backend import keras_backend
keras_backend(1)
from deepgrn_tool.network.build import build_network
from deepgrn_tool.network.config import NetworkConfig
network = build_network(NetworkConfig(filters=3, lstm_units=2, dense_units=2, dense_after_meta=(2,), meta=()))
print(network.model.output.dtype, {weight.dtype for weight in network.model.weights})
"""


@pytest.mark.parametrize("setting", [{"floatx": "float64"}, {"image_data_format": "channels_first"}])
def test_settings_of_the_user_do_not_matter(tmp_path, setting, monkeypatch):
    (tmp_path / "keras.json").write_text(json.dumps(setting))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "float32 {'float32'}\n"), done.stderr
