// The timeline: a lane for each kind of track, on which tracks are drawn, moved, stretched and faded.

const EDGE = 7; // pixels at a track's ends by which it is stretched
const NEAR = 6; // pixels within which a time is drawn to another one
const LABELS = 92; // pixels of the lanes' names
const ROW = 26, GAP = 4; // height of a track and the space around it
const LEGIBLE = 34; // pixels of a track from which its words are written on it
const CLICK = 4; // pixels that a pointer may move and still have clicked

class Timeline {
  // studio has piece, chosen, duration, clock, fault; choose(number), settle(), seek(seconds) and redraw().
  constructor(box, studio) {
    Object.assign(this, { box, studio, zoom: 1, lanes: new Map() });
    this.inner = element("div", { className: "inner" });
    this.playhead = element("div", { id: "playhead" });
    this.ruler = element("canvas", { className: "drawn" });
    this.sound = element("canvas", { className: "drawn" });
    this.wave = new Wave(this.ruler, this.sound);
    this.inner.append(this.row("ruler", "", this.ruler), this.row("sound", "Voice", this.sound), this.playhead);
    box.append(this.inner);
    box.addEventListener("scroll", () => studio.redraw());
    box.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      this.magnify(Math.exp(-0.002 * event.deltaY), event.clientX);
    }, { passive: false });
    new ResizeObserver(() => this.show()).observe(box);
    this.inner.addEventListener("pointerdown", (event) => this.press(event));
    this.inner.addEventListener("dblclick", (event) => this.twice(event));
  }

  get view() { // pixels that show time
    return Math.max(this.box.clientWidth - LABELS, 50);
  }

  get scale() { // pixels of a second
    return (this.zoom * (this.view - 14)) / this.studio.duration;
  }

  timeAt(clientX) {
    return (clientX - this.inner.getBoundingClientRect().left - LABELS) / this.scale;
  }

  magnify(by, clientX = this.box.getBoundingClientRect().left + LABELS) {
    const time = this.timeAt(clientX), most = Math.max((400 * this.studio.duration) / this.view, 1);
    this.zoom = clamp(this.zoom * by, 1, most);
    this.show();
    this.box.scrollLeft += (time - this.timeAt(clientX)) * this.scale;
    this.studio.redraw();
  }

  row(name, label, ...content) {
    const strip = element("div", { className: "strip" }, ...content);
    const title = element("div", { className: "name", textContent: label });
    const row = element("div", { className: `row ${name}` }, title, strip);
    row.dataset.lane = name;
    return row;
  }

  // Lay all tracks out anew.
  show() {
    const { piece, duration } = this.studio;
    this.box.style.setProperty("--view", `${this.view}px`);
    this.inner.style.width = `${LABELS + this.scale * duration + 14}px`;
    const byKind = Map.groupBy(piece.tracks.map((track, number) => ({ track, number })), ({ track }) => track.track);
    for (const [kind, { name, rare }] of Object.entries(KINDS)) {
      const own = byKind.get(kind) || [], there = this.lanes.get(kind);
      if (rare && !own.length) {
        there?.remove();
        this.lanes.delete(kind);
        continue;
      }
      const lane = there || this.row(kind, name);
      if (!there) {
        lane.querySelector(".name").prepend(element("i", { className: "dot", style: `background: var(--${kind})` }));
        this.lanes.set(kind, lane);
        this.inner.insertBefore(lane, this.playhead);
      }
      this.fill(lane, own);
    }
    this.studio.redraw();
  }

  // The tracks of a lane, those that overlap one below the other.
  fill(lane, tracks) {
    const strip = lane.querySelector(".strip"), ends = [], { duration, chosen, fault } = this.studio;
    const blocks = tracks.map(({ track, number }) => [track, number, ...spanOf(track, duration)]);
    const inOrder = [...blocks].sort((a, b) => a[2] - b[2]);
    const levels = new Map(inOrder.map(([, number, start, end]) => {
      const shown = Math.max(end, start + 18 / this.scale);
      let level = ends.findIndex((until) => until <= start + 1e-6);
      if (level < 0) level = ends.length;
      ends[level] = shown;
      return [number, level];
    }));
    strip.replaceChildren(...blocks.map(([track, number, start, end]) => {
      const block = this.block(track, start, end);
      block.style.top = `${GAP + levels.get(number) * (ROW + GAP)}px`;
      block.dataset.track = number;
      block.classList.toggle("chosen", number === chosen);
      block.classList.toggle("wrong", Boolean(fault) && fault.track === number);
      return block;
    }));
    lane.style.height = `${GAP + Math.max(ends.length, 1) * (ROW + GAP)}px`;
  }

  block(track, start, end) {
    const { scale } = this, wide = Math.max((end - start) * scale, 18), words = KINDS[track.track].words(track);
    const block = element("div", { className: "block", title: words, tabIndex: 0, role: "button", ariaLabel: words });
    block.onfocus = () => this.studio.choose(Number(block.dataset.track));
    block.style.left = `${start * scale}px`;
    block.style.width = `${wide}px`;
    block.style.setProperty("--own", `var(--${track.track})`);
    block.append(element("div", { className: "level", style: `opacity: ${0.35 + 0.65 * (track.strength ?? 1)}` }));
    if (track.track !== "cue" && track.track !== "pose") {
      const [fadeIn, fadeOut] = fadesOf(track).map((fade) => Math.min(fade * insideOf(track) * scale, wide / 2));
      const low = `${100 * insideOf(track)}%`, rises = `${fadeIn}px 0`, falls = `calc(100% - ${fadeOut}px) 0`;
      block.firstChild.style.clipPath = `polygon(0 100%, 0 ${low}, ${rises}, ${falls}, 100% ${low}, 100% 100%)`;
      for (const [side, place] of [["in", `left: ${fadeIn}px`], ["out", `right: ${fadeOut}px`]]) {
        const dot = element("i", { className: "fade", style: place });
        dot.dataset.fade = side;
        block.append(dot);
      }
    }
    if (wide >= LEGIBLE) block.append(element("span", { textContent: words }));
    if (Array.isArray(track.value)) block.append(this.curve(track, start, wide));
    return block;
  }

  // The points of a curve, joined by lines.
  curve(track, start, wide) {
    const [low, high] = rangeOf(track), at = ([time, value]) => [
      (time - start) * this.scale, ROW - 5 - ((value - low) / (high - low)) * (ROW - 10),
    ];
    const space = "http://www.w3.org/2000/svg", drawing = document.createElementNS(space, "svg");
    const line = document.createElementNS(space, "polyline"), places = track.value.map(at);
    const ends = [[0, places[0][1]], ...places, [wide, places.at(-1)[1]]];
    line.setAttribute("points", ends.map((place) => place.join()).join(" "));
    drawing.append(line);
    places.forEach(([x, y], number) => {
      const dot = document.createElementNS(space, "circle");
      for (const [name, value] of Object.entries({ cx: x, cy: y, r: 4 })) dot.setAttribute(name, value);
      dot.dataset.point = number;
      drawing.append(dot);
    });
    return drawing;
  }

  // Move the playhead, and draw what is seen of the voice.
  tick(now) {
    this.playhead.style.transform = `translateX(${LABELS + now * this.scale}px)`;
    this.wave.draw(this.box.scrollLeft / this.scale, this.scale, now);
  }

  follow(now) {
    const x = now * this.scale - this.box.scrollLeft;
    if (x < 0 || x > this.view - 20) this.box.scrollLeft = now * this.scale - 40;
  }

  // A time drawn to the playhead, the ends of the recording and of other tracks.
  snapped(time, but) {
    const { piece, duration, clock } = this.studio;
    const others = piece.tracks.filter((_, number) => number !== but).flatMap((track) => spanOf(track, duration));
    const near = [0, duration, clock.now, ...others].sort((a, b) => Math.abs(a - time) - Math.abs(b - time))[0];
    const best = Math.abs(near - time) * this.scale < NEAR ? near : time;
    return rounded(clamp(best, 0, duration));
  }

  press(event) {
    if (event.button !== 0) return;
    const lane = event.target.closest(".row")?.dataset.lane, block = event.target.closest(".block");
    if (!lane || event.target.closest(".name")) return;
    event.preventDefault(); // which would also move the focus
    document.activeElement?.blur();
    if (lane === "ruler" || lane === "sound") this.scrub(event);
    else if (block) this.grasp(event, Number(block.dataset.track), block);
    else this.drawTrack(event, lane);
  }

  // Follow the pointer until it is let go: move(time) while it moves, end(whether it moved).
  drag(event, move, end) {
    const from = [event.clientX, event.clientY];
    let moved = false;
    const on = (next) => {
      moved ||= Math.hypot(next.clientX - from[0], next.clientY - from[1]) > CLICK;
      if (moved) move(this.timeAt(next.clientX), next);
    };
    const off = (last) => {
      removeEventListener("pointermove", on);
      removeEventListener("pointerup", off);
      removeEventListener("pointercancel", off);
      end(moved, last);
    };
    addEventListener("pointermove", on);
    addEventListener("pointerup", off);
    addEventListener("pointercancel", off);
  }

  scrub(event) {
    const to = (time) => this.studio.seek(clamp(time, 0, this.studio.duration));
    to(this.timeAt(event.clientX));
    this.drag(event, to, () => {});
  }

  grasp(event, number, block) {
    const { studio } = this, { piece, duration } = studio, track = piece.tracks[number];
    const box = block.getBoundingClientRect();
    const [start, end] = spanOf(track, duration), pressed = this.timeAt(event.clientX);
    const { fade, point } = event.target.dataset, reach = Math.min(EDGE, box.width / 4);
    const left = event.clientX - box.left < reach, right = box.right - event.clientX < reach;
    studio.choose(number);
    const move = (time, { clientY }) => {
      if (point !== undefined) this.movePoint(track, Number(point), time, clientY, box.top);
      else if (fade) {
        const from = fade === "in" ? time - start : end - time;
        setFade(track, fade, clamp(from / insideOf(track), 0, end - start));
      } else if (left) setSpan(track, Math.min(this.snapped(time, number), end - SHORTEST), end, duration);
      else if (right) setSpan(track, start, Math.max(this.snapped(time, number), start + SHORTEST), duration);
      else this.shift(track, number, start, end, time - pressed);
      piece.changed();
    };
    this.drag(event, move, () => studio.settle());
  }

  // Move a track as a whole; whichever end is near something is drawn to it.
  shift(track, number, start, end, by) {
    const { duration } = this.studio, long = end - start;
    const first = this.snapped(start + by, number), last = this.snapped(end + by, number) - long;
    const to = Math.abs(last - start - by) < Math.abs(first - start - by) ? last : first;
    const kept = clamp(to, 0, Math.max(duration - long, 0));
    setSpan(track, kept, kept + long, duration);
  }

  movePoint(track, number, time, clientY, top) {
    const points = track.value, [low, high] = rangeOf(track);
    const before = number ? points[number - 1][0] + FRAME : 0;
    const after = number + 1 < points.length ? points[number + 1][0] - FRAME : this.studio.duration;
    const value = low + ((top + ROW - 5 - clientY) / (ROW - 10)) * (high - low);
    points[number] = [tidy(clamp(rounded(time), before, after), 3), tidy(clamp(value, low, high))];
  }

  // Draw a new track on a lane; without moving, the playhead goes there.
  drawTrack(event, lane) {
    const { studio } = this, { piece } = studio, from = this.snapped(this.timeAt(event.clientX), -1);
    let number = -1;
    const move = (time) => {
      const to = this.snapped(time, number), [start, end] = [Math.min(from, to), Math.max(from, to, from + SHORTEST)];
      if (number < 0) {
        number = piece.tracks.push(KINDS[lane].fresh(tidy(start), tidy(end))) - 1;
        studio.choose(number);
      }
      setSpan(piece.tracks[number], start, end, studio.duration);
      piece.changed();
    };
    this.drag(event, move, (moved) => {
      if (moved) return studio.settle();
      studio.choose(-1);
      studio.seek(from);
    });
  }

  // A double click adds a track of a usual length; on a curve, it adds or takes away a point.
  twice(event) {
    const lane = event.target.closest(".row")?.dataset.lane, block = event.target.closest(".block");
    const { studio } = this, time = this.snapped(this.timeAt(event.clientX), -1);
    if (!KINDS[lane] || event.target.closest(".name")) return;
    if (!block) return studio.add(lane, time);
    const track = studio.piece.tracks[block.dataset.track], { point } = event.target.dataset;
    if (!Array.isArray(track.value)) return;
    if (point !== undefined && track.value.length > 1) track.value.splice(point, 1);
    else if (point === undefined) {
      const [low, high] = rangeOf(track), top = block.getBoundingClientRect().top;
      const value = low + ((top + ROW - 5 - event.clientY) / (ROW - 10)) * (high - low);
      track.value = [...track.value, [time, tidy(clamp(value, low, high))]].sort((a, b) => a[0] - b[0]);
    }
    studio.settle();
  }
}
