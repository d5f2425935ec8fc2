// Everything over time: waveform, spectrogram with formants and bands, F0, labels, and the regions' courses.
const GUTTER = 60, MARGIN = 14, GAP = 10;
const still = { key: "", spectrograms: new Map(), waves: new Map() };

function lanes() {
  const found = [];
  let top = 4;
  const add = (kind, height, more = {}) => {
    found.push({ kind, top, height, ...more });
    top += height + GAP;
  };
  if (soundNow()) {
    add("wave", 38);
    add("spectrogram", 196);
    if (soundNow().tracks) add("pitch", 58);
  }
  state.clip.tiers.forEach((tier) => {
    add("tier", 24, { tier });
    top -= GAP - 3;
  });
  if (state.clip.tiers.length) top += GAP - 3;
  if (courseNow()) add("course", 128);
  found.push({ kind: "axis", top: top - 4, height: 22 });
  return { lanes: found, height: top + 18 };
}

// The course of the band that is shown, or of the first.
function courseNow() {
  const band = bandsNow()[0] ?? methodNow()?.bands[0];
  return band?.course ? { ...band.course, band } : null;
}

const xOf = (time, width) => GUTTER + ((time - state.from) / (state.to - state.from)) * (width - GUTTER - MARGIN);
const timeAt = (x, width) => state.from + ((x - GUTTER) / (width - GUTTER - MARGIN)) * (state.to - state.from);

function loadTimeline(clip, sound, redraw) {
  if (!sound) return Promise.resolve();
  const jobs = [];
  if (!still.spectrograms.has(sound)) {
    jobs.push(bitmapOf(sound.spectrogram.data).then((bitmap) => still.spectrograms.set(sound, tinted(bitmap))));
  }
  if (!still.waves.has(sound)) {
    samplesOf(sound).then((buffer) => { still.waves.set(sound, buffer.getChannelData(0)); redraw(); }, () => {});
  }
  return Promise.all(jobs);
}

// Loud is bright in the file: for paper that is turned round.
function tinted(bitmap) {
  const make = (invert) => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
    const context = canvas.getContext("2d");
    context.drawImage(bitmap, 0, 0);
    if (invert) {
      context.globalCompositeOperation = "difference";
      context.fillStyle = "#fff";
      context.fillRect(0, 0, canvas.width, canvas.height);
    }
    return canvas;
  };
  return { light: make(true), dark: make(false) };
}

function drawTimeline(canvas) {
  const width = canvas.clientWidth, plan = lanes();
  canvas.style.height = plan.height + "px";
  const sound = soundNow();
  const key = [width, plan.height, window.devicePixelRatio, state.clip.name, state.sound, state.from, state.to, state.language, inks.ground,
    state.course, state.method, state.bands, state.formants, state.limits, [...state.hidden], still.waves.has(sound), still.spectrograms.has(sound)].join("|");
  if (still.key !== key) {
    still.key = key;
    const context = sized(canvas, width, plan.height);
    context.clearRect(0, 0, width, plan.height);
    for (const lane of plan.lanes) drawLane(context, lane, width);
  }
  // What moves lies above in elements of its own, so that the rest is drawn only when it changes.
  const shown = spans(width);
  for (const name of ["selection", "span", "cursor"]) {
    const style = $(name).style, [begin, end] = shown[name] ?? [0, 0];
    style.height = plan.lanes.at(-1).top + "px";
    style.width = Math.max(0, end - begin) + "px";
    style.transform = `translateX(${begin}px)`;
  }
}

// From where to where, in pixels: the selection, the frame that is shown, and the cursor.
function spans(width) {
  const clipped = (a, b) => [Math.max(a, GUTTER), Math.min(b, width - MARGIN)];
  const frame = frameAt(state.time), now = xOf(state.time, width);
  return {
    selection: state.selection && clipped(...state.selection.map((time) => xOf(time, width))),
    span: clipped(xOf(frame / state.clip.rate, width), xOf((frame + 1) / state.clip.rate, width)),
    cursor: clipped(now - 0.75, now + 0.75),
  };
}

