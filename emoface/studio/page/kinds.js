// The kinds of tracks: what each is called, what a fresh one is, when it is, and its words on the timeline.

const SETTINGS = JSON.parse(document.getElementById("settings").textContent);
const FRAME = 0.01; // seconds to which times are rounded
const SHORTEST = 0.08;
const REACH = 0.4; // seconds of a pose

const rounded = (seconds) => Math.round(seconds / FRAME) * FRAME;
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const tidy = (value, digits = 2) => Number(value.toFixed(digits));

const KINDS = {
  emotion: {
    name: "Emotion", long: 1.5,
    fresh: (start, end) => ({ track: "emotion", emotion: ["happy", 2], start, end }),
    words: ({ emotion }) => emotionWords(emotion),
  },
  curve: {
    name: "Intensity", long: 1.5,
    fresh: (start, end) => ({ track: "curve", of: "intensity", value: 1.5, start, end }),
    words: ({ of, value }) => (Array.isArray(value) ? of : `${of} ${tidy(value)}`),
  },
  action: {
    name: "Action", long: 1,
    fresh: (start, end) => ({ track: "action", action: "raise the eyebrows", value: 0.8, start, end }),
    words: ({ action, mode }) => (mode === "forbid" ? `no ${action}` : action),
  },
  region: {
    name: "Redo", long: 1,
    fresh: (start, end) => ({ track: "region", do: "redo", seed: 1, region: ["brows"], start, end }),
    words: ({ do: deed, region, seed }) => [`${deed} ${regionWords(region)}`, said("seed", seed)].join(""),
  },
  cue: {
    name: "Cue", long: 0,
    fresh: (time, end) => ({ track: "cue", cue: "blink", time, ...(end > time ? { duration: tidy(end - time) } : {}) }),
    words: ({ cue, at, count }) => {
      const told = [cue, typeof at === "string" ? at : "", count > 1 ? `×${count}` : ""];
      return told.filter(Boolean).join(" ");
    },
  },
  pose: {
    name: "Pose", long: 0, rare: true,
    fresh: (time) => ({ track: "pose", time, shapes: { browInnerUp: 0.8 } }),
    words: ({ shapes }) => Object.entries(shapes || {}).map(([name, weight]) => `${name} ${weight}`).join(", "),
  },
  control: {
    name: "Control", long: 1.5, rare: true,
    fresh: (start, end) => ({ track: "control", field: "brow_offset", value: 0.3, start, end }),
    words: ({ field, value }) => (Array.isArray(value) ? field : `${field} ${tidy(value)}`),
  },
};

function said(name, value) {
  return value === undefined ? "" : ` · ${name} ${value}`;
}

function emotionWords(emotion) {
  if (emotion === null || emotion === undefined) return "as heard";
  if (typeof emotion === "string") return emotion;
  if (Array.isArray(emotion)) return `${emotion[0]} ${emotion[1]}`;
  return Object.entries(emotion).map(([name, share]) => `${name} ${Math.round(100 * share)} %`).join(", ");
}

function regionWords(region) {
  const parts = region === undefined ? SETTINGS.regions : [].concat(region);
  return parts.length === SETTINGS.regions.length ? "all" : parts.join(", ");
}

// The seconds [start, end] of a track in a recording of a duration.
function spanOf(track, duration) {
  if (track.track === "cue") {
    return [track.time, track.time + (track.duration ?? (SETTINGS.usual[track.cue] || 0.5) * (track.count || 1))];
  }
  if (track.track === "pose") {
    const reach = track.reach_s ?? REACH;
    return [Math.max(track.time - reach, 0), track.time + reach];
  }
  return [track.start ?? 0, track.end ?? duration];
}

// Bring a track to other seconds; points of its curve go along.
function setSpan(track, start, end, duration) {
  const [was, until] = spanOf(track, duration);
  const long = Math.abs(end - start - (until - was)) > 1e-6;
  if (track.track === "cue") {
    track.time = tidy(rounded(Math.max(start, 0)));
    if (long) track.duration = tidy(Math.max(end - start, SHORTEST));
  } else if (track.track === "pose") {
    track.time = tidy(rounded(Math.max((start + end) / 2, 0)));
    if (long) track.reach_s = tidy(Math.max((end - start) / 2, SHORTEST));
  } else {
    if (Array.isArray(track.value) && !long) {
      track.value = track.value.map(([time, value]) => [tidy(Math.max(time + start - was, 0), 3), value]);
    }
    track.start = tidy(rounded(Math.max(start, 0)));
    track.end = tidy(Math.max(rounded(end), track.start + SHORTEST));
  }
}

// Lowest and highest value of a curve or a control.
function rangeOf(track) {
  return track.track === "curve" ? SETTINGS.curves[track.of] || [0, 2] : SETTINGS.controls[track.field] || [-1, 1];
}

// Seconds over which a track sets in and ends; a region has one fade for both.
function fadesOf(track) {
  const usual = SETTINGS.fades[track.track], fades = [track.fade_in ?? usual, track.fade_out ?? usual];
  return track.track === "region" ? [Math.max(...fades), Math.max(...fades)] : fades;
}

// The share of a fade that lies between a track's ends: those of regions lie inside, others are centred on the ends.
function insideOf(track) {
  return track.track === "region" ? 1 : 0.5;
}

function setFade(track, side, seconds) {
  for (const one of track.track === "region" ? ["in", "out"] : [side]) track[`fade_${one}`] = tidy(rounded(seconds));
}
