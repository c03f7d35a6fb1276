import { posix } from 'node:path';

/** Where links of a page lead on the site. */
export interface LinkTargets {
  /** The page of the site for a page of the repository. */
  readonly pageOf: (path: string) => string | undefined;
  /** A file or folder that is no page is shown as text: it has to be told. */
  readonly onSource: (path: string) => void;
  readonly onImage: (path: string) => void;
}

const FENCE = /^\s*(`{3,})/;
/** Code, which is left alone, or the end of a link's text and its target. */
const CODE_OR_LINK = /(`+)[^`]+?\1(?!`)|(!?)\[([^[\]]*(?:\[[^\]]*\][^[\]]*)*)\]\(<?([^)>\s]+)>?((?:\s+"[^"]*")?)\)/g;
const OUTSIDE = /^(?:[a-z][a-z+.-]*:|#)/;

/** Where the site shows a file of the repository as text. */
export const sourcePage = (path: string): string => `/source/${path.replace(/\/$/, '')}.html`;
export const imagePath = (path: string): string => `/images/${path}`;

/** The text of a page with its links as the site has them: to other pages, to sources as text, to copies of images. */
export function rewriteLinks(text: string, source: string, site: string, targets: LinkTargets): string {
  let fence: string | undefined;
  const lines = text.split('\n').map((line) => {
    const ticks = FENCE.exec(line)?.[1];
    if (fence !== undefined) {
      if (line.trim() === fence) fence = undefined;
      return line;
    }
    if (ticks !== undefined) {
      fence = ticks;
      return line;
    }
    return rewriteLine(line, source, site, targets);
  });
  return lines.join('\n');
}

function rewriteLine(line: string, source: string, site: string, targets: LinkTargets): string {
  return line.replace(CODE_OR_LINK, (whole, ticks, image, label, target, title) => {
    if (ticks !== undefined || OUTSIDE.test(target)) return whole;
    const [file = '', anchor] = String(target).split('#');
    const path = posix.normalize(posix.join(posix.dirname(source), file)).replace(/\/$/, '');
    if (image === '!') {
      targets.onImage(path);
      return `![${label}](${imagePath(path)}${title})`;
    }
    // A link may be round an image, or have code as its text.
    const inner = rewriteLine(label, source, site, targets);
    const page = targets.pageOf(path) ?? targets.pageOf(`${path}/README.md`);
    if (page === undefined) {
      targets.onSource(path);
      return `[${inner}](${sourcePage(path)}${title}){target="_self"}`;
    }
    const relative = posix.relative(posix.dirname(site), page);
    return `[${inner}](./${relative}${anchor === undefined ? '' : `#${anchor}`}${title})`;
  });
}
