# shellcheck shell=bash disable=SC2016,SC2154
# The images: sourced by make. Verdicts: `image KIND`, with what is odd about it.

"$PYTHON" "$HERE/tools.py" source source.png
PIL="Pillow $(pip_version pillow)"
IM="ImageMagick $(version imagemagick)"
CODECS="imagecodecs $(pip_version imagecodecs)"
VIPS="libvips (pyvips-binary $(pip_version pyvips-binary))"
pil() { one "$1" "$2" "$PIL" "\$PYTHON \$HERE/tools.py pil OUT $3"; }
codec() { one "$1" "$2" "$CODECS" "\$PYTHON \$HERE/tools.py codec OUT $3"; }
vips() { one "$1" "$2" "$VIPS" "\$PYTHON \$HERE/tools.py vips OUT $3"; }
magick() { one "$1" "$2" "$IM" "/usr/bin/convert-im6.q16 source.png $3 OUT.${1##*.}; mv OUT.${1##*.} OUT"; }
jpeg="libjpeg-turbo $(version libjpeg-turbo-progs)"

pil pillow.png 'image PNG' PNG
pil pillow-palette.png 'image PNG' 'PNG palette'
pil pillow-exif.png 'image PNG' 'PNG exif=1'
pil pillow-apng.png 'image PNG' 'PNG frames=3 small'
magick imagemagick-interlaced.png 'image PNG' '-interlace PNG'
magick imagemagick-16.png 'image PNG' '-depth 16 -resize 50%'
one optipng.png 'image PNG' "OptiPNG $(version optipng)" 'cp source.png OUT.png; optipng -quiet -o1 OUT.png; mv OUT.png OUT'
one apngasm.png 'image PNG' "apngasm $(version apngasm)" 'cp source.png a1.png; convert-im6.q16 source.png -negate a2.png; apngasm OUT.png a1.png a2.png; mv OUT.png OUT'
one sharp.png 'image PNG' "npm sharp $(npm_version sharp)" 'node $HERE/tools.mjs sharp OUT source.png png'
one upng.png 'image PNG' "npm upng-js $(npm_version upng-js)" 'node $HERE/tools.mjs upng OUT'
one pypng-interlaced.png 'image PNG' "pypng $(pip_version pypng)" '$PYTHON $HERE/tools.py pypng OUT'
one numpngw.png 'image PNG' "numpngw $(pip_version numpngw)" '$PYTHON $HERE/tools.py numpngw OUT'
one cgbi.png 'image PNG' 'a Python line: the chunk that Xcode puts first' '$PYTHON $HERE/tools.py cgbi source.png OUT'
one png-with-more.png 'image PNG' 'cat' "cat source.png <(printf 'and more') > OUT"

pil pillow.jpg 'image JPEG' 'JPEG quality=60'
pil pillow-progressive.jpg 'image JPEG' 'JPEG quality=60 progressive=1'
pil pillow-exif.jpg 'image JPEG' 'JPEG quality=60 thumbnail'
pil pillow-restart.jpg 'image JPEG' 'JPEG quality=60 restart_marker_rows=1'
pil pillow-grey.jpg 'image JPEG' 'JPEG quality=50 grey'
pil pillow-cmyk.jpg 'image JPEG' 'JPEG quality=50 cmyk'
pil pillow-mpo.jpg 'image JPEG' 'MPO quality=50 frames=2'
one cjpeg-arithmetic.jpg 'image JPEG' "$jpeg" 'convert-im6.q16 source.png s.ppm; cjpeg -arithmetic -quality 60 s.ppm > OUT'
one cjpeg-scans.jpg 'image JPEG' "$jpeg" 'cjpeg -progressive -quality 60 -restart 2 s.ppm > OUT'
one jpegtran.jpg 'image JPEG' "$jpeg" 'cjpeg -quality 60 s.ppm | jpegtran -optimize -copy all > OUT'
one jpegoptim.jpg 'image JPEG' "jpegoptim $(version jpegoptim)" 'cjpeg -quality 90 s.ppm > OUT.jpg; jpegoptim -q -m60 OUT.jpg; mv OUT.jpg OUT'
one sharp-mozjpeg.jpg 'image JPEG' "npm sharp $(npm_version sharp)" 'node $HERE/tools.mjs sharp OUT source.png jpeg'
one jpeg-js.jpg 'image JPEG' "npm jpeg-js $(npm_version jpeg-js)" 'node $HERE/tools.mjs jpeg-js OUT'
magick imagemagick-lossy.jpg 'image JPEG' '-quality 50 -sampling-factor 4:2:0'
one fill-bytes.jpg 'image JPEG' "$PIL, and Python" '$PYTHON $HERE/tools.py fill OUT'
one no-end.jpg 'image JPEG, NoEnd' "$PIL, and head" '$PYTHON $HERE/tools.py pil p.jpg JPEG quality=60; head -c -2 p.jpg > OUT'
one exiftool.jpg 'image JPEG' "ExifTool $(version libimage-exiftool-perl)" '$PYTHON $HERE/tools.py pil OUT JPEG quality=60; exiftool -q -overwrite_original -Comment=c -XMP:Creator=me OUT'

