// Gets all that tests need, one after the other; what can't be had doesn't keep the rest from being got.
import { standardErrorReporter } from "../../engine";
import {
    findOrBuildLanguages,
    findOrInstallGo,
    findOrInstallNginx,
    findOrInstallPostgres,
    findOrInstallRedis,
    findOrInstallTinyproxy,
    installExamplePackages,
    installMoto,
    installPythonSdk,
    keepGoCaches,
    prepareSdks,
} from "./index";

async function main(): Promise<void> {
    const reporter = standardErrorReporter();
    keepGoCaches();
    for (const get of [
        installExamplePackages,
        findOrInstallGo,
        installMoto,
        findOrInstallNginx,
        findOrInstallPostgres,
        findOrInstallRedis,
        findOrInstallTinyproxy,
        installPythonSdk,
        prepareSdks,
        findOrBuildLanguages,
    ]) {
        try {
            await get(reporter);
        } catch (error) {
            console.error((error as Error).message);
            process.exitCode = 1;
        }
    }
}

void main();
