import type { AgentReference, AnyPlugin, AnyWorkflow, RepriseConfig } from '@reprise/core';

/** A plugin by name: a package, or a module relative to the configuration file. */
export interface PluginReference {
  readonly use: string;
  /** Which export makes the plugin. Default: see docs/reference/configuration.md. */
  readonly export?: string;
  /** Handed to the plugin's factory. */
  readonly options?: unknown;
}

/**
 * What a configuration file says: a RepriseConfig whose parts may also be named. Paths are relative to the file. In YAML
 * and JSON, everything is named.
 */
export interface ProjectConfig extends Omit<RepriseConfig, 'plugins' | 'workflows' | 'agents'> {
  /** Where history is kept. Default: the SQLite file `.reprise/reprise.db` beside the configuration. */
  readonly store?: { readonly path: string };
  readonly plugins?: readonly (AnyPlugin | PluginReference | string)[];
  /** Modules that export workflows, YAML and JSON files, or folders of those. */
  readonly workflows?: readonly (AnyWorkflow | string)[];
  /** Modules that export agents, or folders of those. */
  readonly agents?: readonly (AgentReference | string)[];
}

/** Types a configuration file in which parts are named; `defineConfig` of @reprise/core is enough where none is. */
export const defineConfig = (config: ProjectConfig): ProjectConfig => config;
