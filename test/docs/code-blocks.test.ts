import { join } from 'node:path';
import ts from 'typescript';
import { filesUnder, ROOT, textOf } from '../support/repository';

/** What a reader has around a block, as `npm run rosetta` gives it to those of the README. */
const [BEFORE = '', AFTER = ''] = textOf('rosetta/default.ts-fixture').split('/// here');

interface Block {
  readonly where: string;
  readonly text: string;
}

/** The blocks of TypeScript of a page. One that begins with a prop is part of the props of a `WebService`. */
function blocksOf(page: string): Block[] {
  return [...textOf(page).matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(({ 1: code = '', index }) => ({
    where: `${page}:${textOf(page).slice(0, index).split('\n').length}`,
    text: /^\s*\w+:/.test(code) ? `const part: Partial<plumbline.WebServiceProps> = {${code}};` : code,
  }));
}

/** A whole file: what a block declares stands before the class of the fixture. */
function fileOf({ text }: Block): string {
  const declared = /^declare .*$/gm;
  const [imports, aroundIt] = BEFORE.split(/^(?=class )/m);
  return [imports, ...(text.match(declared) ?? []), aroundIt, text.replace(declared, ''), AFTER].join('\n');
}

/** What the compiler says of blocks, the place of each before it. */
function problemsOf(blocks: readonly Block[]): string[] {
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(join(ROOT, 'tsconfig.json'), (file) => ts.sys.readFile(file)).config,
    ts.sys,
    ROOT,
  );
  const sources = new Map(blocks.map((block, index) => [join(ROOT, `block-${index}.ts`), fileOf(block)] as const));
  const all = { ...options, noEmit: true, noUnusedLocals: false, noUnusedParameters: false, skipLibCheck: true };
  const host = ts.createCompilerHost(all);
  const read = host.getSourceFile.bind(host);
  host.getSourceFile = (file, ...rest) => {
    const text = sources.get(file);
    return text === undefined ? read(file, ...rest) : ts.createSourceFile(file, text, ts.ScriptTarget.ES2022);
  };
  host.fileExists = (file) => sources.has(file) || ts.sys.fileExists(file);
  const program = ts.createProgram(
    [...sources.keys()],
    { ...all, paths: { 'cdk-plumbline': ['./lib/index.ts'] } },
    host,
  );
  return [...sources.keys()].flatMap((file, index) =>
    [
      ...program.getSyntacticDiagnostics(program.getSourceFile(file)),
      ...program.getSemanticDiagnostics(program.getSourceFile(file)),
    ].map(({ messageText }) => `${blocks[index]!.where}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`),
  );
}

const BLOCKS = filesUnder('docs', '.md').flatMap(blocksOf);

test('each block of TypeScript in the docs compiles, and one that does not is found', () => {
  const wrong = { where: 'here', text: 'new plumbline.WebService(this, "Site", {});' };
  const problems = problemsOf([...BLOCKS, wrong]);
  expect(BLOCKS.length).toBeGreaterThan(15);
  expect(problems).toEqual([expect.stringMatching(/^here: .*application/)]);
}, 60_000);
