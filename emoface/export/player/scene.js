// The picture: WebGL 2, a key lamp with soft shadow, fill and rim that move with the camera, and ambient occlusion.

const MAP = 1024; // texels of the shadow map
const KEY = [-0.42, 0.52, 0.74]; // direction to the key lamp in the axes of the view
const FIELD = 0.36; // vertical field of view in radians, as of a portrait lens

// Pores: texels of a tile's side, tiles over the width of the chart, mm, and the span of slopes in 8 bits.
const PORES = { size: 256, repeat: 8, apart: 1.15, radius: 0.2, depth: 0.07, grain: 0.03, span: 0.16 };
// Strands of hair: texels across and along, of two layers the blur across and how much a row
// keeps of the one before, the height in mm and the cavity; the span of slopes in 8 bits.
const HAIRS = {
  columns: 512, rows: 128, span: 4, aside: 5,
  layers: [{ blur: 1, kept: 0.95, height: 0.06, cavity: 0.18 }, { blur: 4, kept: 0.97, height: 0.18, cavity: 0.1 }],
};
const FOLDS = { size: 512, span: 0.57 }; // texels of the wrinkles of a moment; 1.6 mm a texel, drawn at 0.7 of its height

// centroid: without it, colours at the edges of triangles seen flat are read beyond them and sparkle.
const VERTEX = `#version 300 es
layout(location = 0) in vec3 place;
layout(location = 1) in vec3 normal;
layout(location = 2) in vec4 surface;
layout(location = 3) in vec4 chart;
layout(location = 4) in vec2 iris; // share of the light that the cornea gathers, and which eye
uniform mat4 view, projection, key;
uniform vec3 fronts[2], axes[2]; // of the eyeballs
centroid out vec3 seen, facing;
centroid out vec4 look, lit, skinAt;
out float height, gathered;
float caustic(vec3 lamp) { // more light on the iris's side away from the lamp, a little less towards it
  int eye = int(iris.y + 0.5);
  vec3 axis = normalize(mat3(view) * axes[eye]), arm = mat3(view) * (place - fronts[eye]);
  float beside = dot(normalize(arm - dot(arm, axis) * axis), lamp - dot(lamp, axis) * axis);
  return iris.x * max(dot(lamp, axis), 0.0) * (1.8 * max(-beside, 0.0) - 0.22 * max(beside, 0.0));
}
void main() {
  skinAt = chart;
  gathered = iris.x > 0.0 ? 1.0 + caustic(normalize(vec3(${KEY}))) : 1.0;
  vec4 inView = view * vec4(place, 1);
  seen = inView.xyz;
  facing = mat3(view) * normal;
  look = surface;
  vec3 unit = normalize(facing + vec3(0, 0, 1e-9));
  lit = key * vec4(seen + unit * 0.0012, 1);
  height = place.y;
  gl_Position = projection * inView;
}`;

const DEPTH_VERTEX = `#version 300 es
layout(location = 0) in vec3 place;
uniform mat4 all;
void main() { gl_Position = all * vec4(place, 1); }`;

const DEPTH_FRAGMENT = `#version 300 es
precision highp float;
void main() {}`;

