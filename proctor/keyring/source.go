package keyring

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// Source says where the master key comes from: one of the first three, and the files of keys that only open.
type Source struct {
	File     string
	Command  []string // prints the key: the agent of an HSM or a KMS
	Value    string
	OldFiles []string
}

// commandFor bounds a command that gives the key.
const commandFor = 15 * time.Second

// Load reads the keys, each as 64 hexadecimal digits. Errors tell where, never what was read.
func Load(ctx context.Context, s Source) (*Ring, error) {
	var current []byte
	var err error
	switch {
	case (s.File != "" && (len(s.Command) > 0 || s.Value != "")) || len(s.Command) > 0 && s.Value != "":
		return nil, errors.New("master key: a file, a command or a value, not several of them")
	case s.File != "":
		current, err = readFile(s.File)
	case len(s.Command) > 0:
		current, err = readCommand(ctx, s.Command)
	case s.Value != "":
		current, err = decode("from the environment", s.Value)
	default:
		return nil, errors.New("master key: no file, command or value is named")
	}
	if err != nil {
		return nil, err
	}
	var others [][]byte
	for _, path := range s.OldFiles {
		key, err := readFile(path)
		if err != nil {
			return nil, err
		}
		others = append(others, key)
	}
	return New(current, others...)
}

// Open is Load of one file.
func Open(path string) (*Ring, error) {
	key, err := readFile(path)
	if err != nil {
		return nil, err
	}
	return New(key)
}

// readFile reads a key from a file that only its owner may read.
func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("master key %s: others may read it (mode %v); chmod 600 it", path, info.Mode().Perm())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	return decode(path, string(text))
}

// readCommand reads a key from what a command prints. What it says on the side may hold secrets and is not shown.
func readCommand(ctx context.Context, words []string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, commandFor)
	defer cancel()
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.WaitDelay = time.Second
	var out strings.Builder
	cmd.Stdout = &limited{w: &out, left: 4096}
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, fmt.Errorf("master key: the command %s: %w", words[0], err)
	}
	return decode("of the command "+words[0], out.String())
}

func decode(where, text string) ([]byte, error) {
	key, err := hex.DecodeString(strings.TrimSpace(text))
	if err != nil {
		return nil, fmt.Errorf("master key %s: not hexadecimal", where)
	}
	if len(key) != KeySize {
		return nil, fmt.Errorf("master key %s: want %d bytes, have %d", where, KeySize, len(key))
	}
	return key, nil
}

// limited refuses more than is left.
type limited struct {
	w    io.Writer
	left int
}

func (l *limited) Write(p []byte) (int, error) {
	if len(p) > l.left {
		return 0, errors.New("it prints too much for a key")
	}
	l.left -= len(p)
	return l.w.Write(p)
}
