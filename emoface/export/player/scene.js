// The picture: WebGL 2, a key lamp with soft shadow, fill and rim that move with the camera, and ambient occlusion.

const MAP = 1024; // texels of the shadow map
const KEY = [-0.5, 0.55, 0.67]; // direction to the key lamp in the axes of the view
const FIELD = 0.36; // vertical field of view in radians, as of a portrait lens

// centroid: without it, colours at the edges of triangles seen flat are read beyond them and sparkle.
const VERTEX = `#version 300 es
layout(location = 0) in vec3 place;
layout(location = 1) in vec3 normal;
layout(location = 2) in vec4 surface;
uniform mat4 view, projection, key;
centroid out vec3 seen, facing;
centroid out vec4 look, lit;
out float height;
void main() {
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
centroid in vec4 look, lit;
in float height;
uniform sampler2D depths;
uniform sampler2DShadow shadow;
uniform vec4 lens; // tangents of half the field of view, near, far
uniform float scale; // pixels of a metre at one metre
uniform vec2 fade; // heights between which the neck passes into the page
uniform int taps; // looks into the maps for each pixel
out vec4 colour;

const vec3 KEY = normalize(vec3(${KEY})), KEY_COLOUR = vec3(1.76, 1.68, 1.58);
const vec3 FILL = normalize(vec3(0.85, 0.10, 0.50)), FILL_COLOUR = vec3(0.30, 0.33, 0.38);
const vec3 RIM = normalize(vec3(0.75, 0.45, -0.55)), RIM_COLOUR = vec3(0.85, 0.90, 1.00);
const vec3 ABOVE = vec3(0.34, 0.36, 0.40), BELOW = vec3(0.16, 0.14, 0.13);
const vec3 WRAP = vec3(0.42, 0.18, 0.10); // how far light creeps around an edge of shadow in skin
const vec3 BLEED = vec3(0.55, 0.12, 0.0); // and across the edge of a cast shadow
const vec3 WARM = vec3(1.15, 0.88, 0.80); // what reaches hollows has touched skin before
const vec3 INNER = vec3(0.34, 0.31, 0.27); // light that teeth and eyes pass on from within
const vec3 WINDOW = normalize(vec3(-0.42, 0.46, 0.80)); // what wet eyes mirror
const float MIRROR = 0.04, KNEE = 0.65;

vec3 linear(vec3 c) { return mix(c / 12.92, pow((c + 0.055) / 1.055, vec3(2.4)), step(0.04045, c)); }
vec3 below1(vec3 c) {
  float rest = 1.0 - KNEE;
  return mix(c, 1.0 - rest * rest / (max(c, KNEE) - KNEE + rest), step(KNEE, c));
}
vec3 display(vec3 c) { // brightness above the knee compressed, mostly without a change of hue
  float top = max(max(c.r, c.g), max(c.b, 1e-4));
  c = mix(below1(c), c * below1(vec3(top)).r / top, 0.55);
  return mix(12.92 * c, 1.055 * pow(max(c, 0.0031308), vec3(1.0 / 2.4)) - 0.055, step(0.0031308, c));
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

vec3 shine(vec3 normal, vec3 light, vec3 eye, float rough) {
  vec3 half_ = normalize(light + eye);
  float alpha = rough * rough * rough * rough, level = max(dot(half_, light), 1e-3);
  vec3 across = cross(normal, half_);
  float sine = dot(across, across), spread = sine + alpha * (1.0 - sine);
  float fresnel = MIRROR + (1.0 - MIRROR) * pow(1.0 - level, 5.0);
  return vec3(max(dot(normal, light), 0.0) * fresnel * alpha / (4.0 * spread * spread * level * level * (rough + 0.5)));
}

void main() {
  vec3 normal = normalize(facing), eye = normalize(-seen), albedo = linear(look.rgb);
  float rough = max(look.a, 0.12), skin = smoothstep(0.28, 0.42, look.a);
  float turn = 6.2832 * noise(gl_FragCoord.xy);
  float key = reach(turn), open = openness(normal, turn);
  open = mix(sqrt(open), open, skin); // teeth and eyes get light that the picture does not know of
  vec3 wrap = skin * WRAP, bleed = skin * BLEED;
  vec3 around = mix(BELOW, ABOVE, 0.5 + 0.5 * normal.y) * mix(WARM, vec3(1), open * skin);
  vec3 light = around * open / (1.0 - albedo * (1.0 - open)), gloss = vec3(0);
  light += (1.0 - skin) * INNER * open;
  for (int i = 0; i < 3; i++) {
    // Teeth and eyes glow a little from within: they never fall quite into shadow.
    vec3 way = i == 0 ? KEY : i == 1 ? FILL : RIM;
    vec3 radiance = i == 0 ? KEY_COLOUR : i == 1 ? FILL_COLOUR : RIM_COLOUR;
    float got = i == 0 ? max(key, 0.6 - 0.6 * skin) * mix(open, 1.0, 0.6) : mix(open * open, open, skin);
    vec3 diffuse = max((dot(normal, way) + wrap) / (1.0 + wrap), 0.0);
    if (i == 2) diffuse *= diffuse; // a rim without an edge of its own across the face
    light += radiance * diffuse * (got + bleed * got * (1.0 - got));
    gloss += radiance * got * shine(normal, way, eye, rough);
  }
  float straight = clamp(dot(normal, eye), 0.0, 1.0);
  vec3 sky = mix(BELOW, ABOVE, 0.5 + straight * normal.y);
  float grazing = (MIRROR + (1.0 - rough) * (1.0 - MIRROR) * pow(1.0 - straight, 5.0)) * open * open;
  float wet = 1.0 - smoothstep(0.15, 0.22, look.a), glint = dot(reflect(-eye, normal), WINDOW);
  gloss += wet * open * vec3(0.95, 0.98, 1.0) * (smoothstep(0.978, 0.990, glint) + 0.12 * smoothstep(0.6, 1.0, glint));
  vec3 shown = display(albedo * light + gloss + sky * grazing);
  float presence = smoothstep(fade.x, fade.y, height);
  colour = vec4(shown * presence, presence);
}`;

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
    this.frame();
    this.shading = this.program(VERTEX, FRAGMENT);
    this.depth = this.program(DEPTH_VERTEX, DEPTH_FRAGMENT);
    this.upload();
    this.shadowMap = this.depthMap(true);
    this.viewMap = this.depthMap(false);
    this.resize(this.shadowMap, MAP, MAP);
  }

  // What the picture holds: the whole head, turning about its middle; the face, as one comes closer.
  frame() {
    const { clip } = this;
    const low = [Infinity, Infinity, Infinity], high = low.map((v) => -v);
    clip.rest.forEach((value, i) => {
      low[i % 3] = Math.min(low[i % 3], value);
      high[i % 3] = Math.max(high[i % 3], value);
    });
    this.target = low.map((v, i) => (v + high[i]) / 2);
    this.height = high[1] - low[1];
    this.width = high[0] - low[0];
    this.radius = 0.5 * Math.hypot(...low.map((v, i) => high[i] - v));
    let heavy = 0; // how far the shapes move each vertex says where the face is
    this.face = [0, 0, 0];
    clip.indices.forEach((vertex, row) => {
      const far = Math.hypot(...clip.offsets.subarray(3 * row, 3 * row + 3));
      heavy += far;
      this.face = this.face.map((sum, i) => sum + far * clip.rest[3 * vertex + i]);
    });
    this.face = this.face.map((sum) => sum / heavy);
    this.fade = [low[1] + 0.005 * this.height, low[1] + 0.16 * this.height];
    this.target[1] += 0.035 * this.height;
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
      gl.vertexAttribPointer(place, size, type, type === gl.UNSIGNED_BYTE, 0, 0);
      return buffer;
    };
    this.positions = attribute(0, clip.positions, 3, gl.FLOAT, gl.DYNAMIC_DRAW);
    this.normals = attribute(1, clip.normals, 3, gl.FLOAT, gl.DYNAMIC_DRAW);
    attribute(2, clip.surface, 4, gl.UNSIGNED_BYTE, gl.STATIC_DRAW);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, clip.faces, gl.STATIC_DRAW);
    this.indexType = clip.faces instanceof Uint32Array ? gl.UNSIGNED_INT : gl.UNSIGNED_SHORT;
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
    const spare = Math.min(0.86, 1 - 150 / Math.max(this.canvas.clientHeight, 300)); // room for title and controls
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
    }
    const { view, projection, key, toLamp, lens } = this.cameras();
    gl.useProgram(this.depth.program);
    for (const [map, matrix] of [[this.shadowMap, toLamp], [this.viewMap, product(projection, view)]]) {
      gl.bindFramebuffer(gl.FRAMEBUFFER, map.buffer);
      gl.viewport(0, 0, map.width, map.height);
      gl.clear(gl.DEPTH_BUFFER_BIT);
      gl.uniformMatrix4fv(this.depth.at.all, false, matrix);
      gl.drawElements(gl.TRIANGLES, clip.faces.length, this.indexType, 0);
    }
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    const { program, at } = this.shading;
    gl.useProgram(program);
    [this.viewMap, this.shadowMap].forEach((map, unit) => {
      gl.activeTexture(gl.TEXTURE0 + unit);
      gl.bindTexture(gl.TEXTURE_2D, map.texture);
    });
    gl.uniform1i(at.depths, 0);
    gl.uniform1i(at.shadow, 1);
    gl.uniformMatrix4fv(at.view, false, view);
    gl.uniformMatrix4fv(at.projection, false, projection);
    gl.uniformMatrix4fv(at.key, false, key);
    gl.uniform2fv(at.fade, this.fade);
    gl.uniform4fv(at.lens, lens);
    gl.uniform1i(at.taps, Math.round(20 * detail));
    gl.uniform1f(at.scale, canvas.height / (2 * lens[1]));
    gl.drawElements(gl.TRIANGLES, clip.faces.length, this.indexType, 0);
    gl.activeTexture(gl.TEXTURE0);
  }
}
