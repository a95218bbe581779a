import { closest } from "fastest-levenshtein";
import { Accounts, defaultBaseUrl } from "../configuration";
import { CaptionsError } from "../errors";
import { hasUnknown } from "../lifecycle";
import { unexpected } from "../session";
import type { Properties } from "./values";

/** What a provider can be set to, by the names of the schema. */
export const settings = [
    "apiKey",
    "baseUrl",
    "connectTimeoutSeconds",
    "callTimeoutSeconds",
    "listLagSeconds",
    "waitAtMostSeconds",
] as const;

/** What the engine adds by itself, and what a stack's configuration has for the dynamic provider. */
const otherSettings: readonly string[] = ["version", "pluginDownloadURL", "pluginChecksums", "accounts"];

/** @returns what is invalid, a sentence each; what is not known yet is let through */
export function configurationFailures(given: Properties): string[] {
    const names = Object.keys(given).filter((name) => given[name] != null);
    const misspelt = names.filter((name) => !isSetting(name) && !otherSettings.includes(name) && !name.startsWith("_"));
    const failures = misspelt.map((name) => `${name}: unknown setting; did you mean ${closest(name, [...settings])}?`);
    try {
        accountsOf(given, () => undefined);
        return failures;
    } catch (error) {
        return [...failures, (error instanceof CaptionsError ? error : unexpected(error)).message];
    }
}

/** The account of a provider. Where a setting is missing, the environment has it. */
export function accountsOf(given: Properties, notify: (line: string) => void, signal?: AbortSignal): Accounts {
    const get = (name: string): string | undefined => {
        const value = given[name];
        if (!isSetting(name) || value == null || hasUnknown(value)) return undefined;
        return typeof value === "string" ? value : JSON.stringify(value);
    };
    return new Accounts(get, process.env, notify, signal);
}

/**
 * The settings by which two providers are of different accounts. What one takes from the environment is not in the
 * state: it is taken to be what the environment has now.
 */
export function otherAccount(before: Properties, now: Properties): string[] {
    const { CAPTIONS_API_KEY, CAPTIONS_BASE_URL } = process.env;
    const otherwise = { apiKey: CAPTIONS_API_KEY, baseUrl: CAPTIONS_BASE_URL || defaultBaseUrl };
    return (["apiKey", "baseUrl"] as const).filter((name) => {
        return (before[name] ?? otherwise[name]) !== (now[name] ?? otherwise[name]);
    });
}

/**
 * Whether a provider is of another account than a webhook of the dynamic front.
 *
 * @param stack the stack's configuration as the state has it, where that front's accounts are
 * @param account the webhook's, undefined for the default one
 */
export function isOtherThanDynamic(stack: Properties, account: string | undefined, now: Properties): boolean {
    const { "captions:apiKey": apiKey, "captions:baseUrl": baseUrl, "captions:accounts": accounts } = stack;
    const named = account === undefined ? { apiKey } : accountsIn(accounts)[account];
    // A key that came from the environment may be anywhere by now.
    const before = { apiKey: named?.apiKey ?? now.apiKey, baseUrl: named?.baseUrl ?? baseUrl };
    return otherAccount(before, now).length > 0;
}

function accountsIn(text: unknown): Readonly<Record<string, Properties | undefined>> {
    try {
        return JSON.parse(String(text));
    } catch {
        return {};
    }
}

function isSetting(name: string): boolean {
    return (settings as readonly string[]).includes(name);
}
