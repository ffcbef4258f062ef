package media

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
)

// offer is what a publisher offers, as far as it matters.
type offer struct {
	ufrag, pwd string
	lite       bool     // the peer answers connectivity checks only
	active     bool     // the peer begins the DTLS handshake
	prints     []string // fingerprints: algorithm and hex
	candidates []string
	sections   []mediaSection
}

// mediaSection is one media section of an offer.
type mediaSection struct {
	kind, proto string
	mid         string
	formats     []string
	media       Media    // what we take of it; empty: nothing
	layers      []string // of simulcast, in the offer's order; empty: one picture
	payload     uint8    // of the codec we take
	feedback    []string
	talk        bool // the microphone's section receives too
	extensions  []extension
	ssrcs       []uint32
	refused     bool // it is no use to either side
}

// extension is an RTP header extension we take.
type extension struct {
	id  uint8
	uri string
}

// parseOffer reads an offer and refuses what a publisher may not offer, before
// anything is set up for it. A phone's has a camera and nothing else.
func parseOffer(text string, phone bool) (*offer, error) {
	d, err := parseSDP(text, MaxOfferSize)
	if err != nil {
		return nil, err
	}
	if len(d.MediaDescriptions) > MaxMedia {
		return nil, refuse(SDPTooManyMedia, "%d media sections, at most %d", len(d.MediaDescriptions), MaxMedia)
	}
	o := &offer{}
	_, o.lite = d.Attribute("ice-lite")
	cameras, screens, microphones := 0, 0, 0
	for _, m := range d.MediaDescriptions {
		s, err := parseSection(m)
		if err != nil {
			return nil, err
		}
		switch s.media {
		case Video:
			cameras++
		case Screen:
			screens++
		case Audio:
			microphones++
		}
		o.sections = append(o.sections, s)
		if s.media == "" {
			continue
		}
		for _, a := range m.Attributes {
			if a.Key == "candidate" {
				o.candidates = append(o.candidates, a.Value)
			}
		}
		if o.ufrag == "" {
			o.ufrag, o.pwd = attribute(d, m, "ice-ufrag"), attribute(d, m, "ice-pwd")
			o.active = attribute(d, m, "setup") == "active"
			o.prints = fingerprints(d, m)
		}
		if _, muxed := m.Attribute("rtcp-mux"); !muxed {
			return nil, refuse(SDPRejected, "a media section without rtcp-mux")
		}
	}
	switch {
	case cameras == 0:
		return nil, refuse(SDPNoVP8, "no video section")
	case phone && (screens > 0 || microphones > 0):
		return nil, refuse(SDPUnexpected, "a second camera has no screen and no microphone")
	case microphones == 0 && !phone:
		return nil, refuse(SDPNoOpus, "no audio section")
	case cameras > 1 || screens > 1 || microphones > 1:
		return nil, refuse(SDPUnexpected, "%d cameras, %d screens and %d microphones, one of each is taken", cameras, screens, microphones)
	case len(o.candidates) > MaxCandidates:
		return nil, refuse(SDPTooBig, "%d candidates, at most %d", len(o.candidates), MaxCandidates)
	}
	o.settleExtensions()
	return o, o.checkBundle(d)
}

// checkBundle refuses media on connections of their own.
func (o *offer) checkBundle(d *sdp.SessionDescription) error {
	group, _ := d.Attribute("group")
	mids, ok := strings.CutPrefix(group, "BUNDLE ")
	bundled := strings.Fields(mids)
	seen := map[string]bool{}
	for _, s := range o.sections {
		if seen[s.mid] {
			return refuse(SDPMalformed, "two media sections with one mid")
		}
		seen[s.mid] = true
		if s.media != "" && (!ok || !slices.Contains(bundled, s.mid)) {
			return refuse(SDPRejected, "a media section outside the bundle")
		}
	}
	return nil
}

