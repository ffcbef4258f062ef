package ebsmock

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"time"
)

// errNotSound says that a voice sample is not WAV of 16-bit mono PCM.
var errNotSound = errors.New("not a WAV file of 16-bit mono PCM, 8 to 48 kHz, up to two minutes")

// heard is what the stand hears in a voice sample: the stretches in which somebody spoke, how often the voice rose within them
// (about once a syllable), and for how long they spoke in all.
type heard struct {
	stretches []stretch
	rises     int
	seconds   float64
}

// stretch is one of speech, from the beginning of the sample.
type stretch struct{ from, to time.Duration }

const (
	// hop is how often levels and voicing are looked at.
	hop = 10 * time.Millisecond
	// A stretch has 80 ms at least, and pauses under 90 ms do not end it.
	shortSpeech, shortPause = 8, 9
	// At least a tenth of a stretch, and 50 ms, must be voiced. Claps and hiss never are; of words the vowels, and «шесть» said fast is a
	// fifth of vowels: 80 ms.
	voicedShare, shortVoice = 0.1, 5
)

// listen finds the stretches of speech: louder than the pauses, and voiced.
func listen(wav []byte) (heard, error) {
	pcm, rate, err := parseWAV(wav)
	if err != nil {
		return heard{}, err
	}
	defer clear(pcm)
	levels := levelsOf(pcm, rate)
	if len(levels) == 0 {
		return heard{}, nil
	}
	sorted := slices.Sorted(slices.Values(levels))
	quiet, loud := sorted[len(sorted)/12], sorted[len(sorted)*96/100]
	threshold := max(quiet+max(7, 0.35*(loud-quiet)), -58)

	var h heard
	pitch := newPitch(pcm, rate)
	defer clear(pitch.pcm)
	from, to := -1, -1
	finish := func() {
		if from < 0 || to-from < shortSpeech {
			return
		}
		if voiced := pitch.voicedIn(from, to); voiced < shortVoice || float64(voiced) < voicedShare*float64(to-from) {
			return
		}
		h.stretches = append(h.stretches, stretch{time.Duration(from) * hop, time.Duration(to) * hop})
		h.rises += countRises(levels[from:to])
		h.seconds += float64(to-from) * hop.Seconds()
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

// levelsOf are levels in dB of full scale, one a hop.
func levelsOf(pcm []int16, rate int) []float64 {
	step := rate / int(time.Second/hop)
	levels := make([]float64, len(pcm)/step)
	for i := range levels {
		mean, energy := 0.0, 0.0
		for _, v := range pcm[i*step : (i+1)*step] {
			mean += float64(v) / float64(step)
			energy += float64(v) * float64(v) / float64(step)
		}
		levels[i] = 10 * math.Log10(max(energy-mean*mean, 1)/(32768*32768))
	}
	return levels
}

// pitch looks whether sound repeats itself 70 to 400 times a second, as voices do.
type pitch struct {
	pcm  []float32 // at about 4 kHz: enough for a pitch
	rate int
}

func newPitch(pcm []int16, rate int) *pitch {
	k := rate / 4000
	p := &pitch{pcm: make([]float32, len(pcm)/k), rate: rate / k}
	for i := range p.pcm {
		for _, v := range pcm[i*k : (i+1)*k] {
			p.pcm[i] += float32(v)
		}
	}
	return p
}

// voicedIn counts the hops from…to that are voiced.
func (p *pitch) voicedIn(from, to int) int {
	voiced := 0
	for i := from; i < to; i++ {
		if p.voiced(i) {
			voiced++
		}
	}
	return voiced
}

// voiced says whether the 40 ms about a hop are like themselves one period later.
func (p *pitch) voiced(at int) bool {
	const alike = 0.5
	window, shortest, longest := p.rate/25, p.rate/400, p.rate/70
	begin := at*p.rate/int(time.Second/hop) - window/2
	if begin < 0 || begin+window+longest > len(p.pcm) {
		return false
	}
	a := p.pcm[begin : begin+window]
	for lag := shortest; lag <= longest; lag++ {
		b := p.pcm[begin+lag:]
		var ab, aa, bb float32
		for i, v := range a {
			w := b[i]
			ab, aa, bb = ab+v*w, aa+v*v, bb+w*w
		}
		if ab > 0 && aa > 0 && bb > 0 && float64(ab) > alike*math.Sqrt(float64(aa)*float64(bb)) {
			return true
		}
	}
	return false
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
// than three stretches a digit, for 0.2 to 2 s a digit, and followed the digits where it is known when they were shown; less
// the further away.
func (h heard) score(digits int, shown []time.Duration) float64 {
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
	rises, stretches := max(h.rises, len(h.stretches)), float64(len(h.stretches))
	return within(float64(rises), n, math.Inf(1)) * within(stretches, 1, 3*n+1) * within(h.seconds, 0.2*n, 2*n) * h.followed(shown)
}

// Somebody who reads a digit aloud begins so long after it is shown, when the next one may already be there.
const (
	noSoonerThan = -50 * time.Millisecond
	overlap      = 600 * time.Millisecond
	lastDigit    = 2500 * time.Millisecond
)

// followed is the share of the digits after whose showing, and before the next one's had passed by, a stretch of speech began.
func (h heard) followed(shown []time.Duration) float64 {
	if len(shown) == 0 {
		return 1
	}
	followed, next := 0, 0
	for i, at := range shown {
		until := at + lastDigit
		if i+1 < len(shown) {
			until = shown[i+1] + overlap
		}
		for next < len(h.stretches) && h.stretches[next].from < at+noSoonerThan {
			next++
		}
		if next < len(h.stretches) && h.stretches[next].from < until {
			followed++
			next++
		}
	}
	return float64(followed) / float64(len(shown))
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
