// The piece: the take's settings and the tracks that direct it, and what was done to them.

const PLAIN = { emotion: null, intensity: 1, guidance: 1, seed: 0, fps: 25, head: 1, blink: true, gaze: true };
const MOST_STEPS = 200;

class Piece {
  // changed() is called after every change, settled or not.
  constructor(changed) {
    this.changed = changed;
    this.take = { ...PLAIN };
    this.tracks = []; // objects as in Direction's JSON
    this.forget();
  }

  get text() {
    return JSON.stringify({ take: this.take, tracks: this.tracks });
  }

  get direction() {
    return { emoface_direction: 1, tracks: this.tracks };
  }

  // Options of a take with the tracks as they are.
  options(take = this.take, tracks = this.tracks) {
    return tracks.length ? { ...take, direction: { emoface_direction: 1, tracks } } : { ...take };
  }

  forget() {
    this.steps = [this.text];
    this.step = 0;
  }

  // Something was changed and stays so, as one step that can be undone.
  settle() {
    if (this.text === this.steps[this.step]) return;
    this.steps = [...this.steps.slice(0, this.step + 1), this.text].slice(-MOST_STEPS);
    this.step = this.steps.length - 1;
    this.changed();
  }

  go(by) {
    if (!this.steps[this.step + by]) return;
    this.step += by;
    Object.assign(this, JSON.parse(this.steps[this.step]));
    this.changed();
  }

  add(track) {
    this.tracks.push(track);
    this.settle();
  }

  remove(number) {
    this.tracks.splice(number, 1);
    this.settle();
  }
}
