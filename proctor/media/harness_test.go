package media

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/pion/ice/v2"
	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v3"
	"github.com/pion/webrtc/v3/pkg/media"
	"github.com/pion/webrtc/v3/pkg/media/ivfreader"
	"github.com/pion/webrtc/v3/pkg/media/oggreader"

	"ochno/proctor/media/assemble"
)

const testTimeout = 40 * time.Second // of any wait; a failure, not a pace

// material is real VP8 and Opus, made by ffmpeg once.
type material struct {
	frames [][]byte // the first is a key frame
	keys   [][]byte // the same pictures, all key frames
	opus   [][]byte // 20 ms each
}

const (
	testFPS    = 15
	testWidth  = 160
	testHeight = 120
)

var testMaterial = sync.OnceValues(func() (material, error) {
	dir, err := os.MkdirTemp("", "media")
	if err != nil {
		return material{}, err
	}
	defer os.RemoveAll(dir)
	picture := fmt.Sprintf("testsrc2=size=%dx%d:rate=%d", testWidth, testHeight, testFPS)
	vp8 := []string{"-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-auto-alt-ref", "0"}
	run := func(name string, args ...string) error {
		args = append([]string{"-v", "error", "-f", "lavfi"}, args...)
		out, err := exec.Command("ffmpeg", append(args, filepath.Join(dir, name))...).CombinedOutput()
		if errors.Is(err, exec.ErrNotFound) {
			return errors.New("ffmpeg is missing: apt-get install ffmpeg")
		}
		if err != nil {
			return fmt.Errorf("ffmpeg: %w: %s", err, out)
		}
		return nil
	}
	err = errors.Join(
		run("frames.ivf", append([]string{"-i", picture, "-t", "4"}, append(vp8, "-g", "9999", "-b:v", "300k")...)...),
		run("keys.ivf", append([]string{"-i", picture, "-t", "4"}, append(vp8, "-g", "1", "-b:v", "1M")...)...),
		run("sound.ogg", "-i", "sine=frequency=440:sample_rate=48000", "-t", "4", "-c:a", "libopus", "-b:a", "24k", "-page_duration", "20000"),
	)
	if err != nil {
		return material{}, err
	}
	var m material
	if m.frames, err = readIVF(filepath.Join(dir, "frames.ivf")); err != nil {
		return m, err
	}
	if m.keys, err = readIVF(filepath.Join(dir, "keys.ivf")); err != nil {
		return m, err
	}
	m.opus, err = readOgg(filepath.Join(dir, "sound.ogg"))
	return m, err
})

func readIVF(path string) (frames [][]byte, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r, _, err := ivfreader.NewWith(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	for {
		f, _, err := r.ParseNextFrame()
		if errors.Is(err, io.EOF) {
			return frames, nil
		}
		if err != nil {
			return nil, err
		}
		frames = append(frames, f)
	}
}

func readOgg(path string) (packets [][]byte, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r, _, err := oggreader.NewWith(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	for {
		p, _, err := r.ParseNextPage()
		if errors.Is(err, io.EOF) {
			return packets[1:], nil // without the comments
		}
		if err != nil {
			return nil, err
		}
		packets = append(packets, p)
	}
}

// memorySink keeps what it is given, like an object store with rows.
type memorySink struct {
	mu       sync.Mutex
	segments []Segment
	files    map[string][]byte // by recording and number
	fail     error
	changed  chan struct{}
}

func newMemorySink() *memorySink {
	return &memorySink{files: map[string][]byte{}, changed: make(chan struct{})}
}

func (m *memorySink) StoreSegment(_ context.Context, s Segment) error {
	b, err := os.ReadFile(s.Path)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	if sha256.Sum256(b) != s.SHA256 || int64(len(b)) != s.Size {
		return errors.New("the file is not what the segment says")
	}
	m.segments = append(m.segments, s)
	m.files[segmentName(s.Recording, s.Number)] = b
	close(m.changed)
	m.changed = make(chan struct{})
	return os.Remove(s.Path)
}

func (m *memorySink) setFail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail = err
}

func (m *memorySink) of(recording uuid.UUID) (segments []Segment) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.segments {
		if s.Recording == recording {
			segments = append(segments, s)
		}
	}
	return segments
}

func (m *memorySink) file(s Segment) []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.files[segmentName(s.Recording, s.Number)]
}

// waitFor waits until a recording has n segments.
func (m *memorySink) waitFor(t *testing.T, recording uuid.UUID, n int) []Segment {
	t.Helper()
	deadline := time.After(testTimeout)
	for {
		m.mu.Lock()
		changed := m.changed
		m.mu.Unlock()
		if got := m.of(recording); len(got) >= n {
			return got
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("%d of %d segments stored", len(m.of(recording)), n)
		}
	}
}

