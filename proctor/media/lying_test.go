package media

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/pion/interceptor"
	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
	"github.com/pion/srtp/v2"
	"github.com/pion/webrtc/v3"
)

// TestLyingRTP lets a student send every kind of false media through a good
// connection, while a proctor watches that student and an honest one. The honest
// one's pictures and recording are whole, what the liar costs is bounded, and
// what is stored of the liar's are valid files.
func TestLyingRTP(t *testing.T) {
	before := runtime.NumGoroutine()
	sink := newMemorySink()
	node := newTestNode(t, sink)
	room, honest, lying := uuid.New(), uuid.New(), uuid.New()
	recording, lies := uuid.New(), uuid.New()
	s := joinStudent(t, node, studentOptions{room: room, attempt: honest, recording: RecordingStart{ID: recording}})
	s.waitState(t, Live)
	l := joinLiar(t, node, PublishOptions{Room: room, Attempt: lying, Recording: RecordingStart{ID: lies}})
	p := joinProctor(t, node, room)
	if err := p.viewer.Watch([]uuid.UUID{honest, lying}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "pictures and sound of both", func() bool {
		l.honestly(1)
		p.mu.Lock()
		defer p.mu.Unlock()
		return len(p.frames[honest.String()]) > 0 && len(p.frames[lying.String()]) > 0 && p.sounds[honest.String()] > 0 && p.sounds[lying.String()] > 0
	})
	goroutines, heap := runtime.NumGoroutine(), heapInUse()

	stored := len(sink.of(recording))
	for rounds := 0; len(sink.of(recording)) < stored+2; rounds++ {
		if rounds == 5000 {
			t.Fatal("the honest recording does not go on")
		}
		l.lie(rounds)
	}
	seen := len(p.framesOf(honest))
	p.wait("the honest student after the lies", func() bool { return len(p.frames[honest.String()]) >= seen+2 })

	if n := runtime.NumGoroutine(); n > goroutines+20 {
		t.Errorf("%d goroutines, %d before the lies", n, goroutines)
	}
	if grown := heapInUse() - heap; grown > 48<<20 {
		t.Errorf("%d MiB more in use than before the lies", grown>>20)
	}
	l.pub.conn.mu.Lock()
	streams, senders := len(l.pub.conn.streams), len(l.pub.conn.senders)
	l.pub.conn.mu.Unlock()
	if streams > maxStreams || senders > maxStreams || len(l.pub.tracks()) != 2 {
		t.Errorf("the liar has %d streams, %d senders of reports, %d tracks", streams, senders, len(l.pub.tracks()))
	}
	p.viewer.mu.Lock()
	if n := len(p.viewer.downs); n != 4 {
		t.Errorf("the viewer has %d tracks", n)
	}
	p.viewer.mu.Unlock()

	eventually(t, "the liar's picture is given up", func() bool {
		l.nonsense(100) // not all are taken: they are too many at a time
		l.pub.conn.mu.Lock()
		defer l.pub.conn.mu.Unlock()
		return l.pub.recorded.Load().bad == maxBadPackets
	})
	last := l.pub.recorded.Load().last.Load()
	l.honestly(10)
	if l.pub.recorded.Load().last.Load() != last {
		t.Error("a picture that was given up is still taken")
	}

	for _, pub := range []*Publisher{s.pub, l.pub} {
		if err := pub.Close(); err != nil {
			t.Error(err)
		}
	}
	for i, f := range p.framesOf(honest) {
		if f.Lost {
			t.Errorf("frames are lost before the honest student's frame %d", i)
		}
	}
	segments := sink.of(recording)
	checkChain(t, sink, segments)
	if g := gaps(segments); g != "" {
		t.Errorf("gaps in the honest recording: %s", g)
	}
	for i, g := range segments {
		checkSegment(t, s, sink.file(g), g)
		if i > 0 && g.Offset-segments[i-1].Offset-segments[i-1].Duration > time.Millisecond {
			t.Errorf("segment %d begins at %v, the one before ended at %v", i, g.Offset, segments[i-1].Offset+segments[i-1].Duration)
		}
	}
	end := segments[len(segments)-1].Offset + segments[len(segments)-1].Duration

	fabrications := sink.of(lies)
	checkChain(t, sink, fabrications)
	for _, g := range fabrications {
		checkBlocks(t, nil, sink.file(g), g)
	}
	if n, most := len(fabrications), len(segments)+sizeBurst+int(end/sizeEvery)+1; n == 0 || n > most {
		t.Errorf("%d segments of the liar's, want 1 to %d", n, most)
	}

	s.leave()
	l.leave()
	p.leave()
	closeNode(t, node)
	if entries, err := os.ReadDir(node.cfg.SpoolDir); err != nil || len(entries) > 0 {
		t.Errorf("left in the spool: %v, %v", entries, err)
	}
	checkGoroutines(t, before)
}

