package assemble

import "time"

const (
	videoWindow   = 512                    // packets, about half a second of a fast sender
	videoPatience = 500 * time.Millisecond // for a packet that is missing
	firstSlack    = 32                     // packets that may arrive before an older first one
)

// Frame is one whole encoded VP8 frame.
type Frame struct {
	Data          []byte
	Key           bool
	Width, Height int       // of a key frame
	Time          uint32    // RTP
	At            time.Time // when its first packet arrived
	Lost          bool      // frames before it are missing
}

// Video puts VP8 packets together. After a loss it gives nothing until the next
// whole key frame: what comes between cannot be decoded right.
type Video struct {
	ring    reorder
	needKey bool
	lost    bool
}

// NewVideo returns an assembler that waits for its first key frame.
func NewVideo() *Video {
	return &Video{ring: newReorder(videoWindow), needKey: true}
}

// NeedKey reports whether only a key frame can go on.
func (v *Video) NeedKey() bool { return v.needKey }

// DropUntilKey forgets what is waiting; the next frame will be a key frame.
func (v *Video) DropUntilKey() {
	v.ring.clear(v.ring.top + 1)
	v.lose()
}

// Push takes one packet. Packets that cannot be VP8 are ignored, which makes
// them missing.
func (v *Video) Push(p Packet) {
	if len(p.Payload) > 0 {
		if _, _, ok := descriptor(p.Payload); !ok {
			return
		}
	}
	if v.ring.push(p, firstSlack) {
		v.lose()
	}
}

// Pop returns the next frame in order, if there is one by now.
func (v *Video) Pop(now time.Time) (Frame, bool) {
	for {
		if v.needKey {
			at, ok := v.findKey()
			if !ok {
				return Frame{}, false
			}
			v.ring.clear(at)
		}
		end, whole := v.span(v.ring.head)
		if !whole {
			if end > v.ring.top || !v.ring.impatient(now, videoPatience) {
				return Frame{}, false
			}
			v.lose()
			continue
		}
		f := v.join(v.ring.head, end)
		v.ring.clear(end)
		switch {
		case len(f.Data) == 0: // padding
			continue
		case !f.Key && (v.needKey || f.Data[0]&1 == 0): // a key frame by its bit, but not by its start code
			v.lose()
			continue
		}
		v.needKey = false
		f.Lost, v.lost = v.lost, false
		return f, true
	}
}

func (v *Video) lose() {
	if !v.needKey {
		v.needKey, v.lost = true, true
	}
}

// findKey returns where the first whole key frame starts.
func (v *Video) findKey() (int64, bool) {
	for i := v.ring.head; i <= v.ring.top; i++ {
		p := v.ring.at(i)
		if p == nil || len(p.Payload) == 0 {
			continue
		}
		if !BeginsKeyFrame(p.Payload) {
			continue
		}
		end, whole := v.span(i)
		if whole {
			return i, true
		}
		i = end // up to what is missing it is all one frame, however often it says to begin
	}
	return 0, false
}

// span walks the frame (or the padding) that begins at a number. When it is
// whole it returns the number after it, else the number that is missing; a
// packet that should begin a frame and does not counts as missing too.
func (v *Video) span(from int64) (end int64, whole bool) {
	first := v.ring.at(from)
	if first == nil {
		return from, false
	}
	if len(first.Payload) == 0 {
		return from + 1, true
	}
	if start, _, _ := descriptor(first.Payload); !start {
		return from, false
	}
	for i := from; ; i++ {
		p := v.ring.at(i)
		switch {
		case p == nil:
			return i, false
		case p.Time != first.Time: // the marker was not set
			return i, true
		case p.Marker:
			return i + 1, true
		}
	}
}

func (v *Video) join(from, end int64) Frame {
	first := v.ring.at(from)
	f := Frame{Time: first.Time, At: first.At}
	size, parts := 0, 0
	for i := from; i < end; i++ {
		p := v.ring.at(i)
		if p.At.Before(f.At) {
			f.At = p.At
		}
		if _, data, ok := descriptor(p.Payload); ok && len(data) > 0 {
			size += len(data)
			parts++
			f.Data = data
		}
	}
	if parts > 1 {
		f.Data = make([]byte, 0, size)
		for i := from; i < end; i++ {
			if _, data, ok := descriptor(v.ring.at(i).Payload); ok {
				f.Data = append(f.Data, data...)
			}
		}
	}
	f.Width, f.Height, f.Key = keyFrame(f.Data)
	return f
}

// BeginsKeyFrame reports whether a packet is the first of a key frame.
func BeginsKeyFrame(payload []byte) bool {
	start, data, _ := descriptor(payload)
	if !start {
		return false
	}
	_, _, key := keyFrame(data)
	return key
}

// descriptor strips the VP8 payload descriptor (RFC 7741, 4.2). start means
// that the packet begins a frame.
func descriptor(b []byte) (start bool, data []byte, ok bool) {
	if len(b) == 0 {
		return false, nil, false
	}
	start = b[0]&0x10 != 0 && b[0]&0x07 == 0
	n := 1
	if b[0]&0x80 != 0 {
		if len(b) < 2 {
			return false, nil, false
		}
		ext := b[1]
		n++
		if ext&0x80 != 0 { // picture ID of 7 or 15 bits
			if len(b) <= n {
				return false, nil, false
			}
			if b[n]&0x80 != 0 {
				n++
			}
			n++
		}
		if ext&0x40 != 0 { // TL0PICIDX
			n++
		}
		if ext&0x30 != 0 { // TID, KEYIDX
			n++
		}
	}
	if len(b) < n {
		return false, nil, false
	}
	return start, b[n:len(b):len(b)], true
}

// keyFrame reads the head of a frame (RFC 6386, 9.1).
func keyFrame(b []byte) (width, height int, key bool) {
	if len(b) < 10 || b[0]&1 != 0 || b[3] != 0x9d || b[4] != 0x01 || b[5] != 0x2a {
		return 0, 0, false
	}
	width = (int(b[6]) | int(b[7])<<8) & 0x3fff
	height = (int(b[8]) | int(b[9])<<8) & 0x3fff
	return width, height, width > 0 && height > 0
}
