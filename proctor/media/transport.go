package media

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pion/dtls/v2"
	"github.com/pion/dtls/v2/pkg/crypto/fingerprint"
	"github.com/pion/ice/v2"
	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/srtp/v2"
)

const (
	maxStreams    = 32 // SSRCs of one connection; more are not listened to
	maxProbes     = 64 // SSRCs tried and not authentic, before they are forgotten
	handshakeTime = 30 * time.Second
	rtpHeader     = 12
	ourSSRC       = 1 // in reports of ours: as of a receiver who sends nothing

	gcm = srtp.ProtectionProfileAeadAes128Gcm
)

// transport is a publisher's connection: ICE, DTLS and SRTP put together from
// pion's parts, so that the mux's reader can decrypt media itself. pion's own
// PeerConnection hands every packet through four goroutines first. Media that
// come another way than by the mux, over TCP, are met where DTLS reads.
type transport struct {
	log    *slog.Logger
	agent  *ice.Agent
	cert   tls.Certificate
	now    func() time.Time
	flush  func() // of the fanout
	from   source
	cancel context.CancelFunc // ends run
	ctx    context.Context    // of run
	work   sync.WaitGroup

	// Held while a datagram is taken.
	mu       sync.Mutex
	closed   bool
	in       *srtp.Context // nil before the handshake and after the end
	probe    *srtp.Context // for SSRCs nothing authentic came from yet
	probes   int
	remake   func() (*srtp.Context, error) // of probe
	header   rtp.Header
	streams  []stream
	senders  []uint32 // SSRCs that authentic RTCP came from
	twcc     uint8    // number of the header extension; zero: not agreed on
	arrivals *twcc.Recorder

	sending sync.Mutex
	out     *srtp.Context
	conn    *ice.Conn
	sealed  []byte
}

// stream is what one SSRC sends; track is nil when nobody wants it.
type stream struct {
	ssrc  uint32
	track *upTrack
}

// source is who a transport's media are for. track and reports are called with
// the transport's lock held, one at a time.
type source interface {
	// track says what a new SSRC is, by a packet's header; nil: not wanted.
	// known is false when only a later packet may tell.
	track(h *rtp.Header) (u *upTrack, known bool)
	// reports takes a decrypted RTCP datagram.
	reports(b []byte, at time.Time)
	// broke is called when the connection failed for good.
	broke()
}

// newTransport makes a transport and gathers our candidates. Nothing happens on
// it before start.
func newTransport(ctx context.Context, n *Node, log *slog.Logger, from source) (*transport, error) {
	t := &transport{log: log, cert: n.cert, now: n.now, flush: n.fanout.flush, from: from}
	t.ctx, t.cancel = context.WithCancel(context.Background())
	var err error
	if t.agent, err = n.engine.agent(t); err != nil {
		return nil, fmt.Errorf("media: new connection: %w", err)
	}
	err = t.agent.OnConnectionStateChange(func(s ice.ConnectionState) {
		if s == ice.ConnectionStateFailed {
			from.broke()
		}
	})
	if err = errors.Join(err, t.gather(ctx)); err != nil {
		t.close()
		return nil, fmt.Errorf("media: new connection: %w", err)
	}
	return t, nil
}

// gather finds our candidates: the socket's addresses.
func (t *transport) gather(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, gatherPatience)
	defer cancel()
	done := make(chan struct{})
	var once sync.Once
	err := t.agent.OnCandidate(func(c ice.Candidate) {
		if c == nil {
			once.Do(func() { close(done) })
		}
	})
	if err != nil {
		return err
	}
	if err := t.agent.GatherCandidates(); err != nil {
		return err
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("gather candidates: %w", ctx.Err())
	}
}

// start begins to connect to who made the offer.
func (t *transport) start(o *offer) {
	t.work.Go(func() {
		if err := t.run(o); err != nil && t.ctx.Err() == nil {
			t.log.Debug("connection failed", "error", err)
			t.from.broke()
		}
	})
	t.addOffered(o)
}

// restart takes a later offer's ICE credentials, when they are new; the keys stay.
func (t *transport) restart(ctx context.Context, o *offer) error {
	ufrag, pwd, err := t.agent.GetRemoteUserCredentials()
	if err != nil {
		return err
	}
	if ufrag == o.ufrag && pwd == o.pwd {
		return nil
	}
	if err := t.agent.Restart("", ""); err != nil {
		return err
	}
	if err := t.gather(ctx); err != nil {
		return err
	}
	if err := t.agent.SetRemoteCredentials(o.ufrag, o.pwd); err != nil {
		return err
	}
	t.addOffered(o)
	return nil
}

func (t *transport) addOffered(o *offer) {
	for _, c := range o.candidates {
		if err := t.addCandidate(c); err != nil {
			t.log.Debug("candidate of the offer ignored", "error", err)
		}
	}
}

