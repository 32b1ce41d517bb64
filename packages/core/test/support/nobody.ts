// Nobody to be told of anything, for tests that are about something else.
import type { Notices } from '../../src/index.ts'
import type { PunchNews } from '../../src/notices/punch-news.ts'

export const noNotices: Notices = {
  tell: async () => undefined,
  tellIn: async () => undefined,
  test: async () => [],
}

/** For logs that can all be read. */
export const noTransfers = {
  keep: (): Promise<never> => Promise.reject(new Error('every log of these tests can be read')),
}

/** Punches are kept for ever. */
export const noRetention = { raiseIn: async (): Promise<void> => undefined }

export const noPunchNews: PunchNews = { wanted: false, tellIn: async () => undefined }
