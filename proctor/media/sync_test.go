package media

import (
	"bytes"
	"encoding/binary"
	"log/slog"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"ochno/proctor/media/webm"
)

// simulated is a publisher without a network: its packets are handed to the real tracks and recorders at moments of a clock of its own.
type simulated struct {
	pub   *Publisher
	phone *Publisher
	now   time.Time
	sp    *spool
	chain []*chain
}

func simulate(t *testing.T, now time.Time, camera, screen, phone RecordingStart) *simulated {
	t.Helper()
	s := &simulated{now: now}
	var err error
	if s.sp, err = openSpool(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	clock := func() time.Time { return s.now }
	for _, p := range []**Publisher{&s.pub, &s.phone} {
		*p = &Publisher{node: &Node{now: clock}, log: slog.New(slog.DiscardHandler)}
		(*p).keys.send, (*p).displayKeys.send = func() {}, func() {}
	}
	recorderOf := func(start RecordingStart, keys *keyRequests) *recorder {
		c := newChain(start, nil, nil, nil)
		c.users = 1
		s.chain = append(s.chain, c)
		return newRecorder(recorderConfig{
			log: s.pub.log, now: clock, keys: keys, each: func(time.Time) {}, spool: s.sp, chain: c, started: start.Started, duration: 5 * time.Second,
		})
	}
	s.pub.recorder, s.pub.display = recorderOf(camera, &s.pub.keys), recorderOf(screen, &s.pub.displayKeys)
	s.phone.recorder = recorderOf(phone, &s.phone.keys)
	return s
}

// marks are where the marked pictures of the n-th recording are, in wall-clock time.
func (s *simulated) marks(t *testing.T, n int, started time.Time) map[uint32]time.Time {
	t.Helper()
	found := map[uint32]time.Time{}
	for _, segment := range s.chain[n].queue {
		data, err := os.ReadFile(segment.Path)
		if err != nil {
			t.Fatal(err)
		}
		_, err = webm.Scan(bytes.NewReader(data), func(b webm.Block) error {
			if end := len(b.Data) - 8; end > 0 && string(b.Data[end:end+4]) == "MARK" {
				found[binary.BigEndian.Uint32(b.Data[end+4:])] = started.Add(b.Timecode)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// sent is a packet or a report on its way.
type sent struct {
	at   time.Time
	give func(at time.Time)
}

// TestInStep records camera, microphone and screen of one machine, each captured by a clock of its own and coming by its own way, and the camera of a
// phone that has nothing in common with it: the same moment stands at the same place of all recordings, to 100 ms, from the second second on.
func TestInStep(t *testing.T) {
	began := time.Date(2026, 5, 20, 9, 0, 0, 0, time.UTC)
	random := rand.New(rand.NewPCG(1, 2))
	camera := RecordingStart{ID: uuid.New(), Started: began}
	screen := RecordingStart{ID: uuid.New(), Started: began.Add(-41700 * time.Millisecond)} // it was begun by an earlier connection
	phone := RecordingStart{ID: uuid.New(), Started: began.Add(-5 * time.Second)}
	s := simulate(t, began, camera, screen, phone)
	video := newUpTrack(s.pub, Video, 1, &mediaSection{payload: 96})
	audio := newUpTrack(s.pub, Audio, 2, &mediaSection{payload: 111})
	display := newUpTrack(s.pub, Screen, 3, &mediaSection{payload: 97})
	other := newUpTrack(s.phone, Video, 4, &mediaSection{payload: 96})
	s.phone.video = other
	s.phone.recorded.Store(other)
	s.pub.video, s.pub.audio, s.pub.screen = video, audio, display
	s.pub.recorded.Store(video)
	s.pub.displayed.Store(display)

	const seconds = 30
	var way []sent
	later := func(captured time.Duration, delay, jitter time.Duration, give func(at time.Time)) {
		way = append(way, sent{began.Add(captured + delay + time.Duration(random.Int64N(int64(jitter)))), give})
	}
	// The sender's clock is three minutes ahead; each medium's RTP time begins anywhere.
	stamp := func(base uint32, rate int64, captured time.Duration) uint32 {
		return base + uint32(int64(captured)*rate/int64(time.Second))
	}
	report := func(captured, ahead time.Duration, ssrc, at uint32) []byte {
		b, err := (&rtcp.SenderReport{SSRC: ssrc, NTPTime: toNTP(began.Add(captured + ahead)), RTPTime: at}).Marshal()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	const computer, pocket = 3 * time.Minute, -7 * time.Minute // how far their clocks are ahead
	picture := func(u *upTrack, payload uint8, base uint32, step, delay, jitter, ahead time.Duration) {
		for n := 0; time.Duration(n)*step < seconds*time.Second; n++ {
			captured := time.Duration(n) * step
			frame := []byte{0x10, 0, 0, 0, 0x9d, 0x01, 0x2a, 64, 0, 48, 0, 9, 9}
			if captured%time.Second == 0 { // both see this moment
				frame = binary.BigEndian.AppendUint32(append(frame, "MARK"...), uint32(captured/time.Second))
			} else {
				frame[1] = 1
			}
			p := rtp.Packet{Header: rtp.Header{Version: 2, Marker: true, PayloadType: payload, SequenceNumber: uint16(60000 + n), Timestamp: stamp(base, videoRate, captured), SSRC: u.ssrc}, Payload: frame}
			b, err := p.Marshal()
			if err != nil {
				t.Fatal(err)
			}
			later(captured, delay, jitter, func(time.Time) { taking(u)(b) })
		}
		for captured := 200 * time.Millisecond; captured < seconds*time.Second; captured += time.Second {
			b := report(captured, ahead, u.ssrc, stamp(base, videoRate, captured))
			reportDelay, reportJitter := 20*time.Millisecond, 10*time.Millisecond
			if ahead == pocket {
				reportDelay, reportJitter = 60*time.Millisecond, jitter
			}
			later(captured, reportDelay, reportJitter, func(at time.Time) { u.pub.reports(b, at) })
		}
	}
	picture(video, 96, 4000000000, time.Second/20, 60*time.Millisecond, 30*time.Millisecond, computer)
	picture(display, 97, 77, time.Second/5, 400*time.Millisecond, 60*time.Millisecond, computer) // a large picture takes long to be coded
	picture(other, 96, 3999, time.Second/20, 180*time.Millisecond, 90*time.Millisecond, pocket)  // a slow phone on a mobile network
	for n := 0; n < seconds*50; n++ {
		captured := time.Duration(n) * 20 * time.Millisecond
		b, err := (&rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 111, SequenceNumber: uint16(n), Timestamp: stamp(123456, audioRate, captured), SSRC: 2}, Payload: []byte{0xf8, 1, 2}}).Marshal()
		if err != nil {
			t.Fatal(err)
		}
		later(captured, 40*time.Millisecond, 15*time.Millisecond, func(time.Time) { taking(audio)(b) })
	}
	for captured := 200 * time.Millisecond; captured < seconds*time.Second; captured += time.Second {
		b := report(captured, computer, 2, stamp(123456, audioRate, captured))
		later(captured, 20*time.Millisecond, 10*time.Millisecond, func(at time.Time) { s.pub.reports(b, at) })
	}
	s.run(way)

	cameraMarks := s.marks(t, 0, camera.Started)
	for what, marks := range map[string]map[uint32]time.Time{"screen": s.marks(t, 1, screen.Started), "phone": s.marks(t, 2, phone.Started)} {
		var worst time.Duration
		compared := 0
		for mark, at := range cameraMarks {
			other, ok := marks[mark]
			if !ok || mark < 2 {
				continue
			}
			compared++
			worst = max(worst, other.Sub(at).Abs())
		}
		t.Logf("%s: %d moments compared, at most %v apart", what, compared, worst)
		if compared < seconds-4 || worst > 100*time.Millisecond {
			t.Errorf("%s: %d of %d moments compared, at most %v apart", what, compared, seconds, worst)
		}
	}
}

// run hands everything over in the order in which it arrives, and lets the recorders work meanwhile.
func (s *simulated) run(way []sent) {
	slices.SortStableFunc(way, func(a, b sent) int { return a.at.Compare(b.at) })
	turn := s.now
	for _, p := range way {
		for turn.Add(recorderTick).Before(p.at) {
			turn = turn.Add(recorderTick)
			s.now = turn
			s.work()
		}
		s.now = p.at
		p.give(p.at)
	}
	s.now = s.now.Add(10 * time.Second)
	s.work()
	for _, r := range []*recorder{s.pub.recorder, s.pub.display, s.phone.recorder} {
		r.out.finish()
	}
}

func (s *simulated) work() {
	s.pub.recorder.work()
	s.pub.display.work()
	s.phone.recorder.work()
}
