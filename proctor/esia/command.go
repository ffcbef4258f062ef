package esia

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
)

// Command is any program that does GOST cryptography in production, such as certified crypto or a script around it.
type Command struct {
	// Argv is the program and its arguments. A signing program reads the text on stdin and writes the bare signature to stdout.
	// A verifying one reads the text on stdin, the certificate (PEM) at the path that replaces the argument {certificate} and the
	// signature at {signature}; it ends with 0 for a good signature, 1 for a bad one, anything else for «could not find out».
	Argv []string
	// Reversed turns raw signatures around, for programs such as CryptoPro's csptest that write them the other way.
	Reversed bool
	ProgramConfig
}

// Signer makes signatures by the command.
func (c Command) Signer() (Signer, error) {
	if len(c.Argv) == 0 {
		return nil, errors.New("esia: a signing command without a program")
	}
	program := newProgram(c.ProgramConfig)
	return signerFunc(func(ctx context.Context, text []byte) ([]byte, error) {
		signature, err := program.run(ctx, c.Argv, text)
		if err != nil {
			return nil, err
		}
		if len(signature) == 0 {
			return nil, fmt.Errorf("%s wrote no signature", c.Argv[0])
		}
		if c.Reversed {
			slices.Reverse(signature)
		}
		return signature, nil
	}), nil
}

// Verifier verifies raw signatures by the command.
func (c Command) Verifier() (Verifier, error) {
	if len(c.Argv) == 0 || !slices.Contains(c.Argv, "{certificate}") || !slices.Contains(c.Argv, "{signature}") {
		return nil, errors.New("esia: a verifying command needs a program and the arguments {certificate} and {signature}")
	}
	argv := slices.Clone(c.Argv)
	for i := range argv {
		switch argv[i] {
		case "{certificate}":
			argv[i] = "/dev/fd/3"
		case "{signature}":
			argv[i] = "/dev/fd/4"
		}
	}
	return &commandVerifier{argv: argv, reversed: c.Reversed, program: newProgram(c.ProgramConfig)}, nil
}

type commandVerifier struct {
	argv     []string
	reversed bool
	program  *program
}

func (v *commandVerifier) Verify(ctx context.Context, certificate *x509.Certificate, text, signature []byte) error {
	if v.reversed {
		signature = slices.Clone(signature)
		slices.Reverse(signature)
	}
	_, err := v.program.run(ctx, v.argv, text, certificatePEM(certificate), signature)
	var exit *exitError
	if errors.As(err, &exit) && exit.code == 1 {
		return ErrSignature
	}
	return err
}
