// Package studenttest is a student's browser for other packages' tests: real VP8 and Opus from files, sent by WebRTC as a page sends them.
//
// It knows nothing of the server but a function that answers an offer, so it serves behind a WebSocket as well as behind media.Node itself.
package studenttest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/ice/v2"
	"github.com/pion/webrtc/v3"
	"github.com/pion/webrtc/v3/pkg/media"
	"github.com/pion/webrtc/v3/pkg/media/ivfreader"
	"github.com/pion/webrtc/v3/pkg/media/oggreader"
)

const (
	framesPerSecond = 5
	keyFrameEvery   = 3 // frames; often, so that no test waits for one
	packetTime      = 20 * time.Millisecond
	joinLimit       = 20 * time.Second
)

// Clip is what a student's camera gives, over and over, and what she can say.
type Clip struct {
	frames [][]byte
	room   [][]byte          // the microphone while she is silent, over and over
	digits map[rune][][]byte // how she says each digit; empty for a microphone that is off
}

// What a clip may show and say.
const (
	Face    = "face"    // the photograph of the gocv module, as a webcam shows it
	Nobody  = "nobody"  // a grey wall
	Digits  = "digits"  // a quiet room; Say makes her say Russian digits in it
	Silence = "silence" // a microphone that is off
)

// NewClip makes a clip with ffmpeg and espeak-ng; a missing tool fails the test.
func NewClip(t testing.TB, picture, sound string) Clip {
	t.Helper()
	dir := t.TempDir()
	run := func(program string, args ...string) {
		t.Helper()
		if out, err := exec.Command(program, args...).CombinedOutput(); err != nil {
			t.Fatalf("%s (make setup-test installs it): %v\n%s", program, err, out)
		}
	}
	source := []string{"-f", "lavfi", "-i", fmt.Sprintf("color=c=0x808080:s=640x480:r=%d,noise=alls=6:allf=t", framesPerSecond)}
	if picture == Face {
		source = []string{"-loop", "1", "-framerate", fmt.Sprint(framesPerSecond), "-i", FacePath(t)}
	}
	video := filepath.Join(dir, "video.ivf")
	run("ffmpeg", append(append([]string{"-v", "error"}, source...), "-t", "3", "-s", "640x480", "-pix_fmt", "yuv420p", "-c:v", "libvpx", "-deadline", "realtime",
		"-cpu-used", "8", "-auto-alt-ref", "0", "-g", fmt.Sprint(keyFrameEvery), "-keyint_min", fmt.Sprint(keyFrameEvery), "-b:v", "500k", video)...)
	frames, err := readIVF(video)
	if err != nil {
		t.Fatalf("read the clip: %v", err)
	}
	room := "anullsrc=r=48000:cl=mono"
	if sound == Digits {
		room = "anoisesrc=r=48000:c=pink:a=0.002:s=1"
	}
	sounds := [][]string{{"-f", "lavfi", "-t", "3", "-i", room}}
	if sound == Digits {
		for digit, word := range digitWords {
			wav := filepath.Join(dir, fmt.Sprintf("%d.wav", digit))
			run("espeak-ng", "-v", "ru", "-s", "120", "-w", wav, word)
			sounds = append(sounds, []string{"-i", wav})
		}
	}
	args, oggs := []string{"-v", "error"}, make([]string, len(sounds))
	for _, input := range sounds {
		args = append(args, input...)
	}
	for i := range sounds {
		oggs[i] = filepath.Join(dir, fmt.Sprintf("%d.ogg", i))
		args = append(args, "-map", fmt.Sprint(i), "-ar", "48000", "-ac", "1", "-c:a", "libopus", "-b:a", "32k", "-page_duration", "20000", oggs[i])
	}
	run("ffmpeg", args...)
	clip := Clip{frames: frames, digits: map[rune][][]byte{}}
	for i, ogg := range oggs {
		packets, err := readOgg(ogg)
		if err != nil {
			t.Fatalf("read the clip: %v", err)
		}
		if i == 0 {
			clip.room = packets
		} else {
			clip.digits['0'+rune(i-1)] = packets
		}
	}
	return clip
}

// KeyFrame is the clip's first frame.
func (c Clip) KeyFrame() []byte { return c.frames[0] }

// Sound is the Opus packets, of 20 ms each, of somebody who says the digits with pauses of the given length around them.
func (c Clip) Sound(digits string, pause time.Duration) (packets [][]byte) {
	quiet := func() {
		for i := range int(pause / packetTime) {
			packets = append(packets, c.room[i%len(c.room)])
		}
	}
	quiet()
	for _, d := range digits {
		packets = append(packets, c.digits[d]...)
		quiet()
	}
	return packets
}

var digitWords = [...]string{"ноль", "один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять"}

// FacePath is the photograph images/face.jpg of the gocv module.
func FacePath(t testing.TB) string {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "gocv.io/x/gocv").Output()
	if err != nil {
		t.Fatalf("find the gocv module: %v", err)
	}
	return filepath.Join(strings.TrimSpace(string(dir)), "images", "face.jpg")
}

