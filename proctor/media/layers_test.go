package media

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
	"github.com/pion/transport/v2/packetio"
	"github.com/pion/webrtc/v3"
)

// browser sends like a browser that knows layers, loudness and congestion
// control: the camera in two layers, a screen, a microphone.
type browser struct {
	pub  *Publisher
	pc   *webrtc.PeerConnection
	sdp  string // of its offer
	work sync.WaitGroup
	stop chan struct{}

	mu sync.Mutex
	of map[uint32]int // which picture an SSRC is

	highOff  atomic.Bool
	loud     atomic.Uint32 // the level extension's byte
	keys     [3]atomic.Int64
	wantKey  [3]atomic.Bool
	arrivals atomic.Int64 // reports of when packets arrived
}

const (
	highLayer = iota
	lowLayer
	screenPicture
)

func joinBrowser(t *testing.T, n *Node, opts PublishOptions) *browser {
	t.Helper()
	m, err := testMaterial()
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{stop: make(chan struct{})}
	b.loud.Store(Silence)
	t.Cleanup(b.leave)
	if b.pub, err = n.Publish(t.Context(), opts); err != nil {
		t.Fatal(err)
	}
	var engine webrtc.MediaEngine
	var registry interceptor.Registry
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	settings.BufferFactory = b.reports
	err = errors.Join(
		engine.RegisterDefaultCodecs(),
		webrtc.ConfigureSimulcastExtensionHeaders(&engine),
		engine.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: extensionLevel}, webrtc.RTPCodecTypeAudio),
		webrtc.ConfigureTWCCHeaderExtensionSender(&engine, &registry),
	)
	if err != nil {
		t.Fatal(err)
	}
	engine.RegisterFeedback(webrtc.RTCPFeedback{Type: "transport-cc"}, webrtc.RTPCodecTypeVideo)
	engine.RegisterFeedback(webrtc.RTCPFeedback{Type: "transport-cc"}, webrtc.RTPCodecTypeAudio)
	api := webrtc.NewAPI(webrtc.WithMediaEngine(&engine), webrtc.WithInterceptorRegistry(&registry), webrtc.WithSettingEngine(settings))
	if b.pc, err = api.NewPeerConnection(webrtc.Configuration{}); err != nil {
		t.Fatal(err)
	}
	track := func(mime, id string, options ...func(*webrtc.TrackLocalStaticRTP)) *webrtc.TrackLocalStaticRTP {
		k, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: mime}, id, "browser", options...)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	add := func(k webrtc.TrackLocal) *webrtc.RTPTransceiver {
		tr, err := b.pc.AddTransceiverFromTrack(k, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
		if err != nil {
			t.Fatal(err)
		}
		return tr
	}
	low, high := track(webrtc.MimeTypeVP8, "camera", webrtc.WithRTPStreamID(layerLow)), track(webrtc.MimeTypeVP8, "camera", webrtc.WithRTPStreamID(layerHigh))
	sound, screen := track(webrtc.MimeTypeOpus, "microphone"), track(webrtc.MimeTypeVP8, "screen")
	camera := add(low)
	if err := camera.Sender().AddEncoding(high); err != nil {
		t.Fatal(err)
	}
	microphone, display := add(sound), add(screen)

	connected := make(chan struct{})
	var once sync.Once
	b.pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateConnected {
			once.Do(func() { close(connected) })
		}
	})
	offer, err := b.pc.CreateOffer(nil)
	if err == nil {
		err = b.pc.SetLocalDescription(offer)
	}
	if err != nil {
		t.Fatal(err)
	}
	b.sdp = strings.Replace(offer.SDP, "a=mid:2\r\n", "a=mid:2\r\na=content:slides\r\n", 1)
	answer, err := b.pub.Offer(t.Context(), b.sdp)
	if err == nil {
		err = b.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer})
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, answer)
	}
	if line(answer, "a=simulcast:recv l;h") == "" {
		t.Fatalf("the layers are not taken:\n%s", answer)
	}
	if got := strings.Contains(section(answer, 2), "a=inactive"); got != (opts.Screen == nil) {
		t.Fatalf("the screen's section is inactive: %v", got)
	}
	select {
	case <-connected:
	case <-time.After(testTimeout):
		t.Fatal("not connected")
	}

	ids := map[string]uint8{}
	for _, tr := range []*webrtc.RTPTransceiver{camera, microphone, display} {
		for _, e := range tr.Sender().GetParameters().HeaderExtensions {
			ids[e.URI] = uint8(e.ID)
		}
	}
	of := map[uint32]int{uint32(display.Sender().GetParameters().Encodings[0].SSRC): screenPicture}
	for _, e := range camera.Sender().GetParameters().Encodings {
		of[uint32(e.SSRC)] = map[string]int{layerHigh: highLayer, layerLow: lowLayer}[e.RID]
	}
	b.mu.Lock()
	b.of = of
	b.mu.Unlock()
	pictures := [3]*webrtc.TrackLocalStaticRTP{high, low, screen}
	mids := [3]string{camera.Mid(), camera.Mid(), display.Mid()}
	rids := [3]string{layerHigh, layerLow, ""}
	b.work.Go(func() { b.send(m, pictures, sound, mids, rids, ids) })
	return b
}

