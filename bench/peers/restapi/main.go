// Package main is a stand-in for Mastercard's `restapi` provider, for the benchmark: it makes the calls that the
// provider's documentation tells of, and has the attributes that a program for an API without methods and paths of its
// own needs. None of the provider's code is in it.
package main

import (
	"context"
	"log"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
)

const address = "registry.opentofu.org/mastercard/restapi"

func main() {
	options := providerserver.ServeOpts{Address: address, ProtocolVersion: 6}
	if err := providerserver.Serve(context.Background(), newProvider, options); err != nil {
		log.Fatal(err)
	}
}
