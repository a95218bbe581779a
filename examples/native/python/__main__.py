import pulumi
import pulumi_captions as captions

config = pulumi.Config()
receiver = config.require("receiver")

failures = captions.Webhook(
    "failures",
    url=f"{receiver}/captions/failures",
    enabled_events=[captions.WebhookEvent.CREATOR_FAILURE],
)

renders = captions.RotatingWebhook(
    "renders",
    url=f"{receiver}/captions/renders",
    enabled_events=[captions.WebhookEvent.CREATOR_SUCCESS],
    # A new generation every 90 days, and the one before it for 7 days more.
    schedule={"every": "90d", "overlap": "7d"},
)

# Here goes what deploys the receiver with renders.secrets; name it in the check's `depends_on`.
captions.DeliveryCheck(
    "renders-accepted",
    url=f"{receiver}/captions/renders",
    secrets=renders.secrets,
    steady_seconds=config.require_float("steadySeconds"),
)

pulumi.export("failuresSecret", failures.secret)
pulumi.export("rendersSecrets", renders.secrets)
pulumi.export("nextRotation", renders.next_rotation)
