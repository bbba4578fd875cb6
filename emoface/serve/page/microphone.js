// Runs beside the sound card: passes on what the microphone hears, 20 ms at a time, as 16-bit samples.

class Microphone extends AudioWorkletProcessor {
  constructor() {
    super();
    this.block = new Int16Array(Math.round(sampleRate / 50));
    this.filled = 0;
  }

  process([[samples]]) {
    for (const sample of samples || []) {
      this.block[this.filled++] = Math.max(-1, Math.min(1, sample)) * 32767;
      if (this.filled === this.block.length) {
        this.port.postMessage(this.block);
        this.filled = 0;
      }
    }
    return true;
  }
}

registerProcessor("microphone", Microphone);
