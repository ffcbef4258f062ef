package media

import (
	"fmt"
	"strings"

	"github.com/pion/sdp/v3"
)

// SDPError says why a session description was refused.
type SDPError struct {
	Code   SDPCode
	Detail string // English, without anything of the peer's text
}

func (e *SDPError) Error() string { return "media: " + string(e.Code) + ": " + e.Detail }

// SDPCode is a stable reason of a refusal.
type SDPCode string

// Reasons of refusals.
const (
	SDPTooBig        SDPCode = "sdp_too_big"          // more than MaxOfferSize bytes, or too many candidates
	SDPMalformed     SDPCode = "sdp_malformed"        // not SDP, or without what every WebRTC description has
	SDPNoFingerprint SDPCode = "sdp_no_fingerprint"   // no DTLS fingerprint
	SDPNoICE         SDPCode = "sdp_no_ice"           // no ICE credentials
	SDPTooManyMedia  SDPCode = "sdp_too_many_media"   // more media sections than MaxMedia
	SDPUnexpected    SDPCode = "sdp_unexpected_media" // data channels, a second camera
	SDPNoVP8         SDPCode = "sdp_no_vp8"           // no camera that sends VP8
	SDPNoOpus        SDPCode = "sdp_no_opus"          // no microphone that sends Opus
	SDPRejected      SDPCode = "sdp_rejected"         // refused by the WebRTC stack
	SDPWrongState    SDPCode = "sdp_wrong_state"      // an answer nobody asked for
)

// Bounds of session descriptions and candidates.
const (
	MaxOfferSize  = 64 << 10  // of a publisher, bytes
	MaxAnswerSize = 256 << 10 // of a viewer: it grows with the tracks watched
	MaxMedia      = 8         // media sections of a publisher
	MaxCandidates = 64        // of one connection, in descriptions and trickled

	maxCandidateSize = 512
	maxFingerprints  = 8
)

func refuse(code SDPCode, format string, a ...any) error {
	return &SDPError{Code: code, Detail: fmt.Sprintf(format, a...)}
}

// checkAnswer refuses what cannot be an answer of a viewer.
func checkAnswer(text string) error {
	_, err := parseSDP(text, MaxAnswerSize)
	return err
}

// parseSDP reads a description and checks what all of them need.
func parseSDP(text string, most int) (*sdp.SessionDescription, error) {
	if len(text) > most {
		return nil, refuse(SDPTooBig, "%d bytes, at most %d", len(text), most)
	}
	var d sdp.SessionDescription
	if err := d.UnmarshalString(text); err != nil {
		return nil, refuse(SDPMalformed, "not a session description")
	}
	if len(d.MediaDescriptions) == 0 {
		return nil, refuse(SDPMalformed, "no media section")
	}
	for _, m := range d.MediaDescriptions {
		if stopped(m) {
			continue
		}
		if mid, ok := m.Attribute("mid"); !ok || mid == "" || len(mid) > 64 || strings.ContainsAny(mid, " \t") || len(m.MediaName.Formats) == 0 {
			return nil, refuse(SDPMalformed, "a media section without mid")
		}
		print := attribute(&d, m, "fingerprint")
		if algorithm, hex, ok := strings.Cut(print, " "); !ok || algorithm == "" || len(hex) < 20 {
			return nil, refuse(SDPNoFingerprint, "a media section without DTLS fingerprint")
		}
		ufrag, pwd := attribute(&d, m, "ice-ufrag"), attribute(&d, m, "ice-pwd")
		if len(ufrag) < 4 || len(ufrag) > 256 || len(pwd) < 22 || len(pwd) > 256 {
			return nil, refuse(SDPNoICE, "a media section without ICE credentials")
		}
	}
	return &d, nil
}

// attribute looks in the media section, then in the session.
func attribute(d *sdp.SessionDescription, m *sdp.MediaDescription, key string) string {
	if v, ok := m.Attribute(key); ok {
		return v
	}
	v, _ := d.Attribute(key)
	return v
}