// reports makes the buffer of a stream that comes in: what it is given is taken
// at once, since pion's own way to read a layer's reports races with its end.
func (b *browser) reports(kind packetio.BufferPacketType, _ uint32) io.ReadWriteCloser {
	return &reportBuffer{b: b, rtcp: kind == packetio.RTCPBufferPacket, closed: make(chan struct{})}
}

type reportBuffer struct {
	b      *browser
	rtcp   bool
	once   sync.Once
	closed chan struct{}
}

func (r *reportBuffer) Write(p []byte) (int, error) {
	if packets, err := rtcp.Unmarshal(p); err == nil && r.rtcp {
		for _, k := range packets {
			r.b.obey(k)
		}
	}
	return len(p), nil
}

func (r *reportBuffer) Read([]byte) (int, error) {
	<-r.closed
	return 0, io.EOF
}

func (r *reportBuffer) Close() error {
	r.once.Do(func() { close(r.closed) })
	return nil
}

func (b *browser) obey(p rtcp.Packet) {
	switch p := p.(type) {
	case *rtcp.PictureLossIndication:
		b.mu.Lock()
		k, ok := b.of[p.MediaSSRC]
		b.mu.Unlock()
		if ok {
			b.keys[k].Add(1)
			b.wantKey[k].Store(true)
		}
	case *rtcp.TransportLayerCC:
		b.arrivals.Add(1)
	}
}

func (b *browser) send(m material, pictures [3]*webrtc.TrackLocalStaticRTP, sound *webrtc.TrackLocalStaticRTP, mids, rids [3]string, ids map[string]uint8) {
	const step = 20 * time.Millisecond
	tick := time.NewTicker(step)
	defer tick.Stop()
	var vp8 codecs.VP8Payloader
	var seq [3]uint16
	frame := 0
	for i := 0; ; i++ {
		select {
		case <-b.stop:
			return
		case <-tick.C:
		}
		p := &rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: uint16(i), Timestamp: uint32(i) * 960}, Payload: m.opus[i%len(m.opus)]}
		if err := p.SetExtension(ids[extensionLevel], []byte{byte(b.loud.Load())}); err != nil || sound.WriteRTP(p) != nil {
			return
		}
		if time.Duration(i)*step < time.Duration(frame)*time.Second/testFPS {
			continue
		}
		for k, picture := range pictures {
			if k == highLayer && b.highOff.Load() { // browsers probe the network with padding then
				p := &rtp.Packet{Header: rtp.Header{Version: 2, Padding: true, SequenceNumber: seq[k], Timestamp: uint32(k)*7777777 + uint32(frame)*90000/testFPS}, Payload: append(make([]byte, 199), 200)}
				seq[k]++
				if p.SetExtension(ids[extensionMID], []byte(mids[k])) != nil || p.SetExtension(ids[extensionRID], []byte(rids[k])) != nil || picture.WriteRTP(p) != nil {
					return
				}
				continue
			}
			data := m.frames[frame%len(m.frames)]
			if b.wantKey[k].Swap(false) || seq[k] == 0 {
				data = m.keys[frame%len(m.keys)]
			}
			parts := vp8.Payload(1100, data)
			for n, part := range parts {
				p := &rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: seq[k], Timestamp: uint32(k)*7777777 + uint32(frame)*90000/testFPS, Marker: n == len(parts)-1}, Payload: part}
				seq[k]++
				if p.SetExtension(ids[extensionMID], []byte(mids[k])) != nil || rids[k] != "" && p.SetExtension(ids[extensionRID], []byte(rids[k])) != nil {
					return
				}
				if picture.WriteRTP(p) != nil {
					return
				}
			}
		}
		frame++
	}
}