// TestFlood changes the picture's size 200 times a second and sends sounds ten
// times as often: neither makes a segment of everything, nor a recording that
// runs ahead of time.
func TestFlood(t *testing.T) {
	const length = 20 * time.Second
	k := newTaker(t)
	began := k.now
	var picture, sound uint16
	for n := 0; k.now.Sub(began) < length; n++ {
		k.now = k.now.Add(5 * time.Millisecond)
		stamp := uint32(n) * videoRate / 200
		k.video.take(&rtp.Header{PayloadType: 96, SequenceNumber: picture, Timestamp: stamp, Marker: true}, rtpOf(keyOf(uint16(160+n%2*16), 120)), k.now)
		picture++
		for range 10 {
			k.audio.take(&rtp.Header{PayloadType: 111, SequenceNumber: sound, Timestamp: uint32(sound) * 24}, rtpOf([]byte{0xf8, 1, 2}), k.now)
			sound++
		}
		if n%20 == 0 {
			k.pub.recorder.work()
		}
	}
	segments := k.finish()
	if n, most := len(segments), sizeBurst+int(length/sizeEvery)+int(length/(2*time.Second-keyEarly))+1; n > most {
		t.Errorf("%d segments, want %d at most", n, most)
	}
	last := segments[len(segments)-1]
	if end := last.Offset + last.Duration; end < length-time.Second || end > length+maxAhead+clusterMax {
		t.Errorf("the recording of %v ends at %v", length, end)
	}
}

// rtpOf is a datagram with some payload, whose header nobody reads again.
func rtpOf(payload []byte) []byte {
	return append(append([]byte{0x80}, make([]byte, rtpHeader-1)...), payload...)
}

// TestUndecidedStreams sends authentic packets of ever other streams, none of
// which tells what it is: they are not remembered for ever.
func TestUndecidedStreams(t *testing.T) {
	key := bytes.Repeat([]byte{7}, 16)
	tr := &transport{from: undecided{}}
	if err := tr.contexts(key, key[:12], key, key[:12], gcm); err != nil {
		t.Fatal(err)
	}
	sender, err := srtp.CreateContext(key, key[:12], gcm)
	if err != nil {
		t.Fatal(err)
	}
	first := tr.probe
	for n := range uint32(3 * maxProbes) {
		plain, err := (&rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 96, SSRC: n}, Payload: keyOf(64, 48)}).Marshal()
		if err != nil {
			t.Fatal(err)
		}
		b, err := sender.EncryptRTP(nil, plain, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !tr.receive(b, time.Now()) {
			t.Fatal("an authentic packet is said to be forged")
		}
		if tr.probes >= maxProbes || len(tr.streams) > 0 {
			t.Fatalf("%d probes, %d streams", tr.probes, len(tr.streams))
		}
	}
	if tr.probe == first {
		t.Error("what was tried is remembered for ever")
	}
}

