// Package webm writes and reads the WebM files of recordings: VP8 and Opus,
// SimpleBlocks in whole clusters of known size.
//
// The writer is plain and ours on purpose: it appends a whole cluster to a byte
// slice so that the caller writes it with one write, which measured two to three
// times cheaper than a streaming EBML library and makes "cut to the last whole
// cluster" a sufficient recovery. The reader takes what the writer makes (and
// other files of that shape), and is meant for recovery, for proofs ("the frame
// at this offset has this hash") and for tests, not for playing arbitrary
// Matroska. It may be fed rubbish: every size is bounded.
//
// The package knows bytes only: no files, no clocks. Start reading at
// AppendHeader and AppendCluster; Scan is their inverse.
package webm

import (
	"encoding/binary"
	"errors"
	"math"
	"time"
)

// Track numbers in files of this package.
const (
	VideoTrack = 1
	AudioTrack = 2
)

// Limits of the reader and the writer.
const (
	MaxClusterSize     = 32 << 20                // bytes
	MaxClusterDuration = 32 * time.Second        // what a block's 16 bits can say, rounded down
	opusPreSkip        = 312                     // samples at 48 kHz, libopus' look-ahead
	codecDelay         = 6500 * time.Microsecond // opusPreSkip as time
	seekPreRoll        = 80 * time.Millisecond
)

// Element IDs.
const (
	idEBML               = 0x1A45DFA3
	idEBMLVersion        = 0x4286
	idEBMLReadVersion    = 0x42F7
	idEBMLMaxIDLength    = 0x42F2
	idEBMLMaxSizeLength  = 0x42F3
	idDocType            = 0x4282
	idDocTypeVersion     = 0x4287
	idDocTypeReadVersion = 0x4285
	idSegment            = 0x18538067
	idInfo               = 0x1549A966
	idTimestampScale     = 0x2AD7B1
	idDuration           = 0x4489
	idDateUTC            = 0x4461
	idMuxingApp          = 0x4D80
	idWritingApp         = 0x5741
	idTracks             = 0x1654AE6B
	idTrackEntry         = 0xAE
	idTrackNumber        = 0xD7
	idTrackUID           = 0x73C5
	idTrackType          = 0x83
	idFlagLacing         = 0x9C
	idCodecID            = 0x86
	idCodecPrivate       = 0x63A2
	idCodecDelay         = 0x56AA
	idSeekPreRoll        = 0x56BB
	idVideo              = 0xE0
	idPixelWidth         = 0xB0
	idPixelHeight        = 0xBA
	idAudio              = 0xE1
	idSamplingFrequency  = 0xB5
	idChannels           = 0x9F
	idCluster            = 0x1F43B675
	idTimestamp          = 0xE7
	idSimpleBlock        = 0xA3
)

const app = "ochno"

// Header says what a file's head declares.
type Header struct {
	// Epoch is the wall clock of timecode zero, written as DateUTC: add a
	// block's timecode and you have its wall clock.
	Epoch         time.Time
	Width, Height int // of the video track, 1..16383
}

// Patch says where a finished file's sizes go: both are written with unknown
// values first, because a file is appended to while its length is not known.
type Patch struct {
	sizeAt, bodyAt, durationAt int64
}

// Block is one SimpleBlock.
type Block struct {
	Track    int
	Timecode time.Duration // from the file's epoch, whole milliseconds
	Key      bool
	Data     []byte
}

// ErrSpan is returned when the blocks given to AppendCluster do not fit one
// cluster.
var ErrSpan = errors.New("webm: blocks out of a cluster's reach")

// AppendHeader appends everything that comes before the first cluster. A file
// always declares both tracks, whatever it will hold, so that a player can
// append one file after another without the set of tracks changing.
func AppendHeader(dst []byte, h Header) ([]byte, Patch) {
	dst = appendElement(dst, idEBML, func(b []byte) []byte {
		b = appendUint(b, idEBMLVersion, 1)
		b = appendUint(b, idEBMLReadVersion, 1)
		b = appendUint(b, idEBMLMaxIDLength, 4)
		b = appendUint(b, idEBMLMaxSizeLength, 8)
		b = appendBytes(b, idDocType, []byte("webm"))
		b = appendUint(b, idDocTypeVersion, 4)
		return appendUint(b, idDocTypeReadVersion, 2)
	})
	var p Patch
	dst = appendID(dst, idSegment)
	p.sizeAt = int64(len(dst))
	dst = append(dst, unknownSize...)
	p.bodyAt = int64(len(dst))

	info := appendUint(nil, idTimestampScale, uint64(time.Millisecond))
	info = appendBytes(info, idDateUTC, binary.BigEndian.AppendUint64(nil, uint64(h.Epoch.Sub(matroskaEpoch))))
	info = appendBytes(info, idMuxingApp, []byte(app))
	info = appendBytes(info, idWritingApp, []byte(app))
	info = appendFloat(info, idDuration, 0) // the last one, so that its place is known
	dst = appendBytes(dst, idInfo, info)
	p.durationAt = int64(len(dst)) - 8

	return appendElement(dst, idTracks, func(b []byte) []byte {
		b = appendElement(b, idTrackEntry, func(b []byte) []byte {
			b = appendUint(b, idTrackNumber, VideoTrack)
			b = appendUint(b, idTrackUID, VideoTrack)
			b = appendUint(b, idTrackType, 1)
			b = appendUint(b, idFlagLacing, 0)
			b = appendBytes(b, idCodecID, []byte("V_VP8"))
			return appendElement(b, idVideo, func(b []byte) []byte {
				b = appendUint(b, idPixelWidth, uint64(h.Width))
				return appendUint(b, idPixelHeight, uint64(h.Height))
			})
		})
		return appendElement(b, idTrackEntry, func(b []byte) []byte {
			b = appendUint(b, idTrackNumber, AudioTrack)
			b = appendUint(b, idTrackUID, AudioTrack)
			b = appendUint(b, idTrackType, 2)
			b = appendUint(b, idFlagLacing, 0)
			b = appendBytes(b, idCodecID, []byte("A_OPUS"))
			b = appendBytes(b, idCodecPrivate, opusHead())
			b = appendUint(b, idCodecDelay, uint64(codecDelay))
			b = appendUint(b, idSeekPreRoll, uint64(seekPreRoll))
			return appendElement(b, idAudio, func(b []byte) []byte {
				b = appendFloat(b, idSamplingFrequency, 48000)
				return appendUint(b, idChannels, 2)
			})
		})
	}), p
}

