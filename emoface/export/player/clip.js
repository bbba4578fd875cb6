// The clip: a head with blend shapes and the weights of those shapes over time, as packed by html.py.

const ARRAYS = { u1: Uint8Array, i2: Int16Array, u2: Uint16Array, u4: Uint32Array };

function bytesOf(id) {
  return Uint8Array.from(atob(document.getElementById(id).textContent), (letter) => letter.charCodeAt(0));
}

// Undo packing: bytes of a column lie plane by plane, and each value is the difference to the row before.
function unpackArray(bytes, { type, rows, columns }) {
  const values = new ARRAYS[type](rows * columns);
  const size = values.BYTES_PER_ELEMENT;
  for (let column = 0; column < columns; column++) {
    let value = 0;
    for (let row = 0; row < rows; row++) {
      let difference = 0;
      for (let plane = 0; plane < size; plane++) {
        difference |= bytes[(column * size + plane) * rows + row] << (8 * plane);
      }
      value = (value + difference) | 0;
      values[row * columns + column] = value;
    }
  }
  return values;
}

async function unpack(packed) {
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const buffer = await new Response(stream).arrayBuffer();
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  let start = 4 + length;
  for (const [name, entry] of Object.entries(header.arrays)) {
    const size = entry.rows * entry.columns * ARRAYS[entry.type].BYTES_PER_ELEMENT;
    header.arrays[name] = unpackArray(new Uint8Array(buffer, start, size), entry);
    start += size;
  }
  return header;
}

class Clip {
  constructor({ fps, frameRate, duration, emotions, shapes, step, neck, maps, casting, eyes, arrays }) {
    this.fps = fps; // of the curves here
    this.frameRate = frameRate; // of the animation
    this.duration = duration;
    this.emotions = emotions; // [[seconds, text]] where they change on the way
    this.shapes = shapes; // [{name, moved}]: moved rows of arrays.indices and arrays.offsets each
    this.step = step; // metres of a whole number
    this.indices = arrays.indices;
    this.offsets = arrays.offsets;
    this.curves = arrays.curves; // frames x shapes, 0..4095
    this.frames = arrays.curves.length / shapes.length;
    this.faces = arrays.faces;
    this.casting = casting; // triangles of the first parts, which cast shadows; sheets of hair behind them do not
    this.weld = arrays.weld; // the vertex whose normal each one shares across a seam
    this.corners = arrays.faces.map((vertex) => arrays.weld[vertex]);
    this.surface = arrays.surface; // per vertex: sRGB colour, roughness
    this.peaks = arrays.peaks;
    this.chart = arrays.chart; // per vertex: column and row in the chart of the skin, how much of it shows, curvature
    this.eyes = eyes; // [[front, back]]: vertices of each eyeball with an iris
    this.caustic = arrays.caustic; // per vertex: share of the light gathered in the iris, 0..255, and 255 in the second eye
    this.maps = maps; // {count, rows, columns, step}: wrinkles of half a face; none where the face has no wrinkles
    this.heights = arrays.heights; // maps x rows x columns, 128 is flat
    this.folds = arrays.folds; // frames x 2 maps, 0..255: how strong on the left, then on the right
    this.neck = neck; // joint about which the head turns, metres
    this.turns = arrays.turns; // frames x 4, quaternions x, y, z, w times 32767; none where the head is still
    this.shares = arrays.shares; // how far each vertex goes with the head, 0..4095
    this.turn = [0, 0, 0, 1];
    this.rest = Float32Array.from(arrays.template, (whole) => whole * step);
    this.positions = this.rest.slice();
    this.normals = new Float32Array(this.rest.length);
    this.weights = new Float32Array(shapes.length);
    this.bent = null; // the weights that positions and normals show
  }

  // The emotion asked for at a time, "" where the whole clip has one.
  emotionAt(time) {
    const begun = this.emotions.filter(([start]) => start <= time);
    return (begun.at(-1) || this.emotions[0] || ["", ""])[1];
  }

  // Frames around a time in seconds, and the later one's share; frame k is centred at (k + 0.5) / fps.
  around(time) {
    const place = Math.min(Math.max(time * this.fps - 0.5, 0), this.frames - 1);
    const before = Math.floor(place), after = Math.min(before + 1, this.frames - 1);
    return [before, after, place - before];
  }

