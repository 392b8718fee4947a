import { ProjectFiles } from '../../lib/project';
import { madeHere } from '../../lib/project/made-here';

/** Of files with these texts, each as large as is said. */
function warnings(texts: Record<string, string>, bytes = 1000): string[] {
  const files = new ProjectFiles(Object.keys(texts), (path) => texts[path]!, {
    size: () => bytes,
    head: (path, most) => texts[path]!.slice(0, most),
    exists: () => false,
  });
  return madeHere(files, ['']).map(({ id, message }) => `${id}: ${message}`);
}

const LINE = 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ\n';
const key = (words: string, before = '') =>
  `-----BEGIN ${words}PRIVATE KEY-----\n${before}${LINE}-----END ${words}PRIVATE KEY-----\n`;

test.each([
  ['a private key', 'server.pem', key('')],
  ['a private key', 'secret.key', `Bag Attributes\n${key('ENCRYPTED ')}`],
  ['a private key', 'deploy', key('OPENSSH ')],
  ['a private key', 'deploy', key('RSA ', 'Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n')],
  ['a private key', 'jwt.py', `KEY = """${key('EC ')}"""`],
  ['a private key', 'credentials.json', JSON.stringify({ key: key('') })],
  ['a private key', 'gpg.asc', `-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: 1\n\n${LINE}`],
  ['a key of a service account', 'firebase.json', '{\n  "type": "service_account"\n}'],
  ['a key of AWS', 'boto.cfg', `aws_secret_access_key = ${'wJalrXUt/K'.repeat(4)}`],
  ['a token of npm', '.npmrc', '//npm.example.com/:_authToken=npm_abc'],
])('warns of %s in %s', (what, path, text) => {
  expect(warnings({ [path]: text })).toEqual([
    `secretFile: ${path} (${what}) goes up, for all to read who may read the archives of deployments: name it in .gitignore or .plumblineignore, and give it with secrets`,
  ]);
});

test.each([
  ['certificates', 'rds-ca.pem', `-----BEGIN CERTIFICATE-----\n${LINE}-----END CERTIFICATE-----\n`],
  ['a public key', 'key.pem', `-----BEGIN PUBLIC KEY-----\n${LINE}-----END PUBLIC KEY-----\n`],
  ['code that reads keys', 'pem.py', 'BEGIN = "-----BEGIN PRIVATE KEY-----"\nEND = "-----END PRIVATE KEY-----"\n'],
  ['a key for a test', 'shop/tests/keys/server.pem', key('')],
  ['a key for the machines that test', 'scripts/test-environments/login/server.pem', key('')],
  ['the key of documentation', 'settings.ini', 'AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'],
  ['settings that read a variable', '.npmrc', '//npm.example.com/:_authToken=${NPM_TOKEN}'],
  ['settings that read another', 'settings.py', 'AWS_SECRET_ACCESS_KEY = os.environ["AWS_SECRET_ACCESS_KEY"]'],
  ['a table to begin with', 'schema.sql', 'CREATE TABLE x'],
])('nothing is said of %s', (_, path, text) => {
  expect(warnings({ [path]: text })).toEqual([]);
});

test('warns of large dumps', () => {
  const names = ['backup.sql.gz', 'db.dump', 'dump.sql', 'x.pgdump', 'big.csv'];
  expect(warnings(Object.fromEntries(names.map((name) => [name, ''])), 2 ** 20 + 1)).toEqual([
    'databaseDump: backup.sql.gz, db.dump, dump.sql, and 1 more goes up, a dump of a database of more than 1 MiB, which each machine would hold: name it in .gitignore or .plumblineignore where it is not part of the release',
  ]);
});

test('warns of a copy of a database', () => {
  expect(warnings({ 'x.sqlite3.bak': 'SQLite format 3\0', 'app.db-old': 'SQLite format 3\0' })).toEqual([
    expect.stringMatching(/^localDatabase: x\.sqlite3\.bak, app\.db-old goes up, /),
  ]);
});
