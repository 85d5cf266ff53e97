#!/usr/bin/env bash
# Guess: a library that reads half a video says so, at the latest when its frames run out before the time that its head promises.
#
# What happens: mediabunny reads half an MP4 whose index comes first, tells the whole duration, hands out a quarter of the packets
# and ends like at an end. Its Conversion copies them into a Matroska file, calls itself valid, discards nothing, and raises
# nothing; so with half a fragmented MP4 and half a WebM. What comes out is a whole, shorter video, which passes every check, and
# of which nobody can tell any more that something was cut off.
#
# Versions: mediabunny 1.61.0 (npm), ffmpeg of imageio-ffmpeg 0.8.1 (PyPI) to make and to check, Node.js 20.
# Source: seen here. PyAV 18.1 raises InvalidDataError for the first of the three, and for the second.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --no-compile imageio-ffmpeg==0.8.1
npm install --silent --no-audit --no-fund --no-package-lock mediabunny@1.61.0 >/dev/null
ffmpeg=$(venv/bin/python -c 'import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())')
make() { timeout 60 "$ffmpeg" -v error -y -f lavfi -i testsrc=s=128x72:r=10:d=4 -pix_fmt yuv420p "$@"; }
make -c:v libx264 -g 10 -movflags +faststart index-first.mp4
make -c:v libx264 -g 10 -movflags frag_keyframe+empty_moov fragmented.mp4
make -c:v libvpx -b:v 60k -deadline realtime -g 10 -cluster_time_limit 500 file.webm
cat > convert.mjs <<'JS'
import { readFileSync, writeFileSync } from "node:fs";
import { ALL_FORMATS, BufferSource, BufferTarget, Conversion, EncodedPacketSink, Input, MkvOutputFormat, Output } from "mediabunny";

const [from, to] = process.argv.slice(2);
const open = () => new Input({ source: new BufferSource(readFileSync(from)), formats: ALL_FORMATS });
const duration = await open().computeDuration();
let packets = 0;
for await (const _ of new EncodedPacketSink(await open().getPrimaryVideoTrack()).packets()) packets++;
const output = new Output({ format: new MkvOutputFormat(), target: new BufferTarget() });
const conversion = await Conversion.init({ input: open(), output });
await conversion.execute();
writeFileSync(to, Buffer.from(output.target.buffer));
console.log(`duration ${duration.toFixed(1)}, packets ${packets}, conversion valid ${conversion.isValid}, discarded ${conversion.discardedTracks.length}`);
JS
echo "mediabunny $(node -p 'JSON.parse(require("fs").readFileSync("node_modules/mediabunny/package.json")).version'); each video has 40 packets in 4 s"
for video in index-first.mp4 fragmented.mp4 file.webm; do
    head -c $(($(stat -c %s "$video") / 2)) "$video" > "half-$video"
    said=$(timeout 30 node convert.mjs "half-$video" out.mkv)
    code=0
    check=$(timeout 30 "$ffmpeg" -v error -xerror -i out.mkv -f null - 2>&1) || code=$?
    echo "half of $video: $said; the check of what came out ends with $code and says ${check:-nothing}"
    packets=$(sed 's/.*packets \([0-9]*\),.*/\1/' <<< "$said")
    [[ $packets -lt 30 && $said == *"valid true, discarded 0" && $code = 0 && -z $check ]] || { echo "this is no longer so"; exit 1; }
    [[ $video != index-first.mp4 || $said == "duration 4.0, "* ]] || { echo "this is no longer so"; exit 1; }
done
