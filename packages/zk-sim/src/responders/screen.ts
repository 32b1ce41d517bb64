// What the terminal is told to show and to say. Source: docs/protocol §22.
import { blinkColon, clearScreen, playVoice, writeScreen } from '@org/zk-proto/wire'
import { refused, respond, type Responder } from './respond.ts'

/** Clients send the number of a voice as four bytes or as two. */
const VOICE_MAY_BE_SHORT = { shortest: 0, fillTo: 4 }
/** Some send nothing to stop the blinking. Source: docs/protocol §8. */
const COLON_MAY_BE_LEFT_OUT = { shortest: 0, fillTo: 1 }

export const screenResponders: readonly Responder[] = [
  respond(writeScreen, ({ line, text }, { memory }) =>
    memory.screen.show(line, text) ? undefined : refused(),
  ),

  respond(clearScreen, (_, { memory }) => memory.screen.clear()),

  respond(
    blinkColon,
    ({ on }, { memory }) => {
      memory.screen.colonBlinks = on !== 0
    },
    COLON_MAY_BE_LEFT_OUT,
  ),

  respond(playVoice, ({ index }, { memory }) => memory.screen.play(index), VOICE_MAY_BE_SHORT),
]