function drawLane(context, lane, width) {
  const left = GUTTER, wide = width - GUTTER - MARGIN, { top, height } = lane;
  context.font = "11px " + FONT();
  context.textBaseline = "middle";
  const inside = (paint) => {
    context.save();
    context.beginPath();
    context.rect(left, top, wide, height);
    context.clip();
    paint();
    context.restore();
  };
  const border = () => {
    context.strokeStyle = inks.line;
    context.lineWidth = 1;
    context.strokeRect(left + 0.5, top + 0.5, wide - 1, height - 1);
  };
  const side = (text, y = top + height / 2, colour = inks.quiet) => {
    context.fillStyle = colour;
    context.textAlign = "right";
    context.fillText(text, left - 6, y, left - 8);
    context.textAlign = "left";
  };
  // Above the marks, in the gutter's upper part.
  const title = (text) => side(text, top + 7, inks.ink);
  const axis = (low, high, apart = 26) => {
    const { values, digits } = marks(low, high, height / apart);
    for (const value of values) {
      const y = top + height - ((value - low) / (high - low)) * height;
      if (y < top + 18 || y > top + height + 0.5) continue;
      side(value.toFixed(digits), Math.min(y, top + height - 5));
      context.fillStyle = inks.line;
      context.fillRect(left - 4, Math.min(y, top + height - 1), 4, 1);
    }
  };
  const paint = { wave: paintWave, spectrogram: paintSpectrogram, pitch: paintPitch, tier: paintTier, course: paintCourse, axis: paintTimes };
  paint[lane.kind](context, { ...lane, left, wide, width, inside, border, side, title, axis });
}

function paintWave(context, { top, height, left, wide, width, inside, border, side }) {
  const samples = still.waves.get(soundNow()), rate = soundNow().rate;
  side(t(soundNow().kind), top + height / 2, inks.ink);
  border();
  if (!samples) return;
  let loudest = 1e-6;
  for (let i = 0; i < samples.length; i++) loudest = Math.max(loudest, Math.abs(samples[i]));
  inside(() => {
    context.fillStyle = inks.quiet;
    for (let x = 0; x < wide; x++) {
      const a = Math.max(0, Math.floor(timeAt(left + x, width) * rate)), b = Math.min(samples.length, Math.ceil(timeAt(left + x + 1, width) * rate));
      if (a >= b) continue;
      let low = Infinity, high = -Infinity;
      for (let i = a; i < b; i++) {
        if (samples[i] < low) low = samples[i];
        if (samples[i] > high) high = samples[i];
      }
      const half = (height - 4) / 2, middle = top + height / 2;
      context.fillRect(left + x, middle - (high / loudest) * half, 1, Math.max(0.7, ((high - low) / loudest) * half));
    }
  });
}

function paintSpectrogram(context, { top, height, left, wide, width, inside, border, title, axis }) {
  const sound = soundNow(), picture = still.spectrograms.get(sound);
  const y = (hz) => top + height * (1 - hz / page.highest);
  inside(() => {
    const { start, end } = sound.spectrogram;
    const a = xOf(start, width), b = xOf(end, width);
    if (picture) context.drawImage(inks.dark ? picture.dark : picture.light, a, top, b - a, height);
    if (state.limits) paintLimits(context, left, wide, y);
    const tracks = sound.tracks;
    if (tracks && state.formants) {
      const size = Math.min(2.6, 1.2 + 120 / ((state.to - state.from) * 100));
      tracks.formants.forEach((track, number) => {
        context.fillStyle = inks["f" + (number + 1)];
        track.forEach((hz, i) => {
          // Without voice formants mean little.
          if (hz === null || tracks.f0[i] === null) return;
          context.beginPath();
          context.arc(xOf(tracks.start + i * tracks.step, width), y(hz), size, 0, 2 * Math.PI);
          context.fill();
        });
      });
    }
  });
  border();
  title("kHz");
  axis(0, page.highest / 1000);
  if (sound.tracks && state.formants) {
    context.font = "bold 11px " + FONT();
    const keys = sound.tracks.formants.map((_, i) => "F" + (i + 1));
    const begin = left + wide - keys.length * 22 - 6;
    context.fillStyle = inks.surface;
    context.globalAlpha = 0.85;
    context.fillRect(begin - 4, top + 4, keys.length * 22 + 4, 16);
    context.globalAlpha = 1;
    keys.forEach((key, i) => {
      context.fillStyle = inks["f" + (i + 1)];
      context.fillText(key, begin + i * 22, top + 12.5);
    });
  }
}

function paintLimits(context, left, wide, y) {
  const all = methodNow()?.bands ?? [];
  all.forEach((band, index) => {
    const colour = inks["f" + ((index % 4) + 1)], shown = state.bands.includes(index);
    const high = y(band.high), low = y(band.low);
    context.globalAlpha = shown ? 0.16 : 0.06;
    context.fillStyle = colour;
    context.fillRect(left, high, wide, low - high);
    context.globalAlpha = shown ? 1 : 0.55;
    context.fillRect(left, high, shown ? 5 : 3, low - high);
    context.font = "bold 11px " + FONT();
    context.lineWidth = 3;
    context.strokeStyle = inks.surface;
    context.strokeText(band.name, left + 9, high + 9);
    context.fillText(band.name, left + 9, high + 9);
    context.globalAlpha = 1;
  });
}

