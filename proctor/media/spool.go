package media

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/media/webm"
)

// Names in the spool. A run's folder belongs to one live Node, which holds a
// lock on lockName; Recover only touches folders whose lock it can take.
//
//	<spool>/<run>/lock
//	<spool>/<run>/<recording>-<number>.webm.part   being written
//	<spool>/<run>/<recording>-<number>.webm        finished, waits for the sink
//	<spool>/<run>/<recording>-<number>.json        what the file itself cannot say
const (
	lockName = "lock"
	partExt  = ".webm.part"
	fileExt  = ".webm"
	sideExt  = ".json"
)

// spool is the folder of one Node.
type spool struct {
	dir     string
	lock    *os.File
	buffers sync.Pool // of *[]byte, for clusters
}

func openSpool(root string) (*spool, error) {
	if err := os.MkdirAll(root, 0o700); err != nil {
		return nil, fmt.Errorf("make the spool: %w", err)
	}
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(root, time.Now().UTC().Format("20060102T150405")+"-"+rand.Text()[:8])
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the spool: %w", err)
	}
	lock, err := lockRun(dir)
	if err != nil {
		return nil, err
	}
	return &spool{dir: dir, lock: lock}, syncDir(root)
}

// close gives the folder up and removes it when nothing waits in it.
func (s *spool) close() error {
	return releaseRun(s.dir, s.lock)
}

// errLocked means that the folder belongs to a live node.
var errLocked = errors.New("spool folder in use")

func lockRun(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the spool: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, errLocked
		}
		return nil, fmt.Errorf("lock the spool: %w", err)
	}
	return f, nil
}

func releaseRun(dir string, lock *os.File) error {
	entries, err := os.ReadDir(dir)
	if err == nil && len(entries) == 1 {
		_ = os.Remove(filepath.Join(dir, lockName))
		err = os.Remove(dir)
	}
	return errors.Join(err, lock.Close())
}

// segmentFile is a WebM file that grows by whole clusters.
type segmentFile struct {
	base  string // path without extension
	f     *os.File
	patch webm.Patch
	size  int64
	seg   Segment
	epoch time.Time
}

// create opens a segment's file; seg says what is known by now.
func (s *spool) create(seg Segment, epoch time.Time) (*segmentFile, error) {
	sf := &segmentFile{base: filepath.Join(s.dir, segmentName(seg.Recording, seg.Number)), seg: seg, epoch: epoch}
	if err := writeSidecar(sf.base, seg, epoch, false); err != nil {
		return nil, err
	}
	// A file of this number is what a failing disk left of an earlier try.
	for _, ext := range []string{partExt, fileExt} {
		if err := setAside(sf.base + ext); err != nil {
			return nil, fmt.Errorf("create segment: %w", err)
		}
	}
	f, err := os.OpenFile(sf.base+partExt, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("create segment: %w", err)
	}
	sf.f = f
	head, patch := webm.AppendHeader(nil, webm.Header{Epoch: epoch, Width: seg.Width, Height: seg.Height})
	sf.patch = patch
	if err := sf.write(head); err != nil {
		_ = f.Close()
		return nil, err
	}
	return sf, nil
}

// write appends whole elements with one write.
func (sf *segmentFile) write(b []byte) error {
	n, err := sf.f.WriteAt(b, sf.size)
	if err != nil {
		return fmt.Errorf("write segment: %w", err)
	}
	sf.size += int64(n)
	return nil
}

// salvage finishes what is whole in a file that could not be finished the usual
// way. When that fails too the file is set aside.
func (sf *segmentFile) salvage() (Segment, error) {
	_ = sf.f.Close()
	_, err := os.Stat(sf.base + partExt)
	seg, err := mend(sf.base, err == nil)
	if err != nil {
		return Segment{}, errors.Join(err, setAside(sf.base+partExt), setAside(sf.base+fileExt))
	}
	return seg, nil
}

// setAside renames a file that must not be taken for a segment, if it exists.
func setAside(path string) error {
	err := os.Rename(path, path+"."+rand.Text()[:8]+badExt)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// finish makes the file complete and durable: sizes, fsync, hash, sidecar,
// rename, fsync of the folder, in that order.
func (sf *segmentFile) finish(seg Segment) (Segment, error) {
	defer sf.f.Close()
	return finishFile(sf.f, sf.base, sf.patch, sf.size, seg, sf.epoch)
}

func finishFile(f *os.File, base string, patch webm.Patch, size int64, seg Segment, epoch time.Time) (Segment, error) {
	if err := f.Truncate(size); err != nil {
		return seg, fmt.Errorf("finish segment: %w", err)
	}
	if err := patch.Finish(f.WriteAt, size, seg.Duration); err != nil {
		return seg, fmt.Errorf("finish segment: %w", err)
	}
	if err := f.Sync(); err != nil {
		return seg, fmt.Errorf("finish segment: %w", err)
	}
	sum, err := hashFile(io.NewSectionReader(f, 0, size))
	if err != nil {
		return seg, fmt.Errorf("finish segment: %w", err)
	}
	seg.Size, seg.SHA256, seg.Path = size, sum, base+fileExt
	if err := writeSidecar(base, seg, epoch, true); err != nil {
		return seg, err
	}
	if err := os.Rename(base+partExt, base+fileExt); err != nil {
		return seg, fmt.Errorf("finish segment: %w", err)
	}
	return seg, syncDir(filepath.Dir(base))
}

// removeSegment takes a stored segment's files out of the spool.
func removeSegment(path string) error {
	var errs []error
	for _, p := range []string{path, path[:len(path)-len(fileExt)] + sideExt} {
		if err := os.Remove(p); err != nil && !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func segmentName(recording uuid.UUID, number int) string {
	return fmt.Sprintf("%s-%06d", recording, number)
}

func hashFile(r io.Reader) (sum [32]byte, err error) {
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		return sum, err
	}
	h.Sum(sum[:0])
	return sum, nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// sidecar is what stands in the JSON file next to a segment.
type sidecar struct {
	Segment  Segment   `json:"segment"`
	Epoch    time.Time `json:"epoch"` // wall clock of offset zero
	Finished bool      `json:"finished"`
}

const maxSidecar = 64 << 10

func writeSidecar(base string, seg Segment, epoch time.Time, finished bool) error {
	b, err := json.Marshal(sidecar{Segment: seg, Epoch: epoch, Finished: finished})
	if err != nil {
		return fmt.Errorf("write sidecar: %w", err)
	}
	tmp := base + sideExt + ".tmp"
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("write sidecar: %w", err)
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(tmp, base+sideExt)
	}
	if err != nil {
		return fmt.Errorf("write sidecar: %w", err)
	}
	return nil
}

func readSidecar(base string) (sidecar, error) {
	f, err := os.Open(base + sideExt)
	if err != nil {
		return sidecar{}, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxSidecar))
	if err != nil {
		return sidecar{}, err
	}
	var s sidecar
	if err := json.Unmarshal(b, &s); err != nil {
		return sidecar{}, fmt.Errorf("read sidecar: %w", err)
	}
	return s, nil
}
