import { expect, test } from "vitest";
import { findPublicUrl } from "../../../cli/dev/public-url";

/** What cloudflared 2024.12 writes to stderr for `cloudflared tunnel --url http://localhost:3000`. */
const cloudflared = `2024-12-11T09:14:02Z INF Thank you for trying Cloudflare Tunnel. Doing so, without a Cloudflare account, is a quick way to experiment and try it out. However, be aware that these account-less Tunnels have no uptime guarantee, are subject to the Cloudflare Online Services Terms of Use (https://www.cloudflare.com/website-terms/), and Cloudflare reserves the right to investigate your use of Tunnels for violations of such terms. If you intend to use Tunnels in production you should use a pre-created named tunnel by following: https://developers.cloudflare.com/cloudflare-one/connections/connect-apps
2024-12-11T09:14:02Z INF Requesting new quick Tunnel on trycloudflare.com...
2024-12-11T09:14:06Z INF +--------------------------------------------------------------------------------------------+
2024-12-11T09:14:06Z INF |  Your quick Tunnel has been created! Visit it at (it may take some time to be reachable):  |
2024-12-11T09:14:06Z INF |  https://seasonal-deck-organisms-sf.trycloudflare.com                                      |
2024-12-11T09:14:06Z INF +--------------------------------------------------------------------------------------------+
2024-12-11T09:14:06Z INF Settings: map[ha-connections:1 protocol:quic url:http://localhost:3000]
`;

/** What ngrok 3 writes to stdout for `ngrok http 3000 --log stdout`. */
const ngrok = `t=2024-12-11T09:20:11+0000 lvl=info msg="no configuration paths supplied"
t=2024-12-11T09:20:11+0000 lvl=info msg="starting web service" obj=web addr=127.0.0.1:4040 allow_hosts=[]
t=2024-12-11T09:20:11+0000 lvl=info msg="client session established" obj=tunnels.session
t=2024-12-11T09:20:11+0000 lvl=info msg="started tunnel" obj=tunnels name=command_line addr=http://localhost:3000 url=https://1a2b-203-0-113-7.ngrok-free.app
`;

test.each([
    ["cloudflared", cloudflared, "https://seasonal-deck-organisms-sf.trycloudflare.com"],
    ["ngrok", ngrok, "https://1a2b-203-0-113-7.ngrok-free.app"],
    [
        "ngrok with JSON logs",
        '{"addr":"http://localhost:3000","msg":"started tunnel","url":"https://1a2b.ngrok-free.app"}\n',
        "https://1a2b.ngrok-free.app",
    ],
    ["ngrok with a domain of the user's own", "msg=started url=https://example.com\n", "https://example.com"],
    ["localtunnel", "your url is: https://flat-lion-7.loca.lt\n", "https://flat-lion-7.loca.lt"],
    [
        "localhost.run",
        "Connect to the service at https://admin.localhost.run/ or read https://localhost.run/docs/ first.\n" +
            "9f.lhr.life tunneled with tls termination, https://9f.lhr.life\n",
        "https://9f.lhr.life",
    ],
    [
        "Tailscale",
        "Available on the internet:\n\nhttps://box.tail1.ts.net/\n|-- proxy http://127.0.0.1:3000\n",
        "https://box.tail1.ts.net",
    ],
    ["one with colours", "\u001b[32mhttps://a.tunnel.example\u001b[0m\n", "https://a.tunnel.example"],
    ["one at the end of a sentence", "Up at https://a.tunnel.example.\n", "https://a.tunnel.example"],
    ["one with a port", "up: https://a.tunnel.example:8443 \n", "https://a.tunnel.example:8443"],
])("the public URL is found in the output of %s", (_name, output, url) => {
    expect(findPublicUrl(output)).toBe(url);
    // However the output is cut into pieces, nothing else is ever taken for it.
    for (let end = 0; end < output.length; end++) {
        expect([undefined, url]).toContain(findPublicUrl(output.slice(0, end)));
    }
});

test.each([
    ["nothing", ""],
    ["no https URL", "forwarding http://a.tunnel.example to localhost:3000\n"],
    ["links to documentation", cloudflared.split("\n").slice(0, 2).join("\n")],
    [
        "a failure",
        'ERR failed to request quick Tunnel: Post "https://api.trycloudflare.com/tunnel": dial tcp: lookup failed\n' +
            "ERROR: Sign up for an account: https://dashboard.ngrok.com/signup https://dashboard.ngrok.com\n" +
            "ERROR: https://ngrok.com/docs/errors/err_ngrok_4018 https://ngrok.com \n",
    ],
    ["this machine", "listening on https://127.0.0.1:8443 and https://localhost:8443 and https://app.localhost \n"],
    ["a URL that is not complete yet", "https://seasonal-deck.trycloudfl"],
])("there is no public URL in %s", (_name, output) => {
    expect(findPublicUrl(output)).toBeUndefined();
});