func testLogger(t testing.TB) *slog.Logger {
	return slog.New(slog.NewTextHandler(testWriter{t}, &slog.HandlerOptions{Level: slog.LevelInfo}))
}

type testWriter struct{ t testing.TB }

func (w testWriter) Write(b []byte) (int, error) {
	w.t.Log(string(bytes.TrimSpace(b)))
	return len(b), nil
}

// newTestNode is closed with the test, unless it was before.
func newTestNode(t *testing.T, sink Sink, change ...func(*Config)) *Node {
	t.Helper()
	cfg := Config{
		Logger: testLogger(t), UDPAddr: "127.0.0.1:0", SpoolDir: t.TempDir(),
		SegmentDuration: 1500 * time.Millisecond, Sink: sink,
	}
	for _, c := range change {
		c(&cfg)
	}
	n, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := endNode(n); err != nil && !errors.Is(err, ErrClosed) {
			t.Errorf("close node: %v", err)
		}
	})
	return n
}

func endNode(n *Node) error {
	ctx, cancel := context.WithTimeout(context.Background(), testTimeout)
	defer cancel()
	return n.Close(ctx)
}

func closeNode(t *testing.T, n *Node) {
	t.Helper()
	if err := endNode(n); err != nil {
		t.Errorf("close node: %v", err)
	}
}

// clientAPI makes a client with pion's payload types, or with other ones, as
// Firefox has them. Without networks it is UDP.
func clientAPI(vp8, opus webrtc.PayloadType, networks ...webrtc.NetworkType) (*webrtc.API, error) {
	if len(networks) == 0 {
		networks = []webrtc.NetworkType{webrtc.NetworkTypeUDP4}
	}
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	settings.SetNetworkTypes(networks)
	var codecs webrtc.MediaEngine
	err := errors.Join(
		codecs.RegisterCodec(webrtc.RTPCodecParameters{
			RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000}, PayloadType: vp8,
		}, webrtc.RTPCodecTypeVideo),
		codecs.RegisterCodec(webrtc.RTPCodecParameters{
			RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeH264, ClockRate: 90000}, PayloadType: 102,
		}, webrtc.RTPCodecTypeVideo),
		codecs.RegisterCodec(webrtc.RTPCodecParameters{
			RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}, PayloadType: opus,
		}, webrtc.RTPCodecTypeAudio),
	)
	if err != nil {
		return nil, err
	}
	var registry interceptor.Registry
	if err := webrtc.RegisterDefaultInterceptors(&codecs, &registry); err != nil {
		return nil, err
	}
	return webrtc.NewAPI(webrtc.WithMediaEngine(&codecs), webrtc.WithInterceptorRegistry(&registry), webrtc.WithSettingEngine(settings)), nil
}

// student is a client that sends camera and microphone like a browser: a key
// frame when asked, sender reports, retransmissions.
type student struct {
	pc     *webrtc.PeerConnection
	pub    *Publisher
	states chan State
	heard  chan *rtp.Packet
	work   sync.WaitGroup
	stop   chan struct{}

	mu      sync.Mutex
	sent    map[[32]byte]bool // whole frames
	wantKey bool
	silent  bool
}

type studentOptions struct {
	room, attempt uuid.UUID
	recording     RecordingStart
	noVideo       bool
	phone         bool // a camera alone, beside another
	networks      []webrtc.NetworkType
	hears         bool                // the microphone's section receives too
	change        func(string) string // of the offer on its way; nil: none
	patience      time.Duration       // for the connection; testTimeout when zero
}

func joinStudent(t *testing.T, n *Node, o studentOptions) *student {
	t.Helper()
	s, err := startStudent(n, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.leave)
	return s
}

