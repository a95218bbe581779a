/**
 * The part of a program that declares so many webhooks, the same for all peers on Pulumi. With `BENCH_CHANGED` in its
 * environment it wants another list of events for the first one; `BENCH_PREFIX` begins the paths of their URLs.
 *
 * @param options the resource's inputs beside URL and events, as text
 */
export const declareWebhooks = (count: number, className: string, options = "{}"): string => `
const events = (index) => ["creator.success", ...(process.env.BENCH_CHANGED && index === 0 ? ["creator.failure"] : [])];
for (let index = 0; index < ${count}; index++) {
    const url = "https://api.example.com/" + (process.env.BENCH_PREFIX ?? "") + index;
    const args = { url, enabledEvents: events(index), ...${options} };
    new ${className}("webhook-" + index, args);
}
`;
