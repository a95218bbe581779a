// What the examples' tsconfig.json says comes to this; a test compares it with ts-node.
const compilerOptions = { target: "ES2022", module: "CommonJS", esModuleInterop: true };

/** What becomes of a file, without a look at any other one: nothing is type-checked. */
function compile(text, file) {
    return require("typescript").transpileModule(text, { fileName: file, compilerOptions }).outputText;
}

module.exports = { compile, compilerOptions };
