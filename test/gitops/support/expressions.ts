/** A context of an expression: `github`, `secrets`, `steps`, … */
export type Context = Readonly<Record<string, unknown>>;

/** How a job or its steps before have ended. */
export interface Status {
    readonly failed: boolean;
    readonly cancelled: boolean;
}

/** Replaces each `${{ … }}` in a text, as GitHub's own evaluator has it. */
export async function interpolate(text: string, context: Context, status: Status): Promise<string> {
    const parts = await Promise.all(
        text.split(/(\$\{\{.*?\}\})/g).map(async (part) => {
            const expression = /^\$\{\{(.*)\}\}$/.exec(part)?.[1];
            return expression === undefined ? part : (await evaluate(expression, context, status)).coerceString();
        }),
    );
    return parts.join("");
}

/** Whether an `if:` holds. Without a status function in it, it is asked only after success. */
export async function holds(condition: string | undefined, context: Context, status: Status): Promise<boolean> {
    const expression = condition?.replace(/^\s*\$\{\{(.*)\}\}\s*$/, "$1") ?? "success()";
    const asksForStatus = /\b(success|failure|cancelled|always)\(\)/.test(expression);
    const { Kind } = (await import("@actions/expressions")).data;
    const value = await evaluate(asksForStatus ? expression : `success() && (${expression})`, context, status);
    return value.kind === Kind.Boolean ? value.coerceString() === "true" : value.coerceString() !== "";
}

async function evaluate(expression: string, context: Context, status: Status) {
    const { Parser, Lexer, Evaluator, data } = await import("@actions/expressions");
    const functions = {
        success: !status.failed && !status.cancelled,
        failure: status.failed && !status.cancelled,
        cancelled: status.cancelled,
        always: true,
    };
    const definitions = Object.entries(functions).map(([name, value]) => ({
        name,
        minArgs: 0,
        maxArgs: 0,
        call: () => new data.BooleanData(value),
    }));
    const parser = new Parser(new Lexer(expression.trim()).lex().tokens, Object.keys(context), definitions);
    const values = JSON.parse(JSON.stringify(context), data.reviver);
    return new Evaluator(parser.parse(), values, new Map(definitions.map((one) => [one.name, one]))).evaluate();
}
