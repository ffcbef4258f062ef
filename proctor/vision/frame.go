package vision

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"

	"golang.org/x/image/vp8"
)

// MaxSide is the largest width and height, in pixels, of a picture this package decodes or looks at.
const MaxSide = 1920

// maxKeyFrame bounds an encoded key frame in bytes: far above what a camera's encoder makes of MaxSide × MaxSide.
const maxKeyFrame = 4 << 20

var (
	// ErrNotKeyFrame says that the frame needs earlier frames to be decoded.
	ErrNotKeyFrame = errors.New("vision: not a key frame")
	// ErrBadFrame says that the bytes are not a VP8 key frame this package decodes: damaged, truncated or too large.
	ErrBadFrame = errors.New("vision: bad VP8 frame")
)

// DecodeKeyFrame decodes one whole VP8 key frame (RFC 6386) as it came out of RTP.
//
// Cameras send studio-range video (luma 16…235, BT.601); the picture returned has the full range that JPEG and the quality
// measures expect. The error wraps [ErrNotKeyFrame] or [ErrBadFrame].
func DecodeKeyFrame(frame []byte) (img *image.YCbCr, err error) {
	// The decoder reads what a stranger's browser sent. Its panics are errors about that input, not faults of the service.
	defer func() {
		if r := recover(); r != nil {
			img, err = nil, fmt.Errorf("%w: decoder fault", ErrBadFrame)
		}
	}()
	width, height, err := keyFrameSize(frame)
	if err != nil {
		return nil, err
	}
	if width == 0 || height == 0 || width > MaxSide || height > MaxSide {
		return nil, fmt.Errorf("%w: %d×%d pixels", ErrBadFrame, width, height)
	}
	d := vp8.NewDecoder()
	d.Init(bytes.NewReader(frame), len(frame))
	if _, err := d.DecodeFrameHeader(); err != nil {
		return nil, fmt.Errorf("%w: header: %w", ErrBadFrame, err)
	}
	img, err = d.DecodeFrame()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadFrame, err)
	}
	expandRange(img)
	return img, nil
}

// keyFrameSize reads the uncompressed header and refuses what cannot be a whole key frame before anything is allocated for it.
func keyFrameSize(frame []byte) (width, height int, err error) {
	const tag, header = 3, 10
	if len(frame) < tag {
		return 0, 0, fmt.Errorf("%w: %d bytes", ErrBadFrame, len(frame))
	}
	if frame[0]&1 != 0 {
		return 0, 0, ErrNotKeyFrame
	}
	if len(frame) < header || len(frame) > maxKeyFrame {
		return 0, 0, fmt.Errorf("%w: %d bytes", ErrBadFrame, len(frame))
	}
	if frame[3] != 0x9d || frame[4] != 0x01 || frame[5] != 0x2a {
		return 0, 0, fmt.Errorf("%w: no start code", ErrBadFrame)
	}
	firstPartition := int(frame[0])>>5 | int(frame[1])<<3 | int(frame[2])<<11
	if firstPartition > len(frame)-header {
		return 0, 0, fmt.Errorf("%w: truncated", ErrBadFrame)
	}
	width = int(frame[6]) | int(frame[7]&0x3f)<<8
	height = int(frame[8]) | int(frame[9]&0x3f)<<8
	return width, height, nil
}

// expandRange turns BT.601 studio range into full range in place.
func expandRange(img *image.YCbCr) {
	var luma, chroma [256]uint8
	for i := range 256 {
		luma[i] = clamp8((i-16)*255, 219)
		chroma[i] = clamp8((i-128)*255+128*224, 224)
	}
	for i, v := range img.Y {
		img.Y[i] = luma[v]
	}
	for i, v := range img.Cb {
		img.Cb[i] = chroma[v]
	}
	for i, v := range img.Cr {
		img.Cr[i] = chroma[v]
	}
}

// clamp8 is n/d rounded and held within a byte.
func clamp8(n, d int) uint8 {
	if n <= 0 {
		return 0
	}
	return uint8(min((n+d/2)/d, 255))
}

// EncodeJPEG encodes the picture as a 4:2:0 JPEG of the given quality (1…100), without metadata.
func EncodeJPEG(img *image.YCbCr, quality int) ([]byte, error) {
	if img == nil || img.Rect.Empty() {
		return nil, errors.New("vision: encode JPEG: empty picture")
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: quality}); err != nil {
		return nil, fmt.Errorf("vision: encode JPEG: %w", err)
	}
	return out.Bytes(), nil
}

// Wipe overwrites the picture's pixels, also those outside its rectangle that share its memory. Nil is allowed.
func Wipe(img *image.YCbCr) {
	if img == nil {
		return
	}
	clear(img.Y[:cap(img.Y)])
	clear(img.Cb[:cap(img.Cb)])
	clear(img.Cr[:cap(img.Cr)])
}
