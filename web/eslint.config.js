import js from '@eslint/js';
import reactHooks from 'eslint-plugin-react-hooks';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

export default defineConfig([
  globalIgnores(['dist', 'node_modules', 'src/api/schema.gen.ts']),
  {
    files: ['src/**/*.{ts,tsx}', 'plugins/**/*.ts', 'vite*.config.ts'],
    extends: [js.configs.recommended, tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { 'react-hooks': reactHooks },
    rules: {
      ...reactHooks.configs.recommended.rules,
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
      '@typescript-eslint/consistent-type-definitions': ['error', 'interface'],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      'max-lines': ['error', 400],
      'no-console': 'error',
      'no-restricted-globals': ['error', 'event', 'name', 'status'],
      'no-restricted-syntax': [
        'error',
        { selector: "JSXElement[openingElement.name.name='table']", message: 'Use Mantine’s Table.' },
        { selector: "JSXElement[openingElement.name.name='dialog']", message: 'Use Mantine’s Modal.' },
        { selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']", message: 'Text comes in as text.' },
      ],
    },
  },
  {
    files: ['dev/**/*.mjs', '*.js', '*.cjs'],
    extends: [js.configs.recommended],
    languageOptions: {
      globals: {
        process: 'readonly', console: 'readonly', URL: 'readonly', Buffer: 'readonly', setTimeout: 'readonly', setInterval: 'readonly',
        clearInterval: 'readonly', clearTimeout: 'readonly', module: 'writable', document: 'readonly', window: 'readonly', structuredClone: 'readonly',
        MediaStream: 'readonly', requestAnimationFrame: 'readonly', Event: 'readonly', getComputedStyle: 'readonly',
      },
    },
  },
]);