func parseSection(m *sdp.MediaDescription) (mediaSection, error) {
	if len(m.MediaName.Formats) == 0 {
		return mediaSection{}, refuse(SDPMalformed, "a media section without formats")
	}
	s := mediaSection{kind: m.MediaName.Media, proto: strings.Join(m.MediaName.Protos, "/"), formats: m.MediaName.Formats}
	s.mid, _ = m.Attribute("mid")
	_, inactive := m.Attribute("inactive")
	_, recvonly := m.Attribute("recvonly")
	_, sendonly := m.Attribute("sendonly")
	if s.kind == "application" || s.kind != "video" && s.kind != "audio" && !inactive {
		return s, refuse(SDPUnexpected, "only audio and video are taken")
	}
	name := "VP8/90000"
	if s.kind == "audio" {
		name = "opus/48000/2"
	}
	payload, ok := codec(m, name)
	if inactive || stopped(m) {
		s.refused = !ok || stopped(m)
		s.payload = payload
		return s, nil
	}
	s.payload = payload
	s.feedback = feedback(m, payload)
	for _, a := range m.Attributes {
		switch a.Key {
		case "ssrc":
			number, _, _ := strings.Cut(a.Value, " ")
			if ssrc, err := strconv.ParseUint(number, 10, 32); err == nil && !slices.Contains(s.ssrcs, uint32(ssrc)) && len(s.ssrcs) < maxStreams {
				s.ssrcs = append(s.ssrcs, uint32(ssrc))
			}
		case "extmap":
			if e, ok := parseExtension(a.Value); ok && s.id(e.uri) == 0 {
				s.extensions = append(s.extensions, e)
			}
		}
	}
	if s.kind == "video" {
		if recvonly || !ok {
			return s, refuse(SDPNoVP8, "the video section does not send VP8")
		}
		s.media, s.layers = Video, simulcast(m)
		if content, _ := m.Attribute("content"); content == "slides" {
			s.media, s.layers = Screen, nil
		}
		return s, nil
	}
	if recvonly || !ok {
		return s, refuse(SDPNoOpus, "the audio section does not send Opus")
	}
	s.media, s.talk = Audio, !sendonly
	return s, nil
}

// stopped reports whether a section is not used any more.
func stopped(m *sdp.MediaDescription) bool {
	_, bundleOnly := m.Attribute("bundle-only")
	return m.MediaName.Port.Value == 0 && !bundleOnly
}

// RTP header extensions we take.
const (
	extensionMID   = "urn:ietf:params:rtp-hdrext:sdes:mid"
	extensionRID   = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
	extensionLevel = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
	extensionTWCC  = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
)

// Layers of a camera, by their rid.
const (
	layerHigh = "h"
	layerLow  = "l"
)

// parseExtension reads an extmap line; ok when we take the extension.
func parseExtension(line string) (e extension, ok bool) {
	id, uri, _ := strings.Cut(line, " ")
	uri, _, _ = strings.Cut(uri, " ")
	id, _, _ = strings.Cut(id, "/")
	n, err := strconv.ParseUint(id, 10, 8)
	if err != nil || n < 1 || n > 14 { // those of one byte
		return e, false
	}
	return extension{uint8(n), uri}, uri == extensionMID || uri == extensionRID || uri == extensionLevel || uri == extensionTWCC
}

// simulcast returns the layers a section sends when they are ours, else nothing:
// then one picture is what we take.
func simulcast(m *sdp.MediaDescription) []string {
	line, _ := m.Attribute("simulcast")
	fields := strings.Fields(line)
	i := slices.Index(fields, "send")
	if i < 0 || i+1 == len(fields) {
		return nil
	}
	layers := strings.Split(fields[i+1], ";")
	if len(layers) != 2 || !slices.Contains(layers, layerHigh) || !slices.Contains(layers, layerLow) {
		return nil
	}
	for _, l := range layers {
		if !slices.ContainsFunc(m.Attributes, func(a sdp.Attribute) bool {
			rest, ok := strings.CutPrefix(a.Value, l+" send")
			return a.Key == "rid" && ok && (rest == "" || rest[0] == ' ')
		}) {
			return nil
		}
	}
	return layers
}

