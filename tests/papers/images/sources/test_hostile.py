"""Files that are valid and treacherous: what they hold is read rightly, or refused in one line."""

from __future__ import annotations

import unicodedata
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest

from papers.images import files
from papers.images.sources.test_folder import write_pictures
from papers.images.sources.test_observed import some_images
from simulation.files import read_labels
from simulation.images.load import load_images
from simulation.images.sources.observed import with_observed

PIL = pytest.importorskip("PIL.Image")


def pixel_of(root: Path, name: str, mode: str = "RGB", size: int = 8) -> np.ndarray:
    """The picture `name` of class cat as it is read, (channels, size, size)."""
    images = load_images("folder", root, size=size, mode=mode)
    return images.x[images.files.index(f"cat/{name}")]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_pictures(tmp_path / "p")


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_sixteen_bits_of_grey_keep_their_range(root: Path, mode: str) -> None:
    """Pillow's own conversion would make white of all above 255."""
    grey = (np.arange(64).reshape(8, 8) * 1040).astype(np.uint16)
    PIL.fromarray(grey).save(root / "cat" / "deep.png")
    read = pixel_of(root, "deep.png", mode)
    for channel in read:
        np.testing.assert_allclose(channel, grey / 65535, atol=0.003)


def test_a_printers_jpeg_is_read_in_colour(root: Path) -> None:
    PIL.new("CMYK", (8, 8), (0, 255, 255, 0)).save(root / "cat" / "ink.jpg")
    np.testing.assert_allclose(pixel_of(root, "ink.jpg")[:, 0, 0], [1, 0, 0], atol=0.02)


@pytest.mark.parametrize("name", ["jpeg.png", "png.jpg", "bmp.jpeg"])
def test_a_wrong_suffix_misleads_nobody(root: Path, name: str) -> None:
    """What a picture is, its bytes say."""
    kind = name.partition(".")[0].upper()
    with (root / "cat" / name).open("wb") as file:
        PIL.new("RGB", (8, 8), (255, 0, 0)).save(file, format=kind)
    np.testing.assert_allclose(pixel_of(root, name)[:, 4, 4], [1, 0, 0], atol=0.02)


def test_a_moving_gif_under_another_suffix_is_refused(root: Path) -> None:
    frames = [PIL.new("L", (8, 8), c) for c in (0, 255)]
    with (root / "cat" / "film.png").open("wb") as file:
        frames[0].save(file, format="GIF", save_all=True, append_images=frames[1:])
    files.refused(lambda: load_images("folder", root), "cannot be read as a picture")


def test_of_several_frames_the_first_is_taken(root: Path) -> None:
    frames = [PIL.new("L", (8, 8), c) for c in (51, 255)]
    frames[0].save(root / "cat" / "film.png", save_all=True, append_images=frames[1:])
    np.testing.assert_allclose(pixel_of(root, "film.png"), 0.2, atol=1e-6)


def test_what_is_transparent_lies_on_white(root: Path) -> None:
    """Not the colour that is hidden there, which nobody who labelled it has seen."""
    PIL.new("RGBA", (8, 8), (255, 0, 0, 0)).save(root / "cat" / "glass.png")
    np.testing.assert_allclose(pixel_of(root, "glass.png"), 1.0)
    table = PIL.new("P", (8, 8))
    table.putpalette([255, 0, 0, 0, 255, 0])
    table.save(root / "cat" / "table.png", transparency=b"\x00\xff")
    np.testing.assert_allclose(pixel_of(root, "table.png"), 1.0)


def test_a_picture_is_turned_as_its_camera_says(root: Path) -> None:
    picture = PIL.new("L", (16, 8))
    picture.paste(255, (0, 0, 8, 8))  # the left half is white
    turned = picture.getexif()
    turned[0x0112] = 6  # to be shown a quarter turn to the right: white comes on top
    picture.save(root / "cat" / "phone.jpg", exif=turned, quality=95)
    read = pixel_of(root, "phone.jpg", "L")[0]
    assert read[:3].min() > 0.8
    assert read[-3:].max() < 0.2


def test_files_of_other_kinds_are_left_out_but_not_in_silence(root: Path) -> None:
    PIL.new("L", (8, 8)).save(root / "cat" / "a.gif")
    (root / "dog" / "notes.txt").write_text("none")
    images = load_images("folder", root)
    assert images.n == 44
    assert images.source.endswith("(left out: 2 files of other kinds, .gif, .txt)")
    other = root.parent / "gifs"
    for name in ("a", "b"):
        (other / name).mkdir(parents=True)
        PIL.new("L", (8, 8)).save(other / name / "0.gif")
    files.refused(lambda: load_images("folder", other), r"found 0 \(left out: 2 files of other kinds, .gif\)")


