package voice

import (
	"math"
	"slices"
	"time"
)

// Problem is the code of what is wrong with a voice sample.
type Problem string

// The problems, worst first.
const (
	Silent   Problem = "silent"    // nothing was heard: the microphone is off, muted or the wrong one
	TooQuiet Problem = "too_quiet" // somebody speaks, too far from the microphone
	Clipped  Problem = "clipped"   // too loud for the microphone: the tops are cut off
	Noisy    Problem = "noisy"     // the noise around is too loud for the speech
	TooShort Problem = "too_short" // less speech than was asked for
)

// Limits is what a good sample is. All of them are defaults of ours, to be set by whoever knows the verifier.
type Limits struct {
	// Silence: below this peak level, in dBFS, nothing was heard. Default −60.
	Silence float64
	// Level is the least level of the speech in dBFS. Default −42.
	Level float64
	// Clipped is the greatest share (0…1) of clipped samples. Default 0.002.
	Clipped float64
	// SNR is the least signal-to-noise ratio in dB. Default 15.
	SNR float64
	// Voiced is the least time of speech. Default 800 ms; see [VoicedFor].
	Voiced time.Duration
	// Words is the least number of separate stretches of speech: a second of talk is not four digits said one by one. Default 0.
	Words int
}

// DefaultLimits returns the defaults given at each field.
func DefaultLimits() Limits {
	return Limits{Silence: -60, Level: -42, Clipped: 0.002, SNR: 15, Voiced: 800 * time.Millisecond}
}

// VoicedFor is the least time of speech in which so many Russian digits can be said: 200 ms each, fast but clear.
func VoicedFor(digits int) time.Duration {
	return time.Duration(digits) * 200 * time.Millisecond
}

// Segment is a stretch of sound in which somebody spoke, measured from the beginning.
type Segment struct {
	Start, End time.Duration
}

// Quality is what was measured.
type Quality struct {
	// LevelDBFS is the mean level of the speech, of everything when there is none. PeakDBFS is the loudest sample.
	// Both are at least −96.
	LevelDBFS, PeakDBFS float64
	// Clipped is the share (0…1) of samples in runs at full scale.
	Clipped float64
	// SNR is the level of the speech over that of the pauses, in dB; 0 without speech, at most 80.
	SNR float64
	// Voiced is the time somebody spoke: the sum of Segments.
	Voiced   time.Duration
	Segments []Segment
	// Problems, worst first. Empty for a good sample.
	Problems []Problem
}

// Good says that the sample is within the limits it was assessed by.
func (q Quality) Good() bool { return len(q.Problems) == 0 }

const (
	floorDB = -96
	// hop is the step in which levels are taken; each is of twice as much sound.
	hop = 10 * time.Millisecond
	// A pause shorter than shortPause is inside a word (a plosive's closure); speech shorter than shortSpeech is a click.
	shortPause  = 90 * time.Millisecond
	shortSpeech = 80 * time.Millisecond
	// Speech is louder than the pauses by this many dB at least…
	overNoise = 7
	// …and by this share of the way from the pauses to the loudest, so that reverberation and breath stay out.
	overFloor = 0.35
	// Quieter than this, in dBFS, is no speech whatever the pauses are.
	leastSpeech = -58
	// fullScale is where clipping begins: some sound cards cut a little below the end of the range.
	fullScale = 32500
)

// Assess measures a sample of the given rate in Hz with the default limits. See [Limits.Assess].
func Assess(pcm []int16, rate int) Quality {
	return DefaultLimits().Assess(pcm, rate)
}

// Assess measures a sample of the given rate in Hz. It finds speech by its level over that of the pauses: there must be some
// pause, as there is before the first digit.
func (l Limits) Assess(pcm []int16, rate int) Quality {
	q := Quality{LevelDBFS: floorDB, PeakDBFS: floorDB}
	if len(pcm) == 0 || rate <= 0 {
		q.Problems = []Problem{Silent}
		return q
	}
	q.PeakDBFS, q.Clipped = peak(pcm)
	frames := levels(pcm, rate)
	speech, noise := findSpeech(frames)
	q.LevelDBFS = meanLevel(frames, nil)
	if len(speech) > 0 {
		for _, s := range speech {
			seg := Segment{Start: time.Duration(s.from) * hop, End: time.Duration(s.to) * hop}
			q.Segments = append(q.Segments, seg)
			q.Voiced += seg.End - seg.Start
		}
		q.LevelDBFS = meanLevel(frames, speech)
		q.SNR = min(max(q.LevelDBFS-noise, 0), 80)
	}
	q.Problems = l.problems(q)
	return q
}

