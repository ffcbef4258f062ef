package media

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v3"
)

// goodOffer is what a client of ours offers.
func goodOffer(t testing.TB) string {
	t.Helper()
	api, err := clientAPI(96, 111)
	if err != nil {
		t.Fatal(err)
	}
	pc, err := api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pc.GracefulClose() })
	for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeVideo, webrtc.RTPCodecTypeAudio} {
		if _, err := pc.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly}); err != nil {
			t.Fatal(err)
		}
	}
	offer, err := pc.CreateOffer(nil)
	if err != nil {
		t.Fatal(err)
	}
	return offer.SDP
}

func without(sdp string, prefixes ...string) string {
	var lines []string
	for l := range strings.SplitSeq(sdp, "\r\n") {
		keep := true
		for _, p := range prefixes {
			keep = keep && !strings.HasPrefix(l, p)
		}
		if keep {
			lines = append(lines, l)
		}
	}
	return strings.Join(lines, "\r\n")
}

// section returns a media section of a description, from its m= line on.
func section(sdp string, n int) string {
	parts := strings.Split(sdp, "\r\nm=")
	return strings.TrimSuffix("m="+parts[n+1], "\r\n") + "\r\n"
}

func head(sdp string) string { return sdp[:strings.Index(sdp, "m=")] }

func TestBadOffers(t *testing.T) {
	good := goodOffer(t)
	video, audio := section(good, 0), section(good, 1)
	var manyCandidates strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&manyCandidates, "a=candidate:1 1 udp 1 10.0.%d.%d 9 typ host\r\n", i/250, i%250)
	}
	for name, c := range map[string]struct {
		sdp  string
		code SDPCode
	}{
		"empty":                {"", SDPMalformed},
		"not SDP":              {"hello", SDPMalformed},
		"JSON":                 {`{"type":"offer"}`, SDPMalformed},
		"binary":               {"v=0\r\n\x00\xff\xfe", SDPMalformed},
		"1 MB":                 {good + strings.Repeat("a=x:y\r\n", 1<<20/7), SDPTooBig},
		"session only":         {head(good), SDPMalformed},
		"without fingerprints": {without(good, "a=fingerprint"), SDPNoFingerprint},
		"a short fingerprint":  {without(head(good), "a=fingerprint") + "a=fingerprint:sha-256 AA\r\n" + video + audio, SDPNoFingerprint},
		"without ICE":          {without(good, "a=ice-ufrag"), SDPNoICE},
		"without ICE password": {without(good, "a=ice-pwd"), SDPNoICE},
		"without mid":          {without(good, "a=mid"), SDPMalformed},
		"500 m-lines":          {head(good) + strings.Repeat("m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:1\r\na=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\n", 500), SDPTooManyMedia},
		"no video":             {head(good) + audio, SDPNoVP8},
		"no audio":             {head(good) + video, SDPNoOpus},
		"H.264 only":           {strings.ReplaceAll(good, "VP8/90000", "H264/90000"), SDPNoVP8},
		"VP8 not offered":      {strings.ReplaceAll(good, "m=video 9 UDP/TLS/RTP/SAVPF 96 ", "m=video 9 UDP/TLS/RTP/SAVPF "), SDPNoVP8},
		"G.711 only":           {strings.ReplaceAll(good, "opus/48000/2", "PCMU/8000"), SDPNoOpus},
		"video recvonly":       {head(good) + strings.ReplaceAll(video, "a=sendonly", "a=recvonly") + audio, SDPNoVP8},
		"two cameras":          {good + strings.ReplaceAll(video, "a=mid:0", "a=mid:7"), SDPUnexpected},
		"a data channel":       {good + "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:2\r\na=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\n", SDPUnexpected},
		"2,000 candidates":     {good + manyCandidates.String(), SDPTooBig},
		"64 KiB of candidates": {good + manyCandidates.String()[:40000] + "\r\n", SDPTooBig},
		"absurd fingerprint":   {strings.Replace(good, "a=fingerprint:sha-256 ", "a=fingerprint:sha-257 ZZ:", 1), ""},
	} {
		t.Run(name, func(t *testing.T) {
			node := newTestNode(t, newMemorySink())
			p, err := node.Publish(t.Context(), PublishOptions{Room: uuid.New(), Attempt: uuid.New(), Recording: RecordingStart{ID: uuid.New()}})
			if err != nil {
				t.Fatal(err)
			}
			answer, err := p.Offer(t.Context(), c.sdp)
			var refused *SDPError
			switch {
			case c.code == "": // the DTLS handshake will refuse it; it must only do no harm
			case answer != "" || !errors.As(err, &refused) || refused.Code != c.code:
				t.Fatalf("%q, %v; want %s", answer, err, c.code)
			case strings.Contains(refused.Error(), "10.0.") || len(refused.Error()) > 200:
				t.Errorf("the error quotes the peer: %v", refused)
			}
			if c.code == "" {
				return
			}
			if answer, err = p.Offer(t.Context(), good); err != nil || !strings.Contains(answer, "a=candidate") {
				t.Errorf("a good offer afterwards: %v", err)
			}
		})
	}
}