const FRAGMENT = `#version 300 es
precision highp float;
precision highp sampler2DShadow;
centroid in vec3 seen, facing;
centroid in vec4 look, lit, skinAt;
in float height, gathered;
uniform sampler2D depths, pores, folds, hairs;
uniform sampler2DShadow shadow;
uniform vec4 lens; // tangents of half the field of view, near, far
uniform float scale; // pixels of a metre at one metre
uniform vec2 fade; // heights between which the neck passes into the page
uniform int taps; // looks into the maps for each pixel
out vec4 colour;

const vec3 KEY = normalize(vec3(${KEY})), KEY_COLOUR = vec3(0.86, 0.82, 0.77);
const vec3 FILL = normalize(vec3(0.85, 0.12, 0.52)), FILL_COLOUR = vec3(0.30, 0.33, 0.37);
const vec3 RIM = normalize(vec3(0.80, 0.35, -0.50)), RIM_COLOUR = vec3(0.46, 0.47, 0.50);
const vec3 RADIUS = vec3(0.22, 0.40, 0.15); // of the lamps, radians
const vec3 AROUND = vec3(0.125, 0.121, 0.12), UP = vec3(0.041, 0.044, 0.052), FRONT = vec3(0.022, 0.021, 0.019);
const vec3 SCATTER = vec3(2.2, 0.55, 0.36); // mm that light travels in skin, which blurs the edge of shadow
const vec3 LEVEL = vec3(0.40, 0.70, 0.85); // what of the relief light under the skin sees
const vec3 BLEED = vec3(0.45, 0.13, 0.03); // and across the edge of a cast shadow
const vec3 TINT = vec3(0.16, 0.40, 0.36);
const vec3 INNER = vec3(0.22, 0.21, 0.19); // light that teeth and eyes pass on from within
const vec3 WINDOW = normalize(vec3(-0.42, 0.46, 0.80)); // what wet eyes mirror
const float MIRROR = 0.04, SKIN_MIRROR = 0.028, HAIR_ROUGH = 0.62;

vec3 linear(vec3 c) { return mix(c / 12.92, pow((c + 0.055) / 1.055, vec3(2.4)), step(0.04045, c)); }
vec3 display(vec3 c) { // a filmic curve and the encoding of sRGB in one
  float grey = dot(c, vec3(0.2126, 0.7152, 0.0722));
  c = max(grey + 1.2 * (c - grey), 0.0);
  return c * (0.907 * c + 0.422) / (c * (0.907 * c + 0.481) + 0.0744);
}
float noise(vec2 p) { return fract(52.9829189 * fract(dot(p, vec2(0.06711056, 0.00583715)))); }

float reach(float turn) { // of the key lamp, over a disc as wide as the lamp is soft
  float sum = 0.0;
  for (int i = 0; i < taps; i++) {
    float angle = turn + 2.39996 * float(i), far = sqrt((float(i) + 0.5) / float(taps));
    sum += texture(shadow, lit.xyz + vec3(cos(angle), sin(angle), 0) * far * 0.009);
  }
  return sum / float(taps);
}

vec3 placeAt(vec2 pixel) {
  vec2 size = vec2(textureSize(depths, 0));
  float depth = texelFetch(depths, ivec2(clamp(pixel, vec2(0), size - 1.0)), 0).r;
  float z = lens.z * lens.w / (lens.w - depth * (lens.w - lens.z));
  return vec3((pixel / size * 2.0 - 1.0) * lens.xy * z, -z);
}

float openness(vec3 normal, float turn) { // to the surroundings, from what the picture shows within RADIUS
  const float RADIUS = 0.030;
  float pixels = min(RADIUS * scale / -seen.z, 260.0), sum = 0.0;
  for (int i = 0; i < taps; i++) {
    float share = (float(i) + 0.5) / float(taps), angle = turn + 2.39996 * float(i);
    vec3 way = placeAt(gl_FragCoord.xy + vec2(cos(angle), sin(angle)) * share * pixels) - seen;
    float far = length(way);
    sum += max(dot(way, normal) / (far + 1e-5) - 0.08, 0.0) * max(1.0 - far * far / (RADIUS * RADIUS), 0.0);
  }
  return clamp(1.0 - 1.9 * sum / float(taps), 0.0, 1.0);
}

float lobe(float sine, float rough, float radius) {
  float width = rough * rough + 0.02 + 0.12 * radius, alpha = width * width, spread = sine + alpha * (1.0 - sine);
  return alpha / (spread * spread * (rough + 0.5));
}

float shine(vec3 normal, vec3 light, vec3 eye, float rough, float mirror, float radius) {
  vec3 half_ = normalize(light + eye), across = cross(normal, half_);
  float level = max(dot(half_, light), 1e-3), sine = dot(across, across);
  float lobes = 0.7 * lobe(sine, 1.15 * rough, radius) + 0.3 * lobe(sine, 0.62 * rough, radius);
  float fresnel = mirror + (1.0 - mirror) * pow(1.0 - level, 5.0);
  return max(dot(normal, light), 0.0) * fresnel * lobes / (4.0 * level * level);
}

vec3 ramp(vec3 x, vec3 width) { // max(x, 0) averaged over the width on both sides
  vec3 inside = clamp(x, -width, width) + width;
  return inside * inside / (4.0 * width + 1e-5) + max(x - width, 0.0);
}

vec3 around(vec3 way) { return max(AROUND + way.y * UP + way.z * FRONT, 0.0); }

// Change of height by column and row of the chart in metres over its whole width, tint, cavity.
vec4 relief(vec2 at) {
  vec4 grain = texture(pores, at * ${PORES.repeat}.0), fold = texture(folds, at);
  vec2 slope = (grain.xy - 0.502) * ${PORES.span} + (fold.xy - 0.502) * ${FOLDS.span};
  float aside = abs(at.x - 0.5);
  vec4 near = vec4( // squared distances from nose, cheeks, forehead and the skin under the eyes
    dot(vec2(aside, at.y - 0.56) / 0.055, vec2(aside, at.y - 0.56) / 0.055),
    dot(vec2(aside - 0.16, at.y - 0.585) / 0.08, vec2(aside - 0.16, at.y - 0.585) / 0.08),
    dot(vec2(aside, at.y - 0.22) / vec2(0.22, 0.09), vec2(aside, at.y - 0.22) / vec2(0.22, 0.09)),
    dot(vec2(aside - 0.125, at.y - 0.455) / vec2(0.07, 0.03), vec2(aside - 0.125, at.y - 0.455) / vec2(0.07, 0.03)));
  float tint = dot(exp(-near), vec4(0.34, 0.26, -0.14, 0.14));
  tint += 0.4 * (texture(pores, at * 1.7).a - 0.5) + 0.34 * fold.z;
  return vec4(slope, tint, 0.16 * grain.z + 0.38 * fold.z);
}

vec4 strands(vec2 at) {
  vec4 hair = texture(hairs, at);
  return vec4((hair.x - 0.502) * ${HAIRS.span}.0, 0, 0, hair.z);
}

void main() {
  vec3 smooth_ = normalize(facing), eye = normalize(-seen), albedo = linear(look.rgb) * gathered;
  float rough = max(look.a, 0.12), skin = smoothstep(0.28, 0.42, look.a), curvature = max(0.2 * skinAt.w, 0.004);
  float soft = skin * step(look.a, 0.65); // hair and brows are no skin
  vec3 right = dFdx(seen), down = dFdy(seen), flat_ = cross(right, down);
  vec3 along = cross(down, flat_), across = cross(flat_, right);
  mat2 change = mat2(dFdx(skinAt.xy), dFdy(skinAt.xy));
  vec4 fine = (look.a > 0.65 ? strands(skinAt.xy) : relief(skinAt.xy)) * skinAt.z;
  if (look.a > 0.65) rough = mix(rough, HAIR_ROUGH, skinAt.z);
  float area = max(dot(flat_, flat_), 1e-24);
  vec3 tilt = (dot(fine.xy, change[0]) * along + dot(fine.xy, change[1]) * across) / area;
  tilt -= dot(tilt, smooth_) * smooth_;
  vec3 normal = normalize(smooth_ - tilt * inversesqrt(1.0 + 0.25 * dot(tilt, tilt)));
  albedo *= max(1.0 - fine.z * TINT, 0.0);
  float arrives = clamp(1.0 - fine.w, 0.0, 1.0), turn = 6.2832 * noise(gl_FragCoord.xy);
  float key = reach(turn) * arrives, open = openness(smooth_, turn) * arrives;
  open = mix(sqrt(open), open, skin); // teeth and eyes get light that the picture does not know of
  vec3 bleed = soft * BLEED, level = mix(vec3(1), LEVEL, soft), gloss = vec3(0);
  float mirror = mix(MIRROR, SKIN_MIRROR, soft);
  vec3 light = around(normal) * open / (1.0 - albedo * (1.0 - open)) + (1.0 - skin) * INNER * open;
  for (int i = 0; i < 3; i++) {
    // Teeth and eyes glow a little from within: they never fall quite into shadow.
    vec3 way = i == 0 ? KEY : i == 1 ? FILL : RIM;
    vec3 radiance = i == 0 ? KEY_COLOUR : i == 1 ? FILL_COLOUR : RIM_COLOUR;
    float radius = i == 0 ? RADIUS.x : i == 1 ? RADIUS.y : RADIUS.z;
    float got = i == 0 ? max(key, 0.6 - 0.6 * skin) * mix(open, 1.0, 0.6) : mix(open * open, open, skin);
    vec3 cosine = vec3(dot(smooth_, way)) + (dot(normal, way) - dot(smooth_, way)) * level;
    light += radiance * ramp(cosine, soft * curvature * SCATTER + radius) * (got + bleed * got * (1.0 - got));
    gloss += radiance * got * shine(normal, way, eye, rough, mirror, radius);
  }
  float straight = clamp(dot(normal, eye), 0.0, 1.0);
  float grazing = (mirror + (1.0 - rough) * (1.0 - mirror) * pow(1.0 - straight, 5.0)) * open * open;
  float wet = 1.0 - smoothstep(0.15, 0.22, look.a), glint = dot(reflect(-eye, normal), WINDOW);
  gloss += wet * open * vec3(0.55, 0.57, 0.58) * (smoothstep(0.978, 0.990, glint) + 0.12 * smoothstep(0.6, 1.0, glint));
  vec3 shown = display(albedo * light + gloss + around(reflect(-eye, normal)) * grazing);
  float presence = smoothstep(fade.x, fade.y, height);
  colour = vec4(shown * presence, presence);
}`;

