package api

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/google/uuid"

	"ochno/proctor/ledger"
)

type recordingInput struct {
	ID uuid.UUID `path:"id"`
}

// recordingFile gives what is stored until now. Its bytes are made of the segments as they are asked for: a player may enter it anywhere.
func (s *Server) recordingFile(ctx context.Context, in *recordingInput) (*huma.StreamResponse, error) {
	attempt, err := s.Archive.AttemptOf(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := s.lookAt(ctx, ledger.SawRecording, attempt); err != nil {
		return nil, err
	}
	file, err := s.Archive.Whole(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		r, w := humago.Unwrap(hc)
		h := w.Header()
		h.Set("Content-Type", "video/webm")
		h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="ochno-%s-%s.webm"`, file.Kind, file.StartedAt.UTC().Format("20060102-150405")))
		h.Set("Cache-Control", "private, no-store")
		h.Set("ETag", `"`+file.Version+`"`)
		http.ServeContent(w, r, "", time.Time{}, file)
	}}, nil
}
