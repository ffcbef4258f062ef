package media

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/pion/webrtc/v3"
)

// ErrNotLive means that an attempt sends nothing now.
var ErrNotLive = errors.New("media: nothing is published")

// Single sees the camera and microphone of one publisher, for clients that
// offer (WHEP). It lasts as long as that publisher: nobody can be told of
// another one without a negotiation.
type Single struct {
	viewer *Viewer
	of     *Publisher
}

// ViewOne answers an offer that receives picture, sound or both. ctx bounds the
// call alone.
func (n *Node) ViewOne(ctx context.Context, room, attempt uuid.UUID, offer string) (*Single, string, error) {
	d, err := parseSDP(offer, MaxOfferSize)
	if err != nil {
		return nil, "", err
	}
	if len(d.MediaDescriptions) > MaxMedia {
		return nil, "", refuse(SDPTooManyMedia, "%d media sections, at most %d", len(d.MediaDescriptions), MaxMedia)
	}
	p, ok := n.Publisher(attempt)
	if !ok || p.opts.Room != room || len(p.tracks()) == 0 {
		return nil, "", ErrNotLive
	}
	v, err := n.View(ctx, ViewOptions{Room: room})
	if err != nil {
		return nil, "", err
	}
	answer, err := v.answerOnce(ctx, p, offer)
	if err != nil {
		return nil, "", errors.Join(err, v.Close())
	}
	return &Single{v, p}, answer, nil
}

// answerOnce attaches what the offer has sections for. From then on the viewer
// waits for an answer that never comes: it makes no offer of its own.
func (v *Viewer) answerOnce(ctx context.Context, p *Publisher, offer string) (string, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.offered = true
	if err := v.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}); err != nil {
		v.log.Debug("offer rejected", "error", err)
		return "", refuse(SDPRejected, "the offer cannot be used")
	}
	for _, t := range v.pc.GetTransceivers() {
		if t.Direction() == webrtc.RTPTransceiverDirectionRecvonly {
			return "", refuse(SDPUnexpected, "a section that sends")
		}
	}
	for _, u := range p.tracks() {
		kind := webrtc.RTPCodecTypeVideo
		if u.media == Audio {
			kind = webrtc.RTPCodecTypeAudio
		}
		for _, t := range v.pc.GetTransceivers() {
			if (u.media == Video || u.media == Audio) && t.Kind() == kind && t.Sender() == nil && t.Direction() == webrtc.RTPTransceiverDirectionSendonly {
				v.free[u.media] = 1
			}
		}
		if v.free[u.media] == 0 {
			continue
		}
		if err := v.add(shown{u, u.shown()}); err != nil {
			return "", err
		}
	}
	if len(v.downs) == 0 {
		return "", refuse(SDPUnexpected, "no section that receives VP8 or Opus")
	}
	d, err := v.pc.CreateAnswer(nil)
	if err != nil {
		v.log.Debug("offer rejected", "error", err)
		return "", refuse(SDPRejected, "the offer cannot be answered")
	}
	answer, err := localDescription(ctx, v.pc, d)
	if err != nil {
		return "", fmt.Errorf("answer a viewer: %w", err)
	}
	v.described.Store(true)
	v.answered = true
	return answer, nil
}

// AddCandidate takes a trickled candidate, at most MaxCandidates of them.
func (s *Single) AddCandidate(c Candidate) error { return s.viewer.AddCandidate(c) }

// Over tells whether there is nothing more to see: the publisher or the
// connection has ended.
func (s *Single) Over() bool {
	s.viewer.mu.Lock()
	closing := s.viewer.closing
	s.viewer.mu.Unlock()
	return closing || !s.of.alive()
}

// Close ends the connection.
func (s *Single) Close() error { return s.viewer.Close() }