func startStudent(n *Node, o studentOptions) (*student, error) {
	m, err := testMaterial()
	if err != nil {
		return nil, err
	}
	s := &student{states: make(chan State, 16), stop: make(chan struct{}), sent: map[[32]byte]bool{}, heard: make(chan *rtp.Packet, 1024)}
	ctx, cancel := context.WithTimeout(context.Background(), cmp.Or(o.patience, testTimeout))
	defer cancel()
	s.pub, err = n.Publish(ctx, PublishOptions{
		Room: o.room, Attempt: o.attempt, Phone: o.phone, Recording: o.recording,
		OnState: func(st State) { s.states <- st },
	})
	if err != nil {
		return nil, err
	}
	api, err := clientAPI(120, 109, o.networks...)
	if err != nil {
		return nil, err
	}
	if s.pc, err = api.NewPeerConnection(webrtc.Configuration{}); err != nil {
		return nil, err
	}
	video, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8}, "camera", "student")
	if err != nil {
		return nil, err
	}
	audio, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus}, "microphone", "student")
	if err != nil {
		return nil, err
	}
	for _, track := range []webrtc.TrackLocal{video, audio} {
		if o.phone && track.Kind() == webrtc.RTPCodecTypeAudio {
			continue // what is written to it goes nowhere
		}
		direction := webrtc.RTPTransceiverDirectionSendonly
		if o.hears && track.Kind() == webrtc.RTPCodecTypeAudio {
			direction = webrtc.RTPTransceiverDirectionSendrecv
		}
		tr, err := s.pc.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: direction})
		if err != nil {
			return nil, err
		}
		s.work.Go(func() { s.readReports(tr.Sender()) })
	}
	s.pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		for {
			p, _, err := track.ReadRTP()
			if err != nil {
				return
			}
			s.heard <- p
		}
	})
	connected := make(chan struct{})
	var once sync.Once
	s.pc.OnConnectionStateChange(func(st webrtc.PeerConnectionState) {
		if st == webrtc.PeerConnectionStateConnected {
			once.Do(func() { close(connected) })
		}
	})
	offer, err := s.pc.CreateOffer(nil)
	if err != nil {
		return nil, err
	}
	if err := s.pc.SetLocalDescription(offer); err != nil {
		return nil, err
	}
	if o.change != nil {
		offer.SDP = o.change(offer.SDP)
	}
	answer, err := s.pub.Offer(ctx, offer.SDP) // without candidates: the server learns them from our checks
	if err != nil {
		return nil, err
	}
	if err := s.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		return nil, err
	}
	select {
	case <-connected:
	case <-ctx.Done():
		return nil, errors.Join(errors.New("not connected"), s.pc.GracefulClose())
	}
	if o.noVideo {
		video = nil
	}
	s.work.Go(func() { s.send(m, video, audio) })
	return s, nil
}

// send plays the material in real time, over and over.
func (s *student) send(m material, video, audio *webrtc.TrackLocalStaticSample) {
	const step = 20 * time.Millisecond
	tick := time.NewTicker(step)
	defer tick.Stop()
	frame := 0
	for i := 0; ; i++ {
		select {
		case <-s.stop:
			return
		case <-tick.C:
		}
		s.mu.Lock()
		silent := s.silent
		s.mu.Unlock()
		if silent {
			continue
		}
		if err := audio.WriteSample(media.Sample{Data: m.opus[i%len(m.opus)], Duration: step}); err != nil {
			return
		}
		if video == nil || time.Duration(i)*step < time.Duration(frame)*time.Second/testFPS {
			continue
		}
		data := m.frames[frame%len(m.frames)]
		s.mu.Lock()
		if s.wantKey && frame > 0 {
			data = m.keys[frame%len(m.keys)]
			s.wantKey = false
		}
		s.sent[sha256.Sum256(data)] = true
		s.mu.Unlock()
		if err := video.WriteSample(media.Sample{Data: data, Duration: time.Second / testFPS}); err != nil {
			return
		}
		frame++
	}
}

func (s *student) readReports(sender *webrtc.RTPSender) {
	for {
		packets, _, err := sender.ReadRTCP()
		if err != nil {
			return
		}
		for _, p := range packets {
			if _, ok := p.(*rtcp.PictureLossIndication); ok {
				s.mu.Lock()
				s.wantKey = true
				s.mu.Unlock()
			}
		}
	}
}

// hush stops and starts sending; the connection stays.
func (s *student) hush(silent bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.silent = silent
}

func (s *student) sentFrame(sum [32]byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sent[sum]
}

// waitState waits for a phase and returns its reason.
func (s *student) waitState(t *testing.T, phase Phase) Reason {
	t.Helper()
	deadline := time.After(testTimeout)
	for {
		select {
		case st := <-s.states:
			if st.Phase == phase {
				return st.Reason
			}
		case <-deadline:
			t.Fatalf("never %s", phase)
		}
	}
}

// leave is a student who closes the browser. It may be called twice.
func (s *student) leave() {
	select {
	case <-s.stop:
	default:
		close(s.stop)
	}
	_ = s.pc.GracefulClose()
	s.work.Wait()
}

// proctor is a client that watches.
type proctor struct {
	t      *testing.T
	viewer *Viewer
	api    *webrtc.API
	pc     *webrtc.PeerConnection

	mu       sync.Mutex
	mic      webrtc.TrackLocal // sent where an offer asks for it; nil: none
	offers   []Offer
	answered int
	frames   map[string][]assemble.Frame // by stream, which is the attempt
	sounds   map[string]int
	changed  chan struct{}
}