const FOLD_VERTEX = `#version 300 es
void main() { gl_Position = vec4(vec2(gl_VertexID & 1, gl_VertexID >> 1) * 4.0 - 1.0, 0, 1); }`;

// The wrinkles of a moment: all maps by their weights, as slopes by column and row, and cavity.
const FOLD_FRAGMENT = `#version 300 es
precision highp float;
precision highp sampler2DArray;
uniform sampler2DArray maps;
uniform float weights[2 * COUNT];
uniform float step_; // millimetres of a height of 1
out vec4 colour;
float height(ivec2 at) {
  ivec3 size = textureSize(maps, 0);
  int column = clamp(at.x < size.x ? size.x - 1 - at.x : at.x - size.x, 0, size.x - 1);
  float left = smoothstep(0.0, 1.0, (float(at.x) + 0.5) / float(2 * size.x) / 0.06 - 0.5 / 0.06 + 0.5), sum = 0.0;
  for (int n = 0; n < COUNT; n++) {
    float weight = mix(weights[COUNT + n], weights[n], left);
    if (weight > 0.0) sum += weight * (texelFetch(maps, ivec3(column, clamp(at.y, 0, size.y - 1), n), 0).r - 0.50196);
  }
  return sum * step_;
}
void main() {
  ivec2 at = ivec2(gl_FragCoord.xy);
  float here = height(at);
  vec2 slope = 0.5 * vec2(height(at + ivec2(1, 0)) - height(at - ivec2(1, 0)),
                          height(at + ivec2(0, 1)) - height(at - ivec2(0, 1)));
  colour = vec4(0.502 + slope / 1.6, clamp(-here / 0.8, 0.0, 1.0), 1);
}`;

