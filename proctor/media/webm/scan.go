package webm

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"time"
)

// Errors of the reader.
var (
	// ErrTruncated means that the file ends inside an element. What Scan
	// returned with it is right up to File.Whole.
	ErrTruncated = errors.New("webm: truncated")
	// ErrMalformed means that the bytes are not a file this package can read.
	ErrMalformed = errors.New("webm: malformed")
)

const (
	maxHeadSize = 64 << 10 // bytes of any element that is read before the first cluster
	maxTracks   = 16
)

// File is what Scan learned.
type File struct {
	Epoch         time.Time     // DateUTC, zero when absent
	Duration      time.Duration // as declared, zero when absent
	Width, Height int           // as declared for the first video track
	Tracks        []Track

	Clusters int
	Blocks   int
	First    time.Duration // timecode of the earliest block
	Last     time.Duration // timecode of the latest block
	Whole    int64         // bytes up to the end of the last whole cluster, or of the header when there is none
	Patch    Patch         // where the declared sizes stand, for files of this package
}

// Track is one track a file declares.
type Track struct {
	Number        int
	Codec         string // "V_VP8", "A_OPUS"
	Width, Height int    // video only
}

// Blocks returns all blocks of a file in memory, in the order of the file. Their
// Data point into their own copies.
func Blocks(file []byte) ([]Block, error) {
	var blocks []Block
	_, err := Scan(bytes.NewReader(file), func(b Block) error {
		blocks = append(blocks, b)
		return nil
	})
	return blocks, err
}

// Scan reads a file and calls visit for every block of every whole cluster, in
// the order of the file; an error of visit ends the scan and is returned. Data
// of a block are the visitor's to keep. Memory is bounded by MaxClusterSize.
//
// On ErrTruncated and ErrMalformed the File returned describes what was good.
func Scan(r io.Reader, visit func(Block) error) (File, error) {
	s := scanner{r: bufio.NewReaderSize(r, 64<<10), visit: visit}
	s.file.First = -1
	err := s.scan()
	if s.file.First < 0 {
		s.file.First = 0
	}
	return s.file, err
}

type scanner struct {
	r     *bufio.Reader
	pos   int64
	visit func(Block) error
	file  File
	scale uint64
}

func (s *scanner) scan() error {
	head, err := s.next()
	if err != nil {
		return noEOF(err)
	}
	if head.id != idEBML || head.size < 0 || head.size > maxHeadSize {
		return fmt.Errorf("%w: no EBML header", ErrMalformed)
	}
	body, err := s.read(head.size)
	if err != nil {
		return err
	}
	if err := checkDocType(body); err != nil {
		return err
	}
	seg, err := s.next()
	if err != nil {
		return noEOF(err)
	}
	if seg.id != idSegment {
		return fmt.Errorf("%w: no segment", ErrMalformed)
	}
	end := int64(math.MaxInt64)
	s.file.Patch.sizeAt, s.file.Patch.bodyAt = s.pos-8, s.pos
	if seg.size >= 0 {
		if seg.size > math.MaxInt64-s.pos {
			return fmt.Errorf("%w: absurd size", ErrMalformed)
		}
		end = s.pos + seg.size
	}
	s.scale = uint64(time.Millisecond)
	for s.pos < end {
		e, err := s.next()
		if err == io.EOF {
			if end != math.MaxInt64 {
				return ErrTruncated
			}
			return nil
		}
		if err != nil {
			return err
		}
		if err := s.element(e); err != nil {
			return err
		}
	}
	return nil
}

func (s *scanner) element(e element) error {
	switch e.id {
	case idInfo, idTracks:
		if e.size < 0 || e.size > maxHeadSize {
			return fmt.Errorf("%w: oversized header element", ErrMalformed)
		}
		start := s.pos
		body, err := s.read(e.size)
		if err != nil {
			return err
		}
		if e.id == idInfo {
			err = s.info(body, start)
		} else {
			err = s.tracks(body)
		}
		if err != nil {
			return err
		}
		if s.file.Clusters == 0 {
			s.file.Whole = s.pos
		}
		return nil
	case idCluster:
		if e.size < 0 || e.size > MaxClusterSize {
			return fmt.Errorf("%w: cluster of unknown or absurd size", ErrMalformed)
		}
		body, err := s.read(e.size)
		if err != nil {
			return err
		}
		return s.cluster(body)
	case idEBML, idSegment, idSimpleBlock:
		return fmt.Errorf("%w: element out of place", ErrMalformed)
	default: // Void, Cues, SeekHead, Tags and whatever else we need not know
		if e.size < 0 {
			return fmt.Errorf("%w: unknown size", ErrMalformed)
		}
		n, err := io.CopyN(io.Discard, s.r, e.size)
		s.pos += n
		return noEOF(err)
	}
}

