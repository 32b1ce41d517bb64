// Emptying the cache, in JSON.
import { Type } from 'typebox'

/** Body of `POST /cache/clear`: none, or an object without fields. */
export const ClearCacheRequest = Type.Object(
  {},
  { additionalProperties: false, description: 'Nothing is to be said', examples: [{}] },
)

/** What it answers. */
export const ClearedCache = Type.Object(
  { cleared_keys: Type.Integer({ minimum: 0, description: 'Answers that were removed', examples: [42] }) },
  { $id: 'ClearedCache', description: 'What was removed' },
)
