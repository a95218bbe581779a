import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findOrInstallNginx } from "../../prerequisites";
import { unusedPort } from "../../support/ports";
import { temporaryFolder } from "./examples";
import { startProgram } from "./processes";

export interface Tls {
    /** `https://127.0.0.1:…` */
    readonly url: string;
    /** The authority that signed its certificate, as a file. */
    readonly authority: string;
}

/** nginx with TLS in front of a server on this machine, until the test ends. */
export async function startNginx(upstream: string): Promise<Tls> {
    const nginx = await findOrInstallNginx({ log: () => undefined });
    const folder = temporaryFolder("nginx");
    for (const name of ["logs", "temp"]) mkdirSync(join(folder, name));
    const authority = certificates(folder);
    const port = await unusedPort();
    const kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    const configuration = `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log stderr notice;
events {}
http {
    access_log off;
    ${kinds.map((kind) => `${kind}_temp_path ${folder}/temp/${kind};`).join("\n    ")}
    server {
        listen 127.0.0.1:${port} ssl;
        ssl_certificate ${folder}/server.pem;
        ssl_certificate_key ${folder}/server.key;
        ssl_protocols TLSv1.2 TLSv1.3;
        location / {
            proxy_pass ${upstream};
            proxy_set_header Host $host;
        }
    }
}`;
    writeFileSync(join(folder, "nginx.conf"), configuration);
    // With master_process off, nginx says nothing once it listens; the notice before that is close enough, and who
    // connects waits.
    await startProgram(nginx, ["-p", folder, "-c", join(folder, "nginx.conf")], /getrlimit/, { end: "SIGTERM" });
    return { url: `https://127.0.0.1:${port}`, authority };
}

/** An authority of the test's own, and a certificate of it for 127.0.0.1. */
function certificates(folder: string): string {
    const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    openssl("req", "-x509", ...key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Test CA", "-days", "2");
    openssl("req", ...key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=receiver");
    writeFileSync(join(folder, "names"), "subjectAltName=IP:127.0.0.1\n");
    const signing = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "names"];
    openssl("x509", "-req", "-in", "server.csr", "-out", "server.pem", ...signing);
    return join(folder, "ca.pem");
}
