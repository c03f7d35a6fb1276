import { createHash } from 'node:crypto';
import { renderMermaidSVG } from 'beautiful-mermaid';

/** By the theme of the site that it is for. */
const COLOURS = {
  light: { bg: '#ffffff', fg: '#3c3c43', accent: '#0f6b5c' },
  dark: { bg: '#1b1b1f', fg: '#dfdfd6', accent: '#5fd0bb' },
} as const;

/** What it draws asks Google for a font; the site asks nobody. */
const withoutFonts = (svg: string): string => svg.replace(/^\s*@import url\([^\n]*$/gm, '');

const FENCE = /^```mermaid\n([\s\S]*?)^```$/gm;

/**
 * The text of a page with its Mermaid diagrams as images, one for each theme, and their text below. `onDiagram` is told of each image: where the site is to have it, and its SVG.
 * Throws with the diagram that cannot be drawn.
 */
export function withDiagrams(text: string, onDiagram: (path: string, svg: string) => void): string {
  return text.replace(FENCE, (fence, code: string) => {
    const name = createHash('sha256').update(code).digest('hex').slice(0, 16);
    const images = Object.entries(COLOURS).map(([theme, colours]) => {
      const path = `/diagrams/${name}-${theme}.svg`;
      onDiagram(path, withoutFonts(draw(code, colours)));
      return `![Diagram, as text below](${path}){.only-${theme}}`;
    });
    return `${images.join('\n')}\n\n::: details The diagram as text\n${fence}\n:::`;
  });
}

function draw(code: string, colours: (typeof COLOURS)[keyof typeof COLOURS]): string {
  try {
    return renderMermaidSVG(code, { ...colours, transparent: true });
  } catch (error) {
    throw new Error(`This diagram cannot be drawn:\n${code}`, { cause: error });
  }
}
