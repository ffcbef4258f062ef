// Command esiamock runs the stand of ESIA as a program of its own.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "esiamock: not built yet")
	os.Exit(1)
}
