package vision

import (
	"context"
	"image"
)

const (
	// A whole search comes at the latest after so many tracked pictures: only it sees who else came into the picture.
	trackedAtMost = 9
	// trackedWidth is the width to which the last face is brought before it is searched again, in pixels: the cascade was
	// trained on 24.
	trackedWidth = 48
)

// Tracker follows the largest face of one stream of pictures at a fraction of a search's cost: between searches of the whole
// picture it looks only around the last place, at a reduced scale. It is not safe for concurrent use and holds nothing but
// the place.
type Tracker struct {
	finder *Finder
	face   image.Rectangle // empty: nothing to follow
	size   image.Point     // of the picture it is in
	left   int             // tracked pictures until the next whole search
}

// Track begins to follow a face.
func (f *Finder) Track() *Tracker { return &Tracker{finder: f} }

// Assess is [Finder.Assess] for the next picture of the stream. A tracked assessment (Tracked) is as good as a searched one for telling
// the person what to change, and blind to a second face; whoever is about to use the picture assesses it anew.
func (t *Tracker) Assess(ctx context.Context, img *image.YCbCr) (Assessment, error) {
	l, err := newLuma(img)
	if err != nil {
		return Assessment{}, err
	}
	defer clear(l.pix)
	if t.left > 0 && !t.face.Empty() && t.size == image.Pt(l.w, l.h) {
		a := Assessment{Width: l.w, Height: l.h, Tracked: true}
		err := t.finder.with(ctx, func(w *worker) error { return w.follow(l, t.face, &a) })
		if err != nil {
			return Assessment{}, err
		}
		if len(a.Faces) > 0 {
			t.left--
			t.face = a.Faces[0]
			return a, t.finder.finish(ctx, img, l, &a)
		}
	}
	a, err := t.finder.assess(ctx, img, l, true)
	if err != nil {
		return Assessment{}, err
	}
	t.face, t.size, t.left = image.Rectangle{}, image.Pt(l.w, l.h), 0
	if len(a.Faces) == 1 && !t.finder.faceModel { // where there are several, each picture is searched: which of them to follow is not ours to say
		t.face, t.left = a.Faces[0], trackedAtMost
	}
	return a, nil
}

// Reset forgets the face: the next picture is searched whole.
func (t *Tracker) Reset() { t.face, t.left = image.Rectangle{}, 0 }

// follow looks for the face around its last place.
func (w *worker) follow(l *luma, last image.Rectangle, a *Assessment) error {
	margin := last.Dx() * 35 / 100
	window := last.Inset(-margin).Intersect(image.Rect(0, 0, l.w, l.h))
	if window.Dx() < last.Dx()/2 || window.Dy() < last.Dy()/2 {
		return nil
	}
	scale := min(1, float64(trackedWidth)/float64(last.Dx()))
	side := float64(last.Dx()) * scale
	found, err := search(&w.face, l, window, scale, 1.1, 3, max(cascadeFace, int(side*0.78)), int(side*1.28)+1)
	if err != nil {
		return err
	}
	best := 0
	for _, face := range found {
		if area(face) > best {
			best, a.Faces = area(face), []image.Rectangle{face}
		}
	}
	if best == 0 {
		return nil
	}
	return w.findEyes(l, a, trackedEyeStep)
}