// addCandidate takes a candidate of the peer's. One of a kind nobody knows is
// ignored.
func (t *transport) addCandidate(text string) error {
	c, err := ice.UnmarshalCandidate(strings.TrimPrefix(text, "candidate:"))
	if errors.Is(err, ice.ErrUnknownCandidateTyp) || errors.Is(err, ice.ErrDetermineNetworkType) {
		return nil
	}
	if err == nil {
		err = t.agent.AddRemoteCandidate(c)
	}
	if err != nil {
		return ErrBadCandidate // pion's text quotes the peer's
	}
	return nil
}

// agree takes what was agreed on for the whole connection.
func (t *transport) agree(o *offer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.twcc = 0
	for _, s := range o.sections {
		t.twcc = max(t.twcc, s.id(extensionTWCC))
	}
	if t.twcc != 0 && t.arrivals == nil {
		t.arrivals = twcc.NewRecorder(ourSSRC)
	}
}

// arrived returns the reports on when the newest packets arrived, from which the
// sender learns what the network can carry.
func (t *transport) arrived() []rtcp.Packet {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.twcc == 0 {
		return nil
	}
	return t.arrivals.BuildFeedbackPacket()
}

// run connects, shakes hands and then keeps DTLS going until the end.
func (t *transport) run(o *offer) error {
	connect := t.agent.Accept
	if o.lite {
		connect = t.agent.Dial
	}
	conn, err := connect(t.ctx, o.ufrag, o.pwd)
	if err != nil {
		return fmt.Errorf("ICE: %w", err)
	}
	t.sending.Lock()
	t.conn = conn
	t.sending.Unlock()
	secure, err := t.shake(o, conn)
	if err != nil {
		return fmt.Errorf("DTLS: %w", err)
	}
	defer secure.Close()
	if err := t.key(secure, !o.active); err != nil {
		return err
	}
	defer context.AfterFunc(t.ctx, func() { _ = secure.Close() })()
	for b := make([]byte, 128); ; { // nothing is said by DTLS but the end
		if _, err := secure.Read(b); err != nil && !errors.Is(err, io.ErrShortBuffer) {
			return fmt.Errorf("DTLS ended: %w", err)
		}
	}
}

func (t *transport) shake(o *offer, conn *ice.Conn) (*dtls.Conn, error) {
	ctx, cancel := context.WithTimeout(t.ctx, handshakeTime)
	defer cancel()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })() // nothing else ends a read
	hands := dtls.ClientWithContext
	if o.active {
		hands = dtls.ServerWithContext
	}
	return hands(ctx, dtlsSide{conn, t}, &dtls.Config{
		Certificates:           []tls.Certificate{t.cert},
		SRTPProtectionProfiles: srtpProfiles,
		ClientAuth:             dtls.RequireAnyClientCert,
		InsecureSkipVerify:     true, // the certificate is the one whose fingerprint was signalled, or none
		VerifyPeerCertificate: func(certs [][]byte, _ [][]*x509.Certificate) error {
			err := o.verify(certs)
			if err != nil {
				_ = conn.Close() // else the handshake waits for a read
			}
			return err
		},
		LoggerFactory: pionLogs{t.log},
	})
}

// verify checks the peer's certificate against the offer's fingerprints.
func (o *offer) verify(certs [][]byte) error {
	if len(certs) == 0 {
		return errors.New("no certificate")
	}
	cert, err := x509.ParseCertificate(certs[0])
	if err != nil {
		return err
	}
	for _, print := range o.prints {
		algorithm, want, _ := strings.Cut(print, " ")
		hash, err := fingerprint.HashFromString(algorithm)
		if err != nil {
			continue
		}
		if got, err := fingerprint.Fingerprint(cert, hash); err == nil && strings.EqualFold(got, want) {
			return nil
		}
	}
	return errors.New("not the certificate of the offer")
}

var srtpProfiles = []dtls.SRTPProtectionProfile{dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80}

// key makes the SRTP contexts of the keys that were agreed on.
func (t *transport) key(secure *dtls.Conn, client bool) error {
	var config srtp.Config
	switch profile, _ := secure.SelectedSRTPProtectionProfile(); profile {
	case dtls.SRTP_AEAD_AES_128_GCM:
		config.Profile = gcm
	case dtls.SRTP_AES128_CM_HMAC_SHA1_80:
		config.Profile = srtp.ProtectionProfileAes128CmHmacSha1_80
	default:
		return errors.New("no SRTP profile agreed on")
	}
	state := secure.ConnectionState()
	if err := config.ExtractSessionKeysFromDTLS(&state, client); err != nil {
		return fmt.Errorf("SRTP keys: %w", err)
	}
	k := config.Keys
	return t.contexts(k.RemoteMasterKey, k.RemoteMasterSalt, k.LocalMasterKey, k.LocalMasterSalt, config.Profile)
}

