package media

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"ochno/proctor/media/webm"
)

const badExt = ".bad" // of files that nothing can be read from; kept for people

// Recover hands what an earlier process left in the spool to the sink, in order
// per recording. A finished file goes as it is; an unfinished one is first cut
// to its last whole cluster and marked as recovered. It tries again until ctx
// ends; then it returns ErrNotStored and what is left stays for the next time.
//
// Run it at start, to its end, before publishers are accepted: a recording must
// not go on before its earlier segments were stored. Folders of running nodes
// are left alone.
func Recover(ctx context.Context, spoolDir string, sink Sink, logger *slog.Logger) error {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	runs, err := os.ReadDir(spoolDir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("media: recover: %w", err)
	}
	root, err := filepath.Abs(spoolDir)
	if err != nil {
		return fmt.Errorf("media: recover: %w", err)
	}
	var found []Segment
	var errs []error
	for _, run := range runs {
		if !run.IsDir() {
			continue
		}
		dir := filepath.Join(root, run.Name())
		lock, err := lockRun(dir)
		if errors.Is(err, errLocked) {
			continue
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		defer func() {
			if err := releaseRun(dir, lock); err != nil {
				logger.Warn("spool folder not released", "error", err)
			}
		}()
		segments, err := mendRun(dir, logger)
		found = append(found, segments...)
		errs = append(errs, err)
	}
	errs = append(errs, handOver(ctx, found, sink, logger))
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("media: recover: %w", err)
	}
	return nil
}

// handOver stores segments, in order per recording, in rounds with growing
// pauses until all are stored or ctx ends.
func handOver(ctx context.Context, segments []Segment, sink Sink, log *slog.Logger) error {
	slices.SortFunc(segments, func(a, b Segment) int {
		return cmp.Or(slices.Compare(a.Recording[:], b.Recording[:]), cmp.Compare(a.Number, b.Number))
	})
	for pause := firstRetry; ; pause = min(2*pause, lastRetry) {
		var left []Segment
		stuck := map[uuid.UUID]bool{}
		for _, s := range segments {
			if stuck[s.Recording] || ctx.Err() != nil {
				left = append(left, s)
				continue
			}
			err := sink.StoreSegment(ctx, s)
			if err != nil && !errors.Is(err, ErrUnwanted) {
				log.Warn("recovered segment not stored, will try again", "recording", s.Recording, "segment", s.Number, "error", err)
				stuck[s.Recording] = true
				left = append(left, s)
				continue
			}
			log.Info("segment recovered", "recording", s.Recording, "segment", s.Number, "cut", s.Recovered, "erased", err != nil)
			if err := removeSegment(s.Path); err != nil {
				log.Warn("stored segment stays in the spool", "recording", s.Recording, "segment", s.Number, "error", err)
			}
		}
		if segments = left; len(segments) == 0 {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%w: %d segments", ErrNotStored, len(segments))
		}
		sleep(ctx, pause)
	}
}

// mendRun makes every file of a folder a finished segment. What cannot be read
// is set aside.
func mendRun(dir string, log *slog.Logger) ([]Segment, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var segments []Segment
	var errs []error
	kept := map[string]bool{}
	for _, e := range entries {
		name := e.Name()
		base, part := strings.CutSuffix(name, partExt)
		if !part {
			var whole bool
			if base, whole = strings.CutSuffix(name, fileExt); !whole {
				continue
			}
		}
		kept[base] = true
		s, err := mend(filepath.Join(dir, base), part)
		switch {
		case errors.Is(err, errEmpty):
			log.Info("unfinished segment held nothing", "file", name)
			kept[base] = false
			errs = append(errs, os.Remove(filepath.Join(dir, name)))
		case errors.Is(err, errUnreadable):
			log.Error("spool file set aside", "file", name, "error", err)
			errs = append(errs, setAside(filepath.Join(dir, name)))
		case err != nil:
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		default:
			segments = append(segments, s)
		}
	}
	for _, e := range entries { // sidecars of nothing
		base, side := strings.CutSuffix(strings.TrimSuffix(e.Name(), ".tmp"), sideExt)
		if side && (!kept[base] || strings.HasSuffix(e.Name(), ".tmp")) {
			errs = append(errs, os.Remove(filepath.Join(dir, e.Name())))
		}
	}
	return segments, errors.Join(errs...)
}

var (
	errEmpty      = errors.New("no whole cluster")
	errUnreadable = errors.New("not a segment")
)

// mend returns the finished segment at base, finishing it if need be.
func mend(base string, part bool) (Segment, error) {
	side, sideErr := readSidecar(base)
	if !part {
		s := side.Segment
		s.Path = base + fileExt
		if sideErr == nil && side.Finished {
			f, err := os.Open(s.Path)
			if err != nil {
				return Segment{}, err
			}
			defer f.Close()
			sum, err := hashFile(f)
			if err != nil {
				return Segment{}, err
			}
			if sum == s.SHA256 {
				return s, nil
			}
		}
		// The file is not what was finished: treat it like one that was not.
		if err := os.Rename(base+fileExt, base+partExt); err != nil {
			return Segment{}, err
		}
	}
	f, err := os.OpenFile(base+partExt, os.O_RDWR, 0)
	if err != nil {
		return Segment{}, err
	}
	defer f.Close()
	seg, epoch := side.Segment, side.Epoch
	seg.Video, seg.Audio = false, false
	scanned, err := webm.Scan(f, func(b webm.Block) error {
		seg.Video = seg.Video || b.Track == webm.VideoTrack
		seg.Audio = seg.Audio || b.Track == webm.AudioTrack
		return nil
	})
	switch {
	case err != nil && !errors.Is(err, webm.ErrTruncated) && !errors.Is(err, webm.ErrMalformed):
		return Segment{}, err
	case scanned.Clusters == 0 && sideErr == nil:
		return Segment{}, errEmpty
	case scanned.Clusters == 0:
		return Segment{}, errUnreadable
	}
	if sideErr != nil { // say what the file and its name say
		epoch = scanned.Epoch
		if seg.Recording, seg.Number, err = parseSegmentName(filepath.Base(base)); err != nil {
			return Segment{}, err
		}
		seg.Width, seg.Height = scanned.Width, scanned.Height
	}
	seg.Offset, seg.Started = scanned.First, epoch.Add(scanned.First)
	seg.Duration = scanned.Last - scanned.First + frameLength
	seg.Recovered = true
	seg.Gaps = append(seg.Gaps, Gap{Offset: seg.Offset + seg.Duration, Reason: GapRecovered})
	return finishFile(f, base, scanned.Patch, scanned.Whole, seg, epoch)
}

func parseSegmentName(name string) (uuid.UUID, int, error) {
	if len(name) < 38 || name[36] != '-' {
		return uuid.Nil, 0, errUnreadable
	}
	id, err := uuid.Parse(name[:36])
	if err != nil {
		return uuid.Nil, 0, errUnreadable
	}
	number, err := strconv.Atoi(name[37:])
	if err != nil || number < 0 {
		return uuid.Nil, 0, errUnreadable
	}
	return id, number, nil
}
