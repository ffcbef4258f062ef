package media

import (
	"slices"
	"time"

	"ochno/proctor/media/webm"
)

// This half of the segmenter puts blocks into files; what goes where is decided
// in segmenter.go.

// write moves the pending blocks below limit into the file.
func (s *segmenter) write(limit time.Duration) {
	now, later := make([]block, 0, len(s.pending)), make([]block, 0, 16)
	for _, b := range s.pending {
		if b.off < limit {
			now = append(now, b)
		} else {
			later = append(later, b)
		}
	}
	if len(now) == 0 {
		return
	}
	slices.SortStableFunc(now, func(a, b block) int { return int(a.off - b.off) })
	s.pending = later
	s.floor = max(s.floor, now[len(now)-1].off)
	if err := s.store(now); err != nil {
		s.fail(err, now[0].off)
	}
}

// store appends blocks to the segment's file, as clusters of bounded length.
func (s *segmenter) store(blocks []block) error {
	if s.file == nil {
		if err := s.open(blocks); err != nil {
			return err
		}
	}
	for len(blocks) > 0 {
		n, size := 0, 0
		var cluster []webm.Block
		for n < len(blocks) && blocks[n].off-blocks[0].off < clusterMax && (n == 0 || size+len(blocks[n].data) < webm.MaxClusterSize/2) {
			b := blocks[n]
			track := webm.AudioTrack
			if b.media == Video {
				track = webm.VideoTrack
			}
			cluster = append(cluster, webm.Block{Track: track, Timecode: b.off, Key: b.key, Data: b.data})
			size += len(b.data)
			s.describe(b)
			n++
		}
		if err := s.writeCluster(cluster, size); err != nil {
			return err
		}
		blocks = blocks[n:]
	}
	return nil
}

// writeCluster writes one cluster by one write. Its buffer is borrowed: clusters
// are what a recorder would waste most memory on.
func (s *segmenter) writeCluster(cluster []webm.Block, size int) error {
	buf, _ := s.spool.buffers.Get().(*[]byte)
	if buf == nil {
		buf = new([]byte)
	}
	defer s.spool.buffers.Put(buf)
	bytes, err := webm.AppendCluster(slices.Grow((*buf)[:0], size+blockOverhead*(len(cluster)+1)), cluster)
	if err != nil {
		return err
	}
	if cap(bytes) <= keepBuffer {
		*buf = bytes
	}
	return s.file.write(bytes)
}

const (
	blockOverhead = 16        // bytes around a block's data, at most
	keepBuffer    = 512 << 10 // bytes
)

// open creates the current segment's file.
func (s *segmenter) open(blocks []block) error {
	_, prev, _ := s.chain.state()
	s.start = blocks[0].off
	s.seg = Segment{
		Recording: s.chain.id, Room: s.room, Attempt: s.attempt, Number: s.number,
		Offset: s.start, Started: s.epoch.Add(s.start), PrevSHA256: prev,
		Width: s.width, Height: s.height, Gaps: s.gaps,
	}
	for _, b := range blocks {
		if b.media == Video && b.key {
			s.seg.Width, s.seg.Height = b.width, b.height
			break
		}
	}
	first := blocks[0]
	if i := slices.IndexFunc(blocks, func(b block) bool { return b.media == Video }); i >= 0 {
		first = blocks[i]
	}
	s.seg.RTPTime, s.seg.NTP = first.rtp, first.ntp
	file, err := s.spool.create(s.seg, s.epoch)
	if err != nil {
		return err
	}
	s.file = file
	if s.gapFrom >= 0 {
		s.gap(Gap{Offset: s.gapFrom, Duration: max(s.start-s.gapFrom, 0), Reason: GapStorage})
		s.gapFrom = -1
	}
	return nil
}

// describe notes in the segment what a block adds to it.
func (s *segmenter) describe(b block) {
	if b.media == Audio {
		s.seg.Audio = true
		return
	}
	if !s.seg.Video {
		s.seg.Video, s.seg.RTPTime, s.seg.NTP = true, b.rtp, b.ntp
	}
}

// close finishes the current segment, which ends at an offset.
func (s *segmenter) close(end time.Duration) {
	file, seg, gaps := s.file, s.seg, s.gaps
	s.file, s.begun, s.cutRequest = nil, false, time.Time{}
	if file == nil { // its blocks were lost with the storage
		s.answer(cutReply{err: ErrNotStored})
		return
	}
	seg.Duration = max(end-seg.Offset, time.Millisecond)
	seg.Gaps, s.gaps = nil, nil
	for _, g := range gaps { // what is missing after the end belongs to the next one
		if g.Offset < end {
			seg.Gaps = append(seg.Gaps, g)
		} else {
			s.gaps = append(s.gaps, g)
		}
	}
	seg, err := file.finish(seg)
	if err != nil {
		s.log.Error("segment not finished", "recording", seg.Recording, "segment", s.number, "error", err)
		s.gapFrom = seg.Offset
		s.salvage(file)
		s.answer(cutReply{err: ErrNotStored})
		return
	}
	s.add(seg)
	s.answer(cutReply{number: seg.Number})
}

// add takes a finished segment into the chain.
func (s *segmenter) add(seg Segment) {
	s.end = seg.Offset + seg.Duration
	s.floor = max(s.floor, s.end.Truncate(time.Millisecond))
	s.lastNumber, s.lastPresent = seg.Number, true
	s.number = seg.Number + 1
	s.chain.add(seg)
}

// salvage makes a segment of what is whole in a file that could not be written
// to its end, the same way as after a crash. When nothing can be saved its
// number is used again, so that the chain has no hole.
func (s *segmenter) salvage(file *segmentFile) {
	seg, err := file.salvage()
	if err != nil {
		s.log.Error("segment lost", "recording", s.chain.id, "segment", s.number, "error", err)
		return
	}
	s.log.Warn("segment cut short", "recording", s.chain.id, "segment", s.number)
	s.add(seg)
	if s.gapFrom >= 0 {
		s.gapFrom = max(s.gapFrom, s.end)
	}
}

// fail gives the current segment up after a storage error and saves what is
// whole in its file. Recording begins again at the next key frame.
func (s *segmenter) fail(err error, from time.Duration) {
	s.log.Error("recording interrupted", "recording", s.chain.id, "segment", s.number, "error", err)
	if s.gapFrom < 0 {
		s.gapFrom = from
	}
	if s.file != nil {
		s.salvage(s.file)
		s.file = nil
	}
	s.pending, s.begun, s.cutting, s.cutRequest = nil, false, false, time.Time{}
	s.dropVideo = true
	s.answer(cutReply{err: ErrNotStored})
}

func (s *segmenter) answer(r cutReply) {
	for _, w := range s.waiters {
		w <- r
	}
	s.waiters = nil
}
