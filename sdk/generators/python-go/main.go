// Generates the SDK for Python or Go, with Pulumi's own code generators: reads a package schema on standard input and
// writes, as JSON, the content (base64) of each file by its path.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	gogen "github.com/pulumi/pulumi/pkg/v3/codegen/go"
	"github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

func main() {
	// The generators print warnings on standard output.
	output := os.Stdout
	os.Stdout = os.Stderr
	if err := run(os.Args[1], output); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(language string, output *os.File) error {
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	var spec schema.PackageSpec
	if err := json.Unmarshal(text, &spec); err != nil {
		return err
	}
	pkg, diagnostics, err := schema.BindSpec(spec, schema.NewNullLoader(), schema.ValidationOptions{})
	if err != nil {
		return err
	}
	if diagnostics.HasErrors() {
		return diagnostics
	}
	files, err := generate(language, pkg)
	if err != nil {
		return err
	}
	return json.NewEncoder(output).Encode(files)
}

func generate(language string, pkg *schema.Package) (map[string][]byte, error) {
	switch language {
	case "python":
		return python.GeneratePackage("pulumi-captions", pkg, nil, nil)
	case "go":
		return gogen.GeneratePackage("pulumi-captions", pkg, nil)
	}
	return nil, fmt.Errorf("there is no generator for %q", language)
}
