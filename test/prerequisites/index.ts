/**
 * Sets up what tests need beside npm's packages: programs of Debian, Python's moto, the clouds' SDKs for the examples,
 * what builds and runs programs in other languages.
 */
export { findOrInstallNginx, findOrInstallPostgres, findOrInstallRedis, findOrInstallTinyproxy } from "./debian";
export { installExamplePackages } from "./example-packages";
export { findOrInstallGo } from "./go";
export { keepGoCaches } from "./go-caches";
export { installJavaLibraries, type Java } from "./java-libraries";
export { findOrBuildLanguages, prepareSdks } from "./languages";
export { installMoto, type Moto } from "./moto";
export { PrerequisiteError } from "./prerequisite-error";
export type { PythonEnvironment } from "./python";
export { installPythonSdk } from "./python-sdk";