// AppendCluster appends one cluster. The blocks must be in order of their
// timecodes and reach over no more than MaxClusterDuration and MaxClusterSize.
func AppendCluster(dst []byte, blocks []Block) ([]byte, error) {
	if len(blocks) == 0 {
		return dst, nil
	}
	base, prev := blocks[0].Timecode, blocks[0].Timecode
	size := uintElementSize(idTimestamp, uint64(base.Milliseconds()))
	for _, b := range blocks {
		if b.Timecode < prev || b.Timecode < 0 || b.Timecode-base > MaxClusterDuration || b.Track < 1 || b.Track > 126 {
			return dst, ErrSpan
		}
		prev = b.Timecode
		size += 1 + sizeLen(uint64(4+len(b.Data))) + 4 + len(b.Data)
	}
	if size > MaxClusterSize {
		return dst, ErrSpan
	}
	dst = appendID(dst, idCluster)
	dst = appendSize(dst, uint64(size))
	dst = appendUint(dst, idTimestamp, uint64(base.Milliseconds()))
	for _, b := range blocks {
		dst = appendID(dst, idSimpleBlock)
		dst = appendSize(dst, uint64(4+len(b.Data)))
		dst = append(dst, 0x80|byte(b.Track))
		dst = binary.BigEndian.AppendUint16(dst, uint16(b.Timecode.Milliseconds()-base.Milliseconds()))
		var flags byte
		if b.Key {
			flags = 0x80
		}
		dst = append(dst, flags)
		dst = append(dst, b.Data...)
	}
	return dst, nil
}

// Finish writes the duration and the size of a file of the given length. The
// file is valid without, but players then do not know how long it is.
func (p Patch) Finish(writeAt func(b []byte, off int64) (int, error), length int64, duration time.Duration) error {
	size := binary.BigEndian.AppendUint64(nil, uint64(length-p.bodyAt)|1<<56)
	if _, err := writeAt(size, p.sizeAt); err != nil {
		return err
	}
	ms := math.Float64bits(float64(duration) / float64(time.Millisecond))
	_, err := writeAt(binary.BigEndian.AppendUint64(nil, ms), p.durationAt)
	return err
}

// matroskaEpoch is where DateUTC counts from.
var matroskaEpoch = time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)

// unknownSize takes as much room as any size.
var unknownSize = []byte{0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}

func opusHead() []byte {
	b := append([]byte("OpusHead"), 1, 2) // version, channels
	b = binary.LittleEndian.AppendUint16(b, opusPreSkip)
	b = binary.LittleEndian.AppendUint32(b, 48000)
	return append(b, 0, 0, 0) // gain, mapping family
}

func appendElement(dst []byte, id uint32, body func([]byte) []byte) []byte {
	return appendBytes(dst, id, body(nil))
}

func appendBytes(dst []byte, id uint32, body []byte) []byte {
	dst = appendID(dst, id)
	dst = appendSize(dst, uint64(len(body)))
	return append(dst, body...)
}

func appendUint(dst []byte, id uint32, v uint64) []byte {
	n := uintLen(v)
	dst = appendID(dst, id)
	dst = appendSize(dst, uint64(n))
	for i := n - 1; i >= 0; i-- {
		dst = append(dst, byte(v>>(8*i)))
	}
	return dst
}

func appendFloat(dst []byte, id uint32, v float64) []byte {
	return appendBytes(dst, id, binary.BigEndian.AppendUint64(nil, math.Float64bits(v)))
}

func appendID(dst []byte, id uint32) []byte {
	for i := idLen(id) - 1; i >= 0; i-- {
		dst = append(dst, byte(id>>(8*i)))
	}
	return dst
}

func appendSize(dst []byte, v uint64) []byte {
	n := sizeLen(v)
	v |= 1 << (7 * n)
	for i := n - 1; i >= 0; i-- {
		dst = append(dst, byte(v>>(8*i)))
	}
	return dst
}

func uintElementSize(id uint32, v uint64) int {
	return idLen(id) + 1 + uintLen(v)
}

func idLen(id uint32) int { return uintLen(uint64(id)) }

func uintLen(v uint64) int {
	n := 1
	for v >>= 8; v != 0; v >>= 8 {
		n++
	}
	return n
}

// sizeLen is the shortest length of a size; all ones are reserved.
func sizeLen(v uint64) int {
	n := 1
	for v >= 1<<(7*n)-1 {
		n++
	}
	return n
}
