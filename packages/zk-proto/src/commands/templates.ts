// Fingerprint templates, one at a time and, with people, in one upload; all of them are read through bulk.ts.
// Source: docs/protocol §15.2, §15.3 and §16.
import { CODES, REPLIES } from '../codes.ts'
import { anyBytes, ascii, empty, layout, opaque, u16, u32, u8 } from '../layout.ts'
import type { Codec } from '../layout.ts'
import { defineCommand } from './define-command.ts'

const ANSWERS_WITH_DATA = [REPLIES.ACK_OK, REPLIES.ACK_DATA, REPLIES.DATA]

const templatePlace = layout('templatePlace', 3, { uid: u16(0), finger: u8(2) })

/** One template; the answer is a transfer, or one packet. Shares its number with the direct list of people. */
export const readTemplate = defineCommand({
  name: 'readTemplate',
  code: CODES.USERTEMP_RRQ,
  request: templatePlace,
  reply: anyBytes,
  accepts: ANSWERS_WITH_DATA,
  repeat: 'safe',
  patience: 'prepare',
})

/** The same by the number that other firmware wants. */
export const readTemplateAlone = defineCommand({
  name: 'readTemplateAlone',
  code: CODES.GET_USERTEMP,
  request: templatePlace,
  reply: anyBytes,
  accepts: ANSWERS_WITH_DATA,
  repeat: 'safe',
  patience: 'prepare',
})

/** Takes the uploaded buffer as the template of a finger. Source: docs/protocol §15.2. */
export const writeTemplate = defineCommand({
  name: 'writeTemplate',
  code: CODES.TMP_WRITE,
  request: layout('writeTemplate', 6, { uid: u16(0), finger: u8(2), flag: u8(3), sizeBytes: u16(4) }),
  reply: empty,
  repeat: 'unsafe',
})

/** Deletes a template by the person's pin, as TFT firmware wants it. */
export const deleteTemplate = defineCommand({
  name: 'deleteTemplate',
  code: CODES.DEL_FPTMP,
  request: layout('deleteTemplate', 25, { pin: ascii(0, 24), finger: u8(24) }),
  reply: empty,
  repeat: 'unsafe',
})

/** Deletes a template by the person's uid, as older firmware wants it. */
export const deleteTemplateByUid = defineCommand({
  name: 'deleteTemplateByUid',
  code: CODES.DELETE_USERTEMP,
  request: templatePlace,
  reply: empty,
  repeat: 'unsafe',
})

const uploadSizes: Codec<{ readonly headBytes: number; readonly rowBytes: number }> = layout(
  'saveTemplates',
  8,
  { headBytes: u32(0), unknown4: opaque(4, 2), rowBytes: u16(6) },
)

/** Takes the uploaded buffer as people with their templates. Source: docs/protocol §15.3. */
export const saveTemplates = defineCommand({
  name: 'saveTemplates',
  code: CODES.SAVE_USERTEMPS,
  // Presumably the sizes of the buffer's head and of its table's rows; no source knows more than the numbers.
  request: uploadSizes,
  reply: empty,
  repeat: 'unsafe',
  patience: 'prepare',
})
