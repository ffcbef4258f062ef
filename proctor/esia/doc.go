// Package esia speaks the protocol of ESIA (ЕСИА), the state's sign-in known as Госуслуги: the signed request that sends a
// browser there, the exchange of the code it comes back with, the checks of ESIA's tokens and the reading of the person's data.
//
// It knows no people of ours, no SQL and no HTTP handlers: it turns a returned browser into an [Identity] or into an [*Error]
// that says, in Russian and English, what the person or the administrator can do. It never logs tokens, codes or a person's data.
//
// GOST signatures are never computed here. They go through a [Signer] and a [Verifier] that run an external program: OpenSSL
// with its GOST engine ([OpenSSL]) or, in production, certified crypto ([Command]).
//
// [Provider] is the seam to the service: package oidc is the other driver, package conformance the test of both.
//
// Start reading at [Client.Start] and [Client.Finish]; request.go holds what is signed, token.go what is checked, errors.go what is said,
// collections.go what else an account holds: documents, organisations, children.
package esia