  // Weights at a time.
  weightsAt(time) {
    const count = this.shapes.length, [before, after, share] = this.around(time);
    for (let n = 0; n < count; n++) {
      const a = this.curves[before * count + n], b = this.curves[after * count + n];
      this.weights[n] = (a + (b - a) * share) / 4095;
    }
    return this.weights;
  }

  // How strong each wrinkle is at a time, 0..1.
  foldsAt(time) {
    const count = this.maps ? 2 * this.maps.count : 0, [before, after, share] = this.around(time);
    return Float32Array.from({ length: count }, (_, n) => {
      const a = this.folds[before * count + n], b = this.folds[after * count + n];
      return (a + (b - a) * share) / 255;
    });
  }

  // The curves with these words in their names at a time: the strongest side of each.
  strongest(words, frame) {
    return words.map((word) => {
      let most = 0;
      this.shapes.forEach(({ name }, n) => {
        if (name.startsWith(word)) most = Math.max(most, this.curves[frame * this.shapes.length + n]);
      });
      return most / 4095;
    });
  }

  // The turn of the head at a time, a unit quaternion.
  turnAt(time) {
    if (!this.turns) return this.turn;
    const [before, after, share] = this.around(time), at = (frame, i) => this.turns[4 * frame + i];
    const between = [0, 1, 2, 3].map((i) => at(before, i) + (at(after, i) - at(before, i)) * share);
    return between.map((part) => part / Math.hypot(...between));
  }

  // Bring positions and normals to a time; tell whether they changed.
  pose(time) {
    const weights = this.weightsAt(time), turn = this.turnAt(time);
    const same = this.bent && weights.every((weight, n) => weight === this.bent[n]);
    if (same && turn.every((part, i) => part === this.turn[i])) return false;
    this.bent = weights.slice();
    this.turn = turn;
    const { positions, indices, offsets } = this;
    positions.set(this.rest);
    let row = 0;
    for (let n = 0; n < weights.length; n++) {
      const end = row + this.shapes[n].moved;
      const scale = weights[n] * this.step;
      if (scale === 0) { row = end; continue; }
      for (; row < end; row++) {
        const to = 3 * indices[row], from = 3 * row;
        positions[to] += scale * offsets[from];
        positions[to + 1] += scale * offsets[from + 1];
        positions[to + 2] += scale * offsets[from + 2];
      }
    }
    if (this.turns) this.turnHead();
    this.findNormals();
    return true;
  }

  // Each vertex goes its share of the way about the neck.
  turnHead() {
    const { positions: p, neck, shares, turn: [x, y, z, w] } = this;
    for (let v = 0; v < shares.length; v++) {
      if (!shares[v]) continue;
      const a = p[3 * v] - neck[0], b = p[3 * v + 1] - neck[1], c = p[3 * v + 2] - neck[2];
      const s = 2 * (y * c - z * b), t = 2 * (z * a - x * c), u = 2 * (x * b - y * a), share = shares[v] / 4095;
      p[3 * v] += share * (w * s + y * u - z * t);
      p[3 * v + 1] += share * (w * t + z * s - x * u);
      p[3 * v + 2] += share * (w * u + x * t - y * s);
    }
  }

  // Sums of the adjoining triangles' normals by area; the shader makes them unit length.
  findNormals() {
    const { positions: p, normals: n, faces, corners, weld } = this;
    n.fill(0);
    for (let f = 0; f < faces.length; f += 3) {
      const a = 3 * faces[f], b = 3 * faces[f + 1], c = 3 * faces[f + 2];
      const ux = p[b] - p[a], uy = p[b + 1] - p[a + 1], uz = p[b + 2] - p[a + 2];
      const vx = p[c] - p[a], vy = p[c + 1] - p[a + 1], vz = p[c + 2] - p[a + 2];
      const x = uy * vz - uz * vy, y = uz * vx - ux * vz, z = ux * vy - uy * vx;
      for (let corner = f; corner < f + 3; corner++) {
        const to = 3 * corners[corner];
        n[to] += x;
        n[to + 1] += y;
        n[to + 2] += z;
      }
    }
    for (let v = 0; v < weld.length; v++) {
      if (weld[v] !== v) n.copyWithin(3 * v, 3 * weld[v], 3 * weld[v] + 3);
    }
  }
}
