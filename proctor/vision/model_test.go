package vision

import (
	"encoding/binary"
	"fmt"
	"image"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The tests build networks of their own, byte by byte: an ONNX file is a protobuf message.

// field is one of protobuf's, with its content's length before it.
func field(number int, content ...[]byte) []byte {
	body := slices.Concat(content...)
	out := binary.AppendUvarint(nil, uint64(number)<<3|2)
	return append(binary.AppendUvarint(out, uint64(len(body))), body...)
}

func number(n int, v uint64) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(nil, uint64(n)<<3), v)
}

func text(n int, s string) []byte { return field(n, []byte(s)) }

func ints(name string, values ...int) []byte {
	parts := [][]byte{text(1, name)}
	for _, v := range values {
		parts = append(parts, number(8, uint64(v)))
	}
	return field(5, append(parts, number(20, 7))...)
}

func node(op string, inputs []string, output string, attributes ...[]byte) []byte {
	var parts [][]byte
	for _, in := range inputs {
		parts = append(parts, text(1, in))
	}
	parts = append(parts, text(2, output), text(3, output+"_node"), text(4, op))
	return field(1, append(parts, attributes...)...)
}

func tensor(name string, dims []int, values []float32) []byte {
	var parts [][]byte
	for _, d := range dims {
		parts = append(parts, number(1, uint64(d)))
	}
	raw := make([]byte, 0, 4*len(values))
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	return field(5, append(parts, number(2, 1), text(8, name), field(9, raw))...)
}

func shape(name string, dims ...int64) []byte {
	var raw []byte
	for _, d := range dims {
		raw = binary.LittleEndian.AppendUint64(raw, uint64(d))
	}
	return field(5, number(1, uint64(len(dims))), number(2, 7), text(8, name), field(9, raw))
}

func value(n int, name string, dims ...int) []byte {
	var d [][]byte
	for _, v := range dims {
		d = append(d, field(1, number(1, uint64(v))))
	}
	return field(n, text(1, name), field(2, field(1, number(1, 1), field(2, d...))))
}

func onnx(graph ...[]byte) []byte {
	return slices.Concat(number(1, 7), field(7, append(graph, text(2, "test"))...), field(8, number(2, 11)))
}

// lampFinder is a «face model» of YuNet's layout that takes white cells for faces four cells wide, the eyes a cell left and right of the middle
// and half a cell above it.
func lampFinder() []byte {
	var graph [][]byte
	graph = append(graph, value(11, "input", 1, 3, modelSide, modelSide))
	for _, stride := range modelStrides {
		cells := (modelSide / stride) * (modelSide / stride)
		for _, head := range []struct {
			name   string
			weight float32
			bias   []float32
		}{
			{"cls", 1 / (255 * 3 * float32(stride*stride)), []float32{0}},
			{"obj", 1 / (255 * 3 * float32(stride*stride)), []float32{0}},
			{"bbox", 0, []float32{0.5, 0.5, float32(math.Log(4)), float32(math.Log(4))}},
			{"kps", 0, []float32{-0.5, 0, 1.5, 0, 0.5, 0.5, 0, 1, 1, 1}},
		} {
			name, n := fmt.Sprintf("%s_%d", head.name, stride), len(head.bias)
			weights := make([]float32, n*3*stride*stride)
			for i := range weights {
				weights[i] = head.weight
			}
			graph = append(graph,
				tensor(name+"_w", []int{n, 3, stride, stride}, weights), tensor(name+"_b", []int{n}, head.bias), shape(name+"_s", 1, int64(cells), int64(n)),
				node("Conv", []string{"input", name + "_w", name + "_b"}, name+"_c", ints("kernel_shape", stride, stride), ints("strides", stride, stride)),
				node("Transpose", []string{name + "_c"}, name+"_t", ints("perm", 0, 2, 3, 1)),
				node("Reshape", []string{name + "_t", name + "_s"}, name),
				value(12, name, 1, cells, n))
		}
	}
	return onnx(graph...)
}

// brightness is a «quality model» that finds bright faces good.
func brightness(outputs int) []byte {
	weights, bias := make([]float32, 3*outputs), make([]float32, outputs)
	for i := range weights {
		weights[i] = 1.0 / 6
	}
	for i := range bias {
		bias[i] = 0.5
	}
	return onnx(
		value(11, "input", 1, 3, faceSide, faceSide), tensor("w", []int{outputs, 3, 1, 1}, weights), tensor("b", []int{outputs}, bias), shape("s", 1, int64(outputs)),
		node("GlobalAveragePool", []string{"input"}, "mean"),
		node("Conv", []string{"mean", "w", "b"}, "conv", ints("kernel_shape", 1, 1)),
		node("Reshape", []string{"conv", "s"}, "quality"), value(12, "quality", 1, outputs))
}

