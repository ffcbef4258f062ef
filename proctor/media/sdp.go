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
)

func refuse(code SDPCode, format string, a ...any) error {
	return &SDPError{Code: code, Detail: fmt.Sprintf(format, a...)}
}

// checkOffer refuses what a publisher may not offer before anything is set up
// for it.
func checkOffer(text string) error {
	d, err := parseSDP(text, MaxOfferSize)
	if err != nil {
		return err
	}
	if len(d.MediaDescriptions) > MaxMedia {
		return refuse(SDPTooManyMedia, "%d media sections, at most %d", len(d.MediaDescriptions), MaxMedia)
	}
	cameras, microphones, candidates := 0, 0, 0
	for _, m := range d.MediaDescriptions {
		if _, inactive := m.Attribute("inactive"); inactive && m.MediaName.Media != "application" {
			continue
		}
		sends := true
		if _, ok := m.Attribute("recvonly"); ok {
			sends = false
		}
		switch {
		case m.MediaName.Media == "video":
			if !sends || !hasCodec(m, "VP8/90000") {
				return refuse(SDPNoVP8, "the video section does not send VP8")
			}
			cameras++
		case m.MediaName.Media == "audio":
			if !sends || !hasCodec(m, "opus/48000/2") {
				return refuse(SDPNoOpus, "the audio section does not send Opus")
			}
			microphones++
		default:
			return refuse(SDPUnexpected, "only audio and video are taken")
		}
		for _, a := range m.Attributes {
			if a.Key == "candidate" {
				candidates++
			}
		}
	}
	switch {
	case cameras == 0:
		return refuse(SDPNoVP8, "no video section")
	case microphones == 0:
		return refuse(SDPNoOpus, "no audio section")
	case cameras > 1 || microphones > 1:
		return refuse(SDPUnexpected, "%d cameras and %d microphones, one of each is taken", cameras, microphones)
	case candidates > MaxCandidates:
		return refuse(SDPTooBig, "%d candidates, at most %d", candidates, MaxCandidates)
	}
	return nil
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
		if mid, ok := m.Attribute("mid"); !ok || mid == "" || len(mid) > 64 {
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

// hasCodec looks for a codec that is mapped to one of the section's formats.
func hasCodec(m *sdp.MediaDescription, name string) bool {
	for _, a := range m.Attributes {
		format, codec, ok := strings.Cut(a.Value, " ")
		if a.Key != "rtpmap" || !ok || !strings.EqualFold(codec, name) {
			continue
		}
		for _, f := range m.MediaName.Formats {
			if f == format {
				return true
			}
		}
	}
	return false
}
