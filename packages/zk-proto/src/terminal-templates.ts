// terminal.templates: fingerprint templates, read, written and deleted. They are biometric data: whoever stores them
// answers for it.
import { readOneTemplate, readTemplates } from './procedures/read-templates.ts'
import type { OnProgress } from './procedures/read-progress.ts'
import { removeTemplate, writeOneTemplate, writePeopleWithTemplates } from './procedures/write-templates.ts'
import type { NewTemplate, Owner, PersonWithTemplates } from './procedures/write-templates.ts'
import type { Template } from './records/template.ts'
import type { CallOptions, TerminalLine } from './terminal-line.ts'

/** Fingerprint templates. Source: docs/protocol §15 and §16. */
export class TerminalTemplates {
  readonly #line: TerminalLine

  /** Made by Terminal. */
  constructor(line: TerminalLine) {
    this.#line = line
  }

  /** All templates of the terminal. Throws ZK_BAD_RECORD when they are not whole. */
  list(options: CallOptions & { readonly onProgress?: OnProgress } = {}): Promise<Template[]> {
    const { onProgress } = options
    return this.#line.perform(readTemplates({ sliceBytes: this.#line.sliceBytes, onProgress }), options, true)
  }

  /** The template of a finger, 0 to 9; undefined when there is none. */
  read(uid: number, finger: number, options: CallOptions = {}): Promise<Template | undefined> {
    return this.#line.perform(readOneTemplate(uid, finger), options)
  }

  /**
   * Writes the template of a finger, in place of one that is there, and reads it back. Nobody can punch meanwhile. Throws
   * ZK_VALUE_OUT_OF_RANGE (`details.reason` is `template_version`), before anything is written, when the terminal compares
   * fingers by another version; ZK_REFUSED when it refuses (an unknown person, no room; the template that was there is put
   * back, or `details.reason` is `template_lost`) or does not keep the template.
   */
  write(owner: Owner, template: NewTemplate, options: CallOptions = {}): Promise<void> {
    return this.#line.perform(writeOneTemplate(owner, template, this.#line), options, true)
  }

  /** Deletes the template of a finger. False when there was none. */
  remove(owner: Owner, finger: number, options: CallOptions = {}): Promise<boolean> {
    return this.#line.perform(removeTemplate(owner, finger), options)
  }

  /**
   * Writes people and their templates in one upload, as read from a terminal of the same form, uids as they are. Nobody can
   * punch meanwhile. Throws ZK_VALUE_OUT_OF_RANGE when a uid or pin belongs to somebody else there, or a template is of
   * another version. Between terminals that differ: `copyPeople`.
   */
  writeWithPeople(entries: readonly PersonWithTemplates[], options: CallOptions = {}): Promise<void> {
    const { nameEncoding, sliceBytes } = this.#line
    const plan = { nameEncoding, sliceBytes, onProgress: undefined }
    return this.#line.perform(writePeopleWithTemplates(entries, plan, this.#line), options, true)
  }
}
