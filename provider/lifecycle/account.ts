import type { CaptionsClient } from "../api/client";
import type { Limits } from "../api/limits";
import { Inventory } from "./inventory";

/** What the lifecycle works with: one account of the API, and what this run knows of it. */
export interface Account {
    readonly client: CaptionsClient;
    readonly limits: Limits;
    readonly inventory: Inventory;
    /** Tells the user something while a step goes on, in a line without secrets. */
    readonly notify: (line: string) => void;
}

export function openAccount(client: CaptionsClient, limits: Limits, notify: (line: string) => void): Account {
    return { client, limits, inventory: new Inventory(client, limits, notify), notify };
}
