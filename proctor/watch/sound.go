package watch

import (
	"math"
	"slices"

	"ochno/proctor/voice"
)

// ear listens to one student's microphone: seconds of sound, one after the other. It keeps what does not yet make a second, and the level of the
// pauses.
type ear struct {
	decoder *voice.Decoder
	pcm     []int16
	from    Place   // of the first sample
	noise   float64 // dBFS of the pauses; 0: not known yet
}

const (
	second  = voice.OpusRate
	frame   = voice.OpusRate / 50 // 20 ms
	farther = 12.0                // dB above the pauses, or more, is somebody near
	// The level of the pauses follows slowly upwards, at once downwards.
	noiseUp = 0.02
	// A voice is periodic: the correlation with itself one period later, of a whisper or a fan it is less.
	periodic = 0.6
	// The pitches that are looked for, in Hz.
	lowest, highest = 70, 400
	// pitchRate is the rate at which they are looked for.
	pitchRate = voice.OpusRate / 6
)

// listen takes a packet that begins at a place, and returns a second when there is one.
func (e *ear) listen(packet []byte, at Place) (Sound, bool) {
	pcm, err := e.decoder.Decode(packet)
	if err != nil {
		return Sound{}, false
	}
	defer clear(pcm)
	// What does not follow on what is kept begins anew.
	if len(e.pcm) > 0 && (at.Recording != e.from.Recording || (at.Offset-e.from.Offset).Abs().Seconds() > 2) {
		e.wipe()
	}
	if len(e.pcm) == 0 {
		e.from = at
	}
	e.pcm = append(e.pcm, pcm...)
	if len(e.pcm) < second {
		return Sound{}, false
	}
	s := e.measure(e.pcm)
	s.Place = e.from
	e.wipe()
	return s, true
}

// wipe overwrites the sound that is kept.
func (e *ear) wipe() {
	clear(e.pcm)
	e.pcm = e.pcm[:0]
}

func (e *ear) measure(pcm []int16) Sound {
	levels := make([]float64, 0, len(pcm)/frame)
	for i := 0; i+frame <= len(pcm); i += frame {
		levels = append(levels, level(pcm[i:i+frame]))
	}
	sorted := slices.Sorted(slices.Values(levels))
	low := sorted[len(sorted)/10]
	if e.noise == 0 || low < e.noise {
		e.noise = low
	} else {
		e.noise += (low - e.noise) * noiseUp
	}
	low = max(e.noise, -75)
	slow := slower(pcm)
	defer clear(slow)
	var pitches []float64
	var energy float64
	voiced := 0
	for i, l := range levels {
		if l < low+farther {
			continue
		}
		if hz, ok := pitch(slow, i*frame/6); ok {
			voiced++
			energy += math.Pow(10, l/10)
			pitches = append(pitches, hz)
		}
	}
	s := Sound{Level: -96, Voiced: float64(voiced) / float64(len(levels))}
	if voiced > 0 {
		s.Level = 10 * math.Log10(energy/float64(voiced))
		slices.Sort(pitches)
		s.Pitch = pitches[len(pitches)/2]
	}
	return s
}

// level in dBFS.
func level(pcm []int16) float64 {
	sum := 0.0
	for _, v := range pcm {
		sum += float64(v) * float64(v)
	}
	return max(-96, 10*math.Log10(sum/float64(len(pcm))/(32768*32768)+1e-12))
}

// slower brings the sound to pitchRate; what a mean of six lets through of higher tones does not matter for periods.
func slower(pcm []int16) []float64 {
	out := make([]float64, len(pcm)/6)
	for i := range out {
		for _, v := range pcm[i*6 : i*6+6] {
			out[i] += float64(v)
		}
	}
	return out
}

// pitch is the period of the sound around a sample, as a frequency in Hz.
func pitch(pcm []float64, at int) (hz float64, ok bool) {
	const window, from, to = pitchRate / 25, pitchRate / highest, pitchRate / lowest // 40 ms
	if at+window+to > len(pcm) {
		at = len(pcm) - window - to
	}
	if at < 0 {
		return 0, false
	}
	first := pcm[at : at+window]
	var own float64
	for _, v := range first {
		own += v * v
	}
	if own == 0 {
		return 0, false
	}
	var found [to + 1]float64
	best := 0.0
	for lag := from; lag <= to; lag++ {
		later := pcm[at+lag : at+lag+window]
		var both, theirs float64
		for i, v := range first {
			both += v * later[i]
			theirs += later[i] * later[i]
		}
		found[lag] = both / math.Sqrt(own*theirs+1)
		best = max(best, found[lag])
	}
	if best < periodic {
		return 0, false
	}
	// The shortest period that is nearly the best: twice the period correlates as well.
	for lag := from + 1; lag < to; lag++ {
		if found[lag] > 0.9*best && found[lag] >= found[lag-1] && found[lag] >= found[lag+1] {
			return pitchRate / float64(lag), true
		}
	}
	return 0, false
}

// voiceprint is the pitch of the student's own voice: the median of the first seconds of speech. It tells a man from a child, not two sisters.
type voiceprint struct {
	heard []float64
	hers  float64
}

const ownSeconds = 6

// learn takes the pitch of a second of speech; hers is known when enough was heard before.
func (v *voiceprint) learn(hz float64) (hers float64, known bool) {
	if v.hers > 0 {
		return v.hers, true
	}
	if v.heard = append(v.heard, hz); len(v.heard) >= ownSeconds {
		slices.Sort(v.heard)
		v.hers, v.heard = v.heard[len(v.heard)/2], nil
	}
	return 0, false
}
