import cdkPlugin from 'eslint-plugin-awscdk';
import tseslint from 'typescript-eslint';

const noCdk = {
  patterns: [
    {
      group: ['aws-cdk-lib', 'aws-cdk-lib/*', 'constructs'],
      message:
        'lib/plan, lib/render and lib/project hold numbers, text and readers: they import neither aws-cdk-lib nor constructs',
    },
  ],
};

export default tseslint.config(
  { ignores: ['node_modules/', 'build/', 'dist/', 'cdk.out/', '**/*.js', '**/*.mjs'] },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      'prefer-const': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      // The functions in our tables do not use `this`.
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    files: ['lib/**/*.ts'],
    plugins: { awscdk: cdkPlugin },
    rules: {
      'awscdk/construct-constructor-property': 'error',
      'awscdk/no-import-private': 'error',
      'awscdk/no-mutable-property-of-props-interface': 'error',
      'awscdk/no-unused-props': 'error',
      'awscdk/no-variable-construct-id': 'error',
      'awscdk/pascal-case-construct-id': 'error',
      'awscdk/props-name-convention': 'error',
      'awscdk/require-jsdoc': 'error',
      'awscdk/require-props-default-doc': 'error',
    },
  },
  { files: ['lib/plan/**/*.ts'], rules: { 'no-restricted-imports': ['error', noCdk] } },
  {
    files: ['lib/render/**/*.ts', 'lib/project/**/*.ts'],
    rules: { 'no-restricted-imports': ['error', noCdk] },
  },
  {
    // Scripts and benchmarks talk to a person.
    files: ['bin/**/*.ts', 'bench/**/*.ts', 'scripts/**/*.ts'],
    rules: { 'no-console': 'off' },
  },
);
