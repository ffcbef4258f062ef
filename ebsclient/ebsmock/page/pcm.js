"use strict";

// Hands the microphone's samples over as they come.
class PCM extends AudioWorkletProcessor {
  process([input]) {
    if (input.length > 0) this.port.postMessage(input[0].slice());
    return true;
  }
}

registerProcessor("pcm", PCM);
