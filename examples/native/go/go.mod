module captions-go

go 1.26.6

require (
	github.com/pulumi-captions/pulumi-captions/sdk/go v0.1.0
	github.com/pulumi/pulumi/sdk/v3 v3.274.1
)
