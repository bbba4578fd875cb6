// A head whose motion arrives while it is shown.

const KEPT = 4; // seconds of frames
const WAIT = 0.12; // seconds that frames are shown after they could be: frames of one step come together
const MEMORY = 5; // seconds over which the quickest way of a frame is looked for

class LiveClip extends Clip {
  constructor(header, { names, neckRadians }) {
    super(header);
    this.columns = this.shapes.map(({ name }) => names.indexOf(name));
    this.head = names.indexOf("headX");
    this.neckRadians = neckRadians;
    this.clear();
  }

  clear() {
    this.arrived = []; // {time, values}, by time
    this.ways = []; // [arrival, arrival minus time of the frame]
  }

  // Frames that just arrived, at a time of the page's clock in seconds.
  push(frames, arrival) {
    this.arrived.push(...frames);
    const newest = frames.at(-1).time;
    while (this.arrived[0].time < newest - KEPT) this.arrived.shift();
    this.ways.push([arrival, arrival - newest]);
    while (this.ways[0][0] < arrival - MEMORY) this.ways.shift();
  }

  // Time of the stream that is shown at a time of the page's clock.
  shownAt(clock) {
    return clock - Math.min(...this.ways.map(([, way]) => way)) - WAIT;
  }

  // Values at a time of the stream, null before the first frame.
  valuesAt(time) {
    const { arrived } = this;
    const after = arrived.findIndex((frame) => frame.time >= time);
    if (after === 0 || !arrived.length) return arrived.length ? arrived[0].values : null;
    if (after < 0) return arrived.at(-1).values;
    const a = arrived[after - 1], b = arrived[after], share = (time - a.time) / (b.time - a.time);
    return a.values.map((value, n) => value + (b.values[n] - value) * share);
  }

  weightsAt(time) {
    const values = this.valuesAt(time);
    this.columns.forEach((column, n) => (this.weights[n] = values && column >= 0 ? values[column] : 0));
    return this.weights;
  }

  turnAt(time) {
    const values = this.valuesAt(time);
    if (!values) return [0, 0, 0, 1];
    const axis = values.slice(this.head, this.head + 3), angle = Math.hypot(...axis);
    const half = Math.min(angle, this.neckRadians) / 2, scale = angle ? Math.sin(half) / angle : 0;
    return [axis[0] * scale, axis[1] * scale, axis[2] * scale, Math.cos(half)];
  }
}
