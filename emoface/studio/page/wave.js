// The ruler and the voice's loudness, drawn for what is seen of the timeline.

class Wave {
  constructor(ruler, canvas) {
    Object.assign(this, { ruler, canvas, peaks: [], duration: 1 });
  }

  // Draw seconds from `from` on, `scale` pixels a second; what has sounded until `now` in the accent's colour.
  draw(from, scale, now) {
    this.drawRuler(from, scale);
    const { pen, width, height } = penOf(this.canvas), style = getComputedStyle(this.canvas);
    const { peaks, duration } = this, middle = height / 2;
    const outline = new Path2D(), tops = [];
    for (let x = 0; x <= width; x++) {
      const first = Math.floor(((from + x / scale) / duration) * peaks.length);
      const last = Math.max(Math.floor(((from + (x + 1) / scale) / duration) * peaks.length), first + 1);
      let peak = 0;
      for (let n = Math.max(first, 0); n < Math.min(last, peaks.length); n++) peak = Math.max(peak, peaks[n]);
      tops.push(Math.max((peak / 255) * (middle - 3), 0.7));
    }
    tops.forEach((tall, x) => outline.lineTo(x, middle - tall));
    for (let x = width; x >= 0; x--) outline.lineTo(x, middle + tops[Math.round(x)]);
    const end = Math.min((duration - from) * scale, width), played = Math.min(Math.max((now - from) * scale, 0), end);
    for (const [left, right, colour] of [[0, played, "--accent"], [played, end, "--rest"]]) {
      pen.save();
      pen.beginPath();
      pen.rect(left, 0, right - left, height);
      pen.clip();
      pen.fillStyle = style.getPropertyValue(colour);
      pen.fill(outline);
      pen.restore();
    }
  }

  drawRuler(from, scale) {
    const { pen, width, height } = penOf(this.ruler), style = getComputedStyle(this.ruler);
    const step = [0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120].find((seconds) => seconds * scale >= 56) || 300;
    pen.fillStyle = style.getPropertyValue("--faint");
    pen.font = "11px system-ui, sans-serif";
    pen.textBaseline = "middle";
    for (let n = Math.floor(from / step); n * step <= Math.min(from + width / scale, this.duration + 1e-6); n++) {
      const x = (n * step - from) * scale;
      pen.globalAlpha = 0.5;
      pen.fillRect(x, height - 6, 1, 6);
      pen.globalAlpha = 1;
      const second = n * step, minutes = Math.floor(second / 60);
      const face = minutes ? `${minutes}:${String(tidy(second % 60, 1)).padStart(2, "0")}` : String(tidy(second, 1));
      pen.fillText(face, x + 4, height / 2);
      for (let part = 1; part < 5; part++) {
        pen.globalAlpha = 0.22;
        pen.fillRect(x + (part * step * scale) / 5, height - 3, 1, 3);
      }
    }
    pen.globalAlpha = 1;
  }
}