// Connection is a student who sends. Close it, or let the test's end do it.
type Connection struct {
	pc   *webrtc.PeerConnection
	clip Clip
	say  chan rune
	stop chan struct{}
	once sync.Once
	work sync.WaitGroup
}

// Connect sends the clip to whoever answers the offer, from now on and over and over, and returns when the connection stands.
func Connect(t testing.TB, clip Clip, answer func(offer string) (string, error)) *Connection {
	t.Helper()
	c, err := connect(clip, answer)
	if err != nil {
		t.Fatalf("connect a student: %v", err)
	}
	t.Cleanup(c.Close)
	return c
}

// Close ends the connection as a closed tab does, and waits for the sender.
func (c *Connection) Close() {
	c.once.Do(func() {
		close(c.stop)
		c.work.Wait()
		c.pc.Close()
	})
}

func connect(clip Clip, answer func(string) (string, error)) (*Connection, error) {
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	var codecs webrtc.MediaEngine
	if err := codecs.RegisterDefaultCodecs(); err != nil {
		return nil, err
	}
	pc, err := webrtc.NewAPI(webrtc.WithMediaEngine(&codecs), webrtc.WithSettingEngine(settings)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return nil, err
	}
	c := &Connection{pc: pc, clip: clip, say: make(chan rune, 20), stop: make(chan struct{})}
	video, err := c.track(webrtc.MimeTypeVP8, "camera")
	if err != nil {
		return nil, errors.Join(err, pc.Close())
	}
	audio, err := c.track(webrtc.MimeTypeOpus, "microphone")
	if err != nil {
		return nil, errors.Join(err, pc.Close())
	}
	if err := c.negotiate(answer); err != nil {
		return nil, errors.Join(err, pc.Close())
	}
	c.work.Go(func() { c.send(video, audio) })
	return c, nil
}

func (c *Connection) track(mime, id string) (*webrtc.TrackLocalStaticSample, error) {
	track, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: mime}, id, "student")
	if err != nil {
		return nil, err
	}
	_, err = c.pc.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
	return track, err
}

func (c *Connection) negotiate(answer func(string) (string, error)) error {
	connected := make(chan struct{})
	var once sync.Once
	c.pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateConnected {
			once.Do(func() { close(connected) })
		}
	})
	offer, err := c.pc.CreateOffer(nil)
	if err != nil {
		return err
	}
	if err := c.pc.SetLocalDescription(offer); err != nil {
		return err
	}
	text, err := answer(offer.SDP) // without candidates: the server learns them from our checks
	if err != nil {
		return err
	}
	if err := c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: text}); err != nil {
		return err
	}
	select {
	case <-connected:
		return nil
	case <-time.After(joinLimit):
		return errors.New("no connection in time")
	}
}

// Say makes the student say digits aloud from now on. One whose microphone is off stays silent.
func (c *Connection) Say(digits string) {
	for _, d := range digits {
		select {
		case c.say <- d:
		case <-c.stop:
			return
		}
	}
}

// send plays the clip in real time. On a machine that is busy it catches up, as a browser does, instead of leaving sound out.
func (c *Connection) send(video, audio *webrtc.TrackLocalStaticSample) {
	tick := time.NewTicker(packetTime)
	defer tick.Stop()
	began := time.Now()
	packet, frame := 0, 0
	var saying [][]byte
	for {
		select {
		case <-c.stop:
			return
		case <-tick.C:
		}
		at := time.Since(began)
		for ; time.Duration(packet)*packetTime <= at; packet++ {
			if len(saying) == 0 {
				select {
				case digit := <-c.say:
					saying = c.clip.digits[digit]
				default:
				}
			}
			data := c.clip.room[packet%len(c.clip.room)]
			if len(saying) > 0 {
				data, saying = saying[0], saying[1:]
			}
			if audio.WriteSample(media.Sample{Data: data, Duration: packetTime}) != nil {
				return
			}
		}
		for ; time.Duration(frame)*time.Second/framesPerSecond <= at; frame++ {
			if video.WriteSample(media.Sample{Data: c.clip.frames[frame%len(c.clip.frames)], Duration: time.Second / framesPerSecond}) != nil {
				return
			}
		}
	}
}

func readIVF(path string) (frames [][]byte, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r, _, err := ivfreader.NewWith(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	for {
		frame, _, err := r.ParseNextFrame()
		if errors.Is(err, io.EOF) {
			return frames, nil
		}
		if err != nil {
			return nil, err
		}
		frames = append(frames, frame)
	}
}

func readOgg(path string) (packets [][]byte, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r, _, err := oggreader.NewWith(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	for {
		page, _, err := r.ParseNextPage()
		if errors.Is(err, io.EOF) {
			return packets[1:], nil // the first is the comments'
		}
		if err != nil {
			return nil, err
		}
		packets = append(packets, page)
	}
}