func joinProctor(t *testing.T, n *Node, room uuid.UUID, networks ...webrtc.NetworkType) *proctor {
	t.Helper()
	p := &proctor{t: t, frames: map[string][]assemble.Frame{}, sounds: map[string]int{}, changed: make(chan struct{})}
	api, err := clientAPI(96, 111, networks...)
	if err != nil {
		t.Fatal(err)
	}
	p.api = api
	if p.pc, err = api.NewPeerConnection(webrtc.Configuration{}); err != nil {
		t.Fatal(err)
	}
	p.pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		p.read(track)
	})
	ready := make(chan struct{})
	p.viewer, err = n.View(t.Context(), ViewOptions{Room: room, OnOffer: func(o Offer) {
		<-ready
		p.answer(o)
	}})
	if err != nil {
		t.Fatal(err)
	}
	close(ready)
	t.Cleanup(p.leave)
	return p
}

func (p *proctor) answer(o Offer) {
	p.mu.Lock()
	p.offers = append(p.offers, o)
	p.mu.Unlock()
	err := func() error {
		if err := p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: o.SDP}); err != nil {
			return err
		}
		if err := p.sendMicrophone(o.Microphone); err != nil {
			return err
		}
		answer, err := p.pc.CreateAnswer(nil)
		if err != nil {
			return err
		}
		if err := p.pc.SetLocalDescription(answer); err != nil {
			return err
		}
		return p.viewer.Answer(answer.SDP)
	}()
	if err != nil && !errors.Is(err, ErrClosed) {
		p.t.Errorf("answer: %v", err)
	}
	p.mu.Lock()
	p.answered++
	p.mu.Unlock()
	p.bump()
}

// sendMicrophone puts the microphone into the section that is meant for it.
func (p *proctor) sendMicrophone(mid string) error {
	p.mu.Lock()
	mic := p.mic
	p.mu.Unlock()
	for _, t := range p.pc.GetTransceivers() {
		if mic == nil || mid == "" || t.Mid() != mid || t.Sender() != nil {
			continue
		}
		sender, err := p.api.NewRTPSender(mic, p.pc.SCTP().Transport())
		if err != nil {
			return err
		}
		return t.SetSender(sender, mic)
	}
	return nil
}

func (p *proctor) bump() {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *proctor) read(track *webrtc.TrackRemote) {
	video := assemble.NewVideo()
	buf := make([]byte, receiveMTU)
	for {
		n, _, err := track.Read(buf)
		if err != nil {
			return
		}
		var parsed rtp.Packet
		if err := parsed.Unmarshal(bytes.Clone(buf[:n])); err != nil || parsed.PayloadType != uint8(track.PayloadType()) {
			p.t.Errorf("forwarded packet: %v", err)
			return
		}
		at := time.Now()
		if buf[0]&0x10 != 0 {
			p.t.Error("a forwarded packet has header extensions")
		}
		p.mu.Lock()
		if track.Kind() == webrtc.RTPCodecTypeAudio {
			p.sounds[track.StreamID()]++
		} else {
			video.Push(assemble.Packet{Seq: parsed.SequenceNumber, Time: parsed.Timestamp, Marker: parsed.Marker, Payload: parsed.Payload, At: at})
			for f, ok := video.Pop(at); ok; f, ok = video.Pop(at) {
				p.frames[track.StreamID()] = append(p.frames[track.StreamID()], f)
			}
		}
		p.mu.Unlock()
		p.bump()
	}
}

func (p *proctor) framesOf(attempt uuid.UUID) []assemble.Frame {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.frames[attempt.String()])
}

// wait waits until a condition over what has come holds.
func (p *proctor) wait(what string, ok func() bool) {
	p.t.Helper()
	deadline := time.After(testTimeout)
	for {
		p.mu.Lock()
		changed := p.changed
		good := ok()
		p.mu.Unlock()
		if good {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			p.t.Fatalf("waited in vain for: %s", what)
		}
	}
}

// shows waits until the newest offer has these tracks, sorted by name.
func (p *proctor) shows(what string, want ...Media) {
	p.t.Helper()
	p.wait(what, func() bool {
		var got []Media
		if n := len(p.offers); n > 0 {
			for _, track := range p.offers[n-1].Tracks {
				got = append(got, track.Media)
			}
		}
		slices.Sort(got)
		return slices.Equal(got, want)
	})
}

func (p *proctor) leave() {
	_ = p.viewer.Close()
	_ = p.pc.GracefulClose()
}

// context ends when the student leaves.
func (s *student) context() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	s.work.Go(func() {
		<-s.stop
		cancel()
	})
	return ctx
}
