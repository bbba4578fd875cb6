// The page: the button, the emotion, and the head as it is drawn for every frame of the screen.

class Live extends Turning {
  constructor(clip, scene) {
    super(scene);
    this.clip = clip;
    this.pace = new Pace();
    this.talk = new Talk({
      hear: (frames) => this.hear(frames),
      tell: (text) => this.tell(text),
      loud: (share) => (part("level").value = share),
    });
    part("talk").onclick = () => this.toggle();
    part("emotion").onchange = () => this.talk.wish({ type: "emotion", emotion: this.wishes().emotion });
    part("intensity").oninput = () => this.talk.wish({ type: "intensity", intensity: this.wishes().intensity });
    addEventListener("keydown", (event) => {
      if (event.key !== " " || event.target.closest("button, select, input")) return;
      event.preventDefault();
      this.toggle();
    });
    requestAnimationFrame((time) => this.run(time));
  }

  wishes() {
    return { emotion: part("emotion").value || null, intensity: part("intensity").valueAsNumber };
  }

  async toggle() {
    if (this.talk.open) {
      this.talk.end();
      this.tell("Press the microphone and speak");
      return;
    }
    this.tell("Connecting");
    this.clip.clear();
    try {
      await this.talk.begin(this.wishes());
      part("talk").setAttribute("aria-pressed", true);
    } catch (error) {
      this.talk.end();
      this.tell(`The microphone cannot be used: ${error.message}`);
    }
  }

  tell(text) {
    part("status").textContent = text;
    part("talk").setAttribute("aria-pressed", this.talk.open);
  }

  hear(frames) {
    this.clip.push(frames, performance.now() / 1000);
  }

  show() {} // the next picture comes anyway

  run(time) {
    this.pace.tick(time);
    const clock = performance.now() / 1000, { clip } = this;
    this.scene.draw(clip.arrived.length ? clip.shownAt(clock) : 0, this.pace.detail);
    const newest = clip.arrived.at(-1);
    part("time").textContent = newest && this.talk.open ? `${newest.time.toFixed(1)} s` : "";
    requestAnimationFrame((next) => this.run(next));
  }
}

try {
  if (!("DecompressionStream" in globalThis)) throw new Error("This page needs a newer browser (of 2023 or later).");
  const clip = new LiveClip(await unpack(bytesOf("clip")), JSON.parse(part("settings").textContent));
  globalThis.live = new Live(clip, new Scene(part("view"), clip));
  document.documentElement.dataset.state = "ready";
} catch (error) {
  notice(error.message);
  document.documentElement.dataset.state = "failed";
}
