package voice

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"os/exec"
	"slices"
	"testing"
	"time"

	"gopkg.in/hraban/opus.v2"
)

// digits speaks Russian digits with espeak-ng, with a second of pause before and after, at 16 kHz.
func digits(tb testing.TB, text string) []int16 {
	tb.Helper()
	var stderr bytes.Buffer
	cmd := exec.Command("espeak-ng", "-v", "ru", "-s", "120", "--stdout", text)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		tb.Fatalf("espeak-ng is needed to speak digits: install the package espeak-ng: %v %s", err, stderr.Bytes())
	}
	// Written to a pipe its sizes are placeholders: the data is what is left.
	data := bytes.Index(out, []byte("data"))
	if data < 0 {
		tb.Fatal("espeak-ng wrote no WAV")
	}
	pcm, rate, err := ParseWAV(WAV(toPCM(out[data+8:]), 22050))
	if err != nil {
		tb.Fatal(err)
	}
	speech := make([]int16, int(float64(len(pcm))*SampleRate/float64(rate)))
	for i := range speech {
		at := float64(i) * float64(rate) / SampleRate
		j := min(int(at), len(pcm)-2)
		f := at - float64(j)
		speech[i] = int16(0.5 * (float64(pcm[j])*(1-f) + float64(pcm[j+1])*f))
	}
	return slices.Concat(silence(time.Second), speech, silence(time.Second))
}

func toPCM(b []byte) []int16 {
	pcm := make([]int16, len(b)/2)
	for i := range pcm {
		pcm[i] = int16(uint16(b[2*i]) | uint16(b[2*i+1])<<8)
	}
	return pcm
}

func silence(d time.Duration) []int16 { return make([]int16, int(d*SampleRate/time.Second)) }

// mixed adds white noise of the given level in dBFS.
func mixed(pcm []int16, db float64) []int16 {
	random := rand.New(rand.NewPCG(3, 4))
	sigma := 32768 * math.Pow(10, db/20)
	return mapped(pcm, func(v float64) float64 { return v + sigma*random.NormFloat64() })
}

func mapped(pcm []int16, f func(float64) float64) []int16 {
	out := make([]int16, len(pcm))
	for i, v := range pcm {
		out[i] = int16(min(max(f(float64(v)), -32768), 32767))
	}
	return out
}

func gain(pcm []int16, db float64) []int16 {
	g := math.Pow(10, db/20)
	return mapped(pcm, func(v float64) float64 { return g * v })
}

func TestAssess(t *testing.T) {
	spoken := digits(t, "пять, три, восемь, один")
	short := digits(t, "да")
	for _, c := range []struct {
		name string
		pcm  []int16
		want []Problem
	}{
		{"digits", spoken, nil},
		{"digits in a quiet room", mixed(spoken, -55), nil},
		{"nothing", nil, []Problem{Silent}},
		{"digital silence", silence(5 * time.Second), []Problem{Silent}},
		{"a muted microphone's hiss", mixed(silence(5*time.Second), -75), []Problem{Silent}},
		{"a fan and nobody speaking", mixed(silence(5*time.Second), -35), []Problem{Noisy}},
		{"far from the microphone", mixed(gain(spoken, -28), -85), []Problem{TooQuiet}},
		{"too loud", gain(spoken, 25), []Problem{Clipped}},
		{"a loud fan", mixed(spoken, -28), []Problem{Noisy}},
		{"one short word", short, []Problem{TooShort}},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := Assess(c.pcm, SampleRate)
			t.Logf("%+v", q)
			if !slices.Equal(q.Problems, c.want) {
				t.Errorf("problems %v, want %v", q.Problems, c.want)
			}
			if q.Good() != (len(c.want) == 0) {
				t.Errorf("Good() = %v with problems %v", q.Good(), q.Problems)
			}
		})
	}
}

