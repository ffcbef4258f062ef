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
	"github.com/pion/logging"
	"github.com/pion/transport/v2/packetio"
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

// engine makes pion's connections. They have no interceptors: those cost a
// goroutine or a map for every packet of every stream. What they do is done by
// reception (lost packets, receiver reports), packetCache (retransmission, one
// for all viewers) and Viewer.report (sender reports).
type engine struct {
	settings webrtc.SettingEngine
}

func newEngine(conn *net.UDPConn, mux ice.UDPMux, tcp *tcpDoor, publicIPs []string, logs logging.LoggerFactory) engine {
	settings := webrtc.SettingEngine{LoggerFactory: logs}
	settings.SetICEUDPMux(mux)
	networks := []webrtc.NetworkType{webrtc.NetworkTypeUDP4}
	if conn.LocalAddr().(*net.UDPAddr).IP.To4() == nil {
		networks = append(networks, webrtc.NetworkTypeUDP6)
	}
	if tcp != nil {
		tcp.use(&settings)
		networks = append(networks, tcp.networks()...)
	}
	settings.SetNetworkTypes(networks)
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
	return engine{settings}
}

// buffers makes the buffer of a stream that comes in.
type buffers func(kind packetio.BufferPacketType, ssrc uint32) io.ReadWriteCloser

// connection makes a peer connection; nil buffers are pion's own.
func (e engine) connection(config webrtc.Configuration, b buffers) (*webrtc.PeerConnection, error) {
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
	settings := e.settings
	settings.BufferFactory = b
	api := webrtc.NewAPI(webrtc.WithMediaEngine(&codecs), webrtc.WithInterceptorRegistry(&interceptor.Registry{}), webrtc.WithSettingEngine(settings))
	return api.NewPeerConnection(config)
}

// receiverEnded tells the end of a stream from a packet that cannot be read.
func receiverEnded(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe)
}
