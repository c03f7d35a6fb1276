/** Beside the configuration: the plugins that were installed by command. */
export const PLUGIN_FILE = 'reprise.plugins.json';