// TestASecondOfSpeech: somebody who talks on for a second, or says one word, has not read four digits one by one.
func TestASecondOfSpeech(t *testing.T) {
	limits := DefaultLimits()
	limits.Voiced, limits.Words = VoicedFor(4), 3
	for _, c := range []struct {
		name string
		pcm  []int16
		want []Problem
	}{
		{"four digits", digits(t, "пять, три, восемь, один"), nil},
		{"a second of talk", digits(t, "восемьдесят восемь миллионов"), []Problem{TooShort}},
		{"two digits", digits(t, "пять, три"), []Problem{TooShort}},
		{"silence", silence(5 * time.Second), []Problem{Silent}},
		{"noise", mixed(silence(5*time.Second), -35), []Problem{Noisy}},
		{"four digits, too loud", gain(digits(t, "пять, три, восемь, один"), 25), []Problem{Clipped}},
	} {
		q := limits.Assess(c.pcm, SampleRate)
		if !slices.Equal(q.Problems, c.want) {
			t.Errorf("%s: %v in %d segments of %v, want %v", c.name, q.Problems, len(q.Segments), q.Voiced, c.want)
		}
	}
}

func TestSegmentsFollowTheDigits(t *testing.T) {
	for text, n := range map[string]int{
		"пять, три, восемь, один":                 4,
		"семь, ноль":                              2,
		"два, четыре, девять, шесть, восемь, три": 6,
	} {
		q := Assess(mixed(digits(t, text), -60), SampleRate)
		if len(q.Segments) != n {
			t.Errorf("%q: %d segments, want %d: %v", text, len(q.Segments), n, q.Segments)
		}
		if len(q.Segments) > 0 && (q.Segments[0].Start < 900*time.Millisecond || q.Segments[0].Start > 1300*time.Millisecond) {
			t.Errorf("%q: speech begins at %v, want about 1 s", text, q.Segments[0].Start)
		}
		sum := time.Duration(0)
		for _, s := range q.Segments {
			sum += s.End - s.Start
		}
		if sum != q.Voiced || q.Voiced < VoicedFor(n) {
			t.Errorf("%q: voiced %v of segments %v, want at least %v", text, q.Voiced, sum, VoicedFor(n))
		}
	}
}

func TestLevels(t *testing.T) {
	sine := func(amplitude float64) []int16 {
		pcm := make([]int16, 3*SampleRate)
		for i := SampleRate; i < 2*SampleRate; i++ {
			pcm[i] = int16(amplitude * 32767 * math.Sin(2*math.Pi*440*float64(i)/SampleRate))
		}
		return pcm
	}
	q := Assess(mixed(sine(0.1), -60), SampleRate)
	// A sine's mean level is 3 dB below its peak.
	if math.Abs(q.PeakDBFS+20) > 0.5 || math.Abs(q.LevelDBFS+23) > 1 || math.Abs(q.SNR-37) > 2 {
		t.Errorf("peak %.1f level %.1f SNR %.1f, want −20, −23, 37", q.PeakDBFS, q.LevelDBFS, q.SNR)
	}
	if d := (q.Voiced - time.Second).Abs(); d > 50*time.Millisecond {
		t.Errorf("voiced %v, want 1 s", q.Voiced)
	}
}

// encode makes Opus packets of 20 ms from 48 kHz PCM with the given channels.
func encode(tb testing.TB, pcm48 []int16, channels int, fec bool) [][]byte {
	tb.Helper()
	enc, err := opus.NewEncoder(OpusRate, channels, opus.AppVoIP)
	if err != nil {
		tb.Fatal(err)
	}
	if err := errors.Join(enc.SetBitrate(32000), enc.SetInBandFEC(fec), enc.SetPacketLossPerc(20)); err != nil {
		tb.Fatal(err)
	}
	var packets [][]byte
	for ; len(pcm48) >= frameSamples; pcm48 = pcm48[frameSamples:] {
		frame := make([]int16, 0, 2*frameSamples)
		for _, v := range pcm48[:frameSamples] {
			for range channels {
				frame = append(frame, v)
			}
		}
		buf := make([]byte, 1500)
		n, err := enc.Encode(frame, buf)
		if err != nil {
			tb.Fatal(err)
		}
		packets = append(packets, buf[:n])
	}
	return packets
}