pil pillow.webp 'image WebP' 'WEBP quality=50'
pil pillow-lossless.webp 'image WebP' 'WEBP lossless=1'
pil pillow-animated.webp 'image WebP' 'WEBP frames=3 quality=40'
pil pillow-alpha.webp 'image WebP' 'WEBP alpha quality=40'
one cwebp.webp 'image WebP' "libwebp $(version webp)" 'cwebp -quiet -q 50 source.png -o OUT'
one cwebp-scaled.webp 'image WebP' "libwebp $(version webp), and Python" '$PYTHON $HERE/tools.py scaled OUT'
one gif2webp.webp 'image WebP' "libwebp $(version webp)" '$PYTHON $HERE/tools.py pil a.gif GIF frames=3; gif2webp -quiet a.gif -o OUT'
one img2webp.webp 'image WebP' "libwebp $(version webp)" 'img2webp -lossy -q 40 source.png source.png -o OUT'
one webpmux-exif.webp 'image WebP' "libwebp $(version webp)" 'cwebp -quiet -q 50 source.png -o w.webp; printf Exif > e; webpmux -set exif e w.webp -o OUT'
one sharp.webp 'image WebP' "npm sharp $(npm_version sharp)" 'node $HERE/tools.mjs sharp OUT source.png webp'

pil pillow.gif 'image GIF' GIF
pil pillow-frames.gif 'image GIF' 'GIF frames=3'
one gifsicle.gif 'image GIF' "gifsicle $(version gifsicle)" 'gifsicle -O3 --interlace a.gif -o OUT'
one gifenc.gif 'image GIF' "npm gifenc $(npm_version gifenc)" 'node $HERE/tools.mjs gifenc OUT'
magick imagemagick.gif 'image GIF' ''
vips vips.gif 'image GIF' gif
pil pillow.bmp 'image BMP' 'BMP small'
magick imagemagick.bmp 'image BMP' '-resize 40x30!'
magick imagemagick-palette.bmp 'image BMP' '-colors 16 -type Palette -compress RLE'
pil pillow.tiff 'image TIFF' 'TIFF compression=tiff_lzw'
vips vips-big.tiff 'image TIFF' 'tiff bigtiff=1 compression=lzw'
vips vips-tiles.tiff 'image TIFF' 'tiff tile=1 compression=deflate'
magick imagemagick.tiff 'image TIFF' '-compress zip -endian MSB'
pil pillow.ico 'image ICO' 'ICO small'
magick imagemagick.ico 'image ICO' '-resize 16x16!'
pil pillow.ppm 'image PNM' 'PPM small'
pil pillow.tga 'image TGA' 'TGA rle=1 small'
magick imagemagick.psd 'image PSD' '-resize 20x15!'
codec imagecodecs.qoi 'image QOI' qoi_encode
magick imagemagick.hdr 'image Radiance HDR' '-resize 40x30!'
pil pillow.avif 'image AVIF' 'AVIF quality=40'
one avifenc.avif 'image AVIF' "libavif $(version libavif-bin)" 'avifenc -q 40 source.png OUT.avif || avifenc --min 40 --max 50 source.png OUT.avif; mv OUT.avif OUT'
one heif-enc.heic 'image HEIC' "libheif $(version libheif-examples)" 'heif-enc -q 40 source.png -o OUT.heic; mv OUT.heic OUT'
one pillow-heif.heic 'image HEIC' "pillow-heif $(pip_version pillow-heif)" '$PYTHON $HERE/tools.py heif OUT'
one cjxl.jxl 'image JPEG XL' "libjxl $(version libjxl-tools)" 'cjxl --quiet source.png OUT.jxl -d 3; mv OUT.jxl OUT'
one cjxl-boxes.jxl 'image JPEG XL' "libjxl $(version libjxl-tools)" 'cjxl --quiet source.png OUT.jxl -d 3 --container=1; mv OUT.jxl OUT'
one cjxl-of-jpeg.jxl 'image JPEG XL' "libjxl $(version libjxl-tools)" 'cjxl --quiet p.jpg OUT.jxl; mv OUT.jxl OUT'
one opj.jp2 'image JPEG 2000' "OpenJPEG $(version libopenjp2-tools)" 'opj_compress -i s.ppm -o OUT.jp2 -r 20; mv OUT.jp2 OUT'
one opj.j2k 'image JPEG 2000' "OpenJPEG $(version libopenjp2-tools)" 'opj_compress -i s.ppm -o OUT.j2k -r 20; mv OUT.j2k OUT'
codec imagecodecs.jxr 'image JPEG XR' 'jpegxr_encode level=40'
