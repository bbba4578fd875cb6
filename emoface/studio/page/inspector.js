// The panel: the fields of the chosen track, or the settings of the take.

const POINTS = "Drag points on the timeline; a double click adds or takes away.";
const RATES = [24, 25, 30, 50, 60]; // frames a second
const FOCUSED = "input, select, textarea, button";

class Inspector {
  // studio has piece, chosen (number of a track, -1 for none) and duration.
  constructor(panel, studio) {
    Object.assign(this, { panel, studio });
  }

  // Write the panel anew.
  show() {
    const { piece, chosen } = this.studio, track = piece.tracks[chosen];
    const focus = document.activeElement, inside = this.panel.contains(focus);
    const place = inside ? [...this.panel.querySelectorAll(FOCUSED)].indexOf(focus) : -1;
    const scrolled = this.panel.scrollTop;
    this.panel.replaceChildren(...(track ? this.track(track) : this.take()));
    this.panel.scrollTop = scrolled;
    if (place >= 0) this.panel.querySelectorAll(FOCUSED)[place]?.focus();
  }

  // A field's callbacks for a value of an object: undefined leaves it to its default.
  own(of, name, more = {}) {
    const set = (value) => {
      if (value === undefined) delete of[name];
      else of[name] = value;
    };
    return {
      draft: (value) => (set(value), this.studio.piece.changed()),
      done: (value) => (set(value), this.studio.settle()),
      ...more,
    };
  }

  head(title, colour, ...buttons) {
    const name = element("h2", { textContent: title });
    if (colour) name.prepend(element("i", { className: "dot", style: `background: var(--${colour})` }));
    return element("div", { className: "head" }, name, ...buttons);
  }

  take() {
    const { take } = this.studio.piece, own = (name, more) => this.own(take, name, more);
    return [
      this.head("The take"),
      emotionField(take.emotion, own("emotion", { none: "as heard" })),
      slider("intensity", "Intensity", take.intensity, [0, 2], own("intensity")),
      slider("guidance", "Guidance", take.guidance, [0, 4], own("guidance", { step: 0.1 })),
      slider("head", "Head", take.head, [0, 2], own("head")),
      this.seed(take),
      choice("fps", "Frame rate", String(take.fps), RATES.map((fps) => [String(fps), `${fps} fps`]), (fps) => {
        own("fps").done(Number(fps));
      }),
      switchField("blink", "Blinks", take.blink, own("blink").done),
      switchField("gaze", "Gaze", take.gaze, own("gaze").done),
      this.command(),
    ];
  }

  seed(of) {
    const own = this.own(of, "seed", { step: 1 });
    const row = numberField("seed", "Seed", of.seed ?? 0, { ...own, done: (seed) => own.done(Math.round(seed || 0)) });
    const dice = smallButton("Another", "Another seed");
    dice.onclick = () => own.done((of.seed ?? 0) + 1);
    row.lastChild.append(dice);
    return row;
  }