// id returns the number of an extension in a section; zero when it is not taken.
func (s *mediaSection) id(uri string) uint8 {
	for _, e := range s.extensions {
		if e.uri == uri {
			return e.id
		}
	}
	return 0
}

// settleExtensions drops what cannot be used: one number for two extensions, or
// two for one, within the bundle; what belongs to the other medium.
func (o *offer) settleExtensions() {
	ids, uris := map[string]uint8{}, map[uint8]string{}
	for i := range o.sections {
		s := &o.sections[i]
		s.extensions = slices.DeleteFunc(s.extensions, func(e extension) bool {
			if e.uri == extensionLevel && s.media != Audio || e.uri == extensionRID && len(s.layers) == 0 ||
				e.uri == extensionTWCC && !slices.Contains(s.feedback, "transport-cc") {
				return true
			}
			id, known := ids[e.uri]
			uri, used := uris[e.id]
			if known && id != e.id || used && uri != e.uri {
				return true
			}
			ids[e.uri], uris[e.id] = e.id, e.uri
			return false
		})
		if s.id(extensionTWCC) == 0 {
			s.feedback = slices.DeleteFunc(s.feedback, func(f string) bool { return f == "transport-cc" })
		}
		if s.id(extensionRID) == 0 {
			s.layers = nil
		}
	}
}

// feedback returns what the sender understands of what we would say.
func feedback(m *sdp.MediaDescription, payload uint8) (lines []string) {
	for _, a := range m.Attributes {
		format, line, _ := strings.Cut(strings.TrimSpace(a.Value), " ")
		if a.Key != "rtcp-fb" || format != "*" && format != strconv.Itoa(int(payload)) || slices.Contains(lines, line) {
			continue
		}
		if line == "nack" || line == "nack pli" || line == "ccm fir" || line == "transport-cc" {
			lines = append(lines, line)
		}
	}
	return lines
}

func fingerprints(d *sdp.SessionDescription, m *sdp.MediaDescription) (prints []string) {
	for _, attributes := range [][]sdp.Attribute{m.Attributes, d.Attributes} {
		for _, a := range attributes {
			if a.Key == "fingerprint" && len(prints) < maxFingerprints {
				prints = append(prints, a.Value)
			}
		}
		if len(prints) > 0 {
			break
		}
	}
	return prints
}

// of returns the sections that send a medium.
func (o *offer) of(m Media) *mediaSection {
	i := slices.IndexFunc(o.sections, func(s mediaSection) bool { return s.media == m })
	if i < 0 {
		return nil
	}
	return &o.sections[i]
}

// sectionOf says which section a packet belongs to: the one it names, the one
// that announced its SSRC, or the only one with its codec.
func (o *offer) sectionOf(h *rtp.Header) *mediaSection {
	var bySSRC, byPayload *mediaSection
	for i := range o.sections {
		s := &o.sections[i]
		if s.media == "" || s.payload != h.PayloadType {
			continue
		}
		if id := s.id(extensionMID); id != 0 && string(h.GetExtension(id)) == s.mid {
			return s
		}
		if slices.Contains(s.ssrcs, h.SSRC) {
			bySSRC = s
		}
		if byPayload == nil {
			byPayload = s
		}
	}
	if bySSRC != nil {
		return bySSRC
	}
	return byPayload
}

// codec looks for a codec that is mapped to one of the section's formats.
func codec(m *sdp.MediaDescription, name string) (payload uint8, ok bool) {
	for _, f := range m.MediaName.Formats {
		for _, a := range m.Attributes {
			format, codec, _ := strings.Cut(a.Value, " ")
			if a.Key != "rtpmap" || format != f || !strings.EqualFold(codec, name) {
				continue
			}
			if n, err := strconv.ParseUint(f, 10, 7); err == nil {
				return uint8(n), true
			}
		}
	}
	return 0, false
}