// TestTooMuch sends more than a student can have to send: what is too much is not
// looked at, and what comes later is.
func TestTooMuch(t *testing.T) {
	key := bytes.Repeat([]byte{7}, 16)
	var said bytes.Buffer
	tr := &transport{from: undecided{}, log: slog.New(slog.NewTextHandler(&said, nil)), streams: []stream{{ssrc: 1}}}
	if err := tr.contexts(key, key[:12], key, key[:12], gcm); err != nil {
		t.Fatal(err)
	}
	sender, err := srtp.CreateContext(key, key[:12], gcm)
	if err != nil {
		t.Fatal(err)
	}
	now, seq := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), uint16(0)
	taken := func(packets int, length time.Duration) (n int) {
		for i := range packets {
			plain, err := (&rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 96, SSRC: 1, SequenceNumber: seq}}).Marshal()
			if err != nil {
				t.Fatal(err)
			}
			seq++
			b, err := sender.EncryptRTP(nil, plain, nil)
			if err != nil {
				t.Fatal(err)
			}
			if tr.receive(b, now.Add(length*time.Duration(i)/time.Duration(packets))) {
				n++
			}
		}
		now = now.Add(length)
		return n
	}
	if n := taken(2000, time.Second); n != 2000 || said.Len() > 0 {
		t.Errorf("%d of 2000 packets in a second taken; said: %s", n, &said)
	}
	now = now.Add(time.Minute)
	if n := taken(20_000, 2*time.Second); n < 3*mediaRate || n > 3*mediaRate+2 {
		t.Errorf("%d of 20,000 packets in two seconds taken, want the burst and %d a second", n, mediaRate)
	}
	if lines := strings.Count(said.String(), "\n"); lines != 1 {
		t.Errorf("%d lines are said of it", lines)
	}
	now = now.Add(time.Minute)
	if n := taken(2000, time.Second); n != 2000 {
		t.Errorf("%d of 2000 packets taken afterwards", n)
	}
}

// undecided is a source that cannot tell yet what a stream is.
type undecided struct{}

func (undecided) broke()                             {}
func (undecided) track(*rtp.Header) (*upTrack, bool) { return nil, false }
func (undecided) reports([]byte, time.Time)          {}

func heapInUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// liar is a client whose connection is good and whose packets are whatever is
// written. Its socket is at hand too, for datagrams that are no SRTP at all.
type liar struct {
	t    *testing.T
	m    material
	pub  *Publisher
	pc   *webrtc.PeerConnection
	conn *net.UDPConn
	node net.Addr

	picture, sound liarTrack
	vp8            codecs.VP8Payloader
	others         uint32 // SSRCs made up
}

// liarTrack is pion's TrackLocal that gives its stream away.
type liarTrack struct {
	kind webrtc.RTPCodecType
	once sync.Once
	done chan struct{} // bound

	ssrc    uint32
	payload uint8
	write   func(*rtp.Header, []byte) (int, error)
	seq     uint16
	time    uint32
}

func (k *liarTrack) Bind(c webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	codec := c.CodecParameters()[0]
	k.once.Do(func() {
		k.ssrc, k.payload, k.write = uint32(c.SSRC()), uint8(codec.PayloadType), c.WriteStream().WriteRTP
		close(k.done)
	})
	return codec, nil
}

func (k *liarTrack) Unbind(webrtc.TrackLocalContext) error { return nil }
func (k *liarTrack) ID() string                            { return k.kind.String() }
func (k *liarTrack) RID() string                           { return "" }
func (k *liarTrack) StreamID() string                      { return "liar" }
func (k *liarTrack) Kind() webrtc.RTPCodecType             { return k.kind }