func (l Limits) problems(q Quality) []Problem {
	if q.PeakDBFS < l.Silence || (len(q.Segments) == 0 && q.LevelDBFS < l.Silence) {
		return []Problem{Silent}
	}
	if len(q.Segments) == 0 {
		// There is sound and no speech stands out of it.
		if q.LevelDBFS < leastSpeech {
			return []Problem{Silent}
		}
		return []Problem{Noisy}
	}
	var out []Problem
	if q.LevelDBFS < l.Level {
		out = append(out, TooQuiet)
	}
	if q.Clipped > l.Clipped {
		out = append(out, Clipped)
	}
	if q.SNR < l.SNR {
		out = append(out, Noisy)
	}
	// Under noise, or from afar, speech is found in part only: its length says nothing then.
	if (q.Voiced < l.Voiced || len(q.Segments) < l.Words) && q.LevelDBFS >= l.Level && q.SNR >= l.SNR {
		out = append(out, TooShort)
	}
	return out
}

// peak finds the loudest sample and the share of samples at full scale with a neighbour there too: one alone is no clipping.
func peak(pcm []int16) (db, clipped float64) {
	top, run, n := 0, 0, 0
	for _, v := range pcm {
		a := int(v)
		if a < 0 {
			a = -a
		}
		top = max(top, a)
		if a < fullScale {
			run = 0
			continue
		}
		if run++; run == 2 {
			n += 2
		} else if run > 2 {
			n++
		}
	}
	return max(decibels(float64(top)*float64(top)), floorDB), float64(n) / float64(len(pcm))
}

// levels takes the level in dBFS every hop, after a high pass at 80 Hz: hum and a constant offset are not sound anybody made.
func levels(pcm []int16, rate int) []float64 {
	step := max(1, rate*int(hop/time.Millisecond)/1000)
	alpha := 1 / (1 + 2*math.Pi*80/float64(rate))
	energy := make([]float64, (len(pcm)+step-1)/step)
	last, out := float64(pcm[0]), 0.0
	for i, v := range pcm {
		out = alpha * (out + float64(v) - last)
		last = float64(v)
		energy[i/step] += out * out
	}
	frames := make([]float64, len(energy))
	for i := range energy {
		e, n := energy[i], min(step, len(pcm)-i*step)
		if i+1 < len(energy) {
			e += energy[i+1]
			n += min(step, len(pcm)-(i+1)*step)
		}
		frames[i] = decibels(e / float64(n))
	}
	return frames
}

// decibels of a mean square, 0 being full scale.
func decibels(square float64) float64 {
	return max(10*math.Log10(square/(32768*32768)), floorDB)
}

// span is a range of frames, to not included.
type span struct{ from, to int }

// findSpeech returns the spans of speech and the level of the pauses.
func findSpeech(frames []float64) (speech []span, noise float64) {
	sorted := slices.Clone(frames)
	slices.Sort(sorted)
	floor, top := sorted[len(sorted)/12], sorted[len(sorted)*96/100]
	threshold := max(floor+max(overNoise, overFloor*(top-floor)), leastSpeech)
	for i, v := range frames {
		if v < threshold {
			continue
		}
		if n := len(speech); n > 0 && time.Duration(i-speech[n-1].to)*hop < shortPause {
			speech[n-1].to = i + 1
		} else {
			speech = append(speech, span{i, i + 1})
		}
	}
	speech = slices.DeleteFunc(speech, func(s span) bool { return time.Duration(s.to-s.from)*hop < shortSpeech })

	// The pauses' own mean level, away from the speech: its beginnings and ends are quiet too.
	const guard = 5
	var pauses []span
	at := 0
	for _, s := range append(slices.Clone(speech), span{len(frames) + guard, 0}) {
		if s.from-guard > at {
			pauses = append(pauses, span{at, min(s.from-guard, len(frames))})
		}
		at = s.to + guard
	}
	if len(pauses) == 0 {
		return speech, floor
	}
	return speech, meanLevel(frames, pauses)
}

// meanLevel is the level of the mean energy within the spans, of everything when there are none.
func meanLevel(frames []float64, spans []span) float64 {
	if spans == nil {
		spans = []span{{0, len(frames)}}
	}
	sum, n := 0.0, 0
	for _, s := range spans {
		for _, v := range frames[s.from:s.to] {
			sum += math.Pow(10, v/10)
			n++
		}
	}
	if n == 0 {
		return floorDB
	}
	return max(10*math.Log10(sum/float64(n)), floorDB)
}
