// What `npx reprise …` uses in this folder: the dependency dossier (docs/examples/dependency-dossier).
export { default } from './docs/examples/dependency-dossier/reprise.config.ts';
