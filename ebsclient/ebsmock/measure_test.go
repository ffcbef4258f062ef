package ebsmock_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"log/slog"
	"maps"
	"math"
	"math/rand/v2"
	"os/exec"
	"slices"
	"testing"
	"time"

	"ochno/ebsclient/ebsmock"
)

const token = "stand-token"

func newStand(tb testing.TB, change func(*ebsmock.Config)) *ebsmock.Stand {
	tb.Helper()
	cfg := ebsmock.Config{
		Systems: []ebsmock.System{{Mnemonic: "OCHNO", Token: token}}, Logger: slog.New(slog.DiscardHandler),
	}
	if change != nil {
		change(&cfg)
	}
	s, err := ebsmock.New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// same are pictures of the enrolled person: the photograph as a webcam, its encoder, its light and its owner's movements change it.
func same(tb testing.TB, f frame) map[string][]byte {
	sideLight := func(v, x, _ float64) float64 { return v * (0.35 + 1.1*x) }
	pictures := map[string][]byte{
		"as it is":                     f.jpeg(tb, 95),
		"JPEG of quality 30":           f.jpeg(tb, 30),
		"half as bright":               f.lit(func(v, _, _ float64) float64 { return v / 2 }).jpeg(tb, 90),
		"half as bright again":         f.lit(func(v, _, _ float64) float64 { return v*1.4 + 10 }).jpeg(tb, 90),
		"gamma 0.6":                    f.lit(gamma(0.6)).jpeg(tb, 90),
		"gamma 1.7":                    f.lit(gamma(1.7)).jpeg(tb, 90),
		"light from one side":          f.lit(sideLight).jpeg(tb, 90),
		"light from above":             f.lit(func(v, _, y float64) float64 { return v * (1.5 - y) }).jpeg(tb, 90),
		"noise":                        f.lit(noise(12, 1)).jpeg(tb, 90),
		"dark and noisy":               f.lit(func(v, _, _ float64) float64 { return v * 0.45 }).lit(noise(6, 2)).jpeg(tb, 90),
		"from further away":            f.moved(turned(0, 0.7, 0, 0)).jpeg(tb, 90),
		"from nearer":                  f.moved(turned(0, 1.3, 0, 0)).jpeg(tb, 90),
		"to the side":                  f.moved(turned(0, 1, -90, 30)).jpeg(tb, 90),
		"tilted by 6° to the left":     f.moved(turned(-6, 1, 0, 0)).jpeg(tb, 90),
		"tilted by 6° to the right":    f.moved(turned(6, 1, 0, 0)).jpeg(tb, 90),
		"on another day (face-detect)": webcam(tb, modulePhoto(tb, "face-detect.jpg")).jpeg(tb, 90),
	}
	good := vp8s(tb, "500k", f, f.moved(turned(4, 0.8, 30, -20)).lit(sideLight).lit(noise(6, 3)))
	pictures["VP8 at 500 kbit/s"], pictures["all of it through VP8"] = good[0], good[1]
	pictures["VP8 at 150 kbit/s"] = vp8s(tb, "150k", f)[0]
	return pictures
}

// strangers are pictures of persons drawn from the photograph, through VP8.
func strangers(tb testing.TB, f frame) map[string][]byte {
	drawn := others(f)
	names := slices.Sorted(maps.Keys(drawn))
	var frames []frame
	for _, name := range names {
		frames = append(frames, drawn[name])
	}
	out := make(map[string][]byte)
	for i, photo := range vp8s(tb, "500k", frames...) {
		out[names[i]] = photo
	}
	return out
}

// TestFaceMeasure measures what the package's documentation states: each of two photographs of one man enrolled, then the same
// man in other conditions and persons drawn from him presented.
func TestFaceMeasure(t *testing.T) {
	s := newStand(t, nil)
	photo := webcam(t, modulePhoto(t, "face.jpg"))
	prints := func(photos map[string][]byte) map[string]*ebsmock.Print {
		out := make(map[string]*ebsmock.Print)
		for name, jpg := range photos {
			one, err := s.PrintOf(t.Context(), jpg)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			out[name] = one
		}
		return out
	}
	var genuine, falseNonMatches, impostors, falseMatches int
	worst, best := 1.0, 0.0
	known, drawn := prints(same(t, photo)), prints(strangers(t, photo))
	for _, enrolled := range []string{"as it is", "on another day (face-detect)"} {
		for name, probe := range known {
			if name == enrolled {
				continue
			}
			alike, score := ebsmock.Score(known[enrolled], probe)
			t.Logf("same:  %.3f %.6f %s: %s", alike, score, enrolled, name)
			genuine, worst = genuine+1, min(worst, alike)
			if score < ebsmock.Threshold {
				falseNonMatches++
				t.Errorf("%s, %s: the same person scores %v", enrolled, name, score)
			}
		}
		for name, probe := range drawn {
			alike, score := ebsmock.Score(known[enrolled], probe)
			t.Logf("other: %.3f %.6f %s: %s", alike, score, enrolled, name)
			impostors, best = impostors+1, max(best, alike)
			if score >= ebsmock.Threshold {
				falseMatches++
			}
			if score >= 0.5 {
				t.Errorf("%s, %s: another person scores %v", enrolled, name, score)
			}
		}
	}
	t.Logf("false non-matches: %d of %d, worst similarity %.3f; false matches: %d of %d, best %.3f",
		falseNonMatches, genuine, worst, falseMatches, impostors, best)
	if genuine != 36 || impostors != 20 {
		t.Errorf("%d and %d comparisons, want 36 and 20: the documentation states these", genuine, impostors)
	}
}

func TestSymmetric(t *testing.T) {
	s := newStand(t, nil)
	a, err1 := s.PrintOf(t.Context(), modulePhoto(t, "face.jpg"))
	b, err2 := s.PrintOf(t.Context(), modulePhoto(t, "face-detect.jpg"))
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	one, _ := ebsmock.Score(a, b)
	two, _ := ebsmock.Score(b, a)
	if one != two {
		t.Errorf("%v and %v", one, two)
	}
}

// spoken is Russian speech by espeak-ng as WAV, with pauses around it.
func spoken(tb testing.TB, text string) []byte {
	tb.Helper()
	cmd := exec.Command("espeak-ng", "-v", "ru", "-s", "120", "--stdout", text)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		tb.Fatalf("espeak-ng is needed to speak digits: install the package espeak-ng: %v %s", err, stderr.Bytes())
	}
	at := bytes.Index(out, []byte("data"))
	if at < 0 {
		tb.Fatal("espeak-ng wrote no WAV")
	}
	const rate = 22050
	pause := make([]byte, 2*rate)
	return wav(append(append(bytes.Clone(pause), out[at+8:]...), pause...), rate)
}

