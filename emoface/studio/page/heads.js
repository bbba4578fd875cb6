// The heads: the large one that shows the take, and small ones that show tries of it side by side.

const ROOM = 40; // pixels of a picture that are left free above and below

class TakeClip extends Clip {
  // Show another motion, as the server packs it.
  wear({ fps, frameRate, duration, arrays }) {
    const { curves, turns, folds } = arrays;
    if (this.curves === curves) return;
    Object.assign(this, { fps, frameRate, duration, curves, turns, folds, frames: curves.length / this.shapes.length });
    this.bent = null;
  }
}

class Heads extends Turning {
  // redraw() asks for another picture, pick(number) takes one of the tries.
  constructor(packed, { redraw, pick }) {
    const clip = new TakeClip(packed);
    super(new Scene(part("view"), clip));
    Object.assign(this, { packed, clip, redraw, pick, motion: null, tries: [] });
    this.scene.room = ROOM;
  }

  show() {
    this.redraw?.();
  }

  // Small heads for motions, each with its words below.
  compare(motions, words) {
    this.spare ||= Object.assign(new Scene(part("spare"), new TakeClip(this.packed)), { room: ROOM });
    this.tries = motions.map((motion, number) => {
      const canvas = element("canvas"), name = element("span", { textContent: words[number] });
      const frame = element("button", { type: "button", className: "try", title: "Take this one" }, canvas, name);
      frame.onclick = () => this.pick(number);
      return { motion, canvas, frame };
    });
    part("seeds").replaceChildren(...this.tries.map(({ frame }) => frame));
    part("seeds").hidden = false;
    this.redraw();
  }

  endComparison() {
    this.tries = [];
    part("seeds").hidden = true;
    this.redraw();
  }

  draw(now, detail) {
    if (this.tries.length) return this.drawTries(now, detail);
    if (this.motion) this.clip.wear(this.motion);
    this.scene.draw(now, detail);
  }

  drawTries(now, detail) {
    const { spare } = this, small = this.tries[0].canvas;
    Object.assign(spare, { yaw: this.scene.yaw, pitch: this.scene.pitch, zoom: this.scene.zoom });
    spare.canvas.style.width = `${small.clientWidth}px`;
    spare.canvas.style.height = `${small.clientHeight}px`;
    for (const { motion, canvas } of this.tries) {
      spare.clip.wear(motion);
      spare.draw(now, detail);
      canvas.width = spare.canvas.width;
      canvas.height = spare.canvas.height;
      canvas.getContext("2d").drawImage(spare.canvas, 0, 0);
    }
  }
}
