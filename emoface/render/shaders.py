"""GLSL of the renderer's GPU back end: the terms of :func:`emoface.kernels.shade` and :func:`emoface.kernels.shadow`.

Constants are those of the kernels; ``tests/render/test_gpu.py`` holds the pictures to each other.
"""

from __future__ import annotations

DEPTH_VERTEX = """
#version 330
in vec3 seen;
uniform mat3 to_map;   // to pixels of a map and depth, nearer is greater
uniform vec3 middle;
uniform float side;
void main() {
  vec3 p = to_map * seen + middle;
  gl_Position = vec4(2.0 * p.x / side - 1.0, 1.0 - 2.0 * p.y / side, 1.0 - 2.0 * p.z, 1.0);
}
"""

DEPTH_FRAGMENT = """
#version 330
void main() {}
"""

VERTEX = """
#version 330
in vec3 point;      // pixels of the picture, and nearness
in vec3 normal, albedo;
in vec3 material;   // roughness, skin, curvature
in vec3 chart;      // share of the relief that shows, its column and row
in vec3 seen;
uniform float picture;
uniform sampler2D maps;                 // depth, TILES x TILES maps of `side` pixels
uniform mat3 to_map[COUNT];
uniform vec3 middle, around[COUNT];
uniform float side, texel, deep, lift, bias, softness, least;
noperspective centroid out vec3 facing, colour, stuff;
noperspective centroid out vec4 lit;    // key, opening, share of relief
noperspective out vec3 at;
noperspective out vec2 place;

float reach(int map, vec3 p) {
  vec2 corner = side * vec2(map % TILES, map / TILES);
  vec2 whole = floor(p.xy), f = p.xy - 0.5 - whole;  // nearest pixel's centre at whole + 0.5
  vec3 wx = vec3(0.5 * (0.5 - f.x) * (0.5 - f.x), 0.75 - f.x * f.x, 0.5 * (0.5 + f.x) * (0.5 + f.x));
  vec3 wy = vec3(0.5 * (0.5 - f.y) * (0.5 - f.y), 0.75 - f.y * f.y, 0.5 * (0.5 + f.y) * (0.5 + f.y));
  float sum = 0.0;
  for (int j = -1; j <= 1; j++) for (int i = -1; i <= 1; i++) {
    vec2 pixel = clamp(whole + vec2(i, j), vec2(0.0), vec2(side - 1.0));
    pixel.y = side - 1.0 - pixel.y;
    float blocker = 1.0 - texelFetch(maps, ivec2(corner + pixel), 0).r;
    sum += clamp(1.0 - (blocker - p.z - bias) / softness, 0.0, 1.0) * wx[i + 1] * wy[j + 1];
  }
  return sum;
}

void main() {
  vec3 lifted = seen + lift * texel * normal;
  float key = 0.0, open = 0.0, weights = 0.0;
  for (int k = 0; k < COUNT; k++) {
    float got = reach(k, to_map[k] * lifted + middle);
    if (k < KEY_RAYS) { key += got / float(KEY_RAYS); continue; }
    float weight = max(dot(around[k], normal) + 0.05, 0.0);
    open += weight * got;
    weights += weight;
  }
  open = least + (1.0 - least) * open / max(weights, 1e-6);
  facing = normal; colour = albedo; stuff = material;
  lit = vec4(key, open, chart.x, 0.0);
  at = seen; place = chart.yz;
  gl_Position = vec4(2.0 * point.x / picture - 1.0, 1.0 - 2.0 * point.y / picture, 1.0 - point.z, 1.0);
}
"""