func joinLiar(t *testing.T, n *Node, opts PublishOptions) *liar {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testTimeout)
	defer cancel()
	m, err := testMaterial()
	if err != nil {
		t.Fatal(err)
	}
	l := &liar{t: t, m: m, node: n.Addr()}
	if l.conn, err = net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.leave)
	if l.pub, err = n.Publish(ctx, opts); err != nil {
		t.Fatal(err)
	}
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetICEUDPMux(webrtc.NewICEUDPMux(pionLogs{slog.New(slog.DiscardHandler)}.NewLogger(""), l.conn))
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	var engine webrtc.MediaEngine
	if err := engine.RegisterDefaultCodecs(); err != nil {
		t.Fatal(err)
	}
	api := webrtc.NewAPI(webrtc.WithMediaEngine(&engine), webrtc.WithInterceptorRegistry(&interceptor.Registry{}), webrtc.WithSettingEngine(settings))
	if l.pc, err = api.NewPeerConnection(webrtc.Configuration{}); err != nil {
		t.Fatal(err)
	}
	l.picture, l.sound = liarTrack{kind: webrtc.RTPCodecTypeVideo, done: make(chan struct{})}, liarTrack{kind: webrtc.RTPCodecTypeAudio, done: make(chan struct{})}
	for _, k := range []*liarTrack{&l.picture, &l.sound} {
		if _, err := l.pc.AddTransceiverFromTrack(k, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly}); err != nil {
			t.Fatal(err)
		}
	}
	connected := make(chan struct{})
	var once sync.Once
	l.pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateConnected {
			once.Do(func() { close(connected) })
		}
	})
	offer, err := l.pc.CreateOffer(nil)
	if err == nil {
		err = l.pc.SetLocalDescription(offer)
	}
	if err != nil {
		t.Fatal(err)
	}
	answer, err := l.pub.Offer(ctx, offer.SDP)
	if err == nil {
		err = l.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer})
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, ready := range []chan struct{}{connected, l.picture.done, l.sound.done} {
		select {
		case <-ready:
		case <-ctx.Done():
			t.Fatal("the liar is not connected")
		}
	}
	return l
}

// leave closes the connection. It may be called twice.
func (l *liar) leave() {
	if l.pc != nil {
		_ = l.pc.GracefulClose()
	}
	_ = l.conn.Close()
}

// send writes one packet of a track. Each change is of its header.
func (l *liar) send(k *liarTrack, payload []byte, changes ...func(*rtp.Header)) {
	h := rtp.Header{Version: 2, PayloadType: k.payload, SequenceNumber: k.seq, Timestamp: k.time, SSRC: k.ssrc, Marker: true}
	k.seq++
	for _, change := range changes {
		change(&h)
	}
	if _, err := k.write(&h, payload); err != nil && !errors.Is(err, net.ErrClosed) {
		l.t.Errorf("packet not sent: %v", err)
	}
}

// pace is waited for after every few packets, since a network would do so too.
func (l *liar) pace() {
	timer := time.NewTimer(5 * time.Millisecond)
	defer timer.Stop()
	<-timer.C
}

// honestly sends key frames and sounds as they should be.
func (l *liar) honestly(frames int) {
	for n := range frames {
		parts := l.vp8.Payload(1100, l.m.keys[n%len(l.m.keys)])
		l.picture.time += videoRate / 15
		for i, part := range parts {
			l.send(&l.picture, part, func(h *rtp.Header) { h.Marker = i == len(parts)-1 })
		}
		for i := range 3 {
			l.sound.time += audioRate / 50
			l.send(&l.sound, l.m.opus[(3*n+i)%len(l.m.opus)])
		}
		l.pace()
	}
}

// nonsense sends packets that are not what was agreed on.
func (l *liar) nonsense(packets int) {
	for n := range packets {
		l.send(&l.picture, []byte{0x10, 1}, func(h *rtp.Header) { h.PayloadType = l.sound.payload })
		if n%20 == 0 {
			l.pace()
		}
	}
}

// keyOf is the head of a key frame of some size.
func keyOf(width, height uint16) []byte {
	b := []byte{0x10, 0, 0, 0, 0x9d, 0x01, 0x2a}
	b = binary.LittleEndian.AppendUint16(b, width)
	b = binary.LittleEndian.AppendUint16(b, height)
	return append(b, bytes.Repeat([]byte{0xaa}, 40)...)
}

