// Package pack writes and checks packages: one ZIP with records of the identification log and everything that proves them, to be checked by
// anyone without a network, a database or our word. ../FORMAT.md describes the file for those who write a verifier of their own.
//
// Checking uses the standard library and golang.org/x/mod/sumdb alone, trusts nothing in the file, takes little memory whatever its size, and
// puts no personal value into what it says. The package does not decide who may have one. Start reading at Write, then Verify.
package pack

import (
	"encoding/base64"
	"fmt"
	"regexp"

	"golang.org/x/mod/sumdb/tlog"
)

// Format names the layout; a verifier refuses others.
const Format = "ochno.package/1"

// The names of a package's files. All are stored uncompressed.
const (
	fileReadmeRU   = "README.ru.md"
	fileReadmeEN   = "README.en.md"
	fileKey        = "log-key.pub"
	fileCheckpoint = "checkpoint.txt"
	fileLeaves     = "leaves.bin"
	fileProofs     = "proofs.jsonl"
	fileRecords    = "records.jsonl"
	filePersonal   = "personal.jsonl"
	fileSegments   = "segments.jsonl"
	fileSheet      = "sheet.pdf"
	fileKeyChanges = "key-changes.jsonl"
	fileManifest   = "manifest.json"
	fileSignature  = "manifest.note"
)

// Manifest says what a package holds. A signed note over its SHA-256 stands beside it, so nothing can be left out unnoticed.
type Manifest struct {
	Format    string            `json:"format"`
	Origin    string            `json:"origin"`             // the log's name, which is its key's
	Size      int64             `json:"size"`               // of the tree that checkpoint.txt signs
	Records   int64             `json:"records"`            // lines of records.jsonl
	Whole     bool              `json:"whole"`              // all records of the tree: leaves.bin instead of proofs.jsonl
	Personal  int64             `json:"personal"`           // records whose personal values stand in personal.jsonl
	Erased    int64             `json:"erased"`             // records whose personal values were erased, or are left out of this package: their hashes stay
	Segments  int64             `json:"segments,omitempty"` // lines of segments.jsonl
	Selection map[string]string `json:"selection,omitempty"`
	MadeAt    string            `json:"madeAt"`   // UTC
	Software  string            `json:"software"` // version that made it
	// Files has the SHA-256, in hex, of every file but manifest.json, manifest.note, and those which the checkpoint proves through their
	// contents: records.jsonl, personal.jsonl, leaves.bin. Recorded files have theirs in segments.jsonl.
	Files map[string]string `json:"files"`
}

// Segment is a line of segments.jsonl: one stored file of a recording. The lines of a recording stand together, in the order of their numbers.
type Segment struct {
	Recording  string `json:"recording"`
	Number     int    `json:"number"`
	StartMS    int64  `json:"startMs"` // from the recording's start
	DurationMS int64  `json:"durationMs"`
	Size       int64  `json:"size"`   // bytes
	SHA256     string `json:"sha256"` // of the file, hex
	Chain      string `json:"chain"`  // hex of SHA-256(the chain value before ‖ sha256, both as bytes); nothing before the first
	// File is the recorded file itself where the package has it, as it was recorded and not encrypted: "recordings/<recording>/<number>.webm".
	File string `json:"file,omitempty"`
}

// fileOf is where a segment's file stands in a package.
func fileOf(recording string, number int) string {
	return fmt.Sprintf("recordings/%s/%d.webm", recording, number)
}

// recordedFile is what fileOf makes.
var recordedFile = regexp.MustCompile(`^recordings/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/(0|[1-9][0-9]{0,8})\.webm$`)

// keyChangeLine is a line of key-changes.jsonl: how the log's key became the one that signed the package, oldest first.
type keyChangeLine struct {
	Note string `json:"note"` // signed by both keys
}

// proofLine is a line of proofs.jsonl; hashes are base64.
type proofLine struct {
	Leaf  int64            `json:"leaf"`
	Hash  tlog.Hash        `json:"hash"`
	Proof tlog.RecordProof `json:"proof"`
}

// signedText is what the note beside the manifest signs. Its first line is no log's name, so that it can never be taken for a checkpoint.
func signedText(origin string, manifest [32]byte) string {
	return fmt.Sprintf("%s\n%s\n%s\n", Format, origin, base64.StdEncoding.EncodeToString(manifest[:]))
}

// frontier is the right edge of a growing Merkle tree: its root needs no more of it.
type frontier struct {
	size int64
	edge []tlog.Hash // roots of the full subtrees, largest first
}

func (f *frontier) add(leaf tlog.Hash) {
	for n := f.size; n&1 == 1; n >>= 1 {
		leaf = tlog.NodeHash(f.edge[len(f.edge)-1], leaf)
		f.edge = f.edge[:len(f.edge)-1]
	}
	f.edge = append(f.edge, leaf)
	f.size++
}

// root of the leaves so far; there must be one.
func (f *frontier) root() tlog.Hash {
	root := f.edge[len(f.edge)-1]
	for i := len(f.edge) - 2; i >= 0; i-- {
		root = tlog.NodeHash(f.edge[i], root)
	}
	return root
}
