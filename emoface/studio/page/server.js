// The server: voices and directions go there, takes and files come back.

class Fault extends Error {
  constructor({ error, code, track, field }) {
    super(error);
    Object.assign(this, { code, track, field }); // the number of the track that it is about, and what of it
  }
}

class Server {
  constructor() {
    this.token = new URLSearchParams(location.hash.slice(1)).get("token");
  }

  async ask(path, options = {}) {
    const headers = this.token ? { Authorization: `Bearer ${this.token}` } : {};
    let answer;
    try {
      answer = await fetch(path, { ...options, headers });
    } catch {
      throw new Fault({ error: "The studio does not answer; is it still running?", code: "silent" });
    }
    if (answer.ok) return answer;
    const told = await answer.json().catch(() => ({ error: `The studio answered ${answer.status}` }));
    throw new Fault(told);
  }

  async json(path, options) {
    return (await this.ask(path, options)).json();
  }

  start() {
    return this.json("start");
  }

  // A recording, as a File.
  open(file) {
    return this.json(`voice?name=${encodeURIComponent(file.name)}`, { method: "POST", body: file });
  }

  async sound(voice) {
    return new Uint8Array(await (await this.ask(`voice/${voice.id}/sound`)).arrayBuffer());
  }

  // The direction in a file: {result, warnings}.
  read(file) {
    return this.json(`direction?name=${encodeURIComponent(file.name)}`, { method: "POST", body: file });
  }

  // Takes of a voice with options each: {takes, warnings, seconds}, and each take's motion.
  async perform(voice, options) {
    const body = JSON.stringify({ voice: voice.id, takes: options });
    const told = await this.json("perform", { method: "POST", body });
    const motions = told.takes.map(async ({ id }) => unpack(await (await this.ask(`take/${id}/motion`)).arrayBuffer()));
    return { ...told, motions: await Promise.all(motions) };
  }

  // A take as a file: its bytes and its name.
  async file(take, format) {
    const answer = await this.ask(`take/${take.id}/file?format=${format}`);
    const told = answer.headers.get("content-disposition") || "";
    const coded = told.match(/filename\*=utf-8''([^;]+)/i), plain = told.match(/filename="([^"]+)"/);
    const name = coded ? decodeURIComponent(coded[1]) : plain ? plain[1] : `take.${format}`;
    return { name, blob: await answer.blob() };
  }
}