// lie sends a few packets of the kind whose turn it is.
func (l *liar) lie(round int) {
	defer l.pace()
	picture, sound := &l.picture, &l.sound
	picture.time += videoRate / 30
	sound.time += audioRate / 50
	junk := func(n int) []byte { // the same in every run
		b := make([]byte, n)
		for i := range b {
			b[i] = byte((round + 1) * (i + 7) * 167 >> 3)
		}
		return b
	}
	kinds := []func(){
		func() { // another codec's number, or nobody's
			l.send(picture, keyOf(64, 48), func(h *rtp.Header) { h.PayloadType = sound.payload })
			l.send(sound, l.m.opus[0], func(h *rtp.Header) { h.PayloadType = picture.payload })
			l.send(picture, junk(30), func(h *rtp.Header) { h.PayloadType = uint8(round) & 0x7f })
		},
		func() { // descriptors that end too soon
			for _, b := range [][]byte{{}, {0x80}, {0x90}, {0x90, 0x80}, {0x90, 0xff}, {0x90, 0xff, 0x80}, {0x90, 0xff, 0x80, 1}, {0x10}, {0x10, 0}, keyOf(64, 48)[:8]} {
				l.send(picture, b)
			}
		},
		func() { // pieces of one frame that never ends, each of which begins it
			for range 20 {
				l.send(picture, keyOf(320, 240), func(h *rtp.Header) { h.Marker = false; h.Timestamp = 77 })
			}
		},
		func() { // absurd sizes
			for _, size := range [][2]uint16{{16383, 16383}, {0, 0}, {1, 16383}, {0xffff, 0xffff}, {0, 480}} {
				picture.time += 90
				l.send(picture, keyOf(size[0], size[1]))
			}
		},
		func() { // another size with every frame
			for n := range 8 {
				picture.time += 900
				l.send(picture, keyOf(uint16(160+round%7+n), 120))
			}
		},
		func() { // what need not be VP8
			for n := range 5 {
				picture.time += 90
				l.send(picture, junk(1+n*250))
			}
		},
		func() { // what need not be Opus; 120 ms, or more, of nothing
			for _, b := range [][]byte{{}, {0xff}, {0x1b, 2, 0}, {0x1f, 63}, {0xfb, 48}, {0x03}, junk(1), junk(1200)} {
				sound.time += 7
				l.send(sound, b)
			}
		},
		func() { // padding longer than the packet
			for _, b := range [][]byte{{255}, {1}, {0}, append(keyOf(64, 48), 200), append(keyOf(64, 48), 50)} {
				l.send(picture, b, func(h *rtp.Header) { h.Padding = true })
				l.send(sound, b, func(h *rtp.Header) { h.Padding = true })
			}
		},
		func() { // numbers that jump
			for range 4 {
				picture.seq += 30000
				sound.seq += 30000
				l.send(picture, keyOf(64, 48))
				l.send(sound, l.m.opus[0])
			}
		},
		func() { // time that jumps and runs backwards
			for n := range uint32(6) {
				l.send(picture, keyOf(64, 48), func(h *rtp.Header) { h.Timestamp += 1 << 31 * (n & 1) })
				l.send(sound, l.m.opus[0], func(h *rtp.Header) { h.Timestamp -= n * 96000 })
			}
			picture.time += 1 << 31
			sound.time -= 1 << 31
		},
		func() { // thousands of streams
			for n := range 20 {
				l.others++
				k := []*liarTrack{picture, sound}[n%2]
				l.send(k, keyOf(64, 48), func(h *rtp.Header) { h.SSRC = 0x10000000 + l.others })
			}
		},
		func() { // header extensions that hold nothing, or less than they say
			for _, profile := range []uint16{0xbede, 0x1000, 0x100f, 0x1234} {
				for _, b := range [][]byte{{0xff, 0xff, 0xff, 0xff}, {0x1f, 1, 2, 3}, {0, 0, 0, 0x1f}, junk(16)} {
					h := rtp.Header{}
					h.Extension, h.ExtensionProfile = true, 0x1234 // as which anything is let through
					if err := h.SetExtension(0, b); err != nil {
						l.t.Fatal(err)
					}
					l.send(sound, l.m.opus[0], func(to *rtp.Header) {
						to.Extension, to.ExtensionProfile, to.Extensions = true, profile, h.Extensions
					})
				}
			}
		},
		func() { // no SRTP at all, from the same address
			for n := range uint32(20) {
				b := append([]byte{0x90 | byte(n&0xf), byte(n) * 13}, junk(int(n)*20)...)
				if len(b) >= 12 {
					binary.BigEndian.PutUint32(b[8:], uint32(round)<<8|n)
				}
				if _, err := l.conn.WriteTo(b, l.node); err != nil {
					l.t.Error(err)
				}
			}
		},
	}
	kinds[round%len(kinds)]()
}
