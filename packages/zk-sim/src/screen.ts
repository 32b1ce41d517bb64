// What the terminal shows and says because a client told it to. Source: docs/protocol §22.

/** The most lines there are, and the most voices that are remembered. */
const MOST_LINES = 16
const KEPT_VOICES = 100

/** Screen and voice of one terminal. */
export class Screen {
  /** Texts by line, as bytes in the terminal's code page. */
  readonly lines = new Map<number, Uint8Array>()
  /** The voices that were played, the last 100. */
  readonly voices: number[] = []
  /** Whether the colon of the shown time blinks. */
  colonBlinks = true

  /** Shows a text; false for a line that is none. */
  show(line: number, text: Uint8Array): boolean {
    if (line >= MOST_LINES) return false
    this.lines.set(line, text.slice())
    return true
  }

  play(voice: number): void {
    this.voices.push(voice)
    if (this.voices.length > KEPT_VOICES) this.voices.shift()
  }

  clear(): void {
    this.lines.clear()
  }

  /** As after a loss of power. */
  reset(): void {
    this.clear()
    this.colonBlinks = true
  }
}
