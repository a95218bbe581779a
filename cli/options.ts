import { type ParseArgsConfig, parseArgs } from "node:util";
import { UsageError } from "./errors";
import { nearest } from "./nearest";

type OptionTypes = NonNullable<ParseArgsConfig["options"]>;

interface Strict<T extends OptionTypes> {
    args: string[];
    options: T;
    allowPositionals: true;
    strict: true;
}

type Parsed<T extends OptionTypes> = ReturnType<typeof parseArgs<Strict<T>>>;

/**
 * Parses a command's arguments. What is wrong is told in a sentence, with the nearest name where one is mistyped.
 *
 * @param operands how many arguments without a name the command takes, at the most
 * @throws UsageError
 */
export function parseOptions<const T extends OptionTypes>(
    argv: readonly string[],
    options: T,
    operands = 0,
): Parsed<T> {
    const parsed = parse(argv, options);
    const surplus = parsed.positionals[operands];
    if (surplus !== undefined) throw new UsageError(`"${surplus}" is one argument too many.`);
    return parsed;
}

function parse<const T extends OptionTypes>(argv: readonly string[], options: T): Parsed<T> {
    try {
        return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
    } catch (error) {
        throw new UsageError(explain(error, Object.keys(options)));
    }
}

function explain(error: unknown, names: readonly string[]): string {
    const message = error instanceof Error ? error.message : "";
    const unknown = /^Unknown option '(-[^']*)'/.exec(message)?.[1];
    if (unknown === undefined) return `${message.split(/[.\n]/, 1)[0]}.`;
    const near = nearest(unknown.replace(/^-+/, ""), names);
    return `There is no option ${unknown}${near === undefined ? "" : `; did you mean --${near}?`}`;
}

/** @throws UsageError where an option that must be there is not */
export function required(value: string | undefined, option: string): string {
    if (value === undefined || value === "") throw new UsageError(`${option} is missing.`);
    return value;
}

/** @throws UsageError where it is no number of seconds from 1 to `most` */
export function parseSeconds(text: string | undefined, option: string, otherwise: number, most = 600): number {
    if (text === undefined) return otherwise;
    const seconds = Number(text);
    if (text.trim() !== "" && seconds >= 1 && seconds <= most) return seconds;
    throw new UsageError(`${option} takes a number of seconds from 1 to ${most}, not "${text}".`);
}
