/** The part of a program that declares so many webhooks, the same for all peers on Pulumi. */
export const declareWebhooks = (count: number, className: string): string => `
for (let index = 0; index < ${count}; index++) {
    new ${className}("webhook-" + index, { url: "https://api.example.com/" + index, enabledEvents: ["creator.success"] });
}
`;
