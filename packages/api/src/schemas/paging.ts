// Pages of a list: by number, or by cursor, which stays quick where counting would not. Both in the query, the outcome in
// `pagination` beside `data`.
import { Type } from 'typebox'
import type { Static } from 'typebox'

/** Rows of a page when the request names no limit. */
export const DEFAULT_LIMIT = 100
/** Rows of a page at most. */
export const MAX_LIMIT = 1000
/** The last page number that is taken; whoever wants to read further uses the cursor. */
const MAX_PAGE = 1_000_000

/** `page` and `limit` of a query. */
export const PageQuery = {
  page: Type.Integer({
    minimum: 1,
    maximum: MAX_PAGE,
    default: 1,
    description: 'Number of the page, from 1',
    examples: [1],
  }),
  limit: Type.Integer({
    minimum: 1,
    maximum: MAX_LIMIT,
    default: DEFAULT_LIMIT,
    description: 'Rows of a page',
    examples: [DEFAULT_LIMIT],
  }),
}

/** `pagination` of a list. An answer asked for by cursor has null for `page`, `total` and `total_pages`. */
export const Pagination = Type.Object(
  {
    page: Type.Union([Type.Integer(), Type.Null()], { examples: [1] }),
    limit: Type.Integer({ examples: [DEFAULT_LIMIT] }),
    total: Type.Union([Type.Integer(), Type.Null()], { description: 'Rows that match', examples: [1] }),
    total_pages: Type.Union([Type.Integer(), Type.Null()], { examples: [1] }),
    next_cursor: Type.Union([Type.String(), Type.Null()], {
      description: 'Send it as `cursor` for the rows that follow; null at the end',
      examples: [null],
    }),
  },
  { $id: 'Pagination', description: 'Where this page stands in the list' },
)

/** What a page says of itself; `page` is null for an answer asked for by cursor. */
export interface PageFacts {
  readonly page: number | null
  readonly limit: number
  readonly total: number | null
  readonly nextCursor: string | null
}

/** `pagination` from what a page says of itself. */
export function toPagination({ page, limit, total, nextCursor }: PageFacts): Static<typeof Pagination> {
  return {
    page,
    limit,
    total,
    total_pages: total === null ? null : Math.ceil(total / limit),
    next_cursor: nextCursor,
  }
}