func (b *browser) leave() {
	select {
	case <-b.stop:
		return
	default:
		close(b.stop)
	}
	if b.pc != nil {
		_ = b.pc.GracefulClose()
	}
	b.work.Wait()
}

func (b *browser) layer(m Media) *upTrack {
	for _, u := range b.pub.tracks() {
		if u.media == m {
			return u
		}
	}
	return nil
}

// TestLayers records the better layer, the other one while that does not come,
// and the screen beside; what nobody watches costs nothing.
func TestLayers(t *testing.T) {
	sink := newMemorySink()
	node := newTestNode(t, sink)
	started := time.Now()
	recording, screen := RecordingStart{ID: uuid.New(), Started: started}, RecordingStart{ID: uuid.New(), Started: started}
	b := joinBrowser(t, node, PublishOptions{Room: uuid.New(), Attempt: uuid.New(), Recording: recording, Screen: &screen})
	eventually(t, "all tracks", func() bool { return len(b.pub.tracks()) == 4 })
	high, low := b.layer(Video), b.layer(Low)
	sink.waitFor(t, recording.ID, 2)
	if b.pub.recorded.Load() != high {
		t.Error("the better layer is not the one that is recorded")
	}
	if low.cache.count() != 0 || b.keys[lowLayer].Load() != 0 {
		t.Error("the layer nobody watches is kept, or asked for key frames")
	}
	if b.layer(Screen) == nil || len(b.pub.tracks()) != 4 {
		t.Errorf("tracks: %v", b.pub.tracks())
	}

	watcher := joinProctor(t, node, b.pub.opts.Room)
	attempt := b.pub.opts.Attempt
	if err := watcher.viewer.Show(Scene{Small: []uuid.UUID{attempt}, Large: []uuid.UUID{attempt}}); err != nil {
		t.Fatal(err)
	}
	// large waits until a layer comes as the large picture.
	large := func(what string, layer *upTrack) {
		t.Helper()
		watcher.wait(what, func() bool {
			watcher.viewer.mu.Lock()
			defer watcher.viewer.mu.Unlock()
			return slices.ContainsFunc(watcher.viewer.downs, func(d *downTrack) bool {
				d.mu.Lock()
				defer d.mu.Unlock()
				return d.shown == shown{layer, Video} && d.packets > 50
			})
		})
	}
	large("the better layer, large", high)
	watcher.shows("the same and a tile", Low, Screen, Video)
	b.highOff.Store(true)
	eventually(t, "the lower layer recorded", func() bool { return b.pub.recorded.Load() == low })
	large("what is recorded, large", low)
	watcher.shows("the same and a tile", Low, Screen, Video)
	before := len(sink.of(recording.ID))
	sink.waitFor(t, recording.ID, before+2)
	if low.cache.count() == 0 {
		t.Error("what is recorded is not kept")
	}
	b.highOff.Store(false)
	eventually(t, "the better layer recorded again", func() bool { return b.pub.recorded.Load() == high })
	large("the better layer again", high)
	watcher.shows("that and a tile", Low, Screen, Video)
	before = len(sink.of(recording.ID))
	sink.waitFor(t, recording.ID, before+2)

	for _, c := range []struct {
		name  string
		scene Scene
		want  []Media
	}{
		{"a tile", Scene{Small: []uuid.UUID{attempt, attempt}}, []Media{Low}},
		{"large and a tile", Scene{Small: []uuid.UUID{attempt}, Large: []uuid.UUID{attempt}}, []Media{Low, Screen, Video}},
		{"heard too", Scene{Large: []uuid.UUID{attempt}, Heard: []uuid.UUID{attempt}}, []Media{Audio, Screen, Video}},
		{"another's", Scene{Small: []uuid.UUID{uuid.New()}, Heard: []uuid.UUID{uuid.New()}}, nil},
	} {
		if err := watcher.viewer.Show(c.scene); err != nil {
			t.Fatal(err)
		}
		watcher.shows(c.name, c.want...)
	}

	eventually(t, "reports of arrivals", func() bool { return b.arrivals.Load() > 10 })
	if level, ok := b.pub.Level(); !ok || level.Below != Silence || level.Voice {
		t.Errorf("silence: %+v, %v", level, ok)
	}
	b.loud.Store(0x80 | 12)
	eventually(t, "a voice", func() bool { level, _ := b.pub.Level(); return level == Level{Below: 12, Voice: true} })

	b.leave()
	if err := b.pub.Close(); err != nil {
		t.Fatal(err)
	}
	for _, id := range []uuid.UUID{recording.ID, screen.ID} {
		segments := sink.of(id)
		checkChain(t, sink, segments)
		for i, s := range segments {
			checkSegment(t, nil, sink.file(s), s)
			if i > 0 && s.Offset-segments[i-1].Offset-segments[i-1].Duration > layerLost+2*time.Second {
				t.Errorf("segment %d begins %v after the one before", i, s.Offset-segments[i-1].Offset-segments[i-1].Duration)
			}
			if s.Audio != (id == recording.ID) || !s.Video && id == screen.ID {
				t.Errorf("segment %d: video %v, audio %v", i, s.Video, s.Audio)
			}
		}
	}
	camera, display := sink.of(recording.ID)[0], sink.of(screen.ID)[0]
	if d := camera.Started.Sub(display.Started); d.Abs() > 500*time.Millisecond {
		t.Errorf("camera and screen begin %v apart", d)
	}
}

