//go:build pulumi_captions_bench

// Package opentofu pins OpenTofu: importing it here is what keeps it, and all that it needs, in go.mod and go.sum. It is
// never compiled; the build names the imported package itself.
package opentofu

import _ "github.com/opentofu/opentofu/cmd/tofu"