  // What gives the same take without this page.
  command() {
    const { piece, voice } = this.studio, { take } = piece, words = ["emoface animate", voice?.name || "speech.wav"];
    const quoted = (text) => (/^[\w.@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
    const { emotion } = take;
    if (Array.isArray(emotion)) words.push(`--emotion ${emotion[0]} --level ${emotion[1]}`);
    else if (typeof emotion === "string") words.push(`--emotion ${quoted(emotion)}`);
    else if (emotion) words.push(`--mix ${Object.entries(emotion).map((one) => one.join("=")).join()}`);
    for (const name of ["intensity", "guidance", "head", "seed", "fps"]) {
      if (take[name] !== PLAIN[name]) words.push(`--${name} ${take[name]}`);
    }
    for (const name of ["blink", "gaze"]) if (!take[name]) words.push(`--no-${name}`);
    if (piece.tracks.length) words.push("--direct direction.json");
    const parts = [...words, "-o take.glb"].flatMap((word) => [element("span", { textContent: word }), " "]);
    const text = element("code", { title: "The same on the command line" }, ...parts);
    const title = element("summary", { textContent: "The same as a command" });
    return element("details", { className: "command" }, title, text);
  }

  track(track) {
    const kind = KINDS[track.track], copy = smallButton("Copy", "Copy (Ctrl+D)");
    const remove = smallButton("Delete", "Delete (Del)");
    copy.onclick = () => this.studio.copy();
    remove.onclick = () => this.studio.remove();
    const fault = this.studio.fault, wrong = fault && fault.track === this.studio.chosen;
    const rows = [
      this.head(kind.name, track.track, copy, remove),
      wrong ? element("p", { className: "fault", textContent: fault.message }) : null,
      ...this[track.track](track),
      ...this.common(track),
    ].filter(Boolean);
    if (wrong && fault.field) {
      for (const row of rows.flatMap((one) => [one, ...one.querySelectorAll("[data-field]")])) {
        if (row.dataset.field === fault.field) row.classList.add("wrong");
      }
    }
    return rows;
  }

  emotion(track) {
    return [emotionField(track.emotion, this.own(track, "emotion"))];
  }

  curve(track) {
    return [
      choice("of", "Curve of", track.of, Object.keys(SETTINGS.curves), this.own(track, "of").done),
      ...this.values(track, 0.05),
    ];
  }

  control(track) {
    return [
      choice("field", "Control", track.field, Object.keys(SETTINGS.controls), this.own(track, "field").done),
      ...this.values(track, 0.01),
    ];
  }

  // One value, or points over time.
  values(track, step) {
    const own = this.own(track, "value"), moving = Array.isArray(track.value);
    const shape = choice("value", "Shape", moving ? "moving" : "steady", ["steady", "moving"], (chosen) => {
      const [start, end] = spanOf(track, this.studio.duration);
      own.done(chosen === "moving" ? [[start, track.value], [end, track.value]] : tidy(track.value[0][1]));
    });
    if (!moving) return [shape, slider("value", "Value", track.value, rangeOf(track), { ...own, step })];
    const list = element("div", { className: "points" });
    track.value.forEach((point, number) => {
      const set = (place) => (value) => {
        if (value !== undefined) track.value[number][place] = value;
        this.studio.settle();
      };
      const time = numberBox(tidy(point[0], 3), { done: set(0) });
      const value = numberBox(tidy(point[1]), { step, low: "", done: set(1) });
      time.ariaLabel = "Seconds";
      value.ariaLabel = "Value";
      list.append(element("div", {}, time, element("i", { textContent: "s" }), value));
    });
    const tip = element("p", { className: "tip", textContent: POINTS });
    return [shape, list, tip];
  }

  action(track) {
    const modes = [["add", "on top"], ["replace", "in place of"], ["forbid", "forbidden"]];
    return [
      textField("action", "Action", track.action, this.own(track, "action", { list: "actions", draft: null })),
      choice("mode", "Mode", track.mode || "add", modes, (mode) => {
        this.own(track, "mode").done(mode === "add" ? undefined : mode);
      }),
      track.mode === "forbid" ? null : slider("value", "How far", track.value ?? 1, [0, 1], this.own(track, "value")),
    ];
  }

  region(track) {
    const rows = [choice("do", "Do", track.do, [["redo", "perform anew"], ["keep", "keep"]], (deed) => {
      if (deed === "keep") {
        delete track.seed;
        delete track.emotion;
      }
      this.own(track, "do").done(deed);
    })];
    if (track.do === "redo") {
      const own = this.own(track, "emotion"), done = (emotion) => own.done(emotion ?? undefined);
      rows.push(this.seed(track), emotionField(track.emotion, { ...own, done, none: "the take's" }));
    }
    return rows;
  }

  cue(track) {
    const usual = SETTINGS.usual[track.cue] * (track.count || 1);
    const looks = SETTINGS.looks.map((at) => [at, /left|right/.test(at) ? `the speaker's ${at}` : at]);
    return [
      choice("cue", "Cue", track.cue, SETTINGS.cues, (cue) => {
        if (cue === "look") track.at = "left";
        else delete track.at;
        this.own(track, "cue").done(cue);
      }),
      track.cue === "look" && !Array.isArray(track.at)
        ? choice("at", "At", track.at || "camera", looks, this.own(track, "at").done) : null,
      numberField("count", "How often", track.count ?? 1, { step: 1, low: 1, done: (count) => {
        this.own(track, "count").done(count > 1 ? Math.round(count) : undefined);
      } }),
      numberField("time", "Begins", track.time, this.own(track, "time", { unit: "s" })),
      numberField("duration", "Lasts", track.duration, {
        ...this.own(track, "duration"), unit: "s", placeholder: tidy(usual),
      }),
    ];
  }

  pose(track) {
    const text = Object.entries(track.shapes).map(([name, weight]) => `${name} ${weight}`).join(", ");
    const row = textField("shapes", "Shapes", text, { rows: 3, done: (typed) => {
      const pairs = typed.split(",").map((one) => one.trim().split(/[\s:=]+/)).filter(([name]) => name);
      this.own(track, "shapes").done(Object.fromEntries(pairs.map(([name, weight]) => [name, Number(weight ?? 1)])));
    } });
    return [
      row,
      numberField("time", "Met at", track.time, this.own(track, "time", { unit: "s" })),
      numberField("reach_s", "Reach", track.reach_s, this.own(track, "reach_s", { unit: "s", placeholder: REACH })),
    ];
  }

  // A region's one fade.
  fade(track) {
    const done = (seconds) => {
      setFade(track, "in", seconds ?? SETTINGS.fades.region);
      this.studio.settle();
    };
    return numberField("fade_in", "Fade", fadesOf(track)[0], { unit: "s", done });
  }

  // What every track has.
  common(track) {
    const rows = [];
    const instant = track.track === "cue" || track.track === "pose";
    if (track.track !== "pose") {
      rows.push(slider("strength", "Strength", track.strength ?? 1, [0, 1], this.own(track, "strength")));
    }
    if (!instant) {
      const [fadeIn, fadeOut] = fadesOf(track), own = (name) => this.own(track, name), { duration } = this.studio;
      rows.push(
        twoNumbers("From, to", ["start", track.start ?? 0, own("start")],
          ["end", track.end, { ...own("end"), placeholder: tidy(duration) }], "s"),
        track.track === "region" ? this.fade(track) : twoNumbers("Fade in, out",
          ["fade_in", tidy(fadeIn), own("fade_in")], ["fade_out", tidy(fadeOut), own("fade_out")], "s"),
      );
    }
    if (["emotion", "curve", "region", "control"].includes(track.track)) {
      rows.push(regionField(track.region, this.own(track, "region").done));
    }
    return rows;
  }
}
