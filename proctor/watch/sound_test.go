package watch

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"ochno/proctor/media/studenttest"
	"ochno/proctor/voice"
)

// voiceOf is a second of a voice of a pitch: a row of harmonics, in bursts as syllables come.
func voiceOf(hz, loud float64) []int16 {
	pcm := make([]int16, second)
	for i := range pcm {
		t := float64(i) / second
		if math.Mod(t, 0.25) > 0.18 {
			continue
		}
		v := 0.0
		for h := 1; h <= 8; h++ {
			v += math.Sin(2*math.Pi*hz*float64(h)*t) / float64(h)
		}
		pcm[i] = int16(v * loud * 6000)
	}
	return pcm
}

func noise(random *rand.Rand, loud float64) []int16 {
	pcm := make([]int16, second)
	for i := range pcm {
		pcm[i] = int16(random.NormFloat64() * loud)
	}
	return pcm
}

func TestPitch(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, hz := range []float64{85, 110, 145, 200, 260, 340} {
		e := ear{}
		e.measure(noise(random, 20))
		pcm := voiceOf(hz, 1)
		for i, v := range noise(random, 20) {
			pcm[i] += v
		}
		s := e.measure(pcm)
		if s.Voiced < 0.5 || math.Abs(math.Log2(s.Pitch/hz)) > 0.08 || s.Level < -35 {
			t.Errorf("a voice of %g Hz: %+v", hz, s)
		}
	}
	for _, loud := range []float64{0, 20, 3000} {
		e := ear{}
		for range 3 {
			if s := e.measure(noise(random, loud)); s.Voiced > 0.05 {
				t.Errorf("noise of %g: %+v", loud, s)
			}
		}
	}
	if s := (&ear{}).measure(voiceOf(120, 0.002)); s.Level > -60 {
		t.Errorf("a voice far away: %+v", s)
	}
}

// TestListen: real packets, in seconds, with their places; a gap begins anew.
func TestListen(t *testing.T) {
	clip := studenttest.NewClip(t, studenttest.Face, studenttest.Digits)
	decoder, err := voice.NewDecoder()
	if err != nil {
		t.Fatal(err)
	}
	e := ear{decoder: decoder}
	var heard []Sound
	offset := time.Duration(0)
	for _, packet := range clip.Sound("5381902746", 100*time.Millisecond) {
		if s, ok := e.listen(packet, Place{Offset: offset}); ok {
			heard = append(heard, s)
		}
		offset += 20 * time.Millisecond
	}
	voiced := 0
	for i, s := range heard {
		if s.Offset != time.Duration(i)*time.Second {
			t.Errorf("second %d is at %s", i, s.Offset)
		}
		if s.Voiced >= spoken && s.Pitch > lowest && s.Pitch < highest {
			voiced++
		}
	}
	if len(heard) < 5 || voiced < len(heard)/2 {
		t.Errorf("%d of %d seconds have a voice: %+v", voiced, len(heard), heard)
	}
	packet := clip.Sound("5", 0)[0]
	e.listen(packet, Place{Offset: offset})
	e.listen(packet, Place{Offset: offset + time.Minute})
	if e.from.Offset != offset+time.Minute || len(e.pcm) != frame {
		t.Errorf("after a gap: %d samples from %s", len(e.pcm), e.from.Offset)
	}
	if _, ok := e.listen([]byte{255, 255, 255}, Place{}); ok {
		t.Error("rubbish was heard")
	}
}

func BenchmarkSecondOfSpeech(b *testing.B) {
	e := ear{}
	pcm := voiceOf(140, 1)
	for b.Loop() {
		e.measure(pcm)
	}
}

func TestPresence(t *testing.T) {
	at := time.Date(2026, 1, 15, 9, 0, 0, 0, time.UTC)
	var p presence
	var backs []time.Duration
	for _, c := range []struct {
		face    bool
		seconds int
	}{{true, 3}, {false, 2}, {true, 3}, {false, 20}, {true, 1}, {false, 5}, {true, 5}, {false, 3}, {true, 4}} {
		for range c.seconds {
			at = at.Add(time.Second)
			if away, back := p.see(c.face, at); back {
				backs = append(backs, away)
			}
		}
	}
	if len(backs) != 2 || backs[0] != 26*time.Second || backs[1] != 3*time.Second {
		t.Errorf("away %v, want 26 s (seen once in between) and 3 s", backs)
	}
}
