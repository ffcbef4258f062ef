package ebsclient

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"
)

// FileKeys is a [KeySource] of a file that [ParseKeys] reads: for keys that came by another way than the network, as those for GOST do. It is
// read anew when it has changed, so that keys can be rotated while the program runs; while it cannot be read, the keys that were read last serve.
type FileKeys struct {
	path   string
	logger *slog.Logger

	mu    sync.Mutex
	keys  StaticKeys
	size  int64
	mtime time.Time
}

// NewFileKeys reads the file. The logger (default slog.Default()) gets a line when a changed file cannot be used.
func NewFileKeys(path string, logger *slog.Logger) (*FileKeys, error) {
	if logger == nil {
		logger = slog.Default()
	}
	f := &FileKeys{path: path, logger: logger}
	return f, f.refresh()
}

// Keys implements [KeySource].
func (f *FileKeys) Keys(_ context.Context, kid string) ([]Key, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.refresh(); err != nil {
		f.logger.Error("the verifier's changed keys cannot be used; those before serve", "error", err)
	}
	return match(f.keys, kid), nil
}

// refresh reads the file if it is another than the one that was looked at last.
func (f *FileKeys) refresh() error {
	file, err := os.Open(f.path)
	if err != nil {
		return fmt.Errorf("ebsclient: keys: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("ebsclient: keys: %w", err)
	}
	if info.Size() == f.size && info.ModTime().Equal(f.mtime) {
		return nil
	}
	f.size, f.mtime = info.Size(), info.ModTime()
	data, err := io.ReadAll(io.LimitReader(file, maxKeyFile+1))
	if err != nil {
		return fmt.Errorf("ebsclient: keys: %w", err)
	}
	keys, err := ParseKeys(data)
	if err != nil {
		return err
	}
	f.keys = keys
	return nil
}