def test_a_class_of_one_picture(root: Path) -> None:
    (root / "fox").mkdir()
    PIL.new("L", (8, 8)).save(root / "fox" / "0.png")
    files.refused(lambda: load_images("folder", root), "class 'fox' has 1 images; at least 20")


def test_a_folder_whose_name_commands_the_terminal(root: Path) -> None:
    bad = root / "red\n\x1b[31m"
    bad.mkdir()
    PIL.new("L", (8, 8)).save(bad / "0.png")
    files.refused(lambda: load_images("folder", root), "cannot be printed")


def _zip(path: Path, members: list[tuple[str, bytes]]) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile warns of a name written twice
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in members:
                archive.writestr(name, data)
    return path


X, Y = files.npy_bytes(files.pixels()), files.npy_bytes(np.arange(60) % 2)


def test_names_that_climb_out_of_an_archive_lead_nowhere(tmp_path: Path) -> None:
    inside = tmp_path / "deep" / "down"
    inside.mkdir(parents=True)
    path = _zip(inside / "a.npz", [("../../evil.npy", X), ("/evil.npy", X), ("x.npy", X), ("y.npy", Y)])
    assert load_images("npz", path).n == 60
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["a.npz", "deep", "down"]
    only = _zip(inside / "a.npz", [("../../x\n\x1b[31m.npy", X), ("y.npy", Y)])
    files.refused(lambda: load_images("npz", only), r"must hold an array 'x'; it has: \.\./\.\./x \[31m, y")


@pytest.mark.parametrize("twin", ["x.npy", "x"])
def test_two_arrays_of_one_name(tmp_path: Path, twin: str) -> None:
    """Which of them is meant cannot be known."""
    path = _zip(tmp_path / "a.npz", [("x.npy", X), (twin, X), ("y.npy", Y)])
    files.refused(lambda: load_images("npz", path), "x is there twice")


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("label\na\n\nb\n", "row 3 has no label"),
        ("id,label\n1,a\n2,\n3,b\n", "row 3 has no label"),
        ("id,label\n1,a\n2\n", "row 3 has no label"),
        ("a\n   \nb\n", "row 2 has no label"),
        ("label\n0\nnan\n1\n", "row 3 has 'nan' among numbers"),
        ("0\nNA\n", "row 2 has 'NA' among numbers"),
        ("id;label\n1;a\n", "separate columns by commas"),
        ("id\tlabel\n1\ta\n", "separate columns by commas"),
        ("a\0b\nc\n", "row 1 has a label with a character that cannot be printed"),
        ("\x1b[31ma\nb\n", "row 1 has a label with a character that cannot be printed"),
        ('"a\nb"\nc\n', "row 1 has a label with a character that cannot be printed"),
        ("x" * 200_000 + "\n", "no table of text"),
        ("label\n", "holds no label"),
        ("\n\n", "holds no label"),
    ],
    ids=["empty line", "empty cell", "short row", "blank", "nan", "NA", "semicolons", "tabs", "nul", "escape",
         "newline", "long", "header only", "nothing"],
)  # fmt: skip
def test_a_table_of_labels_that_would_be_misread(tmp_path: Path, text: str, match: str) -> None:
    (tmp_path / "l.csv").write_bytes(text.encode())
    files.refused(lambda: read_labels(tmp_path / "l.csv"), match)


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_text_in_another_encoding(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "l.csv").write_bytes("hélas\nja\n".encode(encoding))
    files.refused(lambda: read_labels(tmp_path / "l.csv"), "no table of text")


def test_words_in_any_script_and_form(tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text("\ufefflabel\n猫\ncafe\u0301\ncaf\u00e9\n\n\n", encoding="utf-8")
    assert read_labels(tmp_path / "l.csv").tolist() == ["猫", "café", "café"]
    assert read_labels(tmp_path / "l.csv")[1] == unicodedata.normalize(
        "NFC", "cafe\u0301"
    )  # one class, not two
    (tmp_path / "l.csv").write_text("None\nsome\n", encoding="utf-8")
    assert read_labels(tmp_path / "l.csv").tolist() == ["None", "some"]


@pytest.mark.parametrize("count", [1, 59, 61])
def test_labels_of_another_length(tmp_path: Path, count: int) -> None:
    (tmp_path / "l.csv").write_text("0\n" * count)
    files.refused(lambda: with_observed(some_images(), tmp_path / "l.csv"), f"{count} labels for 60 images")


def test_class_folders_are_named_in_one_form(tmp_path: Path) -> None:
    root = write_pictures(tmp_path / "p", names=("cafe\u0301", "tea"))
    assert load_images("folder", root).class_names == ("caf\u00e9", "tea")
