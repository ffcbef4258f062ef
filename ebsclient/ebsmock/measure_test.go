package ebsmock_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"log/slog"
	"maps"
	"math"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strconv"
	"sync"
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
func same(tb testing.TB, f frame) map[string]image.Image {
	sideLight := func(v, x, _ float64) float64 { return v * (0.35 + 1.1*x) }
	bad, _, err := image.Decode(bytes.NewReader(f.jpeg(tb, 30)))
	if err != nil {
		tb.Fatal(err)
	}
	pictures := map[string]image.Image{
		"as it is":                     f,
		"JPEG of quality 30":           bad,
		"half as bright":               f.lit(func(v, _, _ float64) float64 { return v / 2 }),
		"half as bright again":         f.lit(func(v, _, _ float64) float64 { return v*1.4 + 10 }),
		"gamma 0.6":                    f.lit(gamma(0.6)),
		"gamma 1.7":                    f.lit(gamma(1.7)),
		"light from one side":          f.lit(sideLight),
		"light from above":             f.lit(func(v, _, y float64) float64 { return v * (1.5 - y) }),
		"noise":                        f.lit(noise(12, 1)),
		"dark and noisy":               f.lit(func(v, _, _ float64) float64 { return v * 0.45 }).lit(noise(6, 2)),
		"from further away":            f.moved(turned(0, 0.7, 0, 0)),
		"from nearer":                  f.moved(turned(0, 1.3, 0, 0)),
		"to the side":                  f.moved(turned(0, 1, -90, 30)),
		"tilted by 6° to the left":     f.moved(turned(-6, 1, 0, 0)),
		"tilted by 6° to the right":    f.moved(turned(6, 1, 0, 0)),
		"on another day (face-detect)": webcam(tb, modulePhoto(tb, "face-detect.jpg")),
	}
	good := vp8s(tb, "500k", f, f.moved(turned(4, 0.8, 30, -20)).lit(sideLight).lit(noise(6, 3)))
	pictures["VP8 at 500 kbit/s"], pictures["all of it through VP8"] = good[0], good[1]
	pictures["VP8 at 150 kbit/s"] = vp8s(tb, "150k", f)[0]
	return pictures
}

// strangers are pictures of persons drawn from the photograph, through VP8.
func strangers(tb testing.TB, f frame) map[string]image.Image {
	drawn := others(f)
	names := slices.Sorted(maps.Keys(drawn))
	var frames []frame
	for _, name := range names {
		frames = append(frames, drawn[name])
	}
	out := make(map[string]image.Image)
	for i, photo := range vp8s(tb, "500k", frames...) {
		out[names[i]] = photo
	}
	return out
}

