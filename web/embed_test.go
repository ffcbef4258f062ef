package web

import (
	"io/fs"
	"testing"
)

func TestFilesAgreeWithBuilt(t *testing.T) {
	_, err := fs.Stat(Files(), "index.html")
	if got, want := err == nil, Built(); got != want {
		t.Fatalf("index.html present: %v, Built: %v", got, want)
	}
	if _, err := fs.Stat(Files(), ".keep"); err != nil {
		t.Fatalf("the placeholder that lets a fresh clone compile is gone: %v", err)
	}
}
