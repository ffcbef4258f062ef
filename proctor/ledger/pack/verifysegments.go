package pack

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"

	"ochno/proctor/ledger"
)

// sealedHead is a segment up to which the log sealed a recording.
type sealedHead struct {
	number     int
	sum, chain string
	record     string
}

// head keeps what a proved record of a recording's head says.
func (v *verification) head(r *recordLine, line int64) {
	var record struct {
		ID   string
		Data ledger.RecordingHead
	}
	if err := json.Unmarshal(r.body, &record); err != nil {
		v.find(Finding{File: fileRecords, Line: line, What: "a recording's head that cannot be read"})
		return
	}
	if v.nHeads++; v.nHeads > 4*maxRecordings {
		if v.nHeads == 4*maxRecordings+1 {
			v.find(Finding{File: fileRecords, Line: line, What: fmt.Sprintf("more than %d heads of recordings: the rest cannot be checked against their segments", 4*maxRecordings)})
		}
		return
	}
	d := record.Data
	v.heads[d.Recording] = append(v.heads[d.Recording], sealedHead{number: d.Segment, sum: d.SHA256, chain: d.Chain, record: record.ID})
}

type readSegment struct {
	Segment
	err error
}

func readSegments(lines [][]byte) []readSegment {
	out := make([]readSegment, len(lines))
	for i, line := range lines {
		out[i].err = strict(line, &out[i].Segment)
	}
	return out
}

// segments rebuilds each recording's hash chain and compares it with the heads that the log sealed.
func (v *verification) segments(ctx context.Context) bool {
	if v.files[fileSegments] == nil {
		v.unnamed()
		return true
	}
	r, err := v.files.reader(fileSegments)
	if err != nil {
		return v.fault("", err)
	}
	file := readLines(ctx, r, readSegments)
	defer file.close()
	var recording string // whose lines are read
	var last int
	var chain []byte
	var since int64 // segments since the last sealed head
	leave := func() {
		if recording == "" {
			return
		}
		v.Unsealed += since
		for _, h := range v.heads[recording] {
			v.find(Finding{File: fileSegments, Record: h.record, What: fmt.Sprintf("the log sealed segment %d of recording %s, which is not here", h.number, shorten(recording))})
		}
		delete(v.heads, recording)
	}
	for ; file.peek(0) != nil && ctx.Err() == nil; file.advance() {
		s := file.peek(0)
		find := func(what string) { v.find(Finding{File: fileSegments, Line: file.number, What: what}) }
		if s.err != nil {
			find("not a line of the format")
			continue
		}
		if s.Recording != recording {
			leave()
			recording, last, chain, since = s.Recording, -1, nil, 0
			if _, ok := v.heads[recording]; !ok {
				find("the records of this package seal no such recording, or its segments stand apart")
			}
		}
		sum, err := hex.DecodeString(s.SHA256)
		if err != nil || len(sum) != sha256.Size || s.Number <= last {
			find("not a line of the format, or out of order")
			continue
		}
		last = s.Number
		whole := sha256.Sum256(slices.Concat(chain, sum))
		chain = whole[:]
		since++
		if hex.EncodeToString(chain) != s.Chain {
			find(fmt.Sprintf("segment %d of recording %s does not continue the chain: it was changed, or one before it was removed", s.Number, shorten(recording)))
			chain, _ = hex.DecodeString(s.Chain) // go on from what it says, to name this one only
		}
		v.recorded(ctx, &s.Segment, find)
		v.heads[recording] = slices.DeleteFunc(v.heads[recording], func(h sealedHead) bool {
			if h.number != s.Number {
				return false
			}
			if h.sum != s.SHA256 || h.chain != s.Chain {
				find(fmt.Sprintf("segment %d of recording %s is not the one that record %s sealed", s.Number, shorten(recording), h.record))
			} else {
				v.Segments += since
				since = 0
			}
			return true
		})
	}
	if err := file.fault(); err != nil {
		v.fault(fileSegments, err)
	}
	leave()
	for recording, heads := range v.heads {
		v.find(Finding{File: fileSegments, Record: heads[0].record, What: fmt.Sprintf("the log sealed recording %s, of which no segment is here", shorten(recording))})
	}
	v.unnamed()
	if n := file.number - 1; n != v.Manifest.Segments {
		v.fault(fileSegments, fmt.Errorf("it has %d segments, the package was signed with %d", n, v.Manifest.Segments))
	}
	return true
}

// recorded holds a recorded file of the package against the hash in its line.
func (v *verification) recorded(ctx context.Context, s *Segment, find func(what string)) {
	if s.File == "" {
		return
	}
	which := fmt.Sprintf("the recorded file of segment %d of recording %s", s.Number, shorten(s.Recording))
	if s.File != fileOf(s.Recording, s.Number) || !recordedFile.MatchString(s.File) {
		find(which + " is said to stand in another place than it may")
		return
	}
	f := v.files[s.File]
	if f == nil {
		find(which + " was removed from the package")
		return
	}
	delete(v.files, s.File)
	r, err := f.OpenRaw()
	if err != nil {
		find(fmt.Sprintf("%s cannot be read: %v", which, err))
		return
	}
	h := sha256.New()
	n, err := io.Copy(h, contextReader{ctx, r})
	switch {
	case ctx.Err() != nil:
	case err != nil:
		find(fmt.Sprintf("%s cannot be read: %v", which, err))
	case n != s.Size || hex.EncodeToString(h.Sum(nil)) != s.SHA256:
		find(which + " was changed: it is not the one that was recorded")
	default:
		v.Recorded++
		v.RecordedBytes += n
	}
}

// unnamed tells of recorded files that no line names. Those that a line names are taken away by then.
func (v *verification) unnamed() {
	for _, name := range slices.Sorted(maps.Keys(v.files)) {
		if recordedFile.MatchString(name) {
			v.find(Finding{File: name, What: "it was added to the package: segments.jsonl does not name it"})
		}
	}
}

// contextReader ends with its context.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
