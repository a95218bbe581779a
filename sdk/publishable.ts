import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { SdkLanguage } from "./generators";

const root = join(__dirname, "..");

/** What the generators need to know of the package. */
export interface Schema {
    readonly name: string;
    readonly version: string;
    readonly description: string;
    readonly resources: Readonly<Record<string, Resource>>;
    readonly language: { readonly java: { readonly basePackage: string } };
}

interface Resource {
    readonly isComponent?: boolean;
    readonly description?: string;
    readonly properties: Readonly<Record<string, object>>;
}

/** What a package for publishing has and the generator doesn't make, by path. */
export function publishingFiles(language: SdkLanguage, schema: Schema): ReadonlyMap<string, string | Buffer> {
    const files = new Map<string, string | Buffer>([
        ["README.md", readme(language, schema)],
        ["LICENSE", readFileSync(join(root, "LICENSE"))],
    ]);
    if (language === "go") {
        for (const file of ["go.mod", "go.sum"]) files.set(file, readFileSync(join(__dirname, "go", file)));
    }
    if (language === "java") files.set("pom.xml", pom(schema));
    return files;
}

const titles: Readonly<Record<SdkLanguage, string>> = { python: "Python", go: "Go", dotnet: ".NET", java: "Java" };

/** How a user gets the package. */
const installations: Readonly<Record<SdkLanguage, (schema: Schema) => string>> = {
    python: ({ version }) => fence("sh", `pip install pulumi_captions==${version}`),
    go: ({ version }) => fence("sh", `go get github.com/pulumi-captions/pulumi-captions/sdk/go/captions@v${version}`),
    dotnet: ({ version }) => fence("sh", `dotnet add package PulumiCaptions.Captions --version ${version}`),
    java: ({ version, language }) =>
        fence(
            "xml",
            `<dependency>
    <groupId>${language.java.basePackage}</groupId>
    <artifactId>captions</artifactId>
    <version>${version}</version>
</dependency>`,
        ),
};

/** As Markdown marks code. */
const codes: Readonly<Record<SdkLanguage, string>> = { python: "python", go: "go", dotnet: "csharp", java: "java" };

/** The first program that the schema shows in this language. */
function program(language: SdkLanguage, { resources }: Schema): string {
    const { description = "" } = resources["captions:index:Webhook"] ?? {};
    const [shown] = new RegExp(`^\`\`\`${codes[language]}\\n.*?^\`\`\`$`, "ms").exec(description) ?? [];
    if (shown === undefined) throw new Error(`The schema shows no program in ${titles[language]}.`);
    return shown;
}

function readme(language: SdkLanguage, schema: Schema): string {
    return `# Captions for Pulumi: ${titles[language]}

${schema.description}

${installations[language](schema)}

The package needs the provider plugin of the same version, a tarball for each platform in the release:

${fence("sh", `pulumi plugin install resource captions ${schema.version} --file pulumi-resource-captions-v${schema.version}-linux-amd64.tar.gz`)}

Set the API key with \`pulumi config set --secret captions:apiKey\`, or in \`CAPTIONS_API_KEY\`. Then:

${program(language, schema)}

\`RotatingWebhook\` rotates a secret without losing a delivery, \`DeliveryCheck\` proves inside of \`pulumi up\` that receivers accept their
secrets, and \`pulumi import captions:index:Webhook <name> <id>\` imports a webhook.
`;
}

function fence(language: string, text: string): string {
    return `\`\`\`${language}\n${text}\n\`\`\``;
}

/** A project for Maven: the generator's own is for Gradle, and asks for a repository's URL. */
function pom({ name, version, description, language: { java } }: Schema): string {
    return `<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
    <modelVersion>4.0.0</modelVersion>
    <groupId>${java.basePackage}</groupId>
    <artifactId>${name}</artifactId>
    <version>${version}</version>
    <packaging>jar</packaging>
    <name>${java.basePackage}:${name}</name>
    <description>${description}</description>
    <licenses>
        <license>
            <name>Apache-2.0</name>
            <url>https://www.apache.org/licenses/LICENSE-2.0.txt</url>
        </license>
    </licenses>
    <properties>
        <maven.compiler.release>11</maven.compiler.release>
        <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
    </properties>
    <dependencies>
        <dependency>
            <groupId>com.pulumi</groupId>
            <artifactId>pulumi</artifactId>
            <version>1.36.1</version>
        </dependency>
        <dependency>
            <groupId>com.google.code.gson</groupId>
            <artifactId>gson</artifactId>
            <version>2.13.2</version>
        </dependency>
        <dependency>
            <groupId>com.google.code.findbugs</groupId>
            <artifactId>jsr305</artifactId>
            <version>3.0.2</version>
        </dependency>
    </dependencies>
</project>
`;
}
