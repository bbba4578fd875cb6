// Take the page's data apart and show it.

try {
  if (!("DecompressionStream" in globalThis)) throw new Error("This page needs a newer browser (of 2023 or later).");
  const clip = new Clip(await unpack(bytesOf("clip")));
  const clock = new Clock(clip.duration, bytesOf("sound"));
  const scene = new Scene(part("view"), clip);
  globalThis.player = new Controls(clip, clock, scene);
  document.documentElement.dataset.state = "ready";
} catch (error) {
  notice(error.message);
  document.documentElement.dataset.state = "failed";
}