func modelFile(t *testing.T, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "model.onnx")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// An operator's networks run through OpenCV's DNN module and say where the faces are and how good the best is.
func TestModels(t *testing.T) {
	f, err := NewFinder(Config{FaceModel: modelFile(t, lampFinder()), QualityModel: modelFile(t, brightness(1))})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	dark := func() *image.YCbCr {
		img := flat(40)
		for i := range img.Cb {
			img.Cb[i], img.Cr[i] = 128, 128
		}
		for y := 400; y < 440; y++ { // something to see: an empty picture is not searched
			for x := range 640 {
				img.Y[img.YOffset(x, y)] = 90
			}
		}
		return img
	}
	lamp := func(img *image.YCbCr, x, y int) {
		for j := y; j < y+16; j++ {
			for i := x; i < x+16; i++ {
				img.Y[img.YOffset(i, j)] = 255
			}
		}
	}
	one := dark()
	lamp(one, 320, 160) // the cell of 8×8 at (160, 80) in the model's half-sized picture
	a := assess(t, f, one)
	if want := image.Rect(296, 136, 360, 200); len(a.Faces) != 1 || a.Faces[0] != want {
		t.Fatalf("faces %v, want %v", a.Faces, want)
	}
	for i, want := range []image.Point{{312, 160}, {344, 160}} {
		if a.Eyes[i] != (Eye{Point: want, Found: true}) {
			t.Errorf("eye %d: %v, want %v", i, a.Eyes[i], want)
		}
	}
	// The face's 64×64 pixels are 40 but for the lamp's sixteenth of 255.
	if c := a.Component(UnifiedQualityScore); c.Value < 19 || c.Value > 23 {
		t.Errorf("quality %+v, want 21", c)
	}
	two := dark()
	lamp(two, 160, 160)
	lamp(two, 480, 320)
	if a := assess(t, f, two); len(a.Faces) != 2 || a.Hints[0] != SeveralFaces {
		t.Errorf("two lamps: %v", a)
	}
	nobody := dark()
	if a := assess(t, f, nobody); len(a.Faces) != 0 || a.Component(UnifiedQualityScore).Value != -1 {
		t.Errorf("nobody: %v", a)
	}
	// A tracker asks the model for every picture.
	tracker := f.Track()
	for range 3 {
		if a := assessTracked(t, tracker, one); a.Tracked || len(a.Faces) != 1 {
			t.Errorf("tracked: %v", a)
		}
	}
}

// The real cascades go on working beside a quality model alone, and the other components are the same.
func TestQualityModelAlone(t *testing.T) {
	f, err := NewFinder(Config{QualityModel: modelFile(t, brightness(1)), Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	face := webcam(gocvPhoto(t, "face.jpg"))
	with, without := assess(t, f, face), assess(t, newTestFinder(t), face)
	if c := with.Component(UnifiedQualityScore); c.Value < 20 || c.Value > 80 {
		t.Errorf("quality %+v", c)
	}
	if !slices.Equal(with.Components[:len(with.Components)-1], without.Components) || with.Unified != without.Unified || !with.Good() {
		t.Errorf("with a model: %v\nwithout: %v", with, without)
	}
}

// What is no model is refused when the service starts, with what is wrong, and does not end the process.
func TestModelsThatAreNone(t *testing.T) {
	whole := lampFinder()
	for name, c := range map[string]struct {
		face, quality []byte
		says          string
	}{
		"text as a face model":          {face: []byte("hello, this is no model"), says: "OpenCV cannot load"},
		"half a face model":             {face: whole[:len(whole)/2], says: "OpenCV cannot load"},
		"a quality model for faces":     {face: brightness(1), says: "face_detection_yunet_2023mar"},
		"a face model for quality":      {quality: whole, says: "12 outputs"},
		"a quality model of two values": {quality: brightness(2), says: "2 numbers"},
		"a layer nobody knows":          {quality: onnx(value(11, "input", 1, 3, 4, 4), node("Frobnicate", []string{"input"}, "out"), value(12, "out", 1, 1)), says: "OpenCV cannot"},
	} {
		cfg := Config{Workers: 1}
		if c.face != nil {
			cfg.FaceModel = modelFile(t, c.face)
		}
		if c.quality != nil {
			cfg.QualityModel = modelFile(t, c.quality)
		}
		f, err := NewFinder(cfg)
		if err == nil {
			f.Close()
			t.Errorf("%s: accepted", name)
		} else if !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v; want «%s» in it", name, err, c.says)
		}
	}
	for name, path := range map[string]string{"no file": filepath.Join(t.TempDir(), "none.onnx"), "a folder": t.TempDir(), "an empty file": modelFile(t, nil)} {
		if f, err := NewFinder(Config{FaceModel: path, Workers: 1}); err == nil {
			f.Close()
			t.Errorf("%s: accepted", name)
		}
	}
}
