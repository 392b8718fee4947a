// What `npm run build` made, as a stranger installs it: minutes, the network and Python, so not part of `npm test`.
/** @type {import('jest').Config} */
module.exports = {
  ...require('./jest.config.js'),
  roots: ['<rootDir>/test/installed'],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 600_000,
};
