package media

import "github.com/google/uuid"

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
	Tracks []TrackInfo // what every sending media section of the SDP carries
}

// TrackInfo names the source of one media section.
type TrackInfo struct {
	MID     string
	Attempt uuid.UUID
	Media   Media
}
