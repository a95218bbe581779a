//go:build pulumi_captions_engine

// Package yaml pins the language host for YAML, as package cli does for the CLI.
package yaml

import _ "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml"
