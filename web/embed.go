// Package web holds the built TypeScript application and hands it to the server.
//
// The application lives in src and is built by `npm run build` into dist; this package
// embeds what it finds there. A fresh clone has only the placeholder dist/.keep, so that
// the Go module always compiles: [Built] tells whether there is anything to serve.
// It knows nothing of HTTP; start reading the application at src/main.tsx.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Files returns the built application: index.html at its root, hashed files under assets.
// The literal __CSP_NONCE__ in index.html has to be replaced by the nonce of the answer.
func Files() fs.FS {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // only a malformed path can fail, and "dist" is a constant
	}
	return files
}

// Built reports whether the application was built before the program was compiled.
func Built() bool {
	_, err := fs.Stat(dist, "dist/index.html")
	return err == nil
}
