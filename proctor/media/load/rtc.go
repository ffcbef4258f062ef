package load

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/pion/dtls/v2"
	"github.com/pion/ice/v2"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v3"
)

const (
	joinPatience  = 30 * time.Second
	watchedAtOnce = 50 // by one connection; a viewer of more has several
)

// rtcTransport joins a server by WebRTC.
type rtcTransport struct {
	server string
	count  *counter
	looked atomic.Int64

	mu     sync.Mutex
	tokens []string // not used yet
	pcs    []*webrtc.PeerConnection
	muxes  []ice.UDPMux
	work   sync.WaitGroup
}

func newRTCTransport(server string, tokens []string, count *counter) (*rtcTransport, error) {
	return &rtcTransport{server: strings.TrimSuffix(server, "/"), tokens: tokens, count: count}, nil
}

// door is where the next publisher is let in, and by which token.
func (t *rtcTransport) door(p *publisher) (path, token string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.tokens) == 0 {
		return "/whip?attempt=" + p.attempt.String(), ""
	}
	token, t.tokens = t.tokens[0], t.tokens[1:]
	return "/whip", token
}

func (t *rtcTransport) decrypted() int64 { return t.looked.Load() }

func (t *rtcTransport) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, pc := range t.pcs {
		_ = pc.Close()
	}
	for _, m := range t.muxes {
		_ = m.Close()
	}
	t.work.Wait()
}

func (t *rtcTransport) connection(mux ice.UDPMux) (*webrtc.PeerConnection, error) {
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	settings.SetIPFilter(func(ip net.IP) bool { return ip.IsLoopback() })
	settings.SetSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM)
	if mux != nil {
		settings.SetICEUDPMux(mux)
	}
	var codecs webrtc.MediaEngine
	err := errors.Join(
		codecs.RegisterCodec(webrtc.RTPCodecParameters{
			RTPCodecCapability: webrtc.RTPCodecCapability{
				MimeType: webrtc.MimeTypeVP8, ClockRate: 90000,
				RTCPFeedback: []webrtc.RTCPFeedback{{Type: "nack"}, {Type: "nack", Parameter: "pli"}},
			}, PayloadType: 96,
		}, webrtc.RTPCodecTypeVideo),
		codecs.RegisterCodec(webrtc.RTPCodecParameters{
			RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}, PayloadType: 111,
		}, webrtc.RTPCodecTypeAudio),
	)
	if err != nil {
		return nil, err
	}
	pc, err := webrtc.NewAPI(webrtc.WithMediaEngine(&codecs), webrtc.WithSettingEngine(settings)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pcs = append(t.pcs, pc)
	if mux != nil {
		t.muxes = append(t.muxes, mux)
	}
	return pc, nil
}

// wait returns a function that waits until the connection stands.
func wait(pc *webrtc.PeerConnection) func(context.Context) error {
	connected := make(chan struct{})
	var once sync.Once
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateConnected {
			once.Do(func() { close(connected) })
		}
	})
	return func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, joinPatience)
		defer cancel()
		select {
		case <-connected:
			return nil
		case <-ctx.Done():
			return fmt.Errorf("not connected: %w", ctx.Err())
		}
	}
}

func (t *rtcTransport) publish(ctx context.Context, p *publisher) error {
	pc, err := t.connection(nil)
	if err != nil {
		return err
	}
	connected := wait(pc)
	var locals [2]*webrtc.TrackLocalStaticRTP
	for m, mime := range [2]string{webrtc.MimeTypeVP8, webrtc.MimeTypeOpus} {
		if locals[m], err = webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: mime}, mime[:5], "load"); err != nil {
			return err
		}
		tr, err := pc.AddTransceiverFromTrack(locals[m], webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
		if err != nil {
			return err
		}
		p.tracks[m].ssrc = uint32(tr.Sender().GetParameters().Encodings[0].SSRC)
		t.work.Go(func() { obey(tr.Sender(), p) })
	}
	offer, err := pc.CreateOffer(nil)
	if err != nil {
		return err
	}
	if err := pc.SetLocalDescription(offer); err != nil {
		return err
	}
	door, token := t.door(p)
	answer, err := t.postAs(ctx, token, door, "application/sdp", []byte(offer.SDP))
	if err != nil {
		return err
	}
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: string(answer)}); err != nil {
		return err
	}
	p.write = func(m int, h *rtp.Header, payload []byte) error {
		return locals[m].WriteRTP(&rtp.Packet{Header: *h, Payload: payload})
	}
	p.report = func(now time.Time) {
		var reports []rtcp.Packet
		for m := range p.tracks {
			k := &p.tracks[m]
			reports = append(reports, &rtcp.SenderReport{SSRC: k.ssrc, NTPTime: toNTP(now), RTPTime: k.stamp, PacketCount: k.packets, OctetCount: k.bytes})
		}
		_ = pc.WriteRTCP(reports) // lost like any packet may be
	}
	return connected(ctx)
}

