package pack

import (
	"context"
	"strings"
	"testing"

	"ochno/proctor/ledger"
)

// A file whose key was destroyed is not in the package, which fits all the same; another failure makes no package.
func TestDestroyedFilesAreLeftOut(t *testing.T) {
	l := newFilled(t)
	o := l.options(ledger.Filter{Exam: examA})
	o.Content = func(ctx context.Context, s Segment) ([]byte, error) {
		if s.Number == 1 {
			return nil, ErrGone
		}
		return contentOf(ctx, s)
	}
	file := l.write(o)
	r := check(t, file, Trust{Key: l.public})
	if !r.OK() || r.Recorded != 3 || r.RecordedBytes != 3 || r.Segments != 3 {
		t.Errorf("%+v", r)
	}
	var text strings.Builder
	if err := r.Text(&text); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(text.String(), "3 recorded files (0 MB) are in this package, unchanged") || strings.Contains(text.String(), "compare a recording's file") {
		t.Errorf("it says\n%s", text.String())
	}
	if u := unpack(t, file); strings.Contains(u.text[fileSegments], fileOf(camera, 1)) || u.text[fileOf(camera, 2)] != "2" {
		t.Errorf("segments.jsonl\n%s", u.text[fileSegments])
	}
	o.Content = func(context.Context, Segment) ([]byte, error) { return nil, context.DeadlineExceeded }
	if _, err := Write(t.Context(), &strings.Builder{}, l.Log, o); err == nil {
		t.Error("a package was made of files that could not be read")
	}
}
