package ebsclient

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/textproto"
	"sync"
)

// pushBody is the body of a request, sent once or several times and wiped afterwards.
type pushBody struct {
	contentType string

	mu   sync.RWMutex
	data []byte // nil once wiped
	size int
}

// newPushBody writes the request as multipart/form-data: metadata first, so that a verifier knows of whom before it has to
// take samples in.
func newPushBody(r Request, system string) (*pushBody, error) {
	fields := map[string]any{
		"user_id":     r.Subject,
		"idp":         "ESIA",
		"info_system": system,
		"session_id":  r.Session,
		"challenge":   r.Challenge,
	}
	if len(r.Shown) > 0 {
		shown := make([]int64, len(r.Shown))
		for i, at := range r.Shown {
			shown[i] = at.Milliseconds()
		}
		fields["shown_ms"] = shown
	}
	metadata, err := json.Marshal(fields)
	if err != nil {
		return nil, fmt.Errorf("ebsclient: metadata: %w", err)
	}
	var buf bytes.Buffer
	// Room for all of it at once: a buffer that grows leaves copies of the samples behind.
	buf.Grow(len(metadata) + len(r.Photo.Data) + len(r.Voice.Data) + 4<<10)
	form := multipart.NewWriter(&buf)
	for _, part := range []struct {
		name string
		Sample
	}{
		{"metadata", Sample{"application/json", metadata}},
		{"photo", r.Photo},
		{"voice", r.Voice},
	} {
		if len(part.Data) == 0 {
			continue
		}
		w, err := form.CreatePart(textproto.MIMEHeader{
			"Content-Disposition": {fmt.Sprintf(`form-data; name=%q; filename=%q`, part.name, part.name)},
			"Content-Type":        {part.ContentType},
		})
		if err == nil {
			_, err = w.Write(part.Data)
		}
		if err != nil {
			return nil, fmt.Errorf("ebsclient: write %s: %w", part.name, err)
		}
	}
	if err := form.Close(); err != nil {
		return nil, fmt.Errorf("ebsclient: write the form: %w", err)
	}
	return &pushBody{contentType: form.FormDataContentType(), data: buf.Bytes(), size: buf.Len()}, nil
}

func (b *pushBody) len() int { return b.size }

func (b *pushBody) wipe() {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.data)
	b.data = nil
}

func (b *pushBody) reader() io.ReadCloser { return &pushReader{body: b} }

// pushReader reads the body once.
type pushReader struct {
	body *pushBody
	at   int
}

func (r *pushReader) Read(p []byte) (int, error) {
	r.body.mu.RLock()
	defer r.body.mu.RUnlock()
	if r.body.data == nil {
		return 0, errors.New("ebsclient: the samples were wiped")
	}
	if r.at >= len(r.body.data) {
		return 0, io.EOF
	}
	n := copy(p, r.body.data[r.at:])
	r.at += n
	return n, nil
}

func (r *pushReader) Close() error { return nil }