func TestCandidates(t *testing.T) {
	node := newTestNode(t, newMemorySink())
	p, err := node.Publish(t.Context(), PublishOptions{Room: uuid.New(), Attempt: uuid.New(), Recording: RecordingStart{ID: uuid.New()}})
	if err != nil {
		t.Fatal(err)
	}
	early := Candidate{Candidate: "candidate:1 1 udp 2130706431 127.0.0.1 9 typ host"}
	if err := p.AddCandidate(early); err != nil {
		t.Errorf("before the offer: %v", err)
	}
	if _, err := p.Offer(t.Context(), goodOffer(t)); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		candidate string
		want      error
	}{
		"the end":         {"", nil},
		"mDNS":            {"candidate:1 1 udp 2130706431 8a7c5d2e-1111-4222-8333-444455556666.local 50000 typ host", nil},
		"TCP":             {"candidate:1 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active", nil},
		"IPv6":            {"candidate:1 1 udp 2130706431 2001:db8::1 50000 typ host", nil},
		"rubbish":         {"candidate:rubbish", ErrBadCandidate},
		"an absurd port":  {"candidate:1 1 udp 1 192.0.2.1 99999999 typ host", ErrBadCandidate},
		"512 bytes":       {"candidate:" + strings.Repeat("1", 512), ErrBadCandidate},
		"an unknown type": {"candidate:1 1 udp 1 192.0.2.1 9 typ moon", nil},
	} {
		if err := p.AddCandidate(Candidate{Candidate: c.candidate}); !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for range 2000 {
		err = p.AddCandidate(early)
	}
	if !errors.Is(err, ErrTooMany) {
		t.Errorf("the 2,000th: %v", err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if err := p.AddCandidate(early); !errors.Is(err, ErrClosed) {
		t.Errorf("after close: %v", err)
	}
	if _, err := p.Offer(t.Context(), goodOffer(t)); !errors.Is(err, ErrClosed) {
		t.Errorf("offer after close: %v", err)
	}
}

func TestBadAnswers(t *testing.T) {
	node := newTestNode(t, newMemorySink())
	v, err := node.View(t.Context(), ViewOptions{Room: uuid.New()})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		sdp  string
		code SDPCode
	}{
		"not SDP":     {"hello", SDPMalformed},
		"1 MB":        {strings.Repeat("a", 1<<20), SDPTooBig},
		"nobody asks": {goodOffer(t), SDPWrongState},
	} {
		var refused *SDPError
		if err := v.Answer(c.sdp); !errors.As(err, &refused) || refused.Code != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := v.Watch(make([]uuid.UUID, MaxWatched+1)); !errors.Is(err, ErrTooMany) {
		t.Errorf("watch too many: %v", err)
	}
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	if err := v.Watch(nil); !errors.Is(err, ErrClosed) {
		t.Errorf("watch after close: %v", err)
	}
	if err := v.Answer(goodOffer(t)); !errors.Is(err, ErrClosed) {
		t.Errorf("answer after close: %v", err)
	}
	if err := v.AddCandidate(Candidate{Candidate: "candidate:1"}); !errors.Is(err, ErrClosed) {
		t.Errorf("candidate after close: %v", err)
	}
}

func FuzzOffer(f *testing.F) {
	f.Add(goodOffer(f))
	f.Add("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=rtpmap:96 VP8/90000\r\na=mid:0\r\na=fingerprint:sha-256 AA:BB:CC:DD:EE:FF:00:11\r\na=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\n")
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		var refused *SDPError
		o, err := parseOffer(s, false)
		if err != nil {
			if !errors.As(err, &refused) {
				t.Fatalf("an untyped error: %v", err)
			}
			return
		}
		text := answering{ufrag: "abcd", pwd: "abcdefghijklmnopqrstuvwx", fingerprint: "sha-256 AA", version: 1}.answer(o)
		var answer sdp.SessionDescription
		if err := answer.UnmarshalString(text); err != nil {
			t.Fatalf("the answer is no description: %v\n%s", err, text)
		}
		if len(answer.MediaDescriptions) != len(o.sections) || len(o.sections) > MaxMedia {
			t.Fatalf("%d sections answered by %d", len(o.sections), len(answer.MediaDescriptions))
		}
	})
}

func TestPublicIPs(t *testing.T) {
	node := newTestNode(t, newMemorySink(), func(c *Config) { c.PublicIPs = []string{"203.0.113.7/127.0.0.1"} })
	p, err := node.Publish(t.Context(), PublishOptions{Room: uuid.New(), Attempt: uuid.New(), Recording: RecordingStart{ID: uuid.New()}})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := p.Offer(t.Context(), goodOffer(t))
	if err != nil || !strings.Contains(answer, " 203.0.113.7 ") || strings.Contains(answer, " 127.0.0.1 ") {
		t.Errorf("%v: %s", err, answer)
	}
	for _, bad := range []string{"", "here", "203.0.113.7/", "203.0.113.7/10.0.0.1/1", "203.0.113.7/2001:db8::1"} {
		_, err := New(Config{UDPAddr: "127.0.0.1:0", SpoolDir: t.TempDir(), Sink: newMemorySink(), PublicIPs: []string{bad}})
		if err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

func TestBadConfig(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]Config{
		"no sink":        {UDPAddr: "127.0.0.1:0", SpoolDir: t.TempDir()},
		"no address":     {SpoolDir: t.TempDir(), Sink: newMemorySink()},
		"a bad address":  {UDPAddr: "127.0.0.1:http:1", SpoolDir: t.TempDir(), Sink: newMemorySink()},
		"spool is taken": {UDPAddr: "127.0.0.1:0", SpoolDir: file, Sink: newMemorySink()},
	} {
		if n, err := New(c); err == nil {
			t.Errorf("%s: accepted", name)
			closeNode(t, n)
		}
	}
}