// A tile of pores and grain: slopes by column and row, cavity, and in the last channel patches of colour.
function poreTile() {
  const { size, apart, radius, depth, grain } = PORES, texel = (220 / PORES.repeat) / size; // mm
  const height = new Float32Array(size * size), blood = new Float32Array(size * size);
  let seed = 15;
  const chance = () => (seed = (1664525 * seed + 1013904223) >>> 0) / 2 ** 32;
  const wrap = (n) => ((n % size) + size) % size, reach = Math.ceil((2.5 * radius) / texel);
  for (let n = Math.round(((size * texel) / apart) ** 2); n > 0; n--) {
    const x = chance() * size, y = chance() * size, deep = depth * (0.4 + 0.6 * chance());
    for (let j = -reach; j <= reach; j++) {
      for (let i = -reach; i <= reach; i++) {
        const away = (i * i + j * j) * (texel / radius) ** 2;
        height[wrap(Math.floor(y) + j) * size + wrap(Math.floor(x) + i)] -= deep * Math.exp(-0.5 * away);
      }
    }
  }
  const cavity = height.map((h) => Math.min(-h / depth, 1));
  const waves = (to, cells, strength) => { // smooth noise with this many cells a side
    const knots = Float32Array.from({ length: cells * cells }, () => chance() - 0.5);
    const ease = (t) => t * t * (3 - 2 * t);
    for (let row = 0; row < size; row++) {
      for (let column = 0; column < size; column++) {
        const x = (column / size) * cells, y = (row / size) * cells, i = Math.floor(x), j = Math.floor(y);
        const a = ease(x - i), b = ease(y - j), at = (di, dj) => knots[((j + dj) % cells) * cells + ((i + di) % cells)];
        const above = at(0, 0) + (at(1, 0) - at(0, 0)) * a, below = at(0, 1) + (at(1, 1) - at(0, 1)) * a;
        to[row * size + column] += strength * (above + (below - above) * b);
      }
    }
  };
  for (const cells of [28, 44]) waves(height, cells, grain);
  for (const cells of [5, 11]) waves(blood, cells, 0.4);
  const tile = new Uint8Array(4 * size * size), byte = (value) => Math.max(0, Math.min(255, Math.round(255 * value)));
  const metres = 1e-3 * size * PORES.repeat; // over the width of the chart
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const at = (i, j) => height[wrap(row + j) * size + wrap(column + i)], place = row * size + column;
      const across = 0.5 * metres * (at(1, 0) - at(-1, 0)), along = 0.5 * metres * (at(0, 1) - at(0, -1));
      tile.set([across, along].map((slope) => byte(0.502 + slope / PORES.span)), 4 * place);
      tile.set([byte(cavity[place]), byte(0.5 + blood[place])], 4 * place + 2);
    }
  }
  return tile;
}

