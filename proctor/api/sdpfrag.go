package api

import (
	"errors"
	"strconv"
	"strings"

	"ochno/proctor/media"
)

// sdpFragment is application/trickle-ice-sdpfrag (RFC 8840): candidates, or the credentials of an ICE restart, without the rest of a description.
type sdpFragment struct {
	ufrag, password string
	candidates      []media.Candidate
}

const (
	longestFragment = 16 << 10
	longestICEName  = 256 // RFC 8839: of ufrag and password
)

var errFragment = errors.New("not a fragment of a session description")

// parseFragment reads what a client sends. The credentials may stand before the media sections or in them.
func parseFragment(text string) (sdpFragment, error) {
	var f sdpFragment
	var mid *string
	if len(text) > longestFragment {
		return f, errFragment
	}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		switch {
		case line == "":
		case len(line) < 2 || line[1] != '=':
			return f, errFragment
		case strings.HasPrefix(line, "m="):
			mid = nil
		case strings.HasPrefix(line, "a=mid:"):
			name := line[len("a=mid:"):]
			mid = &name
		case strings.HasPrefix(line, "a=ice-ufrag:"):
			f.ufrag = line[len("a=ice-ufrag:"):]
		case strings.HasPrefix(line, "a=ice-pwd:"):
			f.password = line[len("a=ice-pwd:"):]
		case strings.HasPrefix(line, "a=candidate:"):
			if len(f.candidates) >= media.MaxCandidates {
				return f, media.ErrTooMany
			}
			f.candidates = append(f.candidates, media.Candidate{Candidate: line[len("a="):], SDPMid: mid})
		}
	}
	if (f.ufrag == "") != (f.password == "") || len(f.ufrag) > longestICEName || len(f.password) > longestICEName {
		return f, errFragment
	}
	return f, nil
}

// credentials are the first ones in a session description.
func credentials(sdp string) (ufrag, password string) {
	for line := range strings.Lines(sdp) {
		line = strings.TrimRight(line, "\r\n")
		if text, ok := strings.CutPrefix(line, "a=ice-ufrag:"); ok && ufrag == "" {
			ufrag = text
		}
		if text, ok := strings.CutPrefix(line, "a=ice-pwd:"); ok && password == "" {
			password = text
		}
	}
	return ufrag, password
}

// restartOffer is the last offer with the credentials of a restart, as the client would have sent it whole.
func restartOffer(offer string, f sdpFragment) string {
	var b strings.Builder
	for line := range strings.Lines(offer) {
		text := strings.TrimRight(line, "\r\n")
		switch {
		case strings.HasPrefix(text, "a=ice-ufrag:"):
			text = "a=ice-ufrag:" + f.ufrag
		case strings.HasPrefix(text, "a=ice-pwd:"):
			text = "a=ice-pwd:" + f.password
		case strings.HasPrefix(text, "a=candidate:"), strings.HasPrefix(text, "a=end-of-candidates"):
			continue // of the ICE session before
		case strings.HasPrefix(text, "o="):
			if fields := strings.Fields(text); len(fields) == 6 {
				if version, err := strconv.ParseUint(fields[2], 10, 64); err == nil {
					fields[2] = strconv.FormatUint(version+1, 10)
					text = strings.Join(fields, " ")
				}
			}
		}
		b.WriteString(text + "\r\n")
	}
	return b.String()
}

// fragmentOf is what a client must know of an answer after a restart: our credentials and candidates.
func fragmentOf(answer string) string {
	ufrag, password := credentials(answer)
	var head, section strings.Builder
	head.WriteString("a=ice-ufrag:" + ufrag + "\r\na=ice-pwd:" + password + "\r\n")
	sections := 0
	for line := range strings.Lines(answer) {
		text := strings.TrimRight(line, "\r\n")
		if strings.HasPrefix(text, "m=") {
			sections++
		}
		if sections != 1 { // all is bundled with the first section
			continue
		}
		for _, prefix := range []string{"m=", "a=mid:", "a=candidate:", "a=end-of-candidates"} {
			if strings.HasPrefix(text, prefix) {
				section.WriteString(text + "\r\n")
			}
		}
	}
	return head.String() + section.String()
}
