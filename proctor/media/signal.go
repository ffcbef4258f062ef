package media

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/pion/webrtc/v3"
)

// Candidate is an ICE candidate in the shape of RTCIceCandidateInit. An empty
// Candidate string means that no more will come.
type Candidate struct {
	Candidate        string  `json:"candidate"`
	SDPMid           *string `json:"sdpMid,omitempty"`
	SDPMLineIndex    *uint16 `json:"sdpMLineIndex,omitempty"`
	UsernameFragment *string `json:"usernameFragment,omitempty"`
}

// Offer is what a viewer has to answer.
type Offer struct {
	SDP    string
	Tracks []TrackInfo // what the sending media sections of the SDP carry

	// Microphone is the mid of the section where the page is to send its own;
	// empty before OpenMicrophone.
	Microphone string
}

// TrackInfo names the source of one media section.
type TrackInfo struct {
	MID     string
	Attempt uuid.UUID
	Media   Media
}

// ErrBadCandidate is returned for a candidate that cannot be read.
var ErrBadCandidate = errors.New("media: malformed candidate")

// gatherPatience bounds the wait for our own candidates: they are the socket's
// addresses and come at once.
const gatherPatience = 3 * time.Second

// remoteCandidates takes trickled candidates, before and after there is a
// remote description to add them to. Its owner's lock guards it.
type remoteCandidates struct {
	count int
	early []Candidate
}

// take checks a candidate; add says whether to hand it to the connection now.
func (r *remoteCandidates) take(c Candidate, ready bool) (add bool, err error) {
	if c.Candidate == "" {
		return false, nil
	}
	if len(c.Candidate) > maxCandidateSize {
		return false, ErrBadCandidate
	}
	if r.count >= MaxCandidates {
		return false, fmt.Errorf("%w candidates", ErrTooMany)
	}
	r.count++
	if !ready {
		r.early = append(r.early, c)
	}
	return ready, nil
}

// release returns what came too early.
func (r *remoteCandidates) release() []Candidate {
	early := r.early
	r.early = nil
	return early
}

func addCandidate(pc *webrtc.PeerConnection, c Candidate) error {
	init := webrtc.ICECandidateInit{
		Candidate: c.Candidate, SDPMid: c.SDPMid, SDPMLineIndex: c.SDPMLineIndex, UsernameFragment: c.UsernameFragment,
	}
	if err := pc.AddICECandidate(init); err != nil {
		return ErrBadCandidate // pion's text quotes the peer's
	}
	return nil
}

func fromPion(c *webrtc.ICECandidate) Candidate {
	init := c.ToJSON()
	return Candidate{
		Candidate: init.Candidate, SDPMid: init.SDPMid, SDPMLineIndex: init.SDPMLineIndex, UsernameFragment: init.UsernameFragment,
	}
}

// localDescription sets one of our descriptions and returns it with all our
// candidates in it.
func localDescription(ctx context.Context, pc *webrtc.PeerConnection, d webrtc.SessionDescription) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, gatherPatience)
	defer cancel()
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(d); err != nil {
		return "", err
	}
	select {
	case <-gathered:
	case <-ctx.Done():
		return "", fmt.Errorf("gather candidates: %w", ctx.Err())
	}
	return pc.LocalDescription().SDP, nil
}
