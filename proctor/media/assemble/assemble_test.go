package assemble

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

var t0 = time.Date(2026, 5, 20, 10, 0, 0, 0, time.UTC)

func at(ms int) time.Time { return t0.Add(time.Duration(ms) * time.Millisecond) }

// vp8Frame makes bytes that look like a frame.
func vp8Frame(n, size int, key bool) []byte {
	b := make([]byte, max(size, 10))
	for i := range b {
		b[i] = byte(n + i)
	}
	if key {
		copy(b, []byte{0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0xe0, 0x01}) // 640×480
	} else {
		b[0] = 0x11
	}
	return b
}

// packetise splits a frame, with a picture ID in the descriptor.
func packetise(frame []byte, seq *uint16, ts uint32, when time.Time) []Packet {
	var out []Packet
	for first := true; len(frame) > 0; first = false {
		n := min(len(frame), 1000)
		head := []byte{0x80, 0x80, 0x80, 0x01}
		if first {
			head[0] |= 0x10
		}
		out = append(out, Packet{Seq: *seq, Time: ts, Payload: append(head, frame[:n]...), At: when, Marker: n == len(frame)})
		*seq++
		frame = frame[n:]
	}
	return out
}

// stream is n frames, a key frame first and then every so many.
func stream(n, keyEvery int, seq uint16) (frames [][]byte, packets [][]Packet) {
	for i := range n {
		f := vp8Frame(i, 300+i*137%4000, i%keyEvery == 0)
		frames = append(frames, f)
		packets = append(packets, packetise(f, &seq, uint32(i*3000), at(i*33)))
	}
	return frames, packets
}

func popAll(v *Video, now time.Time) (frames []Frame) {
	for {
		f, ok := v.Pop(now)
		if !ok {
			return frames
		}
		frames = append(frames, f)
	}
}

func TestVideoInOrder(t *testing.T) {
	frames, packets := stream(200, 50, 65500) // wraps
	v := NewVideo()
	var got []Frame
	for i, ps := range packets {
		for _, p := range ps {
			v.Push(p)
		}
		got = append(got, popAll(v, at(i*33))...)
	}
	checkFrames(t, got, frames, nil)
}

func checkFrames(t *testing.T, got []Frame, want [][]byte, lostAt map[int]bool) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d frames, want %d", len(got), len(want))
	}
	for i, f := range got {
		if !bytes.Equal(f.Data, want[i]) {
			t.Fatalf("frame %d differs", i)
		}
		if f.Lost != lostAt[i] {
			t.Errorf("frame %d: lost %v", i, f.Lost)
		}
		if f.Key && (f.Width != 640 || f.Height != 480) {
			t.Errorf("frame %d: %d×%d", i, f.Width, f.Height)
		}
	}
}

