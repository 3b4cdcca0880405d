"""vitc.vision.images and sources: whatever a file holds becomes RGB of 8 bits, or a sentence that names the file."""
import io
import os
import struct
import zlib

import numpy as np
import pytest
import vitc
from PIL import Image
from vitc.vision import ImageError, find_images, open_images, read_image
from vitc.vision.images import MAX_PIXELS, save_picture

RANDOM = np.random.default_rng(0)
NOISE = RANDOM.integers(0, 256, (20, 30, 3), np.uint8)


def saved(path, image, **options):
    image.save(path, **options)
    return path


def pixels(path, **options):
    image = read_image(path, **options)
    assert image.mode == "RGB"
    return np.asarray(image)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1"])
def test_modes_as_pillow_converts_them(mode, tmp_path):
    image = Image.fromarray(NOISE).convert(mode)
    path = saved(tmp_path / "a.png", image)
    np.testing.assert_array_equal(pixels(path), np.asarray(Image.open(path).convert("RGB")))


def test_alpha_is_dropped(tmp_path):
    image = Image.fromarray(NOISE)
    image.putalpha(Image.new("L", image.size, 0))
    np.testing.assert_array_equal(pixels(saved(tmp_path / "a.png", image)), NOISE)


def test_cmyk(tmp_path):
    path = saved(tmp_path / "a.tif", Image.new("CMYK", (5, 4), (255, 0, 0, 0)))
    assert (pixels(path) == (0, 255, 255)).all()


def test_cmyk_jpeg(tmp_path):
    path = saved(tmp_path / "a.jpg", Image.new("CMYK", (8, 8), (0, 0, 0, 255)))
    assert pixels(path).max() <= 2, "black ink is black"


@pytest.mark.parametrize("suffix", [".png", ".tif", ".pgm"])
def test_16_bit_grey_is_scaled(suffix, tmp_path):
    values = np.linspace(0, 65535, 200).astype(np.uint16).reshape(10, 20)
    path = saved(tmp_path / f"a{suffix}", Image.fromarray(values))
    expected = np.rint(values / 257).astype(int)
    found = pixels(path)
    assert np.abs(found[..., 0] - expected).max() <= 1 and found.min() == 0 and found.max() == 255
    assert (found == found[..., :1]).all()


def test_16_bit_colours_keep_their_upper_half(tmp_path):
    values = RANDOM.integers(0, 65536, (6, 5, 3), np.uint16)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", 5, 6, 16, 2, 0, 0, 0)), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    path = tmp_path / "a.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks))
    assert np.abs(pixels(path) - values / 257).max() <= 1


def test_wide_numbers(tmp_path):
    path = saved(tmp_path / "a.tif", Image.fromarray(np.array([[0, 70000]], np.int32)))
    with pytest.raises(ImageError, match="a.tif: its pixels are numbers from 0 to 70000; expected 16 bits"):
        read_image(path)
    path = saved(tmp_path / "b.tif", Image.fromarray(np.array([[0, 0.5]], np.float32)))
    with pytest.raises(ImageError, match="b.tif: its pixels are floats"):
        read_image(path)


@pytest.mark.parametrize("suffix", [".gif", ".png", ".webp", ".tif"])
def test_first_frame(suffix, tmp_path):
    frames = [Image.new("RGB", (6, 5), colour) for colour in ((255, 0, 0), (0, 0, 255))]
    path = saved(tmp_path / f"a{suffix}", frames[0], save_all=True, append_images=frames[1:])
    assert Image.open(path).n_frames == 2
    assert np.abs(pixels(path).astype(int) - (255, 0, 0)).max() <= 2


