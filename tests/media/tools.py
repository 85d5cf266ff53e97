"""What Python libraries make for the corpus: python tools.py WHAT ARGUMENTS."""

import struct
import sys

import numpy as np


def frames():
    for n in range(10):
        picture = np.zeros((36, 64, 3), np.uint8)
        picture[n : n + 9, n * 5 : n * 5 + 9] = (255, 25 * n, 90)
        yield picture


def pyav(out, kind):
    import av

    options = {"movflags": "frag_keyframe+empty_moov"} if kind == "fragmented" else {}
    with av.open(out, "w", format="webm" if kind == "webm" else "mp4", options=options) as container:
        stream = container.add_stream("libvpx" if kind == "webm" else "libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt, stream.gop_size = 64, 36, "yuv420p", 3
        for picture in frames():
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(stream.encode())


def opencv(out):
    import os

    import cv2

    writer = cv2.VideoWriter("cv.mp4", cv2.VideoWriter_fourcc(*"mp4v"), 10, (64, 36))
    for picture in frames():
        writer.write(picture)
    writer.release()
    os.rename("cv.mp4", out)


def imageio(out):
    import os

    import imageio.v2

    with imageio.v2.get_writer("io.mp4", fps=10, macro_block_size=2) as writer:
        for picture in frames():
            writer.append_data(picture)
    os.rename("io.mp4", out)


def moviepy(out):
    import os

    from moviepy import ImageSequenceClip

    ImageSequenceClip(list(frames()), fps=10).write_videofile("mp.mp4", logger=None)
    os.rename("mp.mp4", out)


def id3v1(of, out):
    from mutagen.id3 import ID3, TIT2
    from mutagen.id3._id3v1 import MakeID3v1

    tags = ID3()
    tags.add(TIT2(text="free mdat moov"))
    content = open(of, "rb").read() + MakeID3v1(tags)
    open(out, "wb").write(content)


def boxes(content):
    at = 0
    while at < len(content):
        size = struct.unpack_from(">I", content, at)[0]
        yield content[at + 4 : at + 8], content[at : at + size]
        at += size


def open_ended(of, out):
    """The last box without a length, as a live tool writes it."""
    content = open(of, "rb").read()
    parts = [box for _, box in boxes(content)]
    assert parts[-1][4:8] == b"mdat"
    parts[-1] = b"\0\0\0\0" + parts[-1][4:]
    open(out, "wb").write(b"".join(parts))


def large(of, out):
    """The frames in a box with a length of 64 bits, in the place of a `free` box and its own header."""
    kept = dict(boxes(open(of, "rb").read()))
    mdat = struct.pack(">I4sQ", 1, b"mdat", len(kept[b"mdat"]) + 8) + kept[b"mdat"][8:]
    open(out, "wb").write(kept[b"ftyp"] + mdat + kept[b"moov"])


def source(out):
    """A picture that compresses badly enough to have many bytes, and is small."""
    from PIL import Image

    x, y = np.meshgrid(np.arange(123), np.arange(77))
    noise = np.random.default_rng(7).integers(0, 40, (77, 123, 1))
    picture = np.stack([x * 2, y * 3, (x * y) % 200], -1) + noise
    Image.fromarray(picture.clip(0, 255).astype(np.uint8)).quantize(48).convert("RGB").save(out)


def pil(out, form, *options):
    from PIL import Image

    picture = Image.open("source.png").convert("RGB")
    options = dict(option.split("=") if "=" in option else (option, "1") for option in options)
    frames = int(options.pop("frames", 1))
    if options.pop("small", None):
        picture = picture.resize((24, 16))
    if options.pop("grey", None):
        picture = picture.convert("L")
    if options.pop("cmyk", None):
        picture = picture.convert("CMYK")
    if options.pop("palette", None):
        picture = picture.quantize(16)
    if options.pop("alpha", None):
        picture.putalpha(Image.linear_gradient("L").resize(picture.size))
    if options.pop("thumbnail", None):
        import io

        small = io.BytesIO()
        picture.resize((20, 12)).save(small, "JPEG")
        options["exif"] = b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0" + small.getvalue()
    if options.pop("exif", None) == "1":
        exif = Image.Exif()
        exif[0x010E] = "a description"
        options["exif"] = exif
    options = {key: int(value) if str(value).isdigit() else value for key, value in options.items()}
    if frames > 1:
        others = [picture.rotate(90 * n).resize(picture.size) for n in range(1, frames)]
        options.update(save_all=True, append_images=others)
    picture.save(out, form, **options)


def codec(out, name, *options):
    import imagecodecs
    from PIL import Image

    options = {key: int(value) for key, value in (option.split("=") for option in options)}
    content = getattr(imagecodecs, name)(np.array(Image.open("source.png").convert("RGB")), **options)
    open(out, "wb").write(content)


def vips(out, form, *options):
    import os

    import pyvips

    options = dict(option.split("=") for option in options)
    options = {key: bool(int(value)) if value.isdigit() else value for key, value in options.items()}
    pyvips.Image.new_from_file("source.png").write_to_file(f"v.{form}", **options)
    os.rename(f"v.{form}", out)


def heif(out):
    import pillow_heif
    from PIL import Image

    pillow_heif.register_heif_opener()
    Image.open("source.png").convert("RGB").save(out, "HEIF", quality=40)


def pypng(out):
    import png

    rows = [[(x * 7 + y * 3) % 256 for x in range(60)] for y in range(40)]
    with open(out, "wb") as file:
        png.Writer(60, 40, greyscale=True, interlace=True).write(file, rows)


def numpngw(out):
    import numpngw

    numpngw.write_png(out, np.arange(3000, dtype=np.uint16).reshape(50, 60) * 20)


def cgbi(of, out):
    import zlib

    content = open(of, "rb").read()
    data = b"CgBI" + b"\x50\0\x20\x06"
    chunk = struct.pack(">I", 4) + data + struct.pack(">I", zlib.crc32(data))
    open(out, "wb").write(content[:8] + chunk + content[8:])


def fill(out):
    """A JPEG with fill bytes before its frame and its end."""
    pil(out, "JPEG", "quality=60")
    content = open(out, "rb").read()
    at = content.index(b"\xff\xc0")
    open(out, "wb").write(content[:at] + b"\xff" * 3 + content[at:-2] + b"\xff" + content[-2:])


def scaled(out):
    """A WebP whose two bits for scaling are set, of width and of height."""
    import subprocess

    subprocess.run(["cwebp", "-quiet", "-q", "50", "source.png", "-o", out], check=True)
    content = bytearray(open(out, "rb").read())
    at = content.index(b"\x9d\x01\x2a")
    content[at + 4] |= 0x40
    content[at + 6] |= 0x80
    open(out, "wb").write(content)


def vint(content, at, keep):
    """A number of EBML: its value and where it ends."""
    width = 9 - content[at].bit_length()
    value = int.from_bytes(content[at : at + width], "big")
    unknown = value == (1 << 7 * width + 1) - 1 and not keep
    return None if unknown else value if keep else value & (1 << 7 * width) - 1, at + width


def elements(content, at, end):
    """Where the elements of a live file end, those of its segment and of its clusters."""
    while at < end:
        kind, start = vint(content, at, True)
        size, start = vint(content, start, False)
        if kind == 0x18538067 and size is not None:
            yield "end", start + size
            return
        at = start if size is None else start + size
        yield "at", at


def mp4_cuts(content):
    at, last, borders, names = 0, 0, [], []
    while at + 8 <= len(content):
        size, name = struct.unpack_from(">I4s", content, at)
        if size == 1:
            size = struct.unpack_from(">Q", content, at + 8)[0]
        if size == 0:
            size = len(content) - at
        if size < 8 or at + size > len(content):
            break
        at += size
        names.append(name)
        borders.append(at)
    needed = max(borders[n] for n, name in enumerate(names) if name in (b"moov", b"mdat"))
    if b"mvex" not in content:
        # A few bytes behind all frames may be a tag.
        return [n + more for n in borders if n >= needed for more in range(8)], at
    return borders[names.index(b"moov") + 1 :], at


def cuts(of):
    """Where a file may be cut so that its content doesn't tell: `at 10 20`, and `from 30` on."""
    content = open(of, "rb").read()
    at, start = [], len(content)
    if content[:4] == b"\x1a\x45\xdf\xa3":
        for word, place in elements(content, 0, len(content)):
            at, start = (at + [place], start) if word == "at" else ([], place)
    elif content[4:8] in (b"ftyp", b"free") and content[8:12] not in (b"avif", b"heic", b"mif1"):
        at, start = mp4_cuts(content)
    elif content[:4] == b"\x89PNG":
        start = content.rindex(b"IEND") + 8
    elif content[:2] == b"\xff\xd8":
        scan = content.index(b"\xff\xda") if b"MPF\0" in content else content.rindex(b"\xff\xda")
        end = content.find(b"\xff\xd9", scan)
        start = end + 2 if end > 0 else start
    elif content[:2] == b"\xff\x0a" or content[:4] in (b"8BPS", b"#?RA", b"II\xbc\x01", b"II+\0"):
        start = 2
    at = [place for place in at if place < start]
    words = (["at " + " ".join(map(str, at))] if at else []) + ([f"from {start}"] if start < len(content) else [])
    print(", ".join(words) or "-")


if __name__ == "__main__":
    {"open": open_ended}.get(sys.argv[1], globals().get(sys.argv[1]))(*sys.argv[2:])