func wav(pcm []byte, rate uint32) []byte {
	out := append([]byte("RIFF"), binary.LittleEndian.AppendUint32(nil, uint32(36+len(pcm)))...)
	out = append(out, "WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00"...)
	out = binary.LittleEndian.AppendUint32(out, rate)
	out = binary.LittleEndian.AppendUint32(out, 2*rate)
	out = append(out, "\x02\x00\x10\x00data"...)
	return append(binary.LittleEndian.AppendUint32(out, uint32(len(pcm))), pcm...)
}

func hiss(d time.Duration) []byte {
	random := rand.New(rand.NewPCG(5, 6))
	pcm := make([]byte, 0, 2*int(d.Seconds()*16000))
	for range int(d.Seconds() * 16000) {
		pcm = binary.LittleEndian.AppendUint16(pcm, uint16(int16(300*random.NormFloat64())))
	}
	return wav(pcm, 16000)
}

// hum is one steady tone with a pause before it.
func hum(d time.Duration) []byte {
	pcm := make([]byte, 32000)
	for i := range int(d.Seconds() * 16000) {
		pcm = binary.LittleEndian.AppendUint16(pcm, uint16(int16(8000*math.Sin(float64(i)*0.06))))
	}
	return wav(pcm, 16000)
}

func TestSoundMeasure(t *testing.T) {
	four := spoken(t, "пять, три, восемь, один")
	for name, c := range map[string]struct {
		wav    []byte
		digits int
		passes bool
	}{
		"four digits of four": {four, 4, true},
		"six of six":          {spoken(t, "два, четыре, девять, шесть, восемь, три"), 6, true},
		"four in one breath":  {spoken(t, "пять три восемь один"), 4, true},
		"four of twelve":      {four, 12, false},
		"one of four":         {spoken(t, "пять"), 4, false},
		"a speech for two":    {spoken(t, "один, два, три, четыре, пять, шесть, семь, восемь, девять, ноль, один, два, три"), 2, false},
		"a hum":               {hum(2 * time.Second), 4, false},
		"hiss":                {hiss(4 * time.Second), 4, false},
		"silence":             {wav(make([]byte, 64000), 16000), 4, false},
		"nothing":             {wav(nil, 16000), 4, false},
	} {
		segments, score, err := ebsmock.SoundScore(c.wav, c.digits)
		t.Logf("%s: %d segments, score %v", name, segments, score)
		if err != nil || (score >= ebsmock.Threshold) != c.passes || (!c.passes && score >= 0.95) {
			t.Errorf("%s: %d segments, score %v, error %v; want it to pass: %v", name, segments, score, err, c.passes)
		}
	}
	for name, bad := range map[string][]byte{"empty": nil, "no WAV": []byte("hello"), "cut off": four[:1000]} {
		if _, _, err := ebsmock.SoundScore(bad, 4); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
