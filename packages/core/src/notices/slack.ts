// Notices to Slack, by an incoming webhook.
import type { Channel } from './channel.ts'
import { postJson } from './post-json.ts'
import { sentenceOf } from './sentences.ts'

/** @param url the incoming webhook, a secret: whoever has it may post */
export function createSlackChannel(url: string): Channel {
  return {
    send({ notice }, signal) {
      const { subject, text } = sentenceOf(notice)
      return postJson(
        { url, body: JSON.stringify({ text: `*${escaped(subject)}*\n${escaped(text)}` }) },
        signal,
      )
    },
  }
}

/** Without this a device's name could mention everyone, or hide a link behind words. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
