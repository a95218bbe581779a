package main

import (
	"github.com/pulumi-captions/pulumi-captions/sdk/go/captions"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

func main() {
	pulumi.Run(program)
}

func program(ctx *pulumi.Context) error {
	settings := config.New(ctx, "")
	receiver := settings.Require("receiver")

	failures, err := captions.NewWebhook(ctx, "failures", &captions.WebhookArgs{
		Url:           pulumi.String(receiver + "/captions/failures"),
		EnabledEvents: pulumi.StringArray{captions.WebhookEventCreatorFailure},
	})
	if err != nil {
		return err
	}

	renders, err := captions.NewRotatingWebhook(ctx, "renders", &captions.RotatingWebhookArgs{
		Url:           pulumi.String(receiver + "/captions/renders"),
		EnabledEvents: pulumi.StringArray{captions.WebhookEventCreatorSuccess},
		// A new generation every 90 days, and the one before it for 7 days more.
		Schedule: captions.RotationScheduleArgs{Every: pulumi.String("90d"), Overlap: pulumi.String("7d")},
	})
	if err != nil {
		return err
	}

	// Here goes what deploys the receiver with renders.Secrets; name it in the check's pulumi.DependsOn.
	_, err = captions.NewDeliveryCheck(ctx, "renders-accepted", &captions.DeliveryCheckArgs{
		Url:           pulumi.String(receiver + "/captions/renders"),
		Secrets:       renders.Secrets,
		SteadySeconds: pulumi.Float64(settings.RequireFloat64("steadySeconds")),
	})
	if err != nil {
		return err
	}

	ctx.Export("failuresSecret", failures.Secret)
	ctx.Export("rendersSecrets", renders.Secrets)
	ctx.Export("nextRotation", renders.NextRotation)
	return nil
}