FRAGMENT = """
#version 330
noperspective centroid in vec3 facing, colour, stuff;
noperspective centroid in vec4 lit;
noperspective in vec3 at;
noperspective in vec2 place;
uniform sampler2D relief;
uniform vec3 way[LAMPS], radiance[LAMPS], ambient[4];
uniform float radius[LAMPS];
out vec4 shown;

const vec3 SCATTER = vec3(2.2, 0.55, 0.36), SMOOTHING = vec3(0.60, 0.30, 0.15), BLEED = vec3(0.45, 0.13, 0.03);
const vec3 TINT = vec3(0.16, 0.40, 0.36);
const vec2 ROUGHER = vec2(1.15, 0.62), WEIGHT = vec2(0.70, 0.30);

vec3 ramp(vec3 x, vec3 width) {
  vec3 inside = clamp(x, -width, width) + width;
  return inside * inside / (4.0 * width + 1e-6) + max(x - width, 0.0);
}

void main() {
  vec3 smooth_ = normalize(facing), albedo = colour;
  float rough = stuff.x, skin = stuff.y, curvature = stuff.z, key = lit.x, open = lit.y;
  vec3 right = dFdx(at), down = dFdy(at), flat_ = cross(right, down);
  vec3 along = cross(down, flat_), across = cross(flat_, right);
  vec2 by_x = dFdx(place), by_y = dFdy(place);
  vec4 fine = texture(relief, place / vec2(textureSize(relief, 0))) * lit.z;
  float area = dot(flat_, flat_) + 1e-30;
  vec3 tilt = (fine.x * (by_x.x * along + by_y.x * across) + fine.y * (by_x.y * along + by_y.y * across)) / area;
  tilt -= dot(tilt, smooth_) * smooth_;
  vec3 normal = normalize(smooth_ - tilt / sqrt(1.0 + 0.25 * dot(tilt, tilt)));
  float arrives = clamp(1.0 - fine.w, 0.0, 1.0);
  albedo *= max(1.0 - fine.z * TINT, 0.0);
  open *= arrives; key *= arrives;
  vec3 scatter = skin * curvature * SCATTER, bleed = skin * BLEED, level = 1.0 - skin * SMOOTHING;
  vec3 sky = ambient[0] + normal.x * ambient[1] + normal.y * ambient[2] + normal.z * ambient[3];
  vec3 diffuse = max(sky, 0.0) * open / (1.0 - albedo * (1.0 - open)), shine = vec3(0.0);
  float mirror = 0.04 - 0.012 * skin;
  for (int k = 0; k < LAMPS; k++) {
    float reach = k == 0 ? key : open * open;
    float cosine = dot(normal, way[k]), straight = dot(smooth_, way[k]);
    diffuse += radiance[k] * ramp(straight + (cosine - straight) * level, scatter + radius[k])
             * (reach + bleed * reach * (1.0 - reach));
    vec3 half_ = normalize(way[k] + vec3(0.0, 0.0, 1.0)), beside = cross(normal, half_);
    float sine = dot(beside, beside), lobe = 0.0;
    for (int m = 0; m < 2; m++) {
      float r = ROUGHER[m] * rough, width = r * r + 0.02 + 0.12 * radius[k], alpha = width * width;
      float spread = sine + alpha * (1.0 - sine);
      lobe += WEIGHT[m] * alpha / (spread * spread * (r + 0.5));
    }
    float fresnel = mirror + (1.0 - mirror) * pow(1.0 - half_.z, 5.0);
    shine += radiance[k] * max(cosine, 0.0) * reach * fresnel * lobe / (4.0 * half_.z * half_.z);
  }
  float front = clamp(normal.z, 0.0, 1.0);
  vec3 mirrored = 2.0 * front * normal;
  vec3 above = ambient[0] + mirrored.x * ambient[1] + mirrored.y * ambient[2] + (mirrored.z - 1.0) * ambient[3];
  float grazing = (mirror + (1.0 - rough) * (1.0 - mirror) * pow(1.0 - front, 5.0)) * open * open;
  shown = vec4(albedo * diffuse + shine + max(above, 0.0) * grazing, 1.0);
}
"""

SCREEN_VERTEX = """
#version 330
void main() { gl_Position = vec4(vec2(gl_VertexID & 1, gl_VertexID >> 1) * 4.0 - 1.0, 0.0, 1.0); }
"""

SCREEN_FRAGMENT = """
#version 330
uniform sampler2D drawn, behind;
uniform bool cutout;
out vec4 shown;
void main() {
  ivec2 pixel = ivec2(gl_FragCoord.xy);
  vec4 light = texelFetch(drawn, pixel, 0);
  vec3 c = cutout ? light.rgb / max(light.a, 0.25) : light.rgb + (1.0 - light.a) * texelFetch(behind, pixel, 0).rgb;
  float grey = dot(c, vec3(0.2126, 0.7152, 0.0722));
  c = max(grey + 1.2 * (c - grey), 0.0);
  shown = vec4(c * (0.907 * c + 0.422) / (c * (0.907 * c + 0.481) + 0.0744), light.a);
}
"""
