/** Everything that this folder imports from `provider/`: which hosts are local, and which proxy leads to the others. */
export { proxyFor, withoutBrackets } from "../provider/api/proxy";
export { isLoopback } from "../provider/api/urls";