func (s *scanner) info(body []byte, start int64) error {
	var ticks float64
	err := each(body, func(id uint32, at int, b []byte) error {
		switch id {
		case idTimestampScale:
			v, err := beUint(b)
			if err != nil || v == 0 || v > uint64(time.Second) {
				return fmt.Errorf("%w: timestamp scale", ErrMalformed)
			}
			s.scale = v
		case idDateUTC:
			if len(b) == 8 {
				s.file.Epoch = matroskaEpoch.Add(time.Duration(int64(binary.BigEndian.Uint64(b))))
			}
		case idDuration:
			switch len(b) {
			case 4:
				ticks = float64(math.Float32frombits(binary.BigEndian.Uint32(b)))
			case 8:
				ticks = math.Float64frombits(binary.BigEndian.Uint64(b))
				s.file.Patch.durationAt = start + int64(at)
			}
		}
		return nil
	})
	if d := ticks * float64(s.scale); d > 0 && d < float64(math.MaxInt64)/2 {
		s.file.Duration = time.Duration(d)
	}
	return err
}

func (s *scanner) tracks(body []byte) error {
	return each(body, func(id uint32, _ int, b []byte) error {
		if id != idTrackEntry {
			return nil
		}
		if len(s.file.Tracks) == maxTracks {
			return fmt.Errorf("%w: too many tracks", ErrMalformed)
		}
		var t Track
		err := each(b, func(id uint32, _ int, b []byte) error {
			switch id {
			case idTrackNumber:
				return small(&t.Number, b, 126)
			case idCodecID:
				if len(b) > 64 {
					return fmt.Errorf("%w: codec name", ErrMalformed)
				}
				t.Codec = string(b)
			case idVideo:
				return each(b, func(id uint32, _ int, b []byte) error {
					switch id {
					case idPixelWidth:
						return small(&t.Width, b, 1<<16)
					case idPixelHeight:
						return small(&t.Height, b, 1<<16)
					}
					return nil
				})
			}
			return nil
		})
		if err != nil {
			return err
		}
		if t.Width > 0 && s.file.Width == 0 {
			s.file.Width, s.file.Height = t.Width, t.Height
		}
		s.file.Tracks = append(s.file.Tracks, t)
		return nil
	})
}

func (s *scanner) cluster(body []byte) error {
	base, seen := uint64(0), false
	var blocks []Block
	err := each(body, func(id uint32, _ int, b []byte) error {
		switch id {
		case idTimestamp:
			v, err := beUint(b)
			if err != nil || v > math.MaxInt64/4/s.scale {
				return fmt.Errorf("%w: cluster timestamp", ErrMalformed)
			}
			base, seen = v, true
		case idSimpleBlock:
			if !seen || len(b) < 4 || b[0]&0x80 == 0 || b[3]&0x06 != 0 {
				return fmt.Errorf("%w: block", ErrMalformed) // lacing and many tracks are not ours
			}
			at := int64(base) + int64(int16(binary.BigEndian.Uint16(b[1:3])))
			if at < 0 {
				return fmt.Errorf("%w: block before the epoch", ErrMalformed)
			}
			blocks = append(blocks, Block{
				Track:    int(b[0] & 0x7F),
				Timecode: time.Duration(at * int64(s.scale)),
				Key:      b[3]&0x80 != 0,
				Data:     b[4:len(b):len(b)],
			})
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.file.Clusters++
	s.file.Whole = s.pos
	for _, b := range blocks {
		s.file.Blocks++
		if s.file.First < 0 || b.Timecode < s.file.First {
			s.file.First = b.Timecode
		}
		s.file.Last = max(s.file.Last, b.Timecode)
		if s.visit != nil {
			if err := s.visit(b); err != nil {
				return err
			}
		}
	}
	return nil
}