// Strands that lead down the rows: slope by column, cavity; two layers of lines that stray together.
function strandTile() {
  const { columns, rows, span, aside, layers } = HAIRS, count = columns * rows;
  let seed = 16;
  const chance = () => (seed = (1664525 * seed + 1013904223) >>> 0) / 2 ** 32;
  const wrap = (n) => ((n % columns) + columns) % columns;
  const lines = (blur, kept) => { // deviation 1
    const field = new Float32Array(count), near = 2 * blur + 1;
    for (let row = 0; row < rows; row++) {
      const fresh = Float32Array.from({ length: columns }, () => (chance() + chance() + chance() - 1.5) * 2);
      let sum = 0;
      for (let i = -blur; i <= blur; i++) sum += fresh[wrap(i)];
      for (let column = 0; column < columns; column++) {
        const before = row ? kept * field[(row - 1) * columns + column] : 0;
        field[row * columns + column] = before + (sum / Math.sqrt(near)) * (row ? Math.sqrt(1 - kept * kept) : 1);
        sum += fresh[wrap(column + blur + 1)] - fresh[wrap(column - blur)];
      }
    }
    return field;
  };
  const height = new Float32Array(count), cavity = new Float32Array(count).fill(0.26), stray = lines(24, 0.96);
  for (const { blur, kept, height: high, cavity: deep } of layers) {
    const field = lines(blur, kept);
    for (let place = 0; place < count; place++) {
      const column = place % columns, value = field[place - column + wrap(Math.round(column + aside * stray[place]))];
      height[place] += high * value;
      cavity[place] -= deep * value;
    }
  }
  const tile = new Uint8Array(4 * count), byte = (value) => Math.max(0, Math.min(255, Math.round(255 * value)));
  for (let place = 0; place < count; place++) {
    const column = place % columns, start = place - column;
    const slope = 0.5e-3 * columns * (height[start + wrap(column + 1)] - height[start + wrap(column - 1)]);
    tile.set([byte(0.502 + slope / span), 128, byte(Math.min(cavity[place], 0.7)), 255], 4 * place);
  }
  return tile;
}

// Matrices are 16 numbers, column by column.
function product(a, b) {
  const c = new Float32Array(16);
  for (let i = 0; i < 16; i++) for (let k = 0; k < 4; k++) c[i] += a[(i % 4) + 4 * k] * b[k + 4 * (i >> 2)];
  return c;
}

function lookAt([x, y, z], target) { // from a place, in the axes of the head
  const unit = (v) => v.map((c) => c / Math.hypot(...v));
  const back = unit([x - target[0], y - target[1], z - target[2]]);
  const right = unit([back[2], 0, -back[0]]);
  const up = [
    back[1] * right[2] - back[2] * right[1],
    back[2] * right[0] - back[0] * right[2],
    back[0] * right[1] - back[1] * right[0],
  ];
  const move = (axis) => -(axis[0] * x + axis[1] * y + axis[2] * z);
  return new Float32Array([
    right[0], up[0], back[0], 0,
    right[1], up[1], back[1], 0,
    right[2], up[2], back[2], 0,
    move(right), move(up), move(back), 1,
  ]);
}

function perspective(tanX, tanY, near, far) {
  const depth = 1 / (near - far);
  return new Float32Array([
    1 / tanX, 0, 0, 0,
    0, 1 / tanY, 0, 0,
    0, 0, (near + far) * depth, -1,
    0, 0, 2 * near * far * depth, 0,
  ]);
}

