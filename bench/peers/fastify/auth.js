// Who asks: tokens signed with HS256. Those that were verified are remembered, as Postern does it.

import { createVerifier } from "fast-jwt";
import { LRUCache } from "lru-cache";

// As many as a worker of Postern remembers.
const REMEMBERED = 4096;
const SCHEME = "Bearer ";

// A function from the field Authorization to { role, claims }, or to null where the token is not valid.
export function verifier(secret) {
  const verify = createVerifier({
    key: secret, algorithms: ["HS256"], allowedIss: "bench", allowedAud: "bench", requiredClaims: ["exp", "role"],
  });
  // fast-jwt's own cache digests each token; this one compares it.
  const verified = new LRUCache({ max: REMEMBERED });
  return (field) => {
    const known = verified.get(field);
    if (known) return known.expires > Date.now() ? known : null;
    if (!field?.startsWith(SCHEME)) return null;
    try {
      const payload = verify(field.slice(SCHEME.length));
      const identity = { role: payload.role, claims: JSON.stringify(payload), expires: payload.exp * 1000 };
      verified.set(field, identity);
      return identity;
    } catch {
      return null;
    }
  };
}
