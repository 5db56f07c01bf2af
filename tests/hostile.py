"""Files made to do harm, and a check that a program did not fall for them."""

import base64
import marshal
import os
import pickle
import shutil
from pathlib import Path

import h5py
import numpy as np
from guard import no_code, untouched
from programs import exit_code

DATA = Path(__file__).resolve().parents[1] / "test-data"
FEATURES = DATA / "galaxy" / "features.h5"


class Payload:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, canary):
        self.canary = str(canary)

    def __reduce__(self):
        return os.mkdir, (self.canary,)


class Place:
    """Folders for the hostile file and the outputs, and files elsewhere that must not be looked at.

    Attributes:
        inputs: Where the hostile file is.
        canary: What a payload would leave.
        secret: An HDF5 file elsewhere with the same content, so that following a link to it would succeed.
        text: A text elsewhere, as /etc/passwd.
    """

    def __init__(self, folder):
        self.inputs, self.out, elsewhere = (folder / name for name in ("in", "out", "elsewhere"))
        for path in (self.inputs, self.out, elsewhere):
            path.mkdir()
        self.canary = folder / "canary"
        self.secret = elsewhere / "secret.h5"
        self.text = elsewhere / "passwd"
        self.text.write_bytes(np.arange(1000, dtype="f4").tobytes())

    @property
    def pickled(self):
        """A pickle that would leave the canary."""
        return pickle.dumps(Payload(self.canary))

    @property
    def bytecode(self):
        """Marshalled bytecode that would leave the canary, as Keras stores it."""
        code = compile(f"__import__('os').mkdir({str(self.canary)!r})", "hostile.py", "exec")
        return base64.encodebytes(marshal.dumps(code)).decode("ascii")

    def copy(self, origin, name):
        """Copy a good file to be made hostile, and the same elsewhere for links."""
        shutil.copy(origin, self.secret)
        return Path(shutil.copy(origin, self.inputs / name))

    def run(self, capfd, main, *argv, allowed=()):
        """Run a program twice; gives exit code and stderr after checking that it kept to its files."""
        if not self.secret.exists():
            self.secret.write_bytes(b"")
        first = exit_code(main, *argv, "--quiet")
        for path in self.out.iterdir():
            path.unlink()
        capfd.readouterr()
        folders = [os.path.realpath(path) for path in (self.inputs, self.out, *allowed)]
        with untouched(self.secret, self.text) as touched, no_code(*folders) as seen:
            code = exit_code(main, *argv, "--quiet")
            looked_at = touched()
        assert (seen, looked_at) == ([], set())
        assert not self.canary.exists()
        assert code == first
        return code, capfd.readouterr().err

    def refused(self, capfd, main, *argv, **options):
        """As `run`, for a file that is refused; gives the line without the program's name."""
        code, said = self.run(capfd, main, *argv, **options)
        assert code == 1
        assert said.startswith("deepgrn-") and said.endswith("\n") and said[:-1].isprintable()
        assert list(self.out.iterdir()) == []
        return said.partition(": error: ")[2].rstrip("\n")


# --- what may stand in the place of a dataset


def external_link(place, file, name):
    file[name] = h5py.ExternalLink(str(place.secret), f"/{name}")


def soft_link(place, file, name):
    file.create_group("elsewhere")
    file["elsewhere/target"] = np.zeros(1, np.float32)
    file[name] = h5py.SoftLink("/elsewhere/target")


def raw_file(place, file, name):
    data = place.shape_and_type[name]
    file.create_dataset(name, *data, external=[(str(place.text), 0, h5py.h5f.UNLIMITED)])


def virtual(place, file, name):
    shape, dtype = place.shape_and_type[name]
    layout = h5py.VirtualLayout(shape, dtype)
    layout[...] = h5py.VirtualSource(str(place.secret), name, shape)
    file.create_virtual_dataset(name, layout)


def pickled(place, file, name):
    shape, _ = place.shape_and_type[name]
    data = file.create_dataset(name, shape, h5py.vlen_dtype(np.uint8))
    data[(0,) * len(shape)] = np.frombuffer(place.pickled, np.uint8)


def opaque(place, file, name):
    shape, _ = place.shape_and_type[name]
    file.create_dataset(name, data=np.full(shape, np.void(place.pickled)))


def region(place, file, name):
    shape, _ = place.shape_and_type[name]
    file.create_dataset(name, shape, h5py.regionref_dtype)


def huge(place, file, name):
    shape, dtype = place.shape_and_type[name]
    file.create_dataset(name, (1 << 44, *shape[1:]), dtype, chunks=(1 << 12, *shape[1:]))


HOSTILE = (external_link, soft_link, raw_file, virtual, pickled, opaque, region, huge)


def put(place, path, name, edit):
    """Put something hostile in the place of a dataset."""
    with h5py.File(path, "r+") as file:
        place.shape_and_type = {name: (file[name].shape, file[name].dtype)}
        del file[name]
        edit(place, file, name)


def circle(group):
    """A group that is in itself."""
    group["again"] = group


def deep(group):
    for _ in range(500):
        group = group.create_group("a")


def crowd(group):
    """Few items on the disk, 12,000 by their paths."""
    leaf = group.create_group("leaf")
    leaf["0"] = 1.0
    for number in range(1, 100):
        leaf[f"{number}"] = leaf["0"]
    for number in range(120):
        group[f"again_{number}"] = leaf


NESTED = "are nested more than 8 deep"
ENDLESS = {circle: NESTED, deep: NESTED, crowd: "holds more than 10,000 items"}
