/**
 * The lanes of the timeline: waveform, spectrogram, F0, labels, regions over time, and the axis.
 * @param {CanvasRenderingContext2D} context
 * @param {Lane} lane
 * @param {number} width
 */
function drawLane(context, lane, width) {
  const left = GUTTER, wide = width - GUTTER - MARGIN, { top, height } = lane;
  context.font = "11px " + FONT();
  context.textBaseline = "middle";
  /** @param {() => void} paint */
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
  /** @type {LaneBox["side"]} */
  const side = (text, y = top + height / 2, color = inks.quiet) => {
    context.fillStyle = color;
    context.textAlign = "right";
    context.fillText(text, left - 6, y, left - 8);
    context.textAlign = "left";
  };
  // Above the marks, in the gutter's upper part.
  /** @param {string} text */
  const title = (text) => side(text, top + 7, inks.ink);
  /** @type {LaneBox["axis"]} */
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

/**
 * @param {CanvasRenderingContext2D} context
 * @param {LaneBox} box
 */
function paintWave(context, { top, height, left, wide, width, inside, border, side }) {
  const sound = soundNow();
  if (!sound) return;
  const samples = still.waves.get(sound), { rate } = sound;
  side(t(sound.kind), top + height / 2, inks.ink);
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

/**
 * @param {CanvasRenderingContext2D} context
 * @param {LaneBox} box
 */
function paintSpectrogram(context, { top, height, left, wide, width, inside, border, title, axis }) {
  const sound = soundNow();
  if (!sound) return;
  const image = still.spectrograms.get(sound);
  /** @param {number} hz */
  const y = (hz) => top + height * (1 - hz / page.highest);
  inside(() => {
    const { start, end } = sound.spectrogram;
    const a = xOf(start, width), b = xOf(end, width);
    if (image) context.drawImage(dark ? image.dark : image.light, a, top, b - a, height);
    if (state.limits) paintLimits(context, left, wide, y);
    paintTube(context, width, y);
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
    const start = left + wide - keys.length * 22 - 6;
    context.fillStyle = inks.surface;
    context.globalAlpha = 0.85;
    context.fillRect(start - 4, top + 4, keys.length * 22 + 4, 16);
    context.globalAlpha = 1;
    keys.forEach((key, i) => {
      context.fillStyle = inks["f" + (i + 1)];
      context.fillText(key, start + i * 22, top + 12.5);
    });
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} left
 * @param {number} wide
 * @param {(hz: number) => number} y
 */
function paintLimits(context, left, wide, y) {
  const all = state.layer === "walls" ? [] : methodNow()?.bands ?? [];
  all.forEach((band, index) => {
    const color = inks["f" + ((index % 4) + 1)], shown = state.bands.includes(index);
    const high = y(band.high), low = y(band.low);
    context.globalAlpha = shown ? 0.16 : 0.06;
    context.fillStyle = color;
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

/**
 * @param {CanvasRenderingContext2D} context
 * @param {LaneBox} box
 */
function paintPitch(context, { top, height, width, inside, border, title, axis }) {
  const tracks = soundNow()?.tracks;
  if (!tracks) return;
  const { f0, start, step } = tracks, [lowest, highest] = extent(f0);
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

/**
 * @param {CanvasRenderingContext2D} context
 * @param {LaneBox} box
 */
function paintTier(context, { top, height, left, wide, width, tier, inside, border, side }) {
  if (!tier) return;
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
      const size = [12, 10].find((one) => {
        context.font = `${one}px ${FONT()}`;
        return context.measureText(label).width < b - a;
      });
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

/**
 * @param {CanvasRenderingContext2D} context
 * @param {LaneBox} box
 */
function paintCourse(context, { top, height, left, width, inside, border, title, axis }) {
  const course = courseNow();
  if (!course) return;
  const values = course[state.course];
  border();
  const share = state.course === "share" && state.layer !== "walls";
  title(`${course.band.name} (${share ? "%" : course.band.unit})`);
  const shown = course.regions.map((name, i) => /** @type {[string, (number | null)[]]} */ ([name, values[i]])).filter(([name]) => !state.hidden.has(name));
  const [lowest, highest] = extent(shown.flatMap(([, one]) => extent(one)).filter(Number.isFinite));
  if (lowest > highest) return;
  let low = Math.min(0, lowest), high = Math.max(highest, 1e-30);
  if (high - low < 1e-30) high = low + 1;
  const room = 0.06 * (high - low), factor = share ? 100 : 1;
  [low, high] = [low < 0 ? low - room : 0, high + room];
  const size = Math.abs(high - low) * factor;
  if (size > 0.02 && size < 1e5) axis(low * factor, high * factor);
  else {
    context.fillStyle = inks.quiet;
    context.fillText(`${t("largest")} ${shortNumber(high * factor)}`, left + 6, top + 10);
  }
  /** @param {number} value */
  const y = (value) => top + height * (1 - (value - low) / (high - low));
  inside(() => {
    if (low < 0) {
      context.fillStyle = inks.line;
      context.fillRect(left, y(0), width, 1);
    }
    for (const [name, line] of shown) {
      context.strokeStyle = colorOf(name);
      context.lineWidth = 1.5;
      context.setLineDash(name === "elsewhere" ? [4, 3] : []);
      context.beginPath();
      line.forEach((value, frame) => {
        if (value === null) return;
        if (frame === 0 || line[frame - 1] === null) context.moveTo(xOf(timeOf(frame), width), y(value));
        context.lineTo(xOf(timeOf(frame), width), y(value));
      });
      context.stroke();
    }
    context.setLineDash([]);
  });
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {LaneBox} box
 */
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
