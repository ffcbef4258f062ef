package media

import (
	"bytes"
	"encoding/binary"
)

// Kinds of datagrams by their first byte (RFC 7983).
func isSTUN(b []byte) bool  { return len(b) >= stunHeader && b[0] < 4 }
func isDTLS(b []byte) bool  { return len(b) > 0 && b[0] >= 20 && b[0] < 64 }
func isMedia(b []byte) bool { return len(b) > 1 && b[0] >= 128 && b[0] < 192 }

// isRTCP tells SRTCP from SRTP (RFC 5761).
func isRTCP(b []byte) bool { return b[1] >= 192 && b[1] <= 223 }

const (
	stunHeader     = 20
	stunCookie     = 0x2112A442
	stunUsername   = 0x0006
	bindingRequest = 0x0001
	bindingSuccess = 0x0101
)

// stunUfrag reads the receiver's ufrag from the USERNAME of a check.
func stunUfrag(b []byte) (ufrag []byte, ok bool) {
	if len(b) < stunHeader || binary.BigEndian.Uint32(b[4:]) != stunCookie {
		return nil, false
	}
	attributes := b[stunHeader:]
	if n := int(binary.BigEndian.Uint16(b[2:])); n > len(attributes) {
		return nil, false
	} else {
		attributes = attributes[:n]
	}
	for len(attributes) >= 4 {
		kind, n := binary.BigEndian.Uint16(attributes), int(binary.BigEndian.Uint16(attributes[2:]))
		attributes = attributes[4:]
		if n > len(attributes) {
			return nil, false
		}
		if kind == stunUsername {
			ufrag, _, ok = bytes.Cut(attributes[:n], []byte{':'})
			return ufrag, ok
		}
		attributes = attributes[min((n+3)&^3, len(attributes)):]
	}
	return nil, false
}
