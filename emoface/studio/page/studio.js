// The page: what buttons, keys and files do, and the take that follows every change.

const TRIES = 4;

class Studio {
  constructor(packed) {
    this.server = new Server();
    this.duration = 5;
    this.clock = new Clock(this.duration, new Uint8Array());
    this.chosen = -1;
    this.fault = null; // what was wrong with the tracks as they are
    this.pace = new Pace();
    this.piece = new Piece(() => this.changed());
    this.heads = new Heads(packed, { redraw: () => this.redraw(), pick: (number) => this.pick(number) });
    this.inspector = new Inspector(part("panel"), this);
    this.timeline = new Timeline(part("lanes"), this);
    this.buttons();
    this.files();
    addEventListener("keydown", (event) => this.key(event));
    addEventListener("resize", () => this.redraw());
    addEventListener("beforeunload", (event) => {
      if (this.piece.tracks.length && this.piece.text !== this.saved) event.preventDefault();
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.redraw());
    this.changed();
    this.inspector.show();
  }

  // What the command line named.
  async begin() {
    const { voice, direction } = await this.server.start();
    if (direction) this.piece.tracks = direction.tracks;
    this.piece.forget();
    this.saved = this.piece.text;
    if (voice) await this.wear(voice);
    this.changed();
    this.inspector.show();
  }

  buttons() {
    const picker = (button, input) => (part(button).onclick = () => part(input).click());
    picker("open", "voiceFile");
    picker("openHere", "voiceFile");
    picker("load", "directionFile");
    part("voiceFile").onchange = ({ target }) => this.read(target);
    part("directionFile").onchange = ({ target }) => this.read(target);
    part("save").onclick = () => this.save();
    part("undo").onclick = () => this.back(-1);
    part("again").onclick = () => this.back(1);
    part("play").onclick = () => this.toggle();
    part("loop").onclick = () => this.repeat();
    part("tries").onclick = () => (this.heads.tries.length ? this.endTries() : this.tryFour());
    part("in").onclick = () => this.timeline.magnify(1.5);
    part("out").onclick = () => this.timeline.magnify(1 / 1.5);
    for (const [kind, { name }] of Object.entries(KINDS)) {
      const title = `Add: ${name}`;
      const button = element("button", { type: "button", className: "worded", textContent: name, title });
      button.prepend(element("i", { className: "dot", style: `background: var(--${kind})` }));
      button.onclick = () => this.add(kind, this.clock.now);
      part("add").append(button);
    }
    for (const { suffix, name, why } of SETTINGS.formats) {
      const item = element("button", { type: "button", role: "menuitem", disabled: Boolean(why), title: why });
      item.append(element("b", { textContent: `.${suffix}` }), element("span", { textContent: name }));
      item.onclick = () => this.export(suffix);
      part("formats").append(item);
    }
    part("actions").append(...SETTINGS.actions.map((value) => element("option", { value })));
    addEventListener("pointerdown", ({ target }) => {
      if (!part("export").contains(target)) part("export").open = false;
    });
  }

  files() {
    for (const name of ["dragenter", "dragover"]) {
      addEventListener(name, (event) => {
        event.preventDefault();
        document.body.classList.add("dropping");
      });
    }
    addEventListener("dragleave", (event) => {
      if (!event.relatedTarget) document.body.classList.remove("dropping");
    });
    addEventListener("drop", (event) => {
      event.preventDefault();
      document.body.classList.remove("dropping");
      for (const file of event.dataTransfer.files) this.take(file);
    });
  }

  async read(input) {
    for (const file of input.files) await this.take(file);
    input.value = "";
  }

  // A file that was chosen or dropped: a direction by its suffix, otherwise a voice.
  async take(file) {
    const script = /\.(json|srt|vtt|txt)$/i.test(file.name);
    this.tell(`Reading ${file.name}`, "busy");
    try {
      if (script) await this.direct(file);
      else await this.wear(await this.server.open(file));
    } catch (error) {
      this.tell(error.message, "fault");
    }
  }

  async direct(file) {
    const { result, warnings } = await this.server.read(file);
    this.choose(-1);
    this.piece.tracks = result.tracks;
    this.settle();
    this.saved = this.piece.text;
    this.tell(warnings.join(" · ") || `${file.name} directs now`, warnings.length ? "warning" : "");
  }

  // Another voice: its sound, its loudness and a take of it.
  async wear(voice) {
    const sound = await this.server.sound(voice);
    this.endTries();
    this.clock.pause();
    this.clock.context?.close();
    const { loop } = this.clock;
    this.clock = Object.assign(new Clock(voice.duration, sound), { loop });
    Object.assign(this, { voice, duration: voice.duration });
    Object.assign(this.timeline.wave, { peaks: voice.peaks, duration: voice.duration });
    this.timeline.zoom = 1;
    part("name").textContent = voice.name;
    document.title = `${voice.name} – emoface studio`;
    document.body.classList.add("voiced");
    this.changed();
    this.inspector.show();
  }

  tell(text, kind = "") {
    part("status").textContent = text;
    part("status").className = kind;
  }

  // After every change, settled or not.
  changed() {
    if (this.chosen >= this.piece.tracks.length) this.chosen = -1;
    this.timeline?.show();
    part("undo").disabled = !this.piece.step;
    part("again").disabled = this.piece.step + 1 >= this.piece.steps.length;
    this.perform();
  }

  settle() {
    this.piece.settle();
    this.inspector.show();
  }

  back(by) {
    this.endTries();
    this.piece.go(by);
    this.inspector.show();
  }

  choose(number) {
    if (number !== this.chosen) this.endTries();
    this.chosen = number;
    for (const block of part("lanes").querySelectorAll(".block")) {
      block.classList.toggle("chosen", Number(block.dataset.track) === number);
    }
    this.inspector.show();
  }

  add(kind, time) {
    const start = tidy(Math.min(time, Math.max(this.duration - 0.2, 0)));
    const end = tidy(Math.min(start + KINDS[kind].long, this.duration));
    this.place(KINDS[kind].fresh(start, end));
  }

  copy() {
    const track = structuredClone(this.piece.tracks[this.chosen]), [start, end] = spanOf(track, this.duration);
    const by = Math.min(end - start, Math.max(this.duration - end, 0)) || 0;
    setSpan(track, start + by, end + by, this.duration);
    this.place(track);
  }

  // A new track, which is the chosen one.
  place(track) {
    this.endTries();
    this.chosen = this.piece.tracks.length;
    this.piece.add(track);
    this.inspector.show();
  }

  remove() {
    if (this.chosen < 0) return;
    const number = this.chosen;
    this.choose(-1);
    this.piece.remove(number);
  }

  // Perform the take as it is now; changes that come meanwhile are performed together afterwards.
  perform() {
    if (!this.voice) return;
    this.waiting = true;
    if (!this.busy) this.performed = this.performAll();
  }

  async performAll() {
    this.busy = true;
    while (this.waiting) {
      this.waiting = false;
      document.body.classList.add("busy");
      try {
        const { takes, motions, warnings, seconds } = await this.server.perform(this.voice, [this.piece.options()]);
        [this.shown] = takes;
        [this.heads.motion] = motions;
        this.mark(null);
        const told = seconds < 0.01 ? "" : `performed in ${seconds.toFixed(2)} s`; // else it was known
        this.tell(warnings.join(" · ") || told, warnings.length ? "warning" : "");
      } catch (error) {
        this.mark(error instanceof Fault ? error : null);
        this.tell(error.message, "fault");
      }
    }
    this.busy = false;
    document.body.classList.remove("busy");
    this.redraw();
  }

  // Show at its track what is wrong with it.
  mark(fault) {
    const was = this.fault;
    this.fault = fault;
    if (!was && !fault) return;
    for (const block of part("lanes").querySelectorAll(".block")) {
      block.classList.toggle("wrong", Boolean(fault) && Number(block.dataset.track) === fault.track);
    }
    this.inspector.show();
  }

  // The take, or the chosen region that is performed anew, with four seeds.
  async tryFour() {
    if (!this.voice) return;
    const { piece } = this, track = piece.tracks[this.chosen];
    const region = track?.track === "region" && track.do === "redo" ? this.chosen : -1;
    const first = region < 0 ? piece.take.seed : track.seed ?? 0;
    const seeds = Array.from({ length: TRIES }, (_, n) => first + n);
    const options = seeds.map((seed) => {
      if (region < 0) return piece.options({ ...piece.take, seed });
      return piece.options(piece.take, piece.tracks.map((one, number) => (number === region ? { ...one, seed } : one)));
    });
    this.tell(`Performing seeds ${seeds[0]} to ${seeds.at(-1)}`, "busy");
    try {
      const { motions } = await this.server.perform(this.voice, options);
      this.tried = { seeds, region };
      this.heads.compare(motions, seeds.map((seed) => `seed ${seed}`));
      part("tries").textContent = "Back to one";
      this.tell(region < 0 ? "Pick a take" : `Pick how ${regionWords(track.region)} go`);
    } catch (error) {
      this.tell(error.message, "fault");
    }
  }

  pick(number) {
    const { seeds, region } = this.tried;
    (region < 0 ? this.piece.take : this.piece.tracks[region]).seed = seeds[number];
    this.heads.motion = this.heads.tries[number].motion;
    this.endTries();
    this.settle();
  }

  endTries() {
    if (!this.heads.tries.length) return;
    this.heads.endComparison();
    part("tries").textContent = "Try four seeds";
  }

  download(name, blob) {
    const link = element("a", { href: URL.createObjectURL(blob), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  }

  save() {
    const name = (this.voice?.name || "direction").replace(/\.\w+$/, "");
    const text = JSON.stringify(this.piece.direction, null, 1);
    this.saved = this.piece.text;
    this.download(`${name}.direction.json`, new Blob([text], { type: "application/json" }));
  }

  async export(suffix) {
    part("export").open = false;
    await this.performed;
    if (!this.shown) return this.tell("Open a voice first", "fault");
    if (this.fault) return this.tell(`Nothing is written before this is mended: ${this.fault.message}`, "fault");
    this.tell(`Writing .${suffix}`, "busy");
    try {
      const { name, blob } = await this.server.file(this.shown, suffix);
      this.exported = { name, blob };
      this.download(name, blob);
      this.tell(`${name} is written`);
    } catch (error) {
      this.tell(error.message, "fault");
    }
  }

  async toggle() {
    if (!this.voice) return;
    if (this.clock.playing) this.clock.pause();
    else {
      try {
        await this.clock.play();
      } catch {
        this.clock.sound = new Uint8Array();
        this.tell("This browser cannot play the sound; the face moves without it", "warning");
        await this.clock.play();
      }
    }
    this.redraw();
  }

  async seek(time) {
    await this.clock.seek(time);
    this.redraw();
  }

  async repeat() {
    await this.clock.setLoop(!this.clock.loop);
    part("loop").setAttribute("aria-pressed", this.clock.loop);
  }

  key(event) {
    const { target, key } = event, command = event.ctrlKey || event.metaKey;
    const typing = target.closest("input:not([type=range], [type=checkbox]), textarea, select");
    const deeds = command
      ? {
          z: () => this.back(event.shiftKey ? 1 : -1), y: () => this.back(1), s: () => this.save(),
          o: () => part("voiceFile").click(), d: () => this.chosen >= 0 && this.copy(),
        }
      : {
          " ": () => this.toggle(), Delete: () => this.remove(), Backspace: () => this.remove(),
          Escape: () => (this.heads.tries.length ? this.endTries() : this.choose(-1)),
          l: () => this.repeat(), t: () => part("tries").click(),
          ArrowLeft: () => this.seek(this.clock.now - (event.shiftKey ? 1 : 1 / this.piece.take.fps)),
          ArrowRight: () => this.seek(this.clock.now + (event.shiftKey ? 1 : 1 / this.piece.take.fps)),
          Home: () => this.seek(0), End: () => this.seek(this.duration),
          "+": () => this.timeline.magnify(1.5), "-": () => this.timeline.magnify(1 / 1.5),
        };
    const deed = deeds[key.length === 1 ? key.toLowerCase() : key];
    if (!deed || (typing && key !== "Escape" && !(command && key === "s"))) return;
    if (key === " " && target.closest("button, summary")) return;
    if (key.startsWith("Arrow") && target.type === "range") return;
    event.preventDefault();
    deed();
  }

  // Draw at the next frame of the screen, and again as long as the voice sounds.
  redraw() {
    if (this.drawing) return;
    this.drawing = requestAnimationFrame((time) => {
      this.drawing = 0;
      this.draw();
      if (!this.clock.playing) return this.pace.rest();
      this.pace.tick(time);
      this.redraw();
    });
  }

  draw() {
    const { clock } = this;
    if (clock.ended) clock.pause();
    const { now } = clock;
    this.heads.draw(now, clock.playing ? this.pace.detail : 1);
    this.timeline.tick(now);
    if (clock.playing) this.timeline.follow(now);
    part("play").toggleAttribute("data-on", clock.playing);
    part("play").setAttribute("aria-label", clock.playing ? "Pause" : "Play");
    part("time").textContent = this.voice ? timeText(now, this.duration) : "";
  }
}

try {
  if (!("DecompressionStream" in globalThis && Map.groupBy)) {
    throw new Error("This page needs a newer browser (of 2024 or later).");
  }
  globalThis.studio = new Studio(await unpack(bytesOf("clip")));
  await studio.begin();
  document.documentElement.dataset.state = "ready";
} catch (error) {
  notice(error.message);
  document.documentElement.dataset.state = "failed";
}
