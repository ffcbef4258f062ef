// Package socket opens the listening sockets of the stands' programs: new ones, or those that the stack opened for them, so that an address is
// known before the program that answers there has started.
package socket

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
)

// ErrAddress: what was given is neither an address nor an inherited descriptor.
var ErrAddress = errors.New("want host:port, or fd:3 or above")

// Listen listens on a TCP address, or takes over the listening socket that the parent left under "fd:N".
func Listen(ctx context.Context, address string) (net.Listener, error) {
	number, inherited := strings.CutPrefix(address, "fd:")
	if !inherited {
		return new(net.ListenConfig).Listen(ctx, "tcp", address)
	}
	fd, err := strconv.ParseUint(number, 10, 16)
	if err != nil || fd < 3 {
		return nil, fmt.Errorf("%s: %w", address, ErrAddress)
	}
	file := os.NewFile(uintptr(fd), address)
	if file == nil {
		return nil, fmt.Errorf("%s: no such descriptor", address)
	}
	defer file.Close()
	listener, err := net.FileListener(file)
	if err != nil {
		return nil, fmt.Errorf("%s: no listening socket there: %w", address, err)
	}
	return listener, nil
}