// TestScreenTakenBack takes a screen back and shares it again: the camera goes on,
// and what comes of the screen between is neither shown nor recorded.
func TestScreenTakenBack(t *testing.T) {
	sink := newMemorySink()
	node := newTestNode(t, sink)
	started := time.Now()
	recording, screen := RecordingStart{ID: uuid.New(), Started: started}, RecordingStart{ID: uuid.New(), Started: started}
	b := joinBrowser(t, node, PublishOptions{Room: uuid.New(), Attempt: uuid.New(), Recording: recording, Screen: &screen})
	watcher := joinProctor(t, node, b.pub.opts.Room)
	if err := watcher.viewer.Show(Scene{Large: []uuid.UUID{b.pub.opts.Attempt}}); err != nil {
		t.Fatal(err)
	}
	watcher.shows("camera and screen", Screen, Video)
	eventually(t, "a screen that arrives", b.pub.Sharing)
	sink.waitFor(t, screen.ID, 1)

	at := strings.LastIndex(b.sdp, "m=video")
	back := b.sdp[:at] + strings.Replace(b.sdp[at:], "a=sendonly", "a=inactive", 1)
	if _, err := b.pub.Offer(t.Context(), back); err != nil {
		t.Fatal(err)
	}
	if b.pub.Sharing() {
		t.Error("a screen that was taken back is shared")
	}
	watcher.shows("the camera alone", Video)
	ended, camera := time.Now(), len(sink.of(recording.ID))
	sink.waitFor(t, recording.ID, camera+4) // longer than a screen that sends nothing keeps its segment open

	again := time.Now()
	if _, err := b.pub.Offer(t.Context(), b.sdp); err != nil {
		t.Fatal(err)
	}
	watcher.shows("camera and screen again", Screen, Video)
	eventually(t, "a screen that arrives again", b.pub.Sharing)
	sink.waitFor(t, screen.ID, len(sink.of(screen.ID))+1)
	b.leave()
	if err := b.pub.Close(); err != nil {
		t.Fatal(err)
	}
	segments := sink.of(screen.ID)
	checkChain(t, sink, segments)
	gaps := 0
	for _, s := range segments {
		checkSegment(t, nil, sink.file(s), s)
		if s.Started.After(again.Add(-100 * time.Millisecond)) {
			gaps += len(s.Gaps)
		} else if end := s.Started.Add(s.Duration); end.After(ended.Add(time.Second)) {
			t.Errorf("segment %d goes on until %v after the screen was taken back", s.Number, end.Sub(ended))
		}
	}
	if gaps == 0 {
		t.Error("no gap while the screen was not shared")
	}
}

// TestScreenNotWanted takes no screen that nobody asked for.
func TestScreenNotWanted(t *testing.T) {
	sink := newMemorySink()
	node := newTestNode(t, sink)
	b := joinBrowser(t, node, PublishOptions{Room: uuid.New(), Attempt: uuid.New(), Recording: RecordingStart{ID: uuid.New()}})
	sink.waitFor(t, b.pub.opts.Recording.ID, 1)
	if b.layer(Screen) != nil {
		t.Error("a screen was taken")
	}
	opts := b.pub.opts
	opts.Screen = &RecordingStart{ID: opts.Recording.ID}
	if _, err := node.Publish(context.Background(), opts); err == nil {
		t.Error("one recording for camera and screen")
	}
	if p, ok := node.Publisher(opts.Attempt); !ok || p != b.pub {
		t.Error("the refused publisher took over")
	}
}

func (c *packetCache) count() (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.ring {
		if p != nil {
			n++
		}
	}
	return n
}
