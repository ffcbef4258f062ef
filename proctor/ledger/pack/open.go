package pack

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// maxDirectory bounds what is read of a file before it is known to be a package; maxSmall a file that is read whole.
const (
	maxDirectory = 16 << 20
	maxSmall     = 1 << 20
)

// known are the files a package may have, and whether it must.
var known = map[string]bool{
	fileReadmeRU: true, fileReadmeEN: true, fileKey: true, fileCheckpoint: true, fileRecords: true, filePersonal: true,
	fileManifest: true, fileSignature: true, fileLeaves: false, fileProofs: false, fileSegments: false, fileSheet: false, fileKeyChanges: false,
}

// contents are a package's files, by name.
type contents map[string]*zip.File

// open reads the ZIP's directory. What it lets through has only known files, each once and stored as it is, that together are no larger than the
// file itself: nothing in it unpacks to more than it takes.
func open(r io.ReaderAt, size int64) (contents, error) {
	bounded := &boundedReader{r: r, left: maxDirectory}
	z, err := zip.NewReader(bounded, size)
	if bounded.left < 0 {
		return nil, errors.New("this is no package: its directory is too large")
	}
	if err != nil {
		return nil, fmt.Errorf("this is no whole ZIP file (%w): it was cut or is something else", err)
	}
	bounded.open = true
	files := contents{}
	var total uint64
	for _, f := range z.File {
		if _, ok := known[f.Name]; !ok && !recordedFile.MatchString(f.Name) {
			return nil, fmt.Errorf("%q does not belong into a package", shorten(f.Name))
		}
		if files[f.Name] != nil {
			return nil, fmt.Errorf("%s is there twice", f.Name)
		}
		if f.Method != zip.Store || f.CompressedSize64 != f.UncompressedSize64 {
			return nil, fmt.Errorf("%s is compressed: in a package files are stored as they are", f.Name)
		}
		if f.Flags&1 != 0 {
			return nil, fmt.Errorf("%s is encrypted", f.Name)
		}
		if total += f.UncompressedSize64; f.UncompressedSize64 > uint64(size) || total > uint64(size) {
			return nil, errors.New("its files together are larger than the package: they overlap")
		}
		files[f.Name] = f
	}
	var missing []string
	for name, must := range known {
		if must && files[name] == nil {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		return nil, fmt.Errorf("not in the package: %s", strings.Join(missing, ", "))
	}
	return files, nil
}

// reader gives a file's bytes. Their CRC is not looked at: the hashes say more, and they say which record is changed.
func (c contents) reader(name string) (io.Reader, error) {
	r, err := c[name].OpenRaw()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return r, nil
}

func (c contents) small(name string) ([]byte, error) {
	if n := c[name].UncompressedSize64; n > maxSmall {
		return nil, fmt.Errorf("%s has %d bytes: too many", name, n)
	}
	r, err := c.reader(name)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(r)
	if err == nil && uint64(len(text)) != c[name].UncompressedSize64 {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return text, nil
}

// boundedReader lets a directory be read up to a size.
type boundedReader struct {
	r    io.ReaderAt
	left int64
	open bool
}

func (b *boundedReader) ReadAt(p []byte, at int64) (int, error) {
	if !b.open {
		if b.left -= int64(len(p)); b.left < 0 {
			return 0, errors.New("too large")
		}
	}
	return b.r.ReadAt(p, at)
}

func shorten(name string) string {
	if len(name) > 100 {
		name = name[:100] + "…"
	}
	return strings.ToValidUTF8(name, "?")
}
