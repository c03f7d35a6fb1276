// Formats are checked by patterns without a choice to go back to, or by a parser: none takes longer than its text.

const DATE = /^\d{4}-\d\d-\d\d$/;
const DATE_TIME = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

const isDate = (text: string): boolean =>
  DATE.test(text) && new Date(`${text}T00:00:00Z`).toJSON()?.startsWith(text) === true;

function isUri(text: string): boolean {
  return /^[A-Za-z][A-Za-z0-9+.-]*:/.test(text) && !/\s/.test(text) && URL.canParse(text);
}

function isEmail(text: string): boolean {
  const at = text.lastIndexOf('@');
  return (
    at > 0 &&
    at <= 64 &&
    text.length <= 254 &&
    !/[\s@]/.test(text.slice(0, at)) &&
    /^[A-Za-z0-9.-]+$/.test(text.slice(at + 1))
  );
}

const FORMATS: ReadonlyMap<string, (text: string) => boolean> = new Map([
  ['date', isDate],
  ['date-time', (text) => DATE_TIME.test(text) && isDate(text.slice(0, 10)) && !Number.isNaN(Date.parse(text))],
  ['email', isEmail],
  ['uri', isUri],
  ['uuid', (text) => UUID.test(text)],
]);

/** Whether a text is of a format. One that is not known says something to people alone. */
export const fitsFormat = (format: string, text: string): boolean => FORMATS.get(format)?.(text) !== false;