// upsampled repeats linearly from 16 to 48 kHz.
func upsampled(pcm []int16) []int16 {
	out := make([]int16, 0, 3*len(pcm))
	for i := range len(pcm) - 1 {
		a, b := int(pcm[i]), int(pcm[i+1])
		out = append(out, int16(a), int16((2*a+b)/3), int16((a+2*b)/3))
	}
	return out
}

func TestThroughOpus(t *testing.T) {
	spoken := upsampled(mixed(digits(t, "пять, три, восемь, один"), -65))
	for _, c := range []struct {
		name     string
		channels int
		lose     func(i int) bool
	}{
		{"mono", 1, func(int) bool { return false }},
		{"stereo", 2, func(int) bool { return false }},
		{"every tenth packet lost", 1, func(i int) bool { return i%10 == 7 }},
		{"200 ms lost in a pause", 1, func(i int) bool { return i >= 20 && i < 30 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := NewDecoder()
			if err != nil {
				t.Fatal(err)
			}
			packets := encode(t, spoken, c.channels, true)
			var pcm []int16
			gap := time.Duration(0)
			for i, packet := range packets {
				if c.lose(i) {
					gap += 20 * time.Millisecond
					continue
				}
				if gap > 0 {
					lost, err := d.Lost(gap, packet)
					if err != nil {
						t.Fatal(err)
					}
					pcm, gap = append(pcm, lost...), 0
				}
				decoded, err := d.Decode(packet)
				if err != nil {
					t.Fatal(err)
				}
				pcm = append(pcm, decoded...)
			}
			if want := len(packets) * frameSamples; len(pcm) != want {
				t.Fatalf("%d samples, want %d", len(pcm), want)
			}
			q := Assess(Resample(pcm), SampleRate)
			if !q.Good() || len(q.Segments) != 4 {
				t.Errorf("%+v, want four segments and no problem", q)
			}
		})
	}
}

func TestDecoderRefusesRubbish(t *testing.T) {
	d, err := NewDecoder()
	if err != nil {
		t.Fatal(err)
	}
	for _, packet := range [][]byte{nil, {}, {0xff}, bytes.Repeat([]byte{0xff}, 400), make([]byte, maxPacket+1)} {
		if pcm, err := d.Decode(packet); !errors.Is(err, ErrBadPacket) {
			t.Errorf("%d bytes: %d samples, error %v, want ErrBadPacket", len(packet), len(pcm), err)
		}
	}
	good := encode(t, make([]int16, 2*frameSamples), 1, false)
	if pcm, err := d.Decode(good[0]); err != nil || len(pcm) != frameSamples {
		t.Errorf("after rubbish: %d samples, error %v", len(pcm), err)
	}
	pcm, err := d.Lost(time.Hour, good[1])
	if want := int(maxGap * OpusRate / time.Second); err != nil || len(pcm) != want {
		t.Errorf("a gap of an hour: %d samples, error %v, want %d", len(pcm), err, want)
	}
}