// prints makes the prints of all pictures.
func prints(tb testing.TB, s *ebsmock.Stand, pictures map[string]image.Image) map[string]*ebsmock.Print {
	out := make(map[string]*ebsmock.Print)
	var mu sync.Mutex
	var all sync.WaitGroup
	for name, picture := range pictures {
		all.Go(func() {
			if f, ok := picture.(frame); ok {
				picture = grey(f.RGBA)
			}
			one, err := s.PrintOfImage(tb.Context(), picture)
			if err != nil {
				tb.Errorf("%s: %v", name, err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			out[name] = one
		})
	}
	all.Wait()
	return out
}

// TestFaceMeasure measures what the package's documentation states: each of two photographs of one man enrolled, then the same
// man in other conditions and persons drawn from him presented.
func TestFaceMeasure(t *testing.T) {
	t.Parallel()
	s := newStand(t, func(cfg *ebsmock.Config) { cfg.Key = standKey() })
	photo := webcam(t, modulePhoto(t, "face.jpg"))
	known, drawn := prints(t, s, same(t, photo)), prints(t, s, strangers(t, photo))
	if t.Failed() {
		t.FailNow()
	}
	var genuine, falseNonMatches, impostors, falseMatches int
	worst, best := 1.0, 0.0
	var mu sync.Mutex
	var all sync.WaitGroup
	compare := func(kind, enrolled string, probes map[string]*ebsmock.Print, judge func(name string, alike, score float64)) {
		for name, probe := range probes {
			if probe == known[enrolled] {
				continue
			}
			all.Go(func() {
				alike, score := ebsmock.Score(known[enrolled], probe)
				mu.Lock()
				defer mu.Unlock()
				t.Logf("%s %.3f %.6f %s: %s", kind, alike, score, enrolled, name)
				judge(enrolled+", "+name, alike, score)
			})
		}
	}
	for _, enrolled := range []string{"as it is", "on another day (face-detect)"} {
		compare("same: ", enrolled, known, func(name string, alike, score float64) {
			genuine, worst = genuine+1, min(worst, alike)
			if score < ebsmock.Threshold {
				falseNonMatches++
				t.Errorf("%s: the same person scores %v", name, score)
			}
		})
		compare("other:", enrolled, drawn, func(name string, alike, score float64) {
			impostors, best = impostors+1, max(best, alike)
			if score >= ebsmock.Threshold {
				falseMatches++
			}
			if score >= 0.5 {
				t.Errorf("%s: another person scores %v", name, score)
			}
		})
	}
	all.Wait()
	t.Logf("false non-matches: %d of %d, worst similarity %.3f; false matches: %d of %d, best %.3f",
		falseNonMatches, genuine, worst, falseMatches, impostors, best)
	if genuine != 36 || impostors != 20 || worst < 0.83 || best > 0.68 {
		t.Errorf("%d and %d comparisons, similarity %.3f and %.3f: the documentation states otherwise", genuine, impostors, worst, best)
	}
}

func TestSymmetric(t *testing.T) {
	t.Parallel()
	s := newStand(t, func(cfg *ebsmock.Config) { cfg.Key = standKey() })
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
	return spokenBy(tb, "ru", 120, text)
}

// spokenBy is spoken by one of espeak-ng's voices, at so many words a minute.
func spokenBy(tb testing.TB, voice string, speed int, text string) []byte {
	tb.Helper()
	cmd := exec.Command("espeak-ng", "-v", voice, "-s", strconv.Itoa(speed), "--stdout", text)
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

// claps are four short bursts of hiss: as loud as speech, as many as digits, and no voice.
func claps() []byte {
	random := rand.New(rand.NewPCG(7, 8))
	var pcm []byte
	for i := range 5 * 16000 {
		level := 20.0
		if at := i % 16000; i >= 16000 && at < 6000 {
			level = 6000
		}
		pcm = binary.LittleEndian.AppendUint16(pcm, uint16(int16(level*random.NormFloat64())))
	}
	return wav(pcm, 16000)
}

// saidOneByOne are four digits, each said some while after it was shown, and when each was shown, in ms.
func saidOneByOne(tb testing.TB) (said []byte, shownMS []int) {
	tb.Helper()
	const rate = 22050
	var pcm []byte
	for i, digit := range []string{"пять", "три", "восемь", "один"} {
		at := 1600 * i
		shownMS = append(shownMS, at)
		pcm = append(pcm, make([]byte, max(0, 2*rate*(at+300)/1000-len(pcm)))...)
		one := spoken(tb, digit)[44+2*rate:] // without the pause before it
		pcm = append(pcm, one[:len(one)-2*rate]...)
	}
	return wav(append(pcm, make([]byte, rate)...), rate), shownMS
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
	t.Parallel()
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
		"claps":               {claps(), 4, false},
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
	said, shown := saidOneByOne(t)
	for name, c := range map[string]struct {
		shift  time.Duration
		passes bool
	}{
		"each after it was shown": {0, true},
		"before they were shown":  {800 * time.Millisecond, false},
		"long after":              {-2 * time.Second, false},
	} {
		var at []time.Duration
		for _, ms := range shown {
			at = append(at, max(0, time.Duration(ms)*time.Millisecond+c.shift))
		}
		segments, score, err := ebsmock.SoundScore(said, 4, at...)
		t.Logf("%s: %d segments, score %v", name, segments, score)
		if err != nil || (score >= ebsmock.Threshold) != c.passes || (!c.passes && score >= 0.95) {
			t.Errorf("%s: score %v, error %v; want it to pass: %v", name, score, err, c.passes)
		}
	}
	for name, bad := range map[string][]byte{"empty": nil, "no WAV": []byte("hello"), "cut off": four[:1000]} {
		if _, _, err := ebsmock.SoundScore(bad, 4); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestEachDigit: a digit may be consonants for the most part («шесть», «пять»), and the stand must hear it all the same, whoever says it.
func TestEachDigit(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(9, 10))
	for _, digit := range []string{"ноль", "один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять"} {
		for _, voice := range []string{"ru", "ru+f2", "ru+m3"} {
			for _, speed := range []int{100, 120, 150} {
				said := spokenBy(t, voice, speed, digit)
				for i := 44; i+1 < len(said); i += 2 { // a quiet room
					v := int16(binary.LittleEndian.Uint16(said[i:]))
					binary.LittleEndian.PutUint16(said[i:], uint16(v+int16(10*random.NormFloat64())))
				}
				if segments, score, err := ebsmock.SoundScore(said, 1, 900*time.Millisecond); err != nil || score < ebsmock.Threshold {
					t.Errorf("%s by %s at %d: %d stretches, score %v, error %v", digit, voice, speed, segments, score, err)
				}
			}
		}
	}
}
