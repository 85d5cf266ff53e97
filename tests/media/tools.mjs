// What npm's libraries make for the corpus: node tools.mjs WHAT OUT [FROM].
import { createRequire } from 'node:module';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [what, out, from] = process.argv.slice(2);
const load = (name) => createRequire(join(process.env.NODE_PATH, 'x.js'))(name);
const bytes = (length, salt) => Uint8Array.from({ length }, (_, n) => (n * salt) & 255);
// The description that a decoder of H.264 is given.
const avcC = Uint8Array.from([1, 66, 192, 10, 255, 225, 0, 4, 103, 66, 192, 10, 1, 0, 4, 104, 206, 60, 128]);
const config = { codec: 'avc1.42c00a', codedWidth: 64, codedHeight: 36, description: avcC };

function muxed({ Muxer, ArrayBufferTarget, StreamTarget }, options, codec) {
  const target = new ArrayBufferTarget();
  const muxer = new Muxer({ target, video: { codec, width: 64, height: 36, frameRate: 10 }, ...options });
  for (let n = 0; n < 10; n++) {
    const meta = n === 0 ? { decoderConfig: codec === 'avc' ? config : { codec: 'vp8', codedWidth: 64, codedHeight: 36 } } : undefined;
    muxer.addVideoChunkRaw(bytes(90, n + 3), n % 3 === 0 ? 'key' : 'delta', n * 1e5, ...(codec === 'avc' ? [1e5, meta] : [meta]));
  }
  muxer.finalize();
  return new Uint8Array(target.buffer);
}

async function bunny(format, codec) {
  const m = load('mediabunny');
  const target = new m.BufferTarget();
  const output = new m.Output({ format: format(m), target });
  const source = new m.EncodedVideoPacketSource(codec);
  output.addVideoTrack(source, { frameRate: 10, maximumPacketCount: 20 });
  await output.start();
  for (let n = 0; n < 10; n++) {
    const packet = new m.EncodedPacket(bytes(90, n + 3), n % 3 === 0 ? 'key' : 'delta', n / 10, 0.1);
    await source.add(packet, { decoderConfig: codec === 'avc' ? config : { codec: 'vp8', codedWidth: 64, codedHeight: 36 } });
  }
  await output.finalize();
  return new Uint8Array(target.buffer);
}

const makers = {
  'mp4-muxer': () => muxed(load('mp4-muxer'), { fastStart: false }, 'avc'),
  'mp4-muxer-faststart': () => muxed(load('mp4-muxer'), { fastStart: 'in-memory' }, 'avc'),
  'mp4-muxer-fragmented': () => muxed(load('mp4-muxer'), { fastStart: 'fragmented' }, 'avc'),
  mediabunny: () => bunny((m) => new m.Mp4OutputFormat({ fastStart: false }), 'avc'),
  'mediabunny-faststart': () => bunny((m) => new m.Mp4OutputFormat({ fastStart: 'in-memory' }), 'avc'),
  'mediabunny-reserve': () => bunny((m) => new m.Mp4OutputFormat({ fastStart: 'reserve' }), 'avc'),
  'mediabunny-fragmented': () => bunny((m) => new m.Mp4OutputFormat({ fastStart: 'fragmented', minimumFragmentDuration: 0.3 }), 'avc'),
  'mediabunny-webm': () => bunny((m) => new m.WebMOutputFormat(), 'vp8'),
  'mediabunny-live': () => bunny((m) => new m.WebMOutputFormat({ appendOnly: true }), 'vp8'),
  'mediabunny-mkv': () => bunny((m) => new m.MkvOutputFormat(), 'avc'),
  'mediabunny-mov': () => bunny((m) => new m.MovOutputFormat(), 'avc'),
  'webm-muxer': () => muxed(load('webm-muxer'), { video: { codec: 'V_VP8', width: 64, height: 36 } }, 'vp8'),
  'webm-muxer-live': () => muxed(load('webm-muxer'), { streaming: true, video: { codec: 'V_VP8', width: 64, height: 36 } }, 'vp8'),
  'h264-mp4-encoder': async () => {
    const encoder = await load('h264-mp4-encoder').createH264MP4Encoder();
    Object.assign(encoder, { width: 64, height: 36, frameRate: 10, quantizationParameter: 40 });
    encoder.initialize();
    for (let n = 0; n < 10; n++) encoder.addFrameRgba(bytes(64 * 36 * 4, n));
    encoder.finalize();
    return encoder.FS.readFile(encoder.outputFilename);
  },
  // Fragments a file as it comes.
  mp4box: () => {
    const { createFile } = load('mp4box');
    const file = createFile();
    const parts = [];
    file.onReady = (info) => {
      file.setSegmentOptions(info.tracks[0].id, null, { nbSamples: 4 });
      parts.push(new Uint8Array(([].concat(file.initializeSegmentation())[0]).buffer));
      file.start();
    };
    file.onSegment = (id, user, buffer) => parts.push(new Uint8Array(buffer));
    const content = new Uint8Array(readFileSync(from)).buffer;
    content.fileStart = 0;
    file.appendBuffer(content);
    file.flush();
    return Buffer.concat(parts);
  },
};

makers.sharp = async () => {
  const image = load('sharp')(from);
  return { png: () => image.png(), jpeg: () => image.jpeg({ mozjpeg: true, quality: 50 }), webp: () => image.webp({ quality: 40 }) }[process.argv[5]]().toBuffer();
};
makers.upng = () => Buffer.from(load('upng-js').encode([bytes(60 * 40 * 4, 7).buffer, bytes(60 * 40 * 4, 9).buffer], 60, 40, 16, [100, 100]));
makers['jpeg-js'] = () => load('jpeg-js').encode({ width: 60, height: 40, data: Buffer.from(bytes(60 * 40 * 4, 7)) }, 50).data;
makers.gifenc = () => {
  const { GIFEncoder, quantize, applyPalette } = load('gifenc');
  const gif = GIFEncoder();
  for (const salt of [3, 5]) {
    const pixels = bytes(40 * 30 * 4, salt);
    const palette = quantize(pixels, 16);
    gif.writeFrame(applyPalette(pixels, palette), 40, 30, { palette, delay: 100 });
  }
  gif.finish();
  return gif.bytes();
};

writeFileSync(out, await makers[what]());
// Some of the libraries leave timers behind.
process.exit(0);
