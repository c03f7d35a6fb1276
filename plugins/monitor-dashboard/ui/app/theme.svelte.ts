export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const kept = localStorage.getItem('theme');

/** Light or dark, as this browser was told last. */
class ThemeChoice {
  now = $state<Theme>(THEMES.find((one) => one === kept) ?? 'system');

  choose(theme: Theme): void {
    this.now = theme;
    localStorage.setItem('theme', theme);
  }

  get next(): Theme {
    return THEMES[(THEMES.indexOf(this.now) + 1) % THEMES.length] ?? 'system';
  }
}

export const theme = new ThemeChoice();
