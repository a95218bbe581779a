//go:build pulumi_captions_engine

// Package golang pins the language host for Go, as package cli does for the CLI. It comes from an older version of the
// SDK, whose module still holds the host.
package golang

import _ "github.com/pulumi/pulumi/sdk/v3/go/pulumi-language-go"
