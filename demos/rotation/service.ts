import { once } from "node:events";
import { createServer, request as forward, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { CountingReceiver, SharedStore } from "./receiver";

/** A time in which a service's instances did not all know the same secrets, in milliseconds since 1970. */
export interface Switch {
    readonly from: number;
    readonly to: number;
}

/** A service of one instance or, behind a load balancer, of several. */
export class CountingService {
    readonly #store = new SharedStore();
    readonly #instances: CountingReceiver[] = [];
    #balancer: Balancer | undefined;

    /** @param folder where each instance has a file with its secrets */
    static async start(folder: string, name: string, instances: number): Promise<CountingService> {
        const service = new CountingService();
        for (let index = 0; index < instances; index++) {
            const file = join(folder, `${name}-${index}.json`);
            service.#instances.push(await CountingReceiver.start(file, service.#store));
        }
        if (instances > 1) service.#balancer = await Balancer.start(service.#instances.map(({ url }) => url));
        return service;
    }

    get url(): string {
        return this.#balancer?.url ?? this.#instances[0]?.url ?? "";
    }

    get instances(): readonly CountingReceiver[] {
        return this.#instances;
    }

    /** How often each event was handed on, by the video's operation id. */
    get handedOn(): ReadonlyMap<string, number> {
        return this.#store.handedOn;
    }

    /** When it went over from one list of secrets to the next: an instant where there is one instance. */
    get switches(): readonly Switch[] {
        const later = new Set(this.#instances.flatMap(({ seenAt }) => [...seenAt.keys()].slice(1)));
        return [...later].map((list) => {
            // An instance that got no delivery in the meantime has not seen it yet: the switch is not over.
            const times = this.#instances.map(({ seenAt }) => seenAt.get(list) ?? Number.POSITIVE_INFINITY);
            return { from: Math.min(...times), to: Math.max(...times) };
        });
    }

    async stop(): Promise<void> {
        await this.#balancer?.stop();
        for (const instance of this.#instances) await instance.stop();
    }
}

/** Hands each request to the next instance in turn, as load balancers do it where they are told nothing else. */
class Balancer {
    readonly #server: Server;
    readonly #urls: readonly string[];
    #turn = 0;

    static async start(urls: readonly string[]): Promise<Balancer> {
        const balancer = new Balancer(urls);
        await once(balancer.#server.listen(0, "127.0.0.1"), "listening");
        return balancer;
    }

    private constructor(urls: readonly string[]) {
        this.#urls = urls;
        this.#server = createServer((request, response) => this.#forward(request, response));
    }

    get url(): string {
        return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hooks/captions`;
    }

    async stop(): Promise<void> {
        this.#server.closeAllConnections();
        await new Promise((closed) => this.#server.close(closed));
    }

    #forward(request: IncomingMessage, response: ServerResponse): void {
        const url = this.#urls[this.#turn++ % this.#urls.length] ?? "";
        const { method, headers } = request;
        const onward = forward(url, { method, headers, agent: false }, (answer) => {
            response.writeHead(answer.statusCode ?? 502, answer.headers);
            answer.pipe(response);
        });
        // Not an answer that the proof knows, so it is shown as a problem.
        onward.on("error", () => response.destroy());
        request.pipe(onward);
    }
}
