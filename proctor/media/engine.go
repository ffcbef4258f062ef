package media

import (
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/pion/dtls/v2"
	"github.com/pion/ice/v2"
	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/nack"
	"github.com/pion/interceptor/pkg/report"
	"github.com/pion/logging"
	"github.com/pion/webrtc/v3"
)

var (
	vp8 = webrtc.RTPCodecCapability{
		MimeType: webrtc.MimeTypeVP8, ClockRate: videoRate,
		RTCPFeedback: []webrtc.RTCPFeedback{{Type: "nack"}, {Type: "nack", Parameter: "pli"}, {Type: "ccm", Parameter: "fir"}},
	}
	opus = webrtc.RTPCodecCapability{
		MimeType: webrtc.MimeTypeOpus, ClockRate: audioRate, Channels: 2,
		SDPFmtpLine: "minptime=10;useinbandfec=1",
	}
)

// engines are pion's two factories: one for connections that send to us, one
// for connections that we send to. They differ in their interceptors only.
type engines struct {
	publish *webrtc.API
	view    *webrtc.API
}

func newEngines(conn *net.UDPConn, mux ice.UDPMux, publicIPs []string, logs logging.LoggerFactory) (engines, error) {
	settings := webrtc.SettingEngine{LoggerFactory: logs}
	settings.SetICEUDPMux(mux)
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	if conn.LocalAddr().(*net.UDPAddr).IP.To4() == nil {
		settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6})
	}
	settings.SetIncludeLoopbackCandidate(true)
	// Browsers hide behind .local names; their own checks tell us where they are.
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	settings.DisableActiveTCP(true)
	settings.SetICETimeouts(4*time.Second, 20*time.Second, 2*time.Second)
	settings.SetReceiveMTU(receiveMTU)
	settings.SetSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80)
	if len(publicIPs) > 0 {
		settings.SetNAT1To1IPs(publicIPs, webrtc.ICECandidateTypeHost)
	}

	// Loss is repaired by asking the publisher again; what viewers miss comes
	// from the cache of the track, not from an interceptor per viewer.
	generator, err := nack.NewGeneratorInterceptor()
	if err != nil {
		return engines{}, err
	}
	receive, err := report.NewReceiverInterceptor()
	if err != nil {
		return engines{}, err
	}
	send, err := report.NewSenderInterceptor()
	if err != nil {
		return engines{}, err
	}
	publish, err := newAPI(settings, generator, receive)
	if err != nil {
		return engines{}, err
	}
	view, err := newAPI(settings, send)
	return engines{publish: publish, view: view}, err
}

func newAPI(settings webrtc.SettingEngine, factories ...interceptor.Factory) (*webrtc.API, error) {
	var codecs webrtc.MediaEngine
	for _, c := range []struct {
		kind webrtc.RTPCodecType
		cap  webrtc.RTPCodecCapability
		pt   webrtc.PayloadType
	}{
		{webrtc.RTPCodecTypeVideo, vp8, 96},
		{webrtc.RTPCodecTypeAudio, opus, 111},
	} {
		if err := codecs.RegisterCodec(webrtc.RTPCodecParameters{RTPCodecCapability: c.cap, PayloadType: c.pt}, c.kind); err != nil {
			return nil, fmt.Errorf("register codec: %w", err)
		}
	}
	var registry interceptor.Registry
	for _, f := range factories {
		registry.Add(f)
	}
	return webrtc.NewAPI(webrtc.WithMediaEngine(&codecs), webrtc.WithInterceptorRegistry(&registry), webrtc.WithSettingEngine(settings)), nil
}

// receiverEnded tells the end of a stream from a packet that cannot be read.
func receiverEnded(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe)
}
