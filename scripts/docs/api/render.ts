import { sourcePage } from '../links.ts';
import { type ApiName, namesOf } from './declarations.ts';
import { type ApiPage, apiPages } from './modules.ts';

const WORDS: Readonly<Record<string, string>> = { const: 'value', interface: 'interface', type: 'type' };

const section = ({ name, kind, text, code, source }: ApiName): string =>
  [
    `## ${name}`,
    `*${WORDS[kind] ?? kind}*, of [${source}](${sourcePage(source)}){target="_self"}`,
    ...(text === '' ? [] : [text]),
    `\`\`\`ts\n${code}\n\`\`\``,
  ].join('\n\n');

const inFolder = (source: string, folder: string): boolean => source.startsWith(`core/src/${folder}/`);

/** The names of a page. One of the core that no page would have is an error. */
export function namesOn(page: ApiPage): readonly ApiName[] {
  const names = namesOf(page.module);
  const { folder } = page;
  const own = folder === undefined ? names : names.filter(({ source }) => inFolder(source, folder));
  return [...own].sort((a, b) => a.name.localeCompare(b.name));
}

function renderPage(page: ApiPage): string {
  const names = namesOn(page);
  const head = [
    `# ${page.title}`,
    `What \`import { … } from '${page.module.name}'\` gives${page.folder === undefined ? '' : `, of \`${page.folder}\``}: ${names.length} names. Written from the code by \`npm run docs\`.`,
  ];
  return `${[...head, ...names.map(section)].join('\n\n')}\n`;
}

const linkTo = ({ site }: ApiPage, anchor = ''): string => `./${site.replace('api/', '')}${anchor}`;

function renderIndex(pages: readonly ApiPage[]): string {
  const rows = pages.map((page) => `| [${page.title}](${linkTo(page)}) | ${namesOn(page).length} |`);
  const all = pages
    .flatMap((page) => namesOn(page).map(({ name }) => ({ name, page })))
    .sort((a, b) => a.name.localeCompare(b.name))
    .map(({ name, page }) => `| [\`${name}\`](${linkTo(page, `#${name.toLowerCase()}`)}) | \`${page.module.name}\` |`);
  return [
    '# API, from the code',
    'Every name that a package exports, with its declaration and what its source says of it. How they are used is told in the [guides](../contents.md).',
    ['| page | names |', '|---|---|', ...rows].join('\n'),
    '## Every name',
    ['| name | of |', '|---|---|', ...all].join('\n'),
    '',
  ].join('\n\n');
}

/** The generated pages by where the site has them, their index among them, and the sources that they link to. */
export function renderApi(): { readonly pages: ReadonlyMap<string, string>; readonly sources: ReadonlySet<string> } {
  const pages = apiPages();
  const texts = pages.map((page): [string, string] => [page.site, renderPage(page)]);
  const sources = pages.flatMap((page) => namesOn(page).map(({ source }) => source));
  return { pages: new Map([...texts, ['api/index.md', renderIndex(pages)]]), sources: new Set(sources) };
}
