// Generates the SDK for Java, with Pulumi's own code generator: reads a package schema on standard input and writes,
// as JSON, the content (base64) of each file by its path. The version is the
// newest that could be checked against Go's checksum database.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/pulumi/pulumi-java/pkg/codegen/java"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

func main() {
	// The generators print warnings on standard output.
	output := os.Stdout
	os.Stdout = os.Stderr
	if err := run(output); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(output *os.File) error {
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	var spec schema.PackageSpec
	if err := json.Unmarshal(text, &spec); err != nil {
		return err
	}
	pkg, diagnostics, err := schema.BindSpec(spec, nil)
	if err != nil {
		return err
	}
	if diagnostics.HasErrors() {
		return diagnostics
	}
	files, err := java.GeneratePackage("pulumi-captions", pkg, nil, false)
	if err != nil {
		return err
	}
	return json.NewEncoder(output).Encode(files)
}
