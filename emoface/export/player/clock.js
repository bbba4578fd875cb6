// The clock of the clip: the sound card's where there is sound, so that face and voice cannot drift apart.

class Clock {
  constructor(duration, sound) {
    this.duration = duration;
    this.sound = sound; // the bytes of a sound file, empty without one
    this.playing = false;
    this.loop = true;
    this.place = 0; // seconds, while not playing
    this.volume = 1;
    this.muted = false;
    this.rate = 1; // seconds of the clip in a second
  }

  get now() {
    if (!this.playing) return this.place;
    const late = this.context ? this.context.outputLatency || this.context.baseLatency || 0 : 0;
    const passed = Math.max(this.ticks() - this.started - late, 0);
    const time = this.startedAt + passed * this.rate;
    return this.loop ? time % this.duration : Math.min(time, this.duration);
  }

  get ended() {
    return this.playing && !this.loop && this.now >= this.duration;
  }

  ticks() {
    return this.context ? this.context.currentTime : performance.now() / 1000;
  }

  // Browsers allow sound only after the reader did something; so it is opened by the first play.
  async open() {
    if (this.context || !this.sound.length) return;
    const context = new AudioContext();
    const sound = this.sound.buffer.slice(0); // decoding takes the bytes away
    this.voice = this.fitted(context, await context.decodeAudioData(sound));
    this.gain = context.createGain();
    this.gain.connect(context.destination);
    this.context = context;
    this.setVolume(this.volume, this.muted);
  }

  // The voice cut, or filled with silence, to the clip's duration, so that both repeat together.
  fitted(context, voice) {
    const buffer = context.createBuffer(1, Math.max(Math.round(this.duration * voice.sampleRate), 1), voice.sampleRate);
    buffer.copyToChannel(voice.getChannelData(0).subarray(0, buffer.length), 0);
    return buffer;
  }

  async play() {
    await this.open();
    if (this.context) await this.context.resume();
    if (this.playing) return; // by a second call that came while the sound was opened
    if (this.place >= this.duration) this.place = 0;
    this.startedAt = this.place;
    this.started = this.ticks();
    this.playing = true;
    if (this.context) this.startVoice();
  }

  startVoice() {
    this.source = this.context.createBufferSource();
    this.source.buffer = this.voice;
    this.source.loop = this.loop;
    this.source.playbackRate.value = this.rate;
    this.source.connect(this.gain);
    this.source.start(this.started, this.startedAt);
  }

  pause() {
    this.place = this.now;
    this.playing = false;
    if (this.source) this.source.stop();
    this.source = null;
  }

  async seek(time) {
    const playing = this.playing;
    if (playing) this.pause();
    this.place = Math.min(Math.max(time, 0), this.duration);
    if (playing) await this.play();
  }

  async setLoop(loop) {
    const playing = this.playing;
    if (playing) this.pause();
    this.loop = loop;
    if (playing) await this.play();
  }

  async setRate(rate) {
    const playing = this.playing;
    if (playing) this.pause();
    this.rate = rate;
    if (playing) await this.play();
  }

  setVolume(volume, muted) {
    this.volume = volume;
    this.muted = muted;
    if (this.gain) this.gain.gain.value = muted ? 0 : volume * volume;
  }
}
