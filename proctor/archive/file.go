package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"sync"

	"github.com/minio/minio-go/v7"

	"ochno/proctor/keyring"
)

// partSize is how much of a File one object holds, before it is encrypted.
const partSize = 4 << 20

// partsKept is how many parts a reader keeps decrypted: whoever checks a package reads three places of it side by side.
const partsKept = 4

// File is large and of no attempt, such as an export: sealed parts under a key of its own, so that any range of it can be read, and none without
// that key. Whoever owns it keeps the wrapped key and the size.
type File struct {
	archive *Archive
	folder  string
	key     []byte
}

// File is the one in that folder of the bucket; nothing is read or written yet.
func (a *Archive) File(folder string, key []byte) *File {
	return &File{archive: a, folder: folder, key: key}
}

func (f *File) part(n int64) string { return path.Join(f.folder, strconv.FormatInt(n, 10)) }

// Create begins to write it. Close ends it: without that its last part is not there.
func (f *File) Create(ctx context.Context) *FileWriter {
	return &FileWriter{ctx: ctx, file: f, buffer: make([]byte, 0, partSize)}
}

// FileWriter stores what it is given, part by part.
type FileWriter struct {
	ctx    context.Context // of the one call of Create: io.Writer has none
	file   *File
	buffer []byte
	stored int64 // parts
}

// Write implements io.Writer.
func (w *FileWriter) Write(p []byte) (int, error) {
	n := 0
	for len(p) > 0 {
		if len(w.buffer) == partSize {
			if err := w.flush(); err != nil {
				return n, err
			}
		}
		fits := min(len(p), partSize-len(w.buffer))
		w.buffer = append(w.buffer, p[:fits]...)
		p = p[fits:]
		n += fits
	}
	return n, nil
}

// Close stores the last part.
func (w *FileWriter) Close() error { return w.flush() }

// Size is how many bytes were written.
func (w *FileWriter) Size() int64 { return w.stored*partSize + int64(len(w.buffer)) }

func (w *FileWriter) flush() error {
	if len(w.buffer) == 0 {
		return nil
	}
	name := w.file.part(w.stored)
	sealed, err := keyring.SealObject(w.file.key, name, w.buffer)
	if err != nil {
		return fmt.Errorf("seal a part: %w", err)
	}
	a := w.file.archive
	options := minio.PutObjectOptions{ContentType: "application/octet-stream", SendContentMd5: true, DisableMultipart: true}
	if _, err := a.minio.PutObject(w.ctx, a.bucket, name, bytes.NewReader(sealed), int64(len(sealed)), options); err != nil {
		return fmt.Errorf("store %s: %w", name, err)
	}
	if len(w.buffer) == partSize { // a shorter one is the last, and Size counts it still
		w.stored++
		w.buffer = w.buffer[:0]
	}
	return nil
}

// Open reads a file of that size.
func (f *File) Open(ctx context.Context, size int64) *FileReader {
	return &FileReader{ctx: ctx, file: f, size: size, parts: map[int64][]byte{}}
}

// FileReader reads any range of a File. Safe for concurrent use; one reads at a time.
type FileReader struct {
	ctx  context.Context // of the one call of Open: io.ReaderAt has none
	file *File
	size int64

	mu    sync.Mutex
	parts map[int64][]byte
	order []int64 // of the parts, the one used last at the end
}

// ReadAt implements io.ReaderAt.
func (r *FileReader) ReadAt(p []byte, at int64) (int, error) {
	if at < 0 {
		return 0, errors.New("a place before the beginning")
	}
	n := 0
	for n < len(p) {
		if at >= r.size {
			return n, io.EOF
		}
		part, err := r.part(at / partSize)
		if err != nil {
			return n, err
		}
		copied := copy(p[n:], part[at%partSize:])
		n += copied
		at += int64(copied)
	}
	return n, nil
}

func (r *FileReader) part(n int64) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	part, ok := r.parts[n]
	if !ok {
		var err error
		if part, err = r.read(n); err != nil {
			return nil, err
		}
		if len(r.order) == partsKept {
			delete(r.parts, r.order[0])
			r.order = slices.Delete(r.order, 0, 1)
		}
		r.parts[n] = part
	} else {
		r.order = slices.DeleteFunc(r.order, func(o int64) bool { return o == n })
	}
	r.order = append(r.order, n)
	return part, nil
}

func (r *FileReader) read(n int64) ([]byte, error) {
	a, name := r.file.archive, r.file.part(n)
	sealed, err := a.read(r.ctx, name, partSize+sealing)
	if err != nil {
		return nil, err
	}
	part, err := keyring.OpenObject(r.file.key, name, sealed)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if want := min(r.size-n*partSize, partSize); int64(len(part)) != want {
		return nil, fmt.Errorf("read %s: it has %d bytes, and should have %d", name, len(part), want)
	}
	return part, nil
}

// DeleteFolder deletes every object below a folder, all versions of them. There may be none.
func (a *Archive) DeleteFolder(ctx context.Context, folder string) error {
	list, err := a.versions(ctx, folder+"/")
	if err != nil {
		return err
	}
	for _, o := range list {
		if err := a.minio.RemoveObject(ctx, a.bucket, o.Key, minio.RemoveObjectOptions{VersionID: o.VersionID, GovernanceBypass: a.locked}); err != nil {
			return fmt.Errorf("delete %s: %w", o.Key, err)
		}
	}
	return nil
}
