package media

// This half of transport is SRTP: keys, what comes in, what goes out.

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pion/dtls/v2"
	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/rtcp"
	"github.com/pion/srtp/v2"
)

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

// A student's camera, screen and sound at the policy's highest ceilings are some
// 1,100 datagrams a second. One reader serves everybody, so whoever sends far more
// is not decrypted.
const (
	mediaRate  = 2500 // datagrams a second of one connection
	mediaBurst = time.Second
)

// pace admits so many datagrams a second, and a burst of them.
type pace struct {
	paid    time.Time // until when what came is paid for
	refused int
}

func (p *pace) admit(at time.Time) bool {
	if p.paid.Before(at) {
		p.paid = at
	}
	if p.paid.Sub(at) > mediaBurst {
		p.refused++
		return false
	}
	p.paid = p.paid.Add(time.Second / mediaRate)
	return true
}

// receive takes a datagram of media.
func (t *transport) receive(b []byte, at time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.in == nil || !isMedia(b):
		return false
	case !t.pace.admit(at):
		if t.pace.refused == 1 {
			t.log.Warn("more media than a camera, a screen and a microphone can be: what is too much is dropped")
		}
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
	if !known { // and authentic, but the context remembers it all the same
		t.probed()
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
