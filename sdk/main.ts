// `npm run sdk`: generates the SDKs for programs in Python, Go, .NET and Java, in dist/sdk/. With names of languages
// (`-- python`) only those.
import { join } from "node:path";
import { standardErrorReporter } from "../engine/progress";
import { sdkLanguages, writeSdk } from "./index";

async function main(): Promise<void> {
    const names = process.argv.slice(2);
    const unknown = names.find((name) => !sdkLanguages.some((language) => language === name));
    if (unknown !== undefined) {
        throw new Error(`There is no SDK for ${unknown}. There are: ${sdkLanguages.join(", ")}.`);
    }
    for (const language of sdkLanguages) {
        if (names.length > 0 && !names.includes(language)) continue;
        const folder = join("dist/sdk", language);
        const files = await writeSdk(language, join(__dirname, "..", folder), standardErrorReporter());
        console.log(`${folder}: ${files} files`);
    }
}

main().catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
});