function paintPitch(context, { top, height, width, inside, border, title, axis }) {
  const { f0, start, step } = soundNow().tracks, [lowest, highest] = extent(f0);
  border();
  title("F0 (Hz)");
  if (lowest > highest) return;
  const low = 0.9 * lowest, high = 1.1 * highest;
  axis(low, high, 12);
  inside(() => {
    context.strokeStyle = inks.accent;
    context.lineWidth = 1.6;
    context.beginPath();
    f0.forEach((hz, i) => {
      if (hz === null) return;
      const x = xOf(start + i * step, width), y = top + height * (1 - (hz - low) / (high - low));
      if (f0[i - 1] === null || i === 0) context.moveTo(x - 0.01, y);
      context.lineTo(x, y);
    });
    context.stroke();
  });
}

function paintTier(context, { top, height, left, wide, width, tier, inside, border, side }) {
  side(tier.name, top + height / 2, inks.ink);
  border();
  inside(() => {
    context.textAlign = "center";
    for (const [start, end, label] of tier.entries) {
      const a = xOf(start, width), b = xOf(end, width);
      if (b < 0 || a > width) continue;
      context.fillStyle = inks.line;
      context.fillRect(a, top, 1, height);
      context.fillRect(b, top, 1, height);
      context.fillStyle = inks.ink;
      // Narrow intervals have smaller letters, before they have none.
      const size = [12, 10].find((one) => (context.font = `${one}px ${FONT()}`) && context.measureText(label).width < b - a);
      const middle = (Math.max(a, left) + Math.min(b, left + wide)) / 2;
      if (start === end || size) context.fillText(label, start === end ? a + 8 : middle, top + height / 2 + 0.5);
      else if (b - a > 12) {
        context.save();
        context.beginPath();
        context.rect(a + 1, top, b - a - 2, height);
        context.clip();
        context.textAlign = "left";
        context.fillText(label, a + 3, top + height / 2 + 0.5);
        context.restore();
      }
    }
  });
  context.textAlign = "left";
}

function paintCourse(context, { top, height, left, width, inside, border, title, axis }) {
  const course = courseNow(), values = course[state.course];
  border();
  const share = state.course === "share";
  title(`${course.band.name} (${share ? "%" : course.band.unit})`);
  const shown = course.regions.map((name, i) => [name, values[i]]).filter(([name]) => !state.hidden.has(name));
  const [lowest, highest] = extent(shown.flatMap(([, one]) => extent(one)).filter(Number.isFinite));
  if (lowest > highest) return;
  let low = Math.min(0, lowest), high = Math.max(highest, 1e-30);
  if (high - low < 1e-30) high = low + 1;
  const room = 0.06 * (high - low), factor = share ? 100 : 1;
  [low, high] = [low < 0 ? low - room : 0, high + room];
  const size = Math.abs(high - low) * factor;
  if (size > 0.02 && size < 1e5) axis(low * factor, high * factor);
  else context.fillStyle = inks.quiet, context.fillText(`${t("largest")} ${shortNumber(high * factor)}`, left + 6, top + 10);
  const y = (value) => top + height * (1 - (value - low) / (high - low));
  inside(() => {
    if (low < 0) {
      context.fillStyle = inks.line;
      context.fillRect(left, y(0), width, 1);
    }
    for (const [name, line] of shown) {
      context.strokeStyle = colourOf(name);
      context.lineWidth = 1.5;
      context.setLineDash(name === "elsewhere" ? [4, 3] : []);
      context.beginPath();
      line.forEach((value, frame) => context.lineTo(xOf(timeOf(frame), width), y(value)));
      context.stroke();
    }
    context.setLineDash([]);
  });
}

function paintTimes(context, { top, left, wide, width, side }) {
  const { values, digits } = marks(state.from, state.to, Math.max(4, wide / 110));
  context.fillStyle = inks.quiet;
  context.textAlign = "center";
  for (const value of values) {
    const x = xOf(value, width);
    context.fillRect(x, top, 1, 4);
    context.fillText(value.toFixed(digits), Math.min(Math.max(x, left + 8), left + wide - 8), top + 13);
  }
  context.textAlign = "left";
  side(t("time"), top + 13);
}

function setView(from, to) {
  const whole = state.clip.seconds, length = Math.min(Math.max(to - from, 4 / state.clip.rate), whole);
  state.from = Math.min(Math.max(from, 0), whole - length);
  state.to = state.from + length;
}

const zoom = (factor) => {
  const length = (state.to - state.from) * factor;
  const middle = state.time >= state.from && state.time <= state.to ? state.time : (state.from + state.to) / 2;
  const share = (middle - state.from) / (state.to - state.from);
  setView(middle - share * length, middle + (1 - share) * length);
};

// A page is turned when the cursor runs out of the view.
function follow() {
  if (state.time >= state.from && state.time <= state.to) return;
  const length = state.to - state.from;
  setView(state.time - 0.05 * length, state.time + 0.95 * length);
}
