//go:build pulumi_captions_engine

// Package language pins the language hosts for Node.js and Python, as package cli does for the CLI. It has a module of
// its own because it comes from an older version of the SDK, the last one whose module holds the hosts.
package language

import (
	_ "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs"
	_ "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python"
)