class Scene {
  constructor(canvas, clip) {
    const gl = canvas.getContext("webgl2", { antialias: true, alpha: true, premultipliedAlpha: true });
    if (!gl) throw new Error("This page needs WebGL 2, which this browser or its graphics driver does not offer.");
    this.gl = gl;
    this.canvas = canvas;
    this.clip = clip;
    this.yaw = 0;
    this.pitch = 0;
    this.zoom = 1;
    this.room = 150; // pixels for title and controls
    this.frame();
    this.shading = this.program(VERTEX, FRAGMENT);
    this.depth = this.program(DEPTH_VERTEX, DEPTH_FRAGMENT);
    this.upload();
    this.relief();
    this.shadowMap = this.depthMap(true);
    this.viewMap = this.depthMap(false);
    this.resize(this.shadowMap, MAP, MAP);
  }

  // What the picture holds: the whole head, turning about its middle; the face, as one comes closer.
  frame() {
    const { clip } = this;
    let heavy = 0; // how far the shapes move each vertex says where the face is
    this.face = [0, 0, 0];
    clip.indices.forEach((vertex, row) => {
      const far = Math.hypot(...clip.offsets.subarray(3 * row, 3 * row + 3));
      heavy += far;
      this.face = this.face.map((sum, i) => sum + far * clip.rest[3 * vertex + i]);
    });
    this.face = this.face.map((sum) => sum / heavy);
    const all = this.box(-Infinity), least = all[1][1] - 2.05 * (all[1][1] - this.face[1]);
    const [low, high] = this.box(this.face[1]); // of the head without shoulders
    low[1] = Math.max(all[0][1], least);
    this.target = low.map((v, i) => (v + high[i]) / 2);
    this.height = high[1] - low[1];
    this.width = high[0] - low[0];
    this.radius = 0.5 * Math.hypot(...all[0].map((v, i) => all[1][i] - v));
    this.fade = [low[1] + 0.005 * this.height, low[1] + 0.16 * this.height];
    this.target[1] += 0.035 * this.height;
  }

  // The least and the greatest coordinates of the vertices at rest that are higher than this.
  box(above) {
    const { rest } = this.clip, low = [Infinity, Infinity, Infinity], high = low.map((v) => -v);
    for (let v = 0; v < rest.length; v += 3) {
      if (rest[v + 1] < above) continue;
      for (let i = 0; i < 3; i++) {
        low[i] = Math.min(low[i], rest[v + i]);
        high[i] = Math.max(high[i], rest[v + i]);
      }
    }
    return [low, high];
  }

