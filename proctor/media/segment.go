package media

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
)

// ErrUnwanted is what a Sink says of a segment that nobody may keep, because what
// it belongs to was erased meanwhile: its files are removed from the spool.
var ErrUnwanted = errors.New("media: nobody may keep this segment")

// Sink takes finished segments out of the spool.
//
// StoreSegment is called one segment at a time per recording, in order, after
// the file at s.Path is complete and on disk. It stores the bytes, then its own
// row, then it may remove the file; the caller removes what is left of it once
// StoreSegment returned nil. ErrUnwanted means that it must go; every other error means "not stored": the same segment is
// offered again, with growing pauses, for as long as the Node lives, and at the
// next start by Recover. After a crash a segment that was already stored may be
// offered once more, so the sink must treat (Recording, Number, SHA256) as the
// same thing seen twice. Calls for different recordings run concurrently.
type Sink interface {
	StoreSegment(ctx context.Context, s Segment) error
}

// Segment is one finished WebM file of a recording.
type Segment struct {
	Recording uuid.UUID
	Room      uuid.UUID
	Attempt   uuid.UUID
	Number    int
	Path      string // in the spool, absolute

	Offset   time.Duration // of the first block, from the recording's start, whole milliseconds
	Duration time.Duration
	Started  time.Time // wall clock of Offset

	Size       int64
	SHA256     [32]byte // of the file
	PrevSHA256 [32]byte // of the segment before; zero for the first of a recording

	Video, Audio  bool // whether the file holds such blocks; both tracks are always declared
	Width, Height int  // as declared in the file

	RTPTime uint32    // of the first video frame, or of the first audio packet when there is none
	NTP     time.Time // the sender's clock at RTPTime; zero when no sender report came

	Gaps      []Gap
	Recovered bool // the file was cut by a crash and mended by Recover
}

// Gap is a stretch of a recording in which media are missing. It is a technical
// fact, never a violation.
type Gap struct {
	Media    Media         `json:"media,omitempty"` // empty: both
	Offset   time.Duration `json:"offset"`          // from the recording's start
	Duration time.Duration `json:"duration"`        // zero when unknown
	Reason   GapReason     `json:"reason"`
}

// GapReason says why media are missing.
type GapReason string

// Reasons of gaps.
const (
	GapLoss       GapReason = "loss"       // packets lost on the network and not repaired in time
	GapDisconnect GapReason = "disconnect" // the publisher was away
	GapRecovered  GapReason = "recovered"  // the process ended before the data were written
	GapStorage    GapReason = "storage"    // the spool could not be written
)

// Media is the kind of a track.
type Media string

// Kinds of tracks. Segments know Video and Audio alone.
const (
	Video  Media = "video" // the camera: the one picture, or the better of two
	Audio  Media = "audio"
	Low    Media = "low"    // the camera once more, small, for whom that is enough
	Screen Media = "screen" // recorded on its own, as the video of its segments
	Phone  Media = "phone"  // to viewers: the camera of a phone, which is Video to its own publisher
)

// RecordingStart says where a publisher's recording begins or goes on.
//
// A reconnect continues the recording: the same ID and Started, the next
// number, the hash of the last stored segment and the offset at which it ended.
// While the Node still holds the recording (the older publisher was taken over
// or its last segments wait for the sink), the Node's own state wins over
// NextSegment, PrevSHA256 and Offset, so a row that lags behind does no harm.
type RecordingStart struct {
	ID          uuid.UUID
	Started     time.Time // wall clock of offset zero; zero means now
	NextSegment int
	PrevSHA256  [32]byte
	Offset      time.Duration // nothing may be recorded before it
}

// Head is the newest stored point of a recording.
type Head struct {
	Recording uuid.UUID
	Segment   int
	SHA256    [32]byte
	Offset    time.Duration // the end of the segment, from the recording's start
}