func TestResample(t *testing.T) {
	tone := func(hz float64) []int16 {
		pcm := make([]int16, OpusRate)
		for i := range pcm {
			pcm[i] = int16(10000 * math.Sin(2*math.Pi*hz*float64(i)/OpusRate))
		}
		return pcm
	}
	rms := func(pcm []int16) float64 {
		sum := 0.0
		for _, v := range pcm[200 : len(pcm)-200] {
			sum += float64(v) * float64(v)
		}
		return 20 * math.Log10(math.Sqrt(sum/float64(len(pcm)-400))/(10000/math.Sqrt2)+1e-9)
	}
	for hz, want := range map[float64][2]float64{
		100: {-0.1, 0.1}, 1000: {-0.1, 0.1}, 4000: {-0.1, 0.1}, 6400: {-0.2, 0.1}, 8200: {-200, -50}, 12000: {-200, -55}, 20000: {-200, -55},
	} {
		out := Resample(tone(hz))
		if len(out) != SampleRate {
			t.Fatalf("%d samples of 48000, want 16000", len(out))
		}
		if db := rms(out); db < want[0] || db > want[1] {
			t.Errorf("%v Hz: %.2f dB, want %v", hz, db, want)
		}
	}
	// No delay: sample i is the input's sample 3i.
	in := tone(500)
	for i, v := range Resample(in)[100:15900] {
		if d := int(v) - int(in[3*(i+100)]); d > 30 || d < -30 {
			t.Fatalf("sample %d: %d, want %d", i+100, v, in[3*(i+100)])
		}
	}
	if got := Resample(nil); len(got) != 0 {
		t.Errorf("%d samples of none", len(got))
	}
}

func TestWAV(t *testing.T) {
	pcm := []int16{0, 1, -1, 32767, -32768}
	got, rate, err := ParseWAV(WAV(pcm, SampleRate))
	if err != nil || rate != SampleRate || !slices.Equal(got, pcm) {
		t.Errorf("%v %d %v", got, rate, err)
	}
	whole := WAV(pcm, SampleRate)
	edit := func(at int, b ...byte) []byte {
		out := bytes.Clone(whole)
		copy(out[at:], b)
		return out
	}
	for name, bad := range map[string][]byte{
		"empty": nil, "no header": []byte("hello, this is no WAV file at all"), "truncated": whole[:len(whole)-1],
		"no data": whole[:36], "stereo": edit(22, 2), "float": edit(20, 3), "8 bits": edit(34, 8),
		"rate 0": edit(24, 0, 0, 0, 0), "chunk of 4 GiB": edit(16, 0xff, 0xff, 0xff, 0xff),
	} {
		if _, _, err := ParseWAV(bad); !errors.Is(err, ErrBadWAV) {
			t.Errorf("%s: error %v, want ErrBadWAV", name, err)
		}
	}
}

func FuzzParseWAV(f *testing.F) {
	f.Add(WAV([]int16{1, 2, 3}, SampleRate))
	f.Add([]byte("RIFF....WAVEjunk\x01\x00\x00\x00xfmt "))
	f.Fuzz(func(t *testing.T, data []byte) {
		pcm, rate, err := ParseWAV(data)
		if err != nil {
			return
		}
		again, r, err := ParseWAV(WAV(pcm, rate))
		if err != nil || r != rate || !slices.Equal(again, pcm) {
			t.Errorf("written and read again: %v", err)
		}
	})
}

// FuzzDecoder: whatever comes from the network is sound of a bounded length, or a bad packet, and the decoder goes on.
func FuzzDecoder(f *testing.F) {
	for _, packet := range encode(f, make([]int16, 4*frameSamples), 1, true) {
		f.Add(packet, uint16(40))
	}
	for _, packet := range encode(f, make([]int16, 2*frameSamples), 2, false) {
		f.Add(packet, uint16(0))
	}
	f.Add([]byte{0xff, 0x83}, uint16(60000))
	f.Fuzz(func(t *testing.T, packet []byte, gap uint16) {
		d, err := NewDecoder()
		if err != nil {
			t.Fatal(err)
		}
		lost := time.Duration(gap) * time.Millisecond
		if pcm, err := d.Lost(lost, packet); err != nil && !errors.Is(err, ErrBadPacket) || len(pcm) > int(maxGap*OpusRate/time.Second) {
			t.Fatalf("a gap of %v: %d samples, %v", lost, len(pcm), err)
		}
		for range 2 {
			if pcm, err := d.Decode(packet); err != nil && !errors.Is(err, ErrBadPacket) || len(pcm) > maxSamples {
				t.Fatalf("%d samples, %v", len(pcm), err)
			}
		}
	})
}
