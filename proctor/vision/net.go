package vision

// #cgo CXXFLAGS: -std=c++11
// #cgo pkg-config: opencv4
// #include <stdlib.h>
// #include "net.h"
import "C"

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unsafe"
)

// network is one ONNX model in OpenCV's DNN module, used by one goroutine at a time.
type network struct {
	net unsafe.Pointer
	// outputs are those it has; wanted those that run returns.
	outputs, wanted []string
}

const (
	// maxOutput bounds what one run may give, in numbers; YuNet gives 33,600.
	maxOutput = 1 << 17
	// maxNames bounds the names of a network's outputs in bytes, longestError an error's text.
	maxNames, longestError = 16 << 10, 500
)

// oneThread lets each picture be looked at by one thread. Several are looked at in the same moment, a worker each: threads of OpenCV's own that wait
// for each other would take more of the processors than they save.
func oneThread() { C.ochno_one_thread() }

func loadNetwork(data []byte) (*network, error) {
	if len(data) == 0 {
		return nil, errors.New("vision: an empty model")
	}
	n := &network{}
	names, text := make([]byte, maxNames), make([]byte, longestError)
	if C.ochno_net_load(unsafe.Pointer(&data[0]), C.size_t(len(data)), &n.net, cbytes(names), maxNames, cbytes(text), longestError) != 0 {
		return nil, fmt.Errorf("vision: OpenCV cannot load the model: %s", firstLine(text))
	}
	n.outputs = strings.Fields(text0(names))
	return n, nil
}

// want says which outputs run returns. The error names one that the network does not have.
func (n *network) want(names ...string) error {
	for _, name := range names {
		if !slices.Contains(n.outputs, name) {
			return fmt.Errorf("the model has no output %s", name)
		}
	}
	n.wanted = names
	return nil
}

// run puts [1, 3, height, width] numbers through the network and returns its wanted outputs, in their order.
func (n *network) run(input []float32, height, width int) ([][]float32, error) {
	if len(input) != 3*height*width || len(n.wanted) == 0 {
		return nil, fmt.Errorf("vision: a model's input of %d numbers for %d×%d", len(input), height, width)
	}
	names := C.CString(strings.Join(n.wanted, "\n") + "\n")
	defer C.free(unsafe.Pointer(names))
	out, counts, text := make([]float32, maxOutput), make([]C.size_t, len(n.wanted)), make([]byte, longestError)
	if C.ochno_net_run(n.net, (*C.float)(unsafe.Pointer(&input[0])), C.int(height), C.int(width), names, (*C.float)(unsafe.Pointer(&out[0])), maxOutput,
		&counts[0], C.size_t(len(counts)), cbytes(text), longestError) != 0 {
		return nil, fmt.Errorf("vision: OpenCV cannot run the model: %s", firstLine(text))
	}
	outputs := make([][]float32, 0, len(counts))
	for _, count := range counts {
		outputs = append(outputs, out[:count:count])
		out = out[count:]
	}
	return outputs, nil
}

// close frees the network; nil is allowed.
func (n *network) close() {
	if n != nil {
		C.ochno_net_free(n.net)
	}
}

func cbytes(b []byte) *C.char { return (*C.char)(unsafe.Pointer(&b[0])) }

// text0 is C's text, without what follows its end.
func text0(b []byte) string {
	text, _, _ := strings.Cut(string(b), "\x00")
	return text
}

func firstLine(b []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text0(b)), "\n")
	return line
}
