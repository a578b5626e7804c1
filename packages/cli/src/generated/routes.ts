/** Made from the contract by `node packages/cli/src/write.ts`; a test fails when it drifts. */
import type { HttpMethod, OperationName } from "@skein/contract";

type Route = readonly [HttpMethod, string, "read" | "write" | "stream"];

export const ROUTES: Readonly<Record<OperationName, Route>> = {
  "sessions.create": ["POST", "/api/sessions", "write"],
  "sessions.list": ["GET", "/api/sessions", "read"],
  "sessions.get": ["GET", "/api/sessions/{session}", "read"],
  "sessions.send": ["POST", "/api/sessions/{session}/send", "write"],
  "sessions.wait": ["GET", "/api/wait", "read"],
  "sessions.interrupt": ["POST", "/api/sessions/{session}/interrupt", "write"],
  "sessions.stop": ["POST", "/api/sessions/{session}/stop", "write"],
  "sessions.resume": ["POST", "/api/sessions/{session}/resume", "write"],
  "sessions.fork": ["POST", "/api/sessions/{session}/fork", "write"],
  "sessions.rename": ["PATCH", "/api/sessions/{session}", "write"],
  "sessions.items": ["GET", "/api/sessions/{session}/items", "read"],
  "sessions.turns": ["GET", "/api/sessions/{session}/turns", "read"],
  "sessions.lastMessage": ["GET", "/api/sessions/{session}/last-message", "read"],
  "sessions.usage": ["GET", "/api/usage", "read"],
  "sessions.delete": ["DELETE", "/api/sessions/{session}", "write"],
  "approvals.list": ["GET", "/api/approvals", "read"],
  "approvals.get": ["GET", "/api/approvals/{approval}", "read"],
  "approvals.resolve": ["POST", "/api/approvals/{approval}/resolve", "write"],
  "events.append": ["POST", "/api/sessions/{session}/events", "write"],
  "events.list": ["GET", "/api/events", "read"],
  "events.watch": ["GET", "/api/events/watch", "stream"],
  "events.unwatch": ["POST", "/api/events/unwatch", "read"],
  "backends.list": ["GET", "/api/backends", "read"],
  "backends.refresh": ["POST", "/api/backends/refresh", "write"],
  "tokens.create": ["POST", "/api/tokens", "write"],
  "tokens.list": ["GET", "/api/tokens", "read"],
  "tokens.revoke": ["DELETE", "/api/tokens/{token}", "write"],
  "system.status": ["GET", "/api/status", "read"],
  "system.stop": ["POST", "/api/stop", "write"],
  "system.loginLink": ["POST", "/api/login-link", "write"],
};
