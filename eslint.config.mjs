import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Guards that the compiler cannot keep: promises, imports and who may touch the world (DESIGN sections 3 and 4). */

const typescript = ['**/*.ts'];
const workflows = ['workflows/**/*.ts'];
/** The only modules of the product that start programs (law 9): from argument lists, never through a shell. */
const spawners = ['activities/adapters/git*.ts', 'activities/adapters/processes.ts', 'activities/processes/*.ts'];
const outsideTheProduct = ['test/**', 'bench/**', 'examples/**', 'scripts/**'];

const nodeGlobals = Object.fromEntries(
  'process console Buffer URL URLSearchParams setTimeout clearTimeout setInterval clearInterval setImmediate fetch AbortController AbortSignal WebSocket TextDecoder TextEncoder performance structuredClone'
    .split(' ')
    .map((name) => [name, 'readonly']),
);
const commonJsGlobals = { ...nodeGlobals, module: 'writable', require: 'readonly', __dirname: 'readonly' };

const noChildProcess = {
  paths: ['child_process', 'node:child_process'].map((name) => ({
    name,
    message: 'Programs are started by the files that eslint.config.mjs lists only, from argument lists.',
  })),
  patterns: [],
};
const noEnvironment = [
  { object: 'process', property: 'env', message: 'src/config.ts is the only reader of the environment.' },
];

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', '.tools/', '.signalbox/', 'coverage/', 'test/histories/'] },
  {
    files: ['**/*.mjs'],
    languageOptions: { globals: nodeGlobals },
    rules: {
      ...js.configs.recommended.rules,
      'no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  {
    files: ['**/*.cjs'],
    ...js.configs.recommended,
    languageOptions: { globals: commonJsGlobals, sourceType: 'commonjs' },
  },
  {
    files: typescript,
    languageOptions: {
      parser: tseslint.parser,
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    plugins: { '@typescript-eslint': tseslint.plugin },
    rules: {
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false } }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      '@typescript-eslint/only-throw-error': ['error', { allowThrowingUnknown: true, allowThrowingAny: false }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      'no-eval': 'error',
      'no-restricted-imports': ['error', noChildProcess],
      'no-restricted-properties': ['error', ...noEnvironment],
      'no-restricted-syntax': ['error', { selector: 'ExportDefaultDeclaration', message: 'Exports have names.' }],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'prefer-const': 'error',
    },
  },
  {
    files: [...spawners, ...outsideTheProduct.map((glob) => `${glob}/*.ts`)],
    rules: { 'no-restricted-imports': 'off' },
  },
  {
    files: ['src/config.ts', ...outsideTheProduct.map((glob) => `${glob}/*.ts`)],
    rules: { 'no-restricted-properties': 'off' },
  },
  // jest wants a default export from its global set-up and tear-down.
  { files: ['test/helpers/global-*.ts'], rules: { 'no-restricted-syntax': 'off' } },
  {
    files: workflows,
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: noChildProcess.paths,
          patterns: [
            { group: ['node:*'], message: 'Workflow code runs without Node.js.' },
            {
              group: [
                'luxon',
                'zod',
                'yaml',
                'ioredis',
                'bullmq',
                'simple-git',
                'undici',
                'pino',
                'canonicalize',
                '@bufbuild/*',
                '@slack/*',
              ],
              message: 'Parsing, rendering and calling out happen in activities.',
            },
            {
              group: ['@temporalio/client', '@temporalio/worker', '@temporalio/activity', '@temporalio/testing'],
              message: 'Workflow code uses @temporalio/workflow and @temporalio/common only.',
            },
          ],
        },
      ],
      'no-restricted-globals': ['error', 'Intl', 'process', 'fetch', 'Buffer'],
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Exports have names.' },
        {
          selector: "ThrowStatement > NewExpression[callee.name='Error']",
          message: 'A plain Error makes the workflow task repeat for ever: throw ApplicationFailure.',
        },
        {
          selector:
            'MemberExpression[property.name=/^(toLocaleString|toLocaleDateString|toLocaleTimeString|localeCompare)$/]',
          message: 'The answer depends on the machine: format in activities.',
        },
      ],
    },
  },
);
