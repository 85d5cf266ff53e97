#!/usr/bin/env bash
# Guess: `ffmpeg -v error -xerror -i FILE -f null -`, the usual check of a video, fails for a file of which half is missing.
#
# What happens: for half a WebM it exits 0, with one line ("File ended prematurely"), and for one that was written to a pipe and is
# cut between two clusters without a word. `ffprobe` exits 0 and still tells the whole duration of the first. Half a fragmented MP4
# fails. So neither exit code nor silence says that a WebM is whole; the size of its Segment does, where it has one.
#
# Versions: ffmpeg 9.0.2 (imageio-ffmpeg 0.8.1 from PyPI), the same with Debian 12's 5.1.9.
# Source: libavformat's matroskadec treats an early end as an end.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check imageio-ffmpeg==0.8.1
cd "$work"
ffmpeg=$(venv/bin/python -c 'import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())')
"$ffmpeg" -version | sed -n 1p
make() { timeout 60 "$ffmpeg" -v error -y -f lavfi -i testsrc=s=64x36:r=10:d=5 "$@"; }
vp8=(-c:v libvpx -b:v 30k -deadline realtime -g 10 -cluster_time_limit 500)
make "${vp8[@]}" file.webm
make "${vp8[@]}" -f webm - | cat > pipe.webm
make -c:v libx264 -g 10 -movflags frag_keyframe+empty_moov fragmented.mp4
half() { head -c $(($(stat -c %s "$1") / 2)) "$1" > "half-$1"; }
half file.webm
half fragmented.mp4
# The piped one is cut where a cluster begins.
python3 - <<'PY'
content = open("pipe.webm", "rb").read()
clusters = [at for at in range(len(content)) if content.startswith(b"\x1f\x43\xb6\x75", at)]
print("clusters:", len(clusters))
open("half-pipe.webm", "wb").write(content[: clusters[len(clusters) // 2]])
PY
check() {
  local said code=0
  said=$(timeout 60 "$ffmpeg" -v error -xerror -i "$1" -f null - 2>&1) || code=$?
  echo "$1: exit $code; says: ${said:-nothing}"
  case $2 in
    silent) [ "$code" = 0 ] && [ -z "$said" ] ;;
    passes) [ "$code" = 0 ] && [ -n "$said" ] ;;
    fails) [ "$code" != 0 ] ;;
  esac
}
check half-file.webm passes
check half-pipe.webm silent
check half-fragmented.mp4 fails