def test_orientation(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera lay on its side
    path = saved(tmp_path / "a.png", Image.fromarray(NOISE), exif=exif)
    np.testing.assert_array_equal(pixels(path), np.rot90(NOISE, -1))


def test_one_pixel(tmp_path):
    assert (pixels(saved(tmp_path / "a.png", Image.new("RGB", (1, 1), (1, 2, 3)))) == (1, 2, 3)).all()


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".gif", ".tif", ".bmp", ".webp"])
@pytest.mark.parametrize("part", [0.02, 0.3, 0.6, 0.95])
def test_truncated(suffix, part, tmp_path):
    buffer = io.BytesIO()
    Image.fromarray(RANDOM.integers(0, 256, (64, 64, 3), np.uint8)).save(buffer, format=Image.registered_extensions()[suffix])
    path = tmp_path / f"a{suffix}"
    path.write_bytes(buffer.getvalue()[: int(len(buffer.getvalue()) * part)])
    with pytest.raises(ImageError, match=f"a{suffix}: (damaged|not an image)"):
        read_image(path)


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_changed_bytes_never_escape(tmp_path):
    """Files with changed bytes are read or refused; nothing but ImageError comes out."""
    refused = 0
    for suffix in (".png", ".jpg", ".gif", ".tif", ".bmp", ".webp", ".ppm"):
        buffer = io.BytesIO()
        Image.fromarray(NOISE).save(buffer, format=Image.registered_extensions()[suffix])
        for seed in range(25):
            random = np.random.default_rng(seed)
            data = bytearray(buffer.getvalue())
            for _ in range(8):
                data[random.integers(len(data) // (1 + seed % 4))] = random.integers(256)
            try:
                assert read_image(io.BytesIO(bytes(data)), max_pixels=1 << 20, name="x").mode == "RGB"
            except ImageError as error:
                assert str(error).startswith("x: ")
                refused += 1
    assert refused > 30


@pytest.mark.parametrize("data, why", [(b"", "an empty file"), (b"hello", "not an image of a format"),
                                       (b"%!PS-Adobe-3.0 EPSF-3.0\n", "not an image")])
def test_other_files(data, why, tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(data)
    with pytest.raises(ImageError, match=f"a.png: {why}"):
        read_image(path)


def test_not_there(tmp_path):
    with pytest.raises(ImageError, match="b.png: No such file"):
        read_image(tmp_path / "b.png")
    with pytest.raises(ImageError, match="a folder; expected an image"):
        read_image(tmp_path)
    os.mkfifo(tmp_path / "c.png")  # which nobody writes to
    with pytest.raises(ImageError, match="c.png: not a regular file"):
        read_image(tmp_path / "c.png")


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_100_megapixels(tmp_path):
    path = saved(tmp_path / "a.png", Image.new("1", (10000, 10000)))
    with pytest.raises(ImageError, match="a.png: 10000 × 10000 are 100.0 megapixels; the limit is 89.5, which --max-mega"):
        read_image(path)
    assert MAX_PIXELS == 1024**3 // 4 // 3, "Pillow's own limit, which commands that ran in this process may have raised"
    with pytest.raises(ImageError, match="the limit is 0.0"):
        read_image(path, max_pixels=1)


def test_a_bomb_by_its_header(tmp_path):
    path = saved(tmp_path / "a.bmp", Image.new("RGB", (4, 4)))
    data = bytearray(path.read_bytes())
    data[18:26] = struct.pack("<ii", 60000, 60000)
    path.write_bytes(data)
    with pytest.raises(ImageError, match="a.bmp: "):
        read_image(path)


def test_arrays():
    np.testing.assert_array_equal(read_image(NOISE), NOISE)
    assert np.asarray(read_image(np.full((2, 3), 65535, np.uint16))).min() == 255
    empty = np.zeros((0, 3, 3), np.uint8)
    for array, says in ((NOISE[None], "shape"), (NOISE.astype(np.float32), "float32"), (empty, "shape")):
        with pytest.raises(ImageError, match=says):
            read_image(array)


def test_find_images(tmp_path):
    for name in ("b.png", "a/2.JPG", "a/10.jpg", "c.txt", ".hidden.png", ".git/x.png", "d.eps"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [path.relative_to(tmp_path).as_posix() for path in find_images(tmp_path)] == ["a/10.jpg", "a/2.JPG", "b.png"]
    with pytest.raises(vitc.Error, match="nothere: no such folder"):
        find_images(tmp_path / "nothere")
    with pytest.raises(vitc.Error, match="b.png: expected a folder"):
        find_images(tmp_path / "b.png")
    (tmp_path / "empty").mkdir()
    with pytest.raises(vitc.Error, match="empty has no images$"):
        find_images(tmp_path / "empty")
    (tmp_path / "empty" / "notes.txt").touch()
    with pytest.raises(vitc.Error, match="empty has no images \\(1 other files"):
        find_images(tmp_path / "empty")


def test_sources(tmp_path):
    (tmp_path / "in").mkdir()
    for name in ("in/a.png", "in/b.png", "c.png"):
        saved(tmp_path / name, Image.fromarray(NOISE))
    np.save(tmp_path / "x.npy", np.stack([NOISE, NOISE]))
    np.savez(tmp_path / "x.npz", one=NOISE[None], two=np.zeros(3))
    (tmp_path / "list.txt").write_text("c.png\n\nin/b.png\n")
    assert open_images(tmp_path / "in").names == ["a.png", "b.png"]
    assert open_images([tmp_path / "c.png"]).names == ["c.png"]
    assert len(open_images([tmp_path / "c.png", tmp_path / "in"])) == 3
    assert open_images(tmp_path / "list.txt").names == ["c.png", "in/b.png"]
    np.testing.assert_array_equal(np.asarray(open_images(tmp_path / "x.npz", array="one")[0]), NOISE)
    for source in (tmp_path / "x.npy", tmp_path / "list.txt", [(Image.fromarray(NOISE), 7)], [NOISE], [tmp_path / "c.png", NOISE]):
        np.testing.assert_array_equal(np.asarray(open_images(source)[0]), NOISE)
    floats = RANDOM.standard_normal((2, 3, 8, 8)).astype(np.float32)
    np.testing.assert_array_equal(open_images(floats)[1], floats[1])


@pytest.mark.parametrize("name, content, says", [
    ("a.npy", b"no array", "a.npy: not an array file"),
    ("a.npz", b"no archive", "a.npz: not an array file"),
    ("a.npy", np.zeros((2, 3)), "a.npy is float64 of shape \\(2, 3\\); expected uint8"),
    ("a.npy", np.zeros((0, 3, 3), np.uint8), "a.npy has no images"),
    ("a.npy", np.array([{}], object), "a.npy: not an array file"),
    ("a.txt", b"\n", "a.txt: the list is empty"),
    ("a.txt", b"a\0b", "a.txt: expected text"),
    ("a.onnx", b"", "a.onnx: expected a folder, an image, a list"),
])
def test_sources_that_are_none(name, content, says, tmp_path):
    if isinstance(content, bytes):
        (tmp_path / name).write_bytes(content)
    else:
        np.save(tmp_path / name, content)
    with pytest.raises(vitc.Error, match=says):
        open_images(tmp_path / name)


def test_datasets_that_fail():
    class Broken:
        def __len__(self):
            return 1

        def __getitem__(self, index):
            raise KeyError("label")

    with pytest.raises(ImageError, match="0: the dataset fails: KeyError: 'label'"):
        open_images(Broken())[0]
    with pytest.raises(vitc.Error, match="images are given as int"):
        open_images(7)
    with pytest.raises(vitc.Error, match="the sequence is empty"):
        open_images([])
    with pytest.raises(ImageError, match="0: float32 of shape"):
        open_images([np.zeros((8, 8, 3), np.float32)])[0]
    with pytest.raises(ImageError, match="0: its numbers are not all finite"):
        open_images([np.full((3, 8, 8), np.nan, np.float32)])[0]


def test_pictures_are_written_whole(tmp_path):
    save_picture(Image.fromarray(NOISE), tmp_path / "a.png")
    np.testing.assert_array_equal(pixels(tmp_path / "a.png"), NOISE)
    with pytest.raises(vitc.Error, match="a.txt: expected the extension of a picture"):
        save_picture(Image.fromarray(NOISE), tmp_path / "a.txt")
    with pytest.raises(OSError):
        save_picture(Image.fromarray(NOISE), tmp_path / "nothere" / "a.png")
    assert os.listdir(tmp_path) == ["a.png"]
