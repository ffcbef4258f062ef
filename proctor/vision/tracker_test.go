package vision

import (
	"image"
	"math"
	"slices"
	"testing"
)

// A face is followed where it goes; when it has gone it is searched for, and found where it comes back.
func TestTracker(t *testing.T) {
	f := newTestFinder(t)
	photo := gocvPhoto(t, "face.jpg")
	at := func(x, y int) *image.YCbCr { return toYCbCr(photo, image.Rect(x, y, x+560, y+420)) }
	tracker := f.Track()
	step := func(what string, img *image.YCbCr, tracked bool) Assessment {
		t.Helper()
		got, want := assessTracked(t, tracker, img), assess(t, f, img)
		if got.Tracked != tracked {
			t.Errorf("%s: tracked %v, want %v", what, got.Tracked, tracked)
		}
		if len(got.Faces) != len(want.Faces) {
			t.Fatalf("%s: faces %v, want %v", what, got.Faces, want.Faces)
		}
		if len(got.Faces) == 0 {
			return got
		}
		common := got.Faces[0].Intersect(want.Faces[0])
		if float64(area(common)) < 0.6*float64(area(want.Faces[0])) {
			t.Errorf("%s: face %v, want %v", what, got.Faces[0], want.Faces[0])
		}
		for i := range got.Eyes {
			if d := distance(got.Eyes[i].Point, want.Eyes[i].Point); d > 0.2*float64(got.Faces[0].Dx()) {
				t.Errorf("%s: eye %d at %v, want %v", what, i, got.Eyes[i], want.Eyes[i])
			}
		}
		if !slices.Equal(got.Hints, want.Hints) {
			t.Errorf("%s: hints %v, want %v", what, got.Hints, want.Hints)
		}
		return got
	}
	step("first", at(0, 0), false)
	for i := range 5 {
		step("moving", at(10*(i+1), 6*(i+1)), true)
	}
	step("jumped away", at(-150, 0), false)
	step("still there", at(-150, 0), true)
	step("nobody", flat(100), false)
	step("back", at(40, 20), false)
	step("once more", at(40, 20), true)
	tracker.Reset()
	step("forgotten", at(40, 20), false)
	if a := step("another size", toYCbCr(photo, image.Rect(0, 0, 640, 480)).SubImage(image.Rect(80, 40, 620, 480)).(*image.YCbCr), false); a.Patch == nil {
		t.Error("no patch of the face")
	}
}

// Somebody who comes into the picture beside a tracked face is seen within ten pictures, and from then on in each.
func TestTrackerSeesASecondPerson(t *testing.T) {
	f := newTestFinder(t)
	photo := gocvPhoto(t, "face.jpg")
	one := toYCbCr(photo, image.Rect(320, 120, 640, 360))
	two := relit(one, func(v, _, _ float64) float64 { return v })
	side := toYCbCr(photo, image.Rect(0, 0, 320, 240))
	for y := range 240 {
		copy(two.Y[(y+120)*two.YStride:][:320], side.Y[y*side.YStride:][:320])
	}
	tracker := f.Track()
	assessTracked(t, tracker, one)
	seen := 0
	for range 12 {
		if a := assessTracked(t, tracker, two); len(a.Faces) == 2 && slices.Contains(a.Hints, SeveralFaces) {
			seen++
		} else if seen > 0 {
			t.Error("seen, and overlooked again")
		}
	}
	if seen < 3 {
		t.Errorf("seen in %d of 12 pictures", seen)
	}
}

// Turned by a crude model of a head: the angles follow the turn, and a face that looks at the camera is not said to be turned.
func TestHeadPose(t *testing.T) {
	f := newTestFinder(t)
	for _, name := range []string{"face.jpg", "face-detect.jpg"} {
		img := webcam(gocvPhoto(t, name))
		front := assess(t, f, img)
		eyes, x, _ := front.eyeDistance()
		centre := image.Pt(int(x), (front.Faces[0].Min.Y+front.Faces[0].Max.Y)/2)
		at := func(component string, yaw, pitch float64) float64 {
			c := assess(t, f, turned(img, centre, 1.25*eyes, yaw, pitch)).Component(component)
			if c.Value < 0 {
				t.Errorf("%s turned by %v, lifted by %v: %s was not assessed", name, yaw, pitch, component)
			}
			return c.Raw
		}
		if v := front.Component(HeadPoseYaw).Raw; math.Abs(v) > 10 {
			t.Errorf("%s: yaw %.0f", name, v)
		}
		if v := front.Component(HeadPosePitch).Raw; math.Abs(v) > 25 {
			t.Errorf("%s: pitch %.0f", name, v)
		}
		left, right := at(HeadPoseYaw, -20, 0), at(HeadPoseYaw, 20, 0)
		if right-left < 10 {
			t.Errorf("%s: turned by 20° to the left %.0f, to the right %.0f", name, left, right)
		}
		down, up := at(HeadPosePitch, 0, -20), at(HeadPosePitch, 0, 20)
		if name != "face.jpg" && up-down < 10 { // he has a moustache, and that is taken for nostrils
			t.Errorf("%s: lowered by 20° %.0f, lifted %.0f", name, down, up)
		}
	}
	// Few pixels: nothing is said.
	small := assess(t, f, toYCbCr(gocvPhoto(t, "face.jpg"), image.Rect(200, 150, 420, 315)))
	if y, p := small.Component(HeadPoseYaw), small.Component(HeadPosePitch); y.Value != -1 || p.Value != -1 {
		t.Errorf("of a small face: %+v %+v", y, p)
	}
}

// Watching somebody for long takes no more memory than watching for a while.
func TestWatchingDoesNotGrow(t *testing.T) {
	f := newTestFinder(t)
	face := webcam(gocvPhoto(t, "face.jpg"))
	tracker := f.Track()
	watch := func(pictures int) {
		for range pictures {
			assessTracked(t, tracker, face).Patch.Wipe()
		}
	}
	watch(40)
	before := resident(t)
	watch(120)
	// A picture of OpenCV's that was not freed is 300 KiB or more.
	if grown := resident(t) - before; grown > 16<<20 {
		t.Errorf("%d KiB more after 120 pictures", grown>>10)
	}
}