  program(vertex, fragment) {
    const { gl } = this, program = gl.createProgram();
    for (const [type, source] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]]) {
      const shader = gl.createShader(type);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
      if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader));
    }
    gl.linkProgram(program);
    const count = gl.getProgramParameter(program, gl.ACTIVE_UNIFORMS);
    const names = Array.from({ length: count }, (_, i) => gl.getActiveUniform(program, i).name);
    return { program, at: Object.fromEntries(names.map((name) => [name, gl.getUniformLocation(program, name)])) };
  }

  upload() {
    const { gl, clip } = this;
    gl.bindVertexArray(gl.createVertexArray());
    const attribute = (place, data, size, type, usage) => {
      const buffer = gl.createBuffer();
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.bufferData(gl.ARRAY_BUFFER, data, usage);
      gl.enableVertexAttribArray(place);
      gl.vertexAttribPointer(place, size, type, type !== gl.FLOAT, 0, 0);
      return buffer;
    };
    this.positions = attribute(0, clip.positions, 3, gl.FLOAT, gl.DYNAMIC_DRAW);
    this.normals = attribute(1, clip.normals, 3, gl.FLOAT, gl.DYNAMIC_DRAW);
    attribute(2, clip.surface, 4, gl.UNSIGNED_BYTE, gl.STATIC_DRAW);
    attribute(3, clip.chart, 4, gl.UNSIGNED_SHORT, gl.STATIC_DRAW);
    attribute(4, clip.caustic, 2, gl.UNSIGNED_BYTE, gl.STATIC_DRAW);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, clip.faces, gl.STATIC_DRAW);
    this.indexType = clip.faces instanceof Uint32Array ? gl.UNSIGNED_INT : gl.UNSIGNED_SHORT;
    gl.enable(gl.DEPTH_TEST);
  }

  // The tile of pores, and what the wrinkles of a moment are drawn from and into.
  relief() {
    const { gl, clip } = this, { maps } = clip;
    const texture = (kind, wrap, filter) => {
      const made = gl.createTexture();
      gl.bindTexture(kind, made);
      gl.texParameteri(kind, gl.TEXTURE_WRAP_S, wrap);
      gl.texParameteri(kind, gl.TEXTURE_WRAP_T, wrap);
      gl.texParameteri(kind, gl.TEXTURE_MIN_FILTER, filter);
      return made;
    };
    this.pores = texture(gl.TEXTURE_2D, gl.REPEAT, gl.LINEAR_MIPMAP_LINEAR);
    const { size } = PORES, wide = maps ? FOLDS.size : 1;
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, size, size, 0, gl.RGBA, gl.UNSIGNED_BYTE, poreTile());
    gl.generateMipmap(gl.TEXTURE_2D);
    this.hairs = texture(gl.TEXTURE_2D, gl.REPEAT, gl.LINEAR_MIPMAP_LINEAR);
    const { columns: across, rows: along } = HAIRS;
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, across, along, 0, gl.RGBA, gl.UNSIGNED_BYTE, strandTile());
    gl.generateMipmap(gl.TEXTURE_2D);
    this.folds = texture(gl.TEXTURE_2D, gl.CLAMP_TO_EDGE, gl.LINEAR);
    const none = new Uint8Array(4 * wide * wide).map((_, n) => (n % 4 < 2 ? 128 : 0));
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, wide, wide, 0, gl.RGBA, gl.UNSIGNED_BYTE, none);
    if (!maps) return;
    this.folding = this.program(FOLD_VERTEX, FOLD_FRAGMENT.replaceAll("COUNT", maps.count));
    this.foldBuffer = gl.createFramebuffer();
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.foldBuffer);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, this.folds, 0);
    this.maps = texture(gl.TEXTURE_2D_ARRAY, gl.CLAMP_TO_EDGE, gl.NEAREST);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    const { columns, rows, count } = maps;
    gl.texImage3D(
      gl.TEXTURE_2D_ARRAY, 0, gl.R8, columns, rows, count, 0, gl.RED, gl.UNSIGNED_BYTE, clip.heights,
    );
  }

  // Draw the wrinkles of a time.
  fold(time) {
    if (!this.maps) return;
    const { gl, clip, folding: { program, at } } = this;
    gl.useProgram(program);
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.foldBuffer);
    gl.viewport(0, 0, FOLDS.size, FOLDS.size);
    gl.disable(gl.DEPTH_TEST);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D_ARRAY, this.maps);
    gl.uniform1i(at.maps, 0);
    gl.uniform1f(at.step_, 255 * clip.maps.step);
    gl.uniform1fv(at["weights[0]"], clip.foldsAt(time));
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    gl.enable(gl.DEPTH_TEST);
  }

  depthMap(compared) {
    const { gl } = this, map = { texture: gl.createTexture(), buffer: gl.createFramebuffer(), width: 0, height: 0 };
    gl.bindTexture(gl.TEXTURE_2D, map.texture);
    const filter = compared ? gl.LINEAR : gl.NEAREST;
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, filter);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, filter);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
    if (compared) gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_COMPARE_MODE, gl.COMPARE_REF_TO_TEXTURE);
    return map;
  }

  resize(map, width, height) {
    if (map.width === width && map.height === height) return;
    const { gl } = this;
    Object.assign(map, { width, height });
    gl.bindTexture(gl.TEXTURE_2D, map.texture);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.DEPTH_COMPONENT24, width, height, 0, gl.DEPTH_COMPONENT, gl.UNSIGNED_INT, null);
    gl.bindFramebuffer(gl.FRAMEBUFFER, map.buffer);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.DEPTH_ATTACHMENT, gl.TEXTURE_2D, map.texture, 0);
  }

  fit(detail) {
    const ratio = Math.min(devicePixelRatio || 1, 2) * detail;
    const width = Math.max(Math.round(this.canvas.clientWidth * ratio), 1);
    const height = Math.max(Math.round(this.canvas.clientHeight * ratio), 1);
    if (this.canvas.width !== width) this.canvas.width = width;
    if (this.canvas.height !== height) this.canvas.height = height;
    this.resize(this.viewMap, width, height);
  }

  cameras() {
    const { width, height } = this.canvas, tan = Math.tan(FIELD / 2), wide = (tan * width) / height;
    const spare = Math.min(0.86, 1 - this.room / Math.max(this.canvas.clientHeight, 2 * this.room));
    const far = Math.max((0.5 * this.height) / tan / spare, (0.62 * this.width) / wide) / this.zoom + 0.3 * this.radius;
    const side = Math.cos(this.pitch) * far;
    const close = Math.max(1 - 1 / this.zoom, 0), target = this.target.map((v, i) => v + (this.face[i] - v) * close);
    const away = [Math.sin(this.yaw) * side, Math.sin(this.pitch) * far, Math.cos(this.yaw) * side];
    const eye = target.map((v, i) => v + away[i]);
    const range = [Math.max(far - 1.3 * this.radius, 0.02), far + 1.3 * this.radius];
    const view = lookAt(eye, target), projection = perspective(wide, tan, ...range);
    const length = Math.hypot(...KEY), lamp = KEY.map((v) => v / length); // in the axes of the view, like the lamps
    const fromLamp = lookAt([lamp[0], lamp[1], lamp[2] - far], [0, 0, -far]);
    const size = 1 / (1.05 * this.radius);
    const flat = new Float32Array([size, 0, 0, 0, 0, size, 0, 0, 0, 0, -size, 0, 0, 0, -size, 1]);
    const half = new Float32Array([0.5, 0, 0, 0, 0, 0.5, 0, 0, 0, 0, 0.5, 0, 0.5, 0.5, 0.5, 1]); // -1..1 to 0..1
    const lit = product(flat, fromLamp);
    return { view, projection, key: product(half, lit), toLamp: product(lit, view), lens: [wide, tan, ...range] };
  }

  // Draw the clip at a time in seconds; detail below 1 spares pixels and looks into the maps.
  draw(time, detail = 1) {
    const { gl, clip, canvas } = this;
    this.fit(detail);
    if (clip.pose(time)) {
      gl.bindBuffer(gl.ARRAY_BUFFER, this.positions);
      gl.bufferSubData(gl.ARRAY_BUFFER, 0, clip.positions);
      gl.bindBuffer(gl.ARRAY_BUFFER, this.normals);
      gl.bufferSubData(gl.ARRAY_BUFFER, 0, clip.normals);
      this.fold(time);
    }
    const { view, projection, key, toLamp, lens } = this.cameras();
    gl.useProgram(this.depth.program);
    const passes = [[this.shadowMap, toLamp, 3 * clip.casting], [this.viewMap, product(projection, view), clip.faces.length]];
    for (const [map, matrix, count] of passes) {
      gl.bindFramebuffer(gl.FRAMEBUFFER, map.buffer);
      gl.viewport(0, 0, map.width, map.height);
      gl.clear(gl.DEPTH_BUFFER_BIT);
      gl.uniformMatrix4fv(this.depth.at.all, false, matrix);
      gl.drawElements(gl.TRIANGLES, count, this.indexType, 0);
    }
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    const { program, at } = this.shading;
    gl.useProgram(program);
    const { pores, folds, hairs } = this;
    const textures = { depths: this.viewMap.texture, shadow: this.shadowMap.texture, pores, folds, hairs };
    Object.entries(textures).forEach(([name, texture], unit) => {
      gl.activeTexture(gl.TEXTURE0 + unit);
      gl.bindTexture(gl.TEXTURE_2D, texture);
      gl.uniform1i(at[name], unit);
    });
    gl.uniformMatrix4fv(at.view, false, view);
    gl.uniformMatrix4fv(at.projection, false, projection);
    gl.uniformMatrix4fv(at.key, false, key);
    gl.uniform2fv(at.fade, this.fade);
    gl.uniform4fv(at.lens, lens);
    const places = clip.eyes.map((ends) => ends.map((vertex) => clip.positions.subarray(3 * vertex, 3 * vertex + 3)));
    if (places.length) {
      gl.uniform3fv(at["fronts[0]"], places.flatMap(([front]) => [...front]));
      gl.uniform3fv(at["axes[0]"], places.flatMap(([front, back]) => Array.from(front, (v, i) => v - back[i])));
    }
    gl.uniform1i(at.taps, Math.round(20 * detail));
    gl.uniform1f(at.scale, canvas.height / (2 * lens[1]));
    gl.drawElements(gl.TRIANGLES, clip.faces.length, this.indexType, 0);
    gl.activeTexture(gl.TEXTURE0);
  }
}
