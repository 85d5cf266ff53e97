#!/usr/bin/env bash
# Guess: reading all pictures of a video of which half is missing fails, or ends where the bytes do.
#
# What happens: MoviePy believes the length in the header and gives that many pictures: where none can be read, the last one again
# and again. Half of a video of four seconds is read as 100 pictures, 60 of them the same, and written out as a new, whole file
# that no check will find fault with. The only word of it is a Python warning for each picture, which `-W ignore` drops.
#
# Versions: moviepy 2.2.1, imageio-ffmpeg 0.8.1 (PyPI).
# Source: moviepy.video.io.ffmpeg_reader (the warning and what follows it).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile moviepy==2.2.1 imageio-ffmpeg==0.8.1
cd "$work"
timeout 100 venv/bin/python - <<'EOF'
import importlib.metadata, subprocess, warnings
import imageio_ffmpeg
from moviepy import VideoFileClip

ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
source = ["-f", "lavfi", "-i", "testsrc=s=128x72:r=25:d=4", "-pix_fmt", "yuv420p"]
subprocess.run([ffmpeg, "-v", "error", *source, "-c:v", "libx264", "-g", "10", "-movflags", "+faststart", "a.mp4"], check=True)
subprocess.run([ffmpeg, "-v", "error", *source, "-c:v", "libvpx", "a.webm"], check=True)


def decoded(name):
    """How many pictures ffmpeg itself finds."""
    command = [ffmpeg, "-v", "quiet", "-i", name, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    return len(subprocess.run(command, capture_output=True).stdout) // (128 * 72 * 3)


print("moviepy", importlib.metadata.version("moviepy"))
for name in ("a.mp4", "a.webm"):
    with open(name, "rb") as file:
        content = file.read()
    with open("half-" + name, "wb") as file:
        file.write(content[: len(content) // 2])
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        clip = VideoFileClip("half-" + name, audio=False)
        pictures = [picture.tobytes() for picture in clip.iter_frames()]
        clip.close()
    again = sum(one == next for one, next in zip(pictures, pictures[1:]))
    print(f"half of {name}: ffmpeg reads {decoded('half-' + name)} pictures, MoviePy {len(pictures)} of {clip.duration} s,"
          f" {again} of them like the one before; warnings: {len(said)}")
    assert decoded(name) == len(pictures) == 100 and again > 40, "this is no longer so"
    assert decoded("half-" + name) < 60, "this is no longer so"
EOF
