package media

import (
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/pion/ice/v2"
	"github.com/pion/interceptor"
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

// Timeouts of ICE: a path that was silent for so long is doubted, then given up.
const (
	doubtAfter  = 4 * time.Second
	giveUpAfter = 20 * time.Second // after that
	checkEvery  = 2 * time.Second
)

// engine makes pion's connections: whole ones for viewers, ICE alone for
// publishers (transport has the rest). They have no interceptors: those cost a
// goroutine or a map for every packet of every stream. What they do is done by
// reception (lost packets, receiver reports), packetCache (retransmission, one
// for all viewers) and Viewer.report (sender reports).
type engine struct {
	mux       *mux
	tcp       *tcpDoor // nil: none
	networks  []ice.NetworkType
	publicIPs []string
	logs      logging.LoggerFactory
	settings  webrtc.SettingEngine
}

func newEngine(conn *net.UDPConn, mux *mux, tcp *tcpDoor, publicIPs []string, logs logging.LoggerFactory) engine {
	e := engine{mux: mux, tcp: tcp, publicIPs: publicIPs, logs: logs, settings: webrtc.SettingEngine{LoggerFactory: logs}}
	networks := []webrtc.NetworkType{webrtc.NetworkTypeUDP4}
	if conn.LocalAddr().(*net.UDPAddr).IP.To4() == nil {
		networks = append(networks, webrtc.NetworkTypeUDP6)
	}
	if tcp != nil {
		tcp.use(&e.settings)
		networks = append(networks, tcp.networks()...)
	}
	for _, n := range networks {
		e.networks = append(e.networks, ice.NetworkType(n)) // the same numbers
	}
	e.settings.SetICEUDPMux(mux)
	e.settings.SetNetworkTypes(networks)
	e.settings.SetIncludeLoopbackCandidate(true)
	// Browsers hide behind .local names; their own checks tell us where they are.
	e.settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	e.settings.DisableActiveTCP(true)
	e.settings.SetICETimeouts(doubtAfter, giveUpAfter, checkEvery)
	e.settings.SetReceiveMTU(receiveMTU)
	e.settings.SetSRTPProtectionProfiles(srtpProfiles...)
	if len(publicIPs) > 0 {
		e.settings.SetNAT1To1IPs(publicIPs, webrtc.ICECandidateTypeHost)
	}
	return e
}

// agent makes the ICE of a publisher, whose media r takes.
func (e engine) agent(r receiver) (*ice.Agent, error) {
	doubt, giveUp, check := doubtAfter, giveUpAfter, checkEvery
	config := ice.AgentConfig{
		UDPMux: e.mux.with(r), NetworkTypes: e.networks, CandidateTypes: []ice.CandidateType{ice.CandidateTypeHost}, IncludeLoopback: true,
		NAT1To1IPs: e.publicIPs, NAT1To1IPCandidateType: ice.CandidateTypeHost,
		MulticastDNSMode: ice.MulticastDNSModeDisabled, DisableActiveTCP: true,
		DisconnectedTimeout: &doubt, FailedTimeout: &giveUp, KeepaliveInterval: &check,
		LoggerFactory: e.logs,
	}
	if e.tcp != nil {
		config.TCPMux, config.IPFilter = e.tcp.mux, e.tcp.offers
	}
	return ice.NewAgent(&config)
}

// connection makes the peer connection of a viewer.
func (e engine) connection(config webrtc.Configuration) (*webrtc.PeerConnection, error) {
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
	api := webrtc.NewAPI(webrtc.WithMediaEngine(&codecs), webrtc.WithInterceptorRegistry(&interceptor.Registry{}), webrtc.WithSettingEngine(e.settings))
	return api.NewPeerConnection(config)
}

// receiverEnded tells the end of a stream from a packet that cannot be read.
func receiverEnded(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe)
}
