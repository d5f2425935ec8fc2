// Sound, and the clock that frames and sounds share.
/** @type {Player} */
const player = { context: null, source: null, begun: 0, from: 0, until: 0, clock: null, decoded: new Map(), slowed: new Map() };

/**
 * At the file's own rate, so that samples stay what they are.
 * @param {SoundData} sound
 * @returns {Promise<AudioBuffer>}
 */
function samplesOf(sound) {
  let found = player.decoded.get(sound);
  if (!found) {
    const offline = new OfflineAudioContext(1, 1, sound.rate);
    found = offline.decodeAudioData(bytesOf(sound.data).buffer);
    player.decoded.set(sound, found);
  }
  return found;
}

/**
 * Slower at the same pitch: pieces of 40 ms, each taken where it continues the one before best (Verhelst & Roelands 1993).
 * @param {Float32Array} samples
 * @param {number} rate
 * @param {number} speed
 */
function stretched(samples, rate, speed) {
  const half = Math.round(0.02 * rate), seek = Math.round(0.008 * rate), size = 2 * half;
  const padded = new Float32Array(samples.length + 2 * size + seek);
  padded.set(samples);
  const out = new Float32Array(Math.ceil(samples.length / speed) + size);
  const fade = Float32Array.from({ length: size }, (_, i) => 0.5 - 0.5 * Math.cos((Math.PI * (i + 0.5)) / half));
  let before = -1;
  for (let piece = 0; piece * half * speed < samples.length; piece++) {
    const wanted = Math.round(piece * half * speed);
    let chosen = wanted, best = -Infinity;
    if (before >= 0) {
      for (let place = Math.max(0, wanted - seek); place <= wanted + seek; place += 2) {
        let likeness = 0;
        for (let i = 0; i < half; i += 2) likeness += padded[place + i] * padded[before + half + i];
        if (likeness > best) [best, chosen] = [likeness, place];
      }
    }
    const to = piece * half;
    for (let i = 0; i < size && to + i < out.length; i++) out[to + i] += padded[chosen + i] * fade[i];
    before = chosen;
  }
  return out;
}

/** @param {SoundData} sound */
async function playable(sound) {
  const buffer = await samplesOf(sound);
  if (state.speed === 1) return buffer;
  const key = sound.data + "/" + state.speed;
  let slow = player.slowed.get(key);
  if (!slow) {
    const samples = stretched(buffer.getChannelData(0), buffer.sampleRate, state.speed);
    slow = new AudioBuffer({ length: samples.length, numberOfChannels: 1, sampleRate: buffer.sampleRate });
    slow.copyToChannel(samples, 0);
    player.slowed.set(key, slow);
  }
  return slow;
}

function silence() {
  if (player.source) player.source.onended = null;
  try { player.source?.stop(); } catch { /* it had not begun */ }
  player.source = null;
}

let starts = 0;
async function play() {
  const mine = ++starts, sound = soundNow();
  const selection = state.selection, end = selection ? selection[1] : state.clip.seconds;
  if (state.time >= end - 1e-3 || (selection && state.time < selection[0])) state.time = selection ? selection[0] : 0;
  state.playing = true;
  silence();
  /** @type {AudioBuffer | null} */
  let buffer = null;
  if (sound) {
    player.context ??= new AudioContext({ latencyHint: "interactive" });
    buffer = await playable(sound);
    // Some browsers keep sound back, and say so by never answering.
    await Promise.race([player.context.resume(), new Promise((done) => setTimeout(done, 500))]);
  }
  if (mine !== starts) return;
  const context = player.context?.state === "running" && buffer ? player.context : null;
  player.clock = context ? () => context.currentTime - (context.outputLatency || 0) : () => performance.now() / 1000;
  player.from = state.time;
  player.until = end;
  if (context) {
    const source = context.createBufferSource();
    source.buffer = buffer;
    source.connect(context.destination);
    source.start(0, state.time / state.speed, (end - state.time) / state.speed);
    player.source = source;
    player.begun = context.currentTime;
  } else player.begun = player.clock();
}

function pause() {
  starts++;
  silence();
  state.playing = false;
  player.clock = null;
}

// The time that is heard now, or null while the sound is being made ready.
function heardTime() {
  if (!player.clock) return null;
  return player.from + Math.max(0, player.clock() - player.begun) * state.speed;
}
