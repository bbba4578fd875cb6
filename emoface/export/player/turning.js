// Turning the head with mouse and fingers.

class Turning {
  constructor(scene) {
    this.scene = scene;
    this.fingers = new Map();
    this.orbit();
  }

  view(yaw, pitch, zoom) {
    this.scene.yaw = yaw;
    this.scene.pitch = Math.min(Math.max(pitch, -1.2), 1.2);
    this.scene.zoom = Math.min(Math.max(zoom, 0.5), 6);
    this.show();
  }

  turn(yaw, pitch, zoom = 1) {
    this.view(this.scene.yaw + yaw, this.scene.pitch + pitch, this.scene.zoom * zoom);
  }

  orbit() {
    const { fingers } = this, { canvas } = this.scene;
    const apart = () => {
      const [a, b] = [...fingers.values()];
      return Math.hypot(a.x - b.x, a.y - b.y);
    };
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      canvas.classList.add("held");
    });
    canvas.addEventListener("pointermove", (event) => {
      const finger = fingers.get(event.pointerId);
      if (!finger) return;
      const before = fingers.size === 2 ? apart() : 0;
      const [x, y] = [event.clientX - finger.x, event.clientY - finger.y];
      Object.assign(finger, { x: event.clientX, y: event.clientY });
      if (fingers.size === 2) this.turn(0, 0, apart() / Math.max(before, 1));
      else this.turn(-0.007 * x, 0.006 * y);
    });
    for (const end of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(end, (event) => {
        fingers.delete(event.pointerId);
        canvas.classList.toggle("held", fingers.size > 0);
      });
    }
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.turn(0, 0, Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)));
    }, { passive: false });
    canvas.addEventListener("dblclick", () => this.view(0, 0, 1));
  }
}
