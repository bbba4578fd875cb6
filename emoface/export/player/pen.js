// Drawing and writing beside the head.

// A canvas as sharp as the screen, and a pen in its own pixels.
function penOf(canvas) {
  const ratio = devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  return { pen, width, height };
}

// Tenths of seconds in short clips, minutes and seconds in long ones.
function timeText(now, duration) {
  if (duration < 60) return `${now.toFixed(1)} / ${duration.toFixed(1)} s`;
  const face = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
  return `${face(now)} / ${face(duration)}`;
}
