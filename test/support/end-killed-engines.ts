// Runs for each file of tests: whatever engine its tests start has this mark in its environment.
import { randomUUID } from "node:crypto";
import { afterAll } from "vitest";
import { endPartsOfKilledEngines } from "./killed-engines";

const mark = randomUUID();
process.env.TEST_FILE_MARK = mark;
afterAll(() => endPartsOfKilledEngines(mark));
