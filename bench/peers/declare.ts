/** Which webhooks a program declares. */
export interface Declaration {
    readonly count: number;
    /** What the paths of their URLs begin with. Default: nothing. */
    readonly prefix?: string | undefined;
    /** Whether the first one wants another list of events than at first. Default: `false`. */
    readonly changed?: boolean | undefined;
    /** Inputs beside URL and events, the same for all. Default: none. */
    readonly inputs?: Readonly<Record<string, unknown>> | undefined;
}

/** The inputs of each. */
export function webhooksOf({ count, prefix = "", changed = false, inputs }: Declaration): readonly object[] {
    return Array.from({ length: count }, (_, index) => ({
        url: `https://api.example.com/${prefix}${index}`,
        enabledEvents: changed && index === 0 ? ["creator.success", "creator.failure"] : ["creator.success"],
        ...inputs,
    }));
}

/** The part of a program on Node.js that declares webhooks, the same for all peers on Pulumi. */
export const declareWebhooks = (declaration: Declaration, className: string): string => `
for (const [index, args] of ${JSON.stringify(webhooksOf(declaration))}.entries()) {
    new ${className}("webhook-" + index, args);
}
`;
