package media

import (
	"fmt"
	"strings"

	"github.com/pion/ice/v2"
)

// answering is our side of a negotiation.
type answering struct {
	ufrag, pwd  string
	fingerprint string // "sha-256 AA:…"
	candidates  []ice.Candidate
	session     uint64 // of the connection
	version     int    // counts its answers
	talk        uint32 // SSRC of what we send to the microphone's section
}

// answer writes the answer to an offer: its sections, in its order, with what we
// take of them.
func (a answering) answer(o *offer) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r\n", args...) }
	line("v=0")
	line("o=- %d %d IN IP4 0.0.0.0", a.session, a.version)
	line("s=-")
	line("t=0 0")
	var bundle strings.Builder
	for _, s := range o.sections {
		if !s.refused {
			bundle.WriteString(" " + s.mid)
		}
	}
	line("a=group:BUNDLE%s", bundle.String())
	line("a=msid-semantic: WMS *")
	setup := "active"
	if o.active {
		setup = "passive"
	}
	first := true
	for _, s := range o.sections {
		if s.refused {
			line("m=%s 0 %s %s", s.kind, s.proto, s.formats[0])
			line("c=IN IP4 0.0.0.0")
			if s.mid != "" {
				line("a=mid:%s", s.mid)
			}
			line("a=inactive")
			continue
		}
		line("m=%s 9 %s %d", s.kind, s.proto, s.payload)
		line("c=IN IP4 0.0.0.0")
		line("a=ice-ufrag:%s", a.ufrag)
		line("a=ice-pwd:%s", a.pwd)
		line("a=fingerprint:%s", a.fingerprint)
		line("a=setup:%s", setup)
		line("a=mid:%s", s.mid)
		line("a=rtcp-mux")
		line("a=rtcp-rsize")
		a.describe(line, s)
		if first {
			for _, c := range a.candidates {
				line("a=candidate:%s", c.Marshal())
			}
			line("a=end-of-candidates")
			first = false
		}
	}
	return b.String()
}

// describe writes what is sent in a section.
func (a answering) describe(line func(string, ...any), s mediaSection) {
	for _, e := range s.extensions {
		line("a=extmap:%d %s", e.id, e.uri)
	}
	codec, parameters := "VP8/90000", ""
	if s.kind == "audio" {
		codec, parameters = "opus/48000/2", opus.SDPFmtpLine
	}
	line("a=rtpmap:%d %s", s.payload, codec)
	if parameters != "" {
		line("a=fmtp:%d %s", s.payload, parameters)
	}
	for _, f := range s.feedback {
		line("a=rtcp-fb:%d %s", s.payload, f)
	}
	for _, l := range s.layers {
		line("a=rid:%s recv", l)
	}
	if len(s.layers) > 0 {
		line("a=simulcast:recv %s", strings.Join(s.layers, ";"))
	}
	switch {
	case s.media == "":
		line("a=inactive")
	case s.talk:
		line("a=sendrecv")
		line("a=msid:talk talk")
		line("a=ssrc:%d cname:talk", a.talk)
		line("a=ssrc:%d msid:talk talk", a.talk)
	default:
		line("a=recvonly")
	}
}
