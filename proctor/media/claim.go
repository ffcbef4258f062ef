package media

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/google/uuid"
)

// claimName is the file in a spool that names it.
const claimName = "node"

// ErrSpoolTaken means that another running process has claimed the spool.
var ErrSpoolTaken = errors.New("media: the spool is another running process's")

// Claim is a spool that belongs to this process. Its ID is the spool's, the same
// for every process that claims it after the other.
type Claim struct {
	ID   uuid.UUID
	file *os.File
}

// ClaimSpool claims a spool, which is made when missing. What a process leaves in
// it is stored by the next that claims it: so the ID says whose a recording is.
func ClaimSpool(dir string) (*Claim, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("media: make the spool: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, claimName), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("media: claim the spool: %w", err)
	}
	c := &Claim{file: f}
	if err := c.take(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return c, nil
}

func (c *Claim) take() error {
	err := syscall.Flock(int(c.file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return ErrSpoolTaken
	}
	if err != nil {
		return fmt.Errorf("media: claim the spool: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(c.file, 64))
	if err != nil {
		return fmt.Errorf("media: claim the spool: %w", err)
	}
	if c.ID, err = uuid.Parse(strings.TrimSpace(string(text))); err == nil {
		return nil
	}
	// New, or a crash in the middle of this.
	c.ID = uuid.New()
	if err := c.file.Truncate(0); err != nil {
		return fmt.Errorf("media: claim the spool: %w", err)
	}
	if _, err := c.file.WriteAt([]byte(c.ID.String()+"\n"), 0); err != nil {
		return fmt.Errorf("media: claim the spool: %w", err)
	}
	if err := errors.Join(c.file.Sync(), syncDir(filepath.Dir(c.file.Name()))); err != nil {
		return fmt.Errorf("media: claim the spool: %w", err)
	}
	return nil
}

// Release gives the spool up.
func (c *Claim) Release() error { return c.file.Close() }
