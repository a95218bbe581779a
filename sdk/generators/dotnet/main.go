// Generates the SDK for .NET, with Pulumi's own code generator: reads a package schema on standard input and writes,
// as JSON, the content (base64) of each file by its path. The module is older than
// that for Python and Go: newer versions have no generator for .NET.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"

	"github.com/pulumi/pulumi/pkg/v3/codegen/dotnet"
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

func run(logo string, output *os.File) error {
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	var spec schema.PackageSpec
	if err := json.Unmarshal(text, &spec); err != nil {
		return err
	}
	pkg, diagnostics, err := schema.BindSpec(spec, nil, schema.ValidationOptions{})
	if err != nil {
		return err
	}
	if diagnostics.HasErrors() {
		return diagnostics
	}
	// The generator fetches the logo from the Internet, where a schema names no other.
	http.DefaultTransport.(*http.Transport).RegisterProtocol("file", http.NewFileTransport(http.Dir(filepath.Dir(logo))))
	pkg.LogoURL = "file:///" + filepath.Base(logo)
	files, err := dotnet.GeneratePackage("pulumi-captions", pkg, nil, nil)
	if err != nil {
		return err
	}
	return json.NewEncoder(output).Encode(files)
}
