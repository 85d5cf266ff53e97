#!/usr/bin/env bash
# Guess: an MP4 whose index announces fragments (`moov` with `mvex`) and that has none (`moof`) is cut behind its index.
#
# What happens: `ffmpeg -movflags frag_keyframe` puts the first fragment into the `moov` itself, with tables as in a plain file. A
# video with one key frame, as short ones are, then has `mvex` and no `moof` at all, and is whole: all its frames decode. Whether
# it is cut is told by its tables, not by the kinds of its boxes.
#
# Versions: ffmpeg 9.0.2 (imageio-ffmpeg 0.8.1 from PyPI); the same with Debian 12's 5.1.9.
# Source: libavformat/movenc.c: without empty_moov or delay_moov the first samples are flushed with the moov.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check imageio-ffmpeg==0.8.1
cd "$work"
ffmpeg=$(venv/bin/python -c 'import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())')
"$ffmpeg" -version | sed -n 1p
timeout 60 "$ffmpeg" -v error -y -f lavfi -i testsrc=s=64x36:r=10:d=2 -c:v libx264 -g 100 -movflags frag_keyframe one.mp4
python3 - <<'PY'
import struct

content = open("one.mp4", "rb").read()
at, boxes = 0, []
while at < len(content):
    size, kind = struct.unpack_from(">I4s", content, at)
    boxes.append(kind.decode())
    at += size
print("boxes:", *boxes, "| mvex in it:", b"mvex" in content)
assert b"mvex" in content and "moof" not in boxes
PY
frames=$(timeout 60 "$ffmpeg" -v error -xerror -i one.mp4 -f framecrc - | grep -c '^0,')
echo "frames that decode: $frames of 20"
[ "$frames" = 20 ]
