// Package voice turns what a microphone sent into a voice sample and says how good it is: Opus packets into PCM, 48 kHz into
// 16 kHz, PCM into WAV, and level, clipping, signal-to-noise ratio and the time somebody spoke.
//
// It is the service's only user of libopus. It keeps no state but a decoder's, stores nothing, and knows nothing of students,
// digits or verifiers. It measures sound; it recognises neither words nor speakers.
//
// Start reading at [Assess]; [Decoder], [Resample] and [WAV] are the way to the sample.
//
// PCM is mono, 16 bit, one int16 a sample. dBFS is decibels relative to a full-scale square wave: 0 is the loudest there is,
// speech into a laptop is around −30.
package voice
