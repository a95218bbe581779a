/**
 * Sets up what tests need beside npm's packages: programs of Debian, Python's moto, the clouds' SDKs for the examples.
 */
export { findOrInstallNginx, findOrInstallPostgres, findOrInstallRedis, findOrInstallTinyproxy } from "./debian";
export { installExamplePackages } from "./example-packages";
export { installMoto, type Moto } from "./moto";
export { PrerequisiteError } from "./prerequisite-error";
