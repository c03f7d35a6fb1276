export { defineConfig, type PluginReference, type ProjectConfig } from './config/project-config.ts';
