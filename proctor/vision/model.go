package vision

import (
	"fmt"
	"image"
	"math"
	"os"
	"slices"
)

// An operator may supply two neural networks as ONNX files; without them everything works by the cascades and formulas.
//
// The face model is YuNet in the layout of the OpenCV Zoo's face_detection_yunet_2023mar.onnx: input [1, 3, height, width] BGR 0…255, outputs
// cls_8, obj_8, bbox_8, kps_8 and the same for the strides 16 and 32. gocv v0.31 does not wrap OpenCV's FaceDetectorYN, and that of OpenCV 4.6 knows
// an older layout, so the network runs in OpenCV's DNN module (net.go) and what it says is read here. It gives the eyes too.
//
// The quality model looks at a face of 112×112 RGB, −1…1, and gives one number, 0…1 (higher is better), as eDifFIQA of the Zoo does.
// It becomes the component UnifiedQualityScore.
//
// [NewFinder] refuses a file that is none, or of another layout: it runs each model once.

const (
	// modelSide is the side in pixels of the picture that the face model sees; a larger picture is brought to it.
	modelSide = 320
	// faceSide is the side of the face that the quality model sees.
	faceSide = 112
	// leastScore is how sure the face model must be of a face, and mostOverlap how much two of them may overlap.
	leastScore, mostOverlap = 0.7, 0.3
	// maxModel bounds a model's file in bytes.
	maxModel = 256 << 20
)

// UnifiedQualityScore is the component that an operator's quality model gives. It is absent without one.
const UnifiedQualityScore = "UnifiedQualityScore"

var modelStrides = [...]int{8, 16, 32}

// readModel reads a file of a bounded size.
func readModel(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("vision: open a model: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() == 0 || info.Size() > maxModel {
		return nil, fmt.Errorf("vision: %s is no model: not a file of 1 byte to %d MiB", path, maxModel>>20)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("vision: read a model: %w", err)
	}
	return data, nil
}

// newFaceModel loads YuNet and runs it once.
func newFaceModel(data []byte) (*network, error) {
	n, err := loadNetwork(data)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, kind := range []string{"cls", "obj", "bbox", "kps"} {
		for _, stride := range modelStrides {
			names = append(names, fmt.Sprintf("%s_%d", kind, stride))
		}
	}
	if err := n.want(names...); err != nil {
		n.close()
		return nil, fmt.Errorf("vision: the face model must have the layout of face_detection_yunet_2023mar.onnx: %w", err)
	}
	if _, err := n.faces(make([]float32, 3*modelSide*modelSide)); err != nil {
		n.close()
		return nil, err
	}
	return n, nil
}

// seen is a face as the model tells of it, in pixels of its own picture.
type seen struct {
	score      float64
	x, y, w, h float64 // of the upper left corner, and the size
	eyes       [2][2]float64
}

// faces are those the model is sure of, the surest first, each once.
func (n *network) faces(input []float32) ([]seen, error) {
	out, err := n.run(input, modelSide, modelSide)
	if err != nil {
		return nil, err
	}
	var found []seen
	for i, stride := range modelStrides {
		cls, obj, box, points := out[i], out[3+i], out[6+i], out[9+i]
		side := modelSide / stride
		if cells := side * side; len(cls) != cells || len(obj) != cells || len(box) != 4*cells || len(points) != 10*cells {
			return nil, fmt.Errorf("vision: the face model's outputs for stride %d are of another size", stride)
		}
		for c := range cls {
			score := math.Sqrt(within(cls[c]) * within(obj[c]))
			if score < leastScore {
				continue
			}
			column, row, step := float64(c%side), float64(c/side), float64(stride)
			b, p := box[4*c:4*c+4], points[10*c:10*c+10]
			w, h := math.Exp(min(float64(b[2]), 8))*step, math.Exp(min(float64(b[3]), 8))*step
			s := seen{score: score, w: w, h: h, x: (column+float64(b[0]))*step - w/2, y: (row+float64(b[1]))*step - h/2}
			for e := range s.eyes {
				s.eyes[e] = [2]float64{(column + float64(p[2*e])) * step, (row + float64(p[2*e+1])) * step}
			}
			found = append(found, s)
		}
	}
	slices.SortStableFunc(found, func(a, b seen) int {
		switch {
		case a.score > b.score:
			return -1
		case a.score < b.score:
			return 1
		}
		return 0
	})
	var once []seen
	for _, f := range found {
		if !slices.ContainsFunc(once, func(o seen) bool { return overlap(o, f) > mostOverlap }) {
			once = append(once, f)
		}
	}
	return once, nil
}

func within(v float32) float64 { return min(max(float64(v), 0), 1) }

