package webm

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// element is the head of an EBML element; a negative size means unknown.
type element struct {
	id   uint32
	size int64
}

// next reads the head of an element; io.EOF means that nothing follows.
func (s *scanner) next() (element, error) {
	b, err := s.r.Peek(12)
	if len(b) == 0 {
		if err == io.EOF {
			return element{}, io.EOF
		}
		return element{}, err
	}
	e, n, perr := parseHead(b)
	if perr != nil {
		if errors.Is(perr, ErrTruncated) && err != nil && err != io.EOF {
			return element{}, err
		}
		return element{}, perr
	}
	k, _ := s.r.Discard(n)
	s.pos += int64(k)
	return e, nil
}

// read returns the next n bytes. It grows with what really comes, so that a
// short file that claims a long element costs nothing.
func (s *scanner) read(n int64) ([]byte, error) {
	var buf bytes.Buffer
	buf.Grow(int(min(n, 64<<10)))
	k, err := io.CopyN(&buf, s.r, n)
	s.pos += k
	return buf.Bytes(), noEOF(err)
}

func parseHead(b []byte) (element, int, error) {
	id, n, err := parseVint(b, 4, true)
	if err != nil {
		return element{}, 0, err
	}
	size, m, err := parseVint(b[n:], 8, false)
	if err != nil {
		return element{}, 0, err
	}
	e := element{id: uint32(id), size: int64(size)}
	if size == 1<<(7*m)-1 {
		e.size = -1
	}
	return e, n + m, nil
}

func parseVint(b []byte, longest int, keepMarker bool) (uint64, int, error) {
	if len(b) == 0 {
		return 0, 0, ErrTruncated
	}
	n := 1
	for mask := byte(0x80); b[0]&mask == 0; mask >>= 1 {
		n++
		if n > longest {
			return 0, 0, fmt.Errorf("%w: bad length", ErrMalformed)
		}
	}
	if len(b) < n {
		return 0, 0, ErrTruncated
	}
	v := uint64(b[0])
	if !keepMarker {
		v &= 1<<(8-n) - 1
	}
	for _, c := range b[1:n] {
		v = v<<8 | uint64(c)
	}
	return v, n, nil
}

// each walks the children of an element that is wholly in memory.
func each(body []byte, f func(id uint32, at int, b []byte) error) error {
	for at := 0; at < len(body); {
		e, n, err := parseHead(body[at:])
		if err != nil || e.size < 0 || e.size > int64(len(body)-at-n) {
			return fmt.Errorf("%w: child element", ErrMalformed)
		}
		at += n
		if err := f(e.id, at, body[at:at+int(e.size)]); err != nil {
			return err
		}
		at += int(e.size)
	}
	return nil
}

func checkDocType(body []byte) error {
	ok := false
	err := each(body, func(id uint32, _ int, b []byte) error {
		if id == idDocType {
			ok = string(b) == "webm" || string(b) == "matroska"
		}
		return nil
	})
	if err == nil && !ok {
		err = fmt.Errorf("%w: not WebM", ErrMalformed)
	}
	return err
}

func beUint(b []byte) (uint64, error) {
	if len(b) > 8 {
		return 0, ErrMalformed
	}
	var v uint64
	for _, c := range b {
		v = v<<8 | uint64(c)
	}
	return v, nil
}

func small(dst *int, b []byte, most uint64) error {
	v, err := beUint(b)
	if err != nil || v > most {
		return fmt.Errorf("%w: number too big", ErrMalformed)
	}
	*dst = int(v)
	return nil
}

func noEOF(err error) error {
	if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrTruncated
	}
	return err
}
