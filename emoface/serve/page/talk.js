// The conversation with the service: the microphone's sound goes out, frames come in.

class Talk {
  // hear(frames) takes frames {index, time, values}, tell(text) what happens, loud(0..1) how loud the voice is.
  constructor({ hear, tell, loud }) {
    Object.assign(this, { hear, tell, loud });
    this.socket = null;
  }

  get open() {
    return Boolean(this.socket);
  }

  async begin(wishes) {
    const asked = { channelCount: 1, echoCancellation: true, noiseSuppression: true };
    this.voice = await navigator.mediaDevices.getUserMedia({ audio: asked });
    this.context = new AudioContext();
    await this.context.audioWorklet.addModule("microphone.js");
    this.connect({ type: "start", sample_rate: this.context.sampleRate, output: "arkit+head", fps: 50, ...wishes });
  }

  connect(start) {
    const token = new URLSearchParams(location.hash.slice(1)).get("token");
    const address = new URL("stream", location.href);
    address.protocol = address.protocol.replace("http", "ws");
    address.hash = "";
    const socket = new WebSocket(address, ["emoface", ...(token ? [`bearer.${token}`] : [])]);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => socket.send(JSON.stringify(start));
    socket.onmessage = ({ data }) => (typeof data === "string" ? this.read(JSON.parse(data)) : this.take(data));
    socket.onclose = ({ reason }) => {
      if (this.socket !== socket) return;
      this.end();
      this.tell(reason || "The service has closed the connection");
    };
    this.socket = socket;
  }

  read(message) {
    if (message.type === "ready") {
      this.format = message;
      this.listen();
      this.tell("Listening");
    } else if (message.type === "error") this.tell(message.message);
  }

  listen() {
    const source = this.context.createMediaStreamSource(this.voice);
    const microphone = new AudioWorkletNode(this.context, "microphone", { numberOfOutputs: 0 });
    microphone.port.onmessage = ({ data }) => {
      if (this.socket?.readyState !== WebSocket.OPEN) return;
      this.socket.send(data);
      this.loud(Math.min(3 * Math.hypot(...data) / Math.sqrt(data.length) / 32767, 1));
    };
    source.connect(microphone);
  }

  take(buffer) {
    const { names, frame_bytes: size } = this.format, view = new DataView(buffer), frames = [];
    for (let at = 0; at < buffer.byteLength; at += size) {
      const values = names.map((_, n) => halfAt(view, at + 8 + 2 * n));
      frames.push({ index: view.getUint32(at, true), time: view.getFloat32(at + 4, true), values });
    }
    this.hear(frames);
  }

  wish(message) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  end() {
    this.voice?.getTracks().forEach((track) => track.stop());
    this.context?.close();
    const { socket } = this;
    Object.assign(this, { socket: null, voice: null, context: null });
    socket?.close();
    this.loud(0);
  }
}

// A float of 16 bits.
function halfAt(view, at) {
  const bits = view.getUint16(at, true), exponent = (bits >> 10) & 31, part = bits & 1023;
  const size = exponent ? 2 ** (exponent - 15) * (1 + part / 1024) : 2 ** -14 * (part / 1024);
  return bits & 0x8000 ? -size : size;
}