// overlap is the common area by the joint one.
func overlap(a, b seen) float64 {
	w := min(a.x+a.w, b.x+b.w) - max(a.x, b.x)
	h := min(a.y+a.h, b.y+b.h) - max(a.y, b.y)
	if w <= 0 || h <= 0 {
		return 0
	}
	return w * h / (a.w*a.h + b.w*b.h - w*h)
}

// findByModel fills in faces and eyes as find does.
func (w *worker) findByModel(img *image.YCbCr, a *Assessment) error {
	scale := min(1, float64(modelSide)/float64(max(a.Width, a.Height)))
	width, height := int(float64(a.Width)*scale), int(float64(a.Height)*scale)
	input := make([]float32, 3*modelSide*modelSide) // what the picture does not fill is black
	defer clear(input)
	const plane = modelSide * modelSide
	for y := range height {
		for x := range width {
			r, g, b := colourAt(img, (float64(x)+0.5)/scale, (float64(y)+0.5)/scale)
			at := y*modelSide + x
			input[at], input[plane+at], input[2*plane+at] = b, g, r
		}
	}
	found, err := w.yunet.faces(input)
	if err != nil {
		return err
	}
	whole := image.Rect(0, 0, a.Width, a.Height)
	best := 0
	for _, f := range found {
		// The model's box is higher than wide; everything else here counts in the squares that the cascade gives.
		side := (f.w + f.h) / 2 / scale
		x, y := (f.x+f.w/2)/scale, (f.y+f.h/2)/scale
		face := image.Rect(int(math.Round(x-side/2)), int(math.Round(y-side/2)), int(math.Round(x+side/2)), int(math.Round(y+side/2))).Intersect(whole)
		if face.Empty() {
			continue
		}
		a.Faces = append(a.Faces, face)
		if area(face) > best {
			best = area(face)
			for e, p := range f.eyes {
				a.Eyes[e] = Eye{Point: image.Pt(int(p[0]/scale), int(p[1]/scale)), Found: true}
			}
			if a.Eyes[0].Point.X > a.Eyes[1].Point.X {
				a.Eyes[0], a.Eyes[1] = a.Eyes[1], a.Eyes[0]
			}
		}
	}
	slices.SortStableFunc(a.Faces, func(p, q image.Rectangle) int { return area(q) - area(p) })
	return nil
}

// colourAt is the colour of the nearest pixel, 0…255 each.
func colourAt(img *image.YCbCr, x, y float64) (r, g, b float32) {
	i := min(max(img.Rect.Min.X+int(x), img.Rect.Min.X), img.Rect.Max.X-1)
	j := min(max(img.Rect.Min.Y+int(y), img.Rect.Min.Y), img.Rect.Max.Y-1)
	red, green, blue, _ := img.YCbCrAt(i, j).RGBA()
	return float32(red >> 8), float32(green >> 8), float32(blue >> 8)
}

// newQualityModel loads a quality model and runs it once.
func newQualityModel(data []byte) (*network, error) {
	n, err := loadNetwork(data)
	if err != nil {
		return nil, err
	}
	if len(n.outputs) != 1 {
		n.close()
		return nil, fmt.Errorf("vision: the quality model has %d outputs, want one", len(n.outputs))
	}
	n.wanted = n.outputs
	if _, err := n.quality(make([]float32, 3*faceSide*faceSide)); err != nil {
		n.close()
		return nil, err
	}
	return n, nil
}

func (n *network) quality(input []float32) (float64, error) {
	out, err := n.run(input, faceSide, faceSide)
	if err != nil {
		return 0, err
	}
	if len(out[0]) != 1 {
		return 0, fmt.Errorf("vision: the quality model gives %d numbers, want one", len(out[0]))
	}
	return float64(out[0][0]), nil
}

// addQuality puts what the model says of the largest face at the end of the components.
func (w *worker) addQuality(img *image.YCbCr, a *Assessment) error {
	c := Component{Name: UnifiedQualityScore, Value: -1}
	if len(a.Faces) > 0 {
		face := a.Faces[0]
		input := make([]float32, 3*faceSide*faceSide)
		defer clear(input)
		const plane = faceSide * faceSide
		for y := range faceSide {
			for x := range faceSide {
				r, g, b := colourAt(img, float64(face.Min.X)+(float64(x)+0.5)*float64(face.Dx())/faceSide, float64(face.Min.Y)+(float64(y)+0.5)*float64(face.Dy())/faceSide)
				at := y*faceSide + x
				input[at], input[plane+at], input[2*plane+at] = (r-127.5)/127.5, (g-127.5)/127.5, (b-127.5)/127.5
			}
		}
		raw, err := w.quality.quality(input)
		if err != nil {
			return err
		}
		c.Raw = raw
		if !math.IsNaN(raw) {
			c.Value = percent(raw)
		}
	}
	a.Components = append(a.Components, c)
	return nil
}
