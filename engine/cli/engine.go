//go:build pulumi_captions_engine

// Package cli pins the Pulumi CLI: importing it here is what keeps it, and all that it needs, in go.mod and go.sum.
// It is never compiled; the build names the imported package itself. (The tag is not "tools", which other modules' files
// carry too.)
package cli

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
