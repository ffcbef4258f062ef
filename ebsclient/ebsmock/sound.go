package ebsmock

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
)

// errNotSound says that a voice sample is not WAV of 16-bit mono PCM.
var errNotSound = errors.New("not a WAV file of 16-bit mono PCM, 8 to 48 kHz, up to two minutes")

// heard is what the stand hears in a voice sample: in how many stretches somebody spoke, how often the voice rose within them
// (about once a syllable), and for how long they spoke in all.
type heard struct {
	segments, rises int
	seconds         float64
}

// listen finds the stretches of speech: louder than the pauses, 80 ms long at least, pauses under 90 ms not counted.
func listen(wav []byte) (heard, error) {
	pcm, rate, err := parseWAV(wav)
	if err != nil {
		return heard{}, err
	}
	// Levels in dB every 10 ms.
	step := rate / 100
	levels := make([]float64, len(pcm)/step)
	if len(levels) == 0 {
		return heard{}, nil
	}
	for i := range levels {
		mean, energy := 0.0, 0.0
		for _, v := range pcm[i*step : (i+1)*step] {
			mean += float64(v) / float64(step)
			energy += float64(v) * float64(v) / float64(step)
		}
		levels[i] = 10 * math.Log10(max(energy-mean*mean, 1)/(32768*32768))
	}
	sorted := slices.Sorted(slices.Values(levels))
	quiet, loud := sorted[len(sorted)/12], sorted[len(sorted)*96/100]
	threshold := max(quiet+max(7, 0.35*(loud-quiet)), -58)

	var h heard
	const shortSpeech, shortPause = 8, 9
	from, to := -1, -1
	finish := func() {
		if from >= 0 && to-from >= shortSpeech {
			h.segments++
			h.rises += countRises(levels[from:to])
			h.seconds += float64(to-from) / 100
		}
	}
	for i, v := range levels {
		if v < threshold {
			continue
		}
		if from < 0 || i-to >= shortPause {
			finish()
			from = i
		}
		to = i + 1
	}
	finish()
	return h, nil
}

// countRises counts how often the level rises by 3 dB after it had fallen by as much, smoothed over 50 ms.
func countRises(levels []float64) int {
	const depth, reach = 3, 2
	rises := 0
	low, high, rising := math.Inf(1), math.Inf(-1), false
	for i := range levels {
		sum, n := 0.0, 0
		for _, v := range levels[max(0, i-reach):min(len(levels), i+reach+1)] {
			sum, n = sum+v, n+1
		}
		v := sum / float64(n)
		if rising {
			high = max(high, v)
			if v < high-depth {
				rising, low = false, v
			}
			continue
		}
		low = min(low, v)
		if v > low+depth || i == 0 {
			rises, rising, high = rises+1, true, v
		}
	}
	return rises
}

// score says how well what was heard fits so many digits said aloud: 1 where the voice rose once a digit at least, in not more
// than three stretches a digit, for 0.2 to 2 s a digit; less the further away.
func (h heard) score(digits int) float64 {
	n := float64(digits)
	within := func(v, low, high float64) float64 {
		switch {
		case v <= 0:
			return 0
		case v < low:
			return v / low
		case v > high:
			return high / v
		}
		return 1
	}
	rises := max(h.rises, h.segments)
	return within(float64(rises), n, math.Inf(1)) * within(float64(h.segments), 1, 3*n+1) * within(h.seconds, 0.2*n, 2*n)
}

// parseWAV reads 16-bit mono PCM.
func parseWAV(data []byte) (pcm []int16, rate int, err error) {
	if len(data) < 12 || string(data[:4]) != "RIFF" || string(data[8:12]) != "WAVE" {
		return nil, 0, errNotSound
	}
	for rest := data[12:]; len(rest) >= 8; {
		id, size := string(rest[:4]), uint64(binary.LittleEndian.Uint32(rest[4:]))
		rest = rest[8:]
		if size > uint64(len(rest)) {
			return nil, 0, errNotSound
		}
		body := rest[:size]
		switch id {
		case "fmt ":
			if len(body) < 16 {
				return nil, 0, errNotSound
			}
			r := binary.LittleEndian.Uint32(body[4:])
			if binary.LittleEndian.Uint16(body) != 1 || binary.LittleEndian.Uint16(body[2:]) != 1 ||
				binary.LittleEndian.Uint16(body[14:]) != 16 || r < 8000 || r > 48000 {
				return nil, 0, errNotSound
			}
			rate = int(r)
		case "data":
			if rate == 0 || len(body) > 2*rate*120 {
				return nil, 0, errNotSound
			}
			pcm = make([]int16, len(body)/2)
			for i := range pcm {
				pcm[i] = int16(binary.LittleEndian.Uint16(body[2*i:]))
			}
			return pcm, rate, nil
		}
		rest = rest[min(size+size&1, uint64(len(rest))):]
	}
	return nil, 0, errNotSound
}
