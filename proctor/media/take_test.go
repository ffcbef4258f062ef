package media

import (
	"encoding/binary"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/pion/rtp"

	"ochno/proctor/media/webm"
)

// FuzzTake feeds tracks with authentic rubbish: RTP and RTCP of any shape at any
// time. Whatever the recorder makes of it are whole WebM files in a chain.
func FuzzTake(f *testing.F) {
	var seed []byte
	add := func(kind byte, wait byte, b []byte) {
		seed = append(seed, kind, wait)
		seed = binary.BigEndian.AppendUint16(seed, uint16(len(b)))
		seed = append(seed, b...)
	}
	for n := range 40 {
		payload := []byte{0x10, 1, 0, 0, 0x9d, 0x01, 0x2a, 64, 0, 48, 0, 9, 9}
		if n%10 == 0 {
			payload[1] = 0
		}
		b, err := (&rtp.Packet{Header: rtp.Header{Version: 2, Marker: true, PayloadType: 96, SequenceNumber: uint16(65530 + n), Timestamp: uint32(n * 4500), SSRC: 1}, Payload: payload}).Marshal()
		if err != nil {
			f.Fatal(err)
		}
		add(0, 50, b)
		b, err = (&rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 111, SequenceNumber: uint16(n), Timestamp: uint32(n * 960), SSRC: 2}, Payload: []byte{0xf8, 1, 2}}).Marshal()
		if err != nil {
			f.Fatal(err)
		}
		add(1, 0, b)
	}
	add(2, 0, []byte{0x80, 200, 0, 6, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 1})
	f.Add(seed)
	f.Add([]byte{0, 255, 0, 1, 0x80, 3, 255, 255, 255})

	f.Fuzz(func(t *testing.T, b []byte) {
		k := newTaker(t)
		reports := func(b []byte) { k.pub.reports(b, k.now) }
		takes := []func([]byte){taking(k.video), taking(k.audio), reports, reports}
		for n := 0; len(b) >= 4 && n < 2000; n++ {
			kind, size := b[0], min(int(binary.BigEndian.Uint16(b[2:])), len(b)-4, receiveMTU)
			k.now = k.now.Add(time.Duration(b[1]) * time.Millisecond)
			takes[kind%4](b[4 : 4+size])
			if kind&0x80 != 0 {
				k.pub.recorder.work()
			}
			b = b[4+size:]
		}
		k.finish()
		if len(k.video.reception.missing) > maxMissing || len(k.audio.reception.missing) > maxMissing {
			t.Fatal("more packets missing than are remembered")
		}
	})
}

// taker is a publisher's tracks and its recorder on a clock of their own.
type taker struct {
	t            *testing.T
	now          time.Time
	pub          *Publisher
	video, audio *upTrack
	chain        *chain
}

func newTaker(t *testing.T) *taker {
	k := &taker{t: t, now: time.Date(2026, 5, 20, 9, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return k.now }
	sp, err := openSpool(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sp.lock.Close(); err != nil {
			t.Error(err)
		}
	})
	k.pub = &Publisher{node: &Node{now: clock}, log: slog.New(slog.DiscardHandler)}
	k.pub.keys.send = func() {}
	k.chain = newChain(RecordingStart{ID: uuid.New()}, nil, nil, nil)
	k.chain.users = 1
	k.pub.recorder = newRecorder(recorderConfig{
		log: k.pub.log, now: clock, keys: &k.pub.keys, each: func(time.Time) {}, spool: sp, chain: k.chain, started: k.now, duration: 2 * time.Second,
	})
	k.video = newUpTrack(k.pub, Video, 1, &mediaSection{payload: 96})
	k.audio = newUpTrack(k.pub, Audio, 2, &mediaSection{payload: 111, extensions: []extension{{1, extensionLevel}}})
	k.pub.recorded.Store(k.video)
	k.pub.video, k.pub.audio = k.video, k.audio
	return k
}

// finish ends the recording and checks what there is of it.
func (k *taker) finish() []Segment {
	k.pub.recorder.work()
	k.pub.recorder.out.finish()
	for i, s := range k.chain.queue {
		file, err := os.Open(s.Path)
		if err != nil {
			k.t.Fatal(err)
		}
		_, err = webm.Scan(file, func(webm.Block) error { return nil })
		file.Close()
		if err != nil {
			k.t.Fatalf("segment %d: %v", i, err)
		}
		if s.Number != i || i > 0 && s.PrevSHA256 != k.chain.queue[i-1].SHA256 {
			k.t.Fatalf("segment %d is number %d", i, s.Number)
		}
	}
	return k.chain.queue
}

// taking lets a track take packets in the clear, as transport does.
func taking(u *upTrack) func([]byte) {
	var h rtp.Header
	return func(b []byte) {
		if _, err := h.Unmarshal(b); err == nil {
			u.take(&h, b, u.pub.node.now())
		}
	}
}
