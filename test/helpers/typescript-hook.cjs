/** Lets a child process of a test run TypeScript: `node -r test/helpers/typescript-hook.cjs file.ts`. */
const { transformFileSync } = require('@swc/core');

require.extensions['.ts'] = (module, filename) => {
  const { code } = transformFileSync(filename, {
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    module: { type: 'commonjs' },
    configFile: false,
    swcrc: false,
  });
  module._compile(code, filename);
};
