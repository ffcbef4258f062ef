package media

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/pion/dtls/v2"
	"github.com/pion/dtls/v2/pkg/crypto/fingerprint"
	"github.com/pion/ice/v2"
	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/rtp"
	"github.com/pion/srtp/v2"
)

const (
	maxStreams    = 32 // SSRCs of one connection; more are not listened to
	maxProbes     = 64 // SSRCs tried and not taken, before they are forgotten
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
	pace     pace
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
