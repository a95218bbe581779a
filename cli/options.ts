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
 * Parses a command's arguments. Mistakes are explained in a sentence, with a suggestion for a misspelt name.
 *
 * @param operands how many arguments that are not options the command takes at most
 * @throws UsageError
 */
export function parseOptions<const T extends OptionTypes>(
    argv: readonly string[],
    options: T,
    operands = 0,
): Parsed<T> {
    const parsed = parse(argv, options);
    const surplus = parsed.positionals[operands];
    if (surplus !== undefined) {
        throw new UsageError(`Unexpected argument "${surplus}".`);
    }
    return parsed;
}

function parse<const T extends OptionTypes>(argv: readonly string[], options: T): Parsed<T> {
    try {
        return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
    } catch (error) {
        throw new UsageError(explain(error, options));
    }
}

function explain(error: unknown, options: OptionTypes): string {
    const message = error instanceof Error ? error.message : "";
    const unknown = /^Unknown option '(-[^']*)'/.exec(message)?.[1];
    if (unknown !== undefined) {
        const near = nearest(unknown.replace(/^-+/, ""), Object.keys(options));
        return `Unknown option "${unknown}".${near === undefined ? "" : ` Did you mean --${near}?`}`;
    }
    const name = /^Option '(?:-\w, )?--([\w-]+)/.exec(message)?.[1];
    if (name === undefined) {
        return `${message.split(/[.\n]/, 1)[0]}.`;
    }
    return options[name]?.type === "boolean" ? `--${name} does not take a value.` : `--${name} needs a value.`;
}

/** @throws UsageError where an option that is required is missing */
export function required(value: string | undefined, option: string): string {
    if (value === undefined || value === "") {
        throw new UsageError(`${option} is required.`);
    }
    return value;
}

/** @throws UsageError where it is none of these; the message has the nearest */
export function parseChoice<const T extends string>(text: string, option: string, choices: readonly T[]): T {
    const found = choices.find((choice) => choice === text);
    if (found === undefined) {
        const near = nearest(text, choices);
        const hint = near === undefined ? "" : ` Did you mean ${near}?`;
        const all = `${choices.slice(0, -1).join(", ")} or ${choices.at(-1)}`;
        throw new UsageError(`${option} must be ${all}, not "${text}".${hint}`);
    }
    return found;
}

/** @throws UsageError where it is not a number of seconds from 1 to `most` */
export function parseSeconds(text: string | undefined, option: string, most = 600): number | undefined {
    return parseNumber(text, option, "a number of seconds", most);
}

/** @throws UsageError where it is not a whole number from 1 to `most` */
export function parseCount(text: string | undefined, option: string, most: number): number | undefined {
    return parseNumber(text, option, "a whole number", most, Number.isInteger);
}

function parseNumber(
    text: string | undefined,
    option: string,
    kind: string,
    most: number,
    isValid: (value: number) => boolean = () => true,
): number | undefined {
    if (text === undefined) {
        return undefined;
    }
    const value = Number(text);
    if (text.trim() !== "" && value >= 1 && value <= most && isValid(value)) {
        return value;
    }
    throw new UsageError(`${option} must be ${kind} from 1 to ${most}, not "${text}".`);
}
