/** Everything that this folder imports from `provider/`: which hosts are local, and how a proxy leads to the others. */
export { proxyFor, withoutBrackets } from "../provider/api/proxy";
export { requestTunnel } from "../provider/api/tunnel";
export { isLoopback } from "../provider/api/urls";
