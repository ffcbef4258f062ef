package ebsmock

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // photos come as JPEG…
	_ "image/png"  // …or PNG
	"math"
	"os"
	"path/filepath"
	"slices"

	"gocv.io/x/gocv"
)

const (
	// maxPhoto bounds a photo in bytes, maxPhotoSide in pixels a side, before anything is allocated for it.
	maxPhoto     = 8 << 20
	maxPhotoSide = 4096
	// searchSide is the side in pixels to which a large photo is brought to look for faces.
	searchSide = 640
)

var (
	errNotPicture   = errors.New("not a JPEG or PNG picture of a usable size")
	errNoFace       = errors.New("no face")
	errSeveralFaces = errors.New("several faces")
)

// faceFinder finds the one face of a photo with OpenCV's Haar cascade.
type faceFinder struct {
	// turn holds the cascade: it is not safe for concurrent use.
	turn chan gocv.CascadeClassifier
	// closed is closed when the cascade is gone.
	closed chan struct{}
}

func newFaceFinder(path string) (*faceFinder, error) {
	if path == "" {
		for _, dir := range []string{
			"/usr/share/opencv4/haarcascades", "/usr/local/share/opencv4/haarcascades",
			"/usr/share/opencv/haarcascades", "/opt/homebrew/share/opencv4/haarcascades",
		} {
			p := filepath.Join(dir, "haarcascade_frontalface_default.xml")
			if _, err := os.Stat(p); err == nil {
				path = p
				break
			}
		}
	}
	if path == "" {
		return nil, errors.New("OpenCV's Haar cascades were not found: install the package opencv-data")
	}
	// OpenCV throws through C on a file it cannot parse, and that ends the process.
	if head, err := os.ReadFile(path); err != nil || !bytes.Contains(head, []byte("<opencv_storage>")) {
		return nil, fmt.Errorf("%s is not an OpenCV cascade: install the package opencv-data", path)
	}
	c := gocv.NewCascadeClassifier()
	if !c.Load(path) {
		c.Close()
		return nil, fmt.Errorf("OpenCV cannot load %s", path)
	}
	f := &faceFinder{turn: make(chan gocv.CascadeClassifier, 1), closed: make(chan struct{})}
	f.turn <- c
	return f, nil
}

func (f *faceFinder) close() {
	c := <-f.turn
	close(f.closed)
	c.Close()
}

// print decodes a photo, finds its one face and makes the print of it.
func (f *faceFinder) print(ctx context.Context, photo []byte) (*faceprint, error) {
	img, err := decode(photo)
	if err != nil {
		return nil, err
	}
	return f.printOf(ctx, img)
}

func (f *faceFinder) printOf(ctx context.Context, img image.Image) (*faceprint, error) {
	grey := toGrey(img)
	face, err := f.find(ctx, grey)
	if err != nil {
		return nil, err
	}
	return newFaceprint(grey, face), nil
}

// decode decodes a photo of a usable size.
func decode(photo []byte) (image.Image, error) {
	if len(photo) > maxPhoto {
		return nil, errNotPicture
	}
	cfg, _, err := image.DecodeConfig(bytes.NewReader(photo))
	if err != nil || cfg.Width < 64 || cfg.Height < 64 || cfg.Width > maxPhotoSide || cfg.Height > maxPhotoSide {
		return nil, errNotPicture
	}
	img, _, err := image.Decode(bytes.NewReader(photo))
	if err != nil {
		return nil, errNotPicture
	}
	return img, nil
}

// toGrey takes the brightness of a picture.
func toGrey(img image.Image) *image.Gray {
	b := img.Bounds()
	grey := image.NewGray(image.Rect(0, 0, b.Dx(), b.Dy()))
	if y, ok := img.(*image.YCbCr); ok {
		for row := range b.Dy() {
			copy(grey.Pix[row*grey.Stride:][:b.Dx()], y.Y[y.YOffset(b.Min.X, b.Min.Y+row):])
		}
		return grey
	}
	for row := range b.Dy() {
		for col := range b.Dx() {
			grey.Set(col, row, img.At(b.Min.X+col, b.Min.Y+row))
		}
	}
	return grey
}

// find returns the square of the one face. A second one counts if it is at least a third as wide: smaller ones are portraits on
// the wall, or none.
func (f *faceFinder) find(ctx context.Context, grey *image.Gray) (image.Rectangle, error) {
	w, h := grey.Rect.Dx(), grey.Rect.Dy()
	mat := gocv.NewMatWithSize(h, w, gocv.MatTypeCV8U)
	defer mat.Close()
	pix, err := mat.DataPtrUint8()
	if err != nil {
		return image.Rectangle{}, err
	}
	for row := range h {
		copy(pix[row*w:(row+1)*w], grey.Pix[row*grey.Stride:])
	}
	scale := 1.0
	small := gocv.NewMat()
	defer small.Close()
	search := mat
	if side := max(w, h); side > searchSide {
		scale = float64(side) / searchSide
		gocv.Resize(mat, &small, image.Pt(max(1, int(float64(w)/scale)), max(1, int(float64(h)/scale))), 0, 0, gocv.InterpolationArea)
		search = small
	}
	var cascade gocv.CascadeClassifier
	select {
	case cascade = <-f.turn:
	case <-f.closed:
		return image.Rectangle{}, errors.New("the stand is closed")
	case <-ctx.Done():
		return image.Rectangle{}, ctx.Err()
	}
	faces := cascade.DetectMultiScaleWithParams(search, 1.1, 5, 0, image.Pt(48, 48), image.Point{})
	f.turn <- cascade
	if len(faces) == 0 {
		return image.Rectangle{}, errNoFace
	}
	slices.SortFunc(faces, func(a, b image.Rectangle) int { return b.Dx() - a.Dx() })
	if len(faces) > 1 && faces[1].Dx()*3 >= faces[0].Dx() {
		return image.Rectangle{}, errSeveralFaces
	}
	at := func(v int) int { return int(math.Round(float64(v) * scale)) }
	r := faces[0]
	return image.Rect(at(r.Min.X), at(r.Min.Y), at(r.Max.X), at(r.Max.Y)), nil
}
