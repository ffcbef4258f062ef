package webm

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"time"
)

// More element IDs, of what a joined file has besides.
const (
	idCues               = 0x1C53BB6B
	idCuePoint           = 0xBB
	idCueTime            = 0xB3
	idCueTrackPositions  = 0xB7
	idCueTrack           = 0xF7
	idCueClusterPosition = 0xF1
	idVoid               = 0xEC
)

// Part is a file of this package that is to be joined with others of the same
// recording: its length in bytes, and the timecode of its first key frame.
type Part struct {
	Size  int64
	Start time.Duration
}

// Joined is one file made of several, without having any of them at hand: a
// head with the whole duration and a cue for each part, then the parts' clusters
// as they are. So its length, and what is at any place of it, are known from the
// rows of an index, and it can be read from anywhere (HTTP ranges).
//
// Of each part the header is left out; as much room is filled with a Void
// element behind its clusters, so that each part begins where the sizes say.
type Joined struct {
	head  []byte
	parts []Part
	at    []int64 // where each part begins; one more: the end
}

// Join plans the file. The parts are in order of their timecodes.
func Join(h Header, duration time.Duration, parts []Part) *Joined {
	head, patch := AppendHeader(nil, h)
	// The cues stand before the clusters, where a player finds them without asking; their numbers take the same room whatever they are.
	cues := int64(len(appendCues(nil, parts, make([]int64, len(parts)))))
	j := &Joined{parts: parts, at: make([]int64, 1, len(parts)+1)}
	j.at[0] = int64(len(head)) + cues
	for i, p := range parts {
		j.at = append(j.at, j.at[i]+p.Size)
	}
	positions := make([]int64, len(parts))
	for i := range parts {
		positions[i] = j.at[i] - patch.bodyAt
	}
	j.head = appendCues(head, parts, positions)
	write := func(b []byte, off int64) (int, error) { return copy(j.head[off:], b), nil }
	_ = patch.Finish(write, j.Size(), duration) // copy does not fail
	return j
}

// Size of the file in bytes.
func (j *Joined) Size() int64 { return j.at[len(j.at)-1] }

// Open reads the file. part returns the file of a part; it is called when its bytes are read, and again for the same part only after
// another one.
func (j *Joined) Open(part func(i int) ([]byte, error)) io.ReadSeeker {
	return &joinedReader{joined: j, part: part, have: -1}
}

func appendCues(dst []byte, parts []Part, positions []int64) []byte {
	if len(parts) == 0 {
		return dst
	}
	fixed := func(b []byte, id uint32, v int64) []byte {
		return appendBytes(b, id, binary.BigEndian.AppendUint64(nil, uint64(v)))
	}
	return appendElement(dst, idCues, func(b []byte) []byte {
		for i, p := range parts {
			b = appendElement(b, idCuePoint, func(b []byte) []byte {
				b = fixed(b, idCueTime, p.Start.Milliseconds())
				return appendElement(b, idCueTrackPositions, func(b []byte) []byte {
					b = appendUint(b, idCueTrack, VideoTrack)
					return fixed(b, idCueClusterPosition, positions[i])
				})
			})
		}
		return b
	})
}

type joinedReader struct {
	joined *Joined
	part   func(int) ([]byte, error)
	at     int64
	have   int // the part in bytes; -1: none
	bytes  []byte
}

// Seek implements io.Seeker.
func (r *joinedReader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += r.at
	case io.SeekEnd:
		offset += r.joined.Size()
	}
	if offset < 0 {
		return 0, errors.New("webm: before the beginning")
	}
	r.at = offset
	return offset, nil
}

// Read implements io.Reader.
func (r *joinedReader) Read(b []byte) (int, error) {
	j := r.joined
	if r.at >= j.Size() {
		return 0, io.EOF
	}
	if r.at < j.at[0] {
		n := copy(b, j.head[r.at:])
		r.at += int64(n)
		return n, nil
	}
	i := r.have
	if i < 0 || r.at < j.at[i] || r.at >= j.at[i+1] {
		for i = max(i, 0); r.at < j.at[i]; i-- {
		}
		for r.at >= j.at[i+1] {
			i++
		}
		if err := r.load(i); err != nil {
			return 0, err
		}
	}
	n := copy(b, r.bytes[r.at-j.at[i]:])
	r.at += int64(n)
	return n, nil
}

func (r *joinedReader) load(i int) error {
	file, err := r.part(i)
	if err != nil {
		return fmt.Errorf("webm: part %d: %w", i, err)
	}
	if int64(len(file)) != r.joined.parts[i].Size {
		return fmt.Errorf("webm: part %d is of %d bytes, not of %d", i, len(file), r.joined.parts[i].Size)
	}
	begin, err := firstCluster(file)
	if err != nil {
		return fmt.Errorf("webm: part %d: %w", i, err)
	}
	r.have, r.bytes = i, appendVoid(append(make([]byte, 0, len(file)), file[begin:]...), begin)
	return nil
}

// appendVoid fills n bytes, at least nine of them: a header is longer.
func appendVoid(dst []byte, n int) []byte {
	dst = append(dst, idVoid)
	dst = binary.BigEndian.AppendUint64(dst, uint64(n-9)|1<<56)
	return append(dst, make([]byte, n-9)...)
}

// firstCluster is where a file's header ends. A part whose clusters are not to the end of its bytes would hide the next one.
func firstCluster(file []byte) (int, error) {
	begin := 0
	for at := 0; at < len(file); {
		e, n, err := parseHead(file[at:])
		if err != nil {
			return 0, err
		}
		switch {
		case e.id == idSegment:
			at += n // into it
			continue
		case e.id == idCluster && begin == 0:
			begin = at
		}
		if e.size < 0 || e.size > math.MaxInt32 || at+n+int(e.size) > len(file) {
			return 0, ErrTruncated
		}
		at += n + int(e.size)
	}
	if begin < 9 {
		return 0, fmt.Errorf("%w: no cluster", ErrMalformed)
	}
	return begin, nil
}

// Cue says where in a file the cluster of a moment begins.
type Cue struct {
	Time time.Duration
	At   int64 // bytes from the file's beginning
}

// Cues reads those of a file in memory; none is no error.
func Cues(file []byte) ([]Cue, error) {
	var cues []Cue
	var body int64
	for at := 0; at < len(file); {
		e, n, err := parseHead(file[at:])
		if err != nil {
			return nil, err
		}
		at += n
		if e.id == idSegment {
			body = int64(at)
			continue
		}
		if e.size < 0 || e.size > int64(len(file)-at) {
			return nil, ErrTruncated
		}
		if e.id == idCues {
			return cues, each(file[at:at+int(e.size)], func(_ uint32, _ int, point []byte) error {
				var c Cue
				err := each(point, func(id uint32, _ int, b []byte) error {
					switch id {
					case idCueTime:
						ms, err := beUint(b)
						c.Time = time.Duration(ms) * time.Millisecond
						return err
					case idCueTrackPositions:
						return each(b, func(id uint32, _ int, b []byte) error {
							if id != idCueClusterPosition {
								return nil
							}
							v, err := beUint(b)
							c.At = body + int64(v)
							return err
						})
					}
					return nil
				})
				cues = append(cues, c)
				return err
			})
		}
		at += int(e.size)
	}
	return cues, nil
}
