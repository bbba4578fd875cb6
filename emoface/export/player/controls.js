// The page: buttons, scrubber, keys.

const RATES = [0.25, 0.5, 0.75, 1, 1.5, 2];
const WATCHED = ["jawOpen", "mouthSmile", "mouthFrown", "mouthPucker", "browInnerUp", "browDown", "eyeBlink"];
const HUES = ["#e4572e", "#3a9a5b", "#3b7dd8", "#a35bd1", "#d9a514", "#17a2a2", "#888888"];
const SPAN = 4; // seconds of curves that are seen

class Controls extends Turning {
  constructor(clip, clock, scene) {
    super(scene);
    Object.assign(this, { clip, clock });
    this.pace = new Pace(); // of the pictures while playing
    this.buttons();
    addEventListener("keydown", (event) => this.key(event));
    addEventListener("hashchange", () => this.address());
    addEventListener("resize", () => this.show());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.show());
    this.address();
    this.show();
  }

  buttons() {
    const { clock } = this;
    part("play").onclick = () => this.toggle();
    part("place").max = clock.duration;
    part("place").oninput = (event) => this.seek(event.target.valueAsNumber);
    part("loop").onclick = () => this.repeat();
    part("rate").onclick = () => this.rate(1, true);
    part("draw").onclick = () => this.drawCurves();
    if (!clock.sound.length) part("volume").parentElement.hidden = true;
    part("mute").onclick = () => this.sound(clock.volume, !clock.muted);
    part("volume").oninput = (event) => this.sound(event.target.valueAsNumber, false);
    addEventListener("pointerdown", (event) => {
      if (!part("about").contains(event.target)) part("about").open = false;
    });
  }

  async toggle() {
    const { clock } = this;
    if (clock.playing) clock.pause();
    else {
      try {
        await clock.play();
      } catch {
        clock.sound = new Uint8Array();
        notice("This browser cannot play the sound; the face moves without it.");
        await clock.play();
      }
    }
    this.show();
  }

  async seek(time) {
    await this.clock.seek(time);
    this.show();
  }

  async repeat() {
    await this.clock.setLoop(!this.clock.loop);
    part("loop").setAttribute("aria-pressed", this.clock.loop);
  }

  // The next rate, or the one before; round to the slowest where asked.
  async rate(by, around = false) {
    const place = RATES.indexOf(this.clock.rate) + by, count = RATES.length;
    const next = RATES[around ? (place + count) % count : Math.min(Math.max(place, 0), count - 1)];
    await this.clock.setRate(next);
    part("rate").textContent = `${next}×`;
    part("rate").setAttribute("aria-label", `Speed ${next}`);
  }

  drawCurves() {
    const on = part("curves").hidden;
    part("curves").hidden = !on;
    part("draw").setAttribute("aria-pressed", on);
    this.show();
  }

  sound(volume, muted) {
    this.clock.setVolume(volume, muted);
    part("volume").value = muted ? 0 : volume;
    part("mute").toggleAttribute("data-on", muted || volume === 0);
    part("mute").setAttribute("aria-pressed", muted);
  }

  // The address may end in #t=SECONDS&yaw=DEGREES&pitch=DEGREES&zoom=FACTOR.
  address() {
    const given = new URLSearchParams(location.hash.slice(1));
    const number = (name, fallback) => {
      const value = given.has(name) ? Number(given.get(name)) : NaN;
      return Number.isFinite(value) ? value : fallback;
    };
    const radians = Math.PI / 180;
    this.view(number("yaw", 0) * radians, number("pitch", 0) * radians, number("zoom", 1));
    this.seek(number("t", this.clock.now));
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { clock, clip } = this, focus = document.activeElement;
    const inView = focus === this.scene.canvas, turning = inView && event.shiftKey;
    const ownArrows = focus.type === "range", ownSpace = focus.closest("button, summary");
    const step = Math.PI / 24;
    const deeds = {
      l: () => this.repeat(),
      m: () => this.sound(clock.volume, !clock.muted),
      r: () => this.view(0, 0, 1),
      c: () => this.drawCurves(),
      "[": () => this.rate(-1),
      "]": () => this.rate(1),
      ",": () => this.seek(clock.now - 1 / clip.frameRate),
      ".": () => this.seek(clock.now + 1 / clip.frameRate),
      Escape: () => (part("about").open = false),
    };
    if (!ownSpace) deeds[" "] = () => this.toggle();
    if (!ownArrows && !event.shiftKey) {
      deeds.ArrowLeft = () => this.seek(clock.now - 1);
      deeds.ArrowRight = () => this.seek(clock.now + 1);
      deeds.ArrowUp = () => this.sound(Math.min(clock.volume + 0.1, 1), false);
      deeds.ArrowDown = () => this.sound(Math.max(clock.volume - 0.1, 0), false);
      deeds.Home = () => this.seek(0);
      deeds.End = () => this.seek(clock.duration);
    }
    if (inView) {
      deeds["+"] = () => this.turn(0, 0, 1.15);
      deeds["-"] = () => this.turn(0, 0, 1 / 1.15);
    }
    if (turning) {
      deeds.ArrowLeft = () => this.turn(-step, 0);
      deeds.ArrowRight = () => this.turn(step, 0);
      deeds.ArrowUp = () => this.turn(0, step);
      deeds.ArrowDown = () => this.turn(0, -step);
    }
    const deed = deeds[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!deed) return;
    event.preventDefault();
    deed();
  }

  // Draw at the next frame of the screen, and again as long as the clip plays.
  show() {
    if (this.waiting) return;
    this.waiting = requestAnimationFrame((time) => {
      this.waiting = 0;
      this.draw();
      if (!this.clock.playing) return this.pace.rest();
      this.pace.tick(time);
      this.show();
    });
  }

  draw() {
    const { clock, scene } = this;
    if (clock.ended) clock.pause();
    const now = clock.now;
    scene.draw(now, clock.playing ? this.pace.detail : 1);
    this.wave(now);
    if (!part("curves").hidden) this.curves(now);
    part("play").toggleAttribute("data-on", clock.playing);
    part("play").setAttribute("aria-label", clock.playing ? "Pause" : "Play");
    part("place").value = now;
    part("place").setAttribute("aria-valuetext", `${now.toFixed(1)} of ${clock.duration.toFixed(1)} seconds`);
    if (this.clip.emotions.length) part("emotion").textContent = this.clip.emotionAt(now);
    part("time").textContent = timeText(now, clock.duration);
  }

  // Curves of the seconds around a time, and their values then.
  curves(now) {
    const { pen, width, height } = penOf(part("curves")), { clip } = this, style = getComputedStyle(part("curves"));
    const names = 136, wide = width - names, frame = clip.around(now)[0], row = (height - 16) / WATCHED.length;
    const first = clip.around(now - SPAN / 2)[0], last = clip.around(now + SPAN / 2)[0];
    pen.font = "12px system-ui, sans-serif";
    pen.textBaseline = "middle";
    const x = (f) => ((f / clip.fps - now) / SPAN + 0.5) * wide, step = Math.max(Math.round(clip.fps / 30), 1);
    const seen = [];
    for (let f = first; f <= last; f += step) seen.push([x(f), clip.strongest(WATCHED, f)]);
    clip.strongest(WATCHED, frame).forEach((value, n) => {
      const low = 8 + (n + 1) * row - 3;
      pen.strokeStyle = pen.fillStyle = HUES[n];
      pen.lineWidth = 1.6;
      pen.beginPath();
      for (const [place, values] of seen) pen.lineTo(place, low - values[n] * (row - 5));
      pen.stroke();
      pen.fillStyle = style.color;
      pen.fillText(`${WATCHED[n]} ${value.toFixed(2)}`, wide + 8, low - row / 2 + 3);
    });
    pen.strokeStyle = style.color;
    pen.lineWidth = 0.6;
    pen.strokeRect(wide / 2, 6, 0, height - 12);
  }

  // The voice's loudness as bars, those that have sounded in the accent colour.
  wave(now) {
    const { pen, width, height } = penOf(part("wave")), { peaks } = this.clip;
    const style = getComputedStyle(document.documentElement);
    const count = Math.max(Math.floor(width / 4), 1), reached = (now / this.clock.duration) * width;
    const bars = (colour) => {
      pen.fillStyle = colour;
      for (let bar = 0; bar < count; bar++) {
        const from = Math.floor((bar * peaks.length) / count);
        const to = Math.max(Math.floor(((bar + 1) * peaks.length) / count), from + 1);
        const peak = Math.max(...peaks.subarray(from, to));
        const tall = Math.max(2.5, (peak / 255) * (height - 8));
        pen.beginPath();
        pen.roundRect((bar * width) / count + 0.5, (height - tall) / 2, 2.5, tall, 1.25);
        pen.fill();
      }
    };
    bars(style.getPropertyValue("--rest"));
    for (const [start] of this.clip.emotions.slice(1)) {
      pen.fillStyle = style.getPropertyValue("--faint");
      pen.fillRect((start / this.clock.duration) * width - 0.5, 0, 1, height);
    }
    pen.save();
    pen.beginPath();
    pen.rect(0, 0, reached, height);
    pen.clip();
    pen.clearRect(0, 0, reached, height);
    bars(style.getPropertyValue("--accent"));
    pen.restore();
    pen.fillStyle = style.getPropertyValue("--accent");
    pen.beginPath();
    pen.roundRect(Math.min(Math.max(reached - 1, 0), width - 2), 1, 2, height - 2, 1);
    pen.fill();
  }
}
