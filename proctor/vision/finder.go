package vision

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"gocv.io/x/gocv"
)

const (
	faceCascadeFile = "haarcascade_frontalface_default.xml"
	eyeCascadeFile  = "haarcascade_eye_tree_eyeglasses.xml"
)

// Config says how a [Finder] works. Its zero value is usable where the cascades are installed in a usual place.
type Config struct {
	// FaceCascade and EyeCascade are paths of OpenCV cascade files. An empty one is looked for by [DefaultCascades].
	FaceCascade, EyeCascade string
	// FaceModel and QualityModel are paths of ONNX files that an operator supplies (model.go); empty: none. With a face model the face
	// cascade is not used.
	FaceModel, QualityModel string
	// Workers is how many pictures may be looked at in the same moment; each holds its own cascades (about 5 MiB).
	// Default 2.
	Workers int
	// Limits is what a good picture is. Default [DefaultLimits].
	Limits *Limits
}

// ErrClosed is returned by a Finder that was closed.
var ErrClosed = errors.New("vision: finder is closed")

// DefaultCascades finds the face and eye cascades of the distribution's packages. The error says which package to install.
func DefaultCascades() (face, eye string, err error) {
	for _, dir := range []string{
		"/usr/share/opencv4/haarcascades",
		"/usr/local/share/opencv4/haarcascades",
		"/usr/share/opencv/haarcascades",
		"/usr/local/share/opencv/haarcascades",
		"/opt/homebrew/share/opencv4/haarcascades",
	} {
		face, eye = filepath.Join(dir, faceCascadeFile), filepath.Join(dir, eyeCascadeFile)
		if isFile(face) && isFile(eye) {
			return face, eye, nil
		}
	}
	return "", "", errors.New("vision: OpenCV's Haar cascades were not found: install the package opencv-data")
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// Finder finds faces and measures pictures. It is safe for concurrent use.
type Finder struct {
	limits  Limits
	workers int
	// faceModel and qualityModel say that there is one.
	faceModel, qualityModel bool
	// idle holds the workers nobody uses; whoever takes one puts it back. OpenCV's cascades are not safe for concurrent use.
	idle chan *worker
	// closing is closed first by Close; takers give up then.
	closing   chan struct{}
	closeOnce sync.Once
}

// worker is one set of cascades, used by one goroutine at a time.
type worker struct {
	face, eye gocv.CascadeClassifier
	// yunet and quality are an operator's models, nil where there are none.
	yunet, quality *network
}

func (w *worker) close() {
	w.face.Close()
	w.eye.Close()
	w.yunet.close()
	w.quality.close()
}

// NewFinder loads the cascades. Close must be called when the Finder is no longer needed.
func NewFinder(cfg Config) (*Finder, error) {
	if cfg.FaceCascade == "" || cfg.EyeCascade == "" {
		face, eye, err := DefaultCascades()
		if err != nil {
			return nil, err
		}
		if cfg.FaceCascade == "" {
			cfg.FaceCascade = face
		}
		if cfg.EyeCascade == "" {
			cfg.EyeCascade = eye
		}
	}
	if cfg.Workers <= 0 {
		cfg.Workers = 2
	}
	f := &Finder{
		limits:  DefaultLimits(),
		workers: cfg.Workers,
		idle:    make(chan *worker, cfg.Workers),
		closing: make(chan struct{}), faceModel: cfg.FaceModel != "", qualityModel: cfg.QualityModel != "",
	}
	if cfg.Limits != nil {
		f.limits = *cfg.Limits
	}
	oneThread()
	models, err := readModels(cfg)
	if err != nil {
		return nil, err
	}
	for range cfg.Workers {
		w, err := newWorker(cfg.FaceCascade, cfg.EyeCascade, models)
		if err != nil {
			for range len(f.idle) {
				(<-f.idle).close()
			}
			return nil, err
		}
		f.idle <- w
	}
	return f, nil
}

// models are the bytes of the operator's files, nil where there are none.
type models struct{ face, quality []byte }

func readModels(cfg Config) (m models, err error) {
	if cfg.FaceModel != "" {
		if m.face, err = readModel(cfg.FaceModel); err != nil {
			return m, err
		}
	}
	if cfg.QualityModel != "" {
		m.quality, err = readModel(cfg.QualityModel)
	}
	return m, err
}

func newWorker(facePath, eyePath string, m models) (*worker, error) {
	face, err := loadCascade(facePath)
	if err != nil {
		return nil, err
	}
	eye, err := loadCascade(eyePath)
	if err != nil {
		face.Close()
		return nil, err
	}
	w := &worker{face: face, eye: eye}
	if m.face != nil {
		if w.yunet, err = newFaceModel(m.face); err != nil {
			w.close()
			return nil, err
		}
	}
	if m.quality != nil {
		if w.quality, err = newQualityModel(m.quality); err != nil {
			w.close()
			return nil, err
		}
	}
	return w, nil
}

// loadCascade refuses what is plainly no cascade itself: OpenCV throws through C on a file it cannot parse, and that ends the
// process.
func loadCascade(path string) (gocv.CascadeClassifier, error) {
	file, err := os.Open(path)
	if err != nil {
		return gocv.CascadeClassifier{}, fmt.Errorf("vision: open cascade (is the package opencv-data installed?): %w", err)
	}
	defer file.Close()
	head, err := io.ReadAll(io.LimitReader(file, 16<<10))
	if err != nil {
		return gocv.CascadeClassifier{}, fmt.Errorf("vision: read cascade: %w", err)
	}
	if !bytes.Contains(head, []byte("<opencv_storage>")) {
		return gocv.CascadeClassifier{}, fmt.Errorf("vision: %s is not an OpenCV cascade: install the package opencv-data", path)
	}
	c := gocv.NewCascadeClassifier()
	if !c.Load(path) {
		c.Close()
		return gocv.CascadeClassifier{}, fmt.Errorf("vision: OpenCV could not load the cascade %s: install the package opencv-data", path)
	}
	return c, nil
}

// Limits returns the limits in force, for the record of a decision.
func (f *Finder) Limits() Limits { return f.limits }

// Close waits for the pictures being looked at and frees the cascades. Later calls of Assess return [ErrClosed].
func (f *Finder) Close() error {
	f.closeOnce.Do(func() {
		close(f.closing)
		for range f.workers {
			(<-f.idle).close()
		}
	})
	return nil
}

func (f *Finder) take(ctx context.Context) (*worker, error) {
	select {
	case <-f.closing:
		return nil, ErrClosed
	default:
	}
	select {
	case w := <-f.idle:
		return w, nil
	case <-f.closing:
		return nil, ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Assess finds the faces of a picture and measures its quality. It waits for a free worker as long as ctx allows; the work
// itself takes about 20 ms for 640×480 and is not interrupted. A picture without a face is not an error: its Assessment says so.
func (f *Finder) Assess(ctx context.Context, img *image.YCbCr) (Assessment, error) {
	l, err := newLuma(img)
	if err != nil {
		return Assessment{}, err
	}
	defer clear(l.pix)

	return f.assess(ctx, img, l, false)
}

func (f *Finder) assess(ctx context.Context, img *image.YCbCr, l *luma, reduced bool) (Assessment, error) {
	a := Assessment{Width: l.w, Height: l.h}
	if l.isFlat() {
		// Nothing to find: do not spend a search on a covered camera.
		a.empty = true
	} else if err := f.with(ctx, func(w *worker) error {
		if w.yunet != nil {
			return w.findByModel(img, &a)
		}
		return w.find(l, &a, reduced)
	}); err != nil {
		return Assessment{}, err
	}
	return a, f.finish(ctx, img, l, &a)
}

// with lends a worker.
func (f *Finder) with(ctx context.Context, use func(*worker) error) error {
	w, err := f.take(ctx)
	if err != nil {
		return err
	}
	defer func() { f.idle <- w }()
	return use(w)
}

// finish measures what was found.
func (f *Finder) finish(ctx context.Context, img *image.YCbCr, l *luma, a *Assessment) error {
	a.measure(l)
	a.Hints = f.limits.hints(a)
	a.assessed = true
	if !f.qualityModel {
		return nil
	}
	return f.with(ctx, func(w *worker) error { return w.addQuality(img, a) })
}

// find fills in faces, largest first, and the eyes of the largest. A reduced search looks at the picture with the least face brought to
// the size the cascade was trained on: four times as fast at 640×480, faces are found to some pixels.
func (w *worker) find(l *luma, a *Assessment, reduced bool) error {
	// The least face is about half of what the limits ask, so that somebody too far away is told so rather than not seen at all.
	least := max(40, min(l.w, l.h)/10)
	if l.w < least || l.h < least {
		return nil
	}
	scale, step, neighbours, eyes := 1.0, 1.1, 5, eyeStep
	if reduced { // a coarser step finds each face fewer times
		scale, step, neighbours, eyes = cascadeFace/float64(least), 1.2, 3, trackedEyeStep
	}
	whole := image.Rect(0, 0, l.w, l.h)
	side := int(float64(least)*scale + 0.5)
	faces, err := search(&w.face, l, whole, scale, step, neighbours, side, 0)
	if err != nil {
		return err
	}
	a.Faces = faces
	slices.SortFunc(a.Faces, func(p, q image.Rectangle) int { return area(q) - area(p) })
	if len(a.Faces) == 0 {
		return nil
	}
	return w.findEyes(l, a, eyes)
}

const (
	// cascadeFace and cascadeEye are the sides of the pictures that the cascades were trained on, in pixels.
	cascadeFace, cascadeEye = 24, 20
	// eyeStep is by how much the size of an eye grows from one pass of its search to the next; with trackedEyeStep the passes are fewer.
	eyeStep, trackedEyeStep = 1.08, 1.16
)

// search runs a cascade over a part of the picture brought to the given scale; least and most are sides in pixels of that scale, 0 for
// any. What it returns is in pixels of the picture.
func search(c *gocv.CascadeClassifier, l *luma, part image.Rectangle, scale, step float64, neighbours, least, most int) ([]image.Rectangle, error) {
	mat, err := l.mat(part)
	if err != nil {
		return nil, err
	}
	defer closeMat(&mat)
	if scale < 1 {
		small := gocv.NewMat()
		gocv.Resize(mat, &small, image.Point{}, scale, scale, gocv.InterpolationArea)
		closeMat(&mat)
		mat = small
	} else {
		scale = 1
	}
	var out []image.Rectangle
	for _, r := range c.DetectMultiScaleWithParams(mat, step, neighbours, 0, image.Pt(least, least), image.Pt(most, most)) {
		r = image.Rect(int(float64(r.Min.X)/scale), int(float64(r.Min.Y)/scale), int(float64(r.Max.X)/scale), int(float64(r.Max.Y)/scale))
		if r = r.Add(part.Min).Intersect(part); !r.Empty() {
			out = append(out, r)
		}
	}
	return out, nil
}

// findEyes looks for one eye in each upper quarter of the face. An eye it does not find is placed where the cascade's training
// faces had it; Found tells them apart.
func (w *worker) findEyes(l *luma, a *Assessment, step float64) error {
	face := a.Faces[0]
	fw, fh := face.Dx(), face.Dy()
	// The least eye is brought to what the cascade was trained on: larger ones only cost time.
	scale := min(1, cascadeEye/(float64(fw)/8))
	for i := range a.Eyes {
		x0 := face.Min.X + fw*(10+40*i)/100
		zone := image.Rect(x0, face.Min.Y+fh*20/100, x0+fw*40/100, face.Min.Y+fh*58/100)
		expected := image.Pt(face.Min.X+fw*(32+36*i)/100, face.Min.Y+fh*39/100)
		a.Eyes[i] = Eye{Point: expected}
		if zone.Dx() < 24 || zone.Dy() < 24 {
			continue
		}
		// One neighbour is enough to ask for: the zone is small, and frames of glasses hide much of an eye.
		found, err := search(&w.eye, l, zone, scale, step, 1, cascadeEye, int(float64(fw)*scale*0.4))
		if err != nil {
			return err
		}
		nearest := math.Inf(1)
		for _, eye := range found {
			p := eye.Min.Add(eye.Size().Div(2))
			if d := distance(p, expected); d < nearest && d < float64(fw)*0.13 {
				nearest, a.Eyes[i] = d, Eye{Point: p, Found: true}
			}
		}
	}
	return nil
}

// closeMat wipes and frees: the copy of a face must not stay in the C heap.
func closeMat(m *gocv.Mat) {
	if p, err := m.DataPtrUint8(); err == nil {
		clear(p)
	}
	m.Close()
}

func distance(p, q image.Point) float64 {
	return math.Hypot(float64(p.X-q.X), float64(p.Y-q.Y))
}

func area(r image.Rectangle) int { return r.Dx() * r.Dy() }
