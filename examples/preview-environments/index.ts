import * as pulumi from "@pulumi/pulumi";
import * as captions from "pulumi-captions";

/** `pr-<number>`: a stack for each pull request. */
const stack = pulumi.getStack();

/**
 * Where the pull request's preview environment takes deliveries. The host name contains the stack's name: by that
 * `leftovers.mjs` knows the webhooks of previews from all others in the account.
 */
export const url = `https://${stack}.preview.example.com/hooks/captions`;

const webhook = new captions.Webhook("renders", {
    url,
    enabledEvents: ["creator.success", "creator.failure"],
    // No other program has this URL, so a webhook that has it was registered by a run that died before it saved the
    // state.
    adopt: true,
});

/** What the preview environment has to accept: hand it on here, or let its deployment read this output. */
export const secrets = pulumi.secret([webhook.secret]);