// obey makes key frames when asked.
func obey(s *webrtc.RTPSender, p *publisher) {
	for {
		packets, _, err := s.ReadRTCP()
		if err != nil {
			return
		}
		for _, r := range packets {
			if _, ok := r.(*rtcp.PictureLossIndication); ok {
				p.wantKey.Store(true)
			}
		}
	}
}

type viewAnswer struct {
	ID     string `json:"id"`
	SDP    string `json:"sdp"`
	Tracks []struct {
		MID     string    `json:"mid"`
		Attempt uuid.UUID `json:"attempt"`
		Media   string    `json:"media"`
	} `json:"tracks"`
}

func (t *rtcTransport) view(ctx context.Context, publishers []*publisher) error {
	for len(publishers) > 0 {
		n := min(len(publishers), watchedAtOnce)
		if err := t.viewSome(ctx, publishers[:n]); err != nil {
			return err
		}
		publishers = publishers[n:]
	}
	return nil
}

func (t *rtcTransport) viewSome(ctx context.Context, publishers []*publisher) error {
	var want struct {
		Attempts []uuid.UUID `json:"attempts"`
	}
	byAttempt := map[uuid.UUID]*publisher{}
	for _, p := range publishers {
		want.Attempts = append(want.Attempts, p.attempt)
		byAttempt[p.attempt] = p
	}
	body, err := json.Marshal(want)
	if err != nil {
		return err
	}
	reply, err := t.post(ctx, "/view", "application/json", body)
	if err != nil {
		return err
	}
	var v viewAnswer
	if err := json.Unmarshal(reply, &v); err != nil {
		return err
	}
	if len(v.Tracks) != 2*len(publishers) {
		return fmt.Errorf("the server offers %d tracks of %d publishers", len(v.Tracks), len(publishers))
	}
	socket, err := newViewerSocket(t.count)
	if err != nil {
		return err
	}
	ssrcs, err := ssrcByMID(v.SDP)
	if err != nil {
		return err
	}
	for _, k := range v.Tracks {
		p := byAttempt[k.Attempt]
		if p == nil {
			return errors.New("the server offers somebody else")
		}
		m := video
		if k.Media == "audio" {
			m = audio
		}
		socket.learn(ssrcs[k.MID], &p.tracks[m])
	}
	pc, err := t.connection(ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: socket}))
	if err != nil {
		return err
	}
	connected := wait(pc)
	pc.OnTrack(func(r *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		b := make([]byte, datagram)
		for {
			if _, _, err := r.Read(b); err != nil {
				return
			}
			t.looked.Add(1)
		}
	})
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: v.SDP}); err != nil {
		return err
	}
	answer, err := pc.CreateAnswer(nil)
	if err != nil {
		return err
	}
	if err := pc.SetLocalDescription(answer); err != nil {
		return err
	}
	if _, err := t.post(ctx, "/view/"+v.ID, "application/sdp", []byte(answer.SDP)); err != nil {
		return err
	}
	return connected(ctx)
}

// ssrcByMID reads which SSRC each section of an offer sends.
func ssrcByMID(text string) (map[string]uint32, error) {
	var d sdp.SessionDescription
	if err := d.UnmarshalString(text); err != nil {
		return nil, err
	}
	found := map[string]uint32{}
	for _, m := range d.MediaDescriptions {
		mid, _ := m.Attribute("mid")
		line, _ := m.Attribute("ssrc")
		number, _, _ := strings.Cut(line, " ")
		ssrc, err := strconv.ParseUint(number, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("section %q of the offer has no SSRC", mid)
		}
		found[mid] = uint32(ssrc)
	}
	return found, nil
}

func (t *rtcTransport) post(ctx context.Context, path, contentType string, body []byte) ([]byte, error) {
	return t.postAs(ctx, "", path, contentType, body)
}

func (t *rtcTransport) postAs(ctx context.Context, token, path, contentType string, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, joinPatience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.server+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", contentType)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	reply, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err == nil && resp.StatusCode >= 300 {
		err = fmt.Errorf("%s: %s: %s", path, resp.Status, reply)
	}
	return reply, err
}

// toNTP is the 64-bit time of RFC 3550, 4.
func toNTP(t time.Time) uint64 {
	const since1900 = 2208988800
	return uint64(t.Unix()+since1900)<<32 | uint64(t.Nanosecond())<<32/uint64(time.Second)
}