// TestVideoReordered shuffles packets within a reach that retransmission has.
func TestVideoReordered(t *testing.T) {
	frames, packets := stream(150, 30, 100)
	var flat []Packet
	for _, ps := range packets {
		flat = append(flat, ps...)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for i := 0; i+8 < len(flat); i += 8 {
		rng.Shuffle(8, func(a, b int) { flat[i+a], flat[i+b] = flat[i+b], flat[i+a] })
	}
	v := NewVideo()
	var got []Frame
	for i, p := range flat {
		v.Push(p)
		if i%17 == 0 {
			v.Push(p) // a duplicate
		}
		got = append(got, popAll(v, at(i))...)
	}
	checkFrames(t, got, frames, nil)
}

func TestVideoLoss(t *testing.T) {
	frames, packets := stream(90, 30, 7)
	v := NewVideo()
	var got []Frame
	for i, ps := range packets {
		for j, p := range ps {
			if i == 40 && j == len(ps)-1 {
				continue // never comes
			}
			v.Push(p)
		}
		got = append(got, popAll(v, at(i*33))...)
		if i == 45 && len(got) != 40 {
			t.Fatalf("did not wait for the missing packet: %d frames", len(got))
		}
		if i == 59 && !v.NeedKey() {
			t.Error("does not ask for a key frame")
		}
	}
	want := append(append([][]byte{}, frames[:40]...), frames[60:]...)
	checkFrames(t, got, want, map[int]bool{40: true})
}

// TestVideoLateRepair gets the missing packet just in time.
func TestVideoLateRepair(t *testing.T) {
	frames, packets := stream(40, 40, 7)
	v := NewVideo()
	var got []Frame
	missing := packets[10][0]
	for i, ps := range packets {
		for _, p := range ps {
			if p.Seq != missing.Seq {
				v.Push(p)
			}
		}
		if i == 24 { // 462 ms later
			v.Push(missing)
		}
		got = append(got, popAll(v, at(i*33))...)
	}
	checkFrames(t, got, frames, nil)
}

func TestVideoStartsWithKeyFrame(t *testing.T) {
	frames, packets := stream(60, 30, 7)
	v := NewVideo()
	var got []Frame
	for i, ps := range packets[5:] {
		for _, p := range ps {
			v.Push(p)
		}
		got = append(got, popAll(v, at(i*33))...)
	}
	checkFrames(t, got, frames[30:], nil)
}

// TestVideoFirstPacketsSwapped begins with the second packet of the key frame.
func TestVideoFirstPacketsSwapped(t *testing.T) {
	var seq uint16
	frame := vp8Frame(1, 2500, true)
	ps := packetise(frame, &seq, 0, t0)
	v := NewVideo()
	v.Push(ps[1])
	v.Push(ps[2])
	v.Push(ps[0])
	checkFrames(t, popAll(v, t0), [][]byte{frame}, nil)
}

func TestVideoPaddingAndRubbish(t *testing.T) {
	frames, packets := stream(30, 30, 7)
	v := NewVideo()
	var got []Frame
	var shift uint16
	for i, ps := range packets {
		for _, p := range ps {
			p.Seq += shift
			v.Push(p)
		}
		shift++ // a packet of padding between the frames
		v.Push(Packet{Seq: ps[len(ps)-1].Seq + shift, Time: ps[0].Time, At: ps[0].At})
		got = append(got, popAll(v, at(i*33))...)
	}
	checkFrames(t, got, frames, nil)
	v.Push(Packet{Seq: 0, Payload: []byte{0xff}})             // a descriptor cut short
	v.Push(Packet{Seq: 1, Payload: []byte{0x10}})             // a frame of nothing
	v.Push(Packet{Seq: 2, Payload: []byte{0x10, 0, 0, 0, 0}}) // a key frame of nothing
}

// TestVideoRestart changes the numbering without a word.
func TestVideoRestart(t *testing.T) {
	for _, from := range []uint16{60000, 20} {
		t.Run(fmt.Sprint(from), func(t *testing.T) {
			_, first := stream(20, 20, 30000)
			frames, second := stream(120, 20, from)
			v := NewVideo()
			for _, ps := range first {
				for _, p := range ps {
					v.Push(p)
				}
			}
			popAll(v, t0)
			var got []Frame
			for i, ps := range second {
				for _, p := range ps {
					v.Push(p)
				}
				got = append(got, popAll(v, at(i*33))...)
			}
			if len(got) == 0 || !bytes.Equal(got[len(got)-1].Data, frames[119]) {
				t.Fatalf("did not come back: %d frames", len(got))
			}
			if !got[0].Key || !got[0].Lost {
				t.Error("came back without marking the loss")
			}
		})
	}
}

func TestVideoDropUntilKey(t *testing.T) {
	frames, packets := stream(40, 20, 7)
	v := NewVideo()
	var got []Frame
	for i, ps := range packets {
		for _, p := range ps {
			v.Push(p)
		}
		got = append(got, popAll(v, at(i*33))...)
		if i == 9 {
			v.DropUntilKey()
		}
	}
	checkFrames(t, got, append(append([][]byte{}, frames[:10]...), frames[20:]...), map[int]bool{10: true})
}

func sound(seq uint16, when time.Time) Packet {
	return Packet{Seq: seq, Time: uint32(seq) * 960, Payload: []byte{0x78, byte(seq), byte(seq >> 8)}, At: when} // CELT, 20 ms
}

func TestAudio(t *testing.T) {
	a := NewAudio()
	var got []Sound
	pop := func(now time.Time) {
		for {
			s, ok := a.Pop(now)
			if !ok {
				return
			}
			got = append(got, s)
		}
	}
	order := []uint16{0, 1, 3, 2, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15} // 5 never comes
	for i, n := range order {
		a.Push(sound(n, at(i*20)))
		pop(at(i * 20))
	}
	pop(at(1000))
	want := []int{0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
	if len(got) != len(want) {
		t.Fatalf("%d packets, want %d", len(got), len(want))
	}
	for i, s := range got {
		if int(s.Data[1]) != want[i] || s.Duration != 20*time.Millisecond {
			t.Errorf("packet %d: %v, %v", i, s.Data, s.Duration)
		}
		if s.Lost != (want[i] == 6) {
			t.Errorf("packet %d: lost %v", want[i], s.Lost)
		}
	}
}

func TestOpusDuration(t *testing.T) {
	for _, c := range []struct {
		toc  []byte
		want time.Duration
		ok   bool
	}{
		{[]byte{0 << 3}, 10 * time.Millisecond, true},
		{[]byte{3 << 3}, 60 * time.Millisecond, true},
		{[]byte{3<<3 | 1}, 120 * time.Millisecond, true},
		{[]byte{3<<3 | 3, 3}, 0, false}, // 180 ms
		{[]byte{13 << 3}, 20 * time.Millisecond, true},
		{[]byte{16 << 3}, 2500 * time.Microsecond, true},
		{[]byte{31 << 3}, 20 * time.Millisecond, true},
		{[]byte{31<<3 | 3, 6}, 120 * time.Millisecond, true},
		{[]byte{31<<3 | 3, 0}, 0, false},
		{[]byte{31<<3 | 3}, 0, false},
		{nil, 0, false},
	} {
		if got, ok := opusDuration(c.toc); ok != c.ok || ok && got != c.want {
			t.Errorf("%x: %v, %v", c.toc, got, ok)
		}
	}
}

func TestClockIgnoresJitter(t *testing.T) {
	c := NewClock(48000)
	rng := rand.New(rand.NewPCG(3, 4))
	for i := range 3000 {
		sent := time.Duration(i) * 20 * time.Millisecond
		arrival := sent + 5*time.Second + time.Duration(rng.IntN(60))*time.Millisecond
		if i == 0 {
			arrival = sent + 5*time.Second
		}
		if got, want := c.Offset(uint32(1<<32-5000+i*960), arrival), sent+5*time.Second; got != want {
			t.Fatalf("packet %d: %v, want %v", i, got, want)
		}
	}
}

// TestClockFollowsTime lets the sender stand still, jump and drift.
func TestClockFollowsTime(t *testing.T) {
	for name, rtp := range map[string]func(i int) int{
		"stood still for 4 s": func(i int) int {
			if i >= 200 {
				return (i - 200) * 960
			}
			return i * 960
		},
		"stood still for 20 s": func(i int) int {
			if i >= 1000 {
				return (i - 1000) * 960
			}
			return i * 960
		},
		"jumped an hour ahead": func(i int) int {
			if i > 100 {
				return i*960 + 3600*48000
			}
			return i * 960
		},
		"jumped an hour back": func(i int) int {
			if i > 100 {
				return i*960 - 3600*48000
			}
			return i * 960
		},
		"drifts by 1 %": func(i int) int { return i * 970 },
	} {
		t.Run(name, func(t *testing.T) {
			c := NewClock(48000)
			var got, arrival time.Duration
			for i := range 2000 {
				arrival = time.Duration(i) * 20 * time.Millisecond
				got = c.Offset(uint32(rtp(i)), arrival)
			}
			if d := (got - arrival).Abs(); d > 2*tolerance {
				t.Errorf("off by %v", d)
			}
		})
	}
}

// TestClockAfterPause tells a sender that stood still from a network that did.
func TestClockAfterPause(t *testing.T) {
	const step = 20 * time.Millisecond
	for _, c := range []struct {
		name    string
		pause   time.Duration
		stands  bool          // the sender; else the network holds the packets back
		settled time.Duration // after the pause the offset must be right
	}{
		{"the sender for 1 s", time.Second, true, shortWindow + step},
		{"the sender for 3 s", 3 * time.Second, true, 0},
		{"the network for 1 s", time.Second, false, 0},
		{"the network for 3 s", 3 * time.Second, false, shortWindow + step},
	} {
		t.Run(c.name, func(t *testing.T) {
			clock := NewClock(48000)
			const before = 2 * time.Second
			for captured := time.Duration(0); captured < 8*time.Second; captured += step {
				sent, arrival := captured, captured
				switch {
				case captured < before:
				case c.stands:
					arrival += c.pause
				case captured < before+c.pause:
					arrival = before + c.pause
				}
				want := sent
				if c.stands && captured >= before {
					want += c.pause
				}
				got := clock.Offset(uint32(sent.Seconds()*48000+0.5), arrival)
				if arrival >= before+c.pause+c.settled && (c.stands || captured >= before+c.pause) && (got-want).Abs() > tolerance {
					t.Fatalf("at %v: %v, want %v", arrival, got, want)
				}
			}
		})
	}
}

// TestClockLipSync delays the video by 150 ms on the way; sender reports say so.
func TestClockLipSync(t *testing.T) {
	audio, video := NewClock(48000), NewClock(90000)
	ntp := time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC)
	const late = 150 * time.Millisecond
	var prev time.Duration
	for i := range 600 {
		sent := time.Duration(i) * 20 * time.Millisecond
		a := audio.Offset(uint32(i*960), sent)
		v := video.Follow(audio, uint32(i*1800), sent+late)
		if i == 100 {
			audio.Report(uint32(i*960), ntp.Add(sent), sent)
			video.Report(uint32(i*1800), ntp.Add(sent), sent)
		}
		if i > 0 && v < prev {
			t.Fatalf("frame %d went back from %v to %v", i, prev, v)
		}
		prev = v
		switch skew := v - a; {
		case i < 100 && skew != late:
			t.Fatalf("frame %d: %v before the reports", i, skew)
		case i > 130 && skew != 0:
			t.Fatalf("frame %d: %v after the reports", i, skew)
		}
	}
	if got := video.NTP(1800 * 200); !got.Equal(ntp.Add(4 * time.Second)) {
		t.Errorf("NTP %v", got)
	}
	video.Report(0, ntp.Add(-time.Hour), 0) // a lie does no harm
	if skew := video.Follow(audio, 600*1800, 600*20*time.Millisecond+late) - audio.Offset(600*960, 600*20*time.Millisecond); skew > late {
		t.Errorf("skew %v after a lying report", skew)
	}
}

// FuzzVideo feeds a stream of packets in which everything may be wrong. What
// comes out must be made of what went in, and memory must stay bounded.
func FuzzVideo(f *testing.F) {
	var seed []byte
	_, packets := stream(5, 2, 1)
	for _, ps := range packets {
		for _, p := range ps {
			seed = binary.BigEndian.AppendUint16(seed, p.Seq)
			seed = append(seed, 0, byte(min(len(p.Payload), 40)))
			seed = append(seed, p.Payload[:min(len(p.Payload), 40)]...)
		}
	}
	f.Add(seed)
	f.Add([]byte{0, 1, 0x80, 4, 0x10, 0x9d, 1, 0x2a})
	f.Fuzz(func(t *testing.T, b []byte) {
		v, a := NewVideo(), NewAudio()
		in, out := 0, 0
		for i := 0; len(b) >= 4; i++ {
			n := min(int(b[3]), len(b)-4)
			p := Packet{
				Seq: binary.BigEndian.Uint16(b), Time: uint32(b[2] & 0x7f), Marker: b[2]&0x80 != 0,
				Payload: b[4 : 4+n], At: at(i * 50),
			}
			b = b[4+n:]
			in += n
			v.Push(p)
			a.Push(p)
			for _, fr := range popAll(v, p.At) {
				out += len(fr.Data)
				if len(fr.Data) == 0 {
					t.Fatal("an empty frame")
				}
			}
			for range audioWindow + 1 {
				if _, ok := a.Pop(p.At); !ok {
					break
				}
			}
		}
		if out > in {
			t.Fatalf("%d bytes out of %d", out, in)
		}
	})
}

func FuzzClock(f *testing.F) {
	f.Add(uint32(0), uint32(960), uint32(4e9), int64(20), int64(40))
	f.Fuzz(func(t *testing.T, a, b, c uint32, d1, d2 int64) {
		day := int64(24 * time.Hour)
		x, y := time.Duration(((d1%day)+day)%day), time.Duration(((d2%day)+day)%day)
		clock, silent := NewClock(90000), NewClock(48000)
		for _, s := range []struct {
			rtp     uint32
			arrival time.Duration
		}{{a, 0}, {b, x}, {c, x + y}} {
			clock.Report(s.rtp, t0.Add(time.Duration(a)*time.Duration(d2)), s.arrival)
			off := clock.Follow(silent, s.rtp, s.arrival)
			if off < s.arrival-absurdBehind-maxShift || off > s.arrival+absurdAhead+maxShift {
				t.Fatalf("offset %v for an arrival at %v", off, s.arrival)
			}
		}
	})
}
