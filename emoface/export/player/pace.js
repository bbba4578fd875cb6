// How fine pictures can be: detail is given up where the screen cannot keep 25 frames per second.

class Pace {
  constructor() {
    this.detail = 1;
    this.between = 20; // milliseconds between pictures, smoothed
    this.last = 0; // milliseconds at the last picture, 0 after a rest
  }

  // Another picture at a time in milliseconds; where even less detail does not help, what is left is kept.
  tick(time) {
    const passed = this.last ? time - this.last : 0;
    this.last = time;
    this.between = 0.85 * this.between + 0.15 * Math.min(passed, 200);
    if (this.between > 40 && this.detail > 0.4) {
      this.detail *= 0.8;
      this.between = 20;
    }
  }

  rest() {
    this.last = 0;
  }
}
