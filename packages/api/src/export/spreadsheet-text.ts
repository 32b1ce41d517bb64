// Text that is to stay text in a spreadsheet. A cell that begins like a formula is one to the program that opens the file, and runs on
// the machine of whoever opened it; names come from terminals, where anybody may have typed them.

/** What a formula can begin with; the wide forms count for Excel too. Source: OWASP, "CSV Injection". */
const BEGINS_LIKE_A_FORMULA = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/

/** The text itself, or behind an apostrophe, which spreadsheets take for "this is text". */
export function asSpreadsheetText(text: string): string {
  return BEGINS_LIKE_A_FORMULA.test(text) ? `'${text}` : text
}