// contexts begins to take media of these keys, and to send.
func (t *transport) contexts(theirKey, theirSalt, ourKey, ourSalt []byte, profile srtp.ProtectionProfile) error {
	// Against replayed media the reception's window stands; it costs less per packet.
	incoming := func() (*srtp.Context, error) {
		return srtp.CreateContext(theirKey, theirSalt, profile, srtp.SRTCPReplayProtection(64))
	}
	in, err1 := incoming()
	probe, err2 := incoming()
	out, err3 := srtp.CreateContext(ourKey, ourSalt, profile)
	if err := errors.Join(err1, err2, err3); err != nil {
		return fmt.Errorf("SRTP keys: %w", err)
	}
	t.sending.Lock()
	t.out = out
	t.sending.Unlock()
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.closed {
		t.in, t.probe, t.remake = in, probe, incoming
	}
	return nil
}

// receive takes a datagram of media.
func (t *transport) receive(b []byte, at time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.in == nil || !isMedia(b):
		return false
	case isRTCP(b):
		return t.receiveRTCP(b, at)
	case len(b) < rtpHeader:
		return false
	}
	ssrc := binary.BigEndian.Uint32(b[8:])
	for i := range t.streams {
		if t.streams[i].ssrc == ssrc {
			return t.receiveRTP(t.streams[i].track, b, at)
		}
	}
	return t.receiveNew(ssrc, b, at)
}

func (t *transport) receiveRTP(u *upTrack, b []byte, at time.Time) bool {
	plain, err := t.in.DecryptRTP(b, b, &t.header)
	if err != nil {
		return false
	}
	if t.twcc != 0 {
		if e := t.header.GetExtension(t.twcc); len(e) >= 2 {
			t.arrivals.Record(t.header.SSRC, binary.BigEndian.Uint16(e), at.UnixMicro())
		}
	}
	if u != nil {
		u.take(&t.header, plain, at)
	}
	return true
}

// receiveNew takes the first packet of an SSRC. The contexts remember every
// SSRC they were asked for, right or wrong, so a first packet is tried on one
// that is thrown away when it remembers too many.
func (t *transport) receiveNew(ssrc uint32, b []byte, at time.Time) bool {
	if len(t.streams) >= maxStreams {
		return false
	}
	if _, err := t.probe.DecryptRTP(nil, b, &t.header); err != nil {
		t.probed()
		return false
	}
	u, known := t.from.track(&t.header)
	if !known {
		return true
	}
	t.streams = append(t.streams, stream{ssrc, u})
	return t.receiveRTP(u, b, at)
}

func (t *transport) receiveRTCP(b []byte, at time.Time) bool {
	if len(b) < 8 {
		return false
	}
	ssrc := binary.BigEndian.Uint32(b[4:])
	if !slices.Contains(t.senders, ssrc) {
		if len(t.senders) >= maxStreams {
			return false
		}
		if _, err := t.probe.DecryptRTCP(nil, b, nil); err != nil {
			t.probed()
			return false
		}
		t.senders = append(t.senders, ssrc)
	}
	plain, err := t.in.DecryptRTCP(nil, b, nil)
	if err != nil {
		return false
	}
	t.from.reports(plain, at)
	return true
}

// probed counts what the probe context remembers in vain.
func (t *transport) probed() {
	if t.probes++; t.probes < maxProbes {
		return
	}
	if probe, err := t.remake(); err == nil {
		t.probe, t.probes = probe, 0
	}
}

// sendRTCP encrypts an RTCP packet and writes it to the path in use. Before the
// handshake it does nothing.
func (t *transport) sendRTCP(plain []byte) error {
	t.sending.Lock()
	defer t.sending.Unlock()
	if t.out == nil {
		return nil
	}
	sealed, err := t.out.EncryptRTCP(t.sealed, plain, nil)
	if err != nil {
		return err
	}
	t.sealed = sealed
	_, err = t.conn.Write(sealed)
	return err
}

// sendRTP does the same with an RTP packet.
func (t *transport) sendRTP(plain []byte) error {
	t.sending.Lock()
	defer t.sending.Unlock()
	if t.out == nil {
		return nil
	}
	sealed, err := t.out.EncryptRTP(t.sealed, plain, nil)
	if err != nil {
		return err
	}
	t.sealed = sealed
	_, err = t.conn.Write(sealed)
	return err
}

// close ends the connection and waits: no media are taken after it.
func (t *transport) close() {
	t.cancel()
	t.mu.Lock()
	t.in, t.closed = nil, true
	t.mu.Unlock()
	t.work.Wait()
	if err := t.agent.GracefulClose(); err != nil {
		t.log.Debug("close connection", "error", err)
	}
}

// dtlsSide is the connection as DTLS sees it: media that came this way are
// taken on the spot.
type dtlsSide struct {
	*ice.Conn
	t *transport
}

func (d dtlsSide) Read(b []byte) (int, error) {
	for {
		n, err := d.Conn.Read(b)
		if err != nil {
			return n, err
		}
		if isDTLS(b[:n]) {
			return n, nil
		}
		if d.t.receive(b[:n], d.t.now()) {
			d.t.flush()
		}
	}
}

var _ net.Conn = dtlsSide{}
